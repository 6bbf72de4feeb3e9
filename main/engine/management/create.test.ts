import { describe, expect, it } from 'vitest'
import { pass, testEngine, testFile, testVm } from '../../testing/lab.ts'
import type { Engine } from '../engine.ts'
import { checkNewVm, createVm, type NewVm } from './create.ts'
import { fileAt } from './paths.ts'
import { start } from './power.ts'
import { cancelJob, rename, startService, stopService } from './service.ts'

function wanted(columns: Partial<NewVm> = {}): NewVm {
  return {
    hostId: 'host-1',
    name: 'web01',
    location: null,
    generation: 1,
    startupMemoryMb: 1024,
    dynamicMemory: false,
    switchId: null,
    disk: { kind: 'new', name: 'web01.vhdx', folder: 'C:\\Disks', sizeGb: 127 },
    install: { kind: 'later' },
    ...columns,
  }
}

function lab(): Engine {
  const engine = testEngine([testVm('A')])
  const files = [
    testFile('C:\\Disks', { kind: 'folder', diskType: null, guestProductId: null }),
    testFile('C:\\Disks\\old.vhd', { kind: 'vhd' }),
    testFile('C:\\ISO\\setup.iso', { kind: 'iso', diskType: null }),
  ]
  for (const file of files) engine.world.tables.host_file.put(file)
  return engine
}

function hardware(engine: Engine, vmId: string): readonly string[] {
  const { by, tables } = engine.world
  const drives = by.drivesOfVm
    .of(vmId)
    .map((row) => `${row.controller} ${row.controllerNumber}:${row.location} ${row.kind} ${row.path ?? 'empty'}`)
  const adapters = by.adaptersOfVm.of(vmId).map((row) => `${row.kind} ${row.switchId ?? 'not connected'}`)
  return [tables.virtual_machine.require(vmId).bootOrder.join(' '), ...drives, ...adapters]
}

describe('what a new machine cannot be', () => {
  it.each<[string, Partial<NewVm>, string, string]>([
    ['without name', { name: '  ' }, 'name', 'name-empty'],
    ['with a name of 101 characters', { name: 'x'.repeat(101) }, 'name', 'name-too-long'],
    ['with a line break in its name', { name: 'a\nb' }, 'name', 'name-characters'],
    ['in no real folder', { location: 'nowhere' }, 'location', 'path-invalid'],
    ['on a volume that is not there', { location: 'Q:\\VMs' }, 'location', 'path-not-found'],
    ['in a folder that cannot have its name', { name: 'a:b', location: 'C:\\VMs' }, 'location', 'name-characters'],
    ['with 31 MB', { startupMemoryMb: 31 }, 'memory', 'memory-range'],
    ['with more memory than is free', { startupMemoryMb: 6146 }, 'memory', 'memory-range'],
    ['with odd memory', { startupMemoryMb: 1025 }, 'memory', 'memory-multiple'],
    ['on a switch that is not there', { switchId: 'nope' }, 'network', 'unknown-switch'],
    ['with a disk of that name', { disk: { kind: 'new', name: 'A.vhdx', folder: 'C:\\Disks', sizeGb: 1 } }, 'disk', 'path-exists'],
    ['with a disk name that is a path', { disk: { kind: 'new', name: 'a\\b', folder: 'C:\\Disks', sizeGb: 1 } }, 'disk', 'path-invalid'],
    ['with a disk name that is a device', { disk: { kind: 'new', name: 'NUL.vhdx', folder: 'C:\\', sizeGb: 1 } }, 'disk', 'path-invalid'],
    ['with a disk above the folder', { disk: { kind: 'new', name: 'x', folder: 'C:\\a\\..\\b', sizeGb: 1 } }, 'disk', 'path-invalid'],
    ['with a disk of 0 GB', { disk: { kind: 'new', name: 'x', folder: 'C:\\Disks', sizeGb: 0 } }, 'disk', 'disk-size'],
    ['with a disk of more than 64 TB', { disk: { kind: 'new', name: 'x', folder: 'C:\\Disks', sizeGb: 65_537 } }, 'disk', 'disk-size'],
    ['with a disk that is missing', { disk: { kind: 'existing', path: 'C:\\Disks\\none.vhdx' } }, 'disk', 'path-not-found'],
    ['with an image for a disk', { disk: { kind: 'existing', path: 'C:\\ISO\\setup.iso' } }, 'disk', 'image-format'],
    ['of generation 2 with a VHD', { generation: 2, disk: { kind: 'existing', path: 'C:\\Disks\\old.vhd' } }, 'disk', 'disk-format'],
    ['installed from a missing image', { install: { kind: 'image', path: 'C:\\ISO\\none.iso' } }, 'install', 'path-not-found'],
    ['installed from a disk', { install: { kind: 'image', path: 'C:\\Disks\\old.vhd' } }, 'install', 'image-format'],
    ['installed from the network without one', { install: { kind: 'network' } }, 'install', 'network-required'],
    ['installed from a drive that is not there', { install: { kind: 'physical-drive', drive: 'Z:' } }, 'install', 'unknown-drive'],
    ['of generation 2 with a floppy', { generation: 2, install: { kind: 'floppy', path: 'C:\\a.vfd' } }, 'install', 'unknown-drive'],
  ])('%s', (_, columns, field, code) => {
    const engine = lab()
    expect(checkNewVm(engine.world, wanted(columns)).map((problem) => `${problem.field} ${problem.refusal.code}`)).toContain(
      `${field} ${code}`,
    )
    const made = createVm(engine.world, wanted(columns))
    expect(made.ok).toBe(false)
    expect(engine.world.tables.job.size).toBe(0)
  })

  it('of generation 2 on a host that does not know it', () => {
    const engine = testEngine([], { productId: 'windows-server-2012-datacenter' })
    const problems = checkNewVm(engine.world, wanted({ generation: 2, disk: { kind: 'later' } }))
    expect(problems.map((problem) => problem.refusal.code)).toEqual(['generation-not-offered', 'memory-range'])
  })
})

describe('the machine that results', () => {
  it.each<[string, Partial<NewVm>, readonly string[]]>([
    [
      'generation 1',
      {},
      [
        'cd ide legacy-network floppy',
        'ide 0:0 hard-disk C:\\Disks\\web01.vhdx',
        'ide 1:0 dvd empty',
        'floppy 0:0 floppy empty',
        'synthetic not connected',
      ],
    ],
    [
      'generation 1 from the network',
      { switchId: 'switch-1', install: { kind: 'network' } },
      [
        'legacy-network cd ide floppy',
        'ide 0:0 hard-disk C:\\Disks\\web01.vhdx',
        'ide 1:0 dvd empty',
        'floppy 0:0 floppy empty',
        'legacy switch-1',
      ],
    ],
    [
      'generation 2 from an image',
      { generation: 2, install: { kind: 'image', path: 'c:/iso/SETUP.iso' } },
      ['dvd hard-drive network', 'scsi 0:0 hard-disk C:\\Disks\\web01.vhdx', 'scsi 0:1 dvd c:/iso/SETUP.iso', 'synthetic not connected'],
    ],
    ['generation 2 without a disk', { generation: 2, disk: { kind: 'later' } }, ['hard-drive network dvd', 'synthetic not connected']],
  ])('%s', (_, columns, expected) => {
    const engine = lab()
    const made = createVm(engine.world, wanted(columns))
    pass(engine, 5000)
    expect(made).toMatchObject({ ok: true })
    if (made.ok) expect(hardware(engine, made.vmId)).toEqual(expected)
  })

  it('is made in two steps, with its files', () => {
    const engine = lab()
    const made = createVm(
      engine.world,
      wanted({ location: 'C:\\Own', disk: { kind: 'new', name: 'web01', folder: 'C:\\Own\\web01', sizeGb: 10 } }),
    )
    if (!made.ok) throw new Error('refused')
    const job = () => engine.world.tables.job.require(made.job.id)
    expect(job()).toMatchObject({ status: 'running', percent: 0 })
    pass(engine, 1000)
    expect(job()).toMatchObject({ status: 'running', percent: 50 })
    expect(fileAt(engine.world, 'host-1', 'C:\\Own\\web01\\web01.vhdx')).toMatchObject({
      kind: 'vhdx',
      sizeBytes: 4 * 1024 ** 2,
      capacityBytes: 10 * 1024 ** 3,
    })
    expect(engine.world.tables.virtual_machine.has(made.vmId)).toBe(false)
    pass(engine, 1000)
    expect(job()).toMatchObject({ status: 'completed', percent: 100 })
    expect(engine.world.tables.virtual_machine.require(made.vmId)).toMatchObject({
      name: 'web01',
      state: 'Off',
      configurationPath: 'C:\\Own\\web01',
    })
    expect(fileAt(engine.world, 'host-1', `C:\\Own\\web01\\Virtual Machines\\${made.vmId}.vmcx`)).toBeDefined()
    expect([...engine.world.tables.log_record.values()].map((record) => record.eventId)).toEqual([13002, 18304])
  })

  it('leaves nothing behind when cancelled', () => {
    const engine = lab()
    const { freeBytes } = engine.world.tables.volume.require('volume-c')
    const made = createVm(engine.world, wanted())
    if (!made.ok) throw new Error('refused')
    pass(engine, 1000)
    expect(cancelJob(engine.world, made.job.id)).toMatchObject({ ok: true, value: { status: 'cancelled' } })
    pass(engine, 5000)
    expect(engine.world.tables.virtual_machine.size).toBe(1)
    expect(fileAt(engine.world, 'host-1', 'C:\\Disks\\web01.vhdx')).toBeUndefined()
    expect(engine.world.tables.volume.require('volume-c').freeBytes).toBe(freeBytes)
    expect(cancelJob(engine.world, made.job.id)).toMatchObject({ ok: false, refusal: { code: 'not-cancellable' } })
  })

  it('fails when another took the file while the job ran, and keeps the other file', () => {
    const engine = lab()
    const first = createVm(engine.world, wanted())
    const second = createVm(engine.world, wanted({ name: 'web02' }))
    pass(engine, 5000)
    if (!first.ok || !second.ok) throw new Error('refused')
    expect(engine.world.tables.job.require(first.job.id).status).toBe('completed')
    expect(engine.world.tables.job.require(second.job.id).status).toBe('failed')
    expect(fileAt(engine.world, 'host-1', 'C:\\Disks\\web01.vhdx')).toBeDefined()
  })
})

describe('names and the service', () => {
  it.each([
    [' APP02 ', 'APP02', undefined],
    ['', 'A', 'name-empty'],
    ['x'.repeat(101), 'A', 'name-too-long'],
  ])('rename to %j', (name, expected, code) => {
    const engine = lab()
    const answer = rename(engine.world, 'A', name)
    expect(answer.ok ? undefined : answer.refusal.code).toBe(code)
    expect(engine.world.tables.virtual_machine.require('A').name).toBe(expected)
  })

  it('a stopped service manages nothing; the machines run on', () => {
    const engine = lab()
    start(engine.world, 'A')
    pass(engine, 5000)
    expect(stopService(engine.world, 'host-1').ok).toBe(true)
    pass(engine, 5000)
    expect(engine.world.tables.host.require('host-1').serviceState).toBe('stopped')
    expect(engine.world.tables.virtual_machine.require('A').state).toBe('Running')
    expect(rename(engine.world, 'A', 'B')).toMatchObject({ ok: false, refusal: { code: 'service-stopped' } })
    expect(createVm(engine.world, wanted())).toMatchObject({ ok: false, refusal: { code: 'service-stopped' } })
    expect(startService(engine.world, 'host-1').ok).toBe(true)
    pass(engine, 5000)
    expect(rename(engine.world, 'A', 'B').ok).toBe(true)
  })
})
