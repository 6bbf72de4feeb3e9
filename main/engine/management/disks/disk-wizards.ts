/** The commands of the New and Edit Virtual Hard Disk wizards: choices are checked, a job begins. */
import { type Result, refuse, succeed } from '../../kernel/result.ts'
import { diskFeatures } from '../../products/disk-features.ts'
import { hostProduct } from '../../products/hosts.ts'
import type { HostFileRow, HostRow, JobRow } from '../../rows.ts'
import type { World } from '../../world.ts'
import { beginJob } from '../jobs.ts'
import { extensionOf, normalizePath, putFile } from '../paths.ts'
import type { RefusalCode } from '../refusals.ts'
import {
  BYTES_PER_GB,
  checkFormat,
  checkFree,
  checkNew,
  checkRoom,
  checkSize,
  type DiskRefusal,
  dataFileOf,
  diskAt,
  editsOf,
  FORMAT_WORDS,
  managedHost,
  newPath,
  physicalDisks,
  shrinkMinimumGb,
} from './disk-checks.ts'
import { emptyFileBytes, FLOPPY_BYTES, formatOf, geometryFor, guestBytes, systemOf, wholeBlocks } from './disk-rows.ts'
import type { DiskJobInput } from './disk-task.ts'
import type { DiskFormat, DiskTask, DiskType } from './file-port.ts'

type Checked<T> = Result<T, RefusalCode>

/** What a new disk holds at first. */
export type DiskSource =
  | { readonly kind: 'blank'; readonly sizeGb: number }
  | { readonly kind: 'physical'; readonly name: string }
  | { readonly kind: 'virtual'; readonly path: string }
  | { readonly kind: 'parent'; readonly path: string }

export interface NewDisk {
  readonly hostId: string
  readonly format: DiskFormat
  readonly type: DiskType
  readonly name: string
  readonly folder: string
  readonly source: DiskSource
}

interface NewFile {
  readonly format: DiskFormat
  readonly type: 'fixed' | 'dynamic'
  readonly name: string
  readonly folder: string
}

export type DiskEdit =
  | { readonly kind: 'compact' }
  | ({ readonly kind: 'convert' } & NewFile)
  | { readonly kind: 'expand'; readonly sizeGb: number }
  | { readonly kind: 'shrink'; readonly sizeGb: number }
  | { readonly kind: 'merge' }
  | ({ readonly kind: 'merge-new' } & NewFile)
  | { readonly kind: 'reconnect'; readonly parentPath: string; readonly ignoreIdMismatch: boolean }

const refused = (refusal: DiskRefusal): { readonly ok: false; readonly refusal: DiskRefusal } => ({ ok: false, refusal })

/** Checks the choices of the New Virtual Hard Disk Wizard: the job that would begin, or why none can. */
export function planNewDisk(world: World, wanted: NewDisk): Checked<DiskJobInput> {
  const host = managedHost(world, wanted.hostId)
  if (!host.ok) return host
  const path = newPath(world, wanted.hostId, wanted.format, wanted.name, wanted.folder)
  const format = checkFormat(host.value, wanted.format)
  if (format !== undefined) return refused(format)
  if (!path.ok) return path
  const differencing = wanted.type === 'differencing'
  if (differencing !== (wanted.source.kind === 'parent') || (differencing && wanted.format === 'vhds')) {
    return refuse('disk-action', { path: path.value, action: 'differencing' })
  }
  const task = newDiskTask(world, host.value, wanted, path.value)
  if (!task.ok) return task
  const room = checkRoom(world, wanted.hostId, path.value, bytesOf(world, wanted.hostId, task.value))
  if (room !== undefined) return refused(room)
  return succeed(jobInput(world, wanted.hostId, task.value, 'Creating the new virtual hard disk'))
}

function newDiskTask(world: World, host: HostRow, wanted: NewDisk, path: string): Checked<DiskTask> {
  const { source, format } = wanted
  const type = wanted.type === 'fixed' ? 'fixed' : 'dynamic'
  switch (source.kind) {
    case 'blank': {
      const size = checkSize(format, source.sizeGb)
      if (size !== undefined) return refused(size)
      return succeed({ kind: 'create', path, format, type, capacityBytes: source.sizeGb * BYTES_PER_GB, filledBytes: 0 })
    }
    case 'physical': {
      const disk = physicalDisks(world, host.id).find((each) => each.name === source.name)
      if (disk === undefined) return refuse('unknown-drive', { drive: source.name })
      const capacityBytes = Math.floor(disk.sizeBytes / 1024 ** 2) * 1024 ** 2
      const size = checkSize(format, Math.ceil(capacityBytes / BYTES_PER_GB))
      if (size !== undefined) return refused(size)
      return succeed({ kind: 'create', path, format, type, capacityBytes, filledBytes: Math.min(capacityBytes, disk.usedBytes) })
    }
    case 'virtual':
      return copyTask(world, host, source.path, { format, type, name: '', folder: '' }, path, false)
    case 'parent': {
      const parent = diskAt(world, host.id, source.path)
      if (!parent.ok) return parent
      if (formatOf(parent.value) !== format) {
        return refuse('disk-parent-format', { path: parent.value.path, format: FORMAT_WORDS[format] })
      }
      return succeed({ kind: 'create-differencing', path, parentPath: parent.value.path })
    }
  }
}

/** A new file with the content of a disk that exists. */
function copyTask(world: World, host: HostRow, sourcePath: string, file: NewFile, path: string, merges: boolean): Checked<DiskTask> {
  const source = diskAt(world, host.id, sourcePath)
  if (!source.ok) return source
  const busy = checkFree(world, source.value)
  if (busy !== undefined) return refused(busy)
  const size = checkSize(file.format, Math.ceil(source.value.capacityBytes / BYTES_PER_GB))
  if (size !== undefined) return refused(size)
  const keepBytes = guestBytes(systemOf(world, host.id, source.value.path) ?? source.value)
  return succeed({ kind: 'copy', path, source: source.value.path, format: file.format, type: file.type, keepBytes, merges })
}

export function createDisk(world: World, wanted: NewDisk): Checked<JobRow> {
  const planned = planNewDisk(world, wanted)
  return planned.ok ? succeed(beginJob(world, 'disk', wanted.hostId, null, JSON.stringify(planned.value))) : planned
}

/** Checks the choices of the Edit Virtual Hard Disk Wizard. `chainBroken`: see `editsOf`. */
export function planEdit(world: World, hostId: string, path: string, edit: DiskEdit): Checked<DiskJobInput> {
  const host = managedHost(world, hostId)
  if (!host.ok) return host
  const found = diskAt(world, hostId, path)
  if (!found.ok) return found
  const file = found.value
  const busy = checkFree(world, file)
  if (busy !== undefined) return refused(busy)
  const action = edit.kind === 'merge-new' ? 'merge' : edit.kind
  const offered = edit.kind === 'reconnect' ? file.diskType === 'differencing' : editsOf(world, file, false).includes(action)
  if (!offered) return refuse('disk-action', { path: file.path, action })
  const task = editTask(world, host.value, file, edit)
  if (!task.ok) return task
  const room = checkRoom(world, hostId, targetPath(file, task.value), bytesOf(world, hostId, task.value))
  if (room !== undefined) return refused(room)
  return succeed(jobInput(world, hostId, task.value, EDIT_TEXTS[action]))
}

const EDIT_TEXTS = {
  compact: 'Compacting the virtual hard disk',
  convert: 'Converting the virtual hard disk',
  expand: 'Expanding the virtual hard disk',
  shrink: 'Shrinking the virtual hard disk',
  merge: 'Merging the virtual hard disk',
  reconnect: 'Reconnecting the virtual hard disk',
} as const

function editTask(world: World, host: HostRow, file: HostFileRow, edit: DiskEdit): Checked<DiskTask> {
  const { path } = file
  switch (edit.kind) {
    case 'compact':
      return succeed({ kind: 'compact', path, keepBytes: guestBytes(systemOf(world, host.id, path) ?? file) })
    case 'convert':
    case 'merge-new': {
      const format = checkFormat(host, edit.format)
      if (format !== undefined) return refused(format)
      const target = newPath(world, host.id, edit.format, edit.name, edit.folder)
      return target.ok ? copyTask(world, host, path, edit, target.value, edit.kind === 'merge-new') : target
    }
    case 'expand': {
      const least = Math.floor(file.capacityBytes / BYTES_PER_GB) + 1
      const size = checkSize(formatOf(file) ?? 'vhdx', edit.sizeGb, least)
      return size === undefined ? succeed({ kind: 'expand', path, capacityBytes: edit.sizeGb * BYTES_PER_GB }) : refused(size)
    }
    case 'shrink': {
      const minimumGb = shrinkMinimumGb(world, file) ?? 1
      const maximumGb = Math.ceil(file.capacityBytes / BYTES_PER_GB) - 1
      if (edit.sizeGb < minimumGb || edit.sizeGb > maximumGb) return refuse('disk-size', { sizeGb: edit.sizeGb, minimumGb, maximumGb })
      const bytes = edit.sizeGb * BYTES_PER_GB
      return succeed({ kind: 'shrink', path, capacityBytes: bytes, minimumBytes: minimumGb * BYTES_PER_GB })
    }
    case 'merge': {
      const parent = diskAt(world, host.id, file.parentPath ?? '')
      return parent.ok ? succeed({ kind: 'merge', path }) : parent
    }
    case 'reconnect': {
      const parent = diskAt(world, host.id, edit.parentPath)
      if (!parent.ok) return parent
      return succeed({ kind: 'reconnect', path, parentPath: parent.value.path, ignoreIdMismatch: edit.ignoreIdMismatch })
    }
  }
}

export function editDisk(world: World, hostId: string, path: string, edit: DiskEdit): Checked<JobRow> {
  const planned = planEdit(world, hostId, path, edit)
  return planned.ok ? succeed(beginJob(world, 'disk', hostId, null, JSON.stringify(planned.value))) : planned
}

/** Path of the file that grows. */
function targetPath(file: HostFileRow, task: DiskTask): string {
  return task.kind === 'merge' ? (file.parentPath ?? file.path) : task.path
}

/** Bytes that a task's result takes more than there are now, as far as rows can tell. */
export function bytesOf(world: World, hostId: string, task: DiskTask): number {
  switch (task.kind) {
    case 'create': {
      const empty = emptyFileBytes(task.format, task.type, task.capacityBytes)
      return task.type === 'fixed' ? empty : empty + task.filledBytes
    }
    case 'create-differencing': {
      const parent = diskAt(world, hostId, task.parentPath)
      return parent.ok ? emptyFileBytes(formatOf(parent.value) ?? 'vhdx', 'differencing', parent.value.capacityBytes) : 0
    }
    case 'copy': {
      const source = diskAt(world, hostId, task.source)
      if (!source.ok) return 0
      const { capacityBytes } = source.value
      const empty = emptyFileBytes(task.format, task.type, capacityBytes)
      if (task.type === 'fixed' || task.keepBytes === 0) return empty
      const held = Math.min(task.keepBytes, heldBytes(world, hostId, task.source))
      return wholeBlocks(geometryFor(task.format, 'dynamic', capacityBytes), empty + held)
    }
    case 'expand': {
      const found = diskAt(world, hostId, task.path)
      if (!found.ok) return 0
      const file = dataFileOf(world, found.value)
      return file.diskType === 'fixed' ? task.capacityBytes - file.capacityBytes : 0
    }
    case 'merge': {
      const file = diskAt(world, hostId, task.path)
      const parent = file.ok ? diskAt(world, hostId, file.value.parentPath ?? '') : file
      return file.ok && parent.ok && parent.value.diskType !== 'fixed' ? file.value.sizeBytes : 0
    }
    case 'compact':
    case 'shrink':
    case 'reconnect':
      return 0
  }
}

/** Bytes of the files that a disk is made of. */
function heldBytes(world: World, hostId: string, path: string): number {
  let bytes = 0
  for (let next: string | null = path, depth = 0; next !== null && depth < 64; depth++) {
    const file = diskAt(world, hostId, next)
    if (!file.ok) break
    bytes += dataFileOf(world, file.value).sizeBytes
    next = file.value.diskType === 'differencing' ? file.value.parentPath : null
  }
  return bytes
}

/** What is moved decides how long the job takes: all that is read or written. */
function jobInput(world: World, hostId: string, task: DiskTask, text: string): DiskJobInput {
  const source = task.kind === 'copy' ? task.source : task.path
  const read = task.kind === 'copy' || task.kind === 'compact' || task.kind === 'merge' ? heldBytes(world, hostId, source) : 0
  return { task, bytes: Math.max(read, bytesOf(world, hostId, task)), text }
}

/** New ▸ Floppy Disk: an empty floppy of 1.44 MB at once. */
export function createFloppy(world: World, hostId: string, given: string): Checked<string> {
  const host = managedHost(world, hostId)
  if (!host.ok) return host
  const named = extensionOf(given) === 'vfd' ? given : `${given.trim()}.vfd`
  const path = normalizePath(world, hostId, named)
  if (!path.ok) return path
  const free = checkNew(world, hostId, path.value)
  if (!free.ok) return free
  const room = checkRoom(world, hostId, path.value, FLOPPY_BYTES)
  if (room !== undefined) return refused(room)
  putFile(world, { ...BLANK_FILE, hostId, path: path.value, kind: 'vfd', sizeBytes: FLOPPY_BYTES, diskType: null })
  return succeed(path.value)
}

export const BLANK_FILE = { capacityBytes: 0, parentPath: null, guestProductId: null } as const

/** Formats and defaults of the wizards on a host. */
export function diskOptions(world: World, hostId: string) {
  const host = world.tables.host.require(hostId)
  const { formats, defaultFormat, defaultType } = diskFeatures(hostProduct(host.productId))
  const physical = physicalDisks(world, hostId).map(({ name, sizeBytes }) => ({ name, sizeBytes }))
  return { formats: [...formats], defaultFormat, defaultType, physicalDisks: physical }
}
