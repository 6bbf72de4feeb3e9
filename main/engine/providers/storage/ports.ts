/** What the storage provider needs of the virtual disks and host volumes behind it. */

/** How a transfer ended. */
export type BlockStatus =
  | 'ok'
  /** Unreadable sectors. */
  | 'mediaError'
  /** The file, share or host disk is gone. */
  | 'notReady'
  | 'writeProtected'
  /** The host volume is full: a dynamic disk could not grow. */
  | 'volumeFull'
  /** The request exceeds the host's time limit. */
  | 'timeout'

/** `latencyTicks`: when the answer comes, ticks of 100 ns from now; `lost`: never (a fault of the path), until the client resets the bus. */
export interface BlockResult {
  readonly latencyTicks: number | 'lost'
  readonly status: BlockStatus
}

/** Virtual disk and host volume. Offsets and lengths in bytes. Must not call the provider back inside a call. */
export interface BlockBackend {
  read(lun: number, offset: number, length: number): BlockResult
  write(lun: number, offset: number, length: number): BlockResult
  flush(lun: number, offset: number, length: number): BlockResult
  /** Gives blocks back (UNMAP). Absent = done at once. */
  unmap?(lun: number, offset: number, length: number): BlockResult
}

/** A disk or optical drive of a controller. */
export interface LogicalUnit {
  /** 0–63 on a SCSI controller; 0 on an IDE accelerator. */
  readonly lun: number
  readonly type: 'disk' | 'dvd'
  /** 0 = empty drive. */
  readonly sizeBytes: number
  /** 512 or 4096; 2048 for optical media. */
  readonly blockBytes: number
  readonly physicalBlockBytes: number
  /** Identity of the virtual disk, lower-case GUID. */
  readonly diskId: string
  readonly readOnly: boolean
  /** Dynamic VHDX: tells the guest that blocks can be given back. */
  readonly unmap: boolean
}

/** What an observer may count or trace. All optional. */
export interface StorageObserver {
  /** A SCSI request was taken from the ring. */
  started?(channel: number, transactionId: number, lun: number, operation: string, bytes: number): void
  /** Its completion was handed to the ring (or waits for room there). */
  finished?(channel: number, transactionId: number, srbStatus: number, bytes: number): void
}
