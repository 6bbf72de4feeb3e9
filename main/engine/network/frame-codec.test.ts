import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ipText } from './addresses.ts'
import { decodeFrame, encodeFrame } from './frame-codec.ts'
import { castOf, type EthernetFrame, type FramePayload, frameBytes } from './frames.ts'

const mac = fc.integer({ min: 0, max: 2 ** 48 - 1 }).map((value) => value.toString(16).padStart(12, '0').toUpperCase())
const ip = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(ipText)
const word = fc.integer({ min: 0, max: 0xffff })
const header = { sourceIp: ip, targetIp: ip, timeToLive: fc.integer({ min: 0, max: 255 }) }
const lease = fc.record({ serverIp: ip, subnetMask: ip, router: fc.option(ip), seconds: fc.integer({ min: 0, max: 0xffffffff }) })

const payload: fc.Arbitrary<FramePayload> = fc.oneof(
  fc.record({
    kind: fc.constant('arp' as const),
    operation: fc.constantFrom('request' as const, 'reply' as const),
    senderMac: mac,
    senderIp: ip,
    targetMac: mac,
    targetIp: ip,
  }),
  fc.record({
    kind: fc.constant('icmp' as const),
    ...header,
    type: fc.constantFrom('echo-reply', 'unreachable', 'redirect', 'echo-request', 'router-advertisement', 'time-exceeded'),
    identifier: word,
    sequence: word,
    dataBytes: fc.integer({ min: 0, max: 1472 }),
  }),
  fc.record({
    kind: fc.constant('dhcp' as const),
    ...header,
    type: fc.constantFrom('discover', 'offer', 'request', 'acknowledge', 'refuse'),
    transaction: fc.integer({ min: 0, max: 0xffffffff }),
    clientMac: mac,
    yourIp: ip,
    requestedIp: fc.option(ip),
    lease: fc.option(lease),
  }),
  // Shorter ones are filled up on the wire and come back at that size.
  fc.record({
    kind: fc.constant('opaque' as const),
    etherType: fc.constantFrom(0x86dd, 0x88cc),
    bytes: fc.integer({ min: 46, max: 9000 }),
  }),
)
const frame: fc.Arbitrary<EthernetFrame> = fc.record({
  destination: mac,
  source: mac,
  tag: fc.option(fc.record({ vlan: fc.integer({ min: 0, max: 4094 }), priority: fc.integer({ min: 0, max: 7 }) })),
  payload,
})

describe('bytes of frames', () => {
  it('give back the frame, and are as many as its size says', () => {
    fc.assert(
      fc.property(frame, (item) => {
        const bytes = encodeFrame(item)
        expect(bytes.length).toBe(frameBytes(item))
        expect(decodeFrame(bytes)).toEqual({ ok: true, value: item })
      }),
    )
  })

  it('are those of the standards', () => {
    const bytes = encodeFrame({
      destination: '00155D010A00',
      source: '00155D010A01',
      tag: { vlan: 10, priority: 0 },
      payload: {
        kind: 'icmp',
        sourceIp: '192.168.1.20',
        targetIp: '192.168.1.1',
        timeToLive: 128,
        type: 'echo-request',
        identifier: 1,
        sequence: 1,
        dataBytes: 32,
      },
    })
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    expect(hex).toBe(
      `00155d010a0000155d010a018100000a08004500003c0000000080 01b75bc0a80114c0a801010800f7fd00010001${'00'.repeat(32)}`.replace(' ', ''),
    )
  })

  it.each([
    [
      'ARP',
      { kind: 'arp', operation: 'request', senderMac: '00155D000000', senderIp: '0.0.0.0', targetMac: '000000000000', targetIp: '0.0.0.0' },
      60,
    ],
    [
      'ping of 32 bytes',
      {
        kind: 'icmp',
        sourceIp: '1.1.1.1',
        targetIp: '1.1.1.2',
        timeToLive: 1,
        type: 'echo-request',
        identifier: 0,
        sequence: 0,
        dataBytes: 32,
      },
      74,
    ],
    ['full frame', { kind: 'opaque', etherType: 0x800, bytes: 1500 }, 1514],
  ] as const)('%s: %#', (_what, item, size) => {
    expect(frameBytes({ destination: 'FFFFFFFFFFFF', source: '00155D000000', tag: null, payload: item })).toBe(size)
  })

  it('with a bit flipped in an IPv4 or ICMP header are refused', () => {
    const ping: EthernetFrame = {
      destination: '00155D010A00',
      source: '00155D010A01',
      tag: null,
      payload: {
        kind: 'icmp',
        sourceIp: '10.0.0.1',
        targetIp: '10.0.0.2',
        timeToLive: 64,
        type: 'echo-reply',
        identifier: 5,
        sequence: 6,
        dataBytes: 0,
      },
    }
    for (const at of [14 + 8, 14 + 12, 14 + 20 + 6]) {
      const bytes = encodeFrame(ping)
      bytes[at] = (bytes[at] ?? 0) ^ 1
      expect(decodeFrame(bytes)).toMatchObject({ ok: false, refusal: { code: 'checksum-wrong' } })
    }
    expect(decodeFrame(new Uint8Array(13))).toMatchObject({ ok: false, refusal: { code: 'frame-too-short' } })
  })

  it('of any kind never make the reader fail otherwise', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void decodeFrame(bytes)))
    fc.assert(fc.property(frame, fc.integer({ min: 0, max: 400 }), (item, cut) => void decodeFrame(encodeFrame(item).subarray(0, cut))))
  })
})

describe('kinds of destination', () => {
  it.each([
    ['FFFFFFFFFFFF', 'broadcast'],
    ['01005E000001', 'multicast'],
    ['333300000001', 'multicast'],
    ['0B0000000000', 'multicast'],
    ['0F0000000000', 'multicast'],
    ['00155D010A00', 'directed'],
    ['0A0000000000', 'directed'],
    ['0E0000000000', 'directed'],
  ])('%s is %s', (mac, kind) => {
    expect(castOf(mac)).toBe(kind)
  })
})
