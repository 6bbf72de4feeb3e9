/**
 * What the engine asks of whoever keeps the real files of its virtual disks, and what it is answered. Plain data both ways, so that it can cross
 * into another thread; the engine itself never sees a real path or a byte of a file.
 */
export type DiskFormat = 'vhd' | 'vhdx' | 'vhds'
export type DiskType = 'fixed' | 'dynamic' | 'differencing'

/** A virtual disk or floppy file as its row says it. */
export interface DiskSpec {
  /** Id of the `host_file` row; the identifiers of the real file are derived from it. */
  readonly id: string
  /** Windows path. */
  readonly path: string
  readonly format: DiskFormat | 'vfd'
  readonly type: DiskType
  /** Length that the file has by its row, bytes. */
  readonly fileBytes: number
  /** Size that a guest sees, bytes. */
  readonly capacityBytes: number
  readonly parentPath: string | null
  /** The real file has been made before: when it is missing now, it has disappeared. */
  readonly made: boolean
}

/** A new disk, and what the wizards do with one. Paths are Windows paths, sizes bytes. */
export type DiskTask =
  /** `filledBytes` from the beginning on hold content that is not stored. */
  | {
      readonly kind: 'create'
      readonly path: string
      readonly format: DiskFormat
      readonly type: 'fixed' | 'dynamic'
      readonly capacityBytes: number
      readonly filledBytes: number
    }
  | { readonly kind: 'create-differencing'; readonly path: string; readonly parentPath: string }
  /** Convert, copy, merge to a new disk. `keepBytes` from the beginning on hold guest data, which is not stored but keeps its room. */
  | {
      readonly kind: 'copy'
      readonly path: string
      readonly source: string
      readonly format: DiskFormat
      readonly type: 'fixed' | 'dynamic'
      readonly keepBytes: number
      readonly merges: boolean
    }
  | { readonly kind: 'compact'; readonly path: string; readonly keepBytes: number }
  | { readonly kind: 'expand'; readonly path: string; readonly capacityBytes: number }
  | { readonly kind: 'shrink'; readonly path: string; readonly capacityBytes: number; readonly minimumBytes: number }
  | { readonly kind: 'merge'; readonly path: string }
  | { readonly kind: 'reconnect'; readonly path: string; readonly parentPath: string; readonly ignoreIdMismatch: boolean }

export type FileTask =
  | DiskTask
  /** Makes the file at the path agree with its row; without one it is removed. */
  | { readonly kind: 'sync'; readonly path: string; readonly wanted: boolean }
  | { readonly kind: 'move'; readonly path: string; readonly toPath: string }
  /** Opens disks with all their parents. */
  | { readonly kind: 'check'; readonly paths: readonly string[] }
  | { readonly kind: 'inspect'; readonly path: string }

export interface FileRequest {
  /** The same for every attempt at the same work. */
  readonly id: string
  /** Name of the simulated computer whose files they are. */
  readonly host: string
  /** What identifiers of new files are derived from. */
  readonly seed: string
  /** The simulated moment, milliseconds since 1970. */
  readonly nowMs: number
  /** What the simulated Windows writes into files as their maker. */
  readonly creator: { readonly version: number; readonly text: string }
  /** Every known disk that the task touches, parents before their children. */
  readonly disks: readonly DiskSpec[]
  readonly task: FileTask
}

export interface InspectedDisk {
  readonly format: DiskFormat
  readonly type: DiskType
  readonly fileBytes: number
  readonly capacityBytes: number
  /** 0 for a fixed VHD. */
  readonly blockBytes: number
  readonly logicalSectorBytes: number
  readonly physicalSectorBytes: number
  readonly identifier: string
  readonly parentPath: string | null
  /** Why the parent cannot be used; null when it fits or there is none. */
  readonly parentProblem: FileProblem | null
}

/** What a task left behind: the file with the data, which for a VHD Set is another one than the task's path. */
export interface FileFacts {
  readonly fileBytes: number
  readonly capacityBytes: number
  readonly type: DiskType
  readonly dataPath: string
  /** Length of the pointer file of a VHD Set. */
  readonly pointerBytes: number | null
  /** Merged files that are not needed any more. */
  readonly merged: readonly string[]
}

/** Why a real file could not be used, in the product's words. */
export interface FileProblem {
  /** Kind of problem, such as `parent-id-mismatch`. */
  readonly reason: string
  readonly sentence: string
  /** HRESULT as an unsigned number. */
  readonly status: number
}

export interface MadeFile {
  readonly id: string
  readonly realBytes: number
}

export type FileAnswer =
  | { readonly ok: true; readonly made: readonly MadeFile[]; readonly facts: FileFacts | null; readonly inspected: InspectedDisk | null }
  | { readonly ok: false; readonly made: readonly MadeFile[]; readonly problem: FileProblem }

/** Keeper of the real files of a lab's disks. */
export interface FilePort {
  /** Carries out a request; a second attempt with the same id finishes what the first began. Never rejects because of what a file contains. */
  run(request: FileRequest): Promise<FileAnswer>
  /** Breaks off the running request of that id; it then answers with a problem, and what was half made is gone. */
  abort(id: string): void
}
