/** What the guest's storage driver is made of, tells its guest, and keeps when it is saved. */
import type { EndRows } from '../../providers/channel-end.ts'
import type { DeviceClock } from '../../providers/device-clock.ts'
import type { GuestArea } from '../../providers/guest-area.ts'
import type { StorageOperation, StorageVersion } from '../../providers/storage/protocol.ts'
import type { Sense } from '../../providers/storage/scsi.ts'
import type { FoundUnit, ScanState } from './scan.ts'

/** Where the driver stands. */
export type StorageClientState =
  | { readonly name: 'closed' }
  | { readonly name: 'begin' }
  /** Asks for `versions[at]`. */
  | { readonly name: 'version'; readonly at: number }
  | { readonly name: 'properties' }
  | { readonly name: 'hbaData' }
  | { readonly name: 'end' }
  | { readonly name: 'subChannels' }
  | { readonly name: 'scanning'; readonly scan: ScanState }
  | { readonly name: 'ready' }
  | { readonly name: 'failed'; readonly reason: string }

/** A transfer that the guest's file system wants. Offsets and bytes in bytes, whole blocks of the unit. */
export interface StorageRequest {
  readonly lun: number
  readonly operation: 'read' | 'write' | 'flush' | 'unmap'
  readonly offset: number
  readonly bytes: number
}

export interface StorageOutcome {
  readonly request: StorageRequest
  readonly ok: boolean
  /** Code without flags; {@link srbStatus}. */
  readonly srbStatus: number
  readonly bytes: number
  readonly sense: Sense | undefined
}

/** The guest above the driver. Calls come outside of calls to the driver, except from `submit`'s own channel reads. */
export interface StorageClientGuest {
  /** Disks are known, requests may come. */
  ready?(): void
  failed?(reason: string): void
  /** After a rescan: appeared, disappeared or of another size. */
  unitsChanged?(units: readonly FoundUnit[]): void
  /** A request has ended. `id` is the one that `submit` gave. */
  completed?(id: number, outcome: StorageOutcome): void
}

export interface StorageClientOptions {
  readonly kind: 'scsi' | 'ide' | 'fibreChannel'
  /** Newest first; the driver's own list. */
  readonly versions?: readonly StorageVersion[]
  /** Sub-channels wanted, of those the host has. */
  readonly subChannels: (offered: number) => number
  readonly clock: DeviceClock
  readonly memory: GuestArea<Uint8Array>
  /** First page of the buffer for the driver's own commands. */
  readonly controlPage: number
  /** First page of the buffers that transfers use. */
  readonly dataPage: number
  /** Ticks after which an unanswered request makes the driver reset the bus; default 180 s, the block layer's time-out. */
  readonly timeoutTicks?: number
  readonly guest: StorageClientGuest
}

export interface InFlight {
  /** Undefined = the driver's own command. */
  readonly request: StorageRequest | undefined
  readonly channel: number
  readonly operation: StorageOperation
  readonly since: number
}

export const storageClientRowsVersion = 1

export interface StorageClientRows {
  readonly version: typeof storageClientRowsVersion
  readonly state: StorageClientState
  readonly protocol: StorageVersion | undefined
  readonly units: readonly FoundUnit[]
  readonly subChannels: number
  readonly maxTransferBytes: number
  readonly nextId: number
  readonly rescanWanted: boolean
  readonly inFlight: readonly (readonly [id: number, request: InFlight])[]
  readonly ends: readonly (readonly [channel: number, rows: EndRows])[]
}
