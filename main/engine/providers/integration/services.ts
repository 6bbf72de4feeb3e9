/** The services of the host: heartbeat, shutdown, time synchronization, data exchange, backup, file copy (devices reference 5.2–5.7). */

import {
  type IcBody,
  icPeriods,
  icStatus,
  type KvpIpInfo,
  kvpOperation,
  kvpPool,
  kvpType,
  plannedReason,
  shutdownFlag,
  timeFlag,
  vssFlag,
  vssOperation,
} from './protocol.ts'
import type { IcAnswer, IcHost, IcLogic, IcProvider } from './provider.ts'

/** Names of the PowerShell enumeration. */
export type HeartbeatStatus =
  | 'NoContact'
  | 'LostCommunication'
  | 'OkApplicationsUnknown'
  | 'OkApplicationsHealthy'
  | 'OkApplicationsCritical'

/** Ticks without an answer after which the communication counts as lost: 10 s. */
export const heartbeatLostAfter = 100_000_000

export class HeartbeatLogic implements IcLogic {
  readonly service = 'heartbeat'
  #sequence = 0
  #nextBeat = 0
  #lastAnswer = -1
  #application = 0

  /** Sequence number of the next message. */
  get sequence(): number {
    return this.#sequence
  }

  ready(host: IcHost): void {
    this.#beat(host)
  }

  wake(host: IcHost): void {
    if (host.now >= this.#nextBeat) this.#beat(host)
  }

  answered({ body }: IcAnswer, host: IcHost): void {
    if (body?.kind !== 'heartbeat') return
    this.#lastAnswer = host.now
    this.#sequence = body.sequence
    this.#application = body.applicationState
  }

  closed(): void {
    this.#lastAnswer = -1
    this.#nextBeat = 0
  }

  /** Sends a message now, beside the regular ones. */
  beat(provider: IcProvider): void {
    if (provider.host !== undefined) this.#beat(provider.host)
  }

  /** What the Heartbeat column and the settings show. */
  status(now: number): HeartbeatStatus {
    if (this.#lastAnswer < 0) return 'NoContact'
    if (now - this.#lastAnswer > heartbeatLostAfter) return 'LostCommunication'
    if (this.#application === 1) return 'OkApplicationsHealthy'
    return this.#application === 0 ? 'OkApplicationsUnknown' : 'OkApplicationsCritical'
  }

  snapshot(): unknown {
    return [this.#sequence, this.#nextBeat, this.#lastAnswer, this.#application]
  }

  restore(rows: unknown): void {
    if (Array.isArray(rows))
      [this.#sequence, this.#nextBeat, this.#lastAnswer, this.#application] = rows as [number, number, number, number]
  }

  #beat(host: IcHost): void {
    this.#nextBeat = host.now + icPeriods.heartbeat
    host.ask({ kind: 'heartbeat', sequence: this.#sequence, applicationState: 0 }, { exclusive: false })
    host.wakeAt(this.#nextBeat)
  }
}

export interface ShutdownRequest {
  readonly force: boolean
  readonly kind: 'powerOff' | 'restart' | 'hibernate'
  readonly timeoutSeconds: number
  readonly message: string
}

export class ShutdownLogic implements IcLogic {
  readonly service = 'shutdown'
  readonly #answer: (status: number) => void

  /** `answer`: 0 = the guest shuts down, else why it refuses (machine locked, not supported, no answer). */
  constructor(answer: (status: number) => void) {
    this.#answer = answer
  }

  /** Asks the guest. False when there is no contact: the menu entry is grey. */
  request(provider: IcProvider, request: ShutdownRequest): boolean {
    const { host } = provider
    if (host === undefined) return false
    const kind = request.kind === 'restart' ? shutdownFlag.restart : request.kind === 'hibernate' ? shutdownFlag.hibernate : 0
    const flags = kind | (request.force ? shutdownFlag.force : 0)
    host.ask({ kind: 'shutdown', reason: plannedReason, timeoutSeconds: request.timeoutSeconds, flags, message: request.message })
    return true
  }

  answered({ status }: IcAnswer): void {
    this.#answer(status)
  }
}

export class TimeSyncLogic implements IcLogic {
  readonly service = 'timeSync'
  readonly #clock: { utc(): bigint; reference(): number }
  #nextSample = 0

  /** `utc`: host time, 100 ns since 1601; `reference`: the partition's reference counter. */
  constructor(clock: { utc(): bigint; reference(): number }) {
    this.#clock = clock
  }

  ready(host: IcHost): void {
    this.#send(host, timeFlag.sync)
  }

  wake(host: IcHost): void {
    if (host.now >= this.#nextSample) this.#send(host, timeFlag.sample)
  }

  /** After a resume or restore: set the clock now. */
  sync(provider: IcProvider): void {
    if (provider.host !== undefined) this.#send(provider.host, timeFlag.sync)
  }

  snapshot(): unknown {
    return this.#nextSample
  }

  restore(rows: unknown): void {
    if (typeof rows === 'number') this.#nextSample = rows
  }

  #send(host: IcHost, flags: number): void {
    this.#nextSample = host.now + icPeriods.timeSample
    const parentTime = this.#clock.utc()
    const body: IcBody =
      host.version.major >= 4
        ? { kind: 'time4', parentTime, referenceTime: this.#clock.reference(), flags, leapIndicator: 0, stratum: 2 }
        : { kind: 'time3', parentTime, childTime: 0n, roundTrip: 0n, flags }
    host.ask(body, { exclusive: false })
    host.wakeAt(this.#nextSample)
  }
}

/** Intrinsic values are asked for about every 30 s. */
const kvpPollTicks = 300_000_000

export class KvpLogic implements IcLogic {
  readonly service = 'kvp'
  readonly #changed: (items: ReadonlyMap<string, string>) => void
  readonly #done: (operation: number, status: number, info: KvpIpInfo | undefined) => void
  #items = new Map<string, string>()
  #collected = new Map<string, string>()
  #nextPoll = 0

  constructor(
    changed: (items: ReadonlyMap<string, string>) => void = () => undefined,
    done: (operation: number, status: number, info: KvpIpInfo | undefined) => void = () => undefined,
  ) {
    this.#changed = changed
    this.#done = done
  }

  /** Guest intrinsic items (pool 2) of the last complete enumeration. */
  get items(): ReadonlyMap<string, string> {
    return this.#items
  }

  ready(host: IcHost): void {
    this.#poll(host)
  }

  wake(host: IcHost): void {
    if (host.now >= this.#nextPoll) this.#poll(host)
  }

  closed(): void {
    this.#items = new Map()
    this.#nextPoll = 0
  }

  /** Asks for the guest's items now. */
  poll(provider: IcProvider): void {
    if (provider.host !== undefined && provider.pending === 0) this.#poll(provider.host)
  }

  /** Host items for the guest: `AddKvpItems` writes pool 0, host facts pool 3. False without contact. */
  set(provider: IcProvider, pool: 0 | 3, key: string, value: string): boolean {
    provider.host?.ask({ kind: 'kvpExchange', operation: kvpOperation.set, pool, type: kvpType.string, ...sizes(key, value), key, value })
    return provider.host !== undefined
  }

  remove(provider: IcProvider, pool: 0 | 3, key: string): boolean {
    provider.host?.ask({ kind: 'kvpDelete', operation: kvpOperation.delete, pool, keyBytes: 2 * key.length + 2, key })
    return provider.host !== undefined
  }

  /** Reads or sets addresses of an adapter; setting needs version 4.0. */
  ipInfo(provider: IcProvider, info: KvpIpInfo, write: boolean): boolean {
    const { host } = provider
    if (host === undefined || host.version.major < 4) return false
    host.ask({ kind: 'kvpIpInfo', operation: write ? kvpOperation.setIpInfo : kvpOperation.getIpInfo, pool: kvpPool.external, ...info })
    return true
  }

  answered({ request, body, status }: IcAnswer, host: IcHost): void {
    if (request.kind === 'kvpEnumerate') {
      if (status === icStatus.ok && body?.kind === 'kvpEnumerate') {
        this.#collected.set(body.key, body.value)
        return this.#enumerate(host, request.index + 1)
      }
      if (status === icStatus.noMoreItems) {
        this.#items = this.#collected
        this.#changed(this.#items)
      }
      return
    }
    if (request.kind === 'kvpExchange' || request.kind === 'kvpDelete') this.#done(request.operation, status, undefined)
    if (request.kind === 'kvpIpInfo') this.#done(request.operation, status, body?.kind === 'kvpIpInfo' ? ipInfoOf(body) : undefined)
  }

  snapshot(): unknown {
    return { items: [...this.#items], collected: [...this.#collected], nextPoll: this.#nextPoll }
  }

  restore(rows: unknown): void {
    const { items, collected, nextPoll } = rows as { items: [string, string][]; collected: [string, string][]; nextPoll: number }
    this.#items = new Map(items)
    this.#collected = new Map(collected)
    this.#nextPoll = nextPoll
  }

  #poll(host: IcHost): void {
    this.#nextPoll = host.now + kvpPollTicks
    this.#collected = new Map()
    this.#enumerate(host, 0)
    host.wakeAt(this.#nextPoll)
  }

  #enumerate(host: IcHost, index: number): void {
    const empty = { type: kvpType.string, keyBytes: 0, valueBytes: 0, key: '', value: '' }
    host.ask({ kind: 'kvpEnumerate', operation: kvpOperation.enumerate, pool: kvpPool.auto, index, ...empty })
  }
}

function sizes(key: string, value: string): { readonly keyBytes: number; readonly valueBytes: number } {
  return { keyBytes: 2 * key.length + 2, valueBytes: 2 * value.length + 2 }
}

function ipInfoOf(body: IcBody & { readonly kind: 'kvpIpInfo' }): KvpIpInfo {
  const { adapterId, family, dhcp, addresses, subnets, gateways, dnsServers } = body
  return { adapterId, family, dhcp, addresses, subnets, gateways, dnsServers }
}

/** Steps of a backup as the guest sees them. */
export type BackupStep = 'idle' | 'checking' | 'freezing' | 'frozen' | 'thawing' | 'completing'

/** How a backup was made consistent. */
export type BackupKind = 'application' | 'fileSystem'

export class VssLogic implements IcLogic {
  readonly service = 'vss'
  readonly #frozen: (kind: BackupKind) => void
  readonly #ended: (status: number) => void
  #step: BackupStep = 'idle'
  #hotBackup = false
  #kind: BackupKind = 'application'
  #failure = 0

  /** `frozen`: take the host's snapshot now, then call {@link VssLogic.thaw}. `ended`: 0, or what failed. */
  constructor(frozen: (kind: BackupKind) => void, ended: (status: number) => void) {
    this.#frozen = frozen
    this.#ended = ended
  }

  get step(): BackupStep {
    return this.#step
  }

  /** Whether the guest can be backed up while it runs; asked at the start. */
  get hotBackup(): boolean {
    return this.#hotBackup
  }

  ready(host: IcHost): void {
    ask(host, vssOperation.hotBackup)
  }

  /** Starts a backup. False when there is no contact or one is under way. */
  begin(provider: IcProvider): boolean {
    const { host } = provider
    if (host === undefined || this.#step !== 'idle') return false
    this.#step = 'checking'
    this.#failure = 0
    ask(host, vssOperation.hotBackup)
    return true
  }

  /** The host's snapshot is there (or failed): the guest goes on writing. */
  thaw(provider: IcProvider): void {
    if (this.#step !== 'frozen' || provider.host === undefined) return
    this.#step = 'thawing'
    ask(provider.host, vssOperation.thaw)
  }

  closed(): void {
    const wasUnderWay = this.#step !== 'idle'
    this.#step = 'idle'
    if (wasUnderWay) this.#ended(icStatus.notConnected)
  }

  answered({ request, body, status }: IcAnswer, host: IcHost): void {
    if (request.kind !== 'vss') return
    const flags = body?.kind === 'vss' ? body.flags : 0
    if (request.operation === vssOperation.hotBackup) {
      this.#hotBackup = status === icStatus.ok && (flags & vssFlag.hotBackup) !== 0
      this.#kind = (flags & vssFlag.noAutoRecovery) !== 0 ? 'fileSystem' : 'application'
      if (this.#step !== 'checking') return
      if (!this.#hotBackup) return this.#end(status === icStatus.ok ? icStatus.notSupported : status)
      this.#step = 'freezing'
      return ask(host, vssOperation.freeze)
    }
    if (this.#step === 'freezing') {
      if (status === icStatus.ok) {
        this.#step = 'frozen'
        return this.#frozen(this.#kind)
      }
      // A guest that froze in part must be thawed.
      this.#failure = status
      this.#step = 'thawing'
      return ask(host, vssOperation.thaw)
    }
    if (this.#step === 'thawing') {
      if (this.#failure !== 0) return this.#end(this.#failure)
      this.#step = 'completing'
      return ask(host, vssOperation.backupComplete)
    }
    if (this.#step === 'completing') this.#end(icStatus.ok)
  }

  snapshot(): unknown {
    return { step: this.#step, hotBackup: this.#hotBackup, kind: this.#kind, failure: this.#failure }
  }

  restore(rows: unknown): void {
    const { step, hotBackup, kind, failure } = rows as { step: BackupStep; hotBackup: boolean; kind: BackupKind; failure: number }
    this.#step = step
    this.#hotBackup = hotBackup
    this.#kind = kind
    this.#failure = failure
  }

  #end(status: number): void {
    this.#step = 'idle'
    this.#ended(status)
  }
}

function ask(host: IcHost, operation: number): void {
  host.ask({ kind: 'vss', operation, flags: 0 })
}
