import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BROADCAST_MAC, castOf, type EthernetFrame, type FramePayload, frameBytes } from './frames.ts'
import { AGEING_TICKS } from './mac-table.ts'
import { defaultPort, emptyTraffic, type PortSettings, type TrafficCounters } from './port.ts'
import { dropReadings, trafficReadings } from './switch-readings.ts'
import type { SwitchKind } from './switch-rules.ts'
import { VirtualSwitch } from './virtual-switch.ts'

const SECOND = 10_000_000
const MBIT = 1_000_000
const MAC = { a: '00155D010A00', b: '00155D010A01', c: '00155D010A02', host: '00155D010AFE', far: '001B21AABBCC' } as const
const gigabit = { bitsPerSecond: 1000 * MBIT, latencyTicks: 50, up: true }

const frameOf = (source: string, destination: string, bytes = 1500, vlan: number | null = null): EthernetFrame => ({
  destination,
  source,
  tag: vlan === null ? null : { vlan, priority: 0 },
  payload: { kind: 'opaque', etherType: 0x800, bytes },
})

function switchOf(
  kind: SwitchKind,
  ports: Readonly<Record<string, Partial<PortSettings>>>,
  minimumMode: 'none' | 'absolute' | 'weight' = 'none',
) {
  const item = new VirtualSwitch(
    { id: 'switch', kind, minimumMode, defaultFlowWeight: 10, learnedMax: 8 },
    kind === 'external' ? gigabit : null,
  )
  if (kind === 'external') connect(item, { ...defaultPort, id: 'uplink', kind: 'external', macAddress: '' })
  for (const [id, columns] of Object.entries(ports)) {
    connect(item, { ...defaultPort, id, kind: 'synthetic', macAddress: MAC[id as keyof typeof MAC] ?? '', ...columns })
  }
  return item
}

function connect(item: VirtualSwitch, settings: PortSettings): void {
  const result = item.connect(settings, 0)
  if (!result.ok) throw new Error(result.refusal.code)
}

/** Ports that get a frame, or the drops. */
const fate = (item: VirtualSwitch, from: string, frame: EthernetFrame, now = 0): string => {
  const { deliveries, drops } = item.send(from, frame, now)
  return [
    ...deliveries.map(({ portId }) => portId),
    ...drops.map(({ portId, direction, reason }) => `${portId} ${direction} ${reason}`),
  ].join(', ')
}

describe('where frames go', () => {
  it.each([
    ['private', 'a', MAC.b, 'b'],
    ['private', 'a', BROADCAST_MAC, 'b, c'],
    ['private', 'a', '01005E000001', 'b, c'],
    ['private', 'a', MAC.far, 'a outgoing InvalidDestMac'],
    ['private', 'a', MAC.a, 'a outgoing InvalidDestMac'],
    ['internal', 'a', MAC.host, 'host'],
    ['internal', 'a', BROADCAST_MAC, 'b, c, host'],
    ['external', 'a', MAC.b, 'b'],
    ['external', 'a', MAC.far, 'uplink'],
    ['external', 'a', BROADCAST_MAC, 'uplink, b, c, host'],
    ['external', 'uplink', MAC.b, 'b'],
    ['external', 'uplink', '001B21FFFFFF', 'uplink outgoing InvalidDestMac'],
  ] as const)('%s switch: from %s to %s', (kind, from, to, expected) => {
    const item = switchOf(kind, { a: {}, b: {}, c: {}, ...(kind === 'private' ? {} : { host: { kind: 'internal' } }) })
    expect(fate(item, from, frameOf(from === 'uplink' ? MAC.far : MAC.a, to))).toBe(expected)
  })

  it.each([
    ['private', 'internal', 'port-kind-refused'],
    ['private', 'external', 'port-kind-refused'],
    ['internal', 'external', 'port-kind-refused'],
    ['internal', 'internal', null],
    ['private', 'legacy', null],
  ] as const)('S04 a %s switch and a port of kind %s: %s', (kind, port, refusal) => {
    const result = switchOf(kind, {}).connect({ ...defaultPort, id: 'x', kind: port, macAddress: MAC.host }, 0)
    expect(result.ok ? null : result.refusal.code).toBe(refusal)
  })

  it('with the cable pulled: outside is unreachable, inside goes on', () => {
    const item = switchOf('external', { a: {}, b: {} })
    item.setUplink({ ...gigabit, up: false })
    expect(fate(item, 'a', frameOf(MAC.a, MAC.b))).toBe('b')
    expect(fate(item, 'a', frameOf(MAC.a, MAC.far))).toBe('uplink incoming Disconnected')
    expect(fate(item, 'uplink', frameOf(MAC.far, MAC.a))).toBe('uplink outgoing Disconnected')
  })
})

describe('VLANs', () => {
  const ports = {
    a: { vlan: { mode: 'access', vlan: 10 } },
    b: { vlan: { mode: 'access', vlan: 20 } },
    c: { vlan: { mode: 'trunk', native: 0, allowed: [10, 30] } },
  } as const

  it.each([
    ['broadcast in VLAN 10', 'a', null, BROADCAST_MAC, 'c'],
    ['broadcast in VLAN 20', 'b', null, BROADCAST_MAC, ''],
    ['directed across VLANs', 'a', null, MAC.b, 'b incoming FilteredVLAN'],
    ['trunk, allowed tag', 'c', 10, MAC.a, 'a'],
    ['trunk, tag not allowed', 'c', 20, MAC.b, 'c outgoing UnauthorizedVLAN'],
    ['access port with a tag of its own making', 'a', 20, MAC.b, 'a outgoing UnauthorizedVLAN'],
    ['access port with its own tag', 'a', 10, MAC.c, 'c'],
    ['access port with a priority tag', 'a', 0, MAC.c, 'c'],
  ] as const)('%s', (_what, from, tag, to, expected) => {
    expect(fate(switchOf('private', ports), from, frameOf(MAC[from], to, 1500, tag))).toBe(expected)
  })

  it('tags are put on for trunks and the uplink and taken off for access ports', () => {
    const item = switchOf('external', ports)
    const tags = (from: string, frame: EthernetFrame) =>
      item.send(from, frame, 0).deliveries.map(({ portId, frame: copy }) => `${portId} ${copy.tag?.vlan ?? '-'}`)
    expect(tags('a', frameOf(MAC.a, BROADCAST_MAC))).toEqual(['uplink 10', 'c 10'])
    expect(tags('uplink', frameOf(MAC.far, BROADCAST_MAC, 1500, 10))).toEqual(['a -', 'c 10'])
    expect(tags('uplink', frameOf(MAC.far, BROADCAST_MAC))).toEqual(['c -'])
    expect(tags('a', frameOf(MAC.a, MAC.b))).toEqual(['uplink 10'])
  })

  it.each([0, 4095, 1.5])('VLAN %d is refused', (vlan) => {
    const result = switchOf('private', {}).connect(
      { ...defaultPort, id: 'a', kind: 'synthetic', macAddress: MAC.a, vlan: { mode: 'access', vlan } },
      0,
    )
    expect(result).toMatchObject({ ok: false, refusal: { code: 'vlan-invalid' } })
  })
})

describe('guards and learning', () => {
  const dhcpOffer: FramePayload = {
    kind: 'dhcp',
    type: 'offer',
    sourceIp: '10.0.0.1',
    targetIp: '255.255.255.255',
    timeToLive: 64,
    transaction: 1,
    clientMac: MAC.b,
    yourIp: '10.0.0.9',
    requestedIp: null,
    lease: { serverIp: '10.0.0.1', subnetMask: '255.0.0.0', router: null, seconds: 60 },
  }
  const redirect: FramePayload = {
    kind: 'icmp',
    type: 'redirect',
    sourceIp: '10.0.0.1',
    targetIp: '10.0.0.2',
    timeToLive: 1,
    identifier: 0,
    sequence: 0,
    dataBytes: 28,
  }

  it.each([
    ['spoofing off', {}, frameOf(MAC.far, MAC.b), 'a outgoing MacSpoofing'],
    ['spoofing on', { macSpoofing: true }, frameOf(MAC.far, MAC.b), 'b'],
    ['group address as source', { macSpoofing: true }, frameOf('01005E000001', MAC.b), 'a outgoing InvalidSourceMac'],
    ['DHCP guard', { dhcpGuard: true }, { ...frameOf(MAC.a, MAC.b), payload: dhcpOffer }, 'a outgoing DhcpGuard'],
    ['no DHCP guard', {}, { ...frameOf(MAC.a, MAC.b), payload: dhcpOffer }, 'b'],
    ['router guard', { routerGuard: true }, { ...frameOf(MAC.a, MAC.b), payload: redirect }, 'a outgoing RouterGuard'],
    ['frame too long', {}, frameOf(MAC.a, MAC.b, 9100), 'a outgoing MTUMismatch'],
  ] as const)('%s', (_what, columns, frame, expected) => {
    expect(fate(switchOf('private', { a: columns, b: {} }), 'a', frame)).toBe(expected)
  })

  it('unknown addresses are flooded to ports that may have more than one, until one of them is heard; after five minutes again', () => {
    const item = switchOf('private', { a: {}, b: { macSpoofing: true }, c: { macSpoofing: true } })
    expect(fate(item, 'a', frameOf(MAC.a, MAC.far), 0)).toBe('b, c')
    expect(item.flooded).toBe(1)
    item.send('c', frameOf(MAC.far, MAC.a), 10)
    expect(fate(item, 'a', frameOf(MAC.a, MAC.far), 20)).toBe('c')
    expect(fate(item, 'a', frameOf(MAC.a, MAC.far), AGEING_TICKS + 10)).toBe('b, c')
    expect([item.learnedAddresses, item.purgedAddresses, item.flooded]).toEqual([1, 1, 2])
  })

  it('the table of learned addresses has a limit: the oldest is forgotten', () => {
    const item = switchOf('private', { a: { macSpoofing: true }, b: { macSpoofing: true } })
    for (let i = 0; i < 9; i++) item.send('b', frameOf(`001B2100000${i}`, MAC.a), i)
    expect([item.learnedAddresses, item.purgedAddresses]).toEqual([9, 1])
    expect(
      item
        .toRow()
        .learned.map(({ id }) => id.slice(-1))
        .join(''),
    ).toBe('12345678')
  })

  it('an address of a port is not believed when it comes from outside', () => {
    expect(fate(switchOf('external', { a: {}, b: {} }), 'uplink', frameOf(MAC.a, MAC.b))).toBe('uplink outgoing InvalidSourceMac')
  })

  it('two ports cannot have one address', () => {
    const item = switchOf('private', { a: {} })
    expect(item.connect({ ...defaultPort, id: 'b', kind: 'synthetic', macAddress: MAC.a }, 0)).toMatchObject({
      ok: false,
      refusal: { code: 'mac-in-use' },
    })
  })

  it('mirroring copies what a source port sends and receives to the destination port, and nothing else', () => {
    const item = switchOf('private', { a: { mirroring: 'source' }, b: {}, c: { mirroring: 'destination' } })
    expect([
      fate(item, 'a', frameOf(MAC.a, MAC.b)),
      fate(item, 'b', frameOf(MAC.b, MAC.a)),
      fate(item, 'b', frameOf(MAC.b, MAC.c)),
    ]).toEqual(['b, c', 'a, c', 'c'])
  })
})

describe('bandwidth', () => {
  /** Mbit/s that arrive of full frames offered for two seconds at a rate. */
  function arrives(item: VirtualSwitch, from: string, to: string, offeredMbit: number): number {
    const bits = 1514 * 8
    let last = 0
    let carried = 0
    const gap = (bits * SECOND) / (offeredMbit * MBIT)
    for (let i = 0; i * gap < 2 * SECOND; i++) {
      for (const { tick } of item.send(from, frameOf(MAC.a, to), Math.round(i * gap)).deliveries) {
        carried += bits
        last = Math.max(last, tick)
      }
    }
    return carried / MBIT / (last / SECOND)
  }

  it.each([
    [80, 20, 20],
    [80, 80, 80],
    [80, 400, 88],
    [16, 100, 17.6],
  ])('a limit of %d Mbit/s lets %d offered pass as %d at the most, its burst of 100 ms included', (limit, offered, most) => {
    const item = switchOf('private', { a: { maximumBitsPerSecond: limit * MBIT }, b: {} })
    const rate = arrives(item, 'a', MAC.b, offered)
    expect(rate).toBeLessThanOrEqual(most * 1.01)
    expect(rate).toBeGreaterThan(Math.min(limit, offered) * 0.94)
    const dropped = dropReadings(item.portDrops('a'))['Outgoing Qos'] ?? 0
    expect(dropped > 0).toBe(offered > limit)
  })

  it('the uplink passes its own rate', () => {
    const rate = arrives(switchOf('external', { a: {} }), 'a', MAC.far, 3000)
    expect(rate).toBeGreaterThan(950)
    expect(rate).toBeLessThanOrEqual(1000)
  })

  it('a reservation lets a port pass others that fill the uplink', () => {
    const wait = (mode: 'none' | 'absolute') => {
      const item = switchOf('external', { a: { minimumBitsPerSecond: 200 * MBIT }, b: {} }, mode)
      for (let i = 0; i < 5000; i++) item.send('b', frameOf(MAC.b, MAC.far), 0)
      return item.send('a', frameOf(MAC.a, MAC.far), 0).deliveries[0]?.tick ?? Number.POSITIVE_INFINITY
    }
    expect(wait('absolute')).toBeLessThan(1000)
    expect(wait('none')).toBeGreaterThan(500_000)
  })

  it.each([
    ['more reserved than the link has', { minimumBitsPerSecond: 1600 * MBIT }, 'bandwidth-oversubscribed'],
    ['reservation above the limit', { minimumBitsPerSecond: 160 * MBIT, maximumBitsPerSecond: 80 * MBIT }, 'bandwidth-invalid'],
    ['limit that is no multiple of 8', { maximumBitsPerSecond: 12_345_679 }, 'bandwidth-invalid'],
    ['weight of 101', { minimumWeight: 101 }, 'bandwidth-invalid'],
  ])('%s is refused', (_what, columns, code) => {
    const result = switchOf('external', {}, 'absolute').connect(
      { ...defaultPort, id: 'a', kind: 'synthetic', macAddress: MAC.a, ...columns },
      0,
    )
    expect(result.ok ? null : result.refusal.code).toBe(code)
  })

  it('holds a steady stream at its limit, and shares a full uplink in proportion from the second second on', () => {
    const limited = switchOf('private', { a: { maximumBitsPerSecond: 80 * MBIT }, b: {} })
    const bytes = [1, 2, 3, 4].map(
      (second) => limited.advanceLoad('a', { frames: 100_000, bytes: 150_000_000 }, 'b', SECOND, second * SECOND).bytes,
    )
    expect(bytes).toEqual([11_000_000, 10_000_000, 10_000_000, 10_000_000])
    const shared = switchOf('external', { a: {}, b: {} })
    const second = (at: number) =>
      ['a', 'b'].map(
        (id, index) => shared.advanceLoad(id, { frames: 100_000, bytes: (index + 1) * 125_000_000 }, 'uplink', SECOND, at * SECOND).bytes,
      )
    second(1)
    expect(second(2)).toEqual([Math.floor(125_000_000 / 3), Math.floor(250_000_000 / 3)])
  })
})

const macs = [MAC.a, MAC.b, MAC.c, MAC.far, '001B21000001', BROADCAST_MAC, '01005E000001']
const vlan = fc.constantFrom<PortSettings['vlan']>(
  { mode: 'untagged' },
  { mode: 'access', vlan: 10 },
  { mode: 'access', vlan: 20 },
  { mode: 'trunk', native: 0, allowed: [10] },
  { mode: 'trunk', native: 20, allowed: [10, 20] },
)
const portColumns = fc.record({
  vlan,
  macSpoofing: fc.boolean(),
  mirroring: fc.constantFrom('none' as const, 'none' as const, 'source' as const, 'destination' as const),
  maximumBitsPerSecond: fc.constantFrom(0, 0, 800_000),
})
const sending = fc.record({
  from: fc.constantFrom('a', 'b', 'c', 'uplink'),
  source: fc.constantFrom(...macs),
  own: fc.boolean(),
  to: fc.constantFrom(...macs),
  tag: fc.constantFrom(null, null, 10, 20),
  bytes: fc.integer({ min: 46, max: 9100 }),
})

const IDS = ['a', 'b', 'c', 'uplink']
const packets = (traffic: TrafficCounters, way: 'Sent' | 'Received'): number =>
  traffic[`directed${way}`] + traffic[`broadcast${way}`] + traffic[`multicast${way}`]

describe('any switch', () => {
  it('loses no frame without a reason, counts every copy once, and sends a known address to its own port only', () => {
    const plan = fc.record({
      kind: fc.constantFrom('external' as const, 'private' as const),
      ports: fc.tuple(portColumns, portColumns, portColumns),
      frames: fc.array(sending, { maxLength: 60 }),
    })
    fc.assert(
      fc.property(plan, ({ kind, ports: [a, b, c], frames }) => {
        const item = switchOf(kind, { a, b, c })
        const outcomes = frames
          .filter(({ from }) => kind === 'external' || from !== 'uplink')
          .map(({ from, source, own, to, tag, bytes }, index) => {
            const frame = frameOf(own && from !== 'uplink' ? MAC[from as 'a'] : source, to, bytes, tag)
            return { from, to, ...item.send(from, frame, index * 1000) }
          })
        for (const { from, to, deliveries, drops, vlan: number } of outcomes) {
          const ids = deliveries.map(({ portId }) => portId)
          expect(new Set(ids).size).toBe(ids.length)
          expect(ids).not.toContain(from)
          if (castOf(to) === 'directed') expect(ids.length + drops.length).toBeGreaterThan(0)
          const owner = ['a', 'b', 'c'].find((id) => MAC[id as 'a'] === to)
          if (owner === undefined || !inVlan(item, owner, number)) continue
          expect(deliveries.filter(({ portId, mirrored }) => !mirrored && portId !== owner)).toEqual([])
        }
        const copies = outcomes.flatMap(({ deliveries }) => deliveries)
        const drops = outcomes.flatMap((outcome) => outcome.drops)
        const traffic = IDS.flatMap((id) => item.portTraffic(id) ?? [])
        const sum = (pick: (each: TrafficCounters) => number): number => traffic.reduce((total, each) => total + pick(each), 0)
        // In: every frame was taken or has a reason. Frames without a destination were taken first.
        const refused = drops.filter(({ direction, reason }) => direction === 'outgoing' && reason !== 'InvalidDestMac')
        expect(sum((each) => packets(each, 'Sent')) + refused.length).toBe(outcomes.length)
        // Out: every copy was delivered or has a reason; ports and switch agree on number and bytes.
        expect(sum((each) => packets(each, 'Received'))).toBe(copies.length)
        expect(sum((each) => each.bytesReceived)).toBe(copies.reduce((total, { frame }) => total + frameBytes(frame), 0))
        expect(packets(item.traffic, 'Sent')).toBe(copies.length)
        expect(packets(item.traffic, 'Received')).toBe(sum((each) => packets(each, 'Sent')))
        expect(item.traffic.droppedIncoming + item.traffic.droppedOutgoing).toBe(drops.length)
        expect(IDS.flatMap((id) => item.portDrops(id)).reduce((total, { count }) => total + count, 0)).toBe(drops.length)
      }),
    )
  })

  it('counts a steady stream as its frames one by one', () => {
    fc.assert(
      fc.property(vlan, fc.integer({ min: 0, max: 40 }), fc.constantFrom('b', 'uplink'), fc.boolean(), (setting, frames, peer, up) => {
        const make = () => {
          const item = switchOf('external', { a: { vlan: setting }, b: { vlan: setting } })
          item.setUplink({ ...gigabit, up })
          return item
        }
        const [summed, single] = [make(), make()]
        const frame = frameOf(MAC.a, peer === 'b' ? MAC.b : MAC.far, 1000)
        for (let i = 0; i < frames; i++) single.send('a', frame, i * 1000)
        const carried = summed.advanceLoad('a', { frames, bytes: frames * frameBytes(frame) }, peer, SECOND, SECOND)
        expect(carried.frames).toBe(up || peer === 'b' ? frames : 0)
        // Bytes of a stream are the sender's: on the uplink a tag adds four to each frame.
        for (const id of ['a', peer]) {
          const { bytesReceived: _bytes, ...expected } = single.portTraffic(id) ?? emptyTraffic()
          expect(summed.portTraffic(id)).toMatchObject(expected)
          expect(summed.portDrops(id)).toEqual(single.portDrops(id))
        }
        expect(summed.traffic.bytesReceived).toBe(single.traffic.bytesReceived)
      }),
    )
  })

  it('counts a stream to a port of another VLAN as dropped there', () => {
    const item = switchOf('private', { a: {}, b: { vlan: { mode: 'access', vlan: 5 } } })
    expect(item.advanceLoad('a', { frames: 7, bytes: 700 }, 'b', SECOND, SECOND)).toEqual({ frames: 0, bytes: 0 })
    expect(item.portDrops('b')).toEqual([{ direction: 'incoming', reason: 'FilteredVLAN', count: 7 }])
  })

  it('goes on from its saved row', () => {
    const item = switchOf('external', { a: { macSpoofing: true, maximumBitsPerSecond: 8 * MBIT }, b: {} }, 'weight')
    for (let i = 0; i < 30; i++) item.send('a', frameOf(i % 2 ? MAC.a : MAC.far, i % 3 ? MAC.b : MAC.far), i * 100)
    const saved = JSON.parse(JSON.stringify(item.toRow()))
    const other = switchOf('external', { a: { macSpoofing: true, maximumBitsPerSecond: 8 * MBIT }, b: {} }, 'weight')
    other.restore(saved, 4000)
    expect(other.toRow()).toEqual(saved)
    expect(other.send('a', frameOf(MAC.a, BROADCAST_MAC), 5000)).toEqual(item.send('a', frameOf(MAC.a, BROADCAST_MAC), 5000))
    expect(other.toRow()).toEqual(item.toRow())
  })

  it('gives readings under the names of the product', () => {
    const item = switchOf('private', { a: {}, b: {} })
    const before = { ...item.traffic }
    for (let i = 0; i < 10; i++) item.send('a', frameOf(MAC.a, i < 2 ? BROADCAST_MAC : MAC.b, 986), i)
    expect(trafficReadings(before, item.traffic, 2 * SECOND)).toMatchObject({
      'Bytes Received/sec': 5000,
      'Bytes/sec': 10_000,
      'Packets/sec': 10,
      'Directed Packets Sent/sec': 4,
      'Broadcast Packets Sent/sec': 1,
    })
  })
})

function inVlan(item: VirtualSwitch, port: string, number: number): boolean {
  const setting = item.portSettings(port)?.vlan
  if (setting === undefined) return false
  if (setting.mode === 'untagged') return number === 0
  return setting.mode === 'access' ? setting.vlan === number : setting.native === number || setting.allowed.includes(number)
}
