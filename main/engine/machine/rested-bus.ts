/**
 * A saved bus without its past.
 *
 * How far the rings of a channel have turned, and how many packets have passed, means nothing once they are empty; only a lab that was never
 * closed would know it, since the stack of a machine is built again when a lab is opened. So a channel at rest is saved as it was when it was
 * opened: a saved machine is the same whether its lab was closed in between or not.
 */
import type { ChannelRows, RingRow } from '../vmbus/channel-rows.ts'
import type { BusSaved } from './machine-bus.ts'
import type { SavedStack } from './stack-types.ts'

/** The saved machine as its lab keeps it. */
export function withoutPast(saved: SavedStack): SavedStack {
  return saved.bus === null ? saved : { ...saved, bus: restedBus(saved.bus) }
}

function restedBus(saved: BusSaved): BusSaved {
  const channels = saved.rows.channels.map((channel) =>
    channel.rows !== undefined && isAtRest(channel.rows) ? { ...channel, rows: rested(channel.rows) } : channel,
  )
  return { ...saved, rows: { ...saved.rows, channels } }
}

/** Nothing is in the rings, nothing is being answered, and nobody waits for room. */
function isAtRest({ guestToHost, hostToGuest, guestRequests, hostRequests }: ChannelRows): boolean {
  const quiet = (ring: RingRow): boolean => ring.packets.length === 0 && !ring.blocked && ring.writeIndex === ring.readIndex
  return quiet(guestToHost) && quiet(hostToGuest) && guestRequests.entries.length === 0 && hostRequests.entries.length === 0
}

function rested(rows: ChannelRows): ChannelRows {
  const ring = (row: RingRow): RingRow => ({ ...row, writeIndex: 0, readIndex: 0, counts: zeroed(row.counts) })
  const requests = { running: 1, completed: 0, entries: [] }
  return {
    ...rows,
    counts: zeroed(rows.counts),
    guestToHost: ring(rows.guestToHost),
    hostToGuest: ring(rows.hostToGuest),
    guestRequests: requests,
    hostRequests: requests,
  }
}

function zeroed<Counts extends object>(counts: Counts): Counts {
  return Object.fromEntries(Object.keys(counts).map((key) => [key, 0])) as Counts
}
