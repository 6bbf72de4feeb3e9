/** The footer of a VHD, also kept as a copy at the start of growing files (Virtual Hard Disk Image Format Specification 1.0; formats reference 1.1). */
import { readUuid, writeUuid } from '../guid.ts'
import { GIB } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import type { DiskType } from '../types.ts'
import { type ChsGeometry, chsGeometry } from './geometry.ts'

export const FOOTER_BYTES = 512
/** Some old programs wrote one byte less. */
export const OLD_FOOTER_BYTES = 511
/** Largest disk of the format, all three types. */
export const VHD_SIZE_MAX = 2040 * GIB
export const VHD_SIZE_MIN = 3 * 1024 * 1024
/** Seconds between 1970-01-01 and 2000-01-01. */
const EPOCH = 946_684_800

export interface VhdFooter {
  /** Bit 0: temporary disk; bit 1 is always set. */
  readonly features: number
  /** Where the dynamic header is; null for a fixed disk. */
  readonly dataOffset: number | null
  /** Creation, seconds since 2000-01-01 UTC. */
  readonly timestamp: number
  /** Four characters. */
  readonly creatorApplication: string
  readonly creatorVersion: number
  readonly creatorHost: number
  readonly originalSize: number
  readonly currentSize: number
  readonly geometry: ChsGeometry
  readonly type: DiskType
  readonly uniqueId: string
  /** The virtual machine that used it was saved (Virtual PC). */
  readonly savedState: boolean
}

/** Windows, `Wi2k`. */
export const HOST_WINDOWS = 0x5769326b

/** Seconds since 2000-01-01 UTC, as 32 bits hold them. */
export function vhdTimestamp(unixMs: number): number {
  return Math.min(Math.max(Math.floor(unixMs / 1000) - EPOCH, 0), 0xffffffff)
}

/** Milliseconds since 1970-01-01 UTC of a time stamp. */
export function unixMsOfVhd(timestamp: number): number {
  return (timestamp + EPOCH) * 1000
}

/** One's complement of the sum of all bytes, where the four bytes at `at` count as zeros. */
export function vhdChecksum(data: Uint8Array, at: number): number {
  let sum = 0
  for (const byte of data) sum += byte
  for (const byte of data.subarray(at, at + 4)) sum -= byte
  return ~sum >>> 0
}

const typeNumbers = { fixed: 2, dynamic: 3, differencing: 4 } as const satisfies Record<DiskType, number>

export function encodeFooter(footer: VhdFooter): Buffer {
  const data = Buffer.alloc(FOOTER_BYTES)
  data.write('conectix', 0, 'latin1')
  data.writeUInt32BE(footer.features, 8)
  data.writeUInt32BE(0x00010000, 12)
  data.writeBigUInt64BE(footer.dataOffset === null ? 0xffffffffffffffffn : BigInt(footer.dataOffset), 16)
  data.writeUInt32BE(footer.timestamp, 24)
  data.write(footer.creatorApplication.slice(0, 4).padEnd(4), 28, 'latin1')
  data.writeUInt32BE(footer.creatorVersion, 32)
  data.writeUInt32BE(footer.creatorHost, 36)
  data.writeBigUInt64BE(BigInt(footer.originalSize), 40)
  data.writeBigUInt64BE(BigInt(footer.currentSize), 48)
  data.writeUInt16BE(footer.geometry.cylinders, 56)
  data.writeUInt8(footer.geometry.heads, 58)
  data.writeUInt8(footer.geometry.sectorsPerTrack, 59)
  data.writeUInt32BE(typeNumbers[footer.type], 60)
  writeUuid(data, 68, footer.uniqueId)
  data.writeUInt8(footer.savedState ? 1 : 0, 84)
  data.writeUInt32BE(vhdChecksum(data, 64), 64)
  return data
}

/** Whether a sector begins as a footer does. */
export function hasFooterCookie(data: Buffer): boolean {
  return data.length >= OLD_FOOTER_BYTES && data.toString('latin1', 0, 8) === 'conectix'
}

/** Parses a footer of 511 or 512 bytes and checks each field. Refuses when one is wrong. */
export function decodeFooter(data: Buffer, file: string): VhdFooter {
  if (!hasFooterCookie(data)) refuse('footer-missing', file)
  if (vhdChecksum(data, 64) !== data.readUInt32BE(64)) refuse('footer-checksum', file)
  const version = data.readUInt32BE(12)
  if (version >>> 16 !== 1) refuse('version-unsupported', file, { version: `${version >>> 16}.${version & 0xffff}` })
  const typeNumber = data.readUInt32BE(60)
  const type = (['fixed', 'dynamic', 'differencing'] as const).find((name) => typeNumbers[name] === typeNumber)
  if (type === undefined) refuse('type-invalid', file, { type: typeNumber })
  const currentSize = data.readBigUInt64BE(48)
  if (currentSize === 0n || currentSize > BigInt(VHD_SIZE_MAX) || currentSize % 512n !== 0n) {
    refuse('size-invalid', file, { size: String(currentSize) })
  }
  const dataOffset = data.readBigUInt64BE(16)
  if (type !== 'fixed' && (dataOffset < 512n || dataOffset % 512n !== 0n || dataOffset > BigInt(VHD_SIZE_MAX))) {
    refuse('footer-corrupt', file, { detail: `the dynamic header cannot be at ${dataOffset}` })
  }
  return {
    features: data.readUInt32BE(8),
    dataOffset: type === 'fixed' ? null : Number(dataOffset),
    timestamp: data.readUInt32BE(24),
    creatorApplication: data.toString('latin1', 28, 32),
    creatorVersion: data.readUInt32BE(32),
    creatorHost: data.readUInt32BE(36),
    // Only ever shown; an absurd one does no harm.
    originalSize: Math.min(Number(data.readBigUInt64BE(40)), Number.MAX_SAFE_INTEGER),
    currentSize: Number(currentSize),
    geometry: { cylinders: data.readUInt16BE(56), heads: data.readUInt8(58), sectorsPerTrack: data.readUInt8(59) },
    type,
    uniqueId: readUuid(data, 68),
    savedState: data.readUInt8(84) !== 0,
  }
}

/** The same footer with another size and the geometry that belongs to it. The original size stays. */
export function resizedFooter(footer: VhdFooter, size: number): VhdFooter {
  return { ...footer, currentSize: size, geometry: chsGeometry(size) }
}
