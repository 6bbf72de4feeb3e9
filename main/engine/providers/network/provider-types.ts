/** What the network provider of an adapter is made of, knows, counts, and keeps when it is saved. */
import type { EndRows } from '../channel-end.ts'
import type { DeviceClock, DueRows } from '../device-clock.ts'
import type { NvspVersion } from './nvsp.ts'
import type { NetworkMemory, SwitchPort } from './ports.ts'
import type { AdapterFacts, RndisState } from './rndis-device.ts'

export interface NetworkProviderOptions {
  readonly versionMax: NvspVersion
  /** Sub-channels that the host grants. */
  readonly maxSubChannels: number
  readonly port: SwitchPort
  readonly clock: DeviceClock
  readonly memory: NetworkMemory
  readonly offerSubchannels: (count: number) => void
  /** The guest moved its data path: to the VF, or back. */
  readonly dataPathSwitched?: (toVf: boolean) => void
}

/** What a guest and its adapter have agreed on since the channel was opened. */
export interface NetworkState {
  readonly version: NvspVersion | undefined
  readonly ndis: { readonly major: number; readonly minor: number } | undefined
  readonly config: { readonly mtu: number; readonly capabilities: number } | undefined
  readonly receiveBuffer: { readonly gpadlId: number; readonly id: number; readonly slotBytes: number; readonly slots: number } | undefined
  readonly sendBuffer: { readonly gpadlId: number; readonly id: number; readonly sections: number } | undefined
  readonly rndis: RndisState
  readonly subChannels: number
  readonly vf: { readonly serial: number; readonly active: boolean } | undefined
}

/** A send whose completion leaves later. */
export interface LateCompletion {
  readonly channel: number
  readonly transactionId: number
}

export const networkRowsVersion = 1

export interface NetworkProviderRows {
  readonly version: typeof networkRowsVersion
  readonly state: NetworkState
  readonly facts: AdapterFacts
  readonly busySlots: readonly (readonly [tag: number, slots: readonly number[]])[]
  readonly nextTag: number
  readonly late: DueRows<LateCompletion>
  readonly ends: readonly (readonly [channel: number, rows: EndRows])[]
  readonly counts: NetworkCounts
}

/** Frames and bytes of the guest (sent) and to the guest (received), segments of large sends, and drops by cause. */
export interface NetworkCounts {
  sentFrames: number
  sentBytes: number
  receivedFrames: number
  receivedBytes: number
  segments: number
  droppedNoSlot: number
  droppedByFilter: number
  droppedBySwitch: number
}
