import { describe, expect, it } from 'vitest'
import { ctrlAltDelete, type KeyEvent, unicodeEvents } from '../providers/input/keyboard-protocol.ts'
import { KeyboardProvider, MouseProvider } from '../providers/input/providers.ts'
import { type BalancerMachine, balance, linuxFloorMb, memoryStatus, pressureOf, targetOf } from '../providers/memory/balancer.ts'
import { memoryVersions } from '../providers/memory/protocol.ts'
import { MemoryProvider, type MemoryReport } from '../providers/memory/provider.ts'
import { RdpControlProvider } from '../providers/remote/provider.ts'
import { DeviceBench } from '../providers/testing.ts'
import { type VideoRectangle, videoMinor, videoVersion, videoVersionText } from '../providers/video/protocol.ts'
import { VideoProvider } from '../providers/video/provider.ts'
import { classOffer } from '../vmbus/offers.ts'
import { SeededIntegers } from '../vmbus/testing.ts'
import { KeyboardClient, MouseClient, type MouseReport } from './input/clients.ts'
import { MemoryClient } from './memory/client.ts'
import { RdpControlClient } from './remote/client.ts'
import { VideoClient } from './video/client.ts'

const pipeLine = (payload: unknown): string => {
  const { data } = payload as { data: { kind: string; version?: number } }
  return data.version === undefined ? data.kind : `${data.kind} ${videoVersionText(data.version)}`
}

describe('video', () => {
  const newest = Object.values(videoVersion).reverse()
  const start = (versionMax: (typeof newest)[number]) => {
    const bench = new DeviceBench()
    bench.describe = pipeLine
    const dirty: VideoRectangle[] = []
    const provider = new VideoProvider({
      versionMax,
      resolutions: [
        { width: 1024, height: 768 },
        { width: 1920, height: 1080 },
      ],
      defaultIndex: 0,
      memoryBytes: 8 << 20,
      dirty: (areas) => dirty.push(...areas),
    })
    const client = new VideoClient({
      versions: newest,
      frameBufferGpa: 0xf8000000,
      memoryBytes: 8 << 20,
      width: 1152,
      height: 864,
      depth: 32,
      clock: bench.clock,
    })
    bench.add({ offer: classOffer('video'), provider, driver: client }, () => client.wake())
    bench.start()
    bench.run()
    return { bench, provider, client, dirty }
  }

  it('starts at 3.5 in the order of the reference', () => {
    const { bench, client } = start(videoVersion.v3_5)
    expect(bench.lines).toEqual([
      '> versionRequest 3.5',
      '< versionResponse 3.5',
      '> supportedResolutionsRequest',
      '< supportedResolutionsResponse',
      '> vramLocation',
      '< vramLocationAck',
      '> situationUpdate',
      '< situationUpdateAck',
      '> pointerPosition',
    ])
    expect([client.state.step, client.state.resolutions.length, client.state.mode?.pitch]).toEqual(['ready', 2, 4608])
  })

  it.each(newest.map((version) => [videoVersionText(version), version] as const))('falls back to %s', (text, version) => {
    const { bench, client } = start(version)
    expect(bench.lines.filter((line) => line.startsWith('> versionRequest')).at(-1)).toBe(`> versionRequest ${text}`)
    expect(bench.lines.includes('> supportedResolutionsRequest')).toBe(videoMinor(version) >= 4)
    expect([client.state.step, client.state.mode?.depth]).toEqual(['ready', videoMinor(version) < 2 ? 16 : 32])
  })

  it('sends dirty rectangles only while somebody looks, at most every 50 ms', () => {
    const { bench, provider, client, dirty } = start(videoVersion.v3_5)
    client.draw({ left: 0, top: 0, right: 10, bottom: 10 })
    bench.run()
    expect(dirty).toEqual([])
    provider.setViewer(true)
    bench.run()
    client.draw({ left: 5, top: 5, right: 20, bottom: 20 })
    client.draw({ left: 30, top: 0, right: 40, bottom: 9 })
    const before = bench.clock.tick
    bench.run()
    expect(dirty).toEqual([
      { left: 0, top: 0, right: 1152, bottom: 864 },
      { left: 5, top: 0, right: 40, bottom: 20 },
    ])
    expect(bench.clock.tick - before).toBe(500_000)
    expect(client.setMode(3840, 2160, 32)).toBe(false)
  })
})

describe('keyboard and mouse', () => {
  it('carry keys, lamps and absolute positions', () => {
    const bench = new DeviceBench()
    bench.describe = pipeLine
    const keys: KeyEvent[] = []
    const reports: MouseReport[] = []
    const [keyboard, mouse] = [new KeyboardProvider(), new MouseProvider()]
    const [keys2, mouse2] = [new KeyboardClient((event) => keys.push(event)), new MouseClient((report) => reports.push(report))]
    expect([keyboard.press(ctrlAltDelete), mouse.report(0, 0, 0)]).toEqual([false, false])
    bench.add({ offer: classOffer('keyboard'), provider: keyboard, driver: keys2, pages: 9 })
    bench.add({ offer: classOffer('mouse'), provider: mouse, driver: mouse2, pages: 9 })
    bench.start()
    expect(bench.lines.filter((line) => !line.includes('Response')).map((line) => line.slice(0, 20))).toEqual([
      '> protocolRequest 0.',
      '> protocolRequest 0.',
      '< initialDeviceInfo ',
      '> initialDeviceInfoA',
    ])
    keyboard.press([...ctrlAltDelete, ...unicodeEvents('Hi')])
    mouse.report(1, 40_000, 16_000, -3)
    keys2.setLeds(4)
    bench.run()
    expect(keys).toEqual([...ctrlAltDelete, ...unicodeEvents('Hi')])
    expect(reports).toEqual([{ kind: 'inputReport', buttons: 1, x: 32767, y: 16_000, wheel: -3 }])
    expect(keyboard.state).toEqual({ ready: true, leds: 4 })
    // A stalled guest loses no key however small its ring.
    keys2.stop()
    keyboard.press(unicodeEvents('x'.repeat(3000)))
    bench.run()
    const rows = JSON.parse(JSON.stringify(keyboard.snapshot()))
    expect(rows.end.waiting.length).toBeGreaterThan(1000)
    expect(keyboard.restore(rows, bench.channel(classOffer('keyboard').instanceId))).toBeUndefined()
    keys2.resume()
    bench.run()
    expect(keys.length).toBe(6 + 4 + 6000)
  })
})

describe('enhanced session', () => {
  it.each([
    [true, 'ready'],
    [false, 'refused'],
  ] as const)('is offered when the guest service runs: %s', (running, step) => {
    const bench = new DeviceBench()
    const seen: boolean[] = []
    const provider = new RdpControlProvider((available) => seen.push(available))
    bench.add({ offer: classOffer('rdpControl'), provider, driver: new RdpControlClient(() => running), pages: 4 })
    bench.start()
    expect([provider.state.step, seen]).toEqual([step, [running]])
  })
})

describe('dynamic memory', () => {
  const report: MemoryReport = { available: 1000, committed: 2000, pageFile: 0, zeroFree: 500, pageFileWrites: 0, ioDiff: 0 }
  const start = (versionMax: (typeof memoryVersions)[number], rangesMax = 510) => {
    const bench = new DeviceBench()
    bench.describe = (payload) => (payload as { kind: string }).kind
    const ended: string[] = []
    let next = 0x10000
    const provider = new MemoryProvider({ versionMax, maxPages: 262_144, ended: (kind, pages) => ended.push(`${kind} ${pages}`) })
    const client = new MemoryClient({
      canBalloon: true,
      canHotAdd: true,
      hotAddAlignment: 7,
      minPages: 0,
      maxPageNumber: 0xfffff,
      reportDelay: 450_000_000,
      rangesMax,
      clock: bench.clock,
      guest: {
        report: () => report,
        takePages: (pages) => {
          const first = next
          next += 2 * pages
          return Array.from({ length: pages / 512 }, (_, i) => ({ start: first + 1024 * i, count: 512 }))
        },
        returnPages: () => undefined,
        addPages: (range) => Math.min(range.count, 32_768),
      },
    })
    bench.add({ offer: classOffer('dynamicMemory'), provider, driver: client, pages: 4 }, () => client.wake())
    bench.start()
    return { bench, provider, client, ended }
  }

  it.each(memoryVersions.map((version) => [version.toString(16), version] as const))(
    'negotiates %s and reports every second from 45 s on',
    (_name, version) => {
      const { bench, provider, client } = start(version)
      const requests = memoryVersions.filter((one) => one >= version).flatMap(() => ['> versionRequest', '< versionResponse'])
      expect(bench.lines).toEqual([
        ...requests,
        '> capabilitiesReport',
        '< capabilitiesResponse',
        ...(version >= 0x10000 ? ['< info'] : []),
      ])
      bench.run(449_000_000)
      expect(provider.state.reports).toBe(0)
      bench.run(41_000_000)
      expect([provider.state.reports, provider.state.report, client.version]).toEqual([5, report, version])
    },
  )

  it('balloons in blocks of 2 MiB, over several messages, gives back, and adds until the guest answers short', () => {
    const { bench, provider, client, ended } = start(0x20000, 3)
    expect([provider.balloon(100), provider.balloon(512 * 10 + 7), provider.balloon(512)]).toEqual([false, true, false])
    bench.run(1)
    expect([provider.balloonedPages, bench.lines.filter((line) => line === '> balloonResponse').length]).toEqual([5120, 4])
    provider.unballoon(700)
    bench.run(1)
    expect([provider.balloonedPages, client.state.ballooned.reduce((sum, range) => sum + range.count, 0)]).toEqual([4420, 4420])
    provider.hotAdd({ start: 0x100000, count: 32_768 }, { start: 0x100000, count: 65_536 })
    bench.run(1)
    provider.hotAdd({ start: 0x108000, count: 65_536 })
    bench.run(1)
    expect(ended).toEqual(['balloon 5120', 'unballoon 700', 'hotAdd 32768', 'hotAdd 32768'])
    expect(provider.hotAdd({ start: 0x200000, count: 1 })).toBe(false)
  })

  const machine = (id: string, more: Partial<BalancerMachine>): BalancerMachine => ({
    id,
    assignedMb: 1024,
    demandMb: 800,
    minimumMb: 512,
    maximumMb: 8192,
    bufferPercent: 20,
    weight: 5000,
    removableMb: 8192,
    canHotAdd: true,
    balloonedMb: 0,
    hotAddAlignmentMb: 128,
    ...more,
  })

  it('balances: buffer, unballoon before hot add, the most pressed first, the least pressed gives', () => {
    expect([pressureOf(machine('a', {})), targetOf(machine('a', {})), memoryStatus(machine('a', {}))]).toEqual([78.125, 960, 'OK'])
    expect([memoryStatus(machine('a', { demandMb: 900 })), memoryStatus(machine('a', { demandMb: 1200 }))]).toEqual(['Low', 'Warning'])
    expect(balance([machine('a', { demandMb: 1500, balloonedMb: 500 })], 4096)).toEqual([
      { id: 'a', unballoonMb: 500, hotAddMb: 384, balloonMb: 0 },
    ])
    const hungry = machine('hungry', { demandMb: 2000 })
    const idle = machine('idle', { demandMb: 100, assignedMb: 4096 })
    expect(balance([idle, hungry], 0)).toEqual([{ id: 'idle', unballoonMb: 0, hotAddMb: 0, balloonMb: 1024 }])
    expect(balance([idle], 4096)).toEqual([{ id: 'idle', unballoonMb: 0, hotAddMb: 0, balloonMb: 16 }])
    expect([100, 400, 1024, 4096, 16_384].map(linuxFloorMb)).toEqual([58, 140, 232, 488, 1000])
  })

  it('never gives more than there is, nor takes below the minimum, in 500 random cycles', () => {
    const random = new SeededIntegers(77)
    for (let round = 0; round < 500; round++) {
      const machines = Array.from({ length: 1 + random.below(8) }, (_, i) => {
        const minimumMb = 2 * (16 + random.below(500))
        const assignedMb = minimumMb + 2 * random.below(3000)
        return machine(`m${i}`, {
          minimumMb,
          assignedMb,
          demandMb: random.below(6000),
          weight: random.below(10_001),
          maximumMb: assignedMb + random.below(4000),
          balloonedMb: 2 * random.below(500),
          removableMb: random.below(3000),
          canHotAdd: random.below(2) === 0,
        })
      })
      const available = random.below(6000) - 2000
      const steps = balance(machines, available)
      expect(steps.reduce((sum, step) => sum + step.unballoonMb + step.hotAddMb, 0)).toBeLessThanOrEqual(Math.max(0, available))
      for (const step of steps) {
        const one = machines.find((entry) => entry.id === step.id)
        if (one === undefined) throw new Error('unknown machine')
        const after = one.assignedMb + step.unballoonMb + step.hotAddMb - step.balloonMb
        expect(step.balloonMb).toBeLessThanOrEqual(one.removableMb)
        if (step.balloonMb > 0) expect(after).toBeGreaterThanOrEqual(one.minimumMb)
        else expect(after).toBeLessThanOrEqual(one.maximumMb)
      }
    }
  })
})
