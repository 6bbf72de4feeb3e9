import { describe, expect, it } from 'vitest'
import { Channel, type ChannelSignals } from './channel.ts'
import { type ChannelCodecs, channelRows, restoreChannelRows } from './channel-rows.ts'
import { busCounts, clientPipeCounts, linuxChannelCounts, providerPipeCounts } from './counters.ts'
import { completionPacket, gpaDirectPacket, inBandPacket, type Packet } from './packet.ts'
import { rawCodec } from './packet-codec.ts'
import { benchRing } from './ring-bench.ts'
import type { VmbusTraceEvent } from './trace.ts'

type Bytes = Uint8Array
const codecs: ChannelCodecs<Bytes, Bytes> = { toHost: rawCodec, toGuest: rawCodec }
const request = (bytes: number): Packet<Bytes> => inBandPacket(new Uint8Array(bytes), bytes, true)

function setUp(pages = 1): { channel: Channel<Bytes, Bytes>; signals: string[]; port: ChannelSignals } {
  const signals: string[] = []
  const port: ChannelSignals = {
    signalHost: (_, reason) => {
      signals.push(`host ${reason}`)
      return 'hypercall'
    },
    signalGuest: (_, reason) => {
      signals.push(`guest ${reason}`)
      return 'interrupt'
    },
  }
  const bytes = pages * 4096
  const channel = new Channel<Bytes, Bytes>({
    channelId: 5,
    epoch: 1,
    guestToHostBytes: bytes,
    hostToGuestBytes: bytes,
    pendingSendSize: true,
    signals: port,
  })
  return { channel, signals, port }
}

describe('a channel', () => {
  it('carries a request and its completion with one id, one signal each way, and hands the request back', () => {
    const { channel, signals } = setUp()
    const asked = request(64)
    expect([channel.sendFromGuest(asked), channel.sendFromGuest(request(64))]).toEqual(['sentAndSignal', 'sent'])
    const seen: number[] = []
    channel.drainAtHost(10, (packet) => {
      seen.push(packet.transactionId)
      channel.sendFromHost(completionPacket(packet.transactionId, packet.payload, 64))
    })
    const back: unknown[] = []
    channel.drainAtGuest(10, (packet, original) => back.push([packet.transactionId === original?.transactionId, original === asked]))
    expect(back).toEqual([
      [true, true],
      [true, false],
    ])
    expect(new Set(seen).size).toBe(2)
    expect(signals).toEqual(['host packet', 'guest packet'])
    expect([channel.guestRequests.size, channel.guestRequests.completed]).toEqual([0, 2])
  })

  it('completes a request exactly once', () => {
    const { channel } = setUp()
    channel.sendFromGuest(request(8))
    let id = 0
    channel.receiveAtHost(1, (packet) => {
      id = packet.transactionId
    })
    const complete = (transactionId: number): string => {
      const result = channel.sendFromHost(completionPacket(transactionId, new Uint8Array(0), 0))
      return result === 'refused' ? `refused: ${channel.lastRefusal}` : result
    }
    const answers = [complete(id + 1), complete(id), complete(id)]
    channel.receiveAtGuest(1, () => undefined)
    answers.push(complete(id))
    expect(answers).toEqual(['refused: unknownTransaction', 'sentAndSignal', 'refused: alreadyCompleted', 'refused: unknownTransaction'])
  })

  it('never gives an id twice, not even after closing and opening again', () => {
    const ids = new Set<number>()
    for (const epoch of [1, 2, 3]) {
      const { channel, port } = setUp()
      const again = new Channel<Bytes, Bytes>({
        channelId: 5,
        epoch,
        guestToHostBytes: 4096,
        hostToGuestBytes: 4096,
        pendingSendSize: true,
        signals: port,
      })
      for (let i = 0; i < 50; i++) {
        const packet = request(8)
        again.sendFromGuest(packet)
        again.receiveAtHost(1, (item) => again.sendFromHost(completionPacket(item.transactionId, item.payload, 8)))
        again.receiveAtGuest(1, () => undefined)
        ids.add(packet.transactionId)
      }
      expect(channel.isOpen).toBe(true)
    }
    expect(ids.size).toBe(150)
  })

  it('stops when full and tells the producer when there is room', () => {
    const { channel, signals } = setUp()
    const sent: string[] = []
    for (let i = 0; i < 6; i++) sent.push(channel.sendFromGuest(request(1000)))
    expect(sent).toEqual(['sentAndSignal', 'sent', 'sent', 'full', 'full', 'full'])
    expect([channel.rings.guestToHost.fullFirst, channel.rings.guestToHost.fullTotal]).toEqual([1, 3])
    expect(channel.guestRequests.size).toBe(3)
    expect(channel.receiveAtHost(1, () => undefined)).toBe(1)
    expect(signals).toEqual(['host packet', 'guest space'])
    expect(channel.sendFromGuest(request(1000))).toBe('sent')
  })

  it('leaves a packet in the ring when the sink cannot take it', () => {
    const { channel } = setUp()
    for (let i = 0; i < 3; i++) channel.sendFromGuest(request(8))
    let budget = 2
    const taken = channel.drainAtHost(10, () => budget-- > 0)
    expect([taken, channel.rings.guestToHost.length, channel.rings.guestToHost.packetsRead]).toEqual([2, 1, 2])
    expect(channel.rings.guestToHost.readIndex).toBe(64)
  })

  it('costs one signal for a batch, however many packets it holds, and none while the reader polls', () => {
    const { channel, signals } = setUp(8)
    for (let i = 0; i < 100; i++) channel.sendFromGuest(request(8))
    expect(signals).toEqual(['host packet'])
    channel.maskHost()
    channel.receiveAtHost(100, () => undefined)
    channel.sendFromGuest(request(8))
    expect(signals).toEqual(['host packet'])
    expect(channel.unmaskHost()).toBe(true)
    const { signals: sent, maskedSignals, notEmptySignals, packetsWritten } = channel.rings.guestToHost
    expect([sent, maskedSignals, notEmptySignals, packetsWritten]).toEqual([1, 1, 99, 101])
  })

  it('cuts off outstanding requests when it closes; late completions are refused', () => {
    const { channel } = setUp()
    const asked = request(8)
    channel.sendFromGuest(asked)
    channel.receiveAtHost(1, () => undefined)
    expect(channel.close()).toEqual({ guest: [asked], host: [] })
    expect(channel.sendFromHost(completionPacket(asked.transactionId, asked.payload, 8))).toBe('refused')
    expect(channel.lastRefusal).toBe('closed')
  })

  it('counts under the product’s names', () => {
    const { channel } = setUp()
    channel.sendFromGuest(request(64))
    channel.drainAtHost(1, (packet) => channel.sendFromHost(completionPacket(packet.transactionId, packet.payload, 64)))
    expect(busCounts([channel])).toEqual({ interruptsReceived: 1, interruptsSent: 1, throttleEvents: 0 })
    expect(providerPipeCounts(channel)).toEqual({ reads: 1, writes: 1, bytesRead: 88, bytesWritten: 88 })
    expect(clientPipeCounts(channel)).toEqual({ reads: 0, writes: 1, bytesRead: 0, bytesWritten: 88 })
    expect(linuxChannelCounts(channel)).toMatchObject({ interrupts: 1, events: 1, intr_out_empty: 1, out_full_total: 0, read_avail: 88 })
  })

  it('shows packets and signals to a trace', () => {
    const { channel } = setUp()
    const events: string[] = []
    channel.trace = (event: VmbusTraceEvent) => {
      events.push(
        event.kind === 'packet' ? `${event.step} ${event.direction}` : event.kind === 'signal' ? `signal ${event.path}` : event.kind,
      )
    }
    channel.sendFromGuest(request(8))
    channel.drainAtHost(1, (packet) => channel.sendFromHost(completionPacket(packet.transactionId, packet.payload, 8)))
    channel.drainAtGuest(1, () => undefined)
    expect(events).toEqual(['sent toHost', 'signal hypercall', 'received toHost', 'sent toGuest', 'signal interrupt', 'completed toGuest'])
  })
})

describe('saved channels', () => {
  function busy(): Channel<Bytes, Bytes> {
    const { channel } = setUp()
    channel.sendFromGuest(request(16))
    channel.sendFromGuest(
      gpaDirectPacket(new Uint8Array(8).fill(3), 8, [{ byteCount: 8192, byteOffset: 0, pages: [{ first: 7, count: 2 }] }]),
    )
    channel.sendFromGuest(request(24))
    channel.receiveAtHost(2, (packet) => {
      if (packet.payloadBytes === 16) channel.sendFromHost(completionPacket(packet.transactionId, packet.payload, 16))
    })
    channel.sendFromHost(inBandPacket(new Uint8Array(40), 40, true))
    return channel
  }
  const ports = { signals: setUp().port }

  it('come back the same and go on: one completion in the ring, one owed, one request unread', () => {
    const rows = channelRows(busy(), codecs)
    const again = restoreChannelRows(JSON.parse(JSON.stringify(rows)), codecs, ports)
    if (typeof again === 'string') throw new Error(again)
    expect(channelRows(again, codecs)).toEqual(rows)
    let completed = 0
    again.drainAtGuest(10, (packet, original) => {
      if (packet.type === 0xb && original !== undefined) completed++
    })
    again.drainAtHost(10, (packet) => again.sendFromHost(completionPacket(packet.transactionId, packet.payload, packet.payloadBytes)))
    again.drainAtGuest(10, (_packet, original) => {
      if (original !== undefined) completed++
    })
    expect([completed, again.guestRequests.size]).toEqual([2, 1])
  })

  it('are refused when their rows contradict each other', () => {
    const rows = channelRows(busy(), codecs)
    const refusals = [
      { ...rows, version: 9 as 1 },
      { ...rows, guestToHost: { ...rows.guestToHost, writeIndex: rows.guestToHost.writeIndex + 8 } },
      { ...rows, guestToHost: { ...rows.guestToHost, readIndex: 3 } },
      { ...rows, hostToGuest: { ...rows.hostToGuest, packets: [], writeIndex: rows.hostToGuest.readIndex } },
      { ...rows, guestRequests: { ...rows.guestRequests, entries: [] } },
      {
        ...rows,
        guestRequests: {
          ...rows.guestRequests,
          entries: rows.guestRequests.entries.map((entry) => ({ ...entry, state: 'outstanding' as const })),
        },
      },
      { ...rows, hostToGuest: { ...rows.hostToGuest, size: 100 } },
    ].map((broken) => restoreChannelRows(broken, codecs, ports))
    expect(refusals.map((refusal) => typeof refusal)).toEqual(refusals.map(() => 'string'))
    expect(new Set(refusals).size).toBeGreaterThan(4)
  })
})

describe('the ring bench', () => {
  it('runs the packets it is asked for by the caller’s clock', () => {
    let time = 0
    const result = benchRing(3200, () => {
      time += 500
      return time
    })
    expect(result).toEqual({ packets: 3200, packetsPerSecond: 6400, signals: 200 })
  })
})
