/**
 * Where steady load reads and writes.
 *
 * A guest's load is known by its totals only. The pattern gives it places: sequential writes go round in a stretch of the disk as logs and
 * copied files do; random ones come to each block of the working set in turn. Both are laid out so that the blocks touched by any number
 * of operations can be told without going through them, and so that one by one the same operations touch the same blocks.
 */
import type { BlockRequest, DiskLoad } from './block-device.ts'

const SECTOR = 512
/** Guests' stacks split larger transfers; 1 MiB is never more than a block. */
const TRANSFER_SECTORS_MAX = 2048

export interface LoadExtent {
  /** Size of the working set that random access comes to, bytes. */
  readonly scatteredBytes: number
  /** Size of the stretch that sequential writes go round in, bytes. */
  readonly streamBytes: number
}

export const defaultExtent: LoadExtent = { scatteredBytes: 2 * 1024 ** 3, streamBytes: 8 * 1024 ** 3 }

/** How far the pattern has come; saved with its disk. */
export interface LoadCursor {
  /** Next sequential place, sectors from the beginning of the stretch. */
  readonly stream: number
  /** Random operations so far. */
  readonly scattered: number
  /** Thousandths of an operation that belong to the next sequential one: of reads, of writes. */
  readonly readCarry: number
  readonly writeCarry: number
}

export const firstCursor: LoadCursor = { stream: 0, scattered: 0, readCarry: 0, writeCarry: 0 }

/** Operations of one size and kind. */
export interface LoadGroup {
  readonly sequential: boolean
  readonly count: number
  readonly sectors: number
}

/** The stretches of a disk that its load uses, in sectors and blocks. */
export interface LoadLayout {
  readonly blockSectors: number
  /** Blocks of the working set, from the beginning of the disk. */
  readonly scatteredBlocks: number
  /** Usable sectors of each of these blocks. */
  readonly placeSectors: number
  readonly streamStart: number
  readonly streamSectors: number
}

/** Lays the stretches out on a disk; on a small one they share its room. */
export function layoutOf(capacityBytes: number, blockBytes: number, extent: LoadExtent): LoadLayout {
  const sectors = Math.floor(capacityBytes / SECTOR)
  const blockSectors = blockBytes / SECTOR
  const blocks = Math.floor(sectors / blockSectors)
  const scatteredBlocks = Math.max(1, Math.min(blocks, Math.floor(extent.scatteredBytes / blockBytes)))
  const behind = sectors - scatteredBlocks * blockSectors
  const streamStart = behind >= TRANSFER_SECTORS_MAX ? scatteredBlocks * blockSectors : 0
  const wanted = Math.max(TRANSFER_SECTORS_MAX, Math.floor(extent.streamBytes / SECTOR))
  const placeSectors = Math.min(blockSectors, sectors)
  return { blockSectors, scatteredBlocks, placeSectors, streamStart, streamSectors: Math.min(wanted, sectors - streamStart) }
}

/** A load in whole operations and whole sectors, none larger than a transfer. */
function groupsOf(operations: number, bytes: number, share: number, carry: number): { groups: LoadGroup[]; carry: number } {
  const wanted = Math.max(0, Math.round(operations))
  if (wanted === 0) return { groups: [], carry }
  const sectors = Math.max(wanted, Math.round(bytes / SECTOR))
  const count = Math.max(wanted, Math.ceil(sectors / TRANSFER_SECTORS_MAX))
  const thousandths = count * Math.round(Math.min(1, Math.max(0, share)) * 1000) + carry
  const sequential = Math.min(count, Math.floor(thousandths / 1000))
  const size = Math.floor(sectors / count)
  const larger = sectors - size * count
  const groups = [
    { sequential: true, count: Math.min(larger, sequential), sectors: size + 1 },
    { sequential: true, count: Math.max(0, sequential - larger), sectors: size },
    { sequential: false, count: Math.max(0, larger - sequential), sectors: size + 1 },
    { sequential: false, count: count - Math.max(larger, sequential), sectors: size },
  ]
  return { groups: groups.filter((group) => group.count > 0), carry: thousandths - sequential * 1000 }
}

export interface SplitLoad {
  readonly reads: readonly LoadGroup[]
  readonly writes: readonly LoadGroup[]
  readonly readCarry: number
  readonly writeCarry: number
}

/** Splits a load into groups of like operations, reads and writes. */
export function splitLoad(load: DiskLoad, cursor: LoadCursor): SplitLoad {
  const reads = groupsOf(load.reads, load.bytesRead, load.sequentialShare, cursor.readCarry)
  const writes = groupsOf(load.writes, load.bytesWritten, load.sequentialShare, cursor.writeCarry)
  return { reads: reads.groups, writes: writes.groups, readCarry: reads.carry, writeCarry: writes.carry }
}

/** Operations of a group that lie one behind the other: what they cover in sectors, or in blocks that are only touched. */
export interface LoadPart {
  readonly operations: number
  readonly cover: 'sectors' | 'blocks'
  readonly start: number
  readonly end: number
  /** The cursor behind this part. */
  readonly cursor: LoadCursor
}

/** What a group of writes covers, in order, in at most three parts. */
export function partsOf(layout: LoadLayout, group: LoadGroup, from: LoadCursor): LoadPart[] {
  return group.sequential ? streamParts(layout, group, from) : scatteredParts(layout, group, from)
}

function streamParts(layout: LoadLayout, group: LoadGroup, from: LoadCursor): LoadPart[] {
  const parts: LoadPart[] = []
  const perLap = Math.floor(layout.streamSectors / group.sectors)
  const take = (at: number, operations: number, moved: number): void => {
    if (operations === 0) return
    const start = layout.streamStart + at
    const end = start + Math.min(operations, perLap) * group.sectors
    parts.push({ operations, cover: 'sectors', start, end, cursor: { ...from, stream: moved } })
  }
  const first = Math.min(group.count, Math.max(0, Math.floor((layout.streamSectors - from.stream) / group.sectors)))
  take(from.stream, first, from.stream + first * group.sectors)
  const rest = group.count - first
  const lap = Math.min(rest, perLap)
  take(0, lap, lap * group.sectors)
  // Further laps cover what the first whole one has covered.
  const again = rest - lap
  if (again > 0) take(0, again, (((again - 1) % perLap) + 1) * group.sectors)
  return parts
}

function scatteredParts(layout: LoadLayout, group: LoadGroup, from: LoadCursor): LoadPart[] {
  const blocks = layout.scatteredBlocks
  const first = from.scattered % blocks
  const straight = Math.min(group.count, blocks - first)
  const parts: LoadPart[] = [{ operations: straight, cover: 'blocks', start: first, end: first + straight, cursor: moved(from, straight) }]
  const rest = group.count - straight
  if (rest > 0) parts.push({ operations: rest, cover: 'blocks', start: 0, end: Math.min(rest, blocks), cursor: moved(from, group.count) })
  return parts
}

function moved(cursor: LoadCursor, operations: number): LoadCursor {
  return { ...cursor, scattered: cursor.scattered + operations }
}

/** The next single write of a group and the cursor behind it. */
export function nextWrite(
  layout: LoadLayout,
  group: LoadGroup,
  from: LoadCursor,
): { readonly request: BlockRequest; readonly cursor: LoadCursor } {
  const bytes = group.sectors * SECTOR
  if (group.sequential) {
    const at = from.stream + group.sectors > layout.streamSectors ? 0 : from.stream
    return {
      request: { kind: 'write', offsetBytes: (layout.streamStart + at) * SECTOR, bytes },
      cursor: { ...from, stream: at + group.sectors },
    }
  }
  const block = from.scattered % layout.scatteredBlocks
  const round = Math.floor(from.scattered / layout.scatteredBlocks)
  const places = Math.max(1, Math.floor(layout.placeSectors / group.sectors))
  const place = (round * 7 + block * 13) % places
  const sector = block * layout.blockSectors + place * group.sectors
  return { request: { kind: 'write', offsetBytes: sector * SECTOR, bytes }, cursor: moved(from, 1) }
}

/**
 * All operations of a load one by one, in the order in which the summed form takes them, and the cursor behind them. Reads come first, from
 * the beginning of the disk.
 */
export function* requestsOf(layout: LoadLayout, load: DiskLoad, from: LoadCursor): Generator<BlockRequest, LoadCursor> {
  const split = splitLoad(load, from)
  for (const group of split.reads) {
    for (let i = 0; i < group.count; i++) yield { kind: 'read', offsetBytes: 0, bytes: group.sectors * SECTOR }
  }
  let cursor = from
  for (const group of split.writes) {
    for (let i = 0; i < group.count; i++) {
      const next = nextWrite(layout, group, cursor)
      cursor = next.cursor
      yield next.request
    }
  }
  return { ...cursor, readCarry: split.readCarry, writeCarry: split.writeCarry }
}
