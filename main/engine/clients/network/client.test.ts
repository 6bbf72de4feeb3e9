import { describe, expect, it } from 'vitest'
import type { EthernetFrame } from '../../providers/network/frame.ts'
import { type NvspPayload, type NvspVersion, nvspVersion, nvspVersions } from '../../providers/network/nvsp.ts'
import { NetworkMemory } from '../../providers/network/ports.ts'
import { NetworkProvider } from '../../providers/network/provider.ts'
import { largeSend, type RndisPacketInfo } from '../../providers/network/rndis.ts'
import { DeviceBench } from '../../providers/testing.ts'
import { classOffer } from '../../vmbus/offers.ts'
import { SeededIntegers } from '../../vmbus/testing.ts'
import { NetworkClient } from './client.ts'

const mac = '00-15-5D-01-0A-00'
const frame = (bytes: number, destination = mac): EthernetFrame => ({
  destination,
  source: '00-15-5D-01-0A-07',
  etherType: 0x800,
  payloadBytes: bytes - 14,
})

class NetworkBench {
  readonly bench = new DeviceBench()
  readonly memory = new NetworkMemory()
  readonly provider: NetworkProvider
  readonly client: NetworkClient
  readonly offerId: number
  readonly sent: EthernetFrame[] = []
  readonly received: (readonly [EthernetFrame, RndisPacketInfo, number])[] = []
  readonly events: string[] = []
  latency = 0

  constructor(options: { version?: NvspVersion; subChannels?: number; pages?: number; receiveBufferBytes?: number } = {}) {
    const { clock } = this.bench
    this.bench.describe = (payload, _toHost, type) => {
      const { message, bytes } = payload as NvspPayload
      const extra = 'version' in message ? ` 0x${message.version.toString(16)}` : 'status' in message ? ` status=${message.status}` : ''
      return `${message.kind} (${bytes}) type ${type.toString(16)}${extra}`
    }
    this.provider = new NetworkProvider(
      {
        versionMax: options.version ?? nvspVersion.v6_1,
        maxSubChannels: 8,
        port: { send: (one) => ({ latencyTicks: this.latency, accepted: this.sent.push(one) > 0 }) },
        clock,
        memory: this.memory,
        offerSubchannels: (count) => void this.bench.bus.offerSubchannels(this.offerId, count, (index) => this.provider.subchannel(index)),
        dataPathSwitched: (toVf) => this.events.push(`path ${toVf ? 'VF' : 'synthetic'}`),
      },
      { mac, mtu: 1500, linkSpeed: 10e9, connected: true, friendlyName: 'Network Adapter' },
    )
    this.client = new NetworkClient({
      mtu: 1500,
      subChannels: options.subChannels ?? 0,
      ...(options.receiveBufferBytes === undefined ? {} : { receiveBufferBytes: options.receiveBufferBytes }),
      memory: this.memory,
      clock,
      shareMemory: (bytes) => {
        const result = this.bench.bus.createGpadl(1, [
          { byteCount: bytes, byteOffset: 0, pages: [{ first: 0x200000, count: bytes / 4096 }] },
        ])
        return result.ok ? result.gpadlId : undefined
      },
      dataPage: 0x400000,
      guest: {
        up: () => this.events.push('up'),
        failed: (reason) => this.events.push(reason),
        received: (one, info, queue) => this.received.push([one, info, queue]),
        linkChanged: (connected) => this.events.push(`link ${connected}`),
        networkChanged: () => this.events.push('network change'),
        virtualFunction: (serial, allocated) => this.events.push(`VF ${serial} ${allocated}`),
        writable: () => this.events.push('writable'),
      },
    })
    const offer = classOffer('network', '22222222-0000-0000-0000-000000000001')
    this.offerId = this.bench.add(
      { offer, provider: this.provider, driver: this.client, pages: options.pages ?? 128, subchannel: (i) => this.client.subchannel(i) },
      () => this.provider.wake(),
      () => this.client.wake(),
    )
    this.bench.start()
    this.bench.run()
  }
}

describe('the start of an adapter', () => {
  it('runs in the order of the reference at 6.1', () => {
    const bench = new NetworkBench({ subChannels: 2 })
    expect(bench.bench.lines.filter((line) => !line.includes('sendRndisPacket'))).toEqual([
      '> init (40) type 6 0x60001',
      '< initComplete (40) type b status=1',
      '> sendNdisConfig (40) type 6',
      '> sendNdisVersion (40) type 6',
      '> sendReceiveBuffer (40) type 6',
      '< sendReceiveBufferComplete (40) type b status=1',
      '> sendSendBuffer (40) type 6',
      '< sendSendBufferComplete (40) type b status=1',
      '> subChannelRequest (40) type 6',
      '< subChannelComplete (40) type b status=1',
      '< sendIndirectionTable (40) type 6',
    ])
    expect(bench.provider.state.receiveBuffer).toMatchObject({ id: 0xcafe, slotBytes: 1728, slots: 9709 })
    expect([bench.provider.state.sendBuffer?.sections, bench.client.freeSections]).toEqual([170, 170])
    expect(bench.provider.state.ndis).toEqual({ major: 6, minor: 30 })
    expect(bench.client.facts).toEqual({ mac, mtu: 1500, speed: 10e9, connected: true })
    expect([bench.client.channels, bench.client.sendTable.slice(0, 4), bench.provider.isUp, bench.events]).toEqual([
      3,
      [0, 1, 2, 0],
      true,
      ['up'],
    ])
    expect(bench.bench.bus.invariantViolations()).toEqual([])
  })

  it.each(nvspVersions.map((version) => [version.toString(16), version] as const))('falls back to %s', (_name, version) => {
    const bench = new NetworkBench({ version, subChannels: 2 })
    const asked = bench.bench.lines.filter((line) => line.startsWith('> init '))
    expect(asked.map((line) => line.split(' ').at(-1))).toEqual(
      nvspVersions.filter((one) => one >= version).map((one) => `0x${one.toString(16)}`),
    )
    expect([bench.client.version, bench.events[0]]).toEqual([version, 'up'])
    expect(bench.client.channels).toBe(version >= nvspVersion.v5 ? 3 : 1)
    expect(bench.provider.state.config === undefined).toBe(version === nvspVersion.v1)
    expect(bench.provider.state.ndis?.minor).toBe(version >= nvspVersion.v5 ? 30 : 1)
  })
})

describe('frames', () => {
  it('go out by send sections or guest pages, with batches and large sends', () => {
    const bench = new NetworkBench()
    expect(bench.client.send([{ frame: frame(1514) }])).toBe('sent')
    expect(bench.client.send(Array.from({ length: 3 }, () => ({ frame: frame(500) })))).toBe('sent')
    expect(bench.client.send([{ frame: frame(64_014), info: { largeSend: largeSend(1460, 54, false) } }])).toBe('sent')
    bench.bench.run()
    expect(bench.sent.map((one) => one.payloadBytes + 14)).toEqual([1514, 500, 500, 500, 64_014])
    expect([bench.client.counts.copied, bench.client.counts.direct, bench.provider.counts.segments]).toEqual([
      2,
      1,
      4 + Math.ceil(64_000 / 1460),
    ])
    expect([bench.client.freeSections, bench.client.outstanding, bench.memory.pages.size]).toEqual([170, 0, 0])
  })

  it('stop at the last section and start again when completions come', () => {
    const bench = new NetworkBench()
    bench.latency = 1_000_000
    let sent = 0
    while (bench.client.send([{ frame: frame(1514) }]) === 'sent') sent++
    expect(sent).toBe(170)
    bench.bench.run()
    expect([bench.sent.length, bench.events.at(-1), bench.client.freeSections]).toEqual([170, 'writable', 170])
  })

  it('come in by slots, filtered, and are counted when there is no slot', () => {
    const bench = new NetworkBench({ receiveBufferBytes: 4 * 4096 })
    expect(
      bench.provider.deliver([
        { frame: frame(1514), info: { checksum: 0x28 } },
        { frame: frame(100, 'FF-FF-FF-FF-FF-FF') },
        { frame: frame(100, '00-15-5D-99-99-99') },
      ]),
    ).toBe(2)
    bench.bench.run()
    expect(bench.received.map(([one, info, queue]) => [one.payloadBytes, info.checksum, queue])).toEqual([
      [1500, 0x28, 0],
      [86, undefined, 0],
    ])
    bench.client.pauseReceive(true)
    const slots = bench.provider.freeSlots
    for (let i = 0; i < 20; i++) bench.provider.deliver([{ frame: frame(1514) }])
    bench.bench.run()
    expect([bench.provider.counts.droppedNoSlot, bench.provider.counts.droppedByFilter]).toEqual([20 - slots, 1])
    bench.client.pauseReceive(false)
    bench.bench.run()
    expect([bench.received.length, bench.provider.freeSlots]).toEqual([2 + slots, slots])
  })

  it('wait in a stopped provider and go on with it (S26)', () => {
    const bench = new NetworkBench()
    bench.provider.stop()
    bench.client.send([{ frame: frame(100) }])
    bench.bench.run()
    expect(bench.sent.length).toBe(0)
    bench.provider.resume()
    bench.bench.run()
    expect(bench.sent.length).toBe(1)
  })

  it('survive saving in the middle of a random run', () => {
    const random = new SeededIntegers(42)
    const bench = new NetworkBench({ pages: 2, subChannels: 1 })
    let [out, into] = [0, 0]
    for (let step = 0; step < 600; step++) {
      const action = random.below(10)
      bench.latency = random.below(3) * 500
      if (action < 4 && bench.client.send([{ frame: frame(60 + random.below(9000)) }], random.below(16)) === 'sent') out++
      if (action >= 4 && action < 8)
        into += bench.provider.deliver(
          Array.from({ length: 1 + random.below(4) }, () => ({ frame: frame(60 + random.below(1400)) })),
          random.below(2),
        )
      if (action === 8) bench.bench.run(1000)
      if (action === 9) {
        const channels = (index: number) => bench.bench.channel('22222222-0000-0000-0000-000000000001', index) as never
        const rows = JSON.parse(JSON.stringify([bench.provider.snapshot(), bench.client.snapshot(), bench.memory.snapshot()]))
        expect([bench.provider.restore(rows[0], channels), bench.client.restore(rows[1], channels), bench.memory.restore(rows[2])]).toEqual(
          [undefined, undefined, undefined],
        )
      }
      expect(bench.bench.bus.invariantViolations(), `step ${step}`).toEqual([])
    }
    bench.bench.run()
    expect([bench.sent.length, bench.received.length]).toEqual([out, into])
    expect([bench.client.freeSections, bench.provider.freeSlots, bench.client.outstanding]).toEqual([170, 9709, 0])
  })
})

describe('events', () => {
  it('tell the guest about link, move and virtual function', () => {
    const bench = new NetworkBench()
    bench.provider.setConnected(false)
    bench.provider.setConnected(true)
    bench.provider.networkChanged()
    bench.provider.setVirtualFunction(77)
    bench.bench.run()
    bench.client.switchDataPath(true)
    bench.bench.run()
    bench.provider.setVirtualFunction(undefined)
    bench.client.down()
    bench.bench.run()
    expect(bench.events.slice(1)).toEqual(['link false', 'link true', 'network change', 'VF 77 true', 'path VF', 'VF 77 false', 'up'])
    expect(bench.provider.isUp).toBe(false)
  })
})
