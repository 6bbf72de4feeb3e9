/**
 * Sizes of virtual disk files: blocks, bitmaps, tables and what a file takes on its volume
 * (formats reference 1.5, 1.7, 2.5, 2.7; [MS-VHDX] 2.5; Virtual Hard Disk Image Format Specification 1.0).
 */
import type { HostFileRow } from '../rows.ts'

const KIB = 1024
const MIB = 1024 * KIB

export type DiskFormat = 'vhd' | 'vhdx'
export type DiskType = 'fixed' | 'dynamic' | 'differencing'

export interface DiskGeometry {
  readonly format: DiskFormat
  readonly type: DiskType
  readonly capacityBytes: number
  /** Unit of allocation, bytes. */
  readonly blockBytes: number
}

/** Largest and smallest sizes that guests may see, bytes (formats reference 1.9, 2.7). */
export const capacityLimits: Readonly<Record<DiskFormat, { readonly leastBytes: number; readonly mostBytes: number }>> = {
  vhd: { leastBytes: 3 * MIB, mostBytes: 2040 * 1024 * MIB },
  vhdx: { leastBytes: 3 * MIB, mostBytes: 64 * 1024 * 1024 * MIB },
}

/** Default block: VHD 2 MiB; VHDX 32 MiB, differencing 2 MiB. */
export function defaultBlockBytes(format: DiskFormat, type: DiskType): number {
  return format === 'vhdx' && type !== 'differencing' ? 32 * MIB : 2 * MIB
}

/** Geometry of a virtual disk file; null when the row is none. */
export function geometryOf(file: HostFileRow): DiskGeometry | null {
  if (file.diskType === null) return null
  if (file.kind !== 'vhd' && file.kind !== 'vhdx' && file.kind !== 'avhdx') return null
  const format = file.kind === 'vhd' || file.path.toLowerCase().endsWith('.avhd') ? 'vhd' : 'vhdx'
  return { format, type: file.diskType, capacityBytes: file.capacityBytes, blockBytes: defaultBlockBytes(format, file.diskType) }
}

export function blockCount(geometry: DiskGeometry): number {
  return Math.ceil(geometry.capacityBytes / geometry.blockBytes)
}

/** Payload blocks that one sector bitmap block of a VHDX covers: 2^23 sectors of 512 bytes. */
export function chunkBlocks(geometry: DiskGeometry): number {
  return (2 ** 23 * 512) / geometry.blockBytes
}

/** Whether payload blocks come with sector bitmap blocks of 1 MiB of their own. */
export function hasBitmapBlocks(geometry: DiskGeometry): boolean {
  return geometry.format === 'vhdx' && geometry.type === 'differencing'
}

export const BITMAP_BLOCK_BYTES = MIB

/** Bytes that one payload block takes in the file; a VHD's carries its sector bitmap before the data. */
export function blockFileBytes(geometry: DiskGeometry): number {
  return geometry.format === 'vhd' ? geometry.blockBytes + 512 : geometry.blockBytes
}

/** Entries of the block allocation table, payload and bitmap blocks together. */
export function tableEntries(geometry: DiskGeometry): number {
  const blocks = blockCount(geometry)
  if (geometry.format === 'vhd') return blocks
  const ratio = chunkBlocks(geometry)
  if (geometry.type === 'differencing') return Math.ceil(blocks / ratio) * (ratio + 1)
  return blocks + Math.max(0, Math.floor((blocks - 1) / ratio))
}

/**
 * Bytes of a new file before any block: VHD 0x600 + table + footer, fixed VHD disk + footer; VHDX header section, log and metadata of
 * 1 MiB each and the table rounded up to 1 MiB, fixed VHDX the blocks too.
 */
export function newFileBytes(geometry: DiskGeometry): number {
  if (geometry.format === 'vhd') {
    if (geometry.type === 'fixed') return geometry.capacityBytes + 512
    return 0x600 + roundUp(4 * tableEntries(geometry), 512) + 512
  }
  const head = 3 * MIB + roundUp(8 * tableEntries(geometry), MIB)
  return geometry.type === 'fixed' ? head + roundUp(geometry.capacityBytes, MIB) : head
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit
}
