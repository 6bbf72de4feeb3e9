import { describe, expect, it } from 'vitest'
import { testFile, testRows, testVm } from '../../testing/lab.ts'
import { Engine } from '../engine.ts'
import { settledGuest } from '../guest/guest.ts'
import type { HostRow } from '../rows.ts'

interface Setup {
  readonly system: string
  readonly workload: string
  readonly host?: Partial<HostRow>
  readonly generation?: 1 | 2
}

/** A machine that has been up for long, and what it takes of the host's processors. */
function machine({ system, workload, host = {}, generation = 1 }: Setup) {
  const running = testVm('A', { generation, state: 'Running', assignedMemoryMb: 1024, startedTick: 0, workload, processorCount: 1 })
  const rows = testRows([running], host)
  const drives = (rows.drive === undefined ? [] : [...rows.drive]).map((drive) => ({
    ...drive,
    controller: generation === 1 ? ('ide' as const) : ('scsi' as const),
  }))
  const engine = new Engine({
    ...rows,
    drive: drives,
    guest: [settledGuest('A', system, 0)],
    host_file: [testFile('C:\\Disks\\A.vhdx', { guestProductId: system })],
  })
  return { engine, use: engine.metrics.processorUse(engine.world.tables.virtual_machine.require('A')) }
}

/** Hypervisor and parent time for each unit of the guest's own work. */
function overhead(setup: Setup): number {
  const { use } = machine(setup)
  return (use.hypervisor + use.root) / use.guest
}

const OLD_INTEL: Partial<HostRow> = { productId: 'windows-server-2008-datacenter', slat: false, threadsPerCore: 1 }

describe('what a machine costs the host', () => {
  it('S28: the same disk load costs a guest without drivers at least three times the overhead', () => {
    const emulated = overhead({ system: 'windows-xp-sp3', workload: 'disk-benchmark' })
    const enlightened = overhead({ system: 'windows-server-2022', workload: 'disk-benchmark' })
    expect(emulated / enlightened).toBeGreaterThan(3)
  })

  it('S63: XP pays for its task priority on a processor without a shadow of it, Server 2008 does not', () => {
    const exits = (system: string): number => {
      const { use } = machine({ system, workload: 'compile', host: OLD_INTEL })
      return use.hypervisor / use.guest
    }
    const all = (system: string): number => overhead({ system, workload: 'compile', host: OLD_INTEL })
    expect(all('windows-xp-sp3')).toBeGreaterThan(2 * all('windows-server-2008'))
    // The same without what the parent spends on the emulated disk (S28): time in the hypervisor alone.
    expect(exits('windows-xp-sp3')).toBeGreaterThan(2 * exits('windows-server-2008'))
  })

  it('S22: shadow page tables cost far more than second-level translation', () => {
    const shadow = overhead({ system: 'windows-server-2008', workload: 'compile', host: OLD_INTEL })
    const nested = overhead({ system: 'windows-server-2008', workload: 'compile', host: { ...OLD_INTEL, slat: true } })
    expect(shadow / nested).toBeGreaterThan(3)
  })

  it('a paused machine takes nothing', () => {
    const { engine } = machine({ system: 'windows-server-2022', workload: 'compile' })
    engine.world.tables.virtual_machine.patch('A', { state: 'Paused' })
    expect(engine.metrics.read('A')).toMatchObject({ cpuPercent: 0, assignedMb: 1024 })
  })

  it('machines that want more than there is get the same part each', () => {
    const machines = Array.from({ length: 20 }, (_, index) =>
      testVm(`VM${index}`, { state: 'Running', assignedMemoryMb: 64, startedTick: 0, workload: 'compile', processorCount: 2 }),
    )
    const engine = new Engine({ ...testRows(machines), guest: machines.map((vm) => settledGuest(vm.id, 'debian-12', 0)) })
    const shares = machines.map((vm) => engine.metrics.read(vm.id)?.cpuPercent ?? 0)
    const total = shares.reduce((sum, share) => sum + share, 0)
    // Each value is rounded to a whole per cent.
    expect(total).toBeGreaterThan(90 - 10)
    expect(total).toBeLessThanOrEqual(100 + 10)
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(3)
  })
})
