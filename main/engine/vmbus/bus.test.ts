import { describe, expect, it } from 'vitest'
import { VmbusBus } from './bus.ts'
import type { BusEnds } from './bus-types.ts'
import { deviceClass, deviceClasses, deviceClassOf } from './classes.ts'
import { isGuid } from './guid.ts'
import { vsockPort, vsockService } from './hvsock.ts'
import { classOffer } from './offers.ts'
import { rawCodec } from './packet-codec.ts'
import { BusBench, EchoDriver, EchoProvider, offerIdOf } from './testing.ts'
import { DirectTransport } from './transport.ts'
import { hostVersionMax, type VmbusVersion, versionsOffered, versionText, vmbusVersion, vmbusVersions } from './versions.ts'

const scsi = classOffer('scsi', '11111111-0000-0000-0000-000000000001')
const network = classOffer('network', '11111111-0000-0000-0000-000000000002')
const monitorPages = { parentToChild: 0x1000, childToParent: 0x2000 }

/** Boot, one storage request, close, unload: the lines of one version. */
function boot(host: VmbusVersion): string[] {
  const bench = new BusBench(host, vmbusVersion.v6_0)
  bench.bus.offer(scsi, new EchoProvider())
  bench.bus.connect()
  bench.run()
  const driver = new EchoDriver()
  bench.open(1, driver, 32)
  bench.run()
  driver.request(64)
  bench.run()
  expect(driver.completed).toBe(1)
  bench.bus.closeChannel(1)
  bench.run()
  bench.bus.unload()
  bench.run()
  expect([bench.bus.server.connection.name, bench.bus.client.connection.name]).toEqual(['disconnected', 'disconnected'])
  expect(bench.bus.invariantViolations()).toEqual([])
  return bench.lines
}

/** Refusals that a guest of 6.0 meets on the way down; contacts of 5.0 and later find no connection 4 on old hosts and get no answer at all. */
function refusals(host: VmbusVersion): string[] {
  return versionsOffered(vmbusVersion.v6_0)
    .filter((version) => version > host && (host >= vmbusVersion.v5_0 || version < vmbusVersion.v5_0))
    .flatMap((version) => [
      `> initiateContact (${version >= vmbusVersion.v6_0 ? 56 : 40}) ${versionText(version)} targetVp=0x0`,
      '< versionResponse (16) no 0x0',
    ])
}

describe('the boot (S24)', () => {
  it.each(vmbusVersions.map((version) => [versionText(version), version] as const))('of a guest of 6.0 on a host of %s', (text, host) => {
    const copper = host === vmbusVersion.v6_0
    const contact = `> initiateContact (${copper ? 56 : 40}) ${text} targetVp=0x0`
    const late = host >= vmbusVersion.v5_0 ? '0x4' : `0x${host.toString(16)}`
    expect(boot(host)).toEqual([
      ...refusals(host),
      contact,
      copper ? '< versionResponse (20) yes 0x4 features=0x2f' : `< versionResponse (16) yes ${late}`,
      '> requestOffers (8)',
      `< offerChannel (196) subchannelIndex=0x0 channelId=1 connectionId=${host === vmbusVersion.v0_13 ? '0x0' : '0x2001'}`,
      '< allOffersDelivered (8)',
      '> gpadlHeader (236) channelId=1 gpadlId=0xe1e10',
      '> gpadlBody (240) gpadlId=0xe1e10',
      '> gpadlBody (112) gpadlId=0xe1e10',
      '< gpadlCreated (20) channelId=1 gpadlId=0xe1e10 status=0x0',
      `> openChannel (${copper ? 156 : 148}) channelId=1 ringGpadlId=0xe1e10 targetVp=0x0`,
      '< openChannelResult (20) channelId=1 status=0x0',
      '> closeChannel (12) channelId=1',
      '> gpadlTeardown (16) channelId=1 gpadlId=0xe1e10',
      '< gpadlTorndown (12) gpadlId=0xe1e10',
      '> unload (8)',
      ...(host === vmbusVersion.v0_13 ? [] : ['< unloadComplete (8)']),
    ])
  })

  it('of Linux 6.1 on 2012 R2 takes seven contacts, four of which no connection takes', () => {
    const host = hostVersionMax('2012 R2') ?? vmbusVersion.v0_13
    const bench = new BusBench(host, vmbusVersion.v5_3, { versions: versionsOffered(vmbusVersion.v5_3, vmbusVersion.v2_4) })
    bench.bus.connect()
    bench.run()
    expect(bench.bus.client.negotiated?.version).toBe(vmbusVersion.v3_0)
    // Seven contacts and RequestOffers.
    expect(bench.transport.hypercalls).toBe(8)
  })

  it('fails on a host that has nothing in common with the guest', () => {
    let failed = 0
    const bench = new BusBench(
      vmbusVersion.v0_13,
      vmbusVersion.v5_3,
      { versions: [vmbusVersion.v2_4] },
      { guest: { connectionFailed: () => void failed++ } },
    )
    bench.bus.connect()
    bench.run()
    expect([failed, bench.bus.client.connection.name]).toEqual([1, 'disconnected'])
  })
})

function connected(
  host: VmbusVersion = vmbusVersion.v5_3,
  withMonitor = false,
): { bench: BusBench; provider: EchoProvider; driver: EchoDriver; offerId: number } {
  const bench = new BusBench(host, vmbusVersion.v5_3, withMonitor ? { monitorPages } : {})
  const provider = new EchoProvider()
  const offerId = offerIdOf(bench.bus.offer(withMonitor ? network : scsi, provider))
  bench.bus.connect()
  bench.run()
  const driver = new EchoDriver()
  bench.open(1, driver, 1, 1)
  bench.run()
  bench.lines.length = 0
  return { bench, provider, driver, offerId }
}

describe('a bus', () => {
  it('batches: 20 requests, one hypercall, one interrupt', () => {
    const { bench, driver } = connected()
    bench.transport.hypercalls = 0
    bench.transport.interrupts = 0
    for (let i = 0; i < 20; i++) driver.request(64)
    bench.run()
    expect([driver.completed, bench.transport.hypercalls, bench.transport.interrupts]).toEqual([20, 1, 1])
  })

  it('uses the monitor page without a hypercall where the provider wants it', () => {
    const { bench, driver } = connected(vmbusVersion.v5_3, true)
    bench.transport.hypercalls = 0
    driver.request(64)
    bench.run()
    driver.request(64)
    bench.run()
    expect([driver.completed, bench.transport.hypercalls]).toEqual([2, 0])
    expect(driver.channel?.counts()).toEqual({ hostSignals: 0, hostMonitorSignals: 2, guestSignals: 2 })
  })

  it('holds back when both rings are full, and loses nothing', () => {
    const { bench, driver, provider } = connected()
    let asked = 0
    for (let round = 0; round < 50; round++) {
      while (driver.request(500)) asked++
      bench.run()
    }
    expect(driver.channel?.rings.guestToHost.fullFirst).toBeGreaterThan(10)
    expect([driver.completed, provider.served, driver.outstanding.size]).toEqual([asked, asked, 0])
  })

  it('works with the shared interrupt page of 0.13', () => {
    const { bench, driver } = connected(vmbusVersion.v0_13)
    for (let i = 0; i < 3; i++) {
      driver.request(64)
      bench.run()
    }
    expect([driver.completed, bench.bus.server.channel(1)?.state]).toMatchObject([3, { name: 'open', params: { targetVp: 0 } }])
  })

  it('rescinds while open: requests in flight fail in the guest, the id comes back, late completions are refused', () => {
    const { bench, driver, provider, offerId } = connected()
    provider.hold = true
    driver.request(64)
    bench.run()
    const [held] = provider.held
    const channel = driver.channel
    bench.bus.revoke(offerId)
    bench.run()
    expect(bench.lines).toEqual([
      '< rescindChannelOffer (12) channelId=1',
      '> closeChannel (12) channelId=1',
      '> gpadlTeardown (16) channelId=1 gpadlId=0xe1e10',
      '< gpadlTorndown (12) gpadlId=0xe1e10',
      '> relIdReleased (12) channelId=1',
    ])
    expect([driver.log, driver.lost, driver.outstanding.size]).toEqual([['opened 1', 'rescinded 1', 'closed 1'], 1, 0])
    if (held === undefined || channel === undefined) throw new Error('nothing was held')
    expect([provider.complete(channel, held), channel.lastRefusal]).toEqual([true, 'closed'])
    expect([bench.bus.server.channels(), bench.bus.client.channels()]).toEqual([[], []])
  })

  it('rescinds in every state of the guest without leaving anything behind', () => {
    for (let steps = 0; steps < 14; steps++) {
      const bench = new BusBench(vmbusVersion.v5_3, vmbusVersion.v5_3)
      const offerId = offerIdOf(bench.bus.offer(scsi, new EchoProvider()))
      bench.bus.connect()
      bench.run()
      bench.open(1, new EchoDriver(), 32)
      for (let i = 0; i < steps; i++) bench.transport.step()
      bench.bus.revoke(offerId)
      bench.run()
      expect([bench.bus.server.channels(), bench.bus.server.gpadls(), bench.bus.client.channels()], `after ${steps} steps`).toEqual([
        [],
        [],
        [],
      ])
      expect(bench.bus.invariantViolations()).toEqual([])
    }
  })

  it('hot-adds a device and gives it the next id', () => {
    const { bench } = connected()
    bench.bus.offer(network, new EchoProvider())
    bench.run()
    expect(bench.lines).toEqual(['< offerChannel (196) subchannelIndex=0x0 channelId=2 connectionId=0x2002'])
  })

  it('offers sub-channels with their own rings and rescinds them with the primary', () => {
    const { bench, offerId } = connected()
    expect(bench.bus.offerSubchannels(offerId, 2, () => new EchoProvider())).toHaveLength(2)
    bench.run()
    const sub = new EchoDriver()
    bench.open(2, sub, 1, 2)
    bench.run()
    sub.request(64)
    bench.run()
    expect([sub.completed, bench.bus.server.channelById(2)?.offer.subchannelIndex]).toEqual([1, 1])
    bench.bus.closeChannel(1)
    bench.run()
    expect(sub.log).toEqual(['opened 2', 'rescinded 2', 'closed 2'])
    expect(bench.bus.client.channels().map((channel) => channel.offer.channelId)).toEqual([1])
  })

  it('tells no guest below 2.4 of sub-channels', () => {
    const { bench, offerId } = connected(vmbusVersion.v1_1)
    bench.bus.offerSubchannels(offerId, 2, () => new EchoProvider())
    bench.run()
    expect(bench.bus.client.channels()).toHaveLength(1)
  })

  it('retargets interrupts', () => {
    const { bench, driver } = connected()
    bench.bus.modifyChannel(1, 3)
    bench.run()
    expect(bench.lines).toEqual(['> modifyChannel (16) channelId=1 targetVp=0x3', '< modifyChannelResponse (16) channelId=1 status=0x0'])
    driver.request(64)
    bench.run()
    expect(driver.completed).toBe(1)
  })

  it('survives a new kernel that connects without having let go (kexec)', () => {
    const { bench, provider } = connected()
    bench.bus.reconnect()
    bench.run()
    expect([provider.log, bench.bus.openChannels()]).toEqual([['open', 'close'], []])
    const driver = new EchoDriver()
    bench.open(1, driver, 1)
    bench.run()
    driver.request(64)
    bench.run()
    expect([driver.completed, bench.bus.invariantViolations()]).toEqual([1, []])
  })

  it('reaches a socket service of the host, and is told of a refusal', () => {
    const refused: string[] = []
    const bench = new BusBench(
      vmbusVersion.v5_3,
      vmbusVersion.v5_3,
      {},
      {
        guest: {
          tlConnectRefused: (_endpoint, service) => void refused.push(service),
          channelOffered: (id) => void bench.offered.push(id),
        },
        host: { tlConnect: (service) => (vsockPort(service) === 3389 ? new EchoProvider() : undefined) },
      },
    )
    bench.bus.connect()
    bench.run()
    bench.bus.tlConnect('22222222-0000-0000-0000-000000000001', vsockService(3389))
    bench.bus.tlConnect('22222222-0000-0000-0000-000000000002', vsockService(22))
    bench.run()
    expect([bench.offered, refused]).toEqual([[1], ['00000016-facb-11e6-bd58-64006a7986d3']])
    const driver = new EchoDriver()
    bench.open(1, driver, 6)
    bench.run()
    bench.bus.closeChannel(1)
    bench.run()
    expect([driver.log, bench.bus.server.channels(), bench.bus.client.channels()]).toEqual([['opened 1', 'closed 1'], [], []])
  })

  it('refuses an open without rings, with a status', () => {
    const { bench } = connected()
    bench.bus.offer(network, new EchoProvider())
    bench.run()
    const driver = new EchoDriver()
    bench.bus.openChannel(2, { ringPages: [{ first: 1, count: 4 }], downstreamPageOffset: 3, targetVp: 0 }, driver)
    bench.run()
    expect([driver.log, bench.bus.client.channel(2)?.state.name]).toEqual([['openFailed 2 8000ffff', 'closed 2'], 'offered'])
  })

  it('keeps the message slot rule: 16 buffers a port, retries in order', () => {
    const bench = new BusBench(vmbusVersion.v5_3, vmbusVersion.v5_3)
    for (let i = 0; i < 40; i++)
      bench.bus.offer({ ...scsi, instanceId: `11111111-0000-0000-0000-0000000001${String(i).padStart(2, '0')}` }, new EchoProvider())
    bench.bus.connect()
    bench.run()
    expect(bench.offered).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    bench.bus.createGpadl(1, [{ byteCount: 4096 * 4096, byteOffset: 0, pages: [{ first: 1, count: 4096 }] }])
    expect(bench.bus.client.pendingMessages).toBe(147 - 16)
    bench.run()
    expect([bench.bus.client.pendingMessages, bench.bus.server.gpadls()[0]?.state]).toEqual([0, 'accepted'])
  })

  it('resets', () => {
    const { bench, provider } = connected()
    bench.transport.clear()
    bench.bus.reset()
    expect([provider.log, bench.bus.server.connection.name, bench.bus.openChannels()]).toEqual([['open', 'close'], 'disconnected', []])
    bench.bus.connect()
    bench.run()
    expect(bench.bus.client.connection.name).toBe('connected')
  })
})

describe('rules', () => {
  it('S21: a signal reaches its own partition and no other', () => {
    const [a, b] = [connected(), connected()]
    b.bench.transport.interrupts = 0
    a.driver.request(64)
    a.bench.run()
    b.bench.run()
    expect([
      a.driver.completed,
      a.bench.transport.interrupts,
      b.bench.transport.interrupts,
      b.driver.channel?.counts().guestSignals,
    ]).toEqual([1, 1, 0, 0])
  })

  it('S23: one request travels driver, channel, provider and back, with one id', () => {
    const { bench, driver } = connected()
    const steps: string[] = []
    const ids = new Set<number>()
    bench.bus.setTrace((event) => {
      if (event.kind !== 'packet') return
      steps.push(`${event.step} ${event.direction}`)
      ids.add(event.packet.transactionId)
    })
    driver.request(64)
    bench.run()
    expect([steps, ids.size]).toEqual([['sent toHost', 'received toHost', 'sent toGuest', 'completed toGuest'], 1])
  })

  it('S26: a provider that stands still stalls its own channel only', () => {
    const { bench, driver, provider } = connected()
    const other = new EchoDriver()
    bench.bus.offer(network, new EchoProvider())
    bench.run()
    bench.open(2, other)
    bench.run()
    provider.hold = true
    driver.request(64)
    other.request(64)
    bench.run()
    expect([driver.completed, driver.outstanding.size, other.completed]).toEqual([0, 1, 1])
  })

  it('S27: the guest cannot tell a traced run from an untraced one', () => {
    const run = (traced: boolean): unknown => {
      const { bench, driver } = connected()
      let events = 0
      bench.bus.setTrace(traced ? () => void events++ : undefined)
      for (let i = 0; i < 10; i++) driver.request(64)
      bench.run()
      bench.bus.closeChannel(1)
      bench.run()
      expect(events > 0).toBe(traced)
      return [bench.bus.snapshot(), driver.log, bench.transport.hypercalls, bench.transport.interrupts]
    }
    expect(run(true)).toEqual(run(false))
  })
})

describe('saved buses', () => {
  function ends(provider: EchoProvider | undefined, driver: EchoDriver): BusEnds {
    return { provider: () => provider, driver: () => driver, codecs: () => ({ toHost: rawCodec, toGuest: rawCodec }) }
  }

  it('go on exactly where they stood, with requests in both rings', () => {
    const { bench, driver, provider } = connected()
    provider.hold = true
    driver.request(64)
    bench.run()
    driver.request(32)
    const rows = bench.bus.snapshot()
    const transport = new DirectTransport(() => again, [1, 4])
    const next = new EchoDriver()
    const again = VmbusBus.restore(rows, 'resume', transport, bench.options, ends(new EchoProvider(), next)) as VmbusBus
    if (typeof again === 'string') throw new Error(again)
    expect(again.snapshot()).toEqual(rows)
    const channel = again.channel(1)
    if (channel === undefined) throw new Error('the channel is missing')
    expect(channel.guestRequests.size).toBe(2)
    for (const entry of channel.guestRequests.entries()) next.outstanding.add(entry.request as never)
    again.hostEvent(0x2001, 0)
    transport.run()
    // The unread request is served; the one that the provider had taken is for the provider to remember.
    expect([next.completed, channel.guestRequests.size]).toEqual([1, 1])
  })

  it('keep what was cut off until the guest hears of it', () => {
    const { bench, driver, offerId, provider } = connected()
    provider.hold = true
    driver.request(64)
    bench.run()
    bench.bus.revoke(offerId)
    const rows = bench.bus.snapshot()
    const next = new EchoDriver()
    const again = VmbusBus.restore(rows, 'resume', bench.transport, bench.options, ends(new EchoProvider(), next)) as VmbusBus
    if (typeof again === 'string') throw new Error(again)
    expect(again.snapshot()).toEqual(rows)
    bench.bus = again
    bench.run()
    expect([next.log, again.server.channels(), again.client.channels()]).toEqual([['rescinded 1', 'closed 1'], [], []])
  })

  it('of a machine signal each open channel once, and rescind what the host does not have', () => {
    for (const present of [true, false]) {
      const { bench, driver } = connected()
      driver.request(64)
      const rows = bench.bus.snapshot()
      const lines: string[] = []
      const transport = new DirectTransport(() => again, [1, 4])
      const next = new EchoDriver()
      const trace = (event: { kind: string; reason?: string }): void => {
        if (event.kind === 'signal') lines.push(String(event.reason))
      }
      const provider = present ? new EchoProvider() : undefined
      const again = VmbusBus.restore(rows, 'machine', transport, { ...bench.options, trace }, ends(provider, next)) as VmbusBus
      if (typeof again === 'string') throw new Error(again)
      const requests = again.channel(1)?.guestRequests.entries() ?? []
      for (const entry of requests) next.outstanding.add(entry.request as never)
      transport.run()
      if (present) {
        expect(lines.filter((line) => line === 'restore')).toHaveLength(2)
        expect(next.completed).toBe(1)
      } else expect([next.log, again.client.channels(), again.server.channels()]).toEqual([['rescinded 1', 'closed 1'], [], []])
      expect(again.invariantViolations()).toEqual([])
    }
  })

  it('are refused when they are broken, with a sentence', () => {
    const { bench, driver } = connected()
    driver.request(64)
    const rows = bench.bus.snapshot()
    const [channel] = rows.channels
    if (channel === undefined) throw new Error('no channel')
    const refuse = (broken: typeof rows): unknown =>
      VmbusBus.restore(broken, 'resume', bench.transport, bench.options, ends(new EchoProvider(), new EchoDriver()))
    expect([
      refuse({ ...rows, version: 7 as 1 }),
      refuse({ ...rows, server: { ...rows.server, version: 7 as 1 } }),
      refuse({ ...rows, client: { ...rows.client, version: 7 as 1 } }),
      refuse({ ...rows, channels: [{ ...channel, offerId: 99 }] }),
      refuse({ ...rows, channels: [{ ...channel, rows: { ...(channel.rows as NonNullable<typeof channel.rows>), version: 7 as 1 } }] }),
      refuse({ ...rows, channels: [{ ...channel, rows: undefined }] }),
    ]).toEqual([
      'bus rows of version 7',
      'server: rows of version 7',
      'client: rows of version 7',
      'nobody can read the packets of offer 99',
      'rows of version 7',
      'open channel of offer 1 without content',
    ])
  })
})

describe('the class table', () => {
  it('holds each interface once, as GUIDs in lower case', () => {
    expect(new Set(deviceClasses.map((row) => row.interfaceId)).size).toBe(deviceClasses.length)
    for (const row of deviceClasses) expect([row.interfaceId, ...row.instanceIds].filter((guid) => !isGuid(guid))).toEqual([])
    expect(deviceClassOf('da0a7802-e377-4aac-8e77-0558eb1073f8')?.name).toBe('video')
    expect(deviceClass('rdpData').instanceIds).toHaveLength(5)
    expect(deviceClass('ideAccelerator').instanceIds[3]).toBe('00000001-0001-8899-0000-000000000000')
  })
})
