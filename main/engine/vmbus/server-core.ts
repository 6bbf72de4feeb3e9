/** Data of a VMBus server and the steps that its parts share. The rules are in `server-channel.ts`, `server-gpadl.ts` and `server-connection.ts`. */

import { messageBytes } from './message-codec.ts'
import type { HostMessage } from './messages.ts'
import {
  type ConnectionInfo,
  type ConnectionState,
  type Gpadl,
  isReleased,
  type MessageTarget,
  type OfferId,
  type OpenParameters,
  type OpenRequest,
  type ReservedState,
  reservedOf,
  type ServerChannel,
  type ServerChannelState,
  type TlConnect,
  type VmbusNotifier,
  type VmbusServerError,
  type VmbusServerOptions,
} from './server-types.ts'
import type { VmbusTrace } from './trace.ts'
import { channelConnectionId, channelIdMax, type NegotiatedVersion, vmbusSint, vmbusVersion } from './versions.ts'

/** Monitor ids of a partition: 4 groups of 32. */
export const monitorIdMax = 127

/** Value of the offer's monitor id when none is assigned. */
export const monitorIdNone = 255

/** A message that waits for a buffer or for Resume. */
export interface PendingMessage {
  readonly message: HostMessage
  readonly target: MessageTarget
}

export interface ServerCore {
  readonly options: VmbusServerOptions
  readonly notifier: VmbusNotifier
  trace: VmbusTrace | undefined
  connection: ConnectionState
  readonly channels: Map<OfferId, ServerChannel>
  nextOfferId: OfferId
  /** Offer that holds each channel id; index = id − 1. */
  readonly assigned: (OfferId | undefined)[]
  readonly monitors: (OfferId | undefined)[]
  readonly gpadls: Map<number, Gpadl>
  /** GPADL ids whose body messages are still to come: a body names no channel. */
  readonly incomplete: Map<number, OfferId>
  pending: PendingMessage[]
  /** VP whose SINT2 slot gets messages. */
  messageVp: number
  /** hv_sock requests given to the host's services, and those that wait for a place. */
  tlActive: TlConnect[]
  tlWaiting: TlConnect[]
}

/** Key of a GPADL: ids are unique per channel only. */
export function gpadlKey(offerId: OfferId, gpadlId: number): number {
  return offerId * 2 ** 32 + gpadlId
}

/** The connection's data while connected. */
export function connectedInfo(core: ServerCore): ConnectionInfo | undefined {
  return core.connection.name === 'connected' ? core.connection.info : undefined
}

/** The version in force while connected. */
export function negotiatedVersion(core: ServerCore): NegotiatedVersion | undefined {
  return connectedInfo(core)?.negotiated
}

export function setConnection(core: ServerCore, state: ConnectionState): void {
  const from = core.connection.name
  core.connection = state
  if (core.trace !== undefined && from !== state.name) {
    core.trace({ kind: 'connectionState', side: 'server', from, to: state.name })
  }
}

export function setChannel(core: ServerCore, channel: ServerChannel, state: ServerChannelState): void {
  const from = channel.state.name
  channel.state = state
  if (core.trace !== undefined && from !== state.name) {
    core.trace({ kind: 'channelState', side: 'server', channelId: channel.ids?.channelId ?? 0, from, to: state.name })
  }
}

/** Sends in order: behind messages that already wait, and not while the guest has paused the bus. */
export function send(core: ServerCore, message: HostMessage, target?: MessageTarget): void {
  const to = target ?? { vp: core.messageVp, sint: vmbusSint }
  if (core.trace !== undefined) core.trace({ kind: 'message', direction: 'toGuest', message, bytes: messageBytes(message) })
  const direct = target !== undefined && target.sint !== vmbusSint
  if (!direct && (core.pending.length > 0 || connectedInfo(core)?.paused === true)) core.pending.push({ message, target: to })
  else if (!core.notifier.postMessage(message, to)) core.pending.push({ message, target: to })
}

/** Tries the waiting messages again. True when none waits any more. */
export function flush(core: ServerCore): boolean {
  if (connectedInfo(core)?.paused === true) return core.pending.length === 0
  while (core.pending.length > 0) {
    const first = core.pending[0]
    if (first === undefined || !core.notifier.postMessage(first.message, first.target)) return false
    core.pending.shift()
  }
  return true
}

/** Finds the channel that the guest means. */
export function byChannelId(core: ServerCore, channelId: number): ServerChannel | VmbusServerError {
  const offerId = core.assigned[channelId - 1]
  const channel = offerId === undefined ? undefined : core.channels.get(offerId)
  if (channel === undefined) return 'unknownChannelId'
  return isReleased(channel.state) ? 'channelReleased' : channel
}

/** Gives the channel its ids: the lowest free channel id, and a monitor id if it wants one and one is left. */
export function assignIds(core: ServerCore, channel: ServerChannel): void {
  let index = core.assigned.indexOf(undefined)
  if (index < 0) index = core.assigned.length
  if (index >= channelIdMax) throw new Error('more channels than channel ids')
  core.assigned[index] = channel.offerId
  const channelId = index + 1
  let monitorId: number | undefined
  if (channel.offer.monitorLatency !== undefined) {
    const free = core.monitors.indexOf(undefined)
    const candidate = free < 0 ? core.monitors.length : free
    if (candidate <= monitorIdMax) {
      monitorId = candidate
      core.monitors[candidate] = channel.offerId
    }
  }
  channel.ids = { channelId, connectionId: channelConnectionId(channelId, core.options.vtl), monitorId }
}

/** Takes the ids back. */
export function freeIds(core: ServerCore, channel: ServerChannel): void {
  const ids = channel.ids
  if (ids === undefined) return
  core.assigned[ids.channelId - 1] = undefined
  if (ids.monitorId !== undefined) core.monitors[ids.monitorId] = undefined
  channel.ids = undefined
}

/** The ids of a channel that must have them in its state. */
export function idsOf(channel: ServerChannel): NonNullable<ServerChannel['ids']> {
  if (channel.ids === undefined) throw new Error(`channel of offer ${channel.offerId} has no ids in state ${channel.state.name}`)
  return channel.ids
}

/** Monitored notification is for ordinary channels, with interrupts on, and a guest that gave monitor pages. */
export function openParameters(
  core: ServerCore,
  channel: ServerChannel,
  request: OpenRequest,
  reserved: ReservedState | undefined,
): OpenParameters {
  const ids = idsOf(channel)
  const info = connectedInfo(core)
  const negotiated = info?.negotiated ?? reserved?.version
  if (negotiated === undefined) throw new Error('a channel opens without a connection')
  const latency = channel.offer.monitorLatency
  const monitored =
    ids.monitorId !== undefined &&
    latency !== undefined &&
    reserved === undefined &&
    request.targetVp !== undefined &&
    info?.monitorPages !== undefined
  return {
    offerId: channel.offerId,
    channelId: ids.channelId,
    request,
    connectionId: request.signal?.connectionId ?? ids.connectionId,
    eventFlag: request.signal?.eventFlag ?? ids.channelId,
    monitor: monitored ? { monitorId: ids.monitorId ?? 0, latency: latency ?? 0 } : undefined,
    negotiated,
    reserved: reserved !== undefined,
  }
}

/** Tells the guest of a channel. */
export function sendOffer(core: ServerCore, channel: ServerChannel, info: ConnectionInfo): void {
  const ids = idsOf(channel)
  const offer = channel.offer
  const monitorId = info.monitorPages === undefined ? undefined : ids.monitorId
  // The connection id and the dedicated interrupt came with 1.1 (linux: vmbus_onoffer).
  const dedicated = info.negotiated.version >= vmbusVersion.v1_1
  send(core, {
    kind: 'offerChannel',
    interfaceId: offer.interfaceId,
    instanceId: offer.instanceId,
    flags: offer.flags,
    mmioMegabytes: offer.mmioMegabytes,
    mmioMegabytesOptional: offer.mmioMegabytesOptional,
    userDefined: offer.userDefined,
    subchannelIndex: offer.subchannelIndex,
    channelId: ids.channelId,
    monitorId: monitorId ?? monitorIdNone,
    monitorAllocated: monitorId !== undefined,
    dedicatedInterrupt: dedicated,
    connectionId: dedicated ? ids.connectionId : 0,
  })
}

/** True when nothing of the former connection is left. Reserved channels outlive it, except at a reset of the machine. */
export function allReleased(core: ServerCore, withReserved: boolean): boolean {
  for (const gpadl of core.gpadls.values()) {
    const channel = core.channels.get(gpadl.offerId)
    if (withReserved || channel === undefined || reservedOf(channel.state) === undefined) return false
  }
  for (const channel of core.channels.values()) {
    if (channel.state.name !== 'clientReleased' && (withReserved || reservedOf(channel.state) === undefined)) return false
  }
  return true
}

/** Sub-channels came with 2.4; older guests are not told of them. */
export function mayOffer(channel: ServerChannel, info: ConnectionInfo): boolean {
  return channel.offer.subchannelIndex === 0 || info.negotiated.version >= vmbusVersion.v2_4
}
