import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createVm } from '../../engine/management/create.ts'
import { adoptFile } from '../../engine/management/disks/disk-jobs.ts'
import {
  createDisk,
  createFloppy,
  type DiskEdit,
  type DiskSource,
  editDisk,
  type NewDisk,
} from '../../engine/management/disks/disk-wizards.ts'
import type { FileAnswer, FilePort } from '../../engine/management/disks/file-port.ts'
import { inspectRequest } from '../../engine/management/disks/file-work.ts'
import { fileAt, putFile, removeFile } from '../../engine/management/paths.ts'
import { cancelJob } from '../../engine/management/service.ts'
import { applyEffects } from '../../engine/management/transitions.ts'
import type { JobRow } from '../../engine/rows.ts'
import { CommittedRows, openDiskLab } from '../../testing/disk-lab.ts'
import { testRows, testVm } from '../../testing/lab.ts'
import { ImageFile } from '../images/image-file.ts'
import { openDiskKeeper } from './disk-keeper.ts'
import { encodeName } from './real-paths.ts'

// What a disk does with its caches cannot be seen from here.
ImageFile.prototype.sync = () => {}
ImageFile.prototype.syncLater = () => Promise.resolve()

const MB = 1024 ** 2
const GB = 1024 ** 3
const HOUR = 3_600_000
const hasQemu = spawnSync('qemu-img', ['--version']).status === 0

let folder = ''
let store: CommittedRows
let service: ReturnType<typeof openDiskLab>

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'viridian-disks-'))
  store = new CommittedRows(testRows([testVm('A')]))
  service = openDiskLab(store, openDiskKeeper(folder))
})
afterEach(() => {
  service.close()
  rmSync(folder, { recursive: true, force: true })
})

const real = (path: string): string => join(folder, 'HV01', path.replace(':', '').replaceAll('\\', '/'))

function disk(name: string, source: DiskSource = { kind: 'blank', sizeGb: 20 }, columns: Partial<NewDisk> = {}): NewDisk {
  return { hostId: 'host-1', format: 'vhdx', type: 'dynamic', name, folder: 'C:\\Disks', source, ...columns }
}

function begin(wanted: NewDisk): JobRow {
  const begun = service.command((world) => createDisk(world, wanted))
  if (!begun.ok) throw new Error(JSON.stringify(begun.refusal))
  return begun.value
}

function edit(path: string, wanted: DiskEdit): JobRow {
  const begun = service.command((world) => editDisk(world, 'host-1', path, wanted))
  if (!begun.ok) throw new Error(JSON.stringify(begun.refusal))
  return begun.value
}

/** Lets the job's time pass. */
async function end(job: JobRow): Promise<JobRow> {
  await service.stepThrough(HOUR)
  return service.world.tables.job.require(job.id)
}

async function make(name: string, source?: DiskSource, columns?: Partial<NewDisk>): Promise<string> {
  const job = await end(begin(disk(name, source, columns)))
  expect([job.status, job.refusal]).toEqual(['completed', null])
  return `C:\\Disks\\${name}`
}

const row = (path: string) => fileAt(service.world, 'host-1', path)
const inspect = (path: string): Promise<FileAnswer> => {
  const { files } = service
  if (files === null) throw new Error('no files')
  return files.ask(inspectRequest(service.world, 'host-1', path))
}

/** The process ends here and starts again on what was committed. */
function kill(): void {
  service.close()
  service = openDiskLab(store, openDiskKeeper(folder))
}

const KINDS: readonly (readonly [string, number, Partial<NewDisk>])[] = [
  ['d.vhdx', 4 * MB, {}],
  ['f.vhdx', 20 * GB + 4 * MB, { type: 'fixed' }],
  ['d.vhd', 0x600 + 10_240 * 4 + 512, { format: 'vhd' }],
  ['f.vhd', 20 * GB + 512, { format: 'vhd', type: 'fixed' }],
]

describe('new disks', () => {
  it.each(KINDS)('%s is a real file of the size that its row says', async (name, size, columns) => {
    const path = await make(name, undefined, columns)
    expect(row(path)?.sizeBytes).toBe(size)
    expect(statSync(real(path)).size).toBe(size)
    expect(row(path)?.capacityBytes).toBe(20 * GB)
    if (!hasQemu) return
    const info = JSON.parse(spawnSync('qemu-img', ['info', '--output=json', real(path)]).stdout.toString())
    expect(info['virtual-size']).toBeGreaterThanOrEqual(20 * GB)
    expect(spawnSync('qemu-img', ['check', real(path)]).status).not.toBe(2)
  })

  it('a differencing disk stands on its parent', async () => {
    const parent = await make('base.vhdx')
    const child = await make('child.vhdx', { kind: 'parent', path: parent }, { type: 'differencing' })
    expect(row(child)).toMatchObject({ diskType: 'differencing', parentPath: parent, capacityBytes: 20 * GB, sizeBytes: 4 * MB })
    expect(await inspect(child)).toMatchObject({ ok: true, inspected: { parentPath: parent, parentProblem: null } })
  })

  it('a VHD Set is a pointer and the file with its data', async () => {
    const path = await make('shared.vhds', undefined, { format: 'vhds' })
    const data = row(path)?.parentPath ?? ''
    expect(data).toMatch(/^C:\\Disks\\shared_[0-9A-F-]{36}\.avhdx$/)
    expect([row(path)?.kind, row(path)?.sizeBytes, row(data)?.sizeBytes]).toEqual(['vhds', 260 * 1024, 4 * MB])
    expect([statSync(real(path)).size, statSync(real(data)).size]).toEqual([260 * 1024, 4 * MB])
  })

  it('a copy of a physical disk has its size, and room for what it holds', async () => {
    const path = await make('copy.vhdx', { kind: 'physical', name: '\\\\.\\PHYSICALDRIVE0' })
    expect(row(path)?.capacityBytes).toBe(500 * GB)
    expect(row(path)?.sizeBytes).toBeGreaterThanOrEqual(100 * GB)
    expect(statSync(real(path)).size).toBe(row(path)?.sizeBytes)
  })

  it('a floppy has 1.44 MB at once', async () => {
    service.command((world) => createFloppy(world, 'host-1', 'C:\\Disks\\boot'))
    await service.files?.settled()
    expect(statSync(real('C:\\Disks\\boot.vfd')).size).toBe(1_474_560)
    expect(service.command((world) => createFloppy(world, 'host-1', 'C:\\Disks\\boot.vfd'))).toMatchObject({ ok: false })
  })

  it.each([
    ['a size of nought', disk('n', { kind: 'blank', sizeGb: 0 }), 'disk-size'],
    ['a VHD above 2040 GB', disk('n', { kind: 'blank', sizeGb: 2041 }, { format: 'vhd' }), 'disk-size'],
    ['a VHDX above 64 TB', disk('n', { kind: 'blank', sizeGb: 65_537 }), 'disk-size'],
    ['a name that is none', disk('a?b'), 'path-invalid'],
    ['a drive that is not there', disk('n', undefined, { folder: 'Q:\\' }), 'path-not-found'],
    ['a fixed disk that the volume has no room for', disk('n', { kind: 'blank', sizeGb: 450 }, { type: 'fixed' }), 'volume-full'],
    ['an existing file', disk('A.vhdx'), 'path-exists'],
    ['a physical disk that the host has not', disk('n', { kind: 'physical', name: '\\\\.\\PHYSICALDRIVE7' }), 'unknown-drive'],
    [
      'a parent of another format',
      disk('n', { kind: 'parent', path: 'C:\\Disks\\A.vhdx' }, { format: 'vhd', type: 'differencing' }),
      'disk-parent-format',
    ],
    ['a missing parent', disk('n', { kind: 'parent', path: 'C:\\no.vhdx' }, { type: 'differencing' }), 'file-not-found'],
    [
      'a differencing VHD Set',
      disk('n', { kind: 'parent', path: 'C:\\Disks\\A.vhdx' }, { format: 'vhds', type: 'differencing' }),
      'disk-action',
    ],
  ])('refuses %s', (_, wanted, code) => {
    expect(service.command((world) => createDisk(world, wanted))).toMatchObject({ ok: false, refusal: { code } })
  })

  it('old Windows versions have VHD alone', () => {
    const old = openDiskLab(new CommittedRows(testRows([], { productId: 'windows-server-2008-r2-enterprise' })), openDiskKeeper(folder))
    expect(old.command((world) => createDisk(world, disk('a')))).toMatchObject({ refusal: { code: 'disk-format-host' } })
    expect(old.command((world) => createDisk(world, disk('n', undefined, { format: 'vhd' })))).toMatchObject({ ok: true })
    old.close()
  })

  it('a file of a stranger under the name stays as it is', async () => {
    const job = begin(disk('x.vhdx'))
    await service.files?.settled()
    await make('other.vhdx')
    const second = begin(disk('y.vhdx'))
    writeFileSync(real('C:\\Disks\\y.vhdx'), 'mine')
    expect((await end(second)).status).toBe('failed')
    expect(statSync(real('C:\\Disks\\y.vhdx')).size).toBe(4)
    expect(row('C:\\Disks\\y.vhdx')).toBeUndefined()
    expect(service.world.tables.job.require(job.id).status).toBe('completed')
  })
})

describe('files follow rows', () => {
  it('a new machine has a real disk', async () => {
    service.command((world) =>
      createVm(world, {
        hostId: 'host-1',
        name: 'web01',
        location: null,
        generation: 2,
        startupMemoryMb: 1024,
        dynamicMemory: false,
        switchId: null,
        disk: { kind: 'new', name: 'web01.vhdx', folder: 'C:\\Disks', sizeGb: 127 },
        install: { kind: 'later' },
      }),
    )
    await service.stepThrough(5000)
    expect(statSync(real('C:\\Disks\\web01.vhdx')).size).toBe(row('C:\\Disks\\web01.vhdx')?.sizeBytes)
    service.command((world) => removeFile(world, 'host-1', 'C:\\Disks\\web01.vhdx'))
    await service.files?.settled()
    expect(existsSync(real('C:\\Disks\\web01.vhdx'))).toBe(false)
  })

  it('rows that were there before get their files by themselves', async () => {
    await service.files?.ask(inspectRequest(service.world, 'host-1', 'C:\\Disks\\A.vhdx'))
    expect(service.world.tables.made_file.size).toBe(1)
    expect(existsSync(real('C:\\Disks\\A.vhdx'))).toBe(true)
  })

  it('what setup writes is allocated in the real file', async () => {
    const path = await make('grow.vhdx')
    service.command((world) => {
      world.tables.drive.put({ ...world.tables.drive.require('drive A'), path })
      applyEffects(world, 'A', [{ kind: 'installed', path, productId: 'windows-server-2022', writtenBytes: 10 * GB }])
    })
    await service.files?.settled()
    expect(row(path)?.sizeBytes).toBe(4 * MB + 320 * 32 * MB)
    expect(statSync(real(path)).size).toBe(row(path)?.sizeBytes)
    expect(statSync(real(path)).blocks * 512).toBeLessThan(8 * MB)
  })

  it('rows of checkpoints make, move and merge their files', async () => {
    const base = await make('vm.vhdx')
    const columns = { hostId: 'host-1', kind: 'avhdx', capacityBytes: 20 * GB, diskType: 'differencing', guestProductId: null } as const
    service.command((world) => {
      putFile(world, { ...columns, path: 'C:\\Disks\\vm_1.avhdx', parentPath: base, sizeBytes: 4 * MB })
      putFile(world, { ...columns, path: 'C:\\Disks\\vm_2.avhdx', parentPath: 'C:\\Disks\\vm_1.avhdx', sizeBytes: 4 * MB })
    })
    await service.files?.settled()
    expect(await inspect('C:\\Disks\\vm_2.avhdx')).toMatchObject({
      inspected: { parentPath: 'C:\\Disks\\vm_1.avhdx', parentProblem: null },
    })
    service.command((world) => {
      const leaf = fileAt(world, 'host-1', 'C:\\Disks\\vm_2.avhdx')
      world.tables.host_file.patch(leaf?.id ?? '', { parentPath: base })
      removeFile(world, 'host-1', 'C:\\Disks\\vm_1.avhdx')
    })
    await service.files?.settled()
    expect(existsSync(real('C:\\Disks\\vm_1.avhdx'))).toBe(false)
    expect(await inspect('C:\\Disks\\vm_2.avhdx')).toMatchObject({ inspected: { parentPath: base, parentProblem: null } })
  })

  it('a file that disappeared, or is another one now, is told and nothing else happens', async () => {
    const path = await make('gone.vhdx')
    rmSync(real(path))
    expect(await inspect(path)).toMatchObject({ ok: false, problem: { reason: 'file-not-found', status: 0x80070002 } })
    writeFileSync(real(path), 'no disk at all')
    const answer = await inspect(path)
    expect(answer).toMatchObject({ ok: false, problem: { reason: 'not-an-image' } })
    expect(answer.ok ? '' : answer.problem.sentence).toContain(path)
    expect((await end(edit(path, { kind: 'compact' }))).status).toBe('failed')
  })

  it('a file that was changed from outside is shown as it is', async () => {
    const path = await make('changed.vhdx')
    const other = await make('other.vhdx', { kind: 'blank', sizeGb: 33 })
    rmSync(real(path))
    spawnSync('cp', [real(other), real(path)])
    const answer = await inspect(path)
    if (!answer.ok || answer.inspected === null) throw new Error('refused')
    const found = answer.inspected
    service.command((world) => adoptFile(world, row(path)?.id ?? '', found))
    expect(row(path)?.capacityBytes).toBe(33 * GB)
  })
})

describe('edits', () => {
  it('compact drops what no guest has written and keeps the room of what it has', async () => {
    const path = await make('c.vhdx')
    const grow = (world: typeof service.world) =>
      applyEffects(world, 'A', [{ kind: 'installed', path, productId: 'windows-server-2022', writtenBytes: 96 * MB }])
    service.command(grow)
    await service.files?.settled()
    expect((await end(edit(path, { kind: 'compact' }))).status).toBe('completed')
    expect(row(path)?.sizeBytes).toBe(4 * MB)
    service.command(grow)
    service.command((world) => world.tables.host_file.patch(row(path)?.id ?? '', { guestProductId: 'windows-server-2022' }))
    expect((await end(edit(path, { kind: 'compact' }))).status).toBe('completed')
    expect(row(path)?.sizeBytes).toBe(100 * MB)
    expect(statSync(real(path)).size).toBe(100 * MB)
  })

  it('convert makes a new file of the other format and type', async () => {
    const path = await make('s.vhdx')
    const job = await end(edit(path, { kind: 'convert', format: 'vhd', type: 'fixed', name: 't', folder: 'C:\\Disks' }))
    expect([job.status, job.refusal]).toEqual(['completed', null])
    expect(row('C:\\Disks\\t.vhd')).toMatchObject({ diskType: 'fixed', sizeBytes: 20 * GB + 512 })
    expect(existsSync(real(path))).toBe(true)
  })

  it('expand, then shrink down to the partitions', async () => {
    const path = await make('e.vhdx')
    service.command((world) => world.tables.host_file.patch(row(path)?.id ?? '', { guestProductId: 'windows-server-2022' }))
    expect(service.command((world) => editDisk(world, 'host-1', path, { kind: 'shrink', sizeGb: 10 }))).toMatchObject({
      refusal: { code: 'disk-action' },
    })
    expect((await end(edit(path, { kind: 'expand', sizeGb: 40 }))).status).toBe('completed')
    expect(row(path)?.capacityBytes).toBe(40 * GB)
    expect(service.command((world) => editDisk(world, 'host-1', path, { kind: 'shrink', sizeGb: 19 }))).toMatchObject({
      refusal: { code: 'disk-size' },
    })
    const job = await end(edit(path, { kind: 'shrink', sizeGb: 25 }))
    expect([job.status, job.refusal]).toEqual(['completed', null])
    expect(await inspect(path)).toMatchObject({ inspected: { capacityBytes: 25 * GB } })
  })

  it('merge: the differencing file is gone, its parent has everything', async () => {
    const parent = await make('p.vhdx')
    const child = await make('c.vhdx', { kind: 'parent', path: parent }, { type: 'differencing' })
    expect((await end(edit(child, { kind: 'merge' }))).status).toBe('completed')
    expect([row(child), existsSync(real(child)), existsSync(real(parent))]).toEqual([undefined, false, true])
  })

  it('reconnect mends a chain whose parent is another file now', async () => {
    const parent = await make('p.vhdx')
    const child = await make('c.vhdx', { kind: 'parent', path: parent }, { type: 'differencing' })
    const other = await make('other.vhdx')
    rmSync(real(parent))
    expect(await inspect(child)).toMatchObject({
      ok: true,
      inspected: { parentProblem: { reason: 'parent-not-found', status: 0xc03a000d } },
    })
    expect((await end(edit(child, { kind: 'reconnect', parentPath: other, ignoreIdMismatch: false }))).refusal).toContain('0xC03A000E')
    expect((await end(edit(child, { kind: 'reconnect', parentPath: other, ignoreIdMismatch: true }))).status).toBe('completed')
    expect(row(child)?.parentPath).toBe(other)
    expect(await inspect(child)).toMatchObject({ inspected: { parentPath: other, parentProblem: null } })
  })

  it('refuses a disk that a running machine or another job has', async () => {
    service.command((world) => world.tables.virtual_machine.patch('A', { state: 'Running', assignedMemoryMb: 1024 }))
    const path = 'C:\\Disks\\A.vhdx'
    expect(service.command((world) => editDisk(world, 'host-1', path, { kind: 'compact' }))).toMatchObject({
      refusal: { code: 'disk-busy' },
    })
    const mine = await make('m.vhdx')
    edit(mine, { kind: 'compact' })
    expect(service.command((world) => editDisk(world, 'host-1', mine, { kind: 'compact' }))).toMatchObject({
      refusal: { code: 'disk-busy' },
    })
  })

  it('a cancelled job leaves everything as it was', async () => {
    const job = begin(disk('x.vhdx', { kind: 'blank', sizeGb: 200 }, { type: 'fixed' }))
    const free = service.world.tables.volume.require('volume-c').freeBytes
    await service.stepThrough(10_000)
    expect(service.world.tables.job.require(job.id).percent).toBeGreaterThan(0)
    expect(service.command((world) => cancelJob(world, job.id))).toMatchObject({ ok: true })
    await service.stepThrough(HOUR)
    expect([row('C:\\Disks\\x.vhdx'), existsSync(real('C:\\Disks\\x.vhdx'))]).toEqual([undefined, false])
    expect(service.world.tables.volume.require('volume-c').freeBytes).toBe(free)
  })
})

/** Every kind of job on a lab that has what it needs: its name, and how it begins. */
const JOBS: readonly (readonly [string, () => JobRow])[] = [
  ['create', () => begin(disk('k.vhdx'))],
  ['create a set', () => begin(disk('k.vhds', undefined, { format: 'vhds' }))],
  ['differencing', () => begin(disk('k.vhdx', { kind: 'parent', path: 'C:\\Disks\\p.vhdx' }, { type: 'differencing' }))],
  ['copy', () => begin(disk('k.vhdx', { kind: 'virtual', path: 'C:\\Disks\\c.vhdx' }))],
  ['compact', () => edit('C:\\Disks\\c.vhdx', { kind: 'compact' })],
  ['convert', () => edit('C:\\Disks\\c.vhdx', { kind: 'convert', format: 'vhd', type: 'dynamic', name: 'k', folder: 'C:\\Disks' })],
  ['expand', () => edit('C:\\Disks\\p.vhdx', { kind: 'expand', sizeGb: 50 })],
  ['merge', () => edit('C:\\Disks\\c.vhdx', { kind: 'merge' })],
  [
    'merge to a new disk',
    () => edit('C:\\Disks\\c.vhdx', { kind: 'merge-new', format: 'vhdx', type: 'dynamic', name: 'k', folder: 'C:\\Disks' }),
  ],
  ['reconnect', () => edit('C:\\Disks\\c.vhdx', { kind: 'reconnect', parentPath: 'C:\\Disks\\p.vhdx', ignoreIdMismatch: true })],
]

describe('a kill', () => {
  /** State and real files at the end, with a kill `when` something has happened. */
  async function run(startJob: () => JobRow, when: 'never' | 'midway' | 'before the answer' | 'half made'): Promise<unknown> {
    service.close()
    rmSync(folder, { recursive: true, force: true })
    store = new CommittedRows(testRows([testVm('A')]))
    service = openDiskLab(store, openDiskKeeper(folder))
    await make('p.vhdx')
    await make('c.vhdx', { kind: 'parent', path: 'C:\\Disks\\p.vhdx' }, { type: 'differencing' })
    const job = startJob()
    if (when === 'midway') {
      await service.stepThrough(400)
      kill()
    } else if (when !== 'never') {
      service.close()
      await new Promise<void>((reached) => {
        service = openDiskLab(store, deaf(openDiskKeeper(folder), when === 'half made', reached))
        void service.stepThrough(HOUR)
      })
      kill()
    }
    await service.stepThrough(HOUR)
    await service.files?.settled()
    const { status, refusal } = service.world.tables.job.require(job.id)
    const files = readdirSync(real('C:\\Disks')).sort()
    const sizes = files.map((name) => [name, statSync(real(`C:\\Disks\\${name}`)).size])
    return {
      status,
      refusal,
      sizes,
      tick: service.world.now > 0,
      files: [...service.world.tables.host_file.values()].map(({ path, sizeBytes }) => [path, sizeBytes]),
    }
  }

  /** A keeper whose answer to a job's work is never heard; or that dies with a part of a file written. */
  function deaf(keeper: FilePort, half: boolean, reached: () => void): FilePort {
    const silence = new Promise<never>(() => {})
    return {
      run: async (request) => {
        const { task } = request
        if (!request.id.startsWith('work-') || task.kind === 'sync') return keeper.run(request)
        const unfinished = ['create', 'copy', 'create-differencing', 'compact'].includes(task.kind) && 'path' in task
        if (!half) await keeper.run(request)
        else if (unfinished) writeFileSync(`${real(task.path)}.unfinished`, 'half')
        reached()
        return silence
      },
      abort: () => {},
    }
  }

  it.each(JOBS)('in the middle of %s changes nothing about its end', async (_, startJob) => {
    const whole = await run(startJob, 'never')
    expect(whole).toMatchObject({ status: 'completed' })
    for (const when of ['midway', 'before the answer', 'half made'] as const) expect(await run(startJob, when)).toEqual(whole)
  })
})

it('two runs of the same choices come to the same state, by rows and by bytes', async () => {
  const hashes: string[] = []
  for (let turn = 0; turn < 2; turn++) {
    service.close()
    rmSync(folder, { recursive: true, force: true })
    store = new CommittedRows(testRows([testVm('A')]))
    service = openDiskLab(store, openDiskKeeper(folder))
    await make('p.vhdx')
    await make('c.vhdx', { kind: 'parent', path: 'C:\\Disks\\p.vhdx' }, { type: 'differencing' })
    hashes.push(
      `${service.stateHash()} ${createHash('sha256')
        .update(readFileSync(real('C:\\Disks\\c.vhdx')))
        .digest('hex')}`,
    )
  }
  expect(hashes[0]).toBe(hashes[1])
})

describe('hostile files in the lab folder', () => {
  const outside = (): string => {
    const path = join(tmpdir(), `viridian-outside-${process.pid}.vhdx`)
    spawnSync('cp', [real('C:\\Disks\\seed.vhdx'), path])
    return path
  }

  it.each<readonly [string, (path: string) => void, string]>([
    ['a truncated one', (path) => truncateSync(path, 70_000), ''],
    ['an empty one', (path) => truncateSync(path, 0), 'not-an-image'],
    ['a pipe', (path) => spawnSync('sh', ['-c', 'rm "$0" && mkfifo "$0"', path]), 'not-a-file'],
    ['a folder', (path) => spawnSync('sh', ['-c', 'rm "$0" && mkdir "$0"', path]), 'not-a-file'],
    ['a link that leads out', (path) => spawnSync('ln', ['-sf', outside(), path]), 'outside-folder'],
  ])('%s is refused with a sentence, by Inspect and by Edit', async (_, spoil, reason) => {
    await make('seed.vhdx')
    const path = await make('bad.vhdx')
    spoil(real(path))
    const answer = await inspect(path)
    if (answer.ok) throw new Error('not refused')
    if (reason !== '') expect(answer.problem.reason).toBe(reason)
    expect(answer.problem.sentence).toContain(path)
    expect(answer.problem.sentence).not.toContain(folder)
    const job = await end(edit(path, { kind: 'expand', sizeGb: 30 }))
    expect([job.status, job.refusal?.includes('disk-refused')]).toEqual(['failed', true])
    expect((await end(begin(disk('after.vhdx')))).status).toBe('completed')
    rmSync(join(tmpdir(), `viridian-outside-${process.pid}.vhdx`), { force: true })
  })

  it('a folder that is a link leading out takes no new disk', async () => {
    mkdirSync(join(folder, 'HV01', 'C'), { recursive: true })
    symlinkSync(tmpdir(), join(folder, 'HV01', 'C', 'Out'))
    const job = await end(begin(disk('leak.vhdx', undefined, { folder: 'C:\\Out' })))
    expect([job.status, existsSync(join(tmpdir(), 'leak.vhdx'))]).toEqual(['failed', false])
  })

  it('parents in a loop are told and do not hang', async () => {
    const parent = await make('p.vhdx')
    const a = await make('a1.vhdx', { kind: 'parent', path: parent }, { type: 'differencing' })
    const b = await make('b1.vhdx', { kind: 'parent', path: a }, { type: 'differencing' })
    expect((await end(edit(a, { kind: 'reconnect', parentPath: b, ignoreIdMismatch: true }))).status).toBe('completed')
    expect((await end(edit(b, { kind: 'merge' }))).refusal).toContain('disk-refused')
    expect(await inspect(b)).toMatchObject({ ok: true })
  })
})

describe('real paths', () => {
  it.each([
    ['..', '%2E%2E'],
    ['a/b', 'a%2Fb'],
    ['100%', '100%25'],
    ['con.vhdx', '%63on.vhdx'],
    ['end.', 'end%2E'],
    ['Größe 東京.vhdx', 'Größe 東京.vhdx'],
  ])('%s lies at %s', (name, encoded) => {
    expect(encodeName(name)).toBe(encoded)
  })

  it('long names are shortened, keep their ending and stay apart', () => {
    const names = ['a', 'b'].map((end) => encodeName(`${'東'.repeat(150)}${end}.vhdx`))
    expect(new Set(names).size).toBe(2)
    for (const name of names) {
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(230)
      expect(name).toMatch(/\.vhdx$/)
    }
  })

  it('a folder is found in another case', async () => {
    await make('one.vhdx')
    await make('two.vhdx', undefined, { folder: 'c:\\DISKS' }).catch(() => undefined)
    expect(readdirSync(join(folder, 'HV01', 'C'))).toEqual(['Disks'])
  })
})
