import { describe, expect, it } from 'vitest'
import { testEngine, testFile, testRows, testVm } from '../../testing/lab.ts'
import { Engine } from '../engine.ts'
import { settledGuest } from '../guest/guest.ts'
import type { HostRow, VirtualMachineRow } from '../rows.ts'

/** DOS never halts its processor: each machine wants exactly one logical processor, whatever the second. */
const BUSY_SYSTEM = 'ms-dos-6.22'

const EIGHT: Partial<HostRow> = { sockets: 1, coresPerSocket: 8, threadsPerCore: 1 }
const ONE: Partial<HostRow> = { sockets: 1, coresPerSocket: 1, threadsPerCore: 1 }

function busy(id: string, columns: Partial<VirtualMachineRow> = {}): VirtualMachineRow {
  return testVm(id, { generation: 1, state: 'Running', assignedMemoryMb: 32, startedTick: 0, processorCount: 1, ...columns })
}

function engineOf(machines: readonly VirtualMachineRow[], host: Partial<HostRow>, system = BUSY_SYSTEM): Engine {
  return new Engine({
    ...testRows(machines, host),
    guest: machines.map((vm) => settledGuest(vm.id, system, 0)),
    host_file: machines.map((vm) => testFile(`C:\\Disks\\${vm.id}.vhdx`, { guestProductId: system })),
  })
}

/** Logical processors' worth that each machine is granted in the first second. */
function shares(machines: readonly VirtualMachineRow[], host: Partial<HostRow>): number[] {
  const { machines: loads } = engineOf(machines, host).metrics.loads.at('host-1', 0)
  return machines.map(({ id }) => {
    const load = loads.get(id)
    return (load?.guest ?? 0) + (load?.hypervisor ?? 0)
  })
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

describe('shares that the scheduler gives in a second', () => {
  it('64 virtual processors on 8: the same for each, an eighth of a processor less what the parent takes, and nothing is lost', () => {
    const machines = Array.from({ length: 64 }, (_, index) => busy(`VM${index}`))
    const load = engineOf(machines, EIGHT).metrics.loads.at('host-1', 0)
    const got = [...load.machines.values()].map(({ guest, hypervisor }) => guest + hypervisor)
    expect(sum(got) + load.rootGranted).toBeCloseTo(8, 9)
    expect(Math.max(...got) - Math.min(...got)).toBeLessThan(1e-9)
    for (const share of got) expect(share).toBeCloseTo((8 - load.rootGranted) / 64, 9)
    expect(load.rootGranted).toBeLessThan(0.1)
  })

  it('a host with time to spare gives everyone what it wants', () => {
    for (const share of shares([busy('A'), busy('B'), busy('C')], EIGHT)) expect(share).toBeCloseTo(1, 2)
  })

  it.each([
    {
      name: 'weights 100, 200 and 700 divide one processor',
      columns: [{}, { processorWeight: 200 }, { processorWeight: 700 }],
      got: [0.1, 0.2, 0.7],
    },
    { name: 'a reserve comes before weights', columns: [{ processorReserve: 50 }, { processorWeight: 900 }, {}], got: [0.5, 0.45, 0.05] },
    {
      name: 'a limit frees time for the others',
      columns: [{ processorLimit: 10, processorWeight: 10_000 }, {}, {}],
      got: [0.1, 0.45, 0.45],
    },
    {
      name: 'what one does not get by its limit goes by weight',
      columns: [{ processorLimit: 40 }, { processorWeight: 300 }, {}],
      got: [0.2, 0.6, 0.2],
    },
  ])('$name', ({ columns, got }) => {
    const machines = columns.map((row, index) => busy(`VM${index}`, row))
    const given = shares(machines, ONE)
    for (const [index, share] of got.entries()) expect(given[index]).toBeCloseTo(share, 2)
  })

  it('a limit binds on an idle host too, and counts for each virtual processor', () => {
    const [share] = shares([busy('A', { processorCount: 4, processorLimit: 50 })], EIGHT)
    expect(share).toBeCloseTo(0.5, 6)
    const engine = engineOf([busy('A', { processorCount: 4, processorLimit: 50, workload: 'compile' })], EIGHT, 'windows-server-2022')
    const load = engine.metrics.loads.at('host-1', 0).machines.get('A')
    expect((load?.guest ?? 0) + (load?.hypervisor ?? 0)).toBeCloseTo(2, 6)
  })

  it('S20: a machine with two of sixteen processors never takes more than two', () => {
    const host = { sockets: 2, coresPerSocket: 4, threadsPerCore: 2 }
    const engine = engineOf([busy('A', { processorCount: 2, workload: 'compile' })], host, 'windows-server-2022')
    const { scheduler, rootProcessors, machines } = engine.metrics.loads.at('host-1', 0)
    const load = machines.get('A')
    expect(scheduler.slotEnd - rootProcessors).toBe(2)
    expect((load?.guest ?? 0) + (load?.hypervisor ?? 0)).toBeLessThanOrEqual(2)
    expect((load?.guest ?? 0) + (load?.hypervisor ?? 0)).toBeGreaterThan(1.5)
  })

  it('the processors of a machine run on its own NUMA node while there is room, and beyond it when there is not', () => {
    const host = { sockets: 2, coresPerSocket: 2, threadsPerCore: 1 }
    const alone = engineOf([busy('A', { processorCount: 2, workload: 'compile' })], host, 'windows-server-2022')
    expect(alone.metrics.loads.at('host-1', 0).machines.get('A')?.remote).toBe(0)
    // Four machines of one processor each fill four processors; wherever they want to be, none of them has to wait.
    const machines = Array.from({ length: 4 }, (_, index) => busy(`VM${index}`, { processorLimit: 90 }))
    const full = engineOf(machines, host).metrics.loads.at('host-1', 0)
    const remote = [...full.machines.values()].filter((load) => load.remote > 0).length
    expect(sum([...full.machines.values()].map((load) => load.guest + load.hypervisor))).toBeCloseTo(3.6, 6)
    const nodes = machines.map(({ id }) => full.scheduler.vps.node[full.machines.get(id)?.slot ?? -1])
    const onFirst = nodes.filter((node) => node === 0).length
    expect(remote).toBe(Math.max(0, Math.abs(onFirst - 2)))
  })

  it('what the parent does for its machines takes time from them', () => {
    const machines = Array.from({ length: 4 }, (_, index) => busy(`VM${index}`, { workload: 'disk-benchmark' }))
    const load = engineOf(
      machines,
      { ...ONE, slat: false, productId: 'windows-server-2008-datacenter' },
      'windows-xp-sp3',
    ).metrics.loads.at('host-1', 0)
    expect(load.rootWanted).toBeGreaterThan(0.1)
    expect(load.rootGranted).toBeGreaterThan(0)
    const granted = sum([...load.machines.values()].map((each) => each.guest + each.hypervisor))
    expect(granted + load.rootGranted).toBeCloseTo(1, 3)
    for (const each of load.machines.values()) expect(each.pace).toBeLessThan(1)
  })

  it('a changed weight counts from the next look on', () => {
    const engine = engineOf([busy('A'), busy('B')], ONE)
    const shareOfA = (): number => {
      const load = engine.metrics.loads.at('host-1', 0).machines.get('A')
      return (load?.guest ?? 0) + (load?.hypervisor ?? 0)
    }
    expect(shareOfA()).toBeCloseTo(0.5, 2)
    engine.world.tables.virtual_machine.patch('A', { processorWeight: 300 })
    expect(shareOfA()).toBeCloseTo(0.75, 2)
  })

  it('a second hangs on its number and the rows alone, not on what was asked before', () => {
    const machines = Array.from({ length: 12 }, (_, index) => busy(`VM${index}`, { workload: 'web-server', processorCount: 2 }))
    const text = (engine: Engine, second: number): string =>
      JSON.stringify([...engine.metrics.loads.at('host-1', second).machines.values()].map(({ vm: _, ...load }) => load))
    const one = engineOf(machines, EIGHT, 'windows-server-2022')
    for (let second = 0; second < 50; second++) one.metrics.loads.at('host-1', second)
    expect(text(one, 50)).toBe(text(engineOf(machines, EIGHT, 'windows-server-2022'), 50))
  })

  it('a machine that does not run has no share', () => {
    const engine = testEngine([testVm('A')])
    expect(engine.metrics.loads.at('host-1', 0).machines.size).toBe(0)
  })
})
