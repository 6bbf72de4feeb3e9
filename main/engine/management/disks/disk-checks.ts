/** Everything that the disk wizards and their jobs refuse (hyper-v-manager 2.7, 4.2). */
import { type Refusal, type Result, refuse, succeed } from '../../kernel/result.ts'
import { diskFeatures } from '../../products/disk-features.ts'
import { hostProduct } from '../../products/hosts.ts'
import type { HostFileRow, HostRow, VolumeRow } from '../../rows.ts'
import { capacityLimits } from '../../storage/disk-format.ts'
import type { World } from '../../world.ts'
import { inputOf } from '../create-input.ts'
import { extensionOf, fileAt, joinPath, normalizePath, validFileName, volumeOf } from '../paths.ts'
import type { RefusalCode } from '../refusals.ts'
import { chainOf, formatOf, isDiskFile, partitionEnd, userOf } from './disk-rows.ts'
import { taskOf } from './disk-task.ts'
import type { DiskFormat, DiskTask, DiskType } from './file-port.ts'

export const BYTES_PER_GB = 1024 ** 3

export type DiskRefusal = Refusal<RefusalCode>
type Checked<T> = Result<T, RefusalCode>

/** A host whose management service answers. */
export function managedHost(world: World, hostId: string): Checked<HostRow> {
  const host = world.tables.host.get(hostId)
  if (host === undefined) return refuse('unknown-host', { id: hostId })
  if (host.serviceState !== 'running') return refuse('service-stopped', { host: host.name, state: host.serviceState })
  return succeed(host)
}

/** Largest size that the wizards take for a format, GB. */
export function sizeMaximumGb(format: DiskFormat): number {
  return Math.floor(capacityLimits[format === 'vhd' ? 'vhd' : 'vhdx'].mostBytes / BYTES_PER_GB)
}

export function checkFormat(host: HostRow, format: DiskFormat): DiskRefusal | undefined {
  const product = hostProduct(host.productId)
  if (diskFeatures(product).formats.includes(format)) return undefined
  return refuse('disk-format-host' as const, { format: FORMAT_WORDS[format], product: product.name }).refusal
}

export const FORMAT_WORDS: Readonly<Record<DiskFormat, string>> = { vhd: 'VHD', vhdx: 'VHDX', vhds: 'VHD Set' }

/** Path of a new disk; the format's extension is added where the name does not have it. */
export function newPath(world: World, hostId: string, format: DiskFormat, name: string, folder: string): Checked<string> {
  const trimmed = name.trim()
  const full = extensionOf(trimmed) === format ? trimmed : `${trimmed}.${format}`
  if (trimmed === '' || !validFileName(full)) return refuse('path-invalid', { path: name })
  const place = normalizePath(world, hostId, folder)
  if (!place.ok) return place
  const path = normalizePath(world, hostId, joinPath(place.value, full))
  return path.ok ? checkNew(world, hostId, path.value) : path
}

/** A path that no file has yet and no running job is about to make. */
export function checkNew(world: World, hostId: string, path: string): Checked<string> {
  const taken = fileAt(world, hostId, path) !== undefined || jobUsing(world, hostId, path) !== undefined
  return taken ? refuse('path-exists', { path }) : succeed(path)
}

/** The running job that makes or changes a file; undefined when there is none. */
export function jobUsing(world: World, hostId: string, path: string): string | undefined {
  const wanted = path.toLowerCase()
  for (const job of world.by.runningJobOfHost.of(hostId)) {
    if (job.kind === 'create' && inputOf(job).diskPath?.toLowerCase() === wanted) return job.id
    if (job.kind === 'disk' && pathsOfTask(taskOf(job)).some((each) => each.toLowerCase() === wanted)) return job.id
  }
  return undefined
}

function pathsOfTask(task: DiskTask): readonly string[] {
  if (task.kind === 'copy') return [task.path, task.source]
  return task.kind === 'create-differencing' || task.kind === 'reconnect' ? [task.path, task.parentPath] : [task.path]
}

/** A disk file of the host at a path that was typed. */
export function diskAt(world: World, hostId: string, given: string): Checked<HostFileRow> {
  const path = normalizePath(world, hostId, given)
  if (!path.ok) return path
  const file = fileAt(world, hostId, path.value)
  if (file === undefined || file.kind === 'folder') return refuse('file-not-found', { path: path.value })
  if (!isDiskFile(file) || file.kind === 'vfd') return refuse('not-a-disk', { path: file.path })
  return succeed(file)
}

/** A disk that may be opened for changes: no machine that is on and no other job has it, nor a file that it stands on. */
export function checkFree(world: World, file: HostFileRow): DiskRefusal | undefined {
  const user = userOf(world, file.hostId, file.path)
  if (user !== undefined) return refuse('disk-busy' as const, { path: file.path, user: user.name }).refusal
  const job = chainOf(world, file.hostId, file.path).some((each) => jobUsing(world, file.hostId, each.path) !== undefined)
  return job ? refuse('disk-busy' as const, { path: file.path }).refusal : undefined
}

export function checkSize(format: DiskFormat, sizeGb: number, minimumGb = 1): DiskRefusal | undefined {
  const maximumGb = sizeMaximumGb(format)
  if (Number.isInteger(sizeGb) && sizeGb >= minimumGb && sizeGb <= maximumGb) return undefined
  return refuse('disk-size' as const, { sizeGb, minimumGb, maximumGb }).refusal
}

/** Room for more bytes on the volume of a path. */
export function checkRoom(world: World, hostId: string, path: string, bytes: number): DiskRefusal | undefined {
  const volume = volumeOf(world, hostId, path)
  const free = volume?.freeBytes ?? 0
  if (volume !== undefined && free >= bytes) return undefined
  const mb = (value: number): number => Math.ceil(value / 1024 ** 2)
  return refuse('volume-full' as const, { requiredMb: mb(bytes), freeMb: mb(free), volume: path.slice(0, 2), path }).refusal
}

/** A physical disk of a host: each volume stands on one of its own, in the order of their letters. */
export interface PhysicalDisk {
  readonly name: string
  readonly sizeBytes: number
  readonly usedBytes: number
  readonly volume: VolumeRow
}

export function physicalDisks(world: World, hostId: string): PhysicalDisk[] {
  return world.by.volumesOfHost
    .of(hostId)
    .toSorted((a, b) => (a.letter < b.letter ? -1 : 1))
    .map((volume, index) => ({
      name: `\\\\.\\PHYSICALDRIVE${index}`,
      sizeBytes: volume.sizeBytes,
      usedBytes: volume.sizeBytes - volume.freeBytes,
      volume,
    }))
}

export const EDITS = ['compact', 'convert', 'expand', 'shrink', 'merge', 'reconnect'] as const
export type EditKind = (typeof EDITS)[number]

/** What Choose Action offers for a disk (table of 2.7). `chainBroken`: the real parent is missing or does not fit. */
export function editsOf(world: World, file: HostFileRow, chainBroken: boolean): EditKind[] {
  const features = diskFeatures(hostProduct(world.tables.host.require(file.hostId).productId))
  const type: DiskType = file.diskType ?? 'fixed'
  const format = formatOf(file)
  if (chainBroken) return type === 'differencing' ? ['reconnect'] : []
  if (format === 'vhds') return shrinkable(world, file) ? ['convert', 'expand', 'shrink'] : ['convert', 'expand']
  if (type === 'differencing') return features.editsDifferencing ? ['compact', 'convert', 'expand', 'merge'] : ['compact', 'merge']
  const edits: EditKind[] = type === 'dynamic' ? ['compact', 'convert', 'expand'] : ['convert', 'expand']
  return features.shrinks && format === 'vhdx' && shrinkable(world, file) ? [...edits, 'shrink'] : edits
}

/** Smallest size that a disk can shrink to, whole GB; null when it has no partitions that tell. */
export function shrinkMinimumGb(world: World, file: HostFileRow): number | null {
  const end = partitionEnd(world, dataFileOf(world, file))
  return end === null ? null : Math.max(1, Math.ceil(end / BYTES_PER_GB))
}

function shrinkable(world: World, file: HostFileRow): boolean {
  const minimum = shrinkMinimumGb(world, file)
  return minimum !== null && minimum * BYTES_PER_GB < file.capacityBytes
}

/** The file with the data of a VHD Set; any other disk itself. */
export function dataFileOf(world: World, file: HostFileRow): HostFileRow {
  if (file.kind !== 'vhds' || file.parentPath === null) return file
  return fileAt(world, file.hostId, file.parentPath) ?? file
}
