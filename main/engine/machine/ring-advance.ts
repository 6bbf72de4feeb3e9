/** Many equal requests at once: what a channel's rings, transactions and counts are after them, without sending one (O(1)). */
import type { Channel } from '../vmbus/channel.ts'
import { gpaDirectPacket, inBandRingBytes, packetType, transferPagesPacket } from '../vmbus/packet.ts'
import { type GpaRange, pagesSpanned } from '../vmbus/pages.ts'
import type { Ring } from '../vmbus/ring.ts'
import type { TransactionTable } from '../vmbus/transactions.ts'

/** Ids of transactions run from 1 to this, then again from 1 (vmbus: transactions). */
const RUNNING_CYCLE = 2 ** 24 - 1

/** One request and its completion, each into an empty ring, as ring bytes. */
export interface FlowShape {
  readonly from: 'guest' | 'host'
  readonly requestType: number
  readonly requestBytes: number
  readonly completionBytes: number
}

/** Transfers of a storage channel, both ways alike: 64 bytes of payload since 5.1, 48 before. */
export function storageShape(bytes: number, packetBytes: 64 | 48): FlowShape {
  const packet = gpaDirectPacket(null, packetBytes, [rangeOf(bytes)])
  return { from: 'guest', requestType: packet.type, requestBytes: packet.ringBytes, completionBytes: inBandRingBytes(packetBytes) }
}

/** Frames of a network channel: `nvspBytes` is the size of its messages; `direct`: bytes that lie in guest pages instead of a section. */
export function networkShape(toGuest: boolean, nvspBytes: 28 | 40, direct: number | undefined): FlowShape {
  const completionBytes = inBandRingBytes(nvspBytes)
  if (toGuest) {
    const packet = transferPagesPacket(null, nvspBytes, 0, [{ byteCount: 0, byteOffset: 0 }])
    return { from: 'host', requestType: packet.type, requestBytes: packet.ringBytes, completionBytes }
  }
  if (direct === undefined) {
    return { from: 'guest', requestType: packetType.inBand, requestBytes: inBandRingBytes(nvspBytes), completionBytes }
  }
  const packet = gpaDirectPacket(null, nvspBytes, [rangeOf(direct)])
  return { from: 'guest', requestType: packet.type, requestBytes: packet.ringBytes, completionBytes }
}

function rangeOf(bytes: number): GpaRange {
  return { byteCount: bytes, byteOffset: 0, pages: [{ first: 0, count: pagesSpanned(bytes, 0) }] }
}

function advanceRing(ring: Ring, type: number, bytes: number, count: number): void {
  const counts = ring.counts()
  const total = bytes * count
  ring.load({
    readIndex: (ring.readIndex + total) % ring.size,
    interruptMask: ring.interruptMask,
    pendingSendSize: ring.pendingSendSize,
    featureBits: ring.featureBits,
    blocked: ring.blocked,
    packets: ring.packets(),
    counts: {
      ...counts,
      packetsWritten: counts.packetsWritten + count,
      bytesWritten: counts.bytesWritten + total,
      packetsRead: counts.packetsRead + count,
      bytesRead: counts.bytesRead + total,
      inBand: counts.inBand + (type === packetType.inBand ? count : 0),
      gpaDirect: counts.gpaDirect + (type === packetType.gpaDirect ? count : 0),
      transferPages: counts.transferPages + (type === packetType.transferPages ? count : 0),
      completions: counts.completions + (type === packetType.completion ? count : 0),
      signals: counts.signals + count,
    },
  })
}

function advanceTransactions(table: TransactionTable<unknown>, count: number): void {
  const running = ((table.running - 1 + count) % RUNNING_CYCLE) + 1
  table.load(running, table.completed + count, table.entries())
}

/** Lets `count` requests of a shape have passed. The channel is at rest: its rings are empty. */
export function advanceChannel(channel: Channel, shape: FlowShape, count: number, monitored: boolean): void {
  const { guestToHost, hostToGuest } = channel.rings
  const byGuest = shape.from === 'guest'
  advanceRing(byGuest ? guestToHost : hostToGuest, shape.requestType, shape.requestBytes, count)
  advanceRing(byGuest ? hostToGuest : guestToHost, packetType.completion, shape.completionBytes, count)
  advanceTransactions(byGuest ? channel.guestRequests : channel.hostRequests, count)
  channel.guestSignals += count
  if (monitored) channel.hostMonitorSignals += count
  else channel.hostSignals += count
}
