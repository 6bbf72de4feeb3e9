import { describe, expect, it } from 'vitest'
import {
  bodyAs,
  ntStatus,
  type StorageOperation,
  type StoragePacket,
  srbStatus,
  storageCodec,
  storageOperation,
  storageRequest,
  storageVersion,
  storageVersions,
} from '../../providers/storage/protocol.ts'
import { StorageProvider } from '../../providers/storage/provider.ts'
import { sense } from '../../providers/storage/scsi.ts'
import { DeviceBench, randomHex } from '../../providers/testing.ts'
import type { VmbusDriver } from '../../vmbus/bus-types.ts'
import type { Channel } from '../../vmbus/channel.ts'
import { classOffer } from '../../vmbus/offers.ts'
import { gpaDirectPacket, inBandPacket } from '../../vmbus/packet.ts'
import { decodePacket, encodePacket } from '../../vmbus/packet-codec.ts'
import { SeededIntegers } from '../../vmbus/testing.ts'
import { vmbusVersion } from '../../vmbus/versions.ts'
import { transferRingBytes } from './client.ts'
import { disk, dvd, StorageBench } from './test-storage.ts'

const firstLines = (bench: StorageBench, scsi: string): string[] => {
  const at = bench.bench.lines.findIndex((line) => line.includes(scsi))
  return bench.bench.lines.slice(0, at)
}

describe('the start of a controller', () => {
  it('asks 6.2 first and ends ready, with its scan, on a host of 2016', () => {
    const bench = new StorageBench({ subChannels: 1 })
    expect(firstLines(bench, 'lun=')).toEqual([
      '> beginInitialization (64)',
      '< completeIo (64)',
      '> queryProtocolVersion (64) version=0x0602',
      '< completeIo (64) version=0x0602',
      '> queryProperties (64)',
      '< completeIo (64) subChannels=1 flags=1 transfer=262144',
      '> endInitialization (64)',
      '< completeIo (64)',
      '> createSubChannels (64) count=1',
      '< completeIo (64)',
    ])
    expect(bench.bench.lines.filter((line) => line.startsWith('> executeSrb')).map((line) => line.split(' ').slice(3).join(' '))).toEqual([
      'lun=0 a0 4096',
      'lun=0 12 36',
      'lun=0 12 255',
      'lun=0 12 255',
      'lun=0 12 255',
      'lun=0 12 255',
      'lun=0 12 255',
      'lun=0 12 255',
      'lun=0 00 0',
      'lun=0 25 8',
      'lun=0 1a 192',
      'lun=0 28 4096',
    ])
    expect(bench.client.units).toEqual([
      {
        lun: 0,
        type: 'disk',
        vendor: 'Msft',
        product: 'Virtual Disk',
        revision: '1.0',
        sizeBytes: 127 * 2 ** 30,
        blockBytes: 512,
        serial: '00000000000000000000000000000010',
      },
    ])
    expect([bench.client.state.name, bench.client.channels, bench.events[0]]).toEqual(['ready', 2, 'ready'])
    expect(bench.bench.bus.invariantViolations()).toEqual([])
  })

  it.each(storageVersions.map((version) => [version.toString(16), version] as const))(
    'falls back to version %s of the host',
    (_name, version) => {
      const bench = new StorageBench({ version, subChannels: 2, vmbus: version < 0x0501 ? vmbusVersion.v1_1 : vmbusVersion.v5_3 })
      const asked = bench.bench.lines.filter((line) => line.startsWith('> queryProtocolVersion'))
      expect(asked).toEqual(
        storageVersions
          .filter((one) => one >= version)
          .map((one) => `> queryProtocolVersion (64) version=0x${one.toString(16).padStart(4, '0')}`),
      )
      expect([bench.client.state.name, bench.client.version, bench.provider.version]).toEqual(['ready', version, version])
      expect(bench.client.channels).toBe(version >= storageVersion.v5_1 ? 3 : 1)
      const size = version >= storageVersion.v5_1 ? '(64)' : '(48)'
      expect(bench.bench.lines.filter((line) => line.includes('executeSrb')).every((line) => line.includes(size))).toBe(true)
    },
  )

  it('ends without a common version', () => {
    const bench = new StorageBench({ version: storageVersion.v2_0, versions: [storageVersion.v6_2, storageVersion.v6_0] })
    expect(bench.events).toEqual(['failed: no common protocol version'])
  })

  it('of a Fibre Channel adapter asks for its names and caps transfers', () => {
    const bench = new StorageBench({ kind: 'fibreChannel' })
    expect(bench.bench.lines.some((line) => line.startsWith('> fcHbaData'))).toBe(true)
    expect([bench.client.state.name, bench.client.maxTransferBytes]).toEqual(['ready', 0x40000])
  })

  it('of the IDE filter has no sub-channels', () => {
    const bench = new StorageBench({ kind: 'ide', subChannels: 4 })
    expect([bench.client.state.name, bench.client.channels]).toEqual(['ready', 1])
  })
})

describe('requests', () => {
  it('move data through the backend after its latency, 112 ring bytes for 4 KiB', () => {
    const bench = new StorageBench()
    const channel = bench.bench.channel(bench.instance)
    const before = channel?.rings.guestToHost.bytesWritten ?? 0
    bench.backend.latency = 50_000
    const start = bench.bench.clock.tick
    const id = bench.client.submit({ lun: 0, operation: 'read', offset: 4096, bytes: 4096 })
    bench.bench.run()
    expect(bench.done).toEqual([
      {
        id,
        outcome: {
          request: { lun: 0, operation: 'read', offset: 4096, bytes: 4096 },
          ok: true,
          srbStatus: srbStatus.success,
          bytes: 4096,
          sense: undefined,
        },
      },
    ])
    expect(bench.backend.calls.at(-1)).toBe('read 0 4096+4096')
    expect((channel?.rings.guestToHost.bytesWritten ?? 0) - before).toBe(112)
    expect(transferRingBytes(4096, 64)).toBe(112)
    expect(bench.bench.clock.tick).toBeGreaterThanOrEqual(start + 50_000)
  })

  it('name one id from the client to the backend and back, in whatever order they end', () => {
    const bench = new StorageBench()
    const ids = [300, 100, 200].map((latency) => {
      bench.backend.latency = latency
      const id = bench.client.submit({ lun: 0, operation: 'write', offset: latency * 512, bytes: 512 })
      bench.bench.transport.run()
      return id
    })
    bench.bench.run()
    expect(bench.done.map(({ id, outcome }) => [id, outcome.request.offset])).toEqual([
      [ids[1], 100 * 512],
      [ids[2], 200 * 512],
      [ids[0], 300 * 512],
    ])
  })

  it.each([
    ['mediaError', srbStatus.error, sense.unrecoveredRead],
    ['notReady', srbStatus.error, sense.notReady],
    ['volumeFull', srbStatus.error, sense.spaceAllocationFailed],
    ['writeProtected', srbStatus.error, sense.writeProtected],
    ['timeout', srbStatus.timeout, undefined],
  ] as const)('end with sense when the backend says %s', (status, code, value) => {
    const bench = new StorageBench()
    bench.backend.next.push(status)
    bench.client.submit({ lun: 0, operation: 'read', offset: 0, bytes: 512 })
    bench.bench.run()
    expect(bench.done.map(({ outcome }) => [outcome.ok, outcome.srbStatus, outcome.sense])).toEqual([[false, code, value]])
  })

  it('beyond the end, of no whole block, or of an unknown unit are refused', () => {
    const bench = new StorageBench()
    bench.client.submit({ lun: 0, operation: 'read', offset: 127 * 2 ** 30, bytes: 512 })
    bench.bench.run()
    expect(bench.done[0]?.outcome.sense).toEqual(sense.lbaOutOfRange)
    expect(bench.client.submit({ lun: 0, operation: 'read', offset: 100, bytes: 512 })).toBe(0)
    expect(bench.client.submit({ lun: 7, operation: 'read', offset: 0, bytes: 512 })).toBe(0)
    expect(bench.client.submit({ lun: 0, operation: 'read', offset: 0, bytes: 2 ** 20 })).toBe(0)
  })

  it('flush and give blocks back', () => {
    const bench = new StorageBench()
    bench.client.submit({ lun: 0, operation: 'flush', offset: 0, bytes: 0 })
    bench.client.submit({ lun: 0, operation: 'unmap', offset: 2 ** 20, bytes: 2 ** 20 })
    bench.bench.run()
    expect(bench.backend.calls.slice(-2)).toEqual(['flush 0 0+0', `unmap 0 ${2 ** 20}+${2 ** 20}`])
    expect(bench.done.every(({ outcome }) => outcome.ok)).toBe(true)
  })

  it('to a DVD can read and never write (S41)', () => {
    const bench = new StorageBench({ units: [disk(0), dvd(1, 2048 * 1000)] })
    bench.client.submit({ lun: 1, operation: 'read', offset: 2048, bytes: 2048 })
    bench.client.submit({ lun: 1, operation: 'write', offset: 2048, bytes: 2048 })
    bench.bench.run()
    // The refusal needs no disk and comes first.
    expect(bench.done.map(({ outcome }) => [outcome.ok, outcome.sense])).toEqual([
      [false, sense.writeProtected],
      [true, undefined],
    ])
    expect(bench.client.units[1]).toMatchObject({ product: 'Virtual DVD-ROM', blockBytes: 2048, sizeBytes: 2048 * 1000 })
  })

  it('wait in the guest when the rings are full, and none is lost', () => {
    const bench = new StorageBench({ pages: 1 })
    const wanted = 400
    for (let i = 0; i < wanted; i++)
      expect(bench.client.submit({ lun: 0, operation: 'read', offset: 512 * i, bytes: 512 })).toBeGreaterThan(0)
    bench.bench.run()
    expect(bench.done.map(({ outcome }) => outcome.request.offset / 512).sort((a, b) => a - b)).toEqual(
      Array.from({ length: wanted }, (_, i) => i),
    )
    expect(bench.bench.channel(bench.instance)?.rings.guestToHost.fullFirst).toBeGreaterThan(0)
    expect(bench.bench.bus.invariantViolations()).toEqual([])
  })

  it('wait likewise before VMBus 2.4, where nobody signals space', () => {
    const bench = new StorageBench({ pages: 1, vmbus: vmbusVersion.v1_1, version: storageVersion.v4_2 })
    for (let i = 0; i < 200; i++) bench.client.submit({ lun: 0, operation: 'read', offset: 512 * i, bytes: 512 })
    bench.bench.run()
    expect(bench.done.length).toBe(200)
  })
})

describe('units', () => {
  it('appear and disappear while the machine runs', () => {
    const bench = new StorageBench()
    expect(bench.provider.attachUnit(disk(3, { sizeBytes: 2 ** 30 }))).toBe(true)
    expect(bench.provider.attachUnit(disk(3))).toBe(false)
    bench.bench.run()
    expect(bench.bench.lines.some((line) => line === '< enumerateBus (64)')).toBe(true)
    expect(bench.client.units.map((unit) => unit.lun)).toEqual([0, 3])
    bench.backend.latency = 10_000_000
    bench.client.submit({ lun: 3, operation: 'read', offset: 0, bytes: 512 })
    bench.bench.transport.run()
    bench.provider.detachUnit(3)
    bench.bench.run()
    expect(bench.client.units.map((unit) => unit.lun)).toEqual([0])
    expect(bench.done.map(({ outcome }) => outcome.srbStatus)).toEqual([srbStatus.noDevice])
  })

  it('grow: the next command is aborted with 2A/09 and the guest reads the size again', () => {
    const bench = new StorageBench()
    bench.provider.resizeUnit(0, 200 * 2 ** 30)
    bench.client.submit({ lun: 0, operation: 'read', offset: 0, bytes: 512 })
    bench.bench.run()
    expect(bench.done[0]?.outcome).toMatchObject({ srbStatus: srbStatus.aborted, sense: sense.capacityChanged })
  })

  it('get and lose media', () => {
    const bench = new StorageBench({ units: [disk(0), dvd(1, 0)] })
    bench.client.submit({ lun: 1, operation: 'read', offset: 0, bytes: 2048 })
    bench.bench.run()
    bench.provider.changeMedium(1, 2048 * 10)
    for (let i = 0; i < 2; i++) {
      bench.client.submit({ lun: 1, operation: 'read', offset: 0, bytes: 2048 })
      bench.bench.run()
    }
    expect(bench.done.map(({ outcome }) => outcome.sense)).toEqual([sense.noMedium, sense.mediumChanged, undefined])
  })
})

describe('faults', () => {
  it('a stopped provider stalls requests, and resuming it ends them', () => {
    const bench = new StorageBench()
    bench.provider.stop()
    for (let i = 0; i < 50; i++) bench.client.submit({ lun: 0, operation: 'read', offset: 512 * i, bytes: 512 })
    bench.bench.run(600_000_000)
    expect([bench.done.length, bench.client.outstanding]).toEqual([0, 50])
    bench.provider.resume()
    bench.bench.run()
    expect([bench.done.length, bench.client.outstanding]).toEqual([50, 0])
  })

  it('a lost completion ends after 180 s with a bus reset', () => {
    const bench = new StorageBench()
    bench.backend.next.push('lost')
    const start = bench.bench.clock.tick
    bench.client.submit({ lun: 0, operation: 'read', offset: 0, bytes: 512 })
    bench.bench.run()
    expect(bench.done.map(({ outcome }) => outcome.srbStatus)).toEqual([srbStatus.aborted])
    expect(bench.bench.clock.tick - start).toBeGreaterThanOrEqual(1_800_000_000)
    expect(bench.bench.lines.some((line) => line.startsWith('> resetBus'))).toBe(true)
  })

  it('the removal of the controller fails what was under way', () => {
    const bench = new StorageBench()
    bench.backend.latency = 10_000_000
    bench.client.submit({ lun: 0, operation: 'read', offset: 0, bytes: 512 })
    bench.bench.transport.run()
    bench.bench.bus.revoke(bench.offerId)
    bench.bench.run()
    expect(bench.done.map(({ outcome }) => outcome.ok)).toEqual([false])
    expect([bench.client.state.name, bench.provider.state]).toEqual(['closed', 'closed'])
  })

  it('packets in the wrong state or of no known operation are refused', () => {
    const bench = new StorageBench()
    const answers: string[] = []
    const foreign = new DeviceBench()
    const provider = new StorageProvider({ ...bench.providerOptions, clock: foreign.clock }, [disk(0)])
    const send = (channel: Channel, operation: number): void =>
      void channel.sendFromGuest(
        inBandPacket(storageRequest(operation as StorageOperation, 64, { kind: 'raw', bytes: '00'.repeat(52) }), 64, true),
      )
    const driver: VmbusDriver = {
      opened: (channel) => {
        for (const operation of [3, 8, 10, 13, 7, 77, 7]) send(channel, operation)
      },
      openFailed: () => undefined,
      event: (channel) => void channel.drainAtGuest(100, (packet) => answers.push((packet.payload as StoragePacket).status.toString(16))),
      rescinded: () => undefined,
      closed: () => undefined,
    }
    foreign.add({ offer: classOffer('scsi', '11111111-0000-0000-0000-000000000009'), provider, driver })
    foreign.start()
    foreign.run()
    expect(answers).toEqual(['c0000184', 'c0000184', 'c0000184', 'c0000184', '0', 'c0000010', 'c0000184'])
  })
})

describe('saving', () => {
  it('in the middle of requests keeps every one of them', () => {
    const bench = new StorageBench()
    bench.backend.latency = 5_000_000
    for (let i = 0; i < 20; i++) bench.client.submit({ lun: 0, operation: 'read', offset: 512 * i, bytes: 512 })
    bench.bench.transport.run()
    expect(bench.provider.outstanding.pending).toBe(20)
    const channel = bench.bench.channel(bench.instance)
    if (channel === undefined) throw new Error('no channel')
    const host = JSON.parse(JSON.stringify(bench.provider.snapshot())) as ReturnType<StorageProvider['snapshot']>
    const guest = JSON.parse(JSON.stringify(bench.client.snapshot())) as ReturnType<StorageBench['client']['snapshot']>
    const again = new StorageBench()
    // The same objects stand in for a new process: rows into fresh ends on the same channel.
    expect(bench.provider.restore(host, () => channel as never)).toBeUndefined()
    expect(bench.client.restore(guest, () => channel as never)).toBeUndefined()
    bench.bench.run()
    expect(bench.done.length).toBe(20)
    expect(again.done.length).toBe(0)
    expect(bench.provider.restore({ ...host, version: 9 as never }, () => undefined)).toContain('version 9')
  })
})

describe('bytes', () => {
  it('come back unchanged for every operation and size', () => {
    const random = new SeededIntegers(7)
    for (let round = 0; round < 2000; round++) {
      const size = random.pick([64, 48] as const)
      const bytes = Uint8Array.from(
        randomHex(size, random)
          .match(/../g)
          ?.map((text) => Number.parseInt(text, 16)) ?? [],
      )
      bytes.set([random.below(16), 0, 0, 0], 0)
      const decoded = storageCodec.decode(bytes, { type: 6, transactionId: 0 })
      expect(decoded.ok).toBe(true)
      if (!decoded.ok) continue
      const encoded = storageCodec.encode(decoded.payload, { type: 6, transactionId: 0 })
      expect(storageCodec.decode(encoded, { type: 6, transactionId: 0 })).toEqual(decoded)
    }
  })

  it('of other lengths are refused, and completions are read by what they answer', () => {
    for (let size = 0; size < 100; size++)
      expect(storageCodec.decode(new Uint8Array(size), { type: 6, transactionId: 0 }).ok).toBe(size === 64 || size === 48)
    const packet = {
      ...storageRequest(storageOperation.completeIo, 64),
      body: { kind: 'properties', maxSubChannels: 4, flags: 1, maxTransferBytes: 0x40000 },
    } as const
    const back = storageCodec.decode(storageCodec.encode(packet, { type: 0xb, transactionId: 1 }), { type: 0xb, transactionId: 1 })
    expect(back.ok && bodyAs(back.payload, 'properties')).toEqual(packet.body)
  })

  it('stand in a whole packet of 104 bytes and its trailer', () => {
    const payload = storageRequest(storageOperation.executeSrb, 64, { kind: 'raw', bytes: '00'.repeat(52) })
    const packet = gpaDirectPacket(payload, 64, [{ byteCount: 4096, byteOffset: 0, pages: [{ first: 5, count: 1 }] }])
    const bytes = encodePacket(packet, storageCodec, 0)
    expect([bytes.length, packet.length, decodePacket(bytes, storageCodec).ok]).toEqual([112, 104, true])
    expect(ntStatus.success).toBe(0)
  })
})
