/** Dynamic memory protocol (devices reference 6.1; linux: drivers/hv/hv_balloon.c). Raw in-band packets, sizes in 4 KiB pages. */
import { type MessageOf, messageSet } from '../message-set.ts'
import { padding, struct, u32, u64, type WireReader, type WireType } from '../wire.ts'

/** Versions as major << 16 | minor. */
export const memoryVersion = { v0_3: 0x00000003, v1_0: 0x00010000, v2_0: 0x00020000 } as const
export type MemoryVersion = (typeof memoryVersion)[keyof typeof memoryVersion]

/** All versions, newest first. */
export const memoryVersions: readonly MemoryVersion[] = [0x00020000, 0x00010000, 0x00000003]

/** Highest version of a host release. 2008 and 2008 R2 without service pack have no dynamic memory. */
export const memoryVersionOfHost: Readonly<Record<string, MemoryVersion>> = {
  '2008 R2': memoryVersion.v0_3,
  '2012': memoryVersion.v1_0,
  '2012 R2': memoryVersion.v1_0,
  '2016': memoryVersion.v2_0,
  '2019': memoryVersion.v2_0,
  '2022': memoryVersion.v2_0,
  '2025': memoryVersion.v2_0,
}

/** Capability bits; the hot-add alignment n (2^n MiB) stands in bits 2–5. */
export const memoryCapability = { balloon: 1, hotAdd: 2 } as const

/** Linux's alignment: 2^7 MiB = 128 MiB. */
export const linuxHotAddAlignment = 7

export function capabilitiesWord(balloon: boolean, hotAdd: boolean, alignment: number): number {
  return (balloon ? memoryCapability.balloon : 0) | (hotAdd ? memoryCapability.hotAdd : 0) | ((alignment & 15) << 2)
}

/** Hot-add alignment in MiB of a capability word. */
export function hotAddAlignmentMb(word: number): number {
  return 2 ** ((word >>> 2) & 15)
}

/** Most ranges in one message of a client (about 4 KiB). */
export const memoryRangesMax = 510
/** Pages in the 2 MiB blocks that ballooning asks for. */
export const balloonBlockPages = 512

/** A run of pages: first page frame (40 bits) and count (24 bits). */
export interface MemoryRange {
  readonly start: number
  readonly count: number
}

const range: WireType<MemoryRange> = {
  shape: {
    kind: 'struct',
    fields: [
      ['start', { kind: 'integer', min: 0, max: 2 ** 40 - 1 }],
      ['count', { kind: 'integer', min: 0, max: 2 ** 24 - 1 }],
    ],
  },
  size: () => 8,
  write(writer, { start, count }) {
    if (start < 0 || start >= 2 ** 40 || count < 0 || count >= 2 ** 24) throw new RangeError(`range ${start}+${count}`)
    u32.write(writer, start % 2 ** 32)
    u32.write(writer, Math.floor(start / 2 ** 32) + count * 256)
  },
  read(reader) {
    const low = u32.read(reader)
    const high = u32.read(reader)
    return { start: (high % 256) * 2 ** 32 + low, count: Math.floor(high / 256) }
  },
}

/** `more` (bit 0) and the number of ranges, then the ranges. */
interface RangeList {
  readonly more: boolean
  readonly ranges: readonly MemoryRange[]
}

const rangeListShape = {
  kind: 'struct',
  fields: [
    ['more', { kind: 'boolean' }],
    ['ranges', { kind: 'list', max: memoryRangesMax, item: range.shape }],
  ],
} as const

function readRanges(reader: WireReader, count: number): readonly MemoryRange[] {
  if (count > memoryRangesMax) reader.fail(`${count} ranges`)
  const ranges: MemoryRange[] = []
  for (let i = 0; i < count && reader.failure === undefined; i++) ranges.push(range.read(reader))
  return ranges
}

/** BALLOON_RESPONSE: reserved u32, then bit 0 more and 31 bits of count in one u32. */
const balloonRanges: WireType<RangeList> = {
  shape: rangeListShape,
  size: (value) => 8 + 8 * value.ranges.length,
  write(writer, value) {
    u32.write(writer, 0)
    u32.write(writer, value.ranges.length * 2 + (value.more ? 1 : 0))
    for (const item of value.ranges) range.write(writer, item)
  },
  read(reader) {
    u32.read(reader)
    const word = u32.read(reader)
    return { more: word % 2 === 1, ranges: readRanges(reader, Math.floor(word / 2)) }
  },
}

/** UNBALLOON_REQUEST: more u32, count u32. */
const unballoonRanges: WireType<RangeList> = {
  shape: rangeListShape,
  size: (value) => 8 + 8 * value.ranges.length,
  write(writer, value) {
    u32.write(writer, value.more ? 1 : 0)
    u32.write(writer, value.ranges.length)
    for (const item of value.ranges) range.write(writer, item)
  },
  read(reader) {
    const more = u32.read(reader)
    if (more > 1) reader.fail(`more = ${more}`)
    return { more: more === 1, ranges: readRanges(reader, u32.read(reader)) }
  },
}

/** Range to add, and from 1.0 on the region to reserve of which it is a part. */
const hotAddRanges: WireType<{ readonly range: MemoryRange; readonly region?: MemoryRange | undefined }> = {
  shape: { kind: 'struct', fields: [['range', range.shape]] },
  size: (value) => (value.region === undefined ? 8 : 16),
  write(writer, value) {
    range.write(writer, value.range)
    if (value.region !== undefined) range.write(writer, value.region)
  },
  read(reader) {
    const first = range.read(reader)
    return reader.bytes.length - reader.at >= 8 ? { range: first, region: range.read(reader) } : { range: first }
  },
}

/** Splices a fields' type behind the transaction id that every message starts with. */
function withId<T extends object>(rest: WireType<T>): WireType<{ readonly transactionId: number } & T> {
  const fields = rest.shape.kind === 'struct' ? rest.shape.fields : []
  return {
    shape: { kind: 'struct', fields: [['transactionId', u32.shape], ...fields] },
    size: (value) => 4 + rest.size(value),
    write(writer, value) {
      u32.write(writer, value.transactionId)
      rest.write(writer, value)
    },
    read(reader) {
      const transactionId = u32.read(reader)
      return { transactionId, ...rest.read(reader) }
    },
  }
}

const table = {
  versionRequest: [1, withId(struct({ version: u32, lastAttempt: u32 }))],
  versionResponse: [2, withId(struct({ accepted: u64 }))],
  capabilitiesReport: [3, withId(struct({ capabilities: u64, minPages: u64, maxPageNumber: u64 }))],
  capabilitiesResponse: [4, withId(struct({ accepted: u64 }))],
  statusReport: [5, withId(struct({ available: u64, committed: u64, pageFile: u64, zeroFree: u64, pageFileWrites: u32, ioDiff: u32 }))],
  balloonRequest: [6, withId(struct({ pages: u32, _reserved: padding(4) }))],
  balloonResponse: [7, withId(balloonRanges)],
  unballoonRequest: [8, withId(unballoonRanges)],
  unballoonResponse: [9, withId(struct({}))],
  hotAddRequest: [10, withId(hotAddRanges)],
  /** `result`: 1 = done. */
  hotAddResponse: [11, withId(struct({ pages: u32, result: u32 }))],
  /** Type 0 = maximum pages. */
  info: [12, withId(struct({ _reserved: padding(4), infoBytes: u32, type: u32, length: u32, value: u64 }))],
} as const

export type MemoryMessage = MessageOf<typeof table>

/** Header `type u16, size u16 (with header)`. */
export const memoryMessages = messageSet({ typeBytes: 2, sizeBytes: 2, sizeOf: 'message' }, table)
