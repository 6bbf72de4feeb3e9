/** File identifier and the two headers, of which the one with the higher sequence number counts ([MS-VHDX] 2.2; formats reference 2.1, 2.2). */
import { crc32c } from '../crc32c.ts'
import { NIL_GUID, readGuid, writeGuid } from '../guid.ts'
import type { ImageFile } from '../image-file.ts'
import { MIB } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import { ALIGNMENT, HEADER_BYTES, HEADER_OFFSETS, HEADER_SECTION_BYTES } from './layout.ts'

export interface VhdxHeader {
  readonly sequence: bigint
  readonly fileWriteGuid: string
  readonly dataWriteGuid: string
  /** All zeros when the log is empty. */
  readonly logGuid: string
  readonly logOffset: number
  readonly logLength: number
}

export interface CurrentHeader {
  readonly header: VhdxHeader
  /** Which of the two places holds it. */
  readonly slot: 0 | 1
}

/** Windows writes logs of 1 MiB. A larger one than this is not searched. */
const LOG_LENGTH_MAX = 64 * MIB

/** The file identifier: signature and the name of the program that made the file. */
export function encodeIdentifier(creator: string): Buffer {
  const data = Buffer.alloc(8 + 512)
  data.write('vhdxfile', 0, 'latin1')
  data.write(creator.slice(0, 255), 8, 'utf16le')
  return data
}

/** Name of the program that made the file. */
export function decodeCreator(data: Buffer): string {
  return (data.toString('utf16le', 8, 520).split('\0')[0] ?? '').trim()
}

export function encodeHeader(header: VhdxHeader): Buffer {
  const data = Buffer.alloc(HEADER_BYTES)
  data.write('head', 0, 'latin1')
  data.writeBigUInt64LE(header.sequence, 8)
  writeGuid(data, 16, header.fileWriteGuid)
  writeGuid(data, 32, header.dataWriteGuid)
  writeGuid(data, 48, header.logGuid)
  data.writeUInt16LE(1, 66)
  data.writeUInt32LE(header.logLength, 68)
  data.writeBigUInt64LE(BigInt(header.logOffset), 72)
  data.writeUInt32LE(crc32c(data, 4), 4)
  return data
}

/** The header in a buffer of 4 KiB; null when signature or checksum is wrong. */
function decodeHeader(data: Buffer, file: string): VhdxHeader | null {
  if (data.toString('latin1', 0, 4) !== 'head' || data.readUInt32LE(4) !== crc32c(data, 4)) return null
  const version = data.readUInt16LE(66)
  const logVersion = data.readUInt16LE(64)
  if (version !== 1 || logVersion !== 0) refuse('version-unsupported', file, { version: `${version}, log ${logVersion}` })
  return {
    sequence: data.readBigUInt64LE(8),
    fileWriteGuid: readGuid(data, 16),
    dataWriteGuid: readGuid(data, 32),
    logGuid: readGuid(data, 48),
    logOffset: Math.min(Number(data.readBigUInt64LE(72)), Number.MAX_SAFE_INTEGER),
    logLength: data.readUInt32LE(68),
  }
}

/** Reads both headers and answers the one that counts. */
export function readHeader(file: ImageFile): CurrentHeader {
  const pages = HEADER_OFFSETS.map((offset) => file.read(offset, HEADER_BYTES))
  const [first, second] = pages.map((page) => decodeHeader(page, file.path))
  const current = newer(first ?? null, second ?? null)
  if (current === null) return refuse('header-corrupt', file.path)
  if (first && second && first.sequence === second.sequence && !pages[0]?.equals(pages[1] ?? Buffer.alloc(0))) {
    return refuse('header-corrupt', file.path)
  }
  checkLogPlace(current.header, file)
  return current
}

function newer(first: VhdxHeader | null, second: VhdxHeader | null): CurrentHeader | null {
  if (first !== null && (second === null || first.sequence >= second.sequence)) return { header: first, slot: 0 }
  return second === null ? null : { header: second, slot: 1 }
}

function checkLogPlace({ logOffset, logLength, logGuid }: VhdxHeader, file: ImageFile): void {
  const corrupt = (detail: string): never => refuse('log-corrupt', file.path, { detail })
  if (logOffset < HEADER_SECTION_BYTES || logOffset % ALIGNMENT !== 0 || logLength % ALIGNMENT !== 0) {
    corrupt(`it cannot have ${logLength} bytes at ${logOffset}`)
  }
  if (logGuid === NIL_GUID) return
  if (logLength === 0 || logLength > LOG_LENGTH_MAX) corrupt(`a length of ${logLength} bytes is not supported`)
  if (logOffset + logLength > file.size) corrupt('it lies outside the file')
}

/** Writes a header with the next sequence number to the place that does not count, and waits until it does. */
export function writeHeader(file: ImageFile, current: CurrentHeader, change: Partial<VhdxHeader>, durable: boolean): CurrentHeader {
  const header = { ...current.header, ...change, sequence: (current.header.sequence + 1n) & 0xffffffffffffffffn }
  const slot = current.slot === 0 ? 1 : 0
  // What the new header promises must be on the disk before it, and it before anything that builds on it.
  if (durable) file.sync()
  file.write(HEADER_OFFSETS[slot], encodeHeader(header))
  if (durable) file.sync()
  return { header, slot }
}
