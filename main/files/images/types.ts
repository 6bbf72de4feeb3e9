/**
 * Public types of the disk image library: real VHD, VHDX, VHD Set, ISO and floppy image files.
 *
 * All sizes and offsets are bytes in a plain number: the largest disk is 64 TiB = 2^46 bytes, far below 2^53.
 */
import type { ImageRefusal } from './refusals.ts'

/** What a content-dependent function answers: a value, or the reason why not. Nothing here throws because of what a file contains. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: ImageRefusal }

/** Format of a file that holds data. A VHD Set is a pointer to such a file. */
export type ImageFormat = 'vhd' | 'vhdx'

/** The formats that the product's wizards offer. */
export type DiskFormat = ImageFormat | 'vhds'

export type DiskType = 'fixed' | 'dynamic' | 'differencing'

/** Which program an image says that it was made by; the simulated host's Windows version decides. */
export interface ImageCreator {
  /** VHD: four characters, `win ` for Hyper-V and the Windows virtual disk stack. */
  readonly application: string
  /** VHD: 0x00060001 (2008 R2), 0x00060002 (2012), 0x00060003 (2012 R2), 0x000A0000 (2016 and later). */
  readonly version: number
  /** VHDX: up to 255 characters, such as `Microsoft Windows 10.0.20348.0`. */
  readonly text: string
}

/** Chance, clock and name that new files carry. Given from outside, so that a lab with the same seed gets the same files. */
export interface ImageEnvironment {
  /** A new GUID, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, either case. */
  readonly newId: () => string
  /** Milliseconds since 1970-01-01 UTC. */
  readonly nowMs: () => number
  /** When a file was last modified in the simulated world, milliseconds since 1970-01-01 UTC; without it, the real file tells. */
  readonly modifiedMsOf?: (path: string) => number
  readonly creator: ImageCreator
}

export type ParentPathKind = 'relative' | 'volume' | 'absolute' | 'name'

/** One written place of a parent, exactly as the child says it (a Windows path). */
export interface ParentPath {
  readonly kind: ParentPathKind
  readonly path: string
}

/** What a differencing image knows of its parent. */
export interface ParentLink {
  /** VHD: the parent's unique id. VHDX: the parent's DataWriteGuid. Lower case. */
  readonly linkage: string
  /** VHDX: a second DataWriteGuid that is accepted while a merge changes the parent. */
  readonly linkage2: string | null
  /** VHD: the parent's modification time, seconds since 2000-01-01 UTC. A difference is tolerated and reported. */
  readonly timestamp: number | null
  /** In the order in which the product looks: relative, volume, absolute, and for a VHD the bare name. */
  readonly paths: readonly ParentPath[]
}

/**
 * Finds the real file of a parent. Answers null when there is none, or when it may not be used. The library opens nothing but the first file
 * and what this function answers; keeping paths inside the lab is its duty (`folderResolver` does it).
 */
export type ResolveParent = (request: { readonly childFile: string; readonly kind: ParentPathKind; readonly path: string }) => string | null

/**
 * Where a run of a disk's bytes is kept: `data` in this file at `fileOffset`, `zero` reads as zeros, `parent` in the parent. `fileOffset` is
 * 0 for the other two.
 */
export interface Extent {
  readonly kind: 'data' | 'zero' | 'parent'
  readonly offset: number
  readonly length: number
  readonly fileOffset: number
}

/**
 * One open image file, alone. Offsets and lengths of reads and writes are multiples of the logical sector size within the virtual size;
 * anything else is a caller's mistake and throws RangeError. Failures of the real disk throw ImageRefused; `DiskChain` turns them into values.
 */
export interface DiskImage {
  readonly path: string
  readonly format: ImageFormat
  readonly type: DiskType
  readonly writable: boolean
  readonly virtualSize: number
  /** Bytes; 0 for a fixed VHD, which has no blocks. */
  readonly blockSize: number
  readonly logicalSectorSize: number
  readonly physicalSectorSize: number
  /** VHD: unique id of the footer. VHDX: virtual disk id (SCSI page 83). Lower case. */
  readonly identifier: string
  /** What a child must record about this file: VHD unique id, VHDX DataWriteGuid. Changes of a VHDX at the first write after opening. */
  readonly linkage: string
  readonly parent: ParentLink | null
  /** Apparent size of the file. */
  readonly fileSize: number
  /** Where the bytes from `offset` on are kept: the first run, at most `length` long. */
  extentAt(offset: number, length: number): Extent
  /** Reads what this file itself holds; bytes of the parent read as zeros. */
  read(offset: number, target: Buffer): void
  /** Writes, allocating blocks. Durable after `flush`; after a crash before that, either content or the old one is found, never a broken file. */
  write(offset: number, source: Buffer): void
  /** Gives a range its place in the file as a write does, without content: what had none reads as zeros and takes no room on the real disk. */
  allocate(offset: number, length: number): void
  /**
   * The guest no longer needs a range (SCSI UNMAP): whole blocks of growing VHDX disks read as zeros from then on, and compacting drops them. The
   * rest of the range, fixed disks and VHDs stay as they are.
   */
  unmap(offset: number, length: number): void
  /** Brings everything written so far onto the disk, data before the tables that point to it. */
  flush(): void
  /** Flushes and closes. A second call does nothing. */
  close(): void
}

/** A disk as a guest sees it: a leaf image and all its ancestors, the leaf first. */
export interface DiskChain {
  readonly layers: readonly DiskImage[]
  readonly virtualSize: number
  readonly logicalSectorSize: number
  /** Warnings that the product tolerates, such as a VHD parent whose time stamp differs. */
  readonly warnings: readonly ImageRefusal[]
  read(offset: number, target: Buffer): Outcome<void>
  /** Writes at the leaf. */
  write(offset: number, source: Buffer): Outcome<void>
  /** As a write at the leaf, without content (`DiskImage.allocate`): what had no place yet reads as zeros from then on. */
  allocate(offset: number, length: number): Outcome<void>
  /** As `DiskImage.unmap`, at the leaf. */
  unmap(offset: number, length: number): Outcome<void>
  flush(): Outcome<void>
  close(): Outcome<void>
}

/** How far an operation is, in bytes of the disk that it works through. `done` never falls and never passes `total`. */
export interface ImageProgress {
  readonly done: number
  readonly total: number
}

/**
 * A long operation. Pull it to go on; stop pulling to pause it; call `return()` or abort its signal to cancel. It yields after at most 4 MiB of
 * work. An operation that ended early, in any way, has left the original files as they were, or (merging into a parent) in a state from which
 * the same call goes on.
 */
export type ImageOperation<T> = AsyncGenerator<ImageProgress, Outcome<T>, void>

/**
 * Whether a range of a disk holds guest data that is not stored in the file: such a range keeps its room although it reads as zeros. Ranges are
 * at most 4 MiB long.
 */
export type KeepsRoom = (offset: number, length: number) => boolean

export interface OperationControl {
  /** Aborting it ends the operation with the refusal `cancelled`. */
  readonly signal?: AbortSignal
}
