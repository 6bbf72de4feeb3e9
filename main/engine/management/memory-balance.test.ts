import { describe, expect, it } from 'vitest'
import { pass, testFile, testRows, testVm } from '../../testing/lab.ts'
import { stateHash } from '../counters/state-hash.ts'
import { Engine } from '../engine.ts'
import { settledGuest } from '../guest/guest.ts'
import { availableMemoryMb } from '../machine/host.ts'
import type { HostRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import * as power from './power.ts'

const SYSTEM = 'windows-server-2022'

function dynamic(id: string, columns: Partial<VirtualMachineRow> = {}): VirtualMachineRow {
  return testVm(id, {
    state: 'Running',
    dynamicMemory: true,
    startupMemoryMb: 2048,
    assignedMemoryMb: 2048,
    minimumMemoryMb: 512,
    maximumMemoryMb: 16_384,
    startedTick: 0,
    ...columns,
  })
}

function engineOf(machines: readonly VirtualMachineRow[], host: Partial<HostRow> = {}, system = SYSTEM): Engine {
  return new Engine({
    ...testRows(machines, host),
    guest: machines.filter((vm) => vm.assignedMemoryMb > 0).map((vm) => settledGuest(vm.id, system, 0)),
    host_file: machines.map((vm) => testFile(`C:\\Disks\\${vm.id}.vhdx`, { guestProductId: system })),
  })
}

const assigned = (world: World, id: string): number => world.tables.virtual_machine.require(id).assignedMemoryMb
const moved = (world: World, id: string) => world.tables.dynamic_memory.get(id)
const free = (world: World): number => availableMemoryMb(world, world.tables.host.require('host-1'))

describe('dynamic memory over time', () => {
  it('a machine that needs more than it has gets its demand and the buffer', () => {
    const engine = engineOf([dynamic('A', { workload: 'database', assignedMemoryMb: 1024, maximumMemoryMb: 65_536 })], { memoryMb: 65_536 })
    const { world } = engine
    expect(engine.metrics.read('A')).toMatchObject({ memoryStatus: 'Warning', assignedMb: 1024 })
    pass(engine, 60_000)
    const read = engine.metrics.read('A')
    expect(read?.memoryStatus).toBe('OK')
    expect(read?.assignedMb).toBeGreaterThanOrEqual((read?.demandMb ?? 0) * 1.2)
    expect(moved(world, 'A')?.addedMb).toBe(assigned(world, 'A') - 1024 + (moved(world, 'A')?.removedMb ?? 0))
    expect(world.tables.partition.require('A').memoryMb).toBe(assigned(world, 'A'))
    // The hypervisor has mapped what the row says: 4 KB pages.
    const { hypervisor, partitionId } = world.machines.machine('A')?.context ?? {}
    expect(hypervisor?.partition(partitionId ?? 0)?.gpa.pages).toBe(assigned(world, 'A') * 256)
  })

  it('a machine that needs little gives it back slowly, and never below its minimum', () => {
    const engine = engineOf([dynamic('A', { startupMemoryMb: 4096, assignedMemoryMb: 4096, minimumMemoryMb: 3072 })])
    const before = free(engine.world)
    pass(engine, 10_000)
    expect(assigned(engine.world, 'A')).toBeLessThan(4096)
    expect(assigned(engine.world, 'A')).toBeGreaterThan(3900)
    pass(engine, 300_000)
    expect(assigned(engine.world, 'A')).toBe(3072)
    expect(free(engine.world)).toBe(before + 1024)
    expect(moved(engine.world, 'A')).toMatchObject({ balloonedMb: 1024, removedMb: 1024, addedMb: 0 })
    const { hypervisor, partitionId } = engine.world.machines.machine('A')?.context ?? {}
    expect(hypervisor?.partition(partitionId ?? 0)?.gpa.pages).toBe(3072 * 256)
  })

  it('S34: the reserve of the parent is never touched, and nobody gets above the maximum', () => {
    const machines = ['A', 'B', 'C'].map((id) => dynamic(id, { workload: 'memory-hog', maximumMemoryMb: id === 'A' ? 2560 : 16_384 }))
    const engine = engineOf(machines, { memoryMb: 10_240, reserveMb: 2048 })
    for (let minute = 0; minute < 7; minute++) {
      pass(engine, 60_000)
      const total = machines.reduce((sum, { id }) => sum + assigned(engine.world, id), 0)
      expect(total).toBeLessThanOrEqual(10_240 - 2048)
      expect(assigned(engine.world, 'A')).toBeLessThanOrEqual(2560)
    }
  })

  it('under shortage the heavier of two equal machines has more', () => {
    const machines = [dynamic('A', { memoryWeight: 10_000 }), dynamic('B', { memoryWeight: 0 })].map((vm) => ({
      ...vm,
      workload: 'database',
      minimumMemoryMb: 512,
    }))
    const engine = engineOf(machines, { memoryMb: 8192, reserveMb: 2048 })
    pass(engine, 120_000)
    expect(assigned(engine.world, 'A')).toBeGreaterThan(assigned(engine.world, 'B'))
    expect(engine.metrics.read('B')?.memoryStatus).toBe('Warning')
  })

  it('a guest without the driver, and a machine with static memory, keep what they have', () => {
    const old = engineOf([dynamic('A', { generation: 1 })], {}, 'windows-xp-sp3')
    pass(old, 60_000)
    expect(assigned(old.world, 'A')).toBe(2048)
    const still = engineOf([dynamic('A', { dynamicMemory: false })])
    pass(still, 60_000)
    expect(assigned(still.world, 'A')).toBe(2048)
    expect(still.nextDue()).toBeUndefined()
  })

  it('the memory comes and goes with messages over the channel', () => {
    const engine = engineOf([dynamic('A')])
    const stack = engine.world.machines.machine('A')
    stack?.setTrace(true)
    pass(engine, 5000)
    const kinds = (stack?.trace() ?? []).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'interrupt').length).toBeGreaterThan(0)
    expect(moved(engine.world, 'A')?.removeOperations).toBeGreaterThan(0)
  })

  it('the balancer goes on after a reload as if there had been none', () => {
    const rows = () => [dynamic('A', { workload: 'memory-hog' }), dynamic('B', { workload: 'database' })]
    const straight = engineOf(rows(), { memoryMb: 12_288 })
    pass(straight, 90_000)
    let engine = engineOf(rows(), { memoryMb: 12_288 })
    for (let i = 0; i < 6; i++) {
      pass(engine, 15_000)
      engine.world.takeChanges()
      const { tables } = engine.world
      engine = new Engine(Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, [...table.values()]])))
    }
    expect(stateHash(engine.world)).toBe(stateHash(straight.world))
    expect(assigned(straight.world, 'B')).not.toBe(2048)
  })
})

describe('a saved machine with dynamic memory', () => {
  it('is the same, whether the lab was reloaded before or not, and goes on with the memory that it had', () => {
    const run = (reloads: boolean): Engine => {
      let engine = engineOf([dynamic('A')])
      pass(engine, 30_000)
      if (reloads) {
        engine.world.takeChanges()
        const { tables } = engine.world
        engine = new Engine(Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, [...table.values()]])))
      }
      pass(engine, 2000)
      power.save(engine.world, 'A')
      pass(engine, 60_000)
      return engine
    }
    const engine = run(false)
    const { world } = engine
    expect(world.tables.virtual_machine.require('A').state).toBe('Saved')
    expect(stateHash(run(true).world)).toBe(stateHash(world))
    const { savedStateMb } = world.tables.virtual_machine.require('A')
    expect(savedStateMb).toBeLessThan(2048)
    power.start(world, 'A')
    pass(engine, 4000)
    expect(world.tables.virtual_machine.require('A').state).toBe('Running')
    const stack = world.machines.machine('A')
    expect(stack?.spec.memoryMb).toBe(assigned(world, 'A'))
    pass(engine, 60_000)
    expect(assigned(world, 'A')).toBeLessThanOrEqual(savedStateMb)
  })
})

describe('a restart when the host is full', () => {
  /** A machine with 1 GB of its 4 GB at the start, beside one that has taken the rest of the host. */
  function full(): Engine {
    const machines = [
      dynamic('A', { startupMemoryMb: 4096, assignedMemoryMb: 1024, minimumMemoryMb: 1024 }),
      testVm('B', { state: 'Running', assignedMemoryMb: 5120, startupMemoryMb: 5120, startedTick: 0 }),
    ]
    return engineOf(machines, { memoryMb: 8192, reserveMb: 2048 })
  }

  it('smart paging stands in for the startup memory, until the guest is up and gives it', () => {
    const engine = full()
    const { world } = engine
    expect(free(world)).toBe(0)
    power.reset(world, 'A')
    pass(engine, 1000)
    expect(moved(world, 'A')?.smartPagingMb).toBe(3072)
    expect(assigned(world, 'A')).toBe(1024)
    pass(engine, 600_000)
    expect(moved(world, 'A')?.smartPagingMb).toBe(0)
    expect(world.tables.virtual_machine.require('A').state).toBe('Running')
  })

  it('memory that comes free takes its place', () => {
    const engine = full()
    const { world } = engine
    power.reset(world, 'A')
    pass(engine, 1000)
    power.turnOff(world, 'B')
    pass(engine, 12_000)
    expect(moved(world, 'A')?.smartPagingMb).toBe(0)
    expect(assigned(world, 'A')).toBe(4096)
  })

  it('a first start never pages: it is refused', () => {
    const engine = full()
    power.turnOff(engine.world, 'A')
    pass(engine, 1000)
    expect(power.start(engine.world, 'A')).toMatchObject({ ok: false, refusal: { code: 'not-enough-memory' } })
    expect(moved(engine.world, 'A')).toBeUndefined()
  })
})
