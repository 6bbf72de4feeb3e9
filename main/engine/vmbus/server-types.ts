/**
 * States, inputs and effects of the VMBus server: the parent's half of the control plane of one child partition
 * (hypervisor reference 4.5, core sheet 4.5; openvmm: vmbus_server/src/channels.rs). All values are plain data, so that they can be saved as they are.
 */
import type { Guid } from './guid.ts'
import type { GuestMessage, HostMessage, InitiateContactMessage } from './messages.ts'
import type { GpaRange } from './pages.ts'
import type { NegotiatedVersion } from './versions.ts'

/** Names an offer for the provider's side, stable while the device exists. From 1 on. */
export type OfferId = number

/** What a device offers. (interfaceId, instanceId, subchannelIndex) is unique on a server. */
export interface ChannelOffer {
  /** For inspectors, such as "SCSI controller". */
  readonly name: string
  readonly interfaceId: Guid
  readonly instanceId: Guid
  /** 0 = primary channel. */
  readonly subchannelIndex: number
  readonly flags: number
  readonly mmioMegabytes: number
  readonly mmioMegabytesOptional: number
  /** 120 bytes as hex. */
  readonly userDefined: string
  /** Longest delay of a monitored guest signal, ticks of 100 ns; undefined = no monitored notification. */
  readonly monitorLatency?: number | undefined
  /** Place among offers of the same class; undefined = last. */
  readonly offerOrder?: number | undefined
}

/** What the guest asked for when it opened the channel. */
export interface OpenRequest {
  readonly openId: number
  readonly ringGpadlId: number
  /** Undefined = interrupts off. */
  readonly targetVp?: number | undefined
  readonly downstreamPageOffset: number
  readonly userData: string
  /** Guest-specified signal parameters (6.0). */
  readonly signal?: { readonly connectionId: number; readonly eventFlag: number } | undefined
  readonly flags: number
}

/** Where messages of a reserved channel go, and at which version it was opened: it outlives the connection (crash dump, hibernation). */
export interface ReservedState {
  readonly version: NegotiatedVersion
  readonly vp: number
  readonly sint: number
}

export type ServerChannelState =
  /** The device offers the channel, the guest was not told, or has let go of it. */
  | { readonly name: 'clientReleased' }
  /** Offered to the guest, not open. */
  | { readonly name: 'closed' }
  /** The guest asked to open; the provider was told and has not answered. */
  | { readonly name: 'opening'; readonly request: OpenRequest; readonly reserved?: ReservedState | undefined }
  /** Both sides use the channel. `modify` stands while the provider changes the target VP; one further change may wait in it (before 5.3). */
  | {
      readonly name: 'open'
      readonly params: OpenRequest
      readonly modify?: { readonly pendingVp?: number | undefined } | undefined
      readonly reserved?: ReservedState | undefined
    }
  /** The provider was told to close. */
  | { readonly name: 'closing'; readonly params: OpenRequest; readonly reserved?: ReservedState | undefined }
  /** As closing, and the guest asked to open again meanwhile. */
  | { readonly name: 'closingReopen'; readonly params: OpenRequest; readonly request: OpenRequest }
  /** The device is gone, the guest has not released the channel id yet. */
  | { readonly name: 'revoked' }
  /** The device came back before the guest released the former offer. */
  | { readonly name: 'reoffered' }
  /** The guest has let go, the provider still closes. */
  | { readonly name: 'closingClientRelease' }
  /** The guest has let go, the provider still opens. */
  | { readonly name: 'openingClientRelease' }

export type ServerChannelStateName = ServerChannelState['name']

/** Where a channel stands after its server was built from saved rows of a machine. */
export type RestoreState =
  /** Offered in this run. */
  | 'new'
  /** Saved, not offered again yet. */
  | 'unmatched'
  /** Saved and offered again, not put back in service yet. */
  | 'restoring'
  | 'restored'

/** Ids that an offered channel holds until the guest releases it. */
export interface OfferedIds {
  readonly channelId: number
  readonly connectionId: number
  /** 0–127. */
  readonly monitorId?: number | undefined
}

/** One channel of the server. */
export interface ServerChannel {
  readonly offerId: OfferId
  offer: ChannelOffer
  state: ServerChannelState
  restore: RestoreState
  ids: OfferedIds | undefined
}

export type GpadlState =
  /** Body messages are missing. */
  | 'inProgress'
  /** The provider was asked to take it. */
  | 'offered'
  /** As offered, and the guest is gone. */
  | 'offeredTearingDown'
  /** GpadlCreated was sent. */
  | 'accepted'
  /** The provider was asked to let go. */
  | 'tearingDown'

export interface Gpadl {
  readonly offerId: OfferId
  readonly gpadlId: number
  readonly rangeCount: number
  /** Words that all messages together bring. */
  readonly wordsTotal: number
  /** Words so far; empty once complete. */
  words: number[]
  /** Empty until complete. */
  ranges: readonly GpaRange[]
  state: GpadlState
}

/** GPAs of the two monitor pages, bytes. */
export interface MonitorPages {
  readonly parentToChild: number
  readonly childToParent: number
}

export interface ConnectionInfo {
  readonly negotiated: NegotiatedVersion
  readonly offersSent: boolean
  /** GPA of the shared interrupt page of old guests; undefined = none. */
  readonly interruptPage?: number | undefined
  readonly monitorPages?: MonitorPages | undefined
  readonly targetVp: number
  /** A ModifyConnection of the guest is under way. */
  readonly modifying: boolean
  readonly clientId?: Guid | undefined
  /** The guest asked for no messages until Resume. */
  readonly paused: boolean
}

/** What follows once the connection is torn down. */
export type ConnectionAction =
  | { readonly name: 'none' }
  | { readonly name: 'reset' }
  | { readonly name: 'sendUnloadComplete'; readonly negotiated?: NegotiatedVersion | undefined }
  | { readonly name: 'reconnect'; readonly contact: InitiateContactMessage }

export type ConnectionState =
  | { readonly name: 'disconnected' }
  /** The pages of a new connection are being mapped. */
  | { readonly name: 'connecting'; readonly info: ConnectionInfo; readonly next: ConnectionAction }
  | { readonly name: 'connected'; readonly info: ConnectionInfo }
  /** Waits for the providers, then (`modifySent`) for the pages to be unmapped. */
  | { readonly name: 'disconnecting'; readonly next: ConnectionAction; readonly modifySent: boolean }

/** Everything a provider needs when its channel opens. */
export interface OpenParameters {
  readonly offerId: OfferId
  readonly channelId: number
  readonly request: OpenRequest
  /** Connection id and flag by which the guest will be signalled or signals. */
  readonly connectionId: number
  readonly eventFlag: number
  /** Monitored notification in use, with its latency in ticks. */
  readonly monitor?: { readonly monitorId: number; readonly latency: number } | undefined
  readonly negotiated: NegotiatedVersion
  readonly reserved: boolean
}

/** Pages that a connection wants mapped; undefined = unmap. */
export interface ConnectionPages {
  readonly negotiated?: NegotiatedVersion | undefined
  readonly interruptPage?: number | undefined
  readonly monitorPages?: MonitorPages | undefined
}

/** A guest's wish to reach an hv_sock service of the host. */
export interface TlConnect {
  readonly endpointId: Guid
  readonly serviceId: Guid
  readonly siloId?: Guid | undefined
}

/** Where a message goes in the guest: SINT slot of a VP. */
export interface MessageTarget {
  readonly vp: number
  readonly sint: number
}

/** Effects of the server, in the order in which they happen. An implementation must not call the server before the current call has returned. */
export interface VmbusNotifier {
  /** Posts to the guest. False = no buffer now; the server keeps the message and tries again in `flushMessages`. */
  postMessage(message: HostMessage, target: MessageTarget): boolean
  /** Asks the provider to open; answered by `openComplete`. */
  openChannel(offerId: OfferId, parameters: OpenParameters): void
  /** Asks the provider to close; answered by `closeComplete`. */
  closeChannel(offerId: OfferId): void
  /** Shows a complete GPADL to the provider; answered by `gpadlCreateComplete`. */
  createGpadl(offerId: OfferId, gpadlId: number, ranges: readonly GpaRange[]): void
  /** Asks the provider to let go of a GPADL; answered by `gpadlTeardownComplete`. */
  teardownGpadl(offerId: OfferId, gpadlId: number): void
  /** Asks the provider to interrupt another VP; answered by `modifyChannelComplete`. */
  modifyTargetVp(offerId: OfferId, targetVp: number): void
  /** Maps or unmaps the connection's pages; answered by `modifyConnectionComplete`. */
  modifyConnection(pages: ConnectionPages): void
  /** A guest wants an hv_sock service; answered by `tlConnectComplete`. */
  tlConnect(request: TlConnect): void
  /** Signals an open channel once after a restore. */
  signalChannel(offerId: OfferId): void
  /** All providers are back where they began. */
  resetComplete(): void
  /** The guest has let go of the bus. */
  unloadComplete(): void
}

/** Why a message of the guest, or a call of a provider, had no effect (openvmm: ChannelError). */
export type VmbusServerError =
  | 'unknownChannelId'
  | 'channelReleased'
  | 'unknownGpadlId'
  | 'duplicateGpadlId'
  | 'gpadlAlreadyComplete'
  | 'invalidGpaRange'
  | 'gpadlLimit'
  | 'invalidGpadlState'
  | 'channelAlreadyOpen'
  | 'channelNotOpen'
  | 'invalidChannelState'
  | 'channelReserved'
  | 'channelNotReserved'
  | 'offersAlreadySent'
  | 'invalidTargetVp'
  | 'interruptsDisabled'
  | 'paused'
  | 'notAllowed'
  | 'notFromGuest'
  | 'busy'

/** Why an offer was refused. */
export type OfferError = 'alreadyExists' | 'tooManyChannels'

export type OfferResult = { readonly ok: true; readonly offerId: OfferId } | { readonly ok: false; readonly error: OfferError }

/** Limits and abilities of the host that the server runs on. */
export interface VmbusServerOptions {
  /** Highest version of the host's release. */
  readonly versionMax: number
  /** Feature flags that the host grants at 6.0. */
  readonly features: number
  /** VTL of the clients; part of connection ids. */
  readonly vtl: number
  /** Bytes of guest memory that all GPADLs of the partition may cover: about 384 MiB up to 2016, about 1,280 MiB from 2019. */
  readonly gpadlBytesMax: number
  /** Virtual processors of the partition; target VPs must be below. */
  readonly vpCount: number
}

export type { GuestMessage, HostMessage }

/** True in states in which the guest holds no reference to the channel and may do nothing with it. */
export function isReleased(state: ServerChannelState): boolean {
  return state.name === 'clientReleased' || state.name === 'closingClientRelease' || state.name === 'openingClientRelease'
}

/** True once the device was taken away, until the guest has released the id. */
export function isRevoked(state: ServerChannelState): boolean {
  return state.name === 'revoked' || state.name === 'reoffered'
}

/** The reserved part of a state, if the channel was opened as a reserved one. */
export function reservedOf(state: ServerChannelState): ReservedState | undefined {
  return state.name === 'opening' || state.name === 'open' || state.name === 'closing' ? state.reserved : undefined
}
