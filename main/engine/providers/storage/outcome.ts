/** How a SCSI request ended, and how that stands in its completion. */
import type { BlockStatus } from './ports.ts'
import { ntStatus, type Srb, scsiStatus, srbStatus, srbStatusFlag } from './protocol.ts'
import { type Sense, sense, senseHex } from './scsi.ts'

export interface Outcome {
  /** NTSTATUS of the packet. */
  readonly status: number
  readonly srbStatus: number
  readonly scsiStatus: number
  /** Bytes moved. */
  readonly bytes: number
  /** 20 bytes of hex; only with the flag "sense valid". */
  readonly sense?: string | undefined
}

export function goodOutcome(bytes: number): Outcome {
  return { status: ntStatus.success, srbStatus: srbStatus.success, scsiStatus: scsiStatus.good, bytes }
}

/** A check condition. A changed capacity is "aborted", upon which clients rescan the unit; all else is "error". */
export function senseOutcome(value: Sense): Outcome {
  const code = value.asc === sense.capacityChanged.asc && value.ascq === sense.capacityChanged.ascq ? srbStatus.aborted : srbStatus.error
  return {
    status: ntStatus.success,
    srbStatus: code | srbStatusFlag.senseValid,
    scsiStatus: scsiStatus.checkCondition,
    bytes: 0,
    sense: senseHex(value),
  }
}

/** Ended without reaching the unit. */
export function statusOutcome(code: number): Outcome {
  return { status: ntStatus.success, srbStatus: code, scsiStatus: scsiStatus.good, bytes: 0 }
}

/** What the backend's answer becomes. */
export function backendOutcome(status: BlockStatus, bytes: number, write: boolean): Outcome {
  switch (status) {
    case 'ok':
      return goodOutcome(bytes)
    case 'mediaError':
      return { ...senseOutcome(write ? sense.writeFault : sense.unrecoveredRead), status: ntStatus.ioDeviceError }
    case 'notReady':
      return { ...senseOutcome(sense.notReady), status: ntStatus.deviceNotConnected }
    case 'writeProtected':
      return senseOutcome(sense.writeProtected)
    case 'volumeFull':
      return senseOutcome(sense.spaceAllocationFailed)
    case 'timeout':
      return { ...statusOutcome(srbStatus.timeout), status: ntStatus.ioTimeout }
  }
}

/** The request with its results filled in; sense overwrites the CDB. */
export function outcomeSrb(srb: Srb, outcome: Outcome): Srb {
  return {
    ...srb,
    srbStatus: outcome.srbStatus,
    scsiStatus: outcome.scsiStatus,
    dataTransferLength: outcome.bytes,
    ...(outcome.sense === undefined ? {} : { cdbOrSense: outcome.sense }),
  }
}
