/** Effects of server and client, turned into queued work of the bus. Only posting a message happens at once, because its status is the answer. */
import type { VmbusBus } from './bus.ts'
import type { VmbusBusOptions } from './bus-types.ts'
import type { VmbusClientNotifier } from './client-types.ts'
import { messageBytes } from './message-codec.ts'
import type { VmbusNotifier } from './server-types.ts'
import type { SynicTransport } from './transport.ts'

export function busServerNotifier(bus: () => VmbusBus, transport: SynicTransport, options: VmbusBusOptions): VmbusNotifier {
  return {
    postMessage: (message, target) =>
      transport.postToGuest(target.vp, target.sint, { message, bytes: messageBytes(message) }) !== 'insufficientBuffers',
    openChannel: (offerId, parameters) => bus().later(() => bus().effectOpen(offerId, parameters)),
    closeChannel: (offerId) => bus().later(() => bus().effectClose(offerId)),
    createGpadl: (offerId, gpadlId, ranges) => bus().later(() => bus().effectGpadl(offerId, gpadlId, ranges)),
    teardownGpadl: (offerId, gpadlId) => bus().later(() => bus().effectGpadlTeardown(offerId, gpadlId)),
    modifyTargetVp: (offerId, vp) => bus().later(() => bus().effectTargetVp(offerId, vp)),
    modifyConnection: () => bus().later(() => bus().effectConnectionPages()),
    tlConnect: (request) => bus().later(() => bus().effectTlConnect(request.serviceId, request.endpointId, request.siloId)),
    signalChannel: (offerId) => bus().later(() => bus().effectSignal(offerId)),
    resetComplete: () => bus().later(() => options.host?.resetComplete?.()),
    unloadComplete: () => bus().later(() => options.host?.unloadComplete?.()),
  }
}

export function busClientNotifier(bus: () => VmbusBus, transport: SynicTransport, options: VmbusBusOptions): VmbusClientNotifier {
  const guest = options.guest
  return {
    postMessage: (connectionId, message) => transport.postToHost(connectionId, { message, bytes: messageBytes(message) }),
    connected: (negotiated) => bus().later(() => guest?.connected?.(negotiated)),
    connectionFailed: () => bus().later(() => guest?.connectionFailed?.()),
    channelOffered: (channelId, offer) => bus().later(() => guest?.channelOffered?.(channelId, offer)),
    offersDelivered: () => bus().later(() => guest?.offersDelivered?.()),
    channelOpened: (channelId, status) => bus().later(() => bus().effectOpenResult(channelId, status)),
    gpadlCreated: (channelId, gpadlId, status) =>
      bus().later(() => bus().effectDriver(channelId, (driver) => driver.gpadlCreated?.(gpadlId, status))),
    gpadlTorndown: (channelId, gpadlId) => bus().later(() => bus().effectDriver(channelId, (driver) => driver.gpadlTorndown?.(gpadlId))),
    channelClosed: (channelId) => bus().later(() => bus().effectDriver(channelId, (driver) => driver.closed(channelId))),
    channelRescinded: (channelId) => bus().later(() => bus().effectRescinded(channelId)),
    channelReleased: (channelId) => bus().later(() => guest?.channelReleased?.(channelId)),
    channelModified: (channelId, status) => bus().later(() => bus().effectDriver(channelId, (driver) => driver.targetVpChanged?.(status))),
    reservedOpened: (channelId, status) => bus().later(() => guest?.reservedOpened?.(channelId, status)),
    reservedClosed: (channelId) => bus().later(() => guest?.reservedClosed?.(channelId)),
    tlConnectRefused: (endpointId, serviceId, status) => bus().later(() => guest?.tlConnectRefused?.(endpointId, serviceId, status)),
    connectionModified: (state) => bus().later(() => guest?.connectionModified?.(state)),
    paused: () => bus().later(() => guest?.paused?.()),
    unloaded: () => bus().later(() => guest?.unloaded?.()),
  }
}
