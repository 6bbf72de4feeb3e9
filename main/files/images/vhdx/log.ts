/**
 * The log: changes of tables and bitmaps go through it, so that a crash leaves either the old or the new ones ([MS-VHDX] 2.3; formats
 * reference 2.4).
 *
 * Each entry written here is complete by itself (its tail is its own start), because everything that an earlier entry changed is on the disk
 * before the next one is written. Reading accepts any sequence of entries that the format allows.
 */
import { crc32c } from '../crc32c.ts'
import { readGuid, writeGuid } from '../guid.ts'
import { type ImageFile, MIB, roundUp } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import type { VhdxHeader } from './headers.ts'
import { PAGE, REGION_TABLE_OFFSETS } from './layout.ts'

const ENTRY_HEADER_BYTES = 64
const DESCRIPTOR_BYTES = 32
/** A sound log never needs more checksums than this many times its length; only a made-up one does. */
const CHECKSUM_BUDGET = 4
/** Zero descriptors may clear a new table, never more than this. */
const ZEROS_MAX = 1024 * MIB

/** Pages of 4 KiB that one entry changes, by their place in the file. */
export type LogPages = ReadonlyMap<number, Buffer>

interface EntryFacts {
  readonly logGuid: string
  readonly sequence: bigint
  /** Where in the log the entry begins. */
  readonly at: number
  /** Length of the file when the entry is written. */
  readonly fileSize: number
}

/** Bytes of an entry that changes so many pages. */
export function entryBytes(pages: number): number {
  return roundUp(ENTRY_HEADER_BYTES + pages * DESCRIPTOR_BYTES, PAGE) + pages * PAGE
}

export function encodeEntry(pages: LogPages, facts: EntryFacts): Buffer {
  const data = Buffer.alloc(entryBytes(pages.size))
  data.write('loge', 0, 'latin1')
  data.writeUInt32LE(data.length, 8)
  data.writeUInt32LE(facts.at, 12)
  data.writeBigUInt64LE(facts.sequence, 16)
  data.writeUInt32LE(pages.size, 24)
  writeGuid(data, 32, facts.logGuid)
  data.writeBigUInt64LE(BigInt(facts.fileSize), 48)
  data.writeBigUInt64LE(BigInt(facts.fileSize), 56)
  let descriptor = ENTRY_HEADER_BYTES
  let sector = roundUp(ENTRY_HEADER_BYTES + pages.size * DESCRIPTOR_BYTES, PAGE)
  for (const [offset, page] of pages) {
    data.write('desc', descriptor, 'latin1')
    page.copy(data, descriptor + 4, PAGE - 4, PAGE)
    page.copy(data, descriptor + 8, 0, 8)
    data.writeBigUInt64LE(BigInt(offset), descriptor + 16)
    data.writeBigUInt64LE(facts.sequence, descriptor + 24)
    data.write('data', sector, 'latin1')
    data.writeUInt32LE(Number(facts.sequence >> 32n), sector + 4)
    page.copy(data, sector + 8, 8, PAGE - 4)
    data.writeUInt32LE(Number(facts.sequence & 0xffffffffn), sector + PAGE - 4)
    descriptor += DESCRIPTOR_BYTES
    sector += PAGE
  }
  data.writeUInt32LE(crc32c(data, 4), 4)
  return data
}

interface LogEntry {
  readonly at: number
  readonly bytes: Buffer
  readonly tail: number
  readonly sequence: bigint
  readonly descriptors: number
  readonly flushedSize: number
  readonly lastSize: number
}

type Change =
  | { readonly kind: 'page'; readonly offset: number; readonly page: Buffer }
  | { readonly kind: 'zero'; readonly offset: number; readonly length: number }

/** What replaying a log would do. */
interface LogReplay {
  readonly changes: readonly Change[]
  /** Length that the file has at least afterwards. */
  readonly fileSize: number
}

/** Finds the newest whole sequence of entries and checks all that it would change. Changes nothing. Refuses a log without one. */
export function readLog(file: ImageFile, header: VhdxHeader): LogReplay {
  const corrupt = (detail: string): never => refuse('log-corrupt', file.path, { detail })
  const log = file.read(header.logOffset, header.logLength)
  const entries = findEntries(log, header.logGuid, corrupt)
  const sequence = newestSequence(entries, log.length)
  const head = sequence.at(-1)
  if (head === undefined) return corrupt('it holds no whole entry')
  if (file.size < head.flushedSize) refuse('file-too-short', file.path, { needed: head.flushedSize, size: file.size })
  const fileSize = sequence.reduce((most, entry) => Math.max(most, entry.lastSize), 0)
  // The file grows at most by what one entry can describe; a larger promise is a trick to fill the disk.
  if (fileSize > file.size + ZEROS_MAX) corrupt(`it claims a file of ${fileSize} bytes`)
  const changes: Change[] = []
  let zeros = 0
  for (const entry of sequence) {
    for (const change of readChanges(entry, corrupt)) {
      const length = change.kind === 'page' ? PAGE : change.length
      zeros += change.kind === 'zero' ? length : 0
      if (zeros > ZEROS_MAX) corrupt('it clears more than any table has')
      const inside = change.offset >= REGION_TABLE_OFFSETS[0] && change.offset + length <= Math.max(fileSize, file.size)
      const onLog = change.offset < header.logOffset + header.logLength && change.offset + length > header.logOffset
      if (!inside || onLog) corrupt(`it would change ${length} bytes at ${change.offset}`)
      changes.push(change)
    }
  }
  return { changes, fileSize }
}

/** Carries a replay out and waits until it is on the disk. */
export function replayLog(file: ImageFile, replay: LogReplay): void {
  file.extend(replay.fileSize)
  for (const change of replay.changes) {
    if (change.kind === 'page') file.write(change.offset, change.page)
    else file.clear(change.offset, change.length)
  }
  file.sync()
}

/** All valid entries, by where they begin. */
function findEntries(log: Buffer, logGuid: string, corrupt: (detail: string) => never): Map<number, LogEntry> {
  const entries = new Map<number, LogEntry>()
  let checked = 0
  for (let at = 0; at < log.length; at += PAGE) {
    if (log.toString('latin1', at, at + 4) !== 'loge' || readGuid(log, at + 32) !== logGuid) continue
    const length = log.readUInt32LE(at + 8)
    const descriptors = log.readUInt32LE(at + 24)
    const tail = log.readUInt32LE(at + 12)
    const sequence = log.readBigUInt64LE(at + 16)
    const headBytes = roundUp(ENTRY_HEADER_BYTES + descriptors * DESCRIPTOR_BYTES, PAGE)
    if (length === 0 || length % PAGE !== 0 || length > log.length || headBytes > length || sequence === 0n) continue
    if (tail % PAGE !== 0 || tail >= log.length) continue
    checked += length
    if (checked > log.length * CHECKSUM_BUDGET) corrupt('its entries overlap')
    const bytes = circular(log, at, length)
    if (bytes.readUInt32LE(4) !== crc32c(bytes, 4)) continue
    const flushedSize = Number(bytes.readBigUInt64LE(48))
    const lastSize = Number(bytes.readBigUInt64LE(56))
    entries.set(at, { at, bytes, tail, sequence, descriptors, flushedSize, lastSize })
  }
  return entries
}

/** A part of the log that may go on at its start. */
function circular(log: Buffer, at: number, length: number): Buffer {
  if (at + length <= log.length) return log.subarray(at, at + length)
  return Buffer.concat([log.subarray(at), log.subarray(0, at + length - log.length)])
}

/** Entries from the tail of the newest head to that head; empty when no head has all its entries. */
function newestSequence(entries: ReadonlyMap<number, LogEntry>, logLength: number): LogEntry[] {
  const heads = [...entries.values()].toSorted((a, b) => (a.sequence < b.sequence ? 1 : a.sequence > b.sequence ? -1 : 0))
  for (const head of heads) {
    const sequence: LogEntry[] = []
    let entry = entries.get(head.tail)
    // Sequence numbers rise by one from entry to entry, so that this ends.
    while (entry !== undefined && entry.sequence <= head.sequence) {
      sequence.push(entry)
      if (entry === head) return sequence
      const next = entries.get((entry.at + entry.bytes.length) % logLength)
      if (next === undefined || next.sequence !== entry.sequence + 1n) break
      entry = next
    }
  }
  return []
}

function readChanges(entry: LogEntry, corrupt: (detail: string) => never): Change[] {
  const changes: Change[] = []
  const { bytes } = entry
  let sector = roundUp(ENTRY_HEADER_BYTES + entry.descriptors * DESCRIPTOR_BYTES, PAGE)
  for (let i = 0; i < entry.descriptors; i++) {
    const at = ENTRY_HEADER_BYTES + i * DESCRIPTOR_BYTES
    const kind = bytes.toString('latin1', at, at + 4)
    const offset = Number(bytes.readBigUInt64LE(at + 16))
    if (bytes.readBigUInt64LE(at + 24) !== entry.sequence || offset % PAGE !== 0) corrupt('a descriptor does not belong to its entry')
    if (kind === 'zero') {
      const length = Number(bytes.readBigUInt64LE(at + 8))
      if (length % PAGE !== 0) corrupt('a descriptor does not belong to its entry')
      if (length > 0) changes.push({ kind: 'zero', offset, length })
      continue
    }
    if (kind !== 'desc' || sector + PAGE > bytes.length) corrupt('a descriptor is unknown')
    const sequence = (BigInt(bytes.readUInt32LE(sector + 4)) << 32n) | BigInt(bytes.readUInt32LE(sector + PAGE - 4))
    if (bytes.toString('latin1', sector, sector + 4) !== 'data' || sequence !== entry.sequence) corrupt('a data sector is torn')
    const page = Buffer.from(bytes.subarray(sector, sector + PAGE))
    bytes.copy(page, 0, at + 8, at + 16)
    bytes.copy(page, PAGE - 4, at + 4, at + 8)
    changes.push({ kind: 'page', offset, page })
    sector += PAGE
  }
  return changes
}
