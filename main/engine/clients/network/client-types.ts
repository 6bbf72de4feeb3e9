/** What the guest's network driver is made of, tells its guest, and keeps when it is saved. */
import type { EndRows } from '../../providers/channel-end.ts'
import type { DeviceClock } from '../../providers/device-clock.ts'
import type { EthernetFrame } from '../../providers/network/frame.ts'
import type { NvspMessage, NvspVersion } from '../../providers/network/nvsp.ts'
import type { NetworkMemory } from '../../providers/network/ports.ts'
import type { RndisPacketInfo } from '../../providers/network/rndis.ts'

/** Steps of the start, in order. `queries`: RNDIS requests `at` of the list. */
export type NetworkClientState =
  | { readonly name: 'closed' }
  | { readonly name: 'init'; readonly at: number }
  | { readonly name: 'receiveGpadl' }
  | { readonly name: 'receiveBuffer' }
  | { readonly name: 'sendGpadl' }
  | { readonly name: 'sendBuffer' }
  | { readonly name: 'rndisInit' }
  | { readonly name: 'queries'; readonly at: number }
  | { readonly name: 'subChannels' }
  | { readonly name: 'filter' }
  | { readonly name: 'up' }
  | { readonly name: 'failed'; readonly reason: string }

/** What the guest knows of its adapter. */
export interface LinkFacts {
  readonly mac: string
  readonly mtu: number
  /** Bits per second. */
  readonly speed: number
  readonly connected: boolean
}

export interface NetworkClientGuest {
  up?(facts: LinkFacts): void
  failed?(reason: string): void
  received?(frame: EthernetFrame, info: RndisPacketInfo, queue: number): void
  linkChanged?(connected: boolean): void
  /** The machine was moved: renew addresses. */
  networkChanged?(): void
  /** A VF with this vPCI serial appeared or went. */
  virtualFunction?(serial: number, allocated: boolean): void
  /** There is room to send again. */
  writable?(): void
}

export interface NetworkClientOptions {
  readonly versions?: readonly NvspVersion[]
  readonly mtu: number
  readonly subChannels: number
  readonly receiveBufferBytes?: number
  readonly sendBufferBytes?: number
  readonly memory: NetworkMemory
  readonly clock: DeviceClock
  /** Shares this many bytes with the host; the GPADL's id, or undefined when it cannot. The driver goes on at `gpadlCreated`. */
  readonly shareMemory: (bytes: number) => number | undefined
  /** First page for control messages and frames that do not fit into a section. */
  readonly dataPage: number
  readonly guest: NetworkClientGuest
}
/** What a send holds until its completion: a section, or pages. */
export interface Sending {
  readonly section: number | undefined
  readonly page: number | undefined
  readonly kind: NvspMessage['kind']
}
export const networkClientRowsVersion = 1

export interface NetworkClientRows {
  readonly version: typeof networkClientRowsVersion
  readonly state: NetworkClientState
  readonly protocol: NvspVersion | undefined
  readonly facts: LinkFacts
  readonly sections: number
  readonly gpadls: readonly [receive: number, send: number]
  readonly nextId: number
  readonly table: readonly number[]
  readonly sending: readonly (readonly [id: number, what: Sending])[]
  readonly ends: readonly (readonly [channel: number, rows: EndRows])[]
}
