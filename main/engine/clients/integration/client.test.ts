import { describe, expect, it } from 'vitest'
import { FileCopyLogic } from '../../providers/integration/file-copy.ts'
import {
  type IcMessage,
  type IcService,
  icStatus,
  icVersionText,
  serviceVersions,
  serviceVersionsOfHost,
} from '../../providers/integration/protocol.ts'
import { type IcLogic, IcProvider } from '../../providers/integration/provider.ts'
import { HeartbeatLogic, KvpLogic, ShutdownLogic, TimeSyncLogic, VssLogic } from '../../providers/integration/services.ts'
import { DeviceBench } from '../../providers/testing.ts'
import type { DeviceClassName } from '../../vmbus/classes.ts'
import { classOffer } from '../../vmbus/offers.ts'
import type { PipeData } from '../../vmbus/pipe.ts'
import { copyAnswerer, heartbeatAnswerer, intrinsicKeys, kvpAnswerer, shutdownAnswerer, timeAnswerer, vssAnswerer } from './answers.ts'
import { type IcAnswerer, IcClient, type IcClientOptions } from './client.ts'

const start = (logic: IcLogic, answer: IcAnswerer, hostRelease = '2022', more: Partial<IcClientOptions> = {}) => {
  const bench = new DeviceBench()
  bench.describe = (payload) => {
    const { body, status } = (payload as PipeData<IcMessage>).data
    const head =
      body.kind === 'negotiate'
        ? ` ${body.frameworks.map(icVersionText)}|${body.messages.map(icVersionText)}`
        : 'operation' in body
          ? ` ${body.operation}`
          : ''
    return `${body.kind}${head}${status === 0 ? '' : ` 0x${status.toString(16)}`}`
  }
  const provider = new IcProvider(logic, { hostRelease, clock: bench.clock })
  const client = new IcClient({ service: logic.service, answer, ...more })
  const offer = classOffer(logic.service as DeviceClassName)
  const offerId = bench.add({ offer, provider, driver: client, pages: logic.service === 'guestServices' ? 4 : 3 }, () => provider.wake())
  bench.start()
  const channel = () => bench.channel(offer.instanceId)
  return { bench, provider, client, offerId, channel }
}

const idle: IcLogic = { service: 'kvp' }

describe('negotiation', () => {
  it('is begun by the host; the guest answers with the newest pair', () => {
    const { bench, provider } = start(idle, () => 'never', '2016')
    expect(bench.lines).toEqual(['< negotiate 1.0,3.0|1.0,3.0,4.0,5.0', '> negotiate 3.0|5.0'])
    expect(provider.contact).toMatchObject({ name: 'ready', version: { major: 5, minor: 0 } })
  })

  it.each(
    Object.entries(serviceVersionsOfHost).flatMap(([release, services]) =>
      Object.keys(services).map((service) => [release, service as IcService] as const),
    ),
  )('on %s of %s ends at the host’s highest version', (release, service) => {
    const { provider } = start({ service }, () => 'never', release)
    expect(provider.contact).toMatchObject({ name: 'ready', version: serviceVersionsOfHost[release]?.[service] })
  })

  it('ends in a mismatch, or in silence after 5 s', () => {
    expect(start(idle, () => 'never', '2008', { versions: [{ major: 9, minor: 0 }] }).provider.contact).toEqual({ name: 'mismatch' })
    const silent = start(idle, () => 'never')
    silent.client.stop()
    silent.provider.negotiate()
    silent.bench.run(50_000_000)
    expect(silent.provider.contact).toEqual({ name: 'silent' })
    silent.client.resume()
    silent.bench.run(0)
    expect(silent.provider.contact.name).toBe('ready')
    expect(serviceVersions.heartbeat.length).toBe(2)
  })
})

describe('heartbeat', () => {
  it('beats every 2 s, counts on, and is lost and found with the guest', () => {
    const logic = new HeartbeatLogic()
    let state = 1
    const { bench, client } = start(
      logic,
      heartbeatAnswerer(() => state),
    )
    expect(logic.status(0)).toBe('OkApplicationsHealthy')
    bench.run(100_000_000)
    expect([logic.sequence, bench.lines.filter((line) => line.startsWith('<')).length]).toEqual([6, 7])
    state = 0
    bench.run(20_000_000)
    expect(logic.status(bench.clock.tick)).toBe('OkApplicationsUnknown')
    client.stop()
    bench.run(120_000_000)
    expect(logic.status(bench.clock.tick)).toBe('LostCommunication')
    client.resume()
    bench.run(0)
    expect(logic.status(bench.clock.tick)).toBe('OkApplicationsUnknown')
    expect(new HeartbeatLogic().status(0)).toBe('NoContact')
  })
})

describe('shutdown', () => {
  it.each([
    ['powerOff', false, 'ok', 0],
    ['restart', true, 'ok', 0],
    ['hibernate', false, 'notSupported', icStatus.notSupported],
    ['powerOff', false, 'machineLocked', icStatus.machineLocked],
  ] as const)('%s, force %s: %s', (kind, force, outcome, status) => {
    const answers: number[] = []
    const asked: string[] = []
    const logic = new ShutdownLogic((value) => answers.push(value))
    const { bench, provider } = start(
      logic,
      shutdownAnswerer((what, forced, message) => {
        asked.push(`${what} ${forced} ${message}`)
        return outcome
      }),
    )
    expect(logic.request(provider, { kind, force, timeoutSeconds: 60, message: 'Host maintenance' })).toBe(true)
    bench.run(0)
    expect([asked, answers]).toEqual([[`${kind} ${force} Host maintenance`], [status]])
  })

  it('gets no answer from a hung guest, and none is asked without contact', () => {
    const answers: number[] = []
    const logic = new ShutdownLogic((value) => answers.push(value))
    const { bench, provider, offerId } = start(logic, () => 'never')
    logic.request(provider, { kind: 'powerOff', force: false, timeoutSeconds: 0, message: '' })
    bench.run(700_000_000)
    expect(answers).toEqual([icStatus.timeout])
    bench.bus.revoke(offerId)
    bench.run(0)
    expect(logic.request(provider, { kind: 'powerOff', force: false, timeoutSeconds: 0, message: '' })).toBe(false)
  })
})

describe('time synchronization', () => {
  it.each([
    ['2012 R2', 3],
    ['2022', 4],
  ] as const)('of %s sets the clock at the start and samples every 5 s', (release, major) => {
    const log: string[] = []
    const utc = 133_000_000_000_000_000n
    const clock = {
      set: (time: bigint) => log.push(`set ${time - utc}`),
      sample: (time: bigint) => log.push(`sample ${time - utc}`),
      reference: () => 700,
    }
    const { bench, provider } = start(new TimeSyncLogic({ utc: () => utc, reference: () => 500 }), timeAnswerer(clock), release)
    bench.run(100_000_000)
    const late = major === 4 ? 200 : 0
    expect(log).toEqual([`set ${late}`, `sample ${late}`, `sample ${late}`])
    expect(provider.host?.version.major).toBe(major)
  })
})

describe('data exchange', () => {
  it('collects the guest’s values, writes the host’s, and goes on after saving in the middle', () => {
    let items: ReadonlyMap<string, string> = new Map()
    const done: string[] = []
    const logic = new KvpLogic(
      (now) => {
        items = now
      },
      (operation, status) => void done.push(`${operation} ${status.toString(16)}`),
    )
    const pools = new Map<number, Map<string, string>>()
    const { bench, provider, client, channel } = start(
      logic,
      kvpAnswerer({ intrinsic: () => intrinsicKeys.map((key) => [key, `value of ${key}`] as const), pools }),
    )
    expect([...items.keys()]).toEqual([...intrinsicKeys])
    expect(bench.lines.at(-1)).toBe('> kvpEnumerate 3 0x80070103')
    client.stop()
    logic.set(provider, 0, 'Role', 'web')
    logic.set(provider, 3, 'HostName', 'HV01')
    logic.remove(provider, 0, 'Nothing')
    bench.run(0)
    const open = channel()
    const rows = JSON.parse(JSON.stringify([provider.snapshot(), client.snapshot()]))
    expect(rows[0].queue.length).toBe(2)
    expect([provider.restore(rows[0], open as never), client.restore(rows[1], open as never)]).toEqual([undefined, undefined])
    client.resume()
    bench.run(0)
    expect([pools.get(0)?.get('Role'), pools.get(3)?.get('HostName'), done]).toEqual(['web', 'HV01', ['1 0', '1 0', '2 80041002']])
    expect(
      logic.ipInfo(provider, { adapterId: 'x', family: 1, dhcp: 1, addresses: '', subnets: '', gateways: '', dnsServers: '' }, false),
    ).toBe(true)
    bench.run(0)
    expect(done.at(-1)).toBe('4 80041002')
  })
})

describe('backup', () => {
  const run = (guest: Partial<Parameters<typeof vssAnswerer>[0]>) => {
    const log: string[] = []
    const logic = new VssLogic(
      (kind) => log.push(`frozen ${kind}`),
      (status) => log.push(`ended ${status.toString(16)}`),
    )
    const answerer = vssAnswerer({
      hotBackup: true,
      autoRecovery: true,
      freeze: () => {
        log.push('freeze')
        return 'ok'
      },
      thaw: () => void log.push('thaw'),
      ...guest,
    })
    const parts = start(logic, answerer)
    logic.begin(parts.provider)
    parts.bench.run(0)
    return { log, logic, ...parts }
  }

  it('freezes, lets the host take its snapshot, thaws and completes', () => {
    const { log, logic, provider, bench } = run({})
    expect([log, logic.step, logic.begin(provider)]).toEqual([['freeze', 'frozen application'], 'frozen', false])
    logic.thaw(provider)
    bench.run(0)
    expect([log, bench.lines.slice(2)]).toEqual([
      ['freeze', 'frozen application', 'thaw', 'ended 0'],
      ['< vss 2', '> vss 2', '< vss 2', '> vss 2', '< vss 5', '> vss 5', '< vss 6', '> vss 6', '< vss 4', '> vss 4'],
    ])
  })

  it('of Linux is file-system consistent; failures end with a thaw', () => {
    expect(run({ autoRecovery: false }).log.at(-1)).toBe('frozen fileSystem')
    expect(run({ hotBackup: false }).log).toEqual([`ended ${icStatus.notSupported.toString(16)}`])
    expect(run({ freeze: () => 'failure' }).log).toEqual(['thaw', `ended ${icStatus.failure.toString(16)}`])
    const cut = run({ freeze: () => 'later' })
    cut.bench.bus.revoke(cut.offerId)
    expect(cut.log).toEqual([`ended ${icStatus.notConnected.toString(16)}`])
  })
})

describe('file copy', () => {
  const run = (size: number, more: { exists?: boolean; free?: number; folder?: boolean } = {}) => {
    const log: string[] = []
    const logic = new FileCopyLogic((status) => log.push(`ended ${status.toString(16)}`))
    const target = {
      exists: () => more.exists ?? false,
      folderExists: () => more.folder ?? true,
      freeBytes: () => more.free ?? 1e9,
      done: (path: string, name: string, bytes: number) => log.push(`${path}\\${name} ${bytes}`),
    }
    const parts = start(logic, copyAnswerer(target))
    logic.begin(parts.provider, { name: 'a.txt', path: 'C:\\Temp', bytes: size, overwrite: false, createPath: false })
    parts.bench.run(0)
    return { log, ...parts }
  }

  it('moves a file in pieces of 6,144 bytes, each acknowledged', () => {
    const { log, bench } = run(20_000)
    expect(log).toEqual(['C:\\Temp\\a.txt 20000', 'ended 0'])
    expect(bench.lines.filter((line) => line === '< copyWrite 1').length).toBe(4)
  })

  it('is refused by the guest: file there, disk full, no folder', () => {
    expect([run(1, { exists: true }), run(100, { free: 10 }), run(1, { folder: false })].map(({ log }) => log)).toEqual([
      ['ended 80070050'],
      ['ended 80070070'],
      ['ended 80070057'],
    ])
  })
})
