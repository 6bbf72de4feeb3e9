/** GPADLs of the server: header and body messages, creation, teardown (hypervisor reference 4.6, core sheet 4.6). */
import { type GpadlBodyMessage, type GpadlHeaderMessage, isSuccess, vmbusStatus } from './messages.ts'
import { countPages, pageBytes, wordsToRanges } from './pages.ts'
import { checkDisconnected } from './server-connection.ts'
import { byChannelId, gpadlKey, idsOf, type ServerCore, send } from './server-core.ts'
import { type Gpadl, isReleased, isRevoked, type OfferId, reservedOf, type ServerChannel, type VmbusServerError } from './server-types.ts'

/** Message 8. A refused GPADL is answered with GpadlCreated and a failure status. */
export function handleGpadlHeader(core: ServerCore, message: GpadlHeaderMessage): VmbusServerError | undefined {
  const error = startGpadl(core, message)
  if (error !== undefined) {
    send(core, { kind: 'gpadlCreated', channelId: message.channelId, gpadlId: message.gpadlId, status: failureOf(error) })
  }
  return error
}

function failureOf(error: VmbusServerError): number {
  return error === 'gpadlLimit' ? vmbusStatus.insufficientResources : vmbusStatus.unsuccessful
}

function startGpadl(core: ServerCore, message: GpadlHeaderMessage): VmbusServerError | undefined {
  const channel = byChannelId(core, message.channelId)
  if (typeof channel === 'string') return channel
  if (reservedOf(channel.state) !== undefined) return 'channelReserved'
  const gpadl: Gpadl = {
    offerId: channel.offerId,
    gpadlId: message.gpadlId,
    rangeCount: message.rangeCount,
    wordsTotal: Math.floor(message.rangeBytes / 8),
    words: [],
    ranges: [],
    state: 'inProgress',
  }
  const key = gpadlKey(channel.offerId, message.gpadlId)
  const done = append(core, gpadl, message.words)
  if (typeof done === 'string') return done
  if (core.gpadls.has(key)) return 'duplicateGpadlId'
  if (!done && core.incomplete.has(message.gpadlId)) return 'duplicateGpadlId'
  core.gpadls.set(key, gpadl)
  if (done) complete(core, channel, gpadl)
  else core.incomplete.set(message.gpadlId, channel.offerId)
  return undefined
}

/** Adds words. True when the GPADL is complete. Words beyond the announced number are dropped. */
function append(core: ServerCore, gpadl: Gpadl, words: readonly number[]): boolean | VmbusServerError {
  if (gpadl.state !== 'inProgress') return 'gpadlAlreadyComplete'
  gpadl.words.push(...words.slice(0, gpadl.wordsTotal - gpadl.words.length))
  if (gpadl.words.length < gpadl.wordsTotal) return false
  const ranges = wordsToRanges(gpadl.words, gpadl.rangeCount)
  if (typeof ranges === 'string') return 'invalidGpaRange'
  let pages = 0
  for (const range of ranges) pages += countPages(range.pages)
  if (gpadlPages(core) + pages > core.options.gpadlBytesMax / pageBytes) return 'gpadlLimit'
  gpadl.words = []
  gpadl.ranges = ranges
  gpadl.state = 'offered'
  return true
}

/** Pages under all complete GPADLs. */
export function gpadlPages(core: ServerCore): number {
  let pages = 0
  for (const gpadl of core.gpadls.values()) for (const range of gpadl.ranges) pages += countPages(range.pages)
  return pages
}

function complete(core: ServerCore, channel: ServerChannel, gpadl: Gpadl): void {
  if (isRevoked(channel.state)) {
    // Nobody is left to take it, and the guest must be able to tear it down in order.
    gpadl.state = 'accepted'
    send(core, { kind: 'gpadlCreated', channelId: idsOf(channel).channelId, gpadlId: gpadl.gpadlId, status: vmbusStatus.success })
  } else core.notifier.createGpadl(channel.offerId, gpadl.gpadlId, gpadl.ranges)
}

/** Message 9. */
export function handleGpadlBody(core: ServerCore, message: GpadlBodyMessage): VmbusServerError | undefined {
  const offerId = core.incomplete.get(message.gpadlId)
  const gpadl = offerId === undefined ? undefined : core.gpadls.get(gpadlKey(offerId, message.gpadlId))
  const channel = offerId === undefined ? undefined : core.channels.get(offerId)
  if (gpadl === undefined || channel === undefined) return 'unknownGpadlId'
  const done = append(core, gpadl, message.words)
  if (done === false) return undefined
  core.incomplete.delete(message.gpadlId)
  if (done === true) {
    complete(core, channel, gpadl)
    return undefined
  }
  core.gpadls.delete(gpadlKey(gpadl.offerId, gpadl.gpadlId))
  send(core, { kind: 'gpadlCreated', channelId: idsOf(channel).channelId, gpadlId: gpadl.gpadlId, status: failureOf(done) })
  return done
}

/** Message 11. */
export function handleGpadlTeardown(core: ServerCore, channelId: number, gpadlId: number): VmbusServerError | undefined {
  const channel = byChannelId(core, channelId)
  if (typeof channel === 'string') return channel
  const key = gpadlKey(channel.offerId, gpadlId)
  const gpadl = core.gpadls.get(key)
  if (gpadl === undefined) return 'unknownGpadlId'
  if (gpadl.state !== 'accepted') return 'invalidGpadlState'
  if (reservedOf(channel.state) !== undefined) return 'channelReserved'
  if (isRevoked(channel.state)) {
    core.gpadls.delete(key)
    send(core, { kind: 'gpadlTorndown', gpadlId })
  } else {
    gpadl.state = 'tearingDown'
    core.notifier.teardownGpadl(channel.offerId, gpadlId)
  }
  return undefined
}

/** The provider took the GPADL, or refused it with a failure status. */
export function gpadlCreateComplete(core: ServerCore, offerId: OfferId, gpadlId: number, status: number): VmbusServerError | undefined {
  const key = gpadlKey(offerId, gpadlId)
  const gpadl = core.gpadls.get(key)
  const channel = core.channels.get(offerId)
  if (gpadl === undefined || channel === undefined) return 'unknownGpadlId'
  if (gpadl.state !== 'offered' && gpadl.state !== 'offeredTearingDown') return 'invalidGpadlState'
  if (gpadl.state === 'offered') send(core, { kind: 'gpadlCreated', channelId: idsOf(channel).channelId, gpadlId, status })
  if (isSuccess(status)) {
    if (gpadl.state === 'offered') gpadl.state = 'accepted'
    else {
      gpadl.state = 'tearingDown'
      core.notifier.teardownGpadl(offerId, gpadlId)
    }
    return undefined
  }
  core.gpadls.delete(key)
  checkDisconnected(core)
  return undefined
}

/** The provider has let go of the GPADL. */
export function gpadlTeardownComplete(core: ServerCore, offerId: OfferId, gpadlId: number): VmbusServerError | undefined {
  const key = gpadlKey(offerId, gpadlId)
  const gpadl = core.gpadls.get(key)
  const channel = core.channels.get(offerId)
  if (gpadl === undefined || channel === undefined) return 'unknownGpadlId'
  if (gpadl.state !== 'tearingDown') return 'invalidGpadlState'
  core.gpadls.delete(key)
  if (!isReleased(channel.state)) send(core, { kind: 'gpadlTorndown', gpadlId })
  checkDisconnected(core)
  return undefined
}

/** The guest has let go of a channel: its GPADLs are taken back from the provider. */
export function releaseGpadls(core: ServerCore, channel: ServerChannel): void {
  for (const [key, gpadl] of core.gpadls) {
    if (gpadl.offerId !== channel.offerId) continue
    if (gpadl.state === 'inProgress') {
      core.incomplete.delete(gpadl.gpadlId)
      core.gpadls.delete(key)
    } else if (gpadl.state === 'offered') gpadl.state = 'offeredTearingDown'
    else if (gpadl.state === 'accepted') {
      if (isRevoked(channel.state)) core.gpadls.delete(key)
      else {
        gpadl.state = 'tearingDown'
        core.notifier.teardownGpadl(channel.offerId, gpadl.gpadlId)
      }
    }
  }
}

/** The device is gone: what the provider had is dropped, what the guest believes in stays until it tears it down. `tell` = answer open questions. */
export function revokeGpadls(core: ServerCore, channel: ServerChannel, tell: boolean): void {
  for (const [key, gpadl] of core.gpadls) {
    if (gpadl.offerId !== channel.offerId || gpadl.state === 'inProgress' || gpadl.state === 'accepted') continue
    core.gpadls.delete(key)
    if (!tell) continue
    if (gpadl.state === 'offered') {
      const channelId = idsOf(channel).channelId
      send(core, { kind: 'gpadlCreated', channelId, gpadlId: gpadl.gpadlId, status: vmbusStatus.unsuccessful })
    } else if (gpadl.state === 'tearingDown') send(core, { kind: 'gpadlTorndown', gpadlId: gpadl.gpadlId })
  }
}
