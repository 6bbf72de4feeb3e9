/** Reading a disk's partition table as far as shrinking needs it: MBR and GPT (UEFI specification 5; formats reference 3.1). */
import { crc32 } from 'node:zlib'
import { MIB } from './image-file.ts'

/** Reads a part of a disk as its guest sees it. */
export type ReadDisk = (offset: number, length: number) => Buffer

export interface PartitionEnd {
  readonly style: 'mbr' | 'gpt'
  /** Byte behind the last partition. */
  readonly end: number
  /** Bytes that the table itself needs behind the last partition: the second copy of a GPT. */
  readonly trailer: number
}

/** Entries of a GPT: 128 of 128 bytes everywhere; a larger array than this is not read. */
const GPT_ENTRIES_BYTES_MAX = MIB

/** Where the last partition ends; null when there is no partition table that makes sense. */
export function partitionEnd(read: ReadDisk, size: number, sectorSize: number): PartitionEnd | null {
  if (size < sectorSize * 3) return null
  const mbr = read(0, sectorSize)
  if (mbr.readUInt16LE(510) !== 0xaa55) return null
  const entries = [0, 1, 2, 3].map((index) => {
    const at = 446 + index * 16
    return { type: mbr.readUInt8(at + 4), end: (mbr.readUInt32LE(at + 8) + mbr.readUInt32LE(at + 12)) * sectorSize }
  })
  if (entries.some(({ type }) => type === 0xee)) return gptEnd(read, size, sectorSize)
  const used = entries.filter(({ type, end }) => type !== 0 && end <= size)
  const end = Math.max(0, ...used.map((entry) => entry.end))
  return { style: 'mbr', end: Math.max(end, sectorSize), trailer: 0 }
}

interface GptHeader {
  readonly bytes: Buffer
  readonly headerBytes: number
  readonly entriesBytes: number
  readonly entries: Buffer
}

function readGpt(read: ReadDisk, size: number, sectorSize: number): GptHeader | null {
  const bytes = read(sectorSize, sectorSize)
  const headerBytes = bytes.readUInt32LE(12)
  if (bytes.toString('latin1', 0, 8) !== 'EFI PART' || headerBytes < 92 || headerBytes > sectorSize) return null
  if (checksum(bytes.subarray(0, headerBytes)) !== bytes.readUInt32LE(16)) return null
  const start = Number(bytes.readBigUInt64LE(72)) * sectorSize
  const entryBytes = bytes.readUInt32LE(84)
  const entriesBytes = bytes.readUInt32LE(80) * entryBytes
  if (entryBytes < 128 || entryBytes % 128 !== 0 || entriesBytes === 0 || entriesBytes > GPT_ENTRIES_BYTES_MAX) return null
  const whole = Math.ceil(entriesBytes / sectorSize) * sectorSize
  if (start < sectorSize * 2 || start + whole > size) return null
  const entries = read(start, whole)
  if (crc32(entries.subarray(0, entriesBytes)) !== bytes.readUInt32LE(88)) return null
  return { bytes, headerBytes, entriesBytes, entries }
}

function gptEnd(read: ReadDisk, size: number, sectorSize: number): PartitionEnd | null {
  const gpt = readGpt(read, size, sectorSize)
  if (gpt === null) return null
  const entryBytes = gpt.bytes.readUInt32LE(84)
  let end = Number(gpt.bytes.readBigUInt64LE(40)) * sectorSize
  for (let at = 0; at < gpt.entriesBytes; at += entryBytes) {
    const isUsed = gpt.entries.subarray(at, at + 16).some((byte) => byte !== 0)
    if (isUsed) end = Math.max(end, (Number(gpt.entries.readBigUInt64LE(at + 40)) + 1) * sectorSize)
  }
  return end > size ? null : { style: 'gpt', end, trailer: gpt.entries.length + sectorSize }
}

/** A part of a disk to be written. */
export interface DiskPatch {
  readonly offset: number
  readonly data: Buffer
}

/** What must be written so that a GPT fits a disk of another size: both headers, and the second copy of the entries at the new end. */
export function movedGpt(read: ReadDisk, oldSize: number, newSize: number, sectorSize: number): DiskPatch[] {
  const gpt = readGpt(read, oldSize, sectorSize)
  if (gpt === null) return []
  const lastSector = newSize / sectorSize - 1
  const backupEntries = lastSector - gpt.entries.length / sectorSize
  const primary = Buffer.from(gpt.bytes)
  primary.writeBigUInt64LE(BigInt(lastSector), 32)
  primary.writeBigUInt64LE(BigInt(backupEntries - 1), 48)
  seal(primary, gpt.headerBytes)
  const backup = Buffer.from(primary)
  backup.writeBigUInt64LE(BigInt(lastSector), 24)
  backup.writeBigUInt64LE(1n, 32)
  backup.writeBigUInt64LE(BigInt(backupEntries), 72)
  seal(backup, gpt.headerBytes)
  return [
    { offset: backupEntries * sectorSize, data: gpt.entries },
    { offset: lastSector * sectorSize, data: backup },
    { offset: sectorSize, data: primary },
  ]
}

function seal(header: Buffer, headerBytes: number): void {
  header.writeUInt32LE(checksum(header.subarray(0, headerBytes)), 16)
}

/** CRC-32 of a header, its own checksum counted as zero. */
function checksum(header: Buffer): number {
  const copy = Buffer.from(header)
  copy.writeUInt32LE(0, 16)
  return crc32(copy)
}
