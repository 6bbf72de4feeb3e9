/** Saved form of an open channel's data plane: indices, unread packets and outstanding requests as rows; payloads as the bytes their codec makes. */
import { fromHex, toHex } from './bytes.ts'
import { Channel, type ChannelCounts, type ChannelParameters } from './channel.ts'
import { completionRequested, Packet, type PacketExtension, type PacketType, packetType } from './packet.ts'
import type { PayloadCodec } from './packet-codec.ts'
import type { Ring, RingCounts } from './ring.ts'
import type { TransactionEntry, TransactionTable } from './transactions.ts'

/** Version of {@link ChannelRows}. */
export const channelRowsVersion = 1

export interface PacketRow {
  readonly type: PacketType
  readonly flags: number
  readonly transactionId: number
  readonly payloadBytes: number
  /** Payload bytes without padding, hex. */
  readonly payload: string
  readonly extension: PacketExtension
}

export interface RingRow {
  readonly size: number
  readonly writeIndex: number
  readonly readIndex: number
  readonly interruptMask: number
  readonly pendingSendSize: number
  readonly featureBits: number
  readonly blocked: boolean
  readonly counts: RingCounts
  readonly packets: readonly PacketRow[]
}

export interface TransactionsRow {
  readonly running: number
  readonly completed: number
  readonly entries: readonly { readonly id: number; readonly state: 'outstanding' | 'completing'; readonly request: PacketRow }[]
}

export interface ChannelRows {
  readonly version: typeof channelRowsVersion
  readonly channelId: number
  readonly epoch: number
  readonly counts: ChannelCounts
  readonly guestToHost: RingRow
  readonly hostToGuest: RingRow
  readonly guestRequests: TransactionsRow
  readonly hostRequests: TransactionsRow
}

/** Codecs of a channel's payloads, by direction. */
export interface ChannelCodecs<G = unknown, H = unknown> {
  readonly toHost: PayloadCodec<G>
  readonly toGuest: PayloadCodec<H>
}

/** Rows of an open channel. Not to be called inside a sink. */
export function channelRows<G, H>(channel: Channel<G, H>, codecs: ChannelCodecs<G, H>): ChannelRows {
  return {
    version: channelRowsVersion,
    channelId: channel.channelId,
    epoch: channel.epoch,
    counts: channel.counts(),
    guestToHost: ringRow(channel.rings.guestToHost, codecs.toHost),
    hostToGuest: ringRow(channel.rings.hostToGuest, codecs.toGuest),
    guestRequests: transactionsRow(channel.guestRequests, codecs.toHost),
    hostRequests: transactionsRow(channel.hostRequests, codecs.toGuest),
  }
}

/** One packet as a row. */
export function packetRow<P>(packet: Packet<P>, codec: PayloadCodec<P>): PacketRow {
  const { type, flags, transactionId, payloadBytes, extension } = packet
  return { type, flags, transactionId, payloadBytes, payload: toHex(codec.encode(packet.payload, packet)), extension }
}

function ringRow<P>(ring: Ring<P>, codec: PayloadCodec<P>): RingRow {
  return {
    size: ring.size,
    writeIndex: ring.writeIndex,
    readIndex: ring.readIndex,
    interruptMask: ring.interruptMask,
    pendingSendSize: ring.pendingSendSize,
    featureBits: ring.featureBits,
    blocked: ring.blocked,
    counts: ring.counts(),
    packets: ring.packets().map((packet) => packetRow(packet, codec)),
  }
}

function transactionsRow<P>(table: TransactionTable<P>, codec: PayloadCodec<P>): TransactionsRow {
  return {
    running: table.running,
    completed: table.completed,
    entries: table.entries().map(({ id, state, request }) => ({ id, state, request: packetRow(request, codec) })),
  }
}

/** A channel from its rows, or a sentence that says why the rows are refused. A request that is both in a ring and outstanding is one object again. */
export function restoreChannelRows<G, H>(
  rows: ChannelRows,
  codecs: ChannelCodecs<G, H>,
  ports: Pick<ChannelParameters, 'signals' | 'trace'>,
): Channel<G, H> | string {
  if (rows.version !== channelRowsVersion) return `rows of version ${rows.version}`
  for (const ring of [rows.guestToHost, rows.hostToGuest]) {
    if (!Number.isInteger(ring.size) || ring.size <= 0 || ring.size % 4096 !== 0) return `ring of ${ring.size} bytes`
  }
  const channel = new Channel<G, H>({
    channelId: rows.channelId,
    epoch: rows.epoch,
    guestToHostBytes: rows.guestToHost.size,
    hostToGuestBytes: rows.hostToGuest.size,
    pendingSendSize: true,
    ...ports,
  })
  const fault =
    loadSide(channel.rings.guestToHost, rows.guestToHost, channel.guestRequests, rows.guestRequests, codecs.toHost) ??
    loadSide(channel.rings.hostToGuest, rows.hostToGuest, channel.hostRequests, rows.hostRequests, codecs.toGuest) ??
    checkCompletions(rows.guestRequests, rows.hostToGuest) ??
    checkCompletions(rows.hostRequests, rows.guestToHost)
  if (fault !== undefined) return `channel ${rows.channelId}: ${fault}`
  channel.hostSignals = rows.counts.hostSignals
  channel.hostMonitorSignals = rows.counts.hostMonitorSignals
  channel.guestSignals = rows.counts.guestSignals
  return channel
}

/** A packet from its row, or a text that says what is wrong. */
export function packetOf<P>(row: PacketRow, codec: PayloadCodec<P>): Packet<P> | string {
  const bytes = fromHex(row.payload)
  if (bytes === undefined || bytes.length !== row.payloadBytes) return 'payload bytes do not match their length'
  const payload = codec.decode(bytes, row)
  if (!payload.ok) return `payload: ${payload.reason}`
  return new Packet(payload.payload).fill(row.type, row.flags, row.transactionId, payload.payload, row.payloadBytes, row.extension)
}

function loadSide<P>(
  ring: Ring<P>,
  row: RingRow,
  table: TransactionTable<P>,
  transactions: TransactionsRow,
  codec: PayloadCodec<P>,
): string | undefined {
  const entries: TransactionEntry<P>[] = []
  const requests = new Map<number, Packet<P>>()
  for (const entry of transactions.entries) {
    const request = packetOf(entry.request, codec)
    if (typeof request === 'string') return request
    if (entry.request.transactionId !== entry.id || requests.has(entry.id)) return `transaction ${entry.id} is not one request`
    if (entry.state !== 'outstanding' && entry.state !== 'completing') return `transaction ${entry.id} has an unknown state`
    requests.set(entry.id, request)
    entries.push({ id: entry.id, state: entry.state, request })
  }
  const packets: Packet<P>[] = []
  let bytes = 0
  for (const item of row.packets) {
    const wants = (item.flags & completionRequested) !== 0
    const packet = wants ? requests.get(item.transactionId) : packetOf(item, codec)
    if (packet === undefined) return `a request in the ring is not outstanding: ${item.transactionId}`
    if (typeof packet === 'string') return packet
    packets.push(packet)
    bytes += packet.ringBytes
  }
  for (const index of [row.readIndex, row.writeIndex]) {
    if (!Number.isInteger(index) || index < 0 || index >= row.size || index % 8 !== 0) return `index ${index}`
  }
  if (bytes > row.size - 8 || (row.readIndex + bytes) % row.size !== row.writeIndex) return 'packets and indices disagree'
  if (row.interruptMask !== 0 && row.interruptMask !== 1) return 'interrupt mask'
  ring.load({ ...row, packets })
  return table.load(transactions.running, transactions.completed, entries) ? undefined : 'transaction ids do not belong to this channel'
}

/** Each request in state completing has exactly one completion in the other ring, and no other completion stands there. */
function checkCompletions(transactions: TransactionsRow, ring: RingRow): string | undefined {
  const completing = new Set(transactions.entries.filter((entry) => entry.state === 'completing').map((entry) => entry.id))
  for (const packet of ring.packets) {
    if (packet.type === packetType.completion && !completing.delete(packet.transactionId)) {
      return `completion of ${packet.transactionId}, which is not expected`
    }
  }
  return completing.size === 0 ? undefined : 'a completion is missing in the ring'
}
