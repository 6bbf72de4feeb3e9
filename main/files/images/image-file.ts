/** Positioned reading and writing of one real file: never past its end, never anything but an ordinary file, sparse where the system can. */
import { spawnSync } from 'node:child_process'
import { closeSync, constants, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { refuse } from './refusals.ts'

export const KIB = 1024
export const MIB = 1024 * KIB
export const GIB = 1024 * MIB
export const TIB = 1024 * GIB

/** No image is longer: the largest disk has 64 TiB, its tables and bitmaps a small part of that. A longer file is a trick. */
const FILE_SIZE_MAX = 130 * TIB

/** Runs of zeros of this length and alignment are left out when a new file is filled. */
const HOLE = 64 * KIB

const zeros = Buffer.alloc(MIB)

/** Whether a part of a buffer holds only zeros. */
export function isZero(data: Buffer, start = 0, end = data.length): boolean {
  for (let at = start; at < end; at += zeros.length) {
    const length = Math.min(zeros.length, end - at)
    if (data.compare(zeros, 0, length, at, at + length) !== 0) return false
  }
  return true
}

/** Parts of a buffer that are worth writing, given the place it goes to: what lies between them is zeros. */
export function nonZeroParts(data: Buffer, offset: number): [from: number, to: number][] {
  const parts: [number, number][] = []
  let from = -1
  for (let at = 0; at < data.length; ) {
    const piece = Math.min(HOLE - ((offset + at) % HOLE), data.length - at)
    if (!isZero(data, at, at + piece)) {
      if (from < 0) from = at
    } else if (from >= 0) {
      parts.push([from, at])
      from = -1
    }
    at += piece
  }
  if (from >= 0) parts.push([from, data.length])
  return parts
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit
}

export type OpenMode = 'read' | 'write' | 'create'

/** One open file. Every method but `close` throws ImageRefused or an error of the system. */
export class ImageFile {
  readonly path: string
  readonly writable: boolean
  /** Device and inode, to recognise the same file under two names. */
  readonly identity: string
  #size: number
  #fd: number | null

  private constructor(path: string, fd: number, writable: boolean, size: number, identity: string) {
    this.path = path
    this.#fd = fd
    this.writable = writable
    this.#size = size
    this.identity = identity
  }

  /** Opens an existing file, or creates one that must not exist yet. Folders, pipes and devices are refused without waiting for them. */
  static open(path: string, mode: OpenMode): ImageFile {
    const access = mode === 'read' ? constants.O_RDONLY : constants.O_RDWR
    // Opening a pipe would wait for its other end.
    const flags = access | (constants.O_NONBLOCK ?? 0) | (mode === 'create' ? constants.O_CREAT | constants.O_EXCL : 0)
    const fd = openSync(path, flags, 0o644)
    try {
      const stat = fstatSync(fd, { bigint: true })
      if (!stat.isFile()) refuse('not-a-file', path)
      if (stat.size > BigInt(FILE_SIZE_MAX)) refuse('file-too-large', path, { size: String(stat.size) })
      if (mode === 'create') markSparse(path)
      return new ImageFile(path, fd, mode !== 'read', Number(stat.size), `${stat.dev}:${stat.ino}`)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  get size(): number {
    return this.#size
  }

  /** Bytes that the file takes on the real disk. */
  get allocatedSize(): number {
    return fstatSync(this.#open()).blocks * 512
  }

  /** When the content was last changed, milliseconds since 1970-01-01 UTC. */
  get modifiedMs(): number {
    return fstatSync(this.#open()).mtimeMs
  }

  /** Fills `target` from `offset` on. Refuses when the file ends before. */
  readInto(target: Buffer, offset: number): void {
    if (offset + target.length > this.#size) refuse('file-too-short', this.path, { needed: offset + target.length, size: this.#size })
    let done = 0
    while (done < target.length) {
      const read = readSync(this.#open(), target, done, target.length - done, offset + done)
      // Someone cut the file off while it was open.
      if (read === 0) refuse('file-too-short', this.path, { needed: offset + target.length, size: offset + done })
      done += read
    }
  }

  /** A new buffer with `length` bytes from `offset` on. Nothing is allocated when the file ends before. */
  read(offset: number, length: number): Buffer {
    if (offset + length > this.#size) refuse('file-too-short', this.path, { needed: offset + length, size: this.#size })
    const target = Buffer.allocUnsafe(length)
    this.readInto(target, offset)
    return target
  }

  write(offset: number, source: Buffer): void {
    if (!this.writable) refuse('read-only', this.path)
    let done = 0
    while (done < source.length) done += writeSync(this.#open(), source, done, source.length - done, offset + done)
    this.#size = Math.max(this.#size, offset + source.length)
  }

  /** Writes into a place that reads as zeros: long runs of zeros are left out. The file must already reach beyond the place. */
  writeSparse(offset: number, source: Buffer): void {
    for (const [from, to] of nonZeroParts(source, offset)) this.write(offset + from, source.subarray(from, to))
  }

  /** Makes a place read as zeros, writing only where it does not yet. */
  clear(offset: number, length: number): void {
    const end = Math.min(offset + length, this.#size)
    for (let at = offset; at < end; at += zeros.length) {
      const part = Math.min(zeros.length, end - at)
      if (!isZero(this.read(at, part))) this.write(at, zeros.subarray(0, part))
    }
  }

  /** Sets the length. What is added reads as zeros and takes no room. */
  resize(size: number): void {
    if (!this.writable) refuse('read-only', this.path)
    if (size > FILE_SIZE_MAX) refuse('file-too-large', this.path, { size })
    ftruncateSync(this.#open(), size)
    this.#size = size
  }

  /** Makes the file at least so long. */
  extend(size: number): void {
    if (size > this.#size) this.resize(size)
  }

  /** Waits until everything written is on the disk. */
  sync(): void {
    fdatasyncSync(this.#open())
  }

  /** As `sync`, without holding up the thread. */
  syncLater(): Promise<void> {
    const fd = this.#open()
    return new Promise((resolve, reject) => fdatasync(fd, (error) => (error === null ? resolve() : reject(error))))
  }

  get isClosed(): boolean {
    return this.#fd === null
  }

  close(): void {
    if (this.#fd === null) return
    const fd = this.#fd
    this.#fd = null
    closeSync(fd)
  }

  #open(): number {
    if (this.#fd === null) throw new Error(`${this.path} is closed`)
    return this.#fd
  }
}

/** NTFS keeps holes only in files that are marked for it. Where that fails the file is right all the same, only larger. */
function markSparse(path: string): void {
  const root = process.env.SystemRoot
  if (process.platform !== 'win32' || root === undefined) return
  spawnSync(join(root, 'System32', 'fsutil.exe'), ['sparse', 'setflag', path], { stdio: 'ignore', windowsHide: true })
}
