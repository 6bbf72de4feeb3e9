/** The connection of the server: contact, offers, pause, unload, reset (hypervisor reference 4.1, 4.5; openvmm: channels.rs initiate_contact). */
import {
  contactState,
  type InitiateContactMessage,
  type TlConnectRequestMessage,
  type VersionResponseMessage,
  vmbusStatus,
} from './messages.ts'
import { clientRelease, compareOffers } from './server-channel.ts'
import {
  allReleased,
  assignIds,
  connectedInfo,
  mayOffer,
  type ServerCore,
  send,
  sendOffer,
  setChannel,
  setConnection,
} from './server-core.ts'
import { type ConnectionAction, type MonitorPages, reservedOf, type TlConnect, type VmbusServerError } from './server-types.ts'
import { knownVersion, type NegotiatedVersion, vmbusConnection, vmbusFeature, vmbusSint, vmbusVersion } from './versions.ts'

/** hv_sock requests that may be with the host's services at a time; more wait (hypervisor reference 4.5). */
export const tlConnectActiveMax = 16

/** Requests that may wait; beyond it they are refused. */
export const tlConnectWaitingMax = 256

/** Message 14. While connected it is an unload followed by a new contact. */
export function handleInitiateContact(core: ServerCore, message: InitiateContactMessage): VmbusServerError | undefined {
  if ((message.features & vmbusFeature.clientId) !== 0 && message.version >= vmbusVersion.v6_0 && message.clientId === undefined) {
    return 'notAllowed'
  }
  contact(core, message)
  return undefined
}

function contact(core: ServerCore, message: InitiateContactMessage): void {
  if (message.version >= vmbusVersion.v5_0 && message.sint !== vmbusSint) {
    // Another SINT means another client on the same partition, which this host does not serve.
    send(core, versionResponse(undefined, contactState.successful), { vp: message.targetVp, sint: message.sint })
    return
  }
  if (!requestDisconnect(core, { name: 'reconnect', contact: message })) return
  // The VP of messages is honoured from 3.0 on.
  core.messageVp = message.version >= vmbusVersion.v3_0 && message.targetVp < core.options.vpCount ? message.targetVp : 0
  const negotiated = accept(core, message)
  if (negotiated === undefined) {
    send(core, versionResponse(undefined, contactState.successful))
    return
  }
  const pages = monitorPagesOf(message.parentToChildMonitorGpa, message.childToParentMonitorGpa)
  if (pages === 'invalid') {
    send(core, versionResponse(negotiated, contactState.unknownFailure))
    return
  }
  // From 2.4 on every channel has its own event flag, and the interrupt page is not used any more.
  const interruptPage = message.version < vmbusVersion.v2_4 && message.interruptPageGpa !== 0 ? message.interruptPageGpa : undefined
  setConnection(core, {
    name: 'connecting',
    info: {
      negotiated,
      offersSent: false,
      interruptPage,
      monitorPages: pages,
      targetVp: core.messageVp,
      modifying: false,
      clientId: (negotiated.features & vmbusFeature.clientId) !== 0 ? message.clientId : undefined,
      paused: false,
    },
    next: { name: 'none' },
  })
  core.notifier.modifyConnection({ negotiated, interruptPage, monitorPages: pages })
}

/** Highest common terms, or undefined if this host does not know the version. */
function accept(core: ServerCore, message: InitiateContactMessage): NegotiatedVersion | undefined {
  const version = knownVersion(message.version)
  if (version === undefined || version > core.options.versionMax) return undefined
  return { version, features: version >= vmbusVersion.v6_0 ? message.features & core.options.features : 0 }
}

/** Both monitor pages or none. */
function monitorPagesOf(parentToChild: number, childToParent: number): MonitorPages | undefined | 'invalid' {
  if ((parentToChild === 0) !== (childToParent === 0)) return 'invalid'
  return parentToChild === 0 ? undefined : { parentToChild, childToParent }
}

/** `undefined` = not supported. Hosts before 2.4 know only success and "not supported". */
function versionResponse(negotiated: NegotiatedVersion | undefined, state: number): VersionResponseMessage {
  const refused = negotiated === undefined || (state !== contactState.successful && negotiated.version < vmbusVersion.v2_4)
  if (refused) return { kind: 'versionResponse', supported: false, connectionState: 0, versionOrConnectionId: 0 }
  const late = negotiated.version >= vmbusVersion.v5_0
  return {
    kind: 'versionResponse',
    supported: true,
    connectionState: state,
    versionOrConnectionId: late ? vmbusConnection.messages5 : negotiated.version,
    ...(negotiated.version >= vmbusVersion.v6_0 ? { features: negotiated.features } : {}),
  }
}

/** The pages are mapped or unmapped, or could not be. */
export function modifyConnectionComplete(core: ServerCore, state: number): VmbusServerError | undefined {
  const connection = core.connection
  switch (connection.name) {
    case 'connecting':
      completeContact(core, state)
      return undefined
    case 'disconnecting': {
      if (!connection.modifySent) return 'invalidChannelState'
      if (connection.next.name === 'reset' && !allReleased(core, true)) {
        // The machine was reset meanwhile, and reserved channels have to go as well.
        setConnection(core, { ...connection, modifySent: false })
        return undefined
      }
      setConnection(core, { name: 'disconnected' })
      doNext(core, connection.next)
      return undefined
    }
    case 'connected':
      if (!connection.info.modifying) return 'invalidChannelState'
      setConnection(core, { name: 'connected', info: { ...connection.info, modifying: false } })
      send(core, { kind: 'modifyConnectionResponse', connectionState: state })
      return undefined
    case 'disconnected':
      return 'invalidChannelState'
  }
}

function completeContact(core: ServerCore, state: number): void {
  if (core.connection.name !== 'connecting') return
  const { info, next } = core.connection
  if (state !== contactState.successful) {
    setConnection(core, { name: 'disconnected' })
    send(core, versionResponse(info.negotiated, state))
    doNext(core, next)
    return
  }
  setConnection(core, { name: 'connected', info })
  send(core, versionResponse(info.negotiated, state))
  if (next.name !== 'none' && requestDisconnect(core, next)) doNext(core, next)
}

/** Releases every channel from the guest. True when nothing has to be waited for; else `next` follows later. */
function requestDisconnect(core: ServerCore, next: ConnectionAction): boolean {
  const reset = next.name === 'reset'
  core.tlActive = []
  core.tlWaiting = []
  for (const channel of [...core.channels.values()]) {
    if (reset || reservedOf(channel.state) === undefined) clientRelease(core, channel)
  }
  const connection = core.connection
  switch (connection.name) {
    case 'disconnected':
      if (allReleased(core, reset)) return true
      setConnection(core, { name: 'disconnecting', next, modifySent: false })
      return false
    case 'connected':
      setConnection(core, { name: 'disconnecting', next, modifySent: false })
      checkDisconnected(core)
      return false
    case 'connecting':
      setConnection(core, { ...connection, next })
      return false
    case 'disconnecting':
      setConnection(core, { ...connection, next })
      return false
  }
}

/** Goes on with a teardown once the last provider has let go. */
export function checkDisconnected(core: ServerCore): void {
  const connection = core.connection
  if (connection.name !== 'disconnecting' || connection.modifySent) return
  if (!allReleased(core, connection.next.name === 'reset')) return
  setConnection(core, { ...connection, modifySent: true })
  core.notifier.modifyConnection({})
}

function doNext(core: ServerCore, next: ConnectionAction): void {
  switch (next.name) {
    case 'none':
      return
    case 'reset':
      completeReset(core)
      return
    case 'sendUnloadComplete':
      core.notifier.unloadComplete()
      // The answer came with 1.1; an older guest does not wait for one.
      if ((next.negotiated?.version ?? 0) >= vmbusVersion.v1_1) send(core, { kind: 'unloadComplete' })
      return
    case 'reconnect':
      contact(core, next.contact)
      return
  }
}

/** Message 16. */
export function handleUnload(core: ServerCore): void {
  const next: ConnectionAction = { name: 'sendUnloadComplete', negotiated: connectedInfo(core)?.negotiated }
  if (requestDisconnect(core, next)) doNext(core, next)
}

/** The machine is switched off or reset: everything of the guest is dropped without messages. `resetComplete` follows, now or later. */
export function reset(core: ServerCore): VmbusServerError | undefined {
  if (isResetting(core)) return 'busy'
  core.pending = []
  if (requestDisconnect(core, { name: 'reset' })) completeReset(core)
  return undefined
}

function completeReset(core: ServerCore): void {
  for (const channel of core.channels.values()) channel.restore = 'new'
  core.pending = []
  core.messageVp = 0
  core.notifier.resetComplete()
}

/** True between `reset` and `resetComplete`. */
export function isResetting(core: ServerCore): boolean {
  const connection = core.connection
  return (connection.name === 'connecting' || connection.name === 'disconnecting') && connection.next.name === 'reset'
}

/** Message 3. */
export function handleRequestOffers(core: ServerCore): VmbusServerError | undefined {
  const info = connectedInfo(core)
  if (info === undefined) return 'notAllowed'
  if (info.offersSent) return 'offersAlreadySent'
  const told = { ...info, offersSent: true }
  setConnection(core, { name: 'connected', info: told })
  const channels = [...core.channels.values()].filter((channel) => channel.state.name === 'clientReleased' && mayOffer(channel, told))
  channels.sort((a, b) => compareOffers(a.offer, b.offer))
  for (const channel of channels) {
    assignIds(core, channel)
    setChannel(core, channel, { name: 'closed' })
    sendOffer(core, channel, told)
  }
  send(core, { kind: 'allOffersDelivered' })
  return undefined
}

/** Message 25: other monitor pages, or none. */
export function handleModifyConnection(core: ServerCore, parentToChild: number, childToParent: number): VmbusServerError | undefined {
  const info = connectedInfo(core)
  if (info === undefined) return 'notAllowed'
  const pages = monitorPagesOf(parentToChild, childToParent)
  if (info.modifying || pages === 'invalid') {
    send(core, { kind: 'modifyConnectionResponse', connectionState: contactState.unknownFailure })
    return info.modifying ? 'busy' : 'invalidGpaRange'
  }
  setConnection(core, { name: 'connected', info: { ...info, monitorPages: pages, modifying: true } })
  core.notifier.modifyConnection({ monitorPages: pages })
  return undefined
}

/** Message 27: PauseResponse is the last message until the guest sends Resume. */
export function handlePause(core: ServerCore): VmbusServerError | undefined {
  send(core, { kind: 'pauseResponse' })
  const info = connectedInfo(core)
  if (info === undefined) return 'notAllowed'
  setConnection(core, { name: 'connected', info: { ...info, paused: true } })
  return undefined
}

/** Any message that ends the pause. */
export function endPause(core: ServerCore): void {
  const info = connectedInfo(core)
  if (info?.paused === true) setConnection(core, { name: 'connected', info: { ...info, paused: false } })
}

/** Message 21. */
export function handleTlConnect(core: ServerCore, message: TlConnectRequestMessage): void {
  const request: TlConnect = { endpointId: message.endpointId, serviceId: message.serviceId, siloId: message.siloId }
  if (core.tlActive.length < tlConnectActiveMax) {
    core.tlActive.push(request)
    core.notifier.tlConnect(request)
  } else if (core.tlWaiting.length < tlConnectWaitingMax) core.tlWaiting.push(request)
  else sendTlResult(core, request)
}

/** A service took the connection (its channel is offered separately) or refused it. */
export function tlConnectComplete(
  core: ServerCore,
  endpointId: string,
  serviceId: string,
  accepted: boolean,
): VmbusServerError | undefined {
  const at = core.tlActive.findIndex((request) => request.endpointId === endpointId && request.serviceId === serviceId)
  const request = core.tlActive[at]
  if (request === undefined) return 'unknownChannelId'
  core.tlActive.splice(at, 1)
  if (!accepted) sendTlResult(core, request)
  const next = core.tlWaiting.shift()
  if (next !== undefined) {
    core.tlActive.push(next)
    core.notifier.tlConnect(next)
  }
  return undefined
}

/** Only a refusal has a message, from 4.1 on. */
function sendTlResult(core: ServerCore, request: TlConnect): void {
  if ((connectedInfo(core)?.negotiated.version ?? 0) < vmbusVersion.v4_1) return
  const { endpointId, serviceId } = request
  send(core, { kind: 'tlConnectResult', endpointId, serviceId, status: vmbusStatus.connectionRefused })
}
