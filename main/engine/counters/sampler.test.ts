import { describe, expect, it } from 'vitest'
import { pass, testFile, testRows, testSwitch, testVm } from '../../testing/lab.ts'
import { Engine } from '../engine.ts'
import { settledGuest } from '../guest/guest.ts'
import { TICKS_PER_SECOND } from '../kernel/ticks.ts'
import * as power from '../management/power.ts'
import { setWorkload } from '../management/workload.ts'
import { TABLE_NAMES, type VirtualMachineRow } from '../rows.ts'
import * as catalogue from './catalogue.ts'
import { readFigures } from './figures.ts'
import { instancesOf } from './instances.ts'
import { findInstance, historyOf, SAMPLES_MAX, WATCHES_MAX, watchCounter } from './sampler.ts'
import { stateHash } from './state-hash.ts'

const SYSTEM = 'windows-server-2022'

function running(id: string, columns: Partial<VirtualMachineRow> = {}): VirtualMachineRow {
  return testVm(id, { state: 'Running', assignedMemoryMb: 1024, startedTick: 0, workload: 'web-server', ...columns })
}

function engineOf(machines: readonly VirtualMachineRow[]): Engine {
  const rows = testRows(machines, { memoryMb: 16_384 })
  return new Engine({
    ...rows,
    virtual_switch: [testSwitch()],
    network_adapter: [...(rows.network_adapter ?? [])].map((adapter) => ({ ...adapter, switchId: 'switch-1' })),
    guest: machines.filter((vm) => vm.assignedMemoryMb > 0).map((vm) => settledGuest(vm.id, SYSTEM, 0)),
    host_file: machines.map((vm) => testFile(`C:\\Disks\\${vm.id}.vhdx`, { guestProductId: SYSTEM })),
  })
}

function figures(engine: Engine, object: string, instance: string) {
  const { world } = engine
  const found = findInstance(world, 'host-1', object, instance)
  const host = world.tables.host.require('host-1')
  const second = Math.floor(world.now / TICKS_PER_SECOND)
  return found.ok ? readFigures({ world, loads: engine.metrics.loads, host, second }, object, found.value.subject) : undefined
}

const reload = (engine: Engine): Engine => {
  engine.world.takeChanges()
  return new Engine(Object.fromEntries(TABLE_NAMES.map((name) => [name, [...engine.world.tables[name].values()]])))
}

const PROCESSOR = { hostId: 'host-1', object: catalogue.VIRTUAL_PROCESSOR, subject: 'A/0' }
const TOTAL = { hostId: 'host-1', object: catalogue.LOGICAL_PROCESSOR, subject: '' }

describe('what counters read', () => {
  it('every counter of every object has a value, and no value is without a counter', () => {
    const engine = engineOf([running('A', { dynamicMemory: true }), running('B', { generation: 1 })])
    engine.world.tables.network_adapter.patch('adapter B', { kind: 'legacy' })
    const host = engine.world.tables.host.require('host-1')
    for (const { name, counters } of catalogue.COUNTER_OBJECTS) {
      const instances = instancesOf(engine.world, host, name)
      expect(instances.length, name).toBeGreaterThan(0)
      for (const { name: instance } of instances) {
        const read = figures(engine, name, instance)
        expect(Object.keys(read ?? {}).sort(), `${name}(${instance})`).toEqual(counters.map((counter) => counter.name).sort())
        for (const value of Object.values(read ?? {})) expect(value).toBeGreaterThanOrEqual(0)
      }
    }
  })

  it('S20: a machine with two processors has two instances of them', () => {
    const engine = engineOf([running('A')])
    const names = instancesOf(engine.world, engine.world.tables.host.require('host-1'), catalogue.VIRTUAL_PROCESSOR).map(({ name }) => name)
    expect(names).toEqual(['_Total', 'A:Hv VP 0', 'A:Hv VP 1'])
  })

  it('the list and the counters tell of the same second', () => {
    const engine = engineOf([running('A', { workload: 'compile' }), running('B')])
    for (let second = 0; second < 20; second++) {
      pass(engine, 1000)
      const both = [0, 1].reduce(
        (sum, vp) => sum + (figures(engine, catalogue.VIRTUAL_PROCESSOR, `A:Hv VP ${vp}`)?.['% Total Run Time'] ?? 0),
        0,
      )
      expect(engine.metrics.read('A')?.cpuPercent).toBe(Math.round(both / 8))
    }
    const total = figures(engine, catalogue.LOGICAL_PROCESSOR, '_Total')
    expect((total?.['% Total Run Time'] ?? 0) + (total?.['% Idle Time'] ?? 0)).toBeCloseTo(100, 2)
  })

  it('S22: the counters of shadow page tables move without second-level translation, and stay at 0 with it', () => {
    const rate = (slat: boolean): number => {
      const engine = engineOf([running('A', { workload: 'compile' })])
      engine.world.tables.host.patch('host-1', { slat })
      const fresh = reload(engine)
      return figures(fresh, catalogue.VIRTUAL_PROCESSOR, 'A:Hv VP 0')?.['Page Table Allocations/sec'] ?? -1
    }
    expect(rate(true)).toBe(0)
    expect(rate(false)).toBeGreaterThan(0)
  })

  it('S28: a disk load of an enlightened guest makes signals, one without drivers port accesses', () => {
    const read = (system: string): Readonly<Record<string, number>> => {
      const engine = engineOf([running('A', { workload: 'disk-benchmark', generation: 1 })])
      engine.world.tables.guest.put(settledGuest('A', system, 0))
      return { ...figures(engine, catalogue.VIRTUAL_PROCESSOR, 'A:Hv VP 0'), ...figures(engine, catalogue.BUS_OBJECT, 'A') }
    }
    expect(read(SYSTEM)).toMatchObject({ 'IO Instructions/sec': 0 })
    expect(read(SYSTEM)['Interrupts Received/sec']).toBeGreaterThan(100)
    expect(read('windows-xp-sp3')['IO Instructions/sec']).toBeGreaterThan(100)
    expect(read('windows-xp-sp3')['Interrupts Received/sec']).toBe(0)
  })

  it('what the machines of a switch send, the switch receives', () => {
    const engine = engineOf([running('A'), running('B')])
    const sent = (name: string): number => figures(engine, catalogue.ADAPTER_OBJECT, name)?.['Bytes Sent/sec'] ?? 0
    expect(sent('A_Network Adapter_A--adapter A')).toBeGreaterThan(0)
    expect(figures(engine, catalogue.SWITCH_OBJECT, 'External LAN')?.['Bytes Received/sec']).toBeCloseTo(
      sent('A_Network Adapter_A--adapter A') + sent('B_Network Adapter_B--adapter B'),
      2,
    )
  })

  it('a new workload shows in the next second', () => {
    const engine = engineOf([running('A', { workload: 'idle' })])
    pass(engine, 1000)
    const reads = (): number => figures(engine, catalogue.STORAGE_OBJECT, 'C:-Disks-A.vhdx')?.['Read Operations/Sec'] ?? 0
    expect(reads()).toBeLessThan(20)
    expect(setWorkload(engine.world, 'A', 'disk-benchmark').ok).toBe(true)
    pass(engine, 1000)
    expect(reads()).toBeGreaterThan(1000)
    expect(setWorkload(engine.world, 'A', 'mining')).toMatchObject({ ok: false, refusal: { code: 'unknown-workload' } })
    expect(setWorkload(engine.world, 'nobody', 'idle')).toMatchObject({ ok: false, refusal: { code: 'unknown-virtual-machine' } })
  })
})

describe('the history of counters', () => {
  it('has one sample for each second, and a minute of them at the most', () => {
    const engine = engineOf([running('A')])
    pass(engine, 10_000)
    expect(historyOf(engine.world, TOTAL).map(({ second }) => second)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    pass(engine, 3_600_000)
    const seconds = historyOf(engine.world, TOTAL).map(({ second }) => second)
    expect(seconds).toHaveLength(SAMPLES_MAX)
    expect(seconds.at(-1)).toBe(3610)
    const size = engine.world.tables.counter_sample.size
    pass(engine, 3_600_000)
    expect(engine.world.tables.counter_sample.size).toBe(size)
  })

  it('instances are kept when they are asked for, so many at the most, and forgotten when not', () => {
    const engine = engineOf([running('A')])
    const { world } = engine
    pass(engine, 5000)
    expect(historyOf(world, PROCESSOR)).toEqual([])
    watchCounter(world, PROCESSOR, true)
    pass(engine, 3000)
    expect(historyOf(world, PROCESSOR).map(({ second }) => second)).toEqual([6, 7, 8])
    expect(historyOf(world, PROCESSOR).at(-1)?.figures).toEqual(figures(engine, catalogue.VIRTUAL_PROCESSOR, 'A:Hv VP 0'))
    watchCounter(world, PROCESSOR, false)
    expect(historyOf(world, PROCESSOR)).toEqual([])
    for (let lp = 0; lp < WATCHES_MAX; lp++) watchCounter(world, { ...TOTAL, subject: String(lp) }, true)
    expect(watchCounter(world, PROCESSOR, true)).toMatchObject({ ok: false, refusal: { code: 'too-many-counters' } })
    expect(findInstance(world, 'host-1', catalogue.VIRTUAL_PROCESSOR, 'A:Hv VP 2')).toMatchObject({ ok: false })
  })

  it('ends with the machine', () => {
    const engine = engineOf([testVm('B'), running('A')])
    const { world } = engine
    watchCounter(world, PROCESSOR, true)
    pass(engine, 3000)
    expect([...world.tables.counter_sample.values()].some((row) => row.subject === 'A/0')).toBe(true)
    power.turnOff(world, 'A')
    pass(engine, 2000)
    power.remove(world, 'A')
    pass(engine, 5000)
    expect(world.tables.counter_watch.size).toBe(0)
    expect([...world.tables.counter_sample.values()].some((row) => row.subject === 'A/0')).toBe(false)
  })

  it('is the same in steps of a second, in one step, and with the lab reloaded in between', () => {
    const run = (steps: readonly number[], reloads: boolean): string => {
      let engine = engineOf([running('A', { dynamicMemory: true, workload: 'memory-hog', maximumMemoryMb: 8192 }), testVm('B')])
      watchCounter(engine.world, PROCESSOR, true)
      const passAll = (milliseconds: number): void => {
        let left = milliseconds
        for (let at = 0; left > 0; at++) {
          const step = Math.min(left, steps[at % steps.length] ?? left)
          pass(engine, step)
          left -= step
          if (reloads) engine = reload(engine)
        }
      }
      passAll(7300)
      power.start(engine.world, 'B')
      passAll(95_000)
      setWorkload(engine.world, 'A', 'compile')
      passAll(40_700)
      return stateHash(engine.world)
    }
    const straight = run([1_000_000], false)
    expect(run([1000], false)).toBe(straight)
    expect(run([170, 2330, 41], false)).toBe(straight)
    expect(run([9100, 750], true)).toBe(straight)
  })

  it('needs no events: a host without dynamic memory has none', () => {
    const engine = engineOf(Array.from({ length: 8 }, (_, index) => running(`VM${index}`)))
    pass(engine, 60_000)
    expect(engine.nextDue()).toBeUndefined()
    expect(historyOf(engine.world, TOTAL)).toHaveLength(SAMPLES_MAX)
  })
})
