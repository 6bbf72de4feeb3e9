/**
 * Saved form of a VMBus server: plain rows with a version (openvmm: channels/saved_state.rs). Two ways back:
 *
 * - `resume`: the same simulation goes on exactly where it stood; providers come back from their own rows and nothing is sent.
 * - `machine`: a saved, checkpointed or migrated machine starts on this host. Devices offer their channels again and are matched by class, instance
 *   and index; then `restoreChannel` for each, then `revokeUnclaimedChannels`. What is missing is rescinded.
 */
import { isHostMessage } from './messages.ts'
import { announce, openComplete, revoke } from './server-channel.ts'
import { checkDisconnected } from './server-connection.ts'
import {
  connectedInfo,
  gpadlKey,
  idsOf,
  monitorIdMax,
  openParameters,
  type PendingMessage,
  type ServerCore,
  send,
  setChannel,
} from './server-core.ts'
import type {
  ChannelOffer,
  ConnectionState,
  Gpadl,
  OfferedIds,
  OfferId,
  RestoreState,
  ServerChannel,
  ServerChannelState,
  TlConnect,
  VmbusServerError,
} from './server-types.ts'
import { isReleased } from './server-types.ts'
import { channelIdMax, knownVersion } from './versions.ts'

/** Version of {@link VmbusServerRows}. */
export const serverRowsVersion = 1

export interface ServerChannelRow {
  readonly offerId: OfferId
  readonly offer: ChannelOffer
  readonly state: ServerChannelState
  readonly restore: RestoreState
  readonly ids?: OfferedIds | undefined
}

export interface VmbusServerRows {
  readonly version: typeof serverRowsVersion
  readonly connection: ConnectionState
  readonly nextOfferId: OfferId
  readonly messageVp: number
  readonly channels: readonly ServerChannelRow[]
  readonly gpadls: readonly Gpadl[]
  readonly pending: readonly PendingMessage[]
  readonly tlActive: readonly TlConnect[]
  readonly tlWaiting: readonly TlConnect[]
}

export type RestoreMode = 'resume' | 'machine'

/** Why rows were refused. `detail` names the row. */
export interface ServerRestoreError {
  readonly code: 'version' | 'protocolVersion' | 'channel' | 'gpadl' | 'message' | 'invariant'
  readonly detail: string
}

/** The server's rows; they share nothing with it. */
export function serverRows(core: ServerCore): VmbusServerRows {
  const rows: VmbusServerRows = {
    version: serverRowsVersion,
    connection: core.connection,
    nextOfferId: core.nextOfferId,
    messageVp: core.messageVp,
    channels: [...core.channels.values()].map(({ offerId, offer, state, restore, ids }) => ({ offerId, offer, state, restore, ids })),
    gpadls: [...core.gpadls.values()],
    pending: core.pending,
    tlActive: core.tlActive,
    tlWaiting: core.tlWaiting,
  }
  return JSON.parse(JSON.stringify(rows)) as VmbusServerRows
}

/** Puts rows into an empty core. Undefined = done; the core is then valid. */
export function loadServerRows(core: ServerCore, rows: VmbusServerRows, mode: RestoreMode): ServerRestoreError | undefined {
  if (rows.version !== serverRowsVersion) return { code: 'version', detail: `rows of version ${rows.version}` }
  const copy = JSON.parse(JSON.stringify(rows)) as VmbusServerRows
  const connection = copy.connection
  if (connection.name === 'connected' || connection.name === 'connecting') {
    const version = connection.info.negotiated.version
    if (knownVersion(version) === undefined || version > core.options.versionMax) {
      return { code: 'protocolVersion', detail: `protocol version ${version} is beyond this host` }
    }
  }
  core.connection = connection
  core.nextOfferId = copy.nextOfferId
  core.messageVp = copy.messageVp
  for (const row of copy.channels) {
    // A machine's devices offer again what its guest does not know of.
    if (mode === 'machine' && isReleased(row.state)) continue
    const error = loadChannel(core, row, mode)
    if (error !== undefined) return { code: 'channel', detail: `offer ${row.offerId}: ${error}` }
  }
  for (const gpadl of copy.gpadls) {
    if (mode === 'machine' && !core.channels.has(gpadl.offerId)) continue
    const error = loadGpadl(core, gpadl)
    if (error !== undefined) return { code: 'gpadl', detail: `GPADL ${gpadl.gpadlId} of offer ${gpadl.offerId}: ${error}` }
  }
  for (const entry of copy.pending) {
    if (!isHostMessage(entry.message)) return { code: 'message', detail: 'a waiting message is none of the host' }
    core.pending.push(entry)
  }
  core.tlActive = [...copy.tlActive]
  core.tlWaiting = [...copy.tlWaiting]
  return undefined
}

const stateNames: ReadonlySet<string> = new Set<ServerChannelState['name']>([
  'clientReleased',
  'closed',
  'opening',
  'open',
  'closing',
  'closingReopen',
  'revoked',
  'reoffered',
  'closingClientRelease',
  'openingClientRelease',
])

function loadChannel(core: ServerCore, row: ServerChannelRow, mode: RestoreMode): string | undefined {
  if (!stateNames.has(row.state.name)) return `unknown state ${row.state.name}`
  if (core.channels.has(row.offerId)) return 'twice'
  if (row.offerId >= core.nextOfferId) return 'offer id not issued yet'
  const ids = row.ids
  if (ids !== undefined) {
    if (!Number.isInteger(ids.channelId) || ids.channelId < 1 || ids.channelId > channelIdMax) return `channel id ${ids.channelId}`
    while (core.assigned.length < ids.channelId) core.assigned.push(undefined)
    if (core.assigned[ids.channelId - 1] !== undefined) return `channel id ${ids.channelId} is taken`
    core.assigned[ids.channelId - 1] = row.offerId
    if (ids.monitorId !== undefined) {
      if (!Number.isInteger(ids.monitorId) || ids.monitorId < 0 || ids.monitorId > monitorIdMax) return `monitor id ${ids.monitorId}`
      while (core.monitors.length <= ids.monitorId) core.monitors.push(undefined)
      if (core.monitors[ids.monitorId] !== undefined) return `monitor id ${ids.monitorId} is taken`
      core.monitors[ids.monitorId] = row.offerId
    }
  }
  const channel: ServerChannel = {
    offerId: row.offerId,
    offer: row.offer,
    state: row.state,
    restore: mode === 'resume' ? row.restore : row.state.name === 'revoked' ? 'restored' : 'unmatched',
    ids,
  }
  core.channels.set(row.offerId, channel)
  return undefined
}

const gpadlStates: ReadonlySet<string> = new Set<Gpadl['state']>(['inProgress', 'offered', 'offeredTearingDown', 'accepted', 'tearingDown'])

function loadGpadl(core: ServerCore, gpadl: Gpadl): string | undefined {
  const key = gpadlKey(gpadl.offerId, gpadl.gpadlId)
  if (!core.channels.has(gpadl.offerId)) return 'its channel is missing'
  if (core.gpadls.has(key)) return 'twice'
  if (!gpadlStates.has(gpadl.state)) return `unknown state ${gpadl.state}`
  if (gpadl.state === 'inProgress') {
    if (core.incomplete.has(gpadl.gpadlId)) return 'two with this id lack body messages'
    if (gpadl.words.length >= gpadl.wordsTotal) return 'complete, but in progress'
    core.incomplete.set(gpadl.gpadlId, gpadl.offerId)
  } else if (gpadl.ranges.length !== gpadl.rangeCount) return 'ranges are missing'
  core.gpadls.set(key, gpadl)
  return undefined
}

/**
 * The device of a matched channel is ready. `open` = it kept the channel open through the save; otherwise it starts closed and is asked to open
 * again if the guest had opened or was opening.
 */
export function restoreChannel(core: ServerCore, offerId: OfferId, open: boolean): VmbusServerError | undefined {
  const channel = core.channels.get(offerId)
  if (channel === undefined) return 'unknownChannelId'
  if (channel.restore === 'new') return open ? 'invalidChannelState' : undefined
  if (channel.restore !== 'restoring') return 'invalidChannelState'
  const state = channel.state
  if (open) {
    if (state.name === 'closed' || state.name === 'reoffered') return 'invalidChannelState'
    channel.restore = 'restored'
    if (state.name === 'opening') openComplete(core, offerId, 0)
    else if (state.name === 'closing' || state.name === 'closingReopen') core.notifier.closeChannel(offerId)
    return undefined
  }
  channel.restore = 'restored'
  switch (state.name) {
    case 'closing':
      setChannel(core, channel, { name: 'closed' })
      if (state.reserved !== undefined) {
        const target = { vp: state.reserved.vp, sint: state.reserved.sint }
        send(core, { kind: 'closeReservedResponse', channelId: idsOf(channel).channelId }, target)
      }
      return undefined
    case 'closingReopen':
      core.notifier.openChannel(offerId, openParameters(core, channel, state.request, undefined))
      setChannel(core, channel, { name: 'opening', request: state.request })
      return undefined
    case 'opening':
      core.notifier.openChannel(offerId, openParameters(core, channel, state.request, state.reserved))
      return undefined
    case 'open':
      channel.restore = 'restoring'
      return 'invalidChannelState'
    default:
      return undefined
  }
}

/** After all devices of the machine are back: rescinds what nobody claimed, repeats open questions to providers, signals every open channel once. */
export function revokeUnclaimedChannels(core: ServerCore): void {
  for (const channel of [...core.channels.values()]) {
    switch (channel.restore) {
      case 'new':
        announce(core, channel)
        break
      case 'restoring':
        // Offered again, but without a state that fits: the guest must start over with it.
        revoke(core, channel)
        setChannel(core, channel, { name: 'reoffered' })
        break
      case 'unmatched':
        revoke(core, channel)
        break
      case 'restored':
        if (channel.state.name === 'open') {
          core.notifier.signalChannel(channel.offerId)
          if (channel.state.modify !== undefined && channel.state.params.targetVp !== undefined) {
            core.notifier.modifyTargetVp(channel.offerId, channel.state.params.targetVp)
          }
        }
        break
    }
    if (core.channels.has(channel.offerId)) channel.restore = 'new'
  }
  for (const gpadl of core.gpadls.values()) {
    if (gpadl.state === 'offered') core.notifier.createGpadl(gpadl.offerId, gpadl.gpadlId, gpadl.ranges)
    else if (gpadl.state === 'tearingDown') core.notifier.teardownGpadl(gpadl.offerId, gpadl.gpadlId)
  }
  const connection = core.connection
  if (connection.name === 'connecting' || (connection.name === 'connected' && connection.info.modifying)) {
    core.notifier.modifyConnection({
      negotiated: connection.name === 'connecting' ? connection.info.negotiated : undefined,
      interruptPage: connection.info.interruptPage,
      monitorPages: connection.info.monitorPages,
    })
  } else if (connectedInfo(core) !== undefined) {
    const info = connectedInfo(core)
    core.notifier.modifyConnection({ negotiated: info?.negotiated, interruptPage: info?.interruptPage, monitorPages: info?.monitorPages })
  } else if (connection.name === 'disconnecting') {
    if (connection.modifySent) core.notifier.modifyConnection({})
    checkDisconnected(core)
  }
}
