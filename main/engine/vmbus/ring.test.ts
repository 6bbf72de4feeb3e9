import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex, viewOf } from './bytes.ts'
import { cancelPacket, completionPacket, gpaDirectPacket, inBandPacket, Packet, transferPagesPacket } from './packet.ts'
import { decodePacket, encodePacket, rawCodec } from './packet-codec.ts'
import { gatherRuns } from './pages.ts'
import { pipeCodec, pipePayloadBytes } from './pipe.ts'
import { Ring, type RingWrite, ringFree, ringWrite } from './ring.ts'
import { ByteRing, decodeRing, encodeRing, ringControl } from './ring-codec.ts'

const payload = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(0xa5)
const data = (bytes: number): Packet<Uint8Array> => inBandPacket(payload(bytes), bytes)

describe('packets', () => {
  it('have the sizes of the worked example: one 4 KiB read', () => {
    const read = gpaDirectPacket(payload(64), 64, [{ byteCount: 4096, byteOffset: 0, pages: [{ first: 0x1234, count: 1 }] }])
    expect([read.dataOffset / 8, read.length / 8, read.ringBytes]).toEqual([5, 13, 112])
    const answer = completionPacket(1, payload(64), 64)
    expect([answer.length, answer.ringBytes]).toEqual([80, 88])
    expect(inBandPacket(payload(64), 64, true).ringBytes).toBe(88)
    expect(inBandPacket(payload(40), 40).ringBytes).toBe(64)
    const receive = transferPagesPacket(payload(40), 40, 0xcafe, [{ byteCount: 1514, byteOffset: 0 }])
    expect([receive.length, receive.ringBytes]).toEqual([72, 80])
  })

  it('have the bytes of the descriptor, extension and trailer', () => {
    const packet = gpaDirectPacket(payload(8), 8, [{ byteCount: 5000, byteOffset: 16, pages: [{ first: 0x1234, count: 2 }] }])
    packet.transactionId = 0x0102030405
    expect(toHex(encodePacket(packet, rawCodec, 0x40))).toBe(
      [
        '0900' + '0600' + '0700' + '0100' + '0504030201000000',
        '00000000' + '01000000',
        '88130000' + '10000000' + '3412000000000000' + '3512000000000000',
        'a5a5a5a5a5a5a5a5',
        '00000000' + '40000000',
      ].join(''),
    )
  })

  const runs = fc.array(fc.nat(2 ** 40), { minLength: 1, maxLength: 4 }).map(gatherRuns)
  const range = runs.chain((pages) => {
    const count = pages.reduce((sum, run) => sum + run.count, 0)
    return fc.record({
      byteOffset: fc.constant(0),
      byteCount: fc.integer({ min: (count - 1) * 4096 + 1, max: count * 4096 }),
      pages: fc.constant(pages),
    })
  })
  const anyPacket = fc
    .tuple(fc.nat(200), fc.nat(9), fc.array(range, { minLength: 1, maxLength: 3 }), fc.maxSafeNat())
    .map(([units, kind, ranges, id]): Packet<Uint8Array> => {
      const bytes = units * 8
      const body = payload(bytes)
      if (kind === 0) return gpaDirectPacket(body, bytes, ranges)
      if (kind === 1) return transferPagesPacket(body, bytes, 0xcafe, [{ byteCount: 10, byteOffset: 4 }], { senderOwnsSet: true })
      if (kind === 2) return completionPacket(id, body, bytes)
      if (kind === 3) return cancelPacket(id, payload(0))
      if (kind === 4) return new Packet(body).fill(2, 0, id, body, bytes, { kind: 'transferPageSet', gpadlId: 9, setId: 2 })
      if (kind === 5) return new Packet(body).fill(8, 0, id, body, bytes, { kind: 'gpadl', gpadlId: 9, rangeCount: 0 })
      if (kind === 6)
        return new Packet(body).fill(0xc, 0, id, body, bytes, { kind: 'additional', totalBytes: id, byteOffset: 1, byteCount: 2 })
      return inBandPacket(body, bytes, kind === 7)
    })

  it('round-trip through their bytes', () => {
    fc.assert(
      fc.property(anyPacket, fc.nat(8000), (packet, at) => {
        const result = decodePacket(encodePacket(packet, rawCodec, at * 8), rawCodec, at * 8)
        expect(result).toEqual({ ok: true, packet })
      }),
    )
  })

  it('are refused when malformed', () => {
    const good = (): Uint8Array =>
      encodePacket(gpaDirectPacket(payload(8), 8, [{ byteCount: 1, byteOffset: 0, pages: [{ first: 1, count: 1 }] }]), rawCodec, 0)
    const broken = (change: (view: DataView) => void): unknown => {
      const bytes = good()
      change(viewOf(bytes))
      const result = decodePacket(bytes, rawCodec, 0)
      return result.ok ? 'ok' : result.error
    }
    expect({
      untouched: broken(() => undefined),
      type: broken((view) => view.setUint16(0, 0, true)),
      offset: broken((view) => view.setUint16(2, 1, true)),
      shorterThanOffset: broken((view) => view.setUint16(4, 4, true)),
      longerThanRing: broken((view) => view.setUint16(4, 100, true)),
      flags: broken((view) => view.setUint16(6, 2, true)),
      noRanges: broken((view) => view.setUint32(20, 0, true)),
      tooManyRanges: broken((view) => view.setUint32(20, 2, true)),
      emptyRange: broken((view) => view.setUint32(24, 0, true)),
      id: broken((view) => view.setUint32(12, 0xffffffff, true)),
      trailer: broken((view) => view.setUint32(52, 8, true)),
    }).toEqual({
      untouched: 'ok',
      type: 'type',
      offset: 'lengths',
      shorterThanOffset: 'lengths',
      longerThanRing: 'lengths',
      flags: 'flags',
      noRanges: 'rangeCount',
      tooManyRanges: 'ranges',
      emptyRange: 'ranges',
      id: 'transactionId',
      trailer: 'trailer',
    })
  })

  it('in pipe mode carry type and exact length', () => {
    const codec = pipeCodec(rawCodec)
    const packet = inBandPacket({ dataBytes: 5, data: payload(5) }, pipePayloadBytes(5))
    const bytes = encodePacket(packet, codec, 0)
    expect(toHex(bytes.subarray(16, 32))).toBe('0100000005000000a5a5a5a5a5000000')
    const result = decodePacket(bytes, codec, 0)
    expect(result.ok && result.packet.payload).toEqual({ dataBytes: 5, data: payload(5) })
    expect(() => pipePayloadBytes(16385)).toThrow(RangeError)
  })
})

describe('a ring', () => {
  it('never becomes quite full: the largest packet is its size less 8', () => {
    const ring = new Ring<Uint8Array>(4096)
    expect(ring.bytesToWrite).toBe(4088)
    expect(() => ring.write(data(4088))).toThrow(RangeError)
    expect(ring.write(data(4088 - 24))).toBe(ringWrite.sentAndSignal)
    expect([ring.bytesToWrite, ring.bytesToRead, ring.writeIndex]).toEqual([0, 4088, 4088])
    expect(ring.write(data(0))).toBe(ringWrite.full)
  })

  it('signals the reader only from empty to not empty, and only without its mask', () => {
    const ring = new Ring<Uint8Array>(4096)
    const results: RingWrite[] = [ring.write(data(8)), ring.write(data(8))]
    ring.read()
    ring.read()
    ring.commitRead()
    ring.interruptMask = 1
    results.push(ring.write(data(8)))
    expect(results).toEqual([ringWrite.sentAndSignal, ringWrite.sent, ringWrite.sent])
    expect([ring.signals, ring.notEmptySignals, ring.maskedSignals]).toEqual([1, 1, 1])
  })

  it('tells a blocked producer once, when what it waits for fits', () => {
    // The product's own case: five packets of 4,000 bytes in 16 KiB, room for two wanted (openvmm: test_pending_send_size).
    const ring = new Ring<Uint8Array>(16384)
    for (let i = 0; i < 4; i++) ring.write(data(4000))
    expect(ring.write(data(4000))).toBe(ringWrite.full)
    expect(ring.pendingSendSize).toBe(4024)
    ring.pendingSendSize = 4024 * 2
    const signals = [0, 1, 2].map(() => {
      ring.read()
      return ring.commitRead()
    })
    expect(signals).toEqual([false, true, false])
  })

  it('forgets the pending size when the producer got through, keeps it when only a smaller packet did', () => {
    const ring = new Ring<Uint8Array>(4096)
    ring.write(data(3000))
    expect(ring.write(data(2000))).toBe(ringWrite.full)
    expect(ring.write(data(8))).not.toBe(ringWrite.full)
    expect(ring.pendingSendSize).toBe(2024)
    ring.read()
    expect(ring.commitRead()).toBe(true)
    ring.write(data(2000))
    expect([ring.pendingSendSize, ring.fullFirst, ring.fullTotal]).toEqual([0, 1, 1])
  })

  it('gives no space signal to producers without the feature (before 2.4)', () => {
    const ring = new Ring<Uint8Array>(4096, 0)
    ring.write(data(4000))
    expect(ring.write(data(4000))).toBe(ringWrite.full)
    ring.read()
    expect([ring.pendingSendSize, ring.commitRead()]).toEqual([0, false])
  })

  it('refuses sizes that are not whole pages', () => {
    for (const size of [0, 100, -4096, 4096.5]) expect(() => new Ring(size)).toThrow(RangeError)
  })
})

/** What both levels are compared by. */
interface RingLike {
  write(packet: Packet<Uint8Array>): RingWrite
  read(): Packet<Uint8Array> | undefined
  commitRead(): boolean
  interruptMask: number
  readonly writeIndex: number
  readonly readIndex: number
  readonly pendingSendSize: number
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('write' as const), units: fc.nat(120) }) },
  // Packets around what is just free: where an error of 8 bytes shows.
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edge' as const), offset: fc.constantFrom(-8, 0, 8) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('mask' as const), value: fc.nat(1) }) },
)

/** Drives a ring and the byte ring with the same traffic; throws where they part. */
function compareLevels(make: () => RingLike): void {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), (steps) => {
      const typed = make()
      const bytes = ByteRing.empty(4096)
      steps.forEach((action, at) => {
        if (action.do === 'write' || action.do === 'edge') {
          const free = ringFree(4096, bytes.field('writeIndex'), bytes.field('readIndex'))
          const ringBytes = action.do === 'write' ? 24 + action.units * 8 : Math.min(free + action.offset, 4088)
          if (ringBytes < 24) return
          const packet = data(ringBytes - 24)
          const encoded = encodePacket(packet, rawCodec, bytes.field('writeIndex'))
          expect(typed.write(packet), `step ${at}`).toBe(bytes.write(encoded))
        } else if (action.do === 'mask') {
          typed.interruptMask = action.value
          bytes.setField('interruptMask', action.value)
        } else {
          for (let i = 0; i < action.count; i++) {
            const raw = bytes.read()
            const packet = typed.read()
            expect(packet?.ringBytes, `step ${at}`).toBe(raw === undefined ? undefined : raw.length)
          }
          expect(typed.commitRead(), `step ${at}`).toBe(bytes.commitRead())
        }
        const fields = [typed.writeIndex, typed.readIndex, typed.pendingSendSize]
        expect(fields, `step ${at}`).toEqual([bytes.field('writeIndex'), bytes.field('readIndex'), bytes.field('pendingSendSize')])
        if (typed instanceof Ring) expectSameBytes(typed, bytes)
      })
    }),
    { numRuns: 150, seed: 20081001 },
  )
}

function expectSameBytes(typed: Ring<Uint8Array>, bytes: ByteRing): void {
  const encoded = encodeRing(typed, rawCodec)
  expect(encoded.subarray(0, ringControl.data)).toEqual(bytes.bytes.subarray(0, ringControl.data))
  const unread = typed.bytesToRead
  expect(new ByteRing(encoded).copyOut(typed.readIndex, unread)).toEqual(bytes.copyOut(typed.readIndex, unread))
  const decoded = decodeRing(bytes.bytes, rawCodec)
  expect(typeof decoded === 'string' ? decoded : decoded.packets.map((packet) => packet.ringBytes)).toEqual(
    typed.packets().map((packet) => packet.ringBytes),
  )
}

/** Allows the ring to become quite full: write index = read index then means both full and empty. */
class OverfullRing extends Ring<Uint8Array> {
  override write(packet: Packet<Uint8Array>): RingWrite {
    if (packet.ringBytes === this.bytesToWrite + 8) {
      this.writeIndex = this.readIndex
      return ringWrite.sent
    }
    return super.write(packet)
  }
}

/** Signals on every write. */
class ChattyRing extends Ring<Uint8Array> {
  override write(packet: Packet<Uint8Array>): RingWrite {
    return super.write(packet) === ringWrite.full ? ringWrite.full : ringWrite.sentAndSignal
  }
}

/** Tells a blocked producer at every read. */
class EagerRing extends Ring<Uint8Array> {
  override commitRead(): boolean {
    super.commitRead()
    return this.pendingSendSize !== 0
  }
}

describe('packets and bytes', () => {
  it('agree on every index, signal and byte for random traffic', () => compareLevels(() => new Ring<Uint8Array>(4096)))

  it('disagree as soon as a ring is broken (canary)', () => {
    expect(() => compareLevels(() => new OverfullRing(4096))).toThrow()
    expect(() => compareLevels(() => new ChattyRing(4096))).toThrow()
    expect(() => compareLevels(() => new EagerRing(4096))).toThrow()
  })

  it('refuse ring bytes that no sound ring has', () => {
    const ring = ByteRing.empty(4096)
    ring.setField('writeIndex', 4096)
    expect(decodeRing(ring.bytes, rawCodec)).toBe('index')
    ring.setField('writeIndex', 12)
    expect(decodeRing(ring.bytes, rawCodec)).toBe('index')
    ring.setField('writeIndex', 8)
    expect(decodeRing(ring.bytes, rawCodec)).toBe('tooShort')
    ring.setField('writeIndex', 64)
    expect(decodeRing(ring.bytes, rawCodec)).toBe('lengths')
    expect(decodeRing(new Uint8Array(5000), rawCodec)).toBe('size')
  })
})
