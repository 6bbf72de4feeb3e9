/**
 * Reads tables and bitmaps of a VHDX in pages of 4 KiB and changes them through the log.
 *
 * A commit waits for the disk twice: before the entry, so that the data it points to and everything earlier is there, and behind it, so that
 * the pages may be changed in place. A crash at any point leaves the tables as they were before the commit or as they are after it.
 */
import { NIL_GUID } from '../guid.ts'
import type { ImageFile } from '../image-file.ts'
import { type CurrentHeader, type VhdxHeader, writeHeader } from './headers.ts'
import { PAGE } from './layout.ts'
import { encodeEntry, entryBytes, type LogPages } from './log.ts'

/** Unchanged pages that are kept in memory: 8 MiB. */
const PAGES_KEPT = 2048
/** Changed pages after which a commit is due. Far fewer than the smallest log holds, so that every commit is one entry. */
export const COMMIT_PAGES = 96

export class Journal {
  readonly #file: ImageFile
  readonly #durable: boolean
  readonly #newId: () => string
  readonly #clean = new Map<number, Buffer>()
  #changed = new Map<number, Buffer>()
  #current: CurrentHeader
  #sequence = 0n
  #at = 0
  /** Whether this session has announced itself in the header. */
  #announced = false
  #dataAnnounced = false

  /** `durable` false leaves the log aside: for a file that nobody else knows before it is whole and on the disk. */
  constructor(file: ImageFile, current: CurrentHeader, newId: () => string, durable: boolean) {
    this.#file = file
    this.#current = current
    this.#newId = newId
    this.#durable = durable
  }

  get header(): VhdxHeader {
    return this.#current.header
  }

  /** Number of pages that wait for a commit. */
  get changedPages(): number {
    return this.#changed.size
  }

  /** The page that begins at `offset`, for reading only. */
  page(offset: number): Buffer {
    const known = this.#changed.get(offset) ?? this.#clean.get(offset)
    if (known !== undefined) return known
    const page = this.#file.read(offset, PAGE)
    if (this.#clean.size >= PAGES_KEPT) this.#clean.clear()
    this.#clean.set(offset, page)
    return page
  }

  /** The page that begins at `offset`, for changing: the change becomes part of the next commit. */
  change(offset: number): Buffer {
    const page = this.page(offset)
    this.#clean.delete(offset)
    this.#changed.set(offset, page)
    return page
  }

  /** Changes bytes anywhere, page by page. */
  write(offset: number, source: Buffer): void {
    for (let done = 0; done < source.length; ) {
      const within = (offset + done) % PAGE
      const part = Math.min(PAGE - within, source.length - done)
      source.copy(this.change(offset + done - within), within, done, done + part)
      done += part
    }
  }

  /**
   * Must be called before guest-visible content changes: gives the file its new DataWriteGuid, once per session ([MS-VHDX] 2.2.2). A merge
   * knows the new one beforehand, since it is in the child already.
   */
  announceData(dataWriteGuid: string | null = null): void {
    if (this.#dataAnnounced) return
    this.#dataAnnounced = true
    this.#announce({ dataWriteGuid: dataWriteGuid ?? this.#newId() })
  }

  commit(): void {
    if (this.#changed.size === 0) {
      if (this.#durable) this.#file.sync()
      return
    }
    if (!this.#announced) this.#announce({})
    if (this.#durable) this.#log(this.#changed)
    for (const [offset, page] of this.#changed) {
      this.#file.write(offset, page)
      if (this.#clean.size < PAGES_KEPT) this.#clean.set(offset, page)
    }
    this.#changed = new Map()
  }

  /** Commits and declares the log empty. */
  finish(): void {
    if (!this.#announced && this.#changed.size === 0) return
    this.commit()
    if (this.#current.header.logGuid !== NIL_GUID) {
      this.#current = writeHeader(this.#file, this.#current, { logGuid: NIL_GUID }, this.#durable)
      this.#at = 0
    }
  }

  /** Changes header fields at once. */
  #announce(change: Partial<VhdxHeader>): void {
    const first = !this.#announced
    this.#announced = true
    const session = first ? { fileWriteGuid: this.#newId() } : {}
    // Twice, so that the older header, too, carries the new ids.
    for (let copy = 0; copy < 2; copy++) this.#current = writeHeader(this.#file, this.#current, { ...session, ...change }, this.#durable)
  }

  #log(pages: LogPages): void {
    const { logOffset, logLength } = this.header
    const length = entryBytes(pages.size)
    // An entry is never cut in two here: it begins anew where it would pass the end.
    if (this.#at + length > logLength) this.#at = 0
    this.#sequence += 1n
    this.#file.sync()
    const openLog = this.header.logGuid === NIL_GUID
    const logGuid = openLog ? this.#newId() : this.header.logGuid
    const entry = encodeEntry(pages, { logGuid, sequence: this.#sequence, at: this.#at, fileSize: this.#file.size })
    this.#file.write(logOffset + this.#at, entry)
    // The header names the log only when there is an entry that can be replayed.
    if (openLog) this.#current = writeHeader(this.#file, this.#current, { logGuid }, true)
    else this.#file.sync()
    this.#at += length
  }
}
