/** The integration services: what the host asks, and what the guest's services answer. */
import {
  copyAnswerer,
  heartbeatAnswerer,
  type KvpGuest,
  kvpAnswerer,
  shutdownAnswerer,
  timeAnswerer,
  vssAnswerer,
} from '../../clients/integration/answers.ts'
import { type IcAnswerer, IcClient, type IcClientRows } from '../../clients/integration/client.ts'
import { FileCopyLogic } from '../../providers/integration/file-copy.ts'
import {
  frameworkVersions,
  type IcService,
  type IcVersion,
  icStatus,
  icVersionText,
  kvpOperation,
  kvpPool,
  serviceVersions,
  serviceVersionsOfHost,
} from '../../providers/integration/protocol.ts'
import { type IcLogic, IcProvider, type IcProviderRows } from '../../providers/integration/provider.ts'
import {
  HeartbeatLogic,
  type HeartbeatStatus,
  KvpLogic,
  ShutdownLogic,
  type ShutdownRequest,
  TimeSyncLogic,
  VssLogic,
} from '../../providers/integration/services.ts'
import type { VmbusDriver, VmbusProvider } from '../../vmbus/bus-types.ts'
import type { DeviceKind } from '../stack-types.ts'
import type { ChannelFinder, DeviceEnds, EndsParts } from './device-ends.ts'

const RING_PAGES = 3

const SERVICES: Partial<Record<DeviceKind, IcService>> = {
  heartbeat: 'heartbeat',
  shutdown: 'shutdown',
  timesync: 'timeSync',
  kvp: 'kvp',
  vss: 'vss',
  'file-copy': 'guestServices',
}

/** The service behind a device; undefined for other devices. */
export function serviceOf(kind: DeviceKind): IcService | undefined {
  return SERVICES[kind]
}

interface IcRows {
  readonly host: IcProviderRows
  readonly guest: IcClientRows
  /** Pools that the host writes into the guest. */
  readonly pools: readonly (readonly [number, readonly (readonly [string, string])[]])[]
}

/** Free bytes of a guest's system volume for copies (model). */
const COPY_ROOM = 2 ** 34

export class IntegrationEnds implements DeviceEnds {
  readonly ringPages = RING_PAGES
  readonly #provider: IcProvider
  readonly #client: IcClient
  readonly #logic: IcLogic
  /** Pools of the guest that the host writes; made when they are used. */
  #pools: KvpGuest['pools'] | undefined
  readonly #stalled: () => boolean
  #shutdownStatus: number | undefined
  /** Made with the first answer. */
  #addresses: Map<string, readonly string[]> | undefined

  constructor(parts: EndsParts, service: IcService) {
    const { time, hostRelease } = parts
    this.#stalled = parts.stalled
    const clock = time.clockOf(() => {
      if (!this.#stalled()) this.#provider.wake()
    }, 'clock')
    this.#logic = this.#logicOf(service, parts)
    this.#provider = new IcProvider(this.#logic, { hostRelease, clock })
    this.#client = new IcClient({
      service,
      versions: knownVersions(service, parts.guestRelease),
      // Framework 3.0 came with 2008 R2 (devices reference 5.1).
      frameworks: parts.guestRelease === '2008' ? frameworkVersions.slice(0, 1) : frameworkVersions,
      answer: this.#answerOf(service, parts),
    })
  }

  get provider(): VmbusProvider {
    return this.#provider as VmbusProvider
  }

  get driver(): VmbusDriver {
    return this.#client as VmbusDriver
  }

  get ready(): boolean {
    return this.#provider.contact.name === 'ready'
  }

  get version(): string | null {
    const { contact } = this.#provider
    return contact.name === 'ready' ? icVersionText(contact.version) : null
  }

  /** Sends a heartbeat now; false without contact. */
  beat(): boolean {
    if (!(this.#logic instanceof HeartbeatLogic) || this.#provider.host === undefined || this.#stalled()) return false
    this.#logic.beat(this.#provider)
    return true
  }

  heartbeatStatus(now: number): HeartbeatStatus {
    return this.#logic instanceof HeartbeatLogic ? this.#logic.status(now) : 'NoContact'
  }

  /** Asks the guest to end; false without contact. The status comes with `shutdownStatus`. */
  requestShutdown(request: ShutdownRequest): boolean {
    this.#shutdownStatus = undefined
    return this.#logic instanceof ShutdownLogic && !this.#stalled() && this.#logic.request(this.#provider, request)
  }

  /** HRESULT of the guest's answer to the last request; undefined before it. */
  get shutdownStatus(): number | undefined {
    return this.#shutdownStatus
  }

  /** Sends the host's time as one to be set now. */
  syncTime(): void {
    if (this.#logic instanceof TimeSyncLogic && !this.#stalled()) this.#logic.sync(this.#provider)
  }

  /** Asks for the guest's items once more. */
  pollItems(): void {
    if (this.#logic instanceof KvpLogic && !this.#stalled()) this.#logic.poll(this.#provider)
  }

  /** Asks for the addresses of an adapter (data exchange 4.0 and later); false without contact. */
  askAddresses(adapterId: string): boolean {
    if (!(this.#logic instanceof KvpLogic) || this.#stalled()) return false
    const empty = { family: 0, dhcp: 0, addresses: '', subnets: '', gateways: '', dnsServers: '' }
    return this.#logic.ipInfo(this.#provider, { adapterId, ...empty }, false)
  }

  /** Addresses of an adapter as the guest has told them last; undefined before. */
  addressesOf(adapterId: string): readonly string[] | undefined {
    return this.#addresses?.get(adapterId)
  }

  /** Items of the guest as the last whole enumeration told them. */
  get items(): ReadonlyMap<string, string> {
    return this.#logic instanceof KvpLogic ? this.#logic.items : new Map()
  }

  resume(): void {
    this.#provider.wake()
  }

  snapshot(): IcRows {
    const pools = [...(this.#pools ?? [])].map(([pool, items]) => [pool, [...items]] as const)
    return { host: this.#provider.snapshot(), guest: this.#client.snapshot(), pools }
  }

  restore(rows: unknown, channel: ChannelFinder): string | undefined {
    const { host, guest, pools } = rows as IcRows
    // The service's answers hold the map itself.
    for (const [pool, items] of pools) this.#pools?.set(pool, new Map(items))
    const found = channel(0)
    return (
      this.#client.restore(guest, found as Parameters<IcClient['restore']>[1]) ??
      this.#provider.restore(host, found as Parameters<IcProvider['restore']>[1])
    )
  }

  #logicOf(service: IcService, { world, time }: EndsParts): IcLogic {
    switch (service) {
      case 'heartbeat':
        return new HeartbeatLogic()
      case 'shutdown':
        return new ShutdownLogic((status) => {
          this.#shutdownStatus = status
        })
      case 'timeSync':
        return new TimeSyncLogic({ utc: () => world.utc(), reference: () => time.now() })
      case 'kvp':
        return new KvpLogic(
          () => undefined,
          (_operation, status, info) => {
            if (status !== icStatus.ok || info === undefined) return
            this.#addresses ??= new Map()
            this.#addresses.set(info.adapterId, info.addresses === '' ? [] : info.addresses.split(';'))
          },
        )
      case 'vss':
        return new VssLogic(
          () => undefined,
          () => undefined,
        )
      case 'guestServices':
        return new FileCopyLogic(() => undefined)
    }
  }

  #answerOf(service: IcService, { context, world, time }: EndsParts): IcAnswerer {
    const guest = () => world.guest(context.spec.id)
    switch (service) {
      case 'heartbeat':
        return heartbeatAnswerer(() => guest().applicationState())
      case 'shutdown':
        return shutdownAnswerer((kind, force, message) => guest().shutDown(kind, force, message))
      case 'timeSync':
        return timeAnswerer({ reference: () => time.now(), set: () => undefined, sample: () => undefined })
      case 'kvp':
        this.#pools = new Map()
        return kvpAnswerer({
          intrinsic: () => guest().intrinsicItems(),
          pools: this.#pools,
          ipInfo: (adapterId) => {
            const info = guest().ipInfo?.(adapterId)
            return info === undefined
              ? undefined
              : { kind: 'kvpIpInfo', operation: kvpOperation.getIpInfo, pool: kvpPool.external, ...info }
          },
        })
      case 'vss':
        return vssAnswerer({
          hotBackup: true,
          autoRecovery: context.spec.guest.family === 'windows',
          freeze: () => 'ok',
          thaw: () => undefined,
        })
      case 'guestServices':
        return copyAnswerer({ exists: () => false, folderExists: () => true, freeBytes: () => COPY_ROOM, done: () => undefined })
    }
  }
}

/** Versions of a service that a guest of a release's time knows. */
function knownVersions(service: IcService, release: string): readonly IcVersion[] {
  const newest = serviceVersionsOfHost[release]?.[service]
  const all = serviceVersions[service]
  if (newest === undefined) return all
  return all.filter(({ major, minor }) => major < newest.major || (major === newest.major && minor <= newest.minor))
}
