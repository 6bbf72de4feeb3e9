import { describe, expect, it } from 'vitest'
import { pass, testDisk, testEngine, testFile, testRows, testSwitch, testVm } from '../../testing/lab.ts'
import { Engine } from '../engine.ts'
import { hangGuest, heartbeat, ipAddresses, sendKeys } from '../guest/guest.ts'
import * as power from '../management/power.ts'
import type { VirtualMachineRow } from '../rows.ts'
import type { MachineStack } from './machine-stack.ts'
import type { DeviceKind, DeviceSpec } from './stack-types.ts'

const MINUTE_MS = 60_000
const MIB = 1024 * 1024

/** Machines that are up, with a switch between them. */
function running(ids: readonly string[], change: (engine: Engine) => void = () => undefined): Engine {
  const engine = testEngine(ids.map((id) => testVm(id)))
  for (const id of ids) engine.world.tables.network_adapter.patch(`adapter ${id}`, { switchId: 'switch-1' })
  change(engine)
  for (const id of ids) power.start(engine.world, id)
  pass(engine, 5 * MINUTE_MS)
  return engine
}

function stackOf(engine: Engine, id: string): MachineStack {
  const stack = engine.world.machines.machine(id)
  if (stack === undefined) throw new Error(`no stack of ${id}`)
  return stack
}

function deviceOf(stack: MachineStack, kind: DeviceKind): DeviceSpec {
  const device = stack.spec.devices.find((candidate) => candidate.kind === kind)
  if (device === undefined) throw new Error(`no ${kind}`)
  return device
}

const row = (engine: Engine, id: string): VirtualMachineRow => engine.world.tables.virtual_machine.require(id)
const packets = (stack: MachineStack): readonly string[] =>
  stack
    .trace()
    .filter(({ kind }) => kind === 'packet')
    .map(({ text }) => text.replace(/^channel \d+: /, '').replace(/ \(\d+\)$/, ''))

describe('disks of a machine', () => {
  it('S23: a read goes under one id down to the file of the drive, a write lets a dynamic disk grow', () => {
    const engine = running(['A'])
    const stack = stackOf(engine, 'A')
    const scsi = deviceOf(stack, 'scsi')
    const read = stack.traffic.readDisk(scsi, 0, 4096, 8192)
    expect(read.completed).toBe(true)
    expect(read.steps.map(({ place }) => place)).toEqual(['vsc', 'channel', 'vsp', 'device', 'vsp', 'channel', 'vsc'])
    expect(read.steps[0]?.text).toBe('EXECUTE_SRB READ(10) lun 0, 8192 bytes')
    expect(read.steps[3]?.text).toMatch(/^virtual disk, unit 0: read 8192 bytes at 4096, ok, \d+ ticks$/)
    const size = (): number => engine.world.tables.host_file.require('file C:\\Disks\\A.vhdx').sizeBytes
    const before = size()
    expect(stack.traffic.writeDisk(scsi, 0, 100 * 1024 * MIB, 65_536).completed).toBe(true)
    expect(size() - before).toBe(32 * MIB)
    expect(stack.traffic.writeDisk(scsi, 0, 100 * 1024 * MIB, 65_536).completed).toBe(true)
    expect(size() - before).toBe(32 * MIB)
    expect(stack.traffic.readDisk(scsi, 0, 127 * 1024 * MIB, 4096).completed).toBe(false)
  })

  it('a write that finds its volume full makes the machine Paused-Critical, and its neighbour goes on', () => {
    const engine = running(['A', 'B'])
    engine.world.tables.volume.patch('volume-c', { freeBytes: MIB })
    const stack = stackOf(engine, 'A')
    expect(stack.traffic.writeDisk(deviceOf(stack, 'scsi'), 0, 100 * 1024 * MIB, 4096).completed).toBe(false)
    expect(row(engine, 'A')).toMatchObject({ state: 'Paused', critical: 'disk-space' })
    expect(row(engine, 'B')).toMatchObject({ state: 'Running', critical: null })
  })

  it('S41, S42: a DVD drive reads its image and writes nothing; a captured drive of the host passes no disc on', () => {
    const engine = running(['A'], ({ world }) => {
      const iso = { kind: 'iso', sizeBytes: 700 * MIB, capacityBytes: 0, diskType: null, guestProductId: null } as const
      world.tables.host_file.put(testFile('C:\\ISO\\tools.iso', iso))
      world.tables.drive.put({ ...testDisk('A', 'C:\\ISO\\tools.iso'), id: 'dvd', kind: 'dvd', location: 1 })
      world.tables.drive.put({ ...testDisk('A', 'Physical:E:'), id: 'captured', kind: 'dvd', location: 2 })
    })
    const stack = stackOf(engine, 'A')
    const scsi = deviceOf(stack, 'scsi')
    expect(stack.traffic.readDisk(scsi, 1, 2048 * 100, 4096).completed).toBe(true)
    expect(stack.traffic.writeDisk(scsi, 1, 2048 * 100, 4096).completed).toBe(false)
    expect(stack.traffic.readDisk(scsi, 2, 0, 2048).completed).toBe(false)
    expect(engine.world.machines.host('host-1').validate()).toEqual([])
  })
})

describe('media and cables that change while the machine runs', () => {
  it('a disc that is put in or taken out is there, or not, for the next reads', () => {
    const engine = running(['A'], ({ world }) => {
      const iso = { kind: 'iso', sizeBytes: 700 * MIB, capacityBytes: 0, diskType: null, guestProductId: null } as const
      world.tables.host_file.put(testFile('C:\\ISO\\tools.iso', iso))
      world.tables.drive.put({ ...testDisk('A', ''), path: null, id: 'dvd', kind: 'dvd', location: 1 })
    })
    const stack = stackOf(engine, 'A')
    const reads = (): boolean => stack.traffic.readDisk(deviceOf(stack, 'scsi'), 1, 0, 2048).completed
    expect(reads()).toBe(false)
    engine.world.tables.drive.patch('dvd', { path: 'C:\\ISO\\tools.iso' })
    // The first command after a change is answered with a unit attention (devices reference 2.6).
    expect([reads(), reads()]).toEqual([false, true])
    engine.world.tables.drive.patch('dvd', { path: null })
    expect(reads()).toBe(false)
  })

  it('a cable that goes into another switch carries the frames there', () => {
    const engine = running(['A'])
    const { world } = engine
    world.tables.virtual_switch.put(testSwitch({ id: 'second' }))
    const stack = stackOf(engine, 'A')
    const sent = (id: string): number | undefined =>
      world.machines.devices.network
        .switchOf(id)
        ?.toRow()
        .ports.find((port) => port.id === 'adapter A')?.traffic.directedSent
    const before = sent('switch-1') ?? 0
    world.tables.network_adapter.patch('adapter A', { switchId: 'second' })
    stack.traffic.sendFrame(deviceOf(stack, 'network'), 100)
    expect([before, sent('switch-1'), sent('second')]).toEqual([0, undefined, 1])
    stack.setTrace(true)
    world.tables.network_adapter.patch('adapter A', { switchId: null })
    expect(packets(stack)[0]).toMatch(/^NVSP SEND_RNDIS_PACKET \(receive, control\)/)
    expect(stack.traffic.receiveFrame(deviceOf(stack, 'network'), 100).completed).toBe(false)
  })
})

describe('adapters of a machine', () => {
  it('frames come to the machines on the same switch and to no other', () => {
    const engine = running(['A', 'B', 'C'], ({ world }) => {
      world.tables.virtual_switch.put(testSwitch({ id: 'private', kind: 'private', adapterDescription: null }))
      world.tables.network_adapter.patch('adapter C', { switchId: 'private' })
    })
    const received = (id: string): number =>
      stackOf(engine, id)
        .channelViews()
        .find(({ device }) => device === 'network')?.hostToGuest?.packets ?? 0
    const before = ['B', 'C'].map(received)
    const sender = stackOf(engine, 'A')
    const report = sender.traffic.sendFrame(deviceOf(sender, 'network'), 1514)
    expect(report.completed).toBe(true)
    expect(report.steps.find(({ place }) => place === 'device')?.text).toMatch(/^virtual switch port: taken/)
    // The frame goes to a station that the switch does not know: external switches send it out, and flood nothing.
    const item = engine.world.machines.devices.network.switchOf('switch-1')
    expect(item?.toRow().ports.find(({ id }) => id === 'adapter A')?.traffic.directedSent).toBe(1)
    expect(item?.toRow().ports.find(({ id }) => id === 'uplink')?.traffic.directedReceived).toBe(1)
    expect(['B', 'C'].map(received)).toEqual(before)
  })

  it('an adapter without a switch drops what its guest sends, with the guest none the wiser', () => {
    const engine = running(['A'], ({ world }) => {
      world.tables.network_adapter.patch('adapter A', { switchId: null })
    })
    const stack = stackOf(engine, 'A')
    const report = stack.traffic.sendFrame(deviceOf(stack, 'network'), 100)
    expect(report.steps.find(({ place }) => place === 'device')?.text).toMatch(/^virtual switch port: dropped/)
    expect(report.completed).toBe(true)
  })

  it('the guest tells of its addresses by its data exchange channel, and again when its link changes', () => {
    const engine = running(['A'])
    const { world } = engine
    const told = (): readonly string[] | undefined => world.machines.reportedAddresses(row(engine, 'A'), 'adapter A')
    expect(told()).toEqual(ipAddresses(world, 'A', 'adapter A'))
    expect(told()?.[0]).toMatch(/^192\.168\.1\./)
    world.tables.virtual_switch.put(testSwitch({ id: 'private', kind: 'private', adapterDescription: null }))
    world.tables.network_adapter.patch('adapter A', { switchId: 'private' })
    expect(told()?.[0]).toMatch(/^169\.254\./)
    world.tables.network_adapter.patch('adapter A', { switchId: null })
    expect(told()).toEqual([])
  })
})

describe('services of a machine', () => {
  it('Shut Down asks the guest by its shutdown channel; without an answer it is refused', () => {
    const engine = running(['A'])
    const stack = stackOf(engine, 'A')
    const host = engine.world.machines.host('host-1')
    host.setProviderStalled('shutdown', true)
    expect(power.shutDown(engine.world, 'A')).toMatchObject({ ok: false, refusal: { code: 'shutdown-service-missing' } })
    expect(row(engine, 'A').state).toBe('Running')
    host.setProviderStalled('shutdown', false)
    stack.setTrace(true)
    expect(power.shutDown(engine.world, 'A').ok).toBe(true)
    expect(packets(stack).slice(0, 2)).toEqual(['SHUTDOWN', 'SHUTDOWN answer'])
    // The guest closes its channels and lets go of the bus; it is asked once.
    expect(packets(stack).filter((text) => text === 'SHUTDOWN')).toHaveLength(1)
    pass(engine, MINUTE_MS)
    expect(row(engine, 'A').state).toBe('Off')
  })

  it('a guest that shuts down by itself is not asked', () => {
    const engine = running(['A'])
    const stack = stackOf(engine, 'A')
    stack.setTrace(true)
    engine.world.tables.guest.patch('A', { phase: 'shutting-down' })
    expect(packets(stack).filter((text) => text.startsWith('SHUTDOWN'))).toEqual([])
  })

  it('keys of the connection window arrive as packets, and the guest acts on what it has read', () => {
    const engine = running(['A'], ({ world }) => {
      world.tables.host_file.patch('file C:\\Disks\\A.vhdx', { guestProductId: 'ubuntu-22.04' })
    })
    const { world } = engine
    const stack = stackOf(engine, 'A')
    stack.setTrace(true)
    const press = (keys: readonly string[], text: string): void => {
      const read = world.machines.typeKeys(row(engine, 'A'), keys, text)
      sendKeys(world, 'A', read.keys, read.text)
    }
    press(['ShiftLeft', 'KeyA'], 'uß')
    expect(packets(stack).filter((text) => text === 'EVENT')).toHaveLength(8)
    expect(world.tables.guest.require('A').input).toBe('ußA')
    const host = world.machines.host('host-1')
    host.setProviderStalled('keyboard', true)
    expect(world.machines.typeKeys(row(engine, 'A'), ['KeyB'], '')).toEqual({ keys: [], text: '' })
    host.setProviderStalled('keyboard', false)
    expect(world.machines.typeKeys(row(engine, 'A'), ['KeyB'], '')).toEqual({ keys: ['KeyB'], text: '' })
    hangGuest(world, 'A')
    expect(world.machines.typeKeys(row(engine, 'A'), ['KeyB'], '')).toEqual({ keys: [], text: '' })
  })

  it('the heartbeat of the pair is what the list shows, once the patience of the host is over', () => {
    const engine = running(['A'])
    const { world } = engine
    const stack = stackOf(engine, 'A')
    const shown = (): string => heartbeat(world, row(engine, 'A'), world.tables.guest.get('A'))
    const heard = (): string => {
      stack.catchUp()
      return stack.services.heartbeatStatus()
    }
    expect([heard(), shown()]).toEqual(['OkApplicationsHealthy', 'OK (Applications Healthy)'])
    pass(engine, MINUTE_MS)
    expect(heard()).toBe('OkApplicationsHealthy')
    hangGuest(world, 'A')
    pass(engine, 11_000)
    expect([heard(), shown()]).toEqual(['LostCommunication', 'Lost Communication'])
  })
})

describe('stacks that are built again', () => {
  it('show the same rows, disks and addresses as before', () => {
    const engine = running(['A', 'B'])
    const tables = Object.fromEntries(Object.entries(engine.world.tables).map(([name, table]) => [name, [...table.values()]]))
    const again = new Engine({ ...testRows([]), ...tables } as ConstructorParameters<typeof Engine>[0])
    for (const id of ['A', 'B']) {
      const [first, second] = [stackOf(engine, id), stackOf(again, id)]
      expect(second.channelViews().map(({ className, state, protocolVersion }) => [className, state, protocolVersion])).toEqual(
        first.channelViews().map(({ className, state, protocolVersion }) => [className, state, protocolVersion]),
      )
      const told = (one: Engine) => one.world.machines.reportedAddresses(row(one, id), `adapter ${id}`)
      expect(told(again)).toEqual(told(engine))
      expect(second.traffic.readDisk(deviceOf(second, 'scsi'), 0, 0, 4096).completed).toBe(true)
    }
    expect([...again.world.tables.vmbus_channel.values()]).toEqual([...engine.world.tables.vmbus_channel.values()])
    expect([...again.world.tables.host_file.values()]).toEqual([...engine.world.tables.host_file.values()])
  })

  it('save the same rows as stacks that were never lost', () => {
    const engine = running(['A', 'B'])
    const reload = (one: Engine): Engine => {
      one.world.takeChanges()
      const tables = Object.fromEntries(Object.entries(one.world.tables).map(([name, table]) => [name, [...table.values()]]))
      return new Engine(tables as ConstructorParameters<typeof Engine>[0])
    }
    const saved = (one: Engine): string => {
      pass(one, MINUTE_MS)
      power.save(one.world, 'A')
      pass(one, MINUTE_MS)
      return one.world.tables.saved_stack.require('A').stack
    }
    const [lived, reloaded] = [reload(engine), reload(engine)]
    stackOf(lived, 'A').traffic.readDisk(deviceOf(stackOf(lived, 'A'), 'scsi'), 0, 0, 4096)
    lived.world.machines.typeKeys(row(lived, 'A'), ['KeyA'], '')
    expect(saved(lived)).toBe(saved(reloaded))
  })

  it('save and restore keep a machine with its disks, its switch and its services', () => {
    const engine = running(['A'])
    power.save(engine.world, 'A')
    pass(engine, MINUTE_MS)
    power.start(engine.world, 'A')
    pass(engine, MINUTE_MS)
    const stack = stackOf(engine, 'A')
    expect(stack.traffic.readDisk(deviceOf(stack, 'scsi'), 0, 0, 4096).completed).toBe(true)
    expect(stack.traffic.sendFrame(deviceOf(stack, 'network'), 1514).completed).toBe(true)
    expect(power.shutDown(engine.world, 'A').ok).toBe(true)
    pass(engine, MINUTE_MS)
    expect(row(engine, 'A').state).toBe('Off')
  })
})
