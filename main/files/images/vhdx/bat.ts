/** The block allocation table of a VHDX: one entry per payload block and per sector bitmap block ([MS-VHDX] 2.5; formats reference 2.5). */
import { OverlapCheck } from '../block-overlap.ts'
import { type ImageFile, isZero, MIB, roundUp } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import type { Journal } from './journal.ts'
import {
  BITMAP_BLOCK_BYTES,
  batEntries,
  blockStates,
  chunkRatio,
  HEADER_SECTION_BYTES,
  PAGE,
  payloadBlocks,
  payloadIndex,
  type VhdxShape,
} from './layout.ts'
import type { Region } from './regions.ts'

const ENTRIES_PER_PAGE = PAGE / 8

export interface BatEntry {
  readonly state: number
  /** Byte in the file; 0 when the block has no place. */
  readonly offset: number
}

/** Low half: state in bits 0–2, offset in MiB from bit 20 on; the high half goes on with the offset. */
function entryOffset(low: number, high: number): number {
  return ((low >>> 20) + high * 4096) * MIB
}

/** Access to single entries through the journal. */
export class BlockTable {
  readonly #journal: Journal
  readonly offset: number

  constructor(journal: Journal, offset: number) {
    this.#journal = journal
    this.offset = offset
  }

  get(index: number): BatEntry {
    const page = this.#journal.page(this.#pageOf(index))
    const at = (index % ENTRIES_PER_PAGE) * 8
    const low = page.readUInt32LE(at)
    return { state: low & 7, offset: entryOffset(low, page.readUInt32LE(at + 4)) }
  }

  set(index: number, entry: BatEntry): void {
    const page = this.#journal.change(this.#pageOf(index))
    const at = (index % ENTRIES_PER_PAGE) * 8
    const units = entry.offset / MIB
    page.writeUInt32LE((((units % 4096) << 20) | entry.state) >>> 0, at)
    page.writeUInt32LE(Math.floor(units / 4096), at + 4)
  }

  /** How many entries from `index` on are sure to be empty, looking no further than one page; 0 when the page has any other. */
  emptyRun(index: number): number {
    const page = this.#journal.page(this.#pageOf(index))
    const first = index % ENTRIES_PER_PAGE
    return isZero(page, first * 8) ? ENTRIES_PER_PAGE - first : 0
  }

  #pageOf(index: number): number {
    return this.offset + Math.floor(index / ENTRIES_PER_PAGE) * PAGE
  }
}

/** Whether a block in this state has bytes of its own in the file. */
export function hasData(state: number): boolean {
  return state === blockStates.fullyPresent || state === blockStates.partiallyPresent
}

/**
 * Whether a block without data keeps a place that nothing else may use: trimmed blocks do, and all blocks of fixed disks. In other states the
 * offset means nothing.
 */
export function keepsPlace({ state, offset }: BatEntry, fixed: boolean): boolean {
  return offset !== 0 && (state === blockStates.unmapped || (fixed && state !== blockStates.notPresent))
}

/** Bytes that the last block of a disk needs in the file: where the disk ends inside it, the rest may be missing. */
function lastBlockBytes(shape: VhdxShape): number {
  return roundUp(shape.size - (payloadBlocks(shape) - 1) * shape.blockSize, MIB)
}

/**
 * Checks all entries: known states, places inside the file, apart from each other and from the regions. Reads the table in pieces of 1 MiB, so
 * that its size does not matter. Answers where the last block ends.
 */
export function checkTable(file: ImageFile, region: Region, shape: VhdxShape, fixed: boolean, occupied: readonly Region[]): number {
  const entries = batEntries(shape)
  const ratio = chunkRatio(shape)
  const blocks = payloadBlocks(shape)
  if (entries * 8 > region.length) {
    refuse('bat-corrupt', file.path, { detail: `its region has ${region.length} bytes, ${entries * 8} are needed` })
  }
  const check = new PlaceCheck(file, shape, fixed, occupied)
  for (let first = 0; first < entries; first += MIB / 8) {
    const count = Math.min(MIB / 8, entries - first)
    const piece = file.read(region.offset + first * 8, count * 8)
    if (isZero(piece)) continue
    for (let i = 0; i < count; i++) {
      const low = piece.readUInt32LE(i * 8)
      const high = piece.readUInt32LE(i * 8 + 4)
      if (low === 0 && high === 0) continue
      const entry = { state: low & 7, offset: entryOffset(low, high) }
      const index = first + i
      const isBitmap = (index + 1) % (ratio + 1) === 0
      const block = index - Math.floor(index / (ratio + 1))
      if (isBitmap) check.bitmap(block, entry)
      // Entries of a last, partly used chunk stand for no block.
      else if (block < blocks && payloadIndex(block, ratio) === index) check.payload(block, entry)
    }
  }
  return check.end()
}

class PlaceCheck {
  readonly #file: ImageFile
  readonly #shape: VhdxShape
  readonly #fixed: boolean
  readonly #occupied: readonly Region[]
  readonly #lastBlock: number
  readonly #lastBytes: number
  readonly #payloads: OverlapCheck
  /** Bitmap blocks are few: one per 4 GiB of disk. */
  readonly #bitmaps: number[] = []
  readonly #payloadStarts: number[] = []
  #end: number

  constructor(file: ImageFile, shape: VhdxShape, fixed: boolean, occupied: readonly Region[]) {
    this.#file = file
    this.#shape = shape
    this.#fixed = fixed
    this.#occupied = occupied
    this.#lastBlock = payloadBlocks(shape) - 1
    this.#lastBytes = lastBlockBytes(shape)
    this.#payloads = new OverlapCheck(shape.blockSize, file.size)
    this.#end = Math.max(HEADER_SECTION_BYTES, ...occupied.map(({ offset, length }) => offset + length))
  }

  payload(block: number, entry: BatEntry): void {
    const { state } = entry
    const reserved = state === 4 || state === 5
    if (reserved || (state === blockStates.partiallyPresent && !this.#shape.differencing)) {
      refuse('bat-corrupt', this.#file.path, { detail: `block ${block} has the state ${state}` })
    }
    if (!hasData(state) && !keepsPlace(entry, this.#fixed)) return
    this.#place(block, entry.offset, block === this.#lastBlock ? this.#lastBytes : this.#shape.blockSize)
    if (!this.#payloads.add(entry.offset)) refuse('blocks-overlap', this.#file.path, { offset: entry.offset })
    if (this.#shape.differencing) this.#payloadStarts.push(entry.offset)
  }

  bitmap(block: number, entry: BatEntry): void {
    if (entry.state === blockStates.notPresent) return
    if (!this.#shape.differencing) return
    if (entry.state !== blockStates.fullyPresent) {
      refuse('bat-corrupt', this.#file.path, { detail: `the sector bitmap of block ${block} has the state ${entry.state}` })
    }
    this.#place(block, entry.offset, BITMAP_BLOCK_BYTES)
    this.#bitmaps.push(entry.offset)
  }

  /** Where the last block ends. Refuses blocks that share bytes. */
  end(): number {
    const shared = this.#payloads.firstShared() ?? this.#sharedBitmap()
    if (shared !== null) refuse('blocks-overlap', this.#file.path, { offset: shared })
    return this.#end
  }

  #sharedBitmap(): number | null {
    if (this.#bitmaps.length === 0) return null
    // Twice the start, odd for a bitmap: sorts by place and tells the length.
    const marks = new Float64Array(this.#bitmaps.length + this.#payloadStarts.length)
    marks.set(this.#bitmaps.map((start) => start * 2 + 1))
    marks.set(
      this.#payloadStarts.map((start) => start * 2),
      this.#bitmaps.length,
    )
    marks.sort()
    let end = 0
    for (const mark of marks) {
      const start = Math.floor(mark / 2)
      if (start < end) return start
      end = start + (mark % 2 === 1 ? BITMAP_BLOCK_BYTES : this.#shape.blockSize)
    }
    return null
  }

  #place(block: number, offset: number, length: number): void {
    if (offset < HEADER_SECTION_BYTES || offset + length > this.#file.size) {
      refuse('bat-outside-file', this.#file.path, { block, offset, size: this.#file.size })
    }
    for (const region of this.#occupied) {
      if (offset < region.offset + region.length && offset + length > region.offset) refuse('blocks-overlap', this.#file.path, { offset })
    }
    this.#end = Math.max(this.#end, offset + length)
  }
}
