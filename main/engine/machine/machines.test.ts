import { describe, expect, it } from 'vitest'
import { pass, testEngine, testFile, testVm } from '../../testing/lab.ts'
import { Engine } from '../engine.ts'
import { settledGuest } from '../guest/guest.ts'
import * as power from '../management/power.ts'

const MINUTE_MS = 60_000

/** The partition of a machine and its channels as a reader of the lab file sees them. */
function show(engine: Engine, id: string) {
  const { tables, by } = engine.world
  const row = tables.partition.get(id)
  const channels = by.channelsOfPartition.of(id)
  return row === undefined
    ? 'no partition'
    : {
        number: row.number,
        vmbus: row.vmbusVersion,
        guest: row.guestOsId,
        processors: by.processorsOfPartition.of(id).filter((processor) => processor.started).length,
        open: channels.filter((channel) => channel.state === 'open').map((channel) => `${channel.className} ${channel.protocolVersion}`),
      }
}

function started(system = 'windows-server-2022', generation: 1 | 2 = 2): Engine {
  const engine = testEngine([testVm('A', { generation }), testVm('B')])
  engine.world.tables.host_file.put(testFile('C:\\Disks\\A.vhdx', { guestProductId: system }))
  if (generation === 1) {
    engine.world.tables.drive.patch('drive A', { controller: 'ide' })
    engine.world.tables.virtual_machine.patch('A', { bootOrder: ['ide'] })
  }
  power.start(engine.world, 'A')
  return engine
}

describe('the rows of the hypervisor', () => {
  it('S16: every host has exactly one root partition, from the beginning', () => {
    const engine = testEngine([testVm('A')])
    const roots = [...engine.world.tables.partition.values()].filter((row) => row.vmId === null)
    expect(roots).toMatchObject([{ hostId: 'host-1', number: 1, parentNumber: 0, processorCount: 8 }])
  })

  it('S18, S23: a start builds the partition, a boot negotiates the bus and opens the channels', () => {
    const engine = started()
    pass(engine, 2500)
    expect(show(engine, 'A')).toEqual({ number: 2, vmbus: null, guest: '0000000000000000', processors: 1, open: [] })
    pass(engine, 5 * MINUTE_MS)
    const up = show(engine, 'A')
    expect(up).toMatchObject({ number: 2, vmbus: '5.3', guest: '0001040A00004F7C', processors: 2 })
    if (typeof up === 'string') throw new Error(up)
    expect(up.open).toContain('SCSI controller 6.2')
    expect(up.open).toContain('Heartbeat 3.0')
    expect(show(engine, 'B')).toBe('no partition')
  })

  it('S29: a system without drivers opens no channel and names nothing to the hypervisor', () => {
    const engine = started('windows-xp-sp3', 1)
    pass(engine, 5 * MINUTE_MS)
    expect(show(engine, 'A')).toMatchObject({ vmbus: null, guest: '0000000000000000', open: [] })
  })

  it('turning off leaves nothing behind, in the rows and in the hypervisor', () => {
    const engine = started()
    pass(engine, MINUTE_MS)
    power.turnOff(engine.world, 'A')
    pass(engine, MINUTE_MS)
    expect(show(engine, 'A')).toBe('no partition')
    const { tables, machines } = engine.world
    expect([tables.virtual_processor.size, tables.vmbus_channel.size, tables.saved_stack.size]).toEqual([0, 0, 0])
    expect(machines.host('host-1').hypervisor.partitions).toHaveLength(1)
    expect(machines.host('host-1').validate()).toEqual([])
  })

  it('a restored machine has a new partition, and the bus that it had', () => {
    const engine = started()
    pass(engine, 5 * MINUTE_MS)
    const before = show(engine, 'A')
    power.save(engine.world, 'A')
    pass(engine, MINUTE_MS)
    expect(show(engine, 'A')).toBe('no partition')
    expect(engine.world.tables.saved_stack.has('A')).toBe(true)
    power.start(engine.world, 'A')
    pass(engine, MINUTE_MS)
    expect(show(engine, 'A')).toEqual({ ...(before as object), number: 3 })
    expect(engine.world.tables.saved_stack.size).toBe(0)
  })

  it('a reset keeps the partition and boots again', () => {
    const engine = started()
    pass(engine, 5 * MINUTE_MS)
    const before = show(engine, 'A')
    power.reset(engine.world, 'A')
    pass(engine, 1000)
    expect(show(engine, 'A')).toMatchObject({ number: 2, guest: '0000000000000000' })
    pass(engine, 5 * MINUTE_MS)
    expect(show(engine, 'A')).toEqual(before)
  })

  it('a paused machine is suspended in the hypervisor', () => {
    const engine = started()
    pass(engine, 5 * MINUTE_MS)
    power.pause(engine.world, 'A')
    pass(engine, 1000)
    expect(engine.world.tables.partition.require('A').suspended).toBe(true)
    power.resume(engine.world, 'A')
    pass(engine, 1000)
    expect(engine.world.tables.partition.require('A').suspended).toBe(false)
  })

  it('a lab that begins in the middle of its life gets the partitions that its machines must have', () => {
    const engine = started()
    pass(engine, 5 * MINUTE_MS)
    const { tables } = engine.world
    const running = [...tables.virtual_machine.values()].map((vm) => (vm.id === 'A' ? { ...vm, startedTick: 0 } : vm))
    const again = new Engine({
      lab: [...tables.lab.values()],
      host: [...tables.host.values()],
      volume: [...tables.volume.values()],
      host_file: [...tables.host_file.values()],
      virtual_switch: [...tables.virtual_switch.values()],
      virtual_machine: running,
      network_adapter: [...tables.network_adapter.values()],
      drive: [...tables.drive.values()],
      guest: [settledGuest('A', 'windows-server-2022', 0)],
    })
    expect(show(again, 'A')).toEqual(show(engine, 'A'))
  })

  it('a saved state of another version is refused by its own name, and the machine stays saved', () => {
    const engine = started()
    pass(engine, 5 * MINUTE_MS)
    power.save(engine.world, 'A')
    pass(engine, MINUTE_MS)
    const { tables } = engine.world
    const stack = JSON.parse(tables.saved_stack.require('A').stack)
    tables.saved_stack.put({
      id: 'A',
      stack: JSON.stringify({ ...stack, bus: { ...stack.bus, rows: { ...stack.bus.rows, version: 99 } } }),
    })
    power.start(engine.world, 'A')
    pass(engine, MINUTE_MS)
    const failed = [...tables.job.values()].find((job) => job.status === 'failed')
    expect(JSON.parse(failed?.refusal ?? '{}')).toMatchObject({ code: 'saved-state-refused' })
    expect(tables.virtual_machine.require('A')).toMatchObject({ state: 'Saved', assignedMemoryMb: 0 })
    expect(show(engine, 'A')).toBe('no partition')
    expect(tables.saved_stack.has('A')).toBe(true)
  })
})
