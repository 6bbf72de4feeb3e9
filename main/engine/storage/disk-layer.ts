/**
 * One virtual disk file of a chain: which blocks it holds, and which sectors of those that it holds in part.
 *
 * The states are those of the VHDX block table ([MS-VHDX] 2.5.1.1): not present, zero, fully present, partially present. A block that
 * random load has touched is partially present without a list of its sectors: all of it reads from this file.
 */
import {
  BITMAP_BLOCK_BYTES,
  blockCount,
  blockFileBytes,
  chunkBlocks,
  type DiskGeometry,
  hasBitmapBlocks,
  newFileBytes,
} from './disk-format.ts'
import { RunSet } from './run-set.ts'

export const SECTOR_BYTES = 512

/** Saved form of a layer; `id` is that of the `host_file` row. Runs are starts and ends in turn. */
export interface DiskLayerRow {
  readonly id: string
  readonly blockBytes: number
  readonly full: readonly number[]
  readonly mixed: readonly number[]
  readonly zero: readonly number[]
  readonly chunks: readonly number[]
  /** Blocks in the file that were given back and wait for new use. */
  readonly freeBlocks: number
  /** Blocks held in part: block number and its runs of sectors. */
  readonly partial: readonly { readonly block: number; readonly sectors: readonly number[] }[]
}

export type BlockState = 'not-present' | 'zero' | 'fully-present' | 'partially-present'

/** Where a stretch reads from: this file, zeros, or the file's parent. */
export type Holder = 'file' | 'zero' | 'parent'

export class DiskLayer {
  readonly fileId: string
  readonly geometry: DiskGeometry
  readonly #full: RunSet
  readonly #mixed: RunSet
  readonly #zero: RunSet
  readonly #chunks: RunSet
  readonly #partial = new Map<number, RunSet>()
  #freeBlocks: number

  constructor(fileId: string, geometry: DiskGeometry, row: Omit<DiskLayerRow, 'id' | 'blockBytes'>) {
    this.fileId = fileId
    this.geometry = geometry
    this.#full = new RunSet(row.full)
    this.#mixed = new RunSet(row.mixed)
    this.#zero = new RunSet(row.zero)
    this.#chunks = new RunSet(row.chunks)
    this.#freeBlocks = row.freeBlocks
    for (const { block, sectors } of row.partial) this.#partial.set(block, new RunSet(sectors))
  }

  /** The layer of a file whose blocks are not known: as many as fit into it, from the beginning of the disk on. */
  static ofFile(fileId: string, geometry: DiskGeometry, sizeBytes: number): DiskLayer {
    const perChunk = chunkBlocks(geometry)
    const payload = Math.max(0, sizeBytes - newFileBytes(geometry))
    let blocks = blockCount(geometry)
    let chunks = 0
    if (geometry.type !== 'fixed') {
      const chunkBytes = perChunk * blockFileBytes(geometry) + BITMAP_BLOCK_BYTES
      const bitmaps = hasBitmapBlocks(geometry) ? Math.ceil(payload / chunkBytes) * BITMAP_BLOCK_BYTES : 0
      blocks = Math.min(blocks, Math.floor(Math.max(0, payload - bitmaps) / blockFileBytes(geometry)))
      if (hasBitmapBlocks(geometry)) chunks = Math.ceil(blocks / perChunk)
    }
    const full = blocks === 0 ? [] : [0, blocks]
    return new DiskLayer(fileId, geometry, {
      full,
      mixed: [],
      zero: [],
      chunks: chunks === 0 ? [] : [0, chunks],
      freeBlocks: 0,
      partial: [],
    })
  }

  /** Payload blocks that the disk uses in the file. */
  get allocatedBlocks(): number {
    return this.#full.count + this.#mixed.count + this.#partial.size
  }

  get freeBlocks(): number {
    return this.#freeBlocks
  }

  stateOf(block: number): BlockState {
    if (this.geometry.type === 'fixed' || this.#full.has(block)) return 'fully-present'
    if (this.#mixed.has(block) || this.#partial.has(block)) return 'partially-present'
    return this.#zero.has(block) ? 'zero' : 'not-present'
  }

  /** Bytes by which the file must grow before blocks from `first` up to but not including `end` can be written. */
  growthFor(first: number, end: number): number {
    const fresh = this.#freshBlocks(first, end)
    const appended = Math.max(0, fresh - this.#freeBlocks)
    return appended * blockFileBytes(this.geometry) + this.#freshChunks(first, end) * BITMAP_BLOCK_BYTES
  }

  /** Writes sectors; returns the blocks that were new. The caller has let the file grow by {@link growthFor}. */
  write(firstSector: number, endSector: number): number {
    if (this.geometry.type === 'fixed') return 0
    const perBlock = this.geometry.blockBytes / SECTOR_BYTES
    const first = Math.floor(firstSector / perBlock)
    const end = Math.ceil(endSector / perBlock)
    // A zero block must go on hiding its parent around the sectors that are written: it becomes fully present.
    const firstZero = this.#zero.has(first)
    const lastZero = this.#zero.has(end - 1)
    const fresh = this.#allocate(first, end)
    if (this.geometry.type === 'dynamic') {
      this.#full.add(first, end)
      return fresh
    }
    let wholeFirst = first
    let wholeEnd = end
    if (firstSector % perBlock !== 0 && !firstZero) {
      this.#writePart(first, firstSector % perBlock, Math.min(perBlock, endSector - first * perBlock))
      wholeFirst++
    }
    if (endSector % perBlock !== 0 && !lastZero && this.#isInside(endSector, wholeFirst * perBlock)) {
      wholeEnd--
      this.#writePart(wholeEnd, 0, endSector - wholeEnd * perBlock)
    }
    if (wholeEnd > wholeFirst) this.#fill(wholeFirst, wholeEnd)
    return fresh
  }

  /** Marks blocks as touched at places that are not kept; returns the blocks that were new. */
  touch(first: number, end: number): number {
    if (this.geometry.type === 'fixed') return 0
    const fresh = this.#allocate(first, end)
    if (this.geometry.type === 'dynamic') {
      this.#full.add(first, end)
      return fresh
    }
    this.#dropPartial(first, end)
    for (let at = first; at < end; ) {
      const stop = this.#full.sameUntil(at, end)
      if (!this.#full.has(at)) this.#mixed.add(at, stop)
      at = stop
    }
    return fresh
  }

  /** Gives whole blocks back (UNMAP, zeros): they read as zeros, their room is used again before the file grows. Fixed disks keep theirs. */
  release(first: number, end: number): number {
    if (this.geometry.type === 'fixed') return 0
    const partial = this.#dropPartial(first, end)
    const released = this.#full.remove(first, end) + this.#mixed.remove(first, end) + partial
    this.#zero.add(first, end)
    this.#freeBlocks += released
    return released
  }

  /** Who holds `sector`, and up to which sector (at most `limit`) the answer is the same within its block or run of blocks. */
  holder(sector: number, limit: number): { readonly by: Holder; readonly until: number } {
    if (this.geometry.type === 'fixed') return { by: 'file', until: limit }
    const perBlock = this.geometry.blockBytes / SECTOR_BYTES
    const block = Math.floor(sector / perBlock)
    const partial = this.#partial.get(block)
    if (partial) {
      const inside = sector - block * perBlock
      const until = Math.min(limit, block * perBlock + partial.sameUntil(inside, perBlock))
      return { by: partial.has(inside) ? 'file' : 'parent', until }
    }
    const lastBlock = Math.ceil(limit / perBlock)
    for (const set of [this.#full, this.#mixed]) {
      if (set.has(block)) return { by: 'file', until: Math.min(limit, set.sameUntil(block, lastBlock) * perBlock) }
    }
    if (this.#zero.has(block)) return { by: 'zero', until: Math.min(limit, this.#zero.sameUntil(block, lastBlock) * perBlock) }
    return {
      by: this.geometry.type === 'differencing' ? 'parent' : 'zero',
      until: Math.min(limit, this.#absentUntil(block, lastBlock) * perBlock),
    }
  }

  toRow(): DiskLayerRow {
    const partial = [...this.#partial].sort(([a], [b]) => a - b).map(([block, sectors]) => ({ block, sectors: sectors.toRuns() }))
    return {
      id: this.fileId,
      blockBytes: this.geometry.blockBytes,
      full: this.#full.toRuns(),
      mixed: this.#mixed.toRuns(),
      zero: this.#zero.toRuns(),
      chunks: this.#chunks.toRuns(),
      freeBlocks: this.#freeBlocks,
      partial,
    }
  }

  /** Whether the last block of a write is cut by its end; the disk's own end counts as the end of its last block. */
  #isInside(endSector: number, wholeStartSector: number): boolean {
    return endSector > wholeStartSector && endSector * SECTOR_BYTES < this.geometry.capacityBytes
  }

  #freshBlocks(first: number, end: number): number {
    if (this.geometry.type === 'fixed') return 0
    return end - first - this.#full.countIn(first, end) - this.#mixed.countIn(first, end) - this.#partialIn(first, end)
  }

  #freshChunks(first: number, end: number): number {
    if (!hasBitmapBlocks(this.geometry) || end <= first) return 0
    const [from, to] = this.#chunkRange(first, end)
    return to - from - this.#chunks.countIn(from, to)
  }

  #chunkRange(first: number, end: number): [number, number] {
    const perChunk = chunkBlocks(this.geometry)
    return [Math.floor(first / perChunk), Math.ceil(end / perChunk)]
  }

  #allocate(first: number, end: number): number {
    const fresh = this.#freshBlocks(first, end)
    this.#freeBlocks = Math.max(0, this.#freeBlocks - fresh)
    this.#zero.remove(first, end)
    // The bitmap block of a chunk comes with its first payload block.
    if (hasBitmapBlocks(this.geometry) && fresh > 0) this.#chunks.add(...this.#chunkRange(first, end))
    return fresh
  }

  #writePart(block: number, from: number, to: number): void {
    if (this.#full.has(block) || this.#mixed.has(block)) return
    const perBlock = this.geometry.blockBytes / SECTOR_BYTES
    const sectors = this.#partial.get(block) ?? new RunSet()
    sectors.add(from, to)
    if (sectors.count < perBlock) {
      this.#partial.set(block, sectors)
      return
    }
    this.#partial.delete(block)
    this.#full.add(block, block + 1)
  }

  #fill(first: number, end: number): void {
    this.#dropPartial(first, end)
    this.#mixed.remove(first, end)
    this.#full.add(first, end)
  }

  #partialIn(first: number, end: number): number {
    return this.#eachPartial(first, end, () => undefined)
  }

  #dropPartial(first: number, end: number): number {
    return this.#eachPartial(first, end, (block) => this.#partial.delete(block))
  }

  /** Partially present blocks of a range are found from the shorter side: the range or the list. */
  #eachPartial(first: number, end: number, visit: (block: number) => void): number {
    const found: number[] = []
    if (end - first <= this.#partial.size) {
      for (let block = first; block < end; block++) if (this.#partial.has(block)) found.push(block)
    } else {
      for (const block of this.#partial.keys()) if (block >= first && block < end) found.push(block)
    }
    for (const block of found) visit(block)
    return found.length
  }

  #absentUntil(block: number, limit: number): number {
    let until = this.#full.sameUntil(block, limit)
    until = this.#mixed.sameUntil(block, until)
    until = this.#zero.sameUntil(block, until)
    if (this.#partial.size === 0) return until
    if (until - block <= this.#partial.size) {
      for (let at = block + 1; at < until; at++) if (this.#partial.has(at)) return at
      return until
    }
    for (const at of this.#partial.keys()) if (at > block && at < until) until = at
    return until
  }
}
