/** What the storage provider of a controller is made of, and what it keeps when it is saved. */
import type { EndRows } from '../channel-end.ts'
import type { DeviceClock, DueRows } from '../device-clock.ts'
import type { GuestArea } from '../guest-area.ts'
import type { Outcome } from './outcome.ts'
import type { BlockBackend, LogicalUnit, StorageObserver } from './ports.ts'
import type { StoragePacket, StorageVersion } from './protocol.ts'
import type { Sense } from './scsi.ts'

/** Where the start sequence stands: each step is allowed only after the one before it. */
export type StorageState = 'closed' | 'opened' | 'begun' | 'versioned' | 'queried' | 'ready'

export interface StorageProviderOptions {
  readonly kind: 'scsi' | 'ide' | 'fibreChannel'
  readonly versionMax: StorageVersion
  /** 0 = no multi-channel. */
  readonly maxSubChannels: number
  readonly maxTransferBytes: number
  readonly backend: BlockBackend
  readonly clock: DeviceClock
  /** Memory that requests name by the first page of their range: data of commands other than transfers. */
  readonly memory: GuestArea<Uint8Array>
  /** The guest asked for sub-channels 1…count: offer them with `StorageProvider.subchannel` as providers. */
  readonly offerSubchannels: (count: number) => void
  /** Port and node names of a Fibre Channel adapter, 16 hex digits each. */
  readonly fibreChannelNames?: readonly [port: string, node: string, port2: string, node2: string]
  readonly observer?: StorageObserver
}

/** A request that was taken and not answered. */
export interface PendingIo {
  readonly channel: number
  readonly transactionId: number
  readonly request: StoragePacket
  readonly outcome: Outcome
}

export const storageRowsVersion = 1

/** Saved form of a provider. The options and the units' files are configuration and not in it. */
export interface StorageProviderRows {
  readonly version: typeof storageRowsVersion
  readonly state: StorageState
  readonly protocol: StorageVersion | undefined
  readonly units: readonly LogicalUnit[]
  readonly attentions: readonly (readonly [lun: number, sense: Sense])[]
  readonly locked: readonly number[]
  readonly pending: DueRows<PendingIo>
  readonly lost: readonly PendingIo[]
  readonly resets: readonly { readonly channel: number; readonly transactionId: number; readonly request: StoragePacket }[]
  readonly ends: readonly (readonly [channel: number, rows: EndRows])[]
  readonly stopped: boolean
}
