/** Virtual disks as rows: their form, their chains, what guests hold of them, and who uses them. */
import { hasPartition } from '../../machine/host.ts'
import { guestProduct } from '../../products/guests.ts'
import type { HostFileKind, HostFileRow, VirtualMachineRow } from '../../rows.ts'
import {
  BITMAP_BLOCK_BYTES,
  blockFileBytes,
  chunkBlocks,
  type DiskGeometry,
  defaultBlockBytes,
  hasBitmapBlocks,
  newFileBytes,
} from '../../storage/disk-format.ts'
import type { World } from '../../world.ts'
import { extensionOf, fileAt } from '../paths.ts'
import type { DiskFormat, DiskSpec, DiskType } from './file-port.ts'

/** Files of a chain that are followed; more is a loop. */
const CHAIN_MAX = 256

/** Bytes of a virtual floppy disk: 80 cylinders, 2 heads, 18 sectors of 512 bytes. */
export const FLOPPY_BYTES = 1_474_560

/** Bytes of the pointer file of a VHD Set. */
export const SET_POINTER_BYTES = 260 * 1024

/** What setup of a system writes, bytes per MB of its idle memory; as in `guest/advance.ts`. */
const SYSTEM_BYTES_PER_MEMORY_MB = 12 * 1024 * 1024

/** Whether a row is a virtual disk or floppy, whose real file follows it. */
export function isDiskFile(file: HostFileRow): boolean {
  return file.kind === 'vfd' || (file.diskType !== null && formatOf(file) !== null)
}

/** Format of a disk file by its row; null when it is none. */
export function formatOf(file: Pick<HostFileRow, 'kind' | 'path'>): DiskFormat | null {
  if (file.kind === 'vhds' || file.kind === 'vhdx') return file.kind
  if (file.kind === 'vhd') return 'vhd'
  if (file.kind === 'avhdx') return extensionOf(file.path) === 'avhd' ? 'vhd' : 'vhdx'
  return null
}

/** Kind of row for a file name: differencing files of checkpoints end in .avhd or .avhdx. */
export function kindOfPath(path: string): HostFileKind | null {
  const extension = extensionOf(path)
  if (extension === 'vhd' || extension === 'vhdx' || extension === 'vhds') return extension
  return extension === 'avhd' || extension === 'avhdx' ? 'avhdx' : null
}

export function geometryFor(format: DiskFormat, type: DiskType, capacityBytes: number): DiskGeometry {
  const file = format === 'vhds' ? 'vhdx' : format
  return { format: file, type, capacityBytes, blockBytes: defaultBlockBytes(file, type) }
}

/** Length of a new, empty disk file, bytes. */
export function emptyFileBytes(format: DiskFormat, type: DiskType, capacityBytes: number): number {
  return newFileBytes(geometryFor(format, type, capacityBytes))
}

/** The length nearest below `wanted` that a growing file can have: whole blocks, with their bitmaps; at least the empty file's. */
export function wholeBlocks(geometry: DiskGeometry, wanted: number): number {
  const empty = newFileBytes(geometry)
  if (geometry.type === 'fixed') return empty
  const block = blockFileBytes(geometry)
  if (!hasBitmapBlocks(geometry)) return empty + Math.max(0, Math.floor((wanted - empty) / block)) * block
  const perChunk = chunkBlocks(geometry)
  const chunk = perChunk * block + BITMAP_BLOCK_BYTES
  const room = Math.max(0, wanted - empty)
  const chunks = Math.floor(room / chunk)
  const blocks = Math.max(0, Math.floor((room - chunks * chunk - BITMAP_BLOCK_BYTES) / block))
  return empty + chunks * chunk + (blocks > 0 ? BITMAP_BLOCK_BYTES + blocks * block : 0)
}

function specOf(world: World, file: HostFileRow): DiskSpec {
  return {
    id: file.id,
    path: file.path,
    format: file.kind === 'vfd' ? 'vfd' : (formatOf(file) ?? 'vhdx'),
    type: file.diskType ?? 'fixed',
    fileBytes: file.sizeBytes,
    capacityBytes: file.capacityBytes,
    parentPath: file.parentPath,
    made: world.tables.made_file.has(file.id),
  }
}

/** Rows of a disk and the files that it stands on, the disk first. What is no disk, missing, or comes again ends the list. */
export function chainOf(world: World, hostId: string, path: string): HostFileRow[] {
  const chain: HostFileRow[] = []
  for (let next: string | null = path; next !== null && chain.length < CHAIN_MAX; ) {
    const file = fileAt(world, hostId, next)
    if (file === undefined || !isDiskFile(file) || chain.includes(file)) break
    chain.push(file)
    next = file.parentPath
  }
  return chain
}

/** The known disks behind some paths with all that they stand on, parents first, each once. */
export function specsOf(world: World, hostId: string, paths: readonly string[]): DiskSpec[] {
  const specs = new Map<string, DiskSpec>()
  for (const path of paths) {
    for (const file of chainOf(world, hostId, path).reverse()) if (!specs.has(file.id)) specs.set(file.id, specOf(world, file))
  }
  return [...specs.values()]
}

/** Bytes from the beginning of a disk that hold guest data: data itself is not stored, so only the rows know. */
export function guestBytes(file: HostFileRow): number {
  if (file.guestProductId === null) return 0
  if (file.diskType !== 'fixed') return file.capacityBytes
  const system = guestProduct(file.guestProductId).idleMemoryMb * SYSTEM_BYTES_PER_MEMORY_MB
  return Math.min(file.capacityBytes, system)
}

/** The system on a disk: its own, or that of the nearest file below it that has one. */
export function systemOf(world: World, hostId: string, path: string): HostFileRow | undefined {
  return chainOf(world, hostId, path).find((file) => file.guestProductId !== null)
}

/** Where the last partition of a disk ends, bytes; null when nothing has been installed on it. Setup takes the whole disk. */
export function partitionEnd(world: World, file: HostFileRow): number | null {
  const known = world.tables.disk_layout.get(file.id)
  if (known !== undefined) return known.partitionedBytes
  return file.guestProductId === null ? null : file.capacityBytes
}

/** The machine that has a file open, directly or as a parent of one of its disks: one of the host's that has a partition. */
export function userOf(world: World, hostId: string, path: string): VirtualMachineRow | undefined {
  for (const leaf of withDescendants(world, hostId, path)) {
    for (const drive of world.by.drivesOfPath.of(leaf)) {
      const vm = world.tables.virtual_machine.get(drive.vmId)
      if (vm !== undefined && vm.hostId === hostId && hasPartition(vm)) return vm
    }
  }
  return undefined
}

/** Lower-case paths of a file and of all that stand on it. */
function withDescendants(world: World, hostId: string, path: string): Set<string> {
  const children = new Map<string, string[]>()
  for (const file of world.tables.host_file.values()) {
    if (file.parentPath === null || file.hostId !== hostId) continue
    const parent = file.parentPath.toLowerCase()
    children.set(parent, [...(children.get(parent) ?? []), file.path.toLowerCase()])
  }
  const found = new Set([path.toLowerCase()])
  for (const each of found) for (const child of children.get(each) ?? []) found.add(child)
  return found
}
