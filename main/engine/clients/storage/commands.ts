/** Requests of the guest as SCSI commands and SCSI request blocks (devices reference 2.3, 2.4). */
import { type Srb, srbFlag, storageLimits } from '../../providers/storage/protocol.ts'
import { cdbHex, scsiCommand, transferCdb } from '../../providers/storage/scsi.ts'
import { type GpaRange, pageBytes, pagesSpanned } from '../../vmbus/pages.ts'
import type { StorageRequest } from './client-types.ts'
import type { FoundUnit } from './scan.ts'

/** A command with its buffer: bytes from the start of a page. */
export interface Command {
  readonly cdb: string
  /** Bytes of the command. */
  readonly length: number
  /** 0 to the device, 1 from the device, 2 none. */
  readonly direction: 0 | 1 | 2
  readonly bytes: number
  readonly page: number
}

/** The command for a request whose buffer begins at `page`; for `unmap` that page holds the list. */
export function commandOf(request: StorageRequest, unit: FoundUnit, page: number): Command {
  const blocks = request.bytes / unit.blockBytes
  switch (request.operation) {
    case 'flush':
      return { cdb: cdbHex(scsiCommand.synchronizeCache10), length: 10, direction: 2, bytes: 0, page }
    case 'unmap':
      return { cdb: cdbHex(scsiCommand.unmap, 0, 0, 0, 0, 0, 0, 0, 24), length: 10, direction: 0, bytes: 24, page }
    default: {
      const write = request.operation === 'write'
      return { ...transferCdb(write, request.offset / unit.blockBytes, blocks), direction: write ? 0 : 1, bytes: request.bytes, page }
    }
  }
}

/** The request block around a command; the short form (packets of 48 bytes) before 5.1. */
export function srbOf(lun: number, command: Command, packetBytes: 64 | 48): Srb {
  const direction = command.direction === 1 ? srbFlag.dataIn : command.direction === 0 ? srbFlag.dataOut : 0
  const old = packetBytes === 48
  return {
    length: old ? 0x24 : 0x34,
    srbStatus: 0,
    scsiStatus: 0,
    port: 0,
    pathId: 0,
    targetId: 0,
    lun,
    cdbLength: command.length,
    senseLength: old ? 18 : 20,
    dataIn: command.direction,
    properties: 0,
    dataTransferLength: command.bytes,
    cdbOrSense: command.cdb,
    queueTag: 0,
    queueAction: old ? 0 : 0x20,
    srbFlags: old ? 0 : srbFlag.queueActionEnable | srbFlag.disableSyncTransfer | direction,
    timeoutSeconds: old ? 0 : storageLimits.srbTimeoutSeconds,
    queueSortKey: 0,
  }
}

/** Guest pages of a command's buffer. */
export function rangeOf(command: Command): GpaRange {
  return { byteCount: command.bytes, byteOffset: 0, pages: [{ first: command.page, count: pagesSpanned(command.bytes, 0) }] }
}

/** Bytes in the ring of a transfer: descriptor 16, GPA direct 8, range 8, 8 a page, packet, trailer 8; 112 for 4 KiB since 5.1. */
export function transferRingBytes(bytes: number, packetBytes: 64 | 48): number {
  return 16 + 8 + 8 + 8 * Math.ceil(bytes / pageBytes) + packetBytes + 8
}
