/** The two ends that meet on a bus: providers in the parent, drivers in the guest, and what the bus is made of. */
import type { Channel } from './channel.ts'
import type { ChannelCodecs, ChannelRows, PacketRow } from './channel-rows.ts'
import type { VmbusClientRows } from './client-rows.ts'
import type { VmbusClientOptions } from './client-types.ts'
import type { Guid } from './guid.ts'
import type { OfferChannelMessage } from './messages.ts'
import type { Packet } from './packet.ts'
import type { GpaRange } from './pages.ts'
import type { VmbusServerRows } from './server-rows.ts'
import type { ChannelOffer, OfferId, OpenParameters, VmbusServerOptions } from './server-types.ts'
import type { VmbusTrace } from './trace.ts'
import type { NegotiatedVersion } from './versions.ts'

/** Answer of a provider: an NTSTATUS (0 = success), or `pending` when it answers later by the bus's method of that name. */
export type ProviderAnswer = number | 'pending'

/** A VSP: serves one offer. Payload types: G guest to host, H host to guest. All calls come from the bus, never nested in a call of the provider. */
export interface VmbusProvider<G = unknown, H = unknown> {
  /** How payloads look in bytes; needed for saving and for inspectors. */
  readonly codecs: ChannelCodecs<G, H>
  /** The guest opened the channel. `pending` → `providerOpened`. */
  open(channel: Channel<G, H>, parameters: OpenParameters): ProviderAnswer
  /** The guest closed it, or the channel was taken away; nothing can be sent any more. `pending` → `providerClosed`. */
  close(channel: Channel<G, H>): 'closed' | 'pending'
  /** The guest signalled: packets to read, or room in the ring. */
  event(channel: Channel<G, H>): void
  /** The guest shares memory. `pending` → `providerGpadl`. Default: success. */
  gpadl?(gpadlId: number, ranges: readonly GpaRange[]): ProviderAnswer
  gpadlTeardown?(gpadlId: number): void
  /** The guest wants interrupts on another VP. Default: success. */
  targetVp?(vp: number): ProviderAnswer
}

/** A VSC: the guest's driver of one channel. */
export interface VmbusDriver<G = unknown, H = unknown> {
  opened(channel: Channel<G, H>): void
  openFailed(channelId: number, status: number): void
  /** The host signalled: packets to read, or room in the ring. */
  event(channel: Channel<G, H>): void
  /** The device was removed while in use. `requests` of the driver will never be completed. The bus closes the channel afterwards. */
  rescinded(channel: Channel<G, H>, requests: readonly Packet<G>[]): void
  /** Everything of the channel is torn down; after a mere close it may be opened again. */
  closed(channelId: number): void
  gpadlCreated?(gpadlId: number, status: number): void
  gpadlTorndown?(gpadlId: number): void
  targetVpChanged?(status: number): void
}

/** The guest's bus driver towards the rest of the guest. */
export interface VmbusGuest {
  connected?(negotiated: NegotiatedVersion): void
  connectionFailed?(): void
  /** A channel is there: load its driver, then `openChannel`. */
  channelOffered?(channelId: number, offer: OfferChannelMessage): void
  offersDelivered?(): void
  /** The channel is gone for good. */
  channelReleased?(channelId: number): void
  unloaded?(): void
  tlConnectRefused?(endpointId: Guid, serviceId: Guid, status: number): void
  reservedOpened?(channelId: number, status: number): void
  reservedClosed?(channelId: number): void
  connectionModified?(state: number): void
  paused?(): void
}

/** Host's notices about the bus as a whole. */
export interface VmbusHost {
  resetComplete?(): void
  unloadComplete?(): void
  /** A guest wants an hv_sock service: the provider of the connection, or undefined to refuse. */
  tlConnect?(serviceId: Guid, endpointId: Guid): VmbusProvider | undefined
}

export interface VmbusBusOptions {
  readonly server?: Partial<VmbusServerOptions> | undefined
  readonly client: VmbusClientOptions
  readonly guest?: VmbusGuest | undefined
  readonly host?: VmbusHost | undefined
  readonly trace?: VmbusTrace | undefined
}

/** Finds the two ends of each saved channel again. */
export interface BusEnds {
  provider(offerId: OfferId, offer: ChannelOffer): VmbusProvider | undefined
  driver(channelId: number): VmbusDriver | undefined
  /** Payload codecs of a channel whose provider is missing. */
  codecs?(offer: ChannelOffer): ChannelCodecs | undefined
}

/** Version of {@link VmbusBusRows}. */
export const busRowsVersion = 1

export interface OpenChannelRow {
  readonly offerId: OfferId
  readonly parameters: OpenParameters
  /** Whether the guest still uses it. */
  readonly guestOpen: boolean
  /** The data plane while it works. */
  readonly rows?: ChannelRows | undefined
  /** What is left of a channel that the host has taken away and whose guest does not know yet. */
  readonly cutOff?: CutOffRow | undefined
}

export interface CutOffRow {
  readonly epoch: number
  readonly guestToHostBytes: number
  readonly hostToGuestBytes: number
  /** Requests of the guest that will never be completed. */
  readonly requests: readonly PacketRow[]
}

/** Everything of one partition's bus. What is on the way in the SynIC belongs to the hypervisor's rows. */
export interface VmbusBusRows {
  readonly version: typeof busRowsVersion
  readonly server: VmbusServerRows
  readonly client: VmbusClientRows
  readonly channels: readonly OpenChannelRow[]
  readonly epochs: readonly (readonly [channelId: number, epoch: number])[]
  readonly monitorPending: readonly number[]
  readonly interruptBits: { readonly toHost: readonly number[]; readonly toGuest: readonly number[] }
}
