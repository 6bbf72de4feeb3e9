/** States, inputs and effects of the VMBus client: the bus driver of a guest (core sheet 4.5; linux: drivers/hv/{connection,channel,channel_mgmt}.c). */
import type { Guid } from './guid.ts'
import type { GuestMessage, OfferChannelMessage } from './messages.ts'
import type { GpaRange, PageRun } from './pages.ts'
import type { MonitorPages } from './server-types.ts'
import type { SynicStatus } from './transport.ts'
import type { NegotiatedVersion, VmbusVersion } from './versions.ts'

/** What a guest's bus driver can do and where it wants its messages. */
export interface VmbusClientOptions {
  /** Versions in the order in which they are asked for: see `versionsOffered`. */
  readonly versions: readonly VmbusVersion[]
  /** Feature flags wanted at 6.0. */
  readonly features: number
  /** VP that takes messages. */
  readonly targetVp: number
  /** GPA of the interrupt page for versions below 2.4; 0 = none. */
  readonly interruptPageGpa: number
  /** GPAs of the monitor pages; undefined = no monitored notification. */
  readonly monitorPages?: MonitorPages | undefined
  /** Sent at 6.0 with the client id feature. */
  readonly clientId: Guid
  /** First GPADL handle: Linux counts from 0xE1E10. */
  readonly gpadlFirst: number
}

/** Rings and target of a channel to open. */
export interface ChannelOpening {
  /** Pages of both rings, each with its control page: guest to host first. */
  readonly ringPages: readonly PageRun[]
  /** Pages before the host-to-guest ring. */
  readonly downstreamPageOffset: number
  readonly targetVp: number
  /** 120 bytes as hex; zeros by default. */
  readonly userData?: string | undefined
}

export type ClientChannelState =
  /** Known, not in use. */
  | { readonly name: 'offered' }
  /** Waits for GpadlCreated of the rings. */
  | { readonly name: 'creatingRings'; readonly opening: ChannelOpening; readonly ringGpadlId: number }
  /** Waits for OpenChannelResult. */
  | { readonly name: 'opening'; readonly opening: ChannelOpening; readonly ringGpadlId: number }
  | { readonly name: 'open'; readonly opening: ChannelOpening; readonly ringGpadlId: number }
  /** CloseChannel sent (or the open failed); waits for GpadlTorndown of every GPADL, the rings' last. */
  | { readonly name: 'closing'; readonly ringGpadlId: number }

export type ClientGpadlState = 'creating' | 'created' | 'tearingDown'

export interface ClientGpadl {
  readonly gpadlId: number
  readonly pages: number
  state: ClientGpadlState
}

/** A channel as the guest sees it. */
export interface ClientChannel {
  readonly offer: OfferChannelMessage
  state: ClientChannelState
  /** Set by RescindChannelOffer; the id is given back once nothing of the channel is left. */
  rescinded: boolean
  /** Guest VP that gets the channel's interrupts. */
  targetVp: number
  readonly gpadls: Map<number, ClientGpadl>
}

export type ClientConnectionState =
  | { readonly name: 'disconnected' }
  /** Asked for `versions[at]`. */
  | { readonly name: 'connecting'; readonly at: number }
  | {
      readonly name: 'connected'
      readonly negotiated: NegotiatedVersion
      readonly messageConnectionId: number
      readonly offersDelivered: boolean
    }
  /** Unload sent. */
  | { readonly name: 'disconnecting'; readonly negotiated: NegotiatedVersion }

/** Effects of the client, in order. An implementation must not call the client before the current call has returned. */
export interface VmbusClientNotifier {
  /** PostMessage hypercall. `insufficientBuffers`: the client keeps the message and tries again in `flushMessages`. */
  postMessage(connectionId: number, message: GuestMessage): SynicStatus
  /** A version was agreed on; the offers are requested next. */
  connected(negotiated: NegotiatedVersion): void
  /** No version was agreed on, or the host could not take the connection. */
  connectionFailed(): void
  channelOffered(channelId: number, offer: OfferChannelMessage): void
  /** All offers of the start are known; later ones are hot-added. */
  offersDelivered(): void
  /** Answer to `openChannel`; after a failure the channel is offered again when `channelClosed` comes. */
  channelOpened(channelId: number, status: number): void
  /** Answer to `createGpadl`. */
  gpadlCreated(channelId: number, gpadlId: number, status: number): void
  gpadlTorndown(channelId: number, gpadlId: number): void
  /** All of a closed channel's GPADLs are gone. */
  channelClosed(channelId: number): void
  /** The device was removed. If the channel is open its driver fails its I/O and calls `closeChannel`; the rest follows by itself. */
  channelRescinded(channelId: number): void
  /** RelIdReleased was sent: the channel no longer exists for the guest. */
  channelReleased(channelId: number): void
  /** Answer to `modifyChannel`, from 5.3 on. */
  channelModified(channelId: number, status: number): void
  reservedOpened(channelId: number, status: number): void
  reservedClosed(channelId: number): void
  /** A service of the host refused an hv_sock connection. */
  tlConnectRefused(endpointId: Guid, serviceId: Guid, status: number): void
  connectionModified(state: number): void
  paused(): void
  /** The host has let go of everything; `connect` may be called again. */
  unloaded(): void
}

/** Why a call had no effect, or a message was ignored. */
export type VmbusClientError =
  | 'notConnected'
  | 'alreadyConnected'
  | 'unknownChannelId'
  | 'invalidChannelState'
  | 'unknownGpadlId'
  | 'invalidGpadlState'
  | 'notAllowed'
  | 'notFromHost'
  | 'duplicateOffer'

export type GpadlResult = { readonly ok: true; readonly gpadlId: number } | { readonly ok: false; readonly error: VmbusClientError }

export type { GpaRange }
