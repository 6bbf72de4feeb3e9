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
    openChannel: (offerId, parameters) => bus().later(() => bus().effects.open(offerId, parameters)),
    closeChannel: (offerId) => bus().later(() => bus().effects.close(offerId)),
    createGpadl: (offerId, gpadlId, ranges) => bus().later(() => bus().effects.shareGpadl(offerId, gpadlId, ranges)),
    teardownGpadl: (offerId, gpadlId) => bus().later(() => bus().effects.teardownGpadl(offerId, gpadlId)),
    modifyTargetVp: (offerId, vp) => bus().later(() => bus().effects.retarget(offerId, vp)),
    modifyConnection: () => bus().later(() => bus().effects.moveMonitorPages()),
    tlConnect: (request) => bus().later(() => bus().effects.connectSocket(request.serviceId, request.endpointId, request.siloId)),
    signalChannel: (offerId) => bus().later(() => bus().effects.signal(offerId)),
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
    channelOpened: (channelId, status) => bus().later(() => bus().effects.openEnded(channelId, status)),
    gpadlCreated: (channelId, gpadlId, status) =>
      bus().later(() => bus().effects.callDriver(channelId, (driver) => driver.gpadlCreated?.(gpadlId, status))),
    gpadlTorndown: (channelId, gpadlId) =>
      bus().later(() => bus().effects.callDriver(channelId, (driver) => driver.gpadlTorndown?.(gpadlId))),
    channelClosed: (channelId) => bus().later(() => bus().effects.callDriver(channelId, (driver) => driver.closed(channelId))),
    channelRescinded: (channelId) => bus().later(() => bus().effects.rescinded(channelId)),
    channelReleased: (channelId) => bus().later(() => guest?.channelReleased?.(channelId)),
    channelModified: (channelId, status) =>
      bus().later(() => bus().effects.callDriver(channelId, (driver) => driver.targetVpChanged?.(status))),
    reservedOpened: (channelId, status) => bus().later(() => guest?.reservedOpened?.(channelId, status)),
    reservedClosed: (channelId) => bus().later(() => guest?.reservedClosed?.(channelId)),
    tlConnectRefused: (endpointId, serviceId, status) => bus().later(() => guest?.tlConnectRefused?.(endpointId, serviceId, status)),
    connectionModified: (state) => bus().later(() => guest?.connectionModified?.(state)),
    paused: () => bus().later(() => guest?.paused?.()),
    unloaded: () => bus().later(() => guest?.unloaded?.()),
  }
}
