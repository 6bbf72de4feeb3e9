/**
 * An open VHDX: fixed, dynamic or differencing.
 *
 * Content goes straight to its place; table entries and bitmaps wait in the journal until `flush`, which brings the content onto the disk
 * first. Blocks of fixed disks that nothing was written to are kept as "zero" with their place reserved, which the format allows, so that
 * copying such a disk need not read it.
 */
import { checkRange, readExtents } from '../extents.ts'
import type { ImageFile } from '../image-file.ts'
import { roundUp } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import { bitRun, fillBits } from '../sector-bitmap.ts'
import type { DiskImage, DiskType, Extent, ParentLink } from '../types.ts'
import { type BatEntry, BlockTable, hasData, keepsPlace } from './bat.ts'
import { COMMIT_PAGES, type Journal } from './journal.ts'
import { ALIGNMENT, BITMAP_BLOCK_BYTES, bitmapIndex, blockStates, chunkRatio, PAGE, payloadIndex, type VhdxShape } from './layout.ts'
import type { MetadataPlace, VhdxMetadata } from './metadata.ts'
import type { VhdxRegions } from './regions.ts'

/** What `openVhdx` has read and checked. */
export interface VhdxParts {
  readonly file: ImageFile
  readonly journal: Journal
  readonly regions: VhdxRegions
  readonly metadata: VhdxMetadata
  readonly places: readonly MetadataPlace[]
  /** Behind the last block and region. */
  readonly end: number
  readonly creator: string
}

export class VhdxImage implements DiskImage {
  readonly format = 'vhdx'
  readonly path: string
  readonly file: ImageFile
  readonly journal: Journal
  readonly creator: string
  metadata: VhdxMetadata
  places: readonly MetadataPlace[]
  regions: VhdxRegions
  table: BlockTable
  end: number

  constructor(parts: VhdxParts) {
    this.path = parts.file.path
    this.file = parts.file
    this.journal = parts.journal
    this.metadata = parts.metadata
    this.places = parts.places
    this.regions = parts.regions
    this.table = new BlockTable(parts.journal, parts.regions.bat.offset)
    this.end = parts.end
    this.creator = parts.creator
  }

  get type(): DiskType {
    if (this.metadata.hasParent) return 'differencing'
    return this.metadata.leaveBlocksAllocated ? 'fixed' : 'dynamic'
  }

  get writable(): boolean {
    return this.file.writable
  }

  get virtualSize(): number {
    return this.metadata.size
  }

  get blockSize(): number {
    return this.metadata.blockSize
  }

  get logicalSectorSize(): number {
    return this.metadata.logicalSectorSize
  }

  get physicalSectorSize(): number {
    return this.metadata.physicalSectorSize
  }

  get identifier(): string {
    return this.metadata.diskId
  }

  get linkage(): string {
    return this.journal.header.dataWriteGuid
  }

  get parent(): ParentLink | null {
    return this.metadata.parent
  }

  get fileSize(): number {
    return this.file.size
  }

  get shape(): VhdxShape {
    const { size, blockSize, logicalSectorSize, hasParent } = this.metadata
    return { size, blockSize, sectorSize: logicalSectorSize, differencing: hasParent }
  }

  /** The entry of a payload block. */
  entry(block: number): BatEntry {
    return this.table.get(payloadIndex(block, chunkRatio(this.shape)))
  }

  setEntry(block: number, entry: BatEntry): void {
    this.table.set(payloadIndex(block, chunkRatio(this.shape)), entry)
  }

  extentAt(offset: number, length: number): Extent {
    checkRange(this, offset, length)
    const block = Math.floor(offset / this.blockSize)
    const within = offset - block * this.blockSize
    const most = Math.min(length, this.blockSize - within)
    const entry = this.entry(block)
    if (entry.state === blockStates.fullyPresent) return { kind: 'data', offset, length: most, fileOffset: entry.offset + within }
    if (entry.state === blockStates.partiallyPresent) {
      const sector = this.logicalSectorSize
      const run = this.#bitRun(block, within / sector, (within + most) / sector)
      const runBytes = run.length * sector
      return run.set
        ? { kind: 'data', offset, length: runBytes, fileOffset: entry.offset + within }
        : { kind: 'parent', offset, length: runBytes, fileOffset: 0 }
    }
    const kind = this.#kindOf(entry)
    return { kind, offset, length: this.#sameBlocks(block, kind, offset, length), fileOffset: 0 }
  }

  read(offset: number, target: Buffer): void {
    readExtents(this, offset, target)
  }

  write(offset: number, source: Buffer): void {
    this.#place(offset, source.length, (fileOffset, from, to, fresh) => {
      const part = source.subarray(from, to)
      if (fresh) this.file.writeSparse(fileOffset, part)
      else this.file.write(fileOffset, part)
    })
  }

  allocate(offset: number, length: number): void {
    this.#place(offset, length, () => {})
  }

  unmap(offset: number, length: number): void {
    checkRange(this, offset, length)
    if (!this.writable) refuse('read-only', this.path)
    if (this.type === 'fixed') return
    const end = offset + length
    for (let block = Math.ceil(offset / this.blockSize); block * this.blockSize < end; block++) {
      if ((block + 1) * this.blockSize > end && end < this.virtualSize) break
      const { state, offset: place } = this.entry(block)
      if (!hasData(state) && this.#kindOf({ state, offset: place }) === 'zero') continue
      this.journal.announceData()
      // A block that had no place hides its parent from now on; one that had keeps it for the next write.
      this.setEntry(block, hasData(state) ? { state: blockStates.unmapped, offset: place } : { state: blockStates.zero, offset: 0 })
      if (this.journal.changedPages >= COMMIT_PAGES) this.journal.commit()
    }
  }

  flush(): void {
    if (this.writable) this.journal.commit()
  }

  close(): void {
    if (this.file.isClosed) return
    try {
      if (this.writable) this.journal.finish()
    } finally {
      this.file.close()
    }
  }

  /** Makes whole blocks, and the part of the last block that the disk has, read as zeros without a place in the file. */
  markZero(offset: number, length: number): void {
    checkRange(this, offset, length)
    if (!this.writable) refuse('read-only', this.path)
    this.journal.announceData()
    const end = offset + length
    for (let block = Math.ceil(offset / this.blockSize); block * this.blockSize < end; block++) {
      if ((block + 1) * this.blockSize > end && end < this.virtualSize) break
      this.setEntry(block, { state: blockStates.zero, offset: 0 })
      if (this.journal.changedPages >= COMMIT_PAGES) this.journal.commit()
    }
  }

  /** A place of so many bytes at the end of the file, which reads as zeros. */
  append(length: number): number {
    const offset = roundUp(this.end, ALIGNMENT)
    const before = this.file.size
    this.file.extend(offset + length)
    // A block that a crash kept from becoming part of the disk may still be there.
    if (offset < before) this.file.clear(offset, Math.min(length, before - offset))
    this.end = offset + length
    return offset
  }

  /** Where the last sector bitmap block ends; 0 when there is none. */
  bitmapEnd(): number {
    if (!this.metadata.hasParent) return 0
    const ratio = chunkRatio(this.shape)
    let end = 0
    for (let block = 0; block * this.blockSize < this.virtualSize; block += ratio) {
      const entry = this.table.get(bitmapIndex(block, ratio))
      if (entry.state === blockStates.fullyPresent) end = Math.max(end, entry.offset + BITMAP_BLOCK_BYTES)
    }
    return end
  }

  #kindOf(entry: BatEntry): 'zero' | 'parent' {
    return this.metadata.hasParent && entry.state === blockStates.notPresent ? 'parent' : 'zero'
  }

  /** Bytes from `offset` on, at most `length`, that lie in blocks without data of the same kind. */
  #sameBlocks(first: number, kind: 'zero' | 'parent', offset: number, length: number): number {
    const last = Math.floor((offset + length - 1) / this.blockSize)
    const ratio = chunkRatio(this.shape)
    const emptyKind = this.metadata.hasParent ? 'parent' : 'zero'
    let block = first
    while (block < last) {
      const index = payloadIndex(block + 1, ratio)
      const empty = kind === emptyKind ? this.table.emptyRun(index) : 0
      if (empty > 0) {
        // Of the empty entries, those of bitmaps stand for no payload block.
        block += Math.max(1, empty - Math.ceil(empty / (ratio + 1)))
        continue
      }
      const entry = this.table.get(index)
      if (hasData(entry.state) || this.#kindOf(entry) !== kind) break
      block++
    }
    return Math.min(length, (Math.min(block, last) + 1) * this.blockSize - offset)
  }

  /** Finds or makes the place of a range, block by block, and records which sectors are present. */
  #place(offset: number, length: number, put: (fileOffset: number, from: number, to: number, fresh: boolean) => void): void {
    checkRange(this, offset, length)
    if (!this.writable) refuse('read-only', this.path)
    this.journal.announceData()
    const sector = this.logicalSectorSize
    for (let done = 0; done < length; ) {
      const block = Math.floor((offset + done) / this.blockSize)
      const within = offset + done - block * this.blockSize
      const part = Math.min(length - done, this.blockSize - within)
      const before = this.entry(block)
      const fresh = !hasData(before.state)
      const at = fresh ? this.#newPlace(before) : before.offset
      put(at + within, done, done + part, fresh)
      if (before.state !== blockStates.fullyPresent) this.#record(block, before, at, within / sector, (within + part) / sector)
      done += part
      if (this.journal.changedPages >= COMMIT_PAGES) this.journal.commit()
    }
  }

  #newPlace(entry: BatEntry): number {
    if (!keepsPlace(entry, this.metadata.leaveBlocksAllocated)) return this.append(this.blockSize)
    // A place that was kept for the block; whatever is still in it must not become visible.
    this.file.clear(entry.offset, this.blockSize)
    return entry.offset
  }

  /** Records that sectors `from` to `to` of a block are now in this file, at `at`. */
  #record(block: number, before: BatEntry, at: number, from: number, to: number): void {
    const sectors = this.blockSize / this.logicalSectorSize
    const parentShows = this.#kindOf(before) === 'parent' || before.state === blockStates.partiallyPresent
    if (!parentShows || (from === 0 && to === sectors)) {
      this.setEntry(block, { state: blockStates.fullyPresent, offset: at })
      return
    }
    if (before.state !== blockStates.partiallyPresent) this.#fillBits(block, 0, sectors, false)
    this.#fillBits(block, from, to, true)
    const run = this.#bitRun(block, 0, sectors)
    const whole = run.set && run.length === sectors
    this.setEntry(block, { state: whole ? blockStates.fullyPresent : blockStates.partiallyPresent, offset: at })
  }

  /** Byte of the file with the first bit of a block's sectors; makes the bitmap block when there is none and `create` is true. */
  #bitmapPlace(block: number, create: boolean): number | null {
    const ratio = chunkRatio(this.shape)
    const index = bitmapIndex(block, ratio)
    const entry = this.table.get(index)
    const bytes = (block % ratio) * (this.blockSize / this.logicalSectorSize / 8)
    if (entry.state === blockStates.fullyPresent) return entry.offset + bytes
    if (!create) return null
    const offset = this.append(BITMAP_BLOCK_BYTES)
    this.table.set(index, { state: blockStates.fullyPresent, offset })
    return offset + bytes
  }

  /** The run of equal sector bits from `from` on, at most to `to`. */
  #bitRun(block: number, from: number, to: number): { set: boolean; length: number } {
    const start = this.#bitmapPlace(block, false)
    // Without a bitmap no sector is present.
    if (start === null) return { set: false, length: to - from }
    let at = from
    let set = false
    while (at < to) {
      const bit = (start % PAGE) * 8 + at
      const page = this.journal.page(start - (start % PAGE) + Math.floor(bit / (PAGE * 8)) * PAGE)
      const first = bit % (PAGE * 8)
      const last = Math.min(PAGE * 8, first + to - at)
      const run = bitRun(page, first, last, 'lsb-first')
      if (at === from) set = run.set
      else if (run.set !== set) break
      at += run.length
      if (run.length < last - first) break
    }
    return { set, length: at - from }
  }

  #fillBits(block: number, from: number, to: number, value: boolean): void {
    const start = this.#bitmapPlace(block, value)
    if (start === null) return
    for (let at = from; at < to; ) {
      const bit = (start % PAGE) * 8 + at
      const page = this.journal.change(start - (start % PAGE) + Math.floor(bit / (PAGE * 8)) * PAGE)
      const first = bit % (PAGE * 8)
      const last = Math.min(PAGE * 8, first + to - at)
      fillBits(page, first, last, value, 'lsb-first')
      at += last - first
    }
  }
}
