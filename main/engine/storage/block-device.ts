/**
 * What stands behind a storage provider: block devices, their requests and how these end.
 *
 * A provider turns a SCSI or ATA command into a block request, submits it, and turns the completion's status into an SRB status and sense
 * data. Guest data itself is not kept; a read tells which file of a chain holds each part instead.
 */
import type { Tick } from '../kernel/ticks.ts'

/** Sector of a disk, bytes. Optical media have sectors of 2,048. */
export const DISK_SECTOR_BYTES = 512
export const OPTICAL_SECTOR_BYTES = 2048

/** `unmap` and `zero` give whole blocks back (SCSI UNMAP, WRITE SAME with zeros); `burn` stands for all commands that write optical media. */
export type BlockRequestKind = 'read' | 'write' | 'flush' | 'unmap' | 'zero' | 'burn' | 'play-audio' | 'read-video'

export interface BlockRequest {
  readonly kind: BlockRequestKind
  /** Byte position on the device, a multiple of its sector. */
  readonly offsetBytes: number
  /** Bytes to move, a multiple of its sector; 0 for `flush`. */
  readonly bytes: number
}

/**
 * How a request ended.
 *
 * `volume-full` is not for the guest: the request waits, the machine becomes Paused-Critical and submits it again when it resumes.
 */
export type BlockStatus =
  | 'success'
  | 'out-of-range'
  | 'misaligned'
  | 'write-protected'
  | 'media-missing'
  | 'media-changed'
  | 'command-refused'
  | 'audio-refused'
  | 'video-refused'
  | 'volume-full'
  | 'device-failed'

/** A part of a read: where its bytes come from. */
export interface BlockExtent {
  readonly offsetBytes: number
  readonly bytes: number
  /** Id of the `host_file` row that holds them; null for zeros that no file holds. */
  readonly fileId: string | null
}

export interface BlockCompletion {
  readonly status: BlockStatus
  /** When the device has answered. */
  readonly doneTick: Tick
  /** Bytes moved; less than asked for only when the status is not `success`. */
  readonly bytes: number
  /** Parts of a read in order; empty otherwise. */
  readonly extents: readonly BlockExtent[]
}

/** A block device of a virtual machine as its provider sees it. */
export interface BlockDevice {
  readonly kind: 'disk' | 'optical'
  readonly sectorBytes: number
  /** 0 for a drive without a medium. */
  readonly capacityBytes: number
  readonly readOnly: boolean
  submit(request: BlockRequest, now: Tick): BlockCompletion
}

/** SCSI sense data: key, additional code and qualifier (SPC-4 4.5). */
export interface Sense {
  readonly key: number
  readonly code: number
  readonly qualifier: number
}

/** Sense data that a provider returns; null when the command succeeded or must not be answered (`volume-full`). */
export const senseOf: Readonly<Record<BlockStatus, Sense | null>> = {
  success: null,
  /** Logical block address out of range. */
  'out-of-range': { key: 0x05, code: 0x21, qualifier: 0x00 },
  /** Invalid field in CDB. */
  misaligned: { key: 0x05, code: 0x24, qualifier: 0x00 },
  'write-protected': { key: 0x07, code: 0x27, qualifier: 0x00 },
  /** Medium not present (devices reference 2.6: 2/3A/00). */
  'media-missing': { key: 0x02, code: 0x3a, qualifier: 0x00 },
  /** Not ready to ready change: unit attention (devices reference 2.6: 6/28/00). */
  'media-changed': { key: 0x06, code: 0x28, qualifier: 0x00 },
  /** Invalid command operation code. */
  'command-refused': { key: 0x05, code: 0x20, qualifier: 0x00 },
  /** Illegal mode for this track. */
  'audio-refused': { key: 0x05, code: 0x64, qualifier: 0x00 },
  /** Copy protection key exchange failure: authentication failure. */
  'video-refused': { key: 0x05, code: 0x6f, qualifier: 0x00 },
  'volume-full': null,
  /** Hardware error: internal target failure. */
  'device-failed': { key: 0x04, code: 0x44, qualifier: 0x00 },
}

/** Load of one stretch of time, as totals. Rounded to whole operations and sectors; transfers above 1 MiB count as several. */
export interface DiskLoad {
  readonly reads: number
  readonly writes: number
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Part of the operations that goes on where the last one ended, 0 to 1. */
  readonly sequentialShare: number
}

/** What a stretch of load did. */
export interface DiskLoadResult {
  readonly status: 'success' | 'volume-full' | 'write-protected' | 'device-failed' | 'media-missing'
  /** Operations carried out; all of the load unless the status is not `success`. */
  readonly reads: number
  readonly writes: number
  /** Bytes by which the leaf file grew. */
  readonly grownBytes: number
  /** Time of the volume that these operations take, ticks. */
  readonly busyTicks: Tick
  /** Mean time of an operation in the volume's present condition, ticks. */
  readonly latencyTicks: Tick
  /** Part of the volume's time that all load on it takes; above 1 it cannot keep up and its users should ask for less. */
  readonly utilization: number
}
