/** Every rule of the settings: what is refused, with its field and rule, and that nothing has changed then. */
import { describe, expect, it } from 'vitest'
import { pass, testDisk, testEngine, testFile, testVm } from '../../../testing/lab.ts'
import { stateHash } from '../../counters/state-hash.ts'
import type { Engine } from '../../engine.ts'
import type { HostRow, VirtualMachineRow } from '../../rows.ts'
import * as power from '../power.ts'
import { configureVm } from './configure.ts'
import { settingsFacts, settingsOf } from './read.ts'
import type { DriveSetting, VmSettings } from './types.ts'

const MINUTE_MS = 60_000

const vmOf = (engine: Engine): VirtualMachineRow => engine.world.tables.virtual_machine.require('A')

function lab(columns: Partial<VirtualMachineRow> = {}, host: Partial<HostRow> = {}): Engine {
  const engine = testEngine([testVm('A', columns), testVm('B')], host)
  const { tables } = engine.world
  for (const [path, kind] of [
    ['C:\\Disks\\data.vhdx', 'vhdx'],
    ['C:\\Disks\\old.vhd', 'vhd'],
    ['C:\\ISO\\setup.iso', 'iso'],
    ['C:\\Disks\\tools.vfd', 'vfd'],
    ['C:\\Snapshots', 'folder'],
  ] as const)
    tables.host_file.put(testFile(path, { kind, guestProductId: null }))
  if (columns.generation === 1) {
    tables.drive.patch('drive A', { controller: 'ide' })
    tables.drive.put({ id: 'dvd A', vmId: 'A', kind: 'dvd', controller: 'ide', controllerNumber: 1, location: 0, path: null })
    tables.drive.put({ id: 'floppy A', vmId: 'A', kind: 'floppy', controller: 'floppy', controllerNumber: 0, location: 0, path: null })
    tables.virtual_machine.patch('A', { bootOrder: ['cd', 'ide', 'legacy-network', 'floppy'] })
  }
  return engine
}

type Change = Partial<VmSettings> | ((settings: VmSettings) => Partial<VmSettings>)

function apply(engine: Engine, change: Change) {
  const base = settingsOf(engine.world, vmOf(engine))
  return configureVm(engine.world, 'A', base, { ...base, ...(typeof change === 'function' ? change(base) : change) })
}

/** `field code rule` of the refusal, or `applied`. A refusal has changed nothing. */
function outcome(engine: Engine, change: Change): string {
  engine.world.takeChanges()
  const before = stateHash(engine.world)
  const done = apply(engine, change)
  if (done.ok) return 'applied'
  expect(stateHash(engine.world)).toBe(before)
  expect(engine.world.hasChanges).toBe(false)
  const { code, rule } = done.refusal
  return [done.field ?? '', done.driveId === null ? '' : `(${done.driveId})`, code, rule ?? ''].filter((part) => part !== '').join(' ')
}

const withDrive =
  (drive: Partial<DriveSetting>) =>
  ({ drives }: VmSettings): Partial<VmSettings> => ({
    drives: [
      ...drives,
      { id: 'new-1', kind: 'hard-disk', controller: 'scsi', controllerNumber: 0, location: 5, path: 'C:\\Disks\\data.vhdx', ...drive },
    ],
  })

const changed =
  (id: string, values: Partial<DriveSetting>) =>
  ({ drives }: VmSettings): Partial<VmSettings> => ({
    drives: drives.map((drive) => (drive.id === id ? { ...drive, ...values } : drive)),
  })

const without =
  (id: string) =>
  ({ drives }: VmSettings): Partial<VmSettings> => ({ drives: drives.filter((drive) => drive.id !== id) })

/** The machine is up, with a system that knows VMBus. */
function running(columns: Partial<VirtualMachineRow> = {}, host: Partial<HostRow> = {}): Engine {
  const engine = lab(columns, host)
  power.start(engine.world, 'A')
  pass(engine, 5 * MINUTE_MS)
  expect(vmOf(engine).state).toBe('Running')
  return engine
}

describe('values', () => {
  it.each<readonly [string, Change, string]>([
    ['a memory below the least of the host', { startupMemoryMb: 30 }, 'startupMemoryMb memory-range'],
    ['S35: a memory above the most of a machine', { startupMemoryMb: 251_658_242 }, 'startupMemoryMb memory-range S35'],
    ['a memory of an odd number of MB', { startupMemoryMb: 1025 }, 'startupMemoryMb memory-multiple'],
    ['an empty box', { startupMemoryMb: -1 }, 'startupMemoryMb memory-range'],
    ['a minimum above the startup memory', { dynamicMemory: true, minimumMemoryMb: 1026 }, 'minimumMemoryMb memory-range'],
    ['a maximum below the startup memory', { dynamicMemory: true, maximumMemoryMb: 1000 }, 'maximumMemoryMb memory-range'],
    ['a buffer below 5 %', { memoryBuffer: 4 }, 'memoryBuffer value-range'],
    ['a buffer above 2000 %', { memoryBuffer: 2001 }, 'memoryBuffer value-range'],
    ['a memory weight above 10000', { memoryWeight: 10_001 }, 'memoryWeight value-range'],
    ['S36: no processor', { processorCount: 0 }, 'processorCount processor-number S36'],
    ['S36, S20: more processors than the host has', { processorCount: 9 }, 'processorCount processor-number S36'],
    ['a reserve above the limit', { processorReserve: 60, processorLimit: 50 }, 'processorReserve reserve-above-limit'],
    ['a reserve above 100 %', { processorReserve: 101 }, 'processorReserve value-range'],
    ['a limit of nothing', { processorLimit: 0 }, 'processorLimit value-range'],
    ['a relative weight of nothing', { processorWeight: 0 }, 'processorWeight value-range'],
    ['a fifth SCSI controller', { scsiControllers: 5 }, 'scsiControllers value-range'],
    ['an empty name', { name: '  ' }, 'name name-empty'],
    ['a name of 101 characters', { name: 'x'.repeat(101) }, 'name name-too-long'],
    ['notes without end', { notes: 'x'.repeat(4001) }, 'notes notes-too-long'],
    ['a checkpoint folder that is not there', { checkpointPath: 'C:\\Nowhere' }, 'checkpointPath path-not-found'],
    ['a checkpoint folder that is a file', { checkpointPath: 'C:\\Disks\\data.vhdx' }, 'checkpointPath path-not-found'],
    ['a paging folder that is no path', { smartPagingPath: 'somewhere' }, 'smartPagingPath path-invalid'],
    ['a delay longer than the longest', { startDelaySeconds: 1_000_000_001 }, 'startDelaySeconds value-range'],
  ])('refuse %s', (_, change, expected) => {
    expect(outcome(lab(), change)).toBe(expected)
  })

  it('are all applied at once', () => {
    const engine = lab()
    const change = {
      name: '  web 1 ',
      notes: 'Intranet',
      startupMemoryMb: 2048,
      dynamicMemory: true,
      minimumMemoryMb: 512,
      maximumMemoryMb: 4096,
      memoryBuffer: 30,
      memoryWeight: 7500,
      processorCount: 4,
      processorReserve: 10,
      processorLimit: 80,
      processorWeight: 200,
      scsiControllers: 2,
      checkpointType: 'standard',
      checkpointPath: 'c:/snapshots/',
      automaticCheckpoints: true,
      smartPagingPath: 'C:\\Snapshots',
      automaticStart: 'always',
      startDelaySeconds: 30,
      automaticStop: 'shut-down',
    } as const
    expect(outcome(engine, change)).toBe('applied')
    expect(vmOf(engine)).toMatchObject({ ...change, name: 'web 1', checkpointPath: 'C:\\snapshots' })
  })

  it('are all refused when one is wrong', () => {
    expect(outcome(lab(), { name: 'other', processorCount: 4, startDelaySeconds: -1 })).toBe('startDelaySeconds value-range')
  })

  it.each([
    ['S36', 'windows-server-2008-datacenter', [2, 4], [3, 5]],
    ['S36', 'windows-server-2008-r2-datacenter', [1, 4], [3, 5]],
    ['S36', 'windows-server-2012-datacenter', [3, 64], [65]],
  ] as const)('%s: on %s %j processors are possible, %j are not', (_, productId, possible, impossible) => {
    const host = { productId, coresPerSocket: 64 }
    const columns = { generation: 1, checkpointType: 'standard' } as const
    for (const processorCount of possible) expect(outcome(lab(columns, host), { processorCount })).toBe('applied')
    for (const processorCount of impossible) {
      expect(outcome(lab(columns, host), { processorCount })).toBe('processorCount processor-number S36')
    }
  })

  it.each([
    ['windows-server-2016-datacenter', 240],
    ['windows-server-2019-datacenter', 240],
    ['windows-server-2022-datacenter', 1024],
  ] as const)('S36: a Generation 2 machine on %s has up to %i processors', (productId, most) => {
    const host = { productId, sockets: 8, coresPerSocket: 128 }
    expect(outcome(lab({}, host), { processorCount: most })).toBe('applied')
    expect(outcome(lab({}, host), { processorCount: most + 1 })).toBe('processorCount processor-number S36')
  })

  it.each([
    ['windows-server-2008-standard', 31],
    ['windows-server-2008-r2-standard', 32],
    ['windows-server-2012-datacenter', 1024],
  ] as const)('S35: on %s a machine is given up to %i GB', (productId, gb) => {
    const columns = { generation: 1, checkpointType: 'standard' } as const
    expect(outcome(lab(columns, { productId }), { startupMemoryMb: gb * 1024 })).toBe('applied')
    expect(outcome(lab(columns, { productId }), { startupMemoryMb: gb * 1024 + 2 })).toBe('startupMemoryMb memory-range S35')
  })

  it('follow what the release of the host can do', () => {
    const columns = { generation: 1, checkpointType: 'standard' } as const
    const old = lab(columns, { productId: 'windows-server-2008-datacenter' })
    expect(outcome(old, { dynamicMemory: true })).toBe('dynamicMemory not-supported')
    expect(outcome(old, { checkpointType: 'production' })).toBe('checkpointType not-supported')
    expect(outcome(old, { checkpointType: 'disabled' })).toBe('checkpointType not-supported')
    const newer = lab({}, { productId: 'windows-server-2016-datacenter' })
    expect(outcome(newer, { automaticCheckpoints: true })).toBe('automaticCheckpoints not-supported')
  })
})

describe('drives', () => {
  it.each<readonly [string, Change, string]>([
    ['a location that is taken', withDrive({ location: 0 }), 'drives (new-1) location-taken'],
    ['a location behind the last', withDrive({ location: 64 }), 'drives (new-1) drive-place'],
    ['a controller that is not there', withDrive({ controllerNumber: 1 }), 'drives (new-1) drive-place'],
    ['IDE in Generation 2', withDrive({ controller: 'ide' }), 'drives (new-1) drive-place'],
    ['a diskette drive in Generation 2', withDrive({ kind: 'floppy', controller: 'floppy' }), 'drives (new-1) drive-fixed'],
    ['a hard disk without a file', withDrive({ path: null }), 'drives (new-1) path-invalid'],
    ['a file that is not there', withDrive({ path: 'C:\\Disks\\none.vhdx' }), 'drives (new-1) attachment-not-found'],
    ['a VHD in Generation 2', withDrive({ path: 'C:\\Disks\\old.vhd' }), 'drives (new-1) disk-format'],
    ['an ISO file as hard disk', withDrive({ path: 'C:\\ISO\\setup.iso' }), 'drives (new-1) image-format'],
    ['a disk as DVD', withDrive({ kind: 'dvd' }), 'drives (new-1) image-format'],
    ['the same file twice', withDrive({ path: 'c:\\disks\\a.VHDX' }), 'drives (new-1) disk-connected'],
    ["S42: the host's optical drive in Generation 2", withDrive({ kind: 'dvd', path: 'Physical:E:' }), 'drives (new-1) unknown-drive S42'],
    ['another kind of a drive that is there', changed('drive A', { kind: 'dvd', path: null }), 'drives (drive A) drive-fixed'],
  ])('refuse %s', (_, change, expected) => {
    expect(outcome(lab(), change)).toBe(expected)
  })

  it('refuse a file that a running machine has open, and take it when that is off', () => {
    const engine = lab()
    power.start(engine.world, 'B')
    pass(engine, MINUTE_MS)
    const other = withDrive({ path: 'C:\\Disks\\B.vhdx' })
    expect(outcome(engine, other)).toBe('drives (new-1) attachment-in-use')
    power.turnOff(engine.world, 'B')
    pass(engine, MINUTE_MS)
    expect(outcome(engine, other)).toBe('applied')
  })

  it('S42: the optical drive of the host is captured by one machine at a time', () => {
    const engine = lab({ generation: 1 })
    const capture = changed('dvd A', { path: 'Physical:E:' })
    engine.world.tables.drive.put({ ...testDisk('B', 'Physical:E:'), id: 'dvd B', kind: 'dvd', location: 1 })
    power.start(engine.world, 'B')
    pass(engine, MINUTE_MS)
    expect(outcome(engine, capture)).toBe('drives (dvd A) drive-captured S42')
    expect(outcome(engine, changed('dvd A', { path: 'Physical:Z:' }))).toBe('drives (dvd A) unknown-drive S42')
    power.turnOff(engine.world, 'B')
    pass(engine, MINUTE_MS)
    expect(outcome(engine, capture)).toBe('applied')
  })

  it('come, move and go while the machine is off', () => {
    const engine = lab({ scsiControllers: 2 })
    expect(outcome(engine, withDrive({ controllerNumber: 1, path: 'c:/disks/data.vhdx' }))).toBe('applied')
    const [, added] = settingsOf(engine.world, vmOf(engine)).drives
    expect(added).toMatchObject({ controllerNumber: 1, location: 5, path: 'C:\\disks\\data.vhdx' })
    expect(added?.id).toMatch(/^[0-9A-F-]{36}$/)
    expect(outcome(engine, changed(added?.id ?? '', { controllerNumber: 0, location: 63 }))).toBe('applied')
    expect(outcome(engine, without(added?.id ?? ''))).toBe('applied')
    expect(settingsOf(engine.world, vmOf(engine)).drives).toHaveLength(1)
    // The file stays where it is.
    expect(engine.world.by.filesOfPath.count('host-1|c:\\disks\\data.vhdx')).toBe(1)
  })

  it('lose their controller only with it', () => {
    const engine = lab()
    expect(outcome(engine, { scsiControllers: 0 })).toBe('drives (drive A) drive-place')
    expect(outcome(engine, { scsiControllers: 0, drives: [] })).toBe('applied')
  })

  it('of Generation 1 sit on IDE, two on each controller, and the diskette drive stays', () => {
    const engine = lab({ generation: 1 })
    const ide = { controller: 'ide', controllerNumber: 0 } as const
    expect(outcome(engine, withDrive({ ...ide, location: 1, path: 'C:\\Disks\\old.vhd' }))).toBe('applied')
    expect(outcome(engine, withDrive({ ...ide, location: 2 }))).toBe('drives (new-1) drive-place')
    expect(outcome(engine, withDrive({ kind: 'dvd', path: null }))).toBe('drives (new-1) drive-place')
    expect(outcome(engine, without('floppy A'))).toBe('drives (floppy A) drive-fixed')
    expect(outcome(engine, changed('floppy A', { path: 'C:\\Disks\\tools.vfd' }))).toBe('applied')
  })

  it('keep a path that is gone as long as nobody changes it', () => {
    const engine = lab()
    for (const row of engine.world.by.filesOfPath.of('host-1|c:\\disks\\a.vhdx')) engine.world.tables.host_file.delete(row.id)
    expect(outcome(engine, { notes: 'changed' })).toBe('applied')
  })

  it('keep their file while checkpoints exist', () => {
    const engine = lab()
    engine.world.tables.checkpoint.put({ id: 'C', vmId: 'A', parentId: null, name: 'C', kind: 'standard', createdTick: 0 })
    expect(outcome(engine, changed('drive A', { path: 'C:\\Disks\\data.vhdx' }))).toBe('drives (drive A) checkpoints-exist')
    expect(outcome(engine, { checkpointPath: 'C:\\Snapshots' })).toBe('checkpointPath checkpoints-exist')
    expect(settingsFacts(engine.world, vmOf(engine))).toMatchObject({ hasCheckpoints: true })
  })
})

describe('the boot order', () => {
  it('of Generation 1 names each class once', () => {
    const engine = lab({ generation: 1 })
    expect(outcome(engine, { bootOrder: ['ide', 'cd', 'floppy'] })).toBe('bootOrder boot-order')
    expect(outcome(engine, { bootOrder: ['ide', 'ide', 'cd', 'floppy'] })).toBe('bootOrder boot-order')
    expect(outcome(engine, { bootOrder: ['ide', 'cd', 'floppy', 'legacy-network'] })).toBe('applied')
    expect(vmOf(engine).bootOrder).toEqual(['ide', 'cd', 'floppy', 'legacy-network'])
  })

  it('of Generation 2 lists devices, with new ones by their new ids, and forgets what is no device', () => {
    const engine = lab({ bootOrder: ['hard-drive', 'network', 'dvd'] })
    const change = (settings: VmSettings): Partial<VmSettings> => ({
      ...withDrive({ kind: 'dvd', path: 'C:\\ISO\\setup.iso' })(settings),
      bootOrder: ['adapter A', 'new-1', 'nothing', 'drive A'],
    })
    expect(outcome(engine, change)).toBe('applied')
    const { bootOrder, drives } = settingsOf(engine.world, vmOf(engine))
    expect(bootOrder).toEqual(['adapter A', drives[1]?.id, 'drive A'])
    expect(vmOf(engine).bootDevices).toEqual(bootOrder)
  })
})

describe('a draft of yesterday', () => {
  it('is refused when the settings have changed elsewhere', () => {
    const engine = lab()
    const base = settingsOf(engine.world, vmOf(engine))
    expect(apply(engine, { processorCount: 4 }).ok).toBe(true)
    const late = configureVm(engine.world, 'A', base, { ...base, notes: 'mine' })
    expect(late).toMatchObject({ ok: false, field: 'processorCount', refusal: { code: 'settings-changed' } })
    expect(vmOf(engine)).toMatchObject({ processorCount: 4, notes: '' })
  })

  it('is refused for a machine that is gone, being deleted, or not managed', () => {
    const engine = lab()
    const base = settingsOf(engine.world, vmOf(engine))
    expect(configureVm(engine.world, 'nobody', base, base)).toMatchObject({ ok: false, refusal: { code: 'unknown-virtual-machine' } })
    power.remove(engine.world, 'A')
    expect(outcome(engine, { notes: 'x' })).toBe('other-operation')
    const stopped = testEngine([testVm('A')], { serviceState: 'stopped' })
    expect(outcome(stopped, { notes: 'x' })).toBe('service-stopped')
  })
})

describe('a machine that runs', () => {
  it.each<readonly [string, Change, string]>([
    ['number of processors', { processorCount: 4 }, 'processorCount setting-locked'],
    ['dynamic memory', { dynamicMemory: true }, 'dynamicMemory setting-locked'],
    ['boot order', { bootOrder: ['adapter A', 'drive A'] }, 'bootOrder setting-locked'],
    ['SCSI controllers', { scsiControllers: 2 }, 'scsiControllers setting-locked'],
    ['stop action', { automaticStop: 'turn-off' }, 'automaticStop setting-locked'],
    ['paging folder', { smartPagingPath: 'C:\\Snapshots' }, 'smartPagingPath setting-locked'],
    ['location of a disk', changed('drive A', { location: 7 }), 'drives (drive A) setting-locked'],
    ['file of a disk', changed('drive A', { path: 'C:\\Disks\\data.vhdx' }), 'drives (drive A) setting-locked'],
    ['disk of its system', without('drive A'), 'drives (drive A) disk-holds-system'],
  ])('keeps its %s', (_, change, expected) => {
    expect(outcome(running(), change)).toBe(expected)
  })

  it('takes name, notes, checkpoint type, start action and its share of the processors', () => {
    const engine = running()
    const change = {
      name: 'b',
      notes: 'n',
      checkpointType: 'disabled',
      automaticStart: 'nothing',
      processorLimit: 50,
      processorWeight: 300,
    } as const
    expect(outcome(engine, change)).toBe('applied')
    const spec = engine.world.machines.machine('A')?.spec
    expect(spec).toMatchObject({ limitPercent: 50, weight: 300 })
  })

  it('of Generation 1 keeps IDE drives and takes other media', () => {
    const engine = running({ generation: 1 })
    const ide = withDrive({ controller: 'ide', location: 1, path: 'C:\\Disks\\data.vhdx' })
    expect(outcome(engine, ide)).toBe('drives (new-1) setting-locked')
    expect(outcome(engine, without('dvd A'))).toBe('drives (dvd A) setting-locked')
    expect(outcome(engine, changed('dvd A', { path: 'C:\\ISO\\setup.iso' }))).toBe('applied')
  })

  it('gets a disk by VMBus: the guest asks its controller for the disks anew', () => {
    const engine = running()
    const stack = engine.world.machines.machine('A')
    stack?.setTrace(true)
    expect(outcome(engine, withDrive({}))).toBe('applied')
    expect(stack?.spec.devices.find(({ kind }) => kind === 'scsi')?.units).toEqual([0, 5])
    const packets = stack?.trace().flatMap(({ kind, text }) => (kind === 'packet' ? [text.replace(/^channel \d+: /, '')] : []))
    expect(packets?.[0]).toContain('ENUMERATE_BUS')
    expect(packets?.some((text) => text.startsWith('EXECUTE_SRB REPORT LUNS'))).toBe(true)
    expect(stack?.violations()).toEqual([])
    const added = settingsOf(engine.world, vmOf(engine)).drives[1]
    expect(outcome(engine, without(added?.id ?? ''))).toBe('applied')
    expect(stack?.spec.devices.find(({ kind }) => kind === 'scsi')?.units).toEqual([0])
  })

  it('takes no disk while it runs on a host older than 2008 R2', () => {
    const columns = { generation: 1, checkpointType: 'standard' } as const
    const engine = running(columns, { productId: 'windows-server-2008-datacenter' })
    expect(outcome(engine, withDrive({}))).toBe('drives (new-1) setting-locked')
  })

  it('S34: gets memory from what is free, and gives back what its guest does not use', () => {
    const engine = running({ startupMemoryMb: 2048 })
    const memory = () => engine.world.machines.machine('A')?.partitionView().mappedPages ?? 0
    const before = memory()
    expect(outcome(engine, { startupMemoryMb: 4096 })).toBe('applied')
    expect(vmOf(engine)).toMatchObject({ assignedMemoryMb: 4096, startupMemoryMb: 4096 })
    expect(memory() - before).toBe(2048 * 256)
    expect(engine.world.usage.memoryMb('host-1')).toBe(4096)
    // 8 GB, of which the parent keeps 2 GB.
    expect(outcome(engine, { startupMemoryMb: 6146 })).toBe('startupMemoryMb memory-not-added S34')
    expect(outcome(engine, { startupMemoryMb: 6144 })).toBe('applied')
    expect(outcome(engine, { startupMemoryMb: 64 })).toBe('startupMemoryMb memory-in-use')
    expect(outcome(engine, { startupMemoryMb: 2048 })).toBe('applied')
    expect(memory()).toBe(before)
    expect(engine.world.machines.host('host-1').validate()).toEqual([])
  })

  it('keeps its memory when its system or its host knows no other', () => {
    const old = running({}, { productId: 'windows-server-2012-r2-datacenter' })
    expect(outcome(old, { startupMemoryMb: 2048 })).toBe('startupMemoryMb setting-locked')
    const dynamic = running({ dynamicMemory: true, maximumMemoryMb: 2048 })
    expect(outcome(dynamic, { startupMemoryMb: 2048 })).toBe('startupMemoryMb setting-locked')
    expect(outcome(dynamic, { minimumMemoryMb: 600 })).toBe('minimumMemoryMb memory-range')
    expect(outcome(dynamic, { maximumMemoryMb: 1500 })).toBe('maximumMemoryMb memory-range')
    expect(outcome(dynamic, { minimumMemoryMb: 256, maximumMemoryMb: 4096, memoryBuffer: 50 })).toBe('applied')
  })

  it.each([
    ['Saved', power.save],
    ['Paused', power.pause],
  ] as const)('%s: what the product leaves changeable is', (state, act) => {
    const engine = running()
    act(engine.world, 'A')
    pass(engine, MINUTE_MS)
    expect(vmOf(engine).state).toBe(state)
    expect(outcome(engine, { startupMemoryMb: 2048 })).toBe('startupMemoryMb setting-locked')
    expect(outcome(engine, { processorWeight: 50 })).toBe(state === 'Paused' ? 'applied' : 'processorWeight setting-locked')
    expect(outcome(engine, withDrive({}))).toBe(state === 'Paused' ? 'applied' : 'drives (new-1) setting-locked')
    expect(outcome(engine, { name: 'renamed', startDelaySeconds: 10 })).toBe('applied')
  })

  it('in between two states keeps all but its names and its start action', () => {
    const engine = lab()
    power.start(engine.world, 'A')
    expect(outcome(engine, { checkpointType: 'standard' })).toBe('checkpointType setting-locked')
    expect(outcome(engine, { notes: 'n', automaticStart: 'always' })).toBe('applied')
  })
})
