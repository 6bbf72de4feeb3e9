/** Places and sizes of a VHDX ([MS-VHDX] 2.1, 2.5; formats reference 2.1, 2.5). */
import { KIB, MIB, TIB } from '../image-file.ts'

export const HEADER_OFFSETS = [64 * KIB, 128 * KIB] as const
export const HEADER_BYTES = 4 * KIB
export const REGION_TABLE_OFFSETS = [192 * KIB, 256 * KIB] as const
export const REGION_TABLE_BYTES = 64 * KIB
/** Log, regions and blocks begin behind the header section. */
export const HEADER_SECTION_BYTES = MIB

/** Everything large lies at multiples of this. */
export const ALIGNMENT = MIB

/** Unit of the log. */
export const PAGE = 4 * KIB

export const VHDX_SIZE_MAX = 64 * TIB
const VHDX_SIZE_MIN = 3 * MIB
export const BLOCK_SIZE_MIN = MIB
export const BLOCK_SIZE_MAX = 256 * MIB
/** Default block of fixed and dynamic disks, and of differencing ones (formats reference 2.7). */
export const BLOCK_SIZE_DEFAULT = 32 * MIB
export const BLOCK_SIZE_DIFFERENCING = 2 * MIB

/** A sector bitmap block is always so long and covers 2^23 sectors. */
export const BITMAP_BLOCK_BYTES = MIB
const SECTORS_PER_BITMAP = 2 ** 23

/** States of payload blocks; 4 and 5 are reserved. Bitmap blocks know only `notPresent` and `fullyPresent`. */
export const blockStates = { notPresent: 0, undefined: 1, zero: 2, unmapped: 3, fullyPresent: 6, partiallyPresent: 7 } as const

export interface VhdxShape {
  readonly size: number
  readonly blockSize: number
  readonly sectorSize: number
  readonly differencing: boolean
}

/** Payload blocks per sector bitmap block. */
export function chunkRatio(shape: VhdxShape): number {
  return (SECTORS_PER_BITMAP * shape.sectorSize) / shape.blockSize
}

export function payloadBlocks(shape: VhdxShape): number {
  return Math.ceil(shape.size / shape.blockSize)
}

/** Entries of the block allocation table, payload and bitmap blocks interleaved. */
export function batEntries(shape: VhdxShape): number {
  const blocks = payloadBlocks(shape)
  const ratio = chunkRatio(shape)
  return shape.differencing ? Math.ceil(blocks / ratio) * (ratio + 1) : blocks + Math.floor((blocks - 1) / ratio)
}

/** Index of a payload block's entry. */
export function payloadIndex(block: number, ratio: number): number {
  return block + Math.floor(block / ratio)
}

/** Index of the entry of the bitmap block that covers a payload block. */
export function bitmapIndex(block: number, ratio: number): number {
  return (Math.floor(block / ratio) + 1) * (ratio + 1) - 1
}

export function isVhdxBlockSize(blockSize: number): boolean {
  return blockSize >= BLOCK_SIZE_MIN && blockSize <= BLOCK_SIZE_MAX && Number.isInteger(Math.log2(blockSize))
}

/** Whether a disk of this size and sector can be a VHDX. */
export function isVhdxSize(size: number, sectorSize: number): boolean {
  return Number.isInteger(size) && size >= VHDX_SIZE_MIN && size <= VHDX_SIZE_MAX && size % sectorSize === 0
}
