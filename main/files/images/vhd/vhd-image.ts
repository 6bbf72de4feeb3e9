/**
 * An open VHD: fixed, dynamic or differencing.
 *
 * A new block goes where the trailing footer is, the footer behind it, and only then does `flush` write the table entry that makes the block
 * part of the disk. A crash in between leaves an unused block, or a file whose footer is found in its copy at the start.
 */
import { checkRange, readExtents } from '../extents.ts'
import type { ImageFile } from '../image-file.ts'
import { roundUp } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import { bitRun, fillBits } from '../sector-bitmap.ts'
import type { DiskImage, DiskType, Extent, ParentLink } from '../types.ts'
import { DYNAMIC_HEADER_BYTES, encodeDynamicHeader, type VhdDynamicHeader } from './dynamic-header.ts'
import { encodeFooter, FOOTER_BYTES, resizedFooter, type VhdFooter } from './footer.ts'

const SECTOR = 512
/** Sector of a block that has no place in the file. */
export const ABSENT = 0xffffffff
/** Data of new blocks begin at multiples of this, as in files of Windows Server 2012 and later. */
const DATA_ALIGNMENT = 4096
/** Bitmaps that are kept in memory; each has 512 bytes for a block of 2 MiB. */
const BITMAPS_KEPT = 1024

/** What `openVhd` has read and checked. */
export interface VhdParts {
  readonly file: ImageFile
  readonly footer: VhdFooter
  /** Where the trailing footer is, or belongs. */
  readonly end: number
  readonly header: VhdDynamicHeader | null
  /** The whole block allocation table, big-endian, rounded up to a sector; empty for a fixed disk. */
  readonly table: Buffer
  readonly parent: ParentLink | null
  /** False leaves the waiting for the disk to the caller, who fills a file that nobody else knows yet. */
  readonly durable: boolean
}

export class VhdImage implements DiskImage {
  readonly format = 'vhd'
  readonly path: string
  readonly file: ImageFile
  readonly blockSize: number
  readonly logicalSectorSize = SECTOR
  readonly physicalSectorSize = SECTOR
  footer: VhdFooter
  header: VhdDynamicHeader | null
  parent: ParentLink | null
  table: Buffer
  end: number
  readonly #durable: boolean
  readonly #bitmapBytes: number
  readonly #dirtyTableSectors = new Set<number>()
  readonly #bitmaps = new Map<number, Buffer>()
  readonly #dirtyBitmaps = new Set<number>()
  #written = false

  constructor(parts: VhdParts) {
    this.path = parts.file.path
    this.file = parts.file
    this.footer = parts.footer
    this.header = parts.header
    this.parent = parts.parent
    this.table = parts.table
    this.end = parts.end
    this.#durable = parts.durable
    this.blockSize = parts.header?.blockSize ?? 0
    this.#bitmapBytes = roundUp(this.blockSize / SECTOR / 8, SECTOR)
  }

  get type(): DiskType {
    return this.footer.type
  }

  get writable(): boolean {
    return this.file.writable
  }

  get virtualSize(): number {
    return this.footer.currentSize
  }

  get identifier(): string {
    return this.footer.uniqueId
  }

  get linkage(): string {
    return this.footer.uniqueId
  }

  get fileSize(): number {
    return this.file.size
  }

  /** Number of blocks of the disk. */
  get blockCount(): number {
    return this.blockSize === 0 ? 0 : Math.ceil(this.virtualSize / this.blockSize)
  }

  /** Bytes of a block in the file, bitmap and data. */
  get blockBytes(): number {
    return this.#bitmapBytes + this.blockSize
  }

  /** First sector of a block's bitmap, or ABSENT. */
  tableEntry(block: number): number {
    return this.table.readUInt32BE(block * 4)
  }

  setTableEntry(block: number, sector: number): void {
    this.table.writeUInt32BE(sector, block * 4)
    this.#dirtyTableSectors.add(Math.floor((block * 4) / SECTOR))
    this.#written = true
  }

  extentAt(offset: number, length: number): Extent {
    checkRange(this, offset, length)
    if (this.type === 'fixed') return { kind: 'data', offset, length, fileOffset: offset }
    const nowhere = this.type === 'dynamic' ? 'zero' : 'parent'
    let block = Math.floor(offset / this.blockSize)
    const within = offset - block * this.blockSize
    const most = Math.min(length, this.blockSize - within)
    const sector = this.tableEntry(block)
    if (sector === ABSENT) {
      const last = Math.floor((offset + length - 1) / this.blockSize)
      while (block < last && this.tableEntry(block + 1) === ABSENT) block++
      return { kind: nowhere, offset, length: Math.min(length, (block + 1) * this.blockSize - offset), fileOffset: 0 }
    }
    const fileOffset = sector * SECTOR + this.#bitmapBytes + within
    // The bitmap of a dynamic disk may be ignored: what was never written holds zeros.
    if (this.type === 'dynamic') return { kind: 'data', offset, length: most, fileOffset }
    const from = within / SECTOR
    const run = bitRun(this.#bitmap(block), from, from + most / SECTOR, 'msb-first')
    const runBytes = run.length * SECTOR
    return run.set ? { kind: 'data', offset, length: runBytes, fileOffset } : { kind: 'parent', offset, length: runBytes, fileOffset: 0 }
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

  /** A VHD cannot say that a block is no longer needed; only compacting finds out. */
  unmap(offset: number, length: number): void {
    checkRange(this, offset, length)
  }

  flush(): void {
    if (!this.#written) return
    this.#sync()
    for (const block of this.#dirtyBitmaps) {
      const bitmap = this.#bitmaps.get(block)
      if (bitmap !== undefined) this.file.write(this.tableEntry(block) * SECTOR, bitmap)
    }
    this.#dirtyBitmaps.clear()
    this.#writeTable()
    this.#sync()
    this.#written = false
  }

  close(): void {
    if (this.file.isClosed) return
    try {
      this.flush()
    } finally {
      this.file.close()
    }
  }

  /** Gives a block a place at the end of the file; its data read as zeros, its bitmap is empty. Returns the place of the bitmap. */
  appendBlock(block: number): number {
    const dataAt = roundUp(this.end + this.#bitmapBytes, DATA_ALIGNMENT)
    const start = dataAt - this.#bitmapBytes
    const end = start + this.blockBytes
    if (start / SECTOR >= ABSENT) refuse('size-invalid', this.path, { size: this.virtualSize })
    const before = this.file.size
    // The footer moves first: a volume that is too full is found out before anything has changed.
    this.file.write(end, encodeFooter(this.footer))
    if (start < before) this.file.clear(start, Math.min(before, end) - start)
    this.end = end
    this.setTableEntry(block, start / SECTOR)
    return start
  }

  /** Bitmaps are read again when they are next needed; only after a flush. */
  forgetBitmaps(): void {
    this.#bitmaps.clear()
  }

  /** Writes footer, copy and dynamic header anew, for a changed size or parent. The caller flushes before and after. */
  writeHeaders(footer: VhdFooter, header: VhdDynamicHeader | null): void {
    if (header !== null && footer.dataOffset !== null) {
      this.file.write(footer.dataOffset, encodeDynamicHeader(header))
      this.#sync()
      this.file.write(0, encodeFooter(footer))
    }
    this.file.write(this.end, encodeFooter(footer))
    this.footer = footer
    this.header = header
    this.#sync()
  }

  /** Gives a fixed disk another size; what is added reads as zeros. */
  resizeFixed(size: number): void {
    const oldEnd = this.end
    this.end = size
    // Writing the new footer makes the file longer; until then the old one ends it.
    this.writeHeaders(resizedFooter(this.footer, size), null)
    this.file.clear(oldEnd, Math.min(FOOTER_BYTES, size - oldEnd))
    this.#sync()
  }

  #sync(): void {
    if (this.#durable) this.file.sync()
  }

  #writeTable(): void {
    const offset = this.header?.tableOffset ?? 0
    const sectors = [...this.#dirtyTableSectors].toSorted((a, b) => a - b)
    for (let i = 0; i < sectors.length; ) {
      const first = sectors[i] ?? 0
      let next = first
      while (sectors[i] === next) {
        next++
        i++
      }
      this.file.write(offset + first * SECTOR, this.table.subarray(first * SECTOR, next * SECTOR))
    }
    this.#dirtyTableSectors.clear()
  }

  /** Finds or makes the place of a range, piece by piece, and marks its sectors as present. */
  #place(offset: number, length: number, put: (fileOffset: number, from: number, to: number, fresh: boolean) => void): void {
    checkRange(this, offset, length)
    if (!this.writable) refuse('read-only', this.path)
    this.#written = true
    if (this.type === 'fixed') {
      put(offset, 0, length, false)
      return
    }
    for (let done = 0; done < length; ) {
      const block = Math.floor((offset + done) / this.blockSize)
      const within = offset + done - block * this.blockSize
      const part = Math.min(length - done, this.blockSize - within)
      const fresh = this.tableEntry(block) === ABSENT
      if (fresh) this.#newBlock(block)
      put(this.tableEntry(block) * SECTOR + this.#bitmapBytes + within, done, done + part, fresh)
      if (!fresh || this.type === 'differencing') this.#mark(block, within / SECTOR, (within + part) / SECTOR)
      done += part
    }
  }

  #newBlock(block: number): void {
    const start = this.appendBlock(block)
    const bitmap = Buffer.alloc(this.#bitmapBytes, this.type === 'dynamic' ? 0xff : 0)
    if (this.type === 'dynamic') this.file.write(start, bitmap)
    this.#keepBitmap(block, bitmap)
  }

  #mark(block: number, from: number, to: number): void {
    const bitmap = this.#bitmap(block)
    const run = bitRun(bitmap, from, to, 'msb-first')
    if (run.set && run.length === to - from) return
    fillBits(bitmap, from, to, true, 'msb-first')
    this.#dirtyBitmaps.add(block)
  }

  #bitmap(block: number): Buffer {
    const kept = this.#bitmaps.get(block)
    if (kept !== undefined) return kept
    const bitmap = this.file.read(this.tableEntry(block) * SECTOR, this.#bitmapBytes)
    this.#keepBitmap(block, bitmap)
    return bitmap
  }

  #keepBitmap(block: number, bitmap: Buffer): void {
    if (this.#bitmaps.size >= BITMAPS_KEPT) {
      // A changed bitmap may be forgotten only when it is in the file.
      this.flush()
      this.#bitmaps.clear()
    }
    this.#bitmaps.set(block, bitmap)
  }
}

/** Place of the block allocation table in files that this library writes without a parent. */
export const TABLE_OFFSET = SECTOR + DYNAMIC_HEADER_BYTES
