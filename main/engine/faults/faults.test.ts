import { describe, expect, it } from 'vitest'
import { pass, testDisk, testEngine, testFile, testVm, testVolume } from '../../testing/lab.ts'
import { stateHash } from '../counters/state-hash.ts'
import { Engine } from '../engine.ts'
import { adapterStatus, heartbeat } from '../guest/guest.ts'
import type { DeviceSpec, TransferReport } from '../machine/stack-types.ts'
import { stateText } from '../management/actions.ts'
import { takeCheckpoint } from '../management/checkpoint.ts'
import * as power from '../management/power.ts'
import { startService } from '../management/service.ts'
import { statusText } from '../management/status.ts'
import { type HostRow, TABLE_NAMES, type VirtualMachineRow } from '../rows.ts'
import type { LabRows, World } from '../world.ts'
import { clearFault, injectFault, listFaults, type WantedFault } from './inject.ts'

const MINUTE_MS = 60_000

function wanted(columns: Partial<WantedFault>): WantedFault {
  return { hostId: 'host-1', kind: 'random', vmId: null, volumeId: null, provider: null, stopCode: null, rule: null, ...columns }
}

function inject(world: World, columns: Partial<WantedFault>): string {
  const result = injectFault(world, wanted(columns))
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value.id
}

/** What a process that was killed finds: the same rows in a new engine. */
function reload(engine: Engine): Engine {
  engine.world.takeChanges()
  return new Engine(
    Object.fromEntries(TABLE_NAMES.map((name) => [name, structuredClone([...engine.world.tables[name].values()])])) as LabRows,
  )
}

/** A, B and C are up; D is off. */
function lab(machines: Readonly<Record<string, Partial<VirtualMachineRow>>> = {}, host: Partial<HostRow> = {}): Engine {
  const engine = testEngine(
    ['A', 'B', 'C', 'D'].map((id) => testVm(id, machines[id] ?? {})),
    host,
  )
  // Frames come by a switch only.
  for (const id of ['A', 'B', 'C', 'D']) engine.world.tables.network_adapter.patch(`adapter ${id}`, { switchId: 'switch-1' })
  for (const id of ['A', 'B', 'C']) power.start(engine.world, id)
  pass(engine, 5 * MINUTE_MS)
  return engine
}

function show(engine: Engine, id: string): string {
  const vm = engine.world.tables.virtual_machine.require(id)
  const guest = engine.world.tables.guest.get(id)
  return [stateText(vm), statusText(engine.world, vm), heartbeat(engine.world, vm, guest), guest?.phase ?? ''].join(' | ')
}

const UP = 'Running |  | OK (Applications Healthy) | lock-screen'

function records(engine: Engine, from = 0): string[] {
  return [...engine.world.tables.log_record.values()].slice(from).map((record) => `${record.eventId} ${record.vmId ?? record.hostId}`)
}

function transfer(engine: Engine, id: string, what: 'read' | 'frame' | 'arrival'): TransferReport {
  const stack = engine.world.machines.machine(id)
  const device = stack?.spec.devices.find((spec: DeviceSpec) => spec.kind === (what === 'read' ? 'scsi' : 'network'))
  if (stack === undefined || device === undefined) throw new Error(`${id} cannot transfer`)
  if (what === 'read') return stack.traffic.readDisk(device, 0, 0, 4096)
  return what === 'frame' ? stack.traffic.sendFrame(device, 1514) : stack.traffic.receiveFrame(device, 1514)
}

/** Everything that can be seen of a machine: rows, rings, counters. */
function everything({ world }: Engine, id: string): unknown {
  const stack = world.machines.machine(id)
  // Times of processors are settled at the end of their window of 10 ms.
  world.machines.host('host-1').advance()
  return structuredClone({
    rows: [world.tables.virtual_machine.get(id), world.tables.guest.get(id), world.tables.partition.get(id)],
    channels: [world.by.channelsOfPartition.of(id), stack?.channelViews()],
    processors: [world.by.processorsOfPartition.of(id), stack?.vpViews()],
    drives: [world.by.drivesOfVm.of(id), world.by.adaptersOfVm.of(id)],
    counters: stack?.counters(id).map(({ set, instance, values }) => [set, instance, [...values]]),
  })
}

describe('guests that fail', () => {
  it('S15: a bug check in one machine leaves states, counters and rows of all others unchanged', () => {
    const engine = lab()
    const before = ['B', 'C', 'D'].map((id) => everything(engine, id))
    const logged = engine.world.tables.log_record.size
    inject(engine.world, { kind: 'guest-crash', vmId: 'A', stopCode: 'IRQL_NOT_LESS_OR_EQUAL' })
    expect(show(engine, 'A')).toBe('Running |  | Lost Communication | crashed')
    expect(records(engine, logged)).toEqual(['18590 A'])
    expect([...engine.world.tables.log_record.values()].at(-1)?.text).toContain('0x0000000A, 0x0')
    expect(engine.world.machines.machine('A')?.partitionView().crash?.[0]).toBe('000000000000000A')
    expect(['B', 'C', 'D'].map((id) => everything(engine, id))).toEqual(before)
    pass(engine, 5 * MINUTE_MS)
    expect(['A', 'B', 'C'].map((id) => show(engine, id))).toEqual([UP, UP, UP])
    expect(records(engine, logged)).toEqual(['18590 A', '18514 A', '18601 A'])
  })

  it('a guest that hangs stops answering until it is reset', () => {
    const engine = lab()
    const fault = inject(engine.world, { kind: 'guest-hang', vmId: 'A' })
    pass(engine, 10 * MINUTE_MS)
    expect(show(engine, 'A')).toBe('Running |  | Lost Communication | hung')
    expect(power.shutDown(engine.world, 'A').ok).toBe(false)
    expect(clearFault(engine.world, fault)).toMatchObject({ ok: false, refusal: { code: 'fault-ended' } })
    power.reset(engine.world, 'A')
    pass(engine, 5 * MINUTE_MS)
    expect(show(engine, 'A')).toBe(UP)
  })

  it('faults of a machine that is deleted are over, rules for it gone', () => {
    const engine = lab()
    inject(engine.world, { kind: 'disk-error', vmId: 'D' })
    inject(engine.world, { kind: 'guest-hang', vmId: 'D', rule: { jobKind: 'start', probability: 1, afterMs: 0 } })
    power.remove(engine.world, 'D')
    pass(engine, MINUTE_MS)
    expect(listFaults(engine.world, 'host-1').map(({ kind, state }) => `${kind} ${state}`)).toEqual(['disk-error ended'])
  })

  it('is refused with the reason where no system runs', () => {
    const { world } = lab()
    expect(injectFault(world, wanted({ kind: 'guest-crash', vmId: 'D' }))).toMatchObject({
      ok: false,
      refusal: { code: 'fault-not-possible', values: { fault: 'guest-crash', reason: 'the virtual machine is not running' } },
    })
    expect(injectFault(world, wanted({ kind: 'guest-crash', vmId: 'nobody' }))).toMatchObject({
      refusal: { code: 'unknown-virtual-machine' },
    })
    expect(injectFault(world, wanted({ kind: 'volume-lost', volumeId: 'x' }))).toMatchObject({ refusal: { code: 'unknown-volume' } })
    expect(injectFault(world, wanted({ hostId: 'x' }))).toMatchObject({ refusal: { code: 'unknown-host' } })
    expect(listFaults(world, 'host-1')).toEqual([])
  })
})

describe('channels that fail', () => {
  it('lost interrupts: the host hears nothing of the guest until its driver looks by itself', () => {
    const engine = lab()
    const others = ['B', 'C'].map((id) => everything(engine, id))
    inject(engine.world, { kind: 'lost-interrupt', vmId: 'A' })
    expect(injectFault(engine.world, wanted({ kind: 'lost-interrupt', vmId: 'A' }))).toMatchObject({ refusal: { code: 'fault-present' } })
    expect(show(engine, 'A')).toBe('Running |  | Lost Communication | lock-screen')
    expect(engine.world.machines.machine('A')?.traffic.heartbeat().completed).toBe(false)
    expect(['B', 'C'].map((id) => everything(engine, id))).toEqual(others)
    const again = reload(engine)
    expect(again.world.machines.machine('A')?.traffic.heartbeat().completed).toBe(false)
    for (const one of [engine, again]) {
      pass(one, MINUTE_MS)
      expect(show(one, 'A')).toBe(UP)
      expect(one.world.machines.machine('A')?.traffic.heartbeat().completed).toBe(true)
      expect(one.world.machines.host('host-1').validate()).toEqual([])
    }
    expect(stateHash(again.world)).toBe(stateHash(engine.world))
  })

  it('a full ring takes no further frame; when the guest reads again nothing of it is lost', () => {
    const engine = lab()
    const others = ['B', 'C'].map((id) => everything(engine, id))
    const fault = inject(engine.world, { kind: 'full-ring', vmId: 'A' })
    const ring = () =>
      engine.world.machines
        .machine('A')
        ?.channelViews()
        .find(({ device }) => device === 'network')?.hostToGuest
    const { packets } = JSON.parse(engine.world.tables.fault.require(fault).detail ?? '{}')
    expect(packets).toBeGreaterThan(1000)
    const full = ring()
    expect(full?.unread).toBe(packets)
    expect(transfer(engine, 'A', 'arrival').completed).toBe(false)
    expect(ring()?.packets).toBe(full?.packets)
    expect(['B', 'C'].map((id) => everything(engine, id))).toEqual(others)
    expect(clearFault(engine.world, fault).ok).toBe(true)
    expect(ring()).toMatchObject({ unread: 0 })
    expect(engine.world.machines.host('host-1').validate()).toEqual([])
  })

  it('what is wrong in a memory ends with it', () => {
    const engine = lab()
    inject(engine.world, { kind: 'lost-interrupt', vmId: 'A' })
    power.reset(engine.world, 'A')
    pass(engine, 1000)
    expect(listFaults(engine.world, 'host-1').map(({ state }) => state)).toEqual(['ended'])
    pass(engine, 5 * MINUTE_MS)
    expect(show(engine, 'A')).toBe(UP)
  })

  it('S26: a stopped storage provider stalls the disks of all machines, while the network goes on; also after a reload', () => {
    const engine = lab()
    const fault = inject(engine.world, { kind: 'provider-stopped', provider: 'storage' })
    for (const one of [engine, reload(engine)]) {
      for (const id of ['A', 'B', 'C']) {
        expect(transfer(one, id, 'read').completed).toBe(false)
        expect(transfer(one, id, 'frame').completed).toBe(true)
        expect(show(one, id)).toBe(UP)
      }
    }
    expect(clearFault(engine.world, fault).ok).toBe(true)
    for (const id of ['A', 'B', 'C']) expect(transfer(engine, id, 'read').completed).toBe(true)
  })

  it('S26: a machine that starts under a stopped storage provider waits at its first read, and goes on where it was', () => {
    const engine = lab()
    const fault = inject(engine.world, { kind: 'provider-stopped', provider: 'storage' })
    power.start(engine.world, 'D')
    pass(engine, 60 * MINUTE_MS)
    expect(show(engine, 'D')).toBe('Running |  | No Contact | boot-attempt')
    power.pause(engine.world, 'D')
    pass(engine, 1000)
    power.resume(engine.world, 'D')
    pass(engine, MINUTE_MS)
    expect(show(engine, 'D')).toBe('Running |  | No Contact | boot-attempt')
    clearFault(engine.world, fault)
    pass(engine, 5 * MINUTE_MS)
    expect(show(engine, 'D')).toBe(UP)
  })

  it('a stopped network provider leaves the disks alone', () => {
    const engine = lab()
    inject(engine.world, { kind: 'provider-stopped', provider: 'network' })
    expect(transfer(engine, 'A', 'frame').completed).toBe(false)
    expect(transfer(engine, 'A', 'read').completed).toBe(true)
    expect(injectFault(engine.world, wanted({ kind: 'provider-stopped', provider: 'storage' })).ok).toBe(true)
    expect(adapterStatus(engine.world, 'A', 'adapter A')).toBe('OK')
  })
})

describe('disks and volumes that fail', () => {
  /** A's disk lies on a volume of its own, its configuration on C. */
  function withDataVolume(host: Partial<HostRow> = {}): Engine {
    const engine = testEngine([testVm('A'), testVm('B')], host)
    const { tables } = engine.world
    tables.volume.put(testVolume({ id: 'volume-d', letter: 'D', label: 'Data' }))
    tables.host_file.put(testFile('D:\\A.vhdx'))
    tables.drive.put(testDisk('A', 'D:\\A.vhdx'))
    for (const id of ['A', 'B']) power.start(engine.world, id)
    pass(engine, 5 * MINUTE_MS)
    return engine
  }

  it('a disk error stops the system on it and then its start; a good disk starts again', () => {
    const engine = lab()
    const logged = engine.world.tables.log_record.size
    const others = ['B', 'C', 'D'].map((id) => everything(engine, id))
    const fault = inject(engine.world, { kind: 'disk-error', vmId: 'A' })
    pass(engine, 20_000)
    expect(show(engine, 'A')).toBe('Running |  | Lost Communication | crashed')
    expect(records(engine, logged)).toEqual(['18590 A'])
    expect([...engine.world.tables.log_record.values()].at(-1)?.text).toContain('0x0000007A')
    expect(['B', 'C', 'D'].map((id) => (everything(engine, id) as { rows: unknown }).rows)).toEqual(
      others.map((other) => (other as { rows: unknown }).rows),
    )
    pass(engine, 5 * MINUTE_MS)
    expect(show(engine, 'A')).toBe('Running |  | No Contact | boot-failed')
    clearFault(engine.world, fault)
    power.reset(engine.world, 'A')
    pass(engine, 5 * MINUTE_MS)
    expect(show(engine, 'A')).toBe(UP)
  })

  it('a lost volume pauses the machines whose disks lie on it; they go on when it is back', () => {
    const engine = withDataVolume()
    const logged = engine.world.tables.log_record.size
    const fault = inject(engine.world, { kind: 'volume-lost', volumeId: 'volume-d' })
    expect(show(engine, 'A')).toBe('Paused-Critical | Cannot connect to virtual machine storage | Paused | lock-screen')
    expect(show(engine, 'B')).toBe(UP)
    expect(engine.world.tables.partition.require('A').suspended).toBe(true)
    power.resume(engine.world, 'A')
    pass(engine, 1000)
    expect(show(engine, 'A')).toBe('Paused-Critical | Cannot connect to virtual machine storage | Paused | lock-screen')
    const again = reload(engine)
    for (const one of [engine, again]) {
      pass(one, 10 * MINUTE_MS)
      clearFault(one.world, fault)
      pass(one, 30 * MINUTE_MS)
      expect(show(one, 'A')).toBe(UP)
    }
    expect(records(engine, logged)).toEqual(['18524 A', '18518 A', '18524 A', '18518 A'])
    expect(stateHash(again.world)).toBe(stateHash(engine.world))
  })

  it('a machine whose storage does not come back within 30 minutes is turned off, and cannot start', () => {
    const engine = withDataVolume()
    inject(engine.world, { kind: 'volume-lost', volumeId: 'volume-d' })
    pass(engine, 29 * MINUTE_MS)
    expect(show(engine, 'A')).toContain('Paused-Critical')
    pass(engine, MINUTE_MS)
    expect(show(engine, 'A')).toBe('Off |  |  | ')
    expect(power.start(engine.world, 'A')).toMatchObject({ ok: false, refusal: { code: 'disk-missing' } })
  })

  it('a release without storage resilience hands the errors on to the guest', () => {
    const engine = withDataVolume({ productId: 'windows-server-2012-r2-datacenter' })
    inject(engine.world, { kind: 'volume-lost', volumeId: 'volume-d' })
    expect(show(engine, 'A')).toContain('Running | ')
    pass(engine, 20_000)
    expect(show(engine, 'A')).toBe('Running |  | Lost Communication | crashed')
    expect(show(engine, 'B')).toContain('OK')
  })

  it('a lost volume of the configurations makes machines critical; a save under way comes to nothing', () => {
    const engine = withDataVolume()
    power.save(engine.world, 'B')
    const fault = inject(engine.world, { kind: 'volume-lost', volumeId: 'volume-c' })
    expect(show(engine, 'A')).toContain('Running-Critical | Cannot connect to virtual machine configuration storage')
    pass(engine, MINUTE_MS)
    expect(engine.world.tables.saved_stack.size).toBe(0)
    expect([...engine.world.tables.job.values()].at(-1)).toMatchObject({ kind: 'save', status: 'failed' })
    clearFault(engine.world, fault)
    pass(engine, 1000)
    expect(['A', 'B'].map((id) => show(engine, id))).toEqual([UP, UP])
  })

  it('a full volume pauses the machines whose disks grow on it and gives its space back', () => {
    const engine = withDataVolume()
    const { freeBytes } = engine.world.tables.volume.require('volume-d')
    const fault = inject(engine.world, { kind: 'volume-full', volumeId: 'volume-d' })
    expect(show(engine, 'A')).toBe('Paused-Critical | Disk(s) running out of space | Paused | lock-screen')
    expect(show(engine, 'B')).toBe(UP)
    clearFault(engine.world, fault)
    expect(engine.world.tables.volume.require('volume-d').freeBytes).toBe(freeBytes)
    power.resume(engine.world, 'A')
    pass(engine, 1000)
    expect(show(engine, 'A')).toBe(UP)
  })
})

describe('loss of power', () => {
  it('takes back what a checkpoint under way has made', () => {
    const engine = lab({ A: { checkpointType: 'standard' } })
    const { tables, by } = engine.world
    const paths = () => by.drivesOfVm.of('A').map(({ path }) => path)
    const before = paths()
    expect(takeCheckpoint(engine.world, 'A', 'Half')).toMatchObject({ ok: true })
    for (let ms = 0; by.checkpointsOfVm.count('A') === 0 && ms < MINUTE_MS; ms += 50) pass(engine, 50)
    expect([by.checkpointsOfVm.count('A'), by.runningJobOfHost.count('host-1')]).toEqual([1, 1])
    const fault = inject(engine.world, { kind: 'power-loss' })
    expect([by.checkpointsOfVm.count('A'), by.runningJobOfHost.count('host-1')]).toEqual([0, 0])
    expect(tables.virtual_machine.require('A')).toMatchObject({ state: 'Off', currentCheckpointId: null })
    // The disk that it froze is merged when the management service runs again.
    clearFault(engine.world, fault)
    pass(engine, 10 * MINUTE_MS)
    expect([paths(), by.runningJobOfHost.count('host-1')]).toEqual([before, 0])
  })

  it('everything in memory is gone at once; with the power back machines follow their Automatic Start Action', () => {
    const engine = lab({ A: { automaticStart: 'if-running' }, B: { automaticStart: 'nothing' }, D: { automaticStart: 'always' } })
    power.save(engine.world, 'C')
    pass(engine, MINUTE_MS)
    power.start(engine.world, 'C')
    const fault = inject(engine.world, { kind: 'power-loss' })
    const { tables, usage } = engine.world
    expect(['A', 'B', 'C', 'D'].map((id) => tables.virtual_machine.require(id).state)).toEqual(['Off', 'Off', 'Saved', 'Off'])
    expect([tables.partition.size, tables.vmbus_channel.size, tables.virtual_processor.size, usage.memoryMb('host-1')]).toEqual([
      0, 0, 0, 0,
    ])
    expect(tables.host.require('host-1').serviceState).toBe('stopped')
    expect(power.start(engine.world, 'A')).toMatchObject({ refusal: { code: 'service-stopped' } })
    expect(startService(engine.world, 'host-1')).toMatchObject({ refusal: { code: 'host-powered-off' } })
    expect(injectFault(engine.world, wanted({ kind: 'guest-crash', vmId: 'A' }))).toMatchObject({ refusal: { code: 'host-powered-off' } })
    pass(engine, 60 * MINUTE_MS)
    const again = reload(engine)
    for (const one of [engine, again]) {
      // Also when somebody asks for the host's processors meanwhile.
      expect(one.world.machines.host('host-1').machines).toEqual([])
      expect(one.world.tables.partition.size).toBe(0)
      const logged = one.world.tables.log_record.size
      expect(clearFault(one.world, fault).ok).toBe(true)
      expect(clearFault(one.world, fault).ok).toBe(false)
      pass(one, 10 * MINUTE_MS)
      expect(['A', 'B', 'C', 'D'].map((id) => show(one, id))).toEqual([UP, 'Off |  |  | ', UP, UP])
      expect(records(one, logged).slice(0, 2)).toEqual(['1 host-1', '14094 host-1'])
      expect([...one.world.tables.partition.values()].filter((row) => row.vmId === null)).toHaveLength(1)
      expect(one.world.machines.host('host-1').validate()).toEqual([])
    }
    expect(stateHash(again.world)).toBe(stateHash(engine.world))
  })

  it('breaks off what is under way', () => {
    const engine = lab()
    power.start(engine.world, 'D')
    power.save(engine.world, 'A')
    pass(engine, 200)
    inject(engine.world, { kind: 'power-loss' })
    expect([...engine.world.tables.job.values()].slice(-2).map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'start cancelled',
      'save cancelled',
    ])
    expect(engine.world.tables.pending_event.size).toBe(0)
    expect(['A', 'D'].map((id) => engine.world.tables.virtual_machine.require(id).state)).toEqual(['Off', 'Off'])
  })
})
