/**
 * The VMBus server: parent side of the control plane, one for each child partition's connection.
 *
 * A state machine without clock or chance: messages and answers of providers are method calls, everything that follows is told to a
 * {@link VmbusNotifier}. Calls must not be nested. Not modelled: paravisor relays and redirected messages (VTL2), GPA pinning.
 * Sources: hypervisor reference 4, core sheet 4, openvmm: vmbus_server/src/channels.rs.
 */
import { decodeMessage, type MessageError, messageBytes } from './message-codec.ts'
import { isHostMessage, messageAllowed, type VmbusMessage } from './messages.ts'
import {
  closeComplete,
  handleCloseChannel,
  handleCloseReserved,
  handleModifyChannel,
  handleOpenChannel,
  handleOpenReserved,
  handleRelIdReleased,
  modifyChannelComplete,
  offerChannel,
  openComplete,
  revokeChannel,
} from './server-channel.ts'
import {
  endPause,
  handleInitiateContact,
  handleModifyConnection,
  handlePause,
  handleRequestOffers,
  handleTlConnect,
  handleUnload,
  isResetting,
  modifyConnectionComplete,
  reset,
  tlConnectComplete,
} from './server-connection.ts'
import { connectedInfo, flush, gpadlKey, negotiatedVersion, type ServerCore } from './server-core.ts'
import { gpadlCreateComplete, gpadlTeardownComplete, handleGpadlBody, handleGpadlHeader, handleGpadlTeardown } from './server-gpadl.ts'
import {
  loadServerRows,
  type RestoreMode,
  restoreChannel,
  revokeUnclaimedChannels,
  type ServerRestoreError,
  serverRows,
  type VmbusServerRows,
} from './server-rows.ts'
import {
  type ChannelOffer,
  type ConnectionState,
  type Gpadl,
  isReleased,
  type OfferId,
  type OfferResult,
  type ServerChannel,
  type VmbusNotifier,
  type VmbusServerError,
  type VmbusServerOptions,
} from './server-types.ts'
import type { VmbusTrace } from './trace.ts'
import { type NegotiatedVersion, serverFeatures, vmbusVersion } from './versions.ts'

/** A host of the newest release, for a partition with one VP. */
export const serverOptionsDefault: VmbusServerOptions = {
  versionMax: vmbusVersion.v6_0,
  features: serverFeatures,
  vtl: 0,
  gpadlBytesMax: 1280 * 1024 * 1024,
  vpCount: 1,
}

export type ServerRestoreResult =
  | { readonly ok: true; readonly server: VmbusServer }
  | { readonly ok: false; readonly error: ServerRestoreError }

export class VmbusServer {
  readonly #core: ServerCore

  constructor(notifier: VmbusNotifier, options: Partial<VmbusServerOptions> = {}, trace?: VmbusTrace) {
    this.#core = {
      options: { ...serverOptionsDefault, ...options },
      notifier,
      trace,
      connection: { name: 'disconnected' },
      channels: new Map(),
      nextOfferId: 1,
      assigned: [],
      monitors: [],
      gpadls: new Map(),
      incomplete: new Map(),
      pending: [],
      messageVp: 0,
      tlActive: [],
      tlWaiting: [],
    }
  }

  /** A server from saved rows; refuses rows that are no valid server. See `server-rows.ts` for what to do next. */
  static restore(
    rows: VmbusServerRows,
    mode: RestoreMode,
    notifier: VmbusNotifier,
    options: Partial<VmbusServerOptions> = {},
    trace?: VmbusTrace,
  ): ServerRestoreResult {
    const server = new VmbusServer(notifier, options, trace)
    const error = loadServerRows(server.#core, rows, mode)
    if (error !== undefined) return { ok: false, error }
    const broken = server.invariantViolations()[0]
    if (broken !== undefined) return { ok: false, error: { code: 'invariant', detail: broken } }
    return { ok: true, server }
  }

  /** Rows of everything the server knows; JSON-able. */
  snapshot(): VmbusServerRows {
    return serverRows(this.#core)
  }

  get connection(): ConnectionState {
    return this.#core.connection
  }

  /** Version in force while a guest is connected. */
  get negotiated(): NegotiatedVersion | undefined {
    return negotiatedVersion(this.#core)
  }

  get trace(): VmbusTrace | undefined {
    return this.#core.trace
  }

  set trace(trace: VmbusTrace | undefined) {
    this.#core.trace = trace
  }

  /** Channels in the order in which they were offered by their devices. */
  channels(): readonly ServerChannel[] {
    return [...this.#core.channels.values()]
  }

  channel(offerId: OfferId): ServerChannel | undefined {
    return this.#core.channels.get(offerId)
  }

  /** The channel that holds a channel id now. */
  channelById(channelId: number): ServerChannel | undefined {
    const offerId = this.#core.assigned[channelId - 1]
    return offerId === undefined ? undefined : this.#core.channels.get(offerId)
  }

  gpadls(): readonly Gpadl[] {
    return [...this.#core.gpadls.values()]
  }

  gpadl(offerId: OfferId, gpadlId: number): Gpadl | undefined {
    return this.#core.gpadls.get(gpadlKey(offerId, gpadlId))
  }

  /** Messages that wait for a buffer or for Resume. */
  get pendingMessages(): number {
    return this.#core.pending.length
  }

  /** A message of the guest, as bytes. */
  handleBytes(bytes: Uint8Array): MessageError | VmbusServerError | undefined {
    const result = decodeMessage(bytes, this.negotiated)
    return result.ok ? this.handleMessage(result.message) : result.error
  }

  /** A message of the guest. Returns why it had no effect; the guest is told only where the protocol has an answer. */
  handleMessage(message: VmbusMessage): VmbusServerError | undefined {
    const core = this.#core
    if (core.trace !== undefined) core.trace({ kind: 'message', direction: 'toHost', message, bytes: messageBytes(message) })
    if (isHostMessage(message)) return 'notFromGuest'
    if (isResetting(core)) return 'busy'
    if (!messageAllowed(message.kind, negotiatedVersion(core))) return 'notAllowed'
    if (connectedInfo(core)?.paused === true) {
      if (message.kind !== 'resume' && message.kind !== 'unload' && message.kind !== 'initiateContact') return 'paused'
      endPause(core)
      flush(core)
    }
    switch (message.kind) {
      case 'initiateContact':
        return handleInitiateContact(core, message)
      case 'requestOffers':
        return handleRequestOffers(core)
      case 'unload':
        return void handleUnload(core)
      case 'gpadlHeader':
        return handleGpadlHeader(core, message)
      case 'gpadlBody':
        return handleGpadlBody(core, message)
      case 'gpadlTeardown':
        return handleGpadlTeardown(core, message.channelId, message.gpadlId)
      case 'openChannel':
        return handleOpenChannel(core, message)
      case 'closeChannel':
        return handleCloseChannel(core, message.channelId)
      case 'relIdReleased':
        return handleRelIdReleased(core, message.channelId)
      case 'openReservedChannel':
        return handleOpenReserved(core, message)
      case 'closeReservedChannel':
        return handleCloseReserved(core, message.channelId, message.targetVp, message.targetSint)
      case 'tlConnectRequest':
        return void handleTlConnect(core, message)
      case 'modifyChannel':
        return handleModifyChannel(core, message.channelId, message.targetVp)
      case 'modifyConnection':
        return handleModifyConnection(core, message.parentToChildMonitorGpa, message.childToParentMonitorGpa)
      case 'pause':
        return handlePause(core)
      case 'resume':
        return undefined
    }
  }

  /** Posts messages that wait. True when none is left; call it when a buffer became free. */
  flushMessages(): boolean {
    return flush(this.#core)
  }

  /** A device offers a channel. */
  offerChannel(offer: ChannelOffer): OfferResult {
    return offerChannel(this.#core, offer)
  }

  /** A device takes its channel away: RescindChannelOffer. */
  revokeChannel(offerId: OfferId): VmbusServerError | undefined {
    return revokeChannel(this.#core, offerId)
  }

  openComplete(offerId: OfferId, status: number): VmbusServerError | undefined {
    return openComplete(this.#core, offerId, status)
  }

  closeComplete(offerId: OfferId): VmbusServerError | undefined {
    return closeComplete(this.#core, offerId)
  }

  gpadlCreateComplete(offerId: OfferId, gpadlId: number, status: number): VmbusServerError | undefined {
    return gpadlCreateComplete(this.#core, offerId, gpadlId, status)
  }

  gpadlTeardownComplete(offerId: OfferId, gpadlId: number): VmbusServerError | undefined {
    return gpadlTeardownComplete(this.#core, offerId, gpadlId)
  }

  modifyChannelComplete(offerId: OfferId, status: number): VmbusServerError | undefined {
    return modifyChannelComplete(this.#core, offerId, status)
  }

  /** `state` as in `contactState`. */
  modifyConnectionComplete(state: number): VmbusServerError | undefined {
    return modifyConnectionComplete(this.#core, state)
  }

  /** Answer to `tlConnect`. When accepted, the service's channel has been offered already. */
  tlConnectComplete(endpointId: string, serviceId: string, accepted: boolean): VmbusServerError | undefined {
    return tlConnectComplete(this.#core, endpointId, serviceId, accepted)
  }

  /** True from `reset` until `resetComplete`; the guest must not run meanwhile, its messages are refused as `busy`. */
  get resetting(): boolean {
    return isResetting(this.#core)
  }

  /** Machine switched off or reset. */
  reset(): VmbusServerError | undefined {
    return reset(this.#core)
  }

  /** After a restore of a machine, for each device: see `server-rows.ts`. */
  restoreChannel(offerId: OfferId, open: boolean): VmbusServerError | undefined {
    return restoreChannel(this.#core, offerId, open)
  }

  /** After a restore of a machine, when all devices are back. */
  revokeUnclaimedChannels(): void {
    revokeUnclaimedChannels(this.#core)
  }

  /** What contradicts itself; empty for a sound server. Checked by tests after every step, and by restore. */
  invariantViolations(): string[] {
    const core = this.#core
    const wrong: string[] = []
    const connected = core.connection.name === 'connected'
    for (const channel of core.channels.values()) {
      const label = `channel of offer ${channel.offerId} in state ${channel.state.name}`
      if ((channel.ids !== undefined) === isReleased(channel.state)) wrong.push(`${label}: ids and state disagree`)
      if (channel.ids !== undefined) {
        if (core.assigned[channel.ids.channelId - 1] !== channel.offerId) wrong.push(`${label}: its channel id belongs to another`)
        const monitorId = channel.ids.monitorId
        if (monitorId !== undefined && core.monitors[monitorId] !== channel.offerId)
          wrong.push(`${label}: its monitor id belongs to another`)
      }
      const reserved = 'reserved' in channel.state && channel.state.reserved !== undefined
      if (!connected && !reserved && !isReleased(channel.state)) wrong.push(`${label}: known to a guest that is not connected`)
    }
    core.assigned.forEach((offerId, i) => {
      if (offerId === undefined) return
      if (core.channels.get(offerId)?.ids?.channelId !== i + 1)
        wrong.push(`channel id ${i + 1} is held by offer ${offerId}, which does not use it`)
    })
    for (const [key, gpadl] of core.gpadls) {
      const label = `GPADL ${gpadl.gpadlId} of offer ${gpadl.offerId}`
      if (key !== gpadlKey(gpadl.offerId, gpadl.gpadlId)) wrong.push(`${label}: stored under another key`)
      if (!core.channels.has(gpadl.offerId)) wrong.push(`${label}: its channel is gone`)
      const incomplete = core.incomplete.get(gpadl.gpadlId) === gpadl.offerId
      if (incomplete !== (gpadl.state === 'inProgress')) wrong.push(`${label}: completeness and state ${gpadl.state} disagree`)
    }
    return wrong
  }
}
