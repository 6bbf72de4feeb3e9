/** Channels of the server: offer, open, close, reserve, retarget, revoke, release (hypervisor reference 4.5, core sheet 4.4 and 4.5). */

import { zeroHex } from './bytes.ts'
import { compareGuids } from './guid.ts'
import { isSuccess, type OpenChannelMessage, userDefinedBytes, vmbusStatus } from './messages.ts'
import { checkDisconnected } from './server-connection.ts'
import {
  assignIds,
  byChannelId,
  connectedInfo,
  freeIds,
  idsOf,
  mayOffer,
  negotiatedVersion,
  openParameters,
  type ServerCore,
  send,
  sendOffer,
  setChannel,
} from './server-core.ts'
import { releaseGpadls, revokeGpadls } from './server-gpadl.ts'
import {
  type ChannelOffer,
  isReleased,
  isRevoked,
  type MessageTarget,
  type OfferId,
  type OfferResult,
  type OpenRequest,
  type ReservedState,
  reservedOf,
  type ServerChannel,
  type VmbusServerError,
} from './server-types.ts'
import { channelIdMax, vmbusFeature, vmbusVersion, vpDisabled } from './versions.ts'

const noUserData = zeroHex(userDefinedBytes)

function sameOffer(a: ChannelOffer, b: ChannelOffer): boolean {
  return a.interfaceId === b.interfaceId && a.instanceId === b.instanceId && a.subchannelIndex === b.subchannelIndex
}

/** A device offers a channel. Told to the guest at once when the guest already has its offers (hot add). */
export function offerChannel(core: ServerCore, offer: ChannelOffer): OfferResult {
  for (const channel of core.channels.values()) {
    if (!sameOffer(channel.offer, offer)) continue
    if (channel.restore === 'unmatched') {
      channel.restore = 'restoring'
    } else if (channel.state.name === 'revoked') {
      setChannel(core, channel, { name: 'reoffered' })
    } else return { ok: false, error: 'alreadyExists' }
    channel.offer = offer
    return { ok: true, offerId: channel.offerId }
  }
  if (core.channels.size >= channelIdMax) return { ok: false, error: 'tooManyChannels' }
  const offerId = core.nextOfferId++
  const channel: ServerChannel = { offerId, offer, state: { name: 'clientReleased' }, restore: 'new', ids: undefined }
  core.channels.set(offerId, channel)
  announce(core, channel)
  return { ok: true, offerId }
}

/** Tells a connected guest that has its offers about a channel it does not know. */
export function announce(core: ServerCore, channel: ServerChannel): void {
  const info = connectedInfo(core)
  if (info === undefined || !info.offersSent || channel.state.name !== 'clientReleased' || !mayOffer(channel, info)) return
  assignIds(core, channel)
  setChannel(core, channel, { name: 'closed' })
  sendOffer(core, channel, info)
}

/** Order of the offers: class, place in the class, instance, sub-channel (hypervisor reference 4.4). */
export function compareOffers(a: ChannelOffer, b: ChannelOffer): number {
  return (
    compareGuids(a.interfaceId, b.interfaceId) ||
    (a.offerOrder ?? Number.MAX_SAFE_INTEGER) - (b.offerOrder ?? Number.MAX_SAFE_INTEGER) ||
    compareGuids(a.instanceId, b.instanceId) ||
    a.subchannelIndex - b.subchannelIndex
  )
}

/** The device takes its channel away. The offer id stays until the guest has released the channel. */
export function revokeChannel(core: ServerCore, offerId: OfferId): VmbusServerError | undefined {
  const channel = core.channels.get(offerId)
  if (channel === undefined) return 'unknownChannelId'
  if (channel.state.name === 'revoked') return 'invalidChannelState'
  revoke(core, channel)
  checkDisconnected(core)
  return undefined
}

export function revoke(core: ServerCore, channel: ServerChannel): void {
  if (isReleased(channel.state)) {
    revokeGpadls(core, channel, false)
    for (const [key, gpadl] of core.gpadls) if (gpadl.offerId === channel.offerId) core.gpadls.delete(key)
    core.channels.delete(channel.offerId)
    return
  }
  const told = channel.state.name === 'reoffered'
  setChannel(core, channel, { name: 'revoked' })
  if (channel.restore !== 'new') channel.restore = 'restored'
  revokeGpadls(core, channel, !told)
  if (!told) send(core, { kind: 'rescindChannelOffer', channelId: idsOf(channel).channelId })
}

function beginOpen(core: ServerCore, channel: ServerChannel, request: OpenRequest, reserved: ReservedState | undefined): void {
  const parameters = openParameters(core, channel, request, reserved)
  setChannel(core, channel, { name: 'opening', request, reserved })
  core.notifier.openChannel(channel.offerId, parameters)
}

/** Message 5. */
export function handleOpenChannel(core: ServerCore, message: OpenChannelMessage): VmbusServerError | undefined {
  const channel = byChannelId(core, message.channelId)
  if (typeof channel === 'string') return channel
  const negotiated = negotiatedVersion(core)
  const features = negotiated?.features ?? 0
  const signal = (features & vmbusFeature.guestSpecifiedSignalParameters) !== 0 ? message.signal : undefined
  // Before 2.4 every channel interrupts VP 0 (core sheet 5.3).
  const vp = (negotiated?.version ?? 0) >= vmbusVersion.v2_4 ? message.targetVp : 0
  const request: OpenRequest = {
    openId: message.openId,
    ringGpadlId: message.ringGpadlId,
    targetVp: vp === vpDisabled ? undefined : vp,
    downstreamPageOffset: message.downstreamPageOffset,
    userData: message.userData,
    signal: signal === undefined ? undefined : { connectionId: signal.connectionId, eventFlag: signal.eventFlag },
    flags: (features & vmbusFeature.channelInterruptRedirection) !== 0 ? (message.signal?.flags ?? 0) & 1 : 0,
  }
  switch (channel.state.name) {
    case 'closed':
      beginOpen(core, channel, request, undefined)
      return undefined
    case 'closing':
      // There is no answer to CloseChannel, so a guest may open again while the provider still closes.
      setChannel(core, channel, { name: 'closingReopen', params: channel.state.params, request })
      return undefined
    case 'revoked':
    case 'reoffered':
      return undefined
    default:
      return 'channelAlreadyOpen'
  }
}

function sendOpenResult(
  core: ServerCore,
  channel: ServerChannel,
  openId: number,
  status: number,
  reserved: ReservedState | undefined,
): void {
  const target: MessageTarget | undefined = reserved === undefined ? undefined : { vp: reserved.vp, sint: reserved.sint }
  send(core, { kind: 'openChannelResult', channelId: idsOf(channel).channelId, openId, status }, target)
}

/** The provider has opened the channel, or refused it with a failure status. */
export function openComplete(core: ServerCore, offerId: OfferId, status: number): VmbusServerError | undefined {
  const channel = core.channels.get(offerId)
  if (channel === undefined) return 'unknownChannelId'
  const state = channel.state
  if (state.name === 'opening') {
    sendOpenResult(core, channel, state.request.openId, status, state.reserved)
    if (isSuccess(status)) setChannel(core, channel, { name: 'open', params: state.request, reserved: state.reserved })
    else setChannel(core, channel, { name: 'closed' })
    return undefined
  }
  if (state.name === 'openingClientRelease') {
    if (isSuccess(status)) {
      setChannel(core, channel, { name: 'closingClientRelease' })
      core.notifier.closeChannel(offerId)
    } else {
      setChannel(core, channel, { name: 'clientReleased' })
      checkDisconnected(core)
    }
    return undefined
  }
  return 'invalidChannelState'
}

/** Message 7. It has no answer. */
export function handleCloseChannel(core: ServerCore, channelId: number): VmbusServerError | undefined {
  const channel = byChannelId(core, channelId)
  if (typeof channel === 'string') return channel
  if (isRevoked(channel.state)) return undefined
  if (channel.state.name !== 'open') return 'channelNotOpen'
  if (channel.state.reserved !== undefined) return 'channelReserved'
  setChannel(core, channel, { name: 'closing', params: channel.state.params })
  core.notifier.closeChannel(channel.offerId)
  return undefined
}

/** The provider has closed the channel. */
export function closeComplete(core: ServerCore, offerId: OfferId): VmbusServerError | undefined {
  const channel = core.channels.get(offerId)
  if (channel === undefined) return 'unknownChannelId'
  const state = channel.state
  switch (state.name) {
    case 'closing': {
      setChannel(core, channel, { name: 'closed' })
      if (state.reserved === undefined) return undefined
      const target = { vp: state.reserved.vp, sint: state.reserved.sint }
      send(core, { kind: 'closeReservedResponse', channelId: idsOf(channel).channelId }, target)
      if (connectedInfo(core) === undefined) {
        clientRelease(core, channel)
        checkDisconnected(core)
      }
      return undefined
    }
    case 'closingReopen':
      setChannel(core, channel, { name: 'closed' })
      beginOpen(core, channel, state.request, undefined)
      return undefined
    case 'closingClientRelease':
      setChannel(core, channel, { name: 'clientReleased' })
      checkDisconnected(core)
      return undefined
    default:
      return 'invalidChannelState'
  }
}

/** Message 18: a crash-dump or hibernation stack takes the channel. Interrupts stay off. */
export function handleOpenReserved(
  core: ServerCore,
  message: { channelId: number; targetVp: number; targetSint: number; ringGpadlId: number; downstreamPageOffset: number },
): VmbusServerError | undefined {
  const channel = byChannelId(core, message.channelId)
  if (typeof channel === 'string') return channel
  const version = negotiatedVersion(core)
  if (version === undefined) return 'notAllowed'
  if (isRevoked(channel.state)) return undefined
  if (channel.state.name === 'open' || channel.state.name === 'opening') return 'channelAlreadyOpen'
  if (channel.state.name !== 'closed') return 'invalidChannelState'
  const request: OpenRequest = {
    openId: 0,
    ringGpadlId: message.ringGpadlId,
    downstreamPageOffset: message.downstreamPageOffset,
    userData: noUserData,
    flags: 0,
  }
  beginOpen(core, channel, request, { version, vp: message.targetVp, sint: message.targetSint })
  return undefined
}

/** Message 19. The answer goes where this message says. Allowed without a connection. */
export function handleCloseReserved(core: ServerCore, channelId: number, vp: number, sint: number): VmbusServerError | undefined {
  const channel = byChannelId(core, channelId)
  if (typeof channel === 'string') return channel
  if (isRevoked(channel.state)) return undefined
  if (channel.state.name !== 'open') return 'channelNotOpen'
  const reserved = channel.state.reserved
  if (reserved === undefined) return 'channelNotReserved'
  setChannel(core, channel, { name: 'closing', params: channel.state.params, reserved: { version: reserved.version, vp, sint } })
  core.notifier.closeChannel(channel.offerId)
  return undefined
}

/** The guest lets go of a channel and all its GPADLs. With `offerAgain` a device that came back is offered under the same id at once. */
export function clientRelease(core: ServerCore, channel: ServerChannel, offerAgain = false): void {
  releaseGpadls(core, channel)
  const info = connectedInfo(core)
  switch (channel.state.name) {
    case 'closed':
      setChannel(core, channel, { name: 'clientReleased' })
      break
    case 'reoffered':
      if (offerAgain && info !== undefined) {
        setChannel(core, channel, { name: 'closed' })
        channel.restore = 'new'
        sendOffer(core, channel, info)
        return
      }
      setChannel(core, channel, { name: 'clientReleased' })
      break
    case 'revoked':
      freeIds(core, channel)
      core.channels.delete(channel.offerId)
      return
    case 'opening':
      setChannel(core, channel, { name: 'openingClientRelease' })
      break
    case 'open':
      setChannel(core, channel, { name: 'closingClientRelease' })
      core.notifier.closeChannel(channel.offerId)
      break
    case 'closing':
    case 'closingReopen':
      setChannel(core, channel, { name: 'closingClientRelease' })
      break
    default:
      break
  }
  freeIds(core, channel)
}

/** Message 13: only now may the channel id be used again. */
export function handleRelIdReleased(core: ServerCore, channelId: number): VmbusServerError | undefined {
  const channel = byChannelId(core, channelId)
  if (typeof channel === 'string') return channel
  const name = channel.state.name
  if (name !== 'closed' && name !== 'closing' && name !== 'revoked' && name !== 'reoffered') return 'invalidChannelState'
  clientRelease(core, channel, true)
  checkDisconnected(core)
  return undefined
}

/** Message 22. */
export function handleModifyChannel(core: ServerCore, channelId: number, targetVp: number): VmbusServerError | undefined {
  const error = modifyChannel(core, channelId, targetVp)
  if (error !== undefined) sendModifyResponse(core, channelId, vmbusStatus.unsuccessful)
  return error
}

function modifyChannel(core: ServerCore, channelId: number, targetVp: number): VmbusServerError | undefined {
  if (targetVp === vpDisabled || targetVp >= core.options.vpCount) return 'invalidTargetVp'
  const channel = byChannelId(core, channelId)
  if (typeof channel === 'string') return channel
  const state = channel.state
  if (state.name !== 'open' || reservedOf(state) !== undefined) return 'invalidChannelState'
  if (state.params.targetVp === undefined) return 'interruptsDisabled'
  if (state.modify === undefined) {
    setChannel(core, channel, { ...state, params: { ...state.params, targetVp }, modify: {} })
    core.notifier.modifyTargetVp(channel.offerId, targetVp)
  } else if ((negotiatedVersion(core)?.version ?? 0) < vmbusVersion.v5_3) {
    // Older guests get no answer and do not wait for one: the latest wish counts.
    setChannel(core, channel, { ...state, modify: { pendingVp: targetVp } })
  }
  return undefined
}

/** The provider interrupts the new VP. */
export function modifyChannelComplete(core: ServerCore, offerId: OfferId, status: number): VmbusServerError | undefined {
  const channel = core.channels.get(offerId)
  if (channel === undefined) return 'unknownChannelId'
  const state = channel.state
  if (state.name !== 'open' || state.modify === undefined) return 'invalidChannelState'
  const pending = state.modify.pendingVp
  setChannel(core, channel, { name: 'open', params: state.params, reserved: state.reserved })
  const channelId = idsOf(channel).channelId
  sendModifyResponse(core, channelId, status)
  if (pending !== undefined) handleModifyChannel(core, channelId, pending)
  return undefined
}

function sendModifyResponse(core: ServerCore, channelId: number, status: number): void {
  if ((negotiatedVersion(core)?.version ?? 0) < vmbusVersion.v5_3) return
  send(core, { kind: 'modifyChannelResponse', channelId, status })
}
