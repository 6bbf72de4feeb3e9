/**
 * The host's side of one integration component: negotiation, transactions and their time-outs (devices reference 5.1; openvmm: hyperv_ic). What a
 * service says is decided by its {@link IcLogic}.
 */
import type { ProviderAnswer, VmbusProvider } from '../../vmbus/bus-types.ts'
import { fromHex, toHex } from '../../vmbus/bytes.ts'
import type { Channel } from '../../vmbus/channel.ts'
import { inBandPacket } from '../../vmbus/packet.ts'
import { type PipeData, pipePayloadBytes } from '../../vmbus/pipe.ts'
import { ChannelEnd, type EndRows, hostPort } from '../channel-end.ts'
import type { DeviceClock } from '../device-clock.ts'
import {
  frameworkVersions,
  type IcBody,
  type IcMessage,
  type IcService,
  type IcVersion,
  icBytes,
  icCodec,
  icFlag,
  icMessageCodec,
  icPipe,
  icStatus,
  icType,
  serviceVersions,
  serviceVersionsOfHost,
  typeOfService,
} from './protocol.ts'

/** What the settings page and `Get-VMIntegrationService` can say about the contact with the guest. */
export type IcContact =
  /** The guest has not opened the channel. */
  | { readonly name: 'closed' }
  | { readonly name: 'negotiating'; readonly since: number }
  | { readonly name: 'ready'; readonly framework: IcVersion; readonly version: IcVersion }
  /** "The protocol version of the component installed in the virtual machine does not match …" */
  | { readonly name: 'mismatch' }
  /** "No Contact": opened, but silent for 5 s. A late answer still counts. */
  | { readonly name: 'silent' }

/** What a service may do with its channel. */
export interface IcHost {
  readonly now: number
  readonly version: IcVersion
  /** Sends a request; the answer comes to `answered`. Exclusive requests go one after the other, 60 s each at most. */
  ask(body: IcBody, options?: { readonly exclusive?: boolean }): void
  wakeAt(tick: number): void
}

export interface IcAnswer {
  readonly request: IcBody
  readonly body: IcBody | undefined
  /** HRESULT; `timeout` when no answer came. */
  readonly status: number
}

/** The behaviour of one service at the host. */
export interface IcLogic {
  readonly service: IcService
  /** A version was agreed on. */
  ready?(host: IcHost): void
  answered?(answer: IcAnswer, host: IcHost): void
  wake?(host: IcHost): void
  /** The channel is gone: what was under way has failed. */
  closed?(): void
  /** Plain rows of the service's own state. */
  snapshot?(): unknown
  restore?(rows: unknown): void
}

interface Pending {
  readonly message: IcMessage
  readonly deadline: number
}

export const icRowsVersion = 1

export interface IcProviderRows {
  readonly version: typeof icRowsVersion
  readonly contact: IcContact
  readonly nextTransaction: number
  readonly inFlight: readonly { readonly message: string; readonly deadline: number }[]
  readonly queue: readonly string[]
  readonly end: EndRows | undefined
  readonly logic: unknown
}

export interface IcProviderOptions {
  /** Release such as `2016`; decides the versions offered. */
  readonly hostRelease: string
  readonly clock: DeviceClock
  /** Ticks without an answer to the negotiation, and to a request. */
  readonly silentAfter?: number
  readonly requestTimeout?: number
  readonly contactChanged?: (contact: IcContact) => void
}

type IcPayload = PipeData<IcMessage>
type IcChannel = Channel<IcPayload, IcPayload>

export class IcProvider implements VmbusProvider<IcPayload, IcPayload> {
  readonly codecs = { toHost: icCodec, toGuest: icCodec }
  readonly logic: IcLogic
  readonly #options: IcProviderOptions
  readonly #offered: readonly IcVersion[]
  #end: ChannelEnd<IcPayload, IcPayload> | undefined
  #contact: IcContact = { name: 'closed' }
  #nextTransaction = 1
  #inFlight: Pending[] = []
  #queue: IcBody[] = []

  constructor(logic: IcLogic, options: IcProviderOptions) {
    this.logic = logic
    this.#options = options
    const highest = serviceVersionsOfHost[options.hostRelease]?.[logic.service]
    this.#offered = serviceVersions[logic.service].filter((one) => highest !== undefined && notAbove(one, highest))
  }

  get contact(): IcContact {
    return this.#contact
  }

  /** Requests without an answer, and those that wait for their turn. */
  get pending(): number {
    return this.#inFlight.length + this.#queue.length
  }

  open(channel: IcChannel): ProviderAnswer {
    this.#attach(channel)
    this.negotiate()
    return 0
  }

  close(): 'closed' {
    this.#end?.detach()
    this.#end = undefined
    this.#inFlight = []
    this.#queue = []
    this.#become({ name: 'closed' })
    this.logic.closed?.()
    return 'closed'
  }

  event(_channel: IcChannel): void {
    this.#end?.pump()
  }

  /** Starts the negotiation, at open and again after a restore or a live migration. */
  negotiate(): void {
    const now = this.#options.clock.now()
    this.#inFlight = []
    this.#become({ name: 'negotiating', since: now })
    const body: IcBody = { kind: 'negotiate', frameworks: frameworkVersions, messages: this.#offered }
    this.#post(icType.negotiate, body, Number.POSITIVE_INFINITY)
    this.#options.clock.wakeAt(now + this.#silentAfter)
  }

  /** For the service's own methods: undefined while there is no contact. */
  get host(): IcHost | undefined {
    if (this.#contact.name !== 'ready') return undefined
    const { clock } = this.#options
    return {
      now: clock.now(),
      version: this.#contact.version,
      ask: (body, options) => this.#ask(body, options?.exclusive ?? true),
      wakeAt: (tick) => clock.wakeAt(tick),
    }
  }

  wake(): void {
    if (this.#end === undefined || this.#end.stopped) return
    this.#end.pump()
    const now = this.#options.clock.now()
    if (this.#contact.name === 'negotiating' && this.#contact.since + this.#silentAfter <= now) this.#become({ name: 'silent' })
    const late = this.#inFlight.filter((one) => one.deadline <= now)
    this.#inFlight = this.#inFlight.filter((one) => one.deadline > now)
    for (const { message } of late) this.#answered({ request: message.body, body: undefined, status: icStatus.timeout })
    const { host } = this
    if (host !== undefined) this.logic.wake?.(host)
    this.#next()
  }

  /** A fault of the host's service: nothing is sent or read. */
  stop(): void {
    this.#end?.stop()
  }

  resume(): void {
    this.#end?.resume()
    this.wake()
  }

  snapshot(): IcProviderRows {
    const hex = (message: IcMessage): string => toHex(icMessageCodec.encode(message, { type: 6, transactionId: 0 }))
    return {
      version: icRowsVersion,
      contact: this.#contact,
      nextTransaction: this.#nextTransaction,
      inFlight: this.#inFlight.map(({ message, deadline }) => ({
        message: hex(message),
        deadline: deadline === Number.POSITIVE_INFINITY ? -1 : deadline,
      })),
      queue: this.#queue.map((body) => hex(this.#message(typeOfService[this.logic.service], body, 0))),
      end: this.#end?.snapshot(),
      logic: this.logic.snapshot?.() ?? null,
    }
  }

  restore(rows: IcProviderRows, channel: IcChannel | undefined): string | undefined {
    if (rows.version !== icRowsVersion) return `integration rows of version ${rows.version}`
    const parse = (hex: string): IcMessage | undefined => {
      const result = icMessageCodec.decode(fromHex(hex) ?? new Uint8Array(0), { type: 6, transactionId: 0 })
      return result.ok ? result.payload : undefined
    }
    this.#contact = rows.contact
    this.#nextTransaction = rows.nextTransaction
    this.#inFlight = []
    for (const row of rows.inFlight) {
      const message = parse(row.message)
      if (message === undefined) return 'a request cannot be read'
      this.#inFlight.push({ message, deadline: row.deadline < 0 ? Number.POSITIVE_INFINITY : row.deadline })
    }
    this.#queue = rows.queue.flatMap((hex) => parse(hex)?.body ?? [])
    this.logic.restore?.(rows.logic)
    if (rows.end === undefined || channel === undefined) return undefined
    const fault = this.#attach(channel).restore(rows.end)
    this.#options.clock.wakeAt(this.#options.clock.now())
    return fault
  }

  get #silentAfter(): number {
    return this.#options.silentAfter ?? 50_000_000
  }

  #attach(channel: IcChannel): ChannelEnd<IcPayload, IcPayload> {
    const { clock } = this.#options
    const end: ChannelEnd<IcPayload, IcPayload> = new ChannelEnd(icCodec, (packet) => this.#take(packet.payload.data), {
      onBlind: () => clock.wakeAt(clock.now() + 10_000),
    })
    end.attach(hostPort(channel))
    this.#end = end
    return end
  }

  #take(message: IcMessage): void {
    if ((message.flags & icFlag.response) === 0) return
    const at = this.#inFlight.findIndex((one) => one.message.transactionId === message.transactionId)
    const pending = this.#inFlight[at]
    // A late or doubled answer names no request any more.
    if (pending === undefined) return
    this.#inFlight.splice(at, 1)
    if (message.body.kind === 'negotiate') return this.#negotiated(message.body)
    this.#answered({ request: pending.message.body, body: message.body, status: message.status })
    this.#next()
  }

  #negotiated(body: IcBody & { readonly kind: 'negotiate' }): void {
    const [framework] = body.frameworks
    const [version] = body.messages
    if (framework === undefined || version === undefined) return this.#become({ name: 'mismatch' })
    this.#become({ name: 'ready', framework, version })
    const { host } = this
    if (host !== undefined) this.logic.ready?.(host)
  }

  #answered(answer: IcAnswer): void {
    const { host } = this
    if (host !== undefined) this.logic.answered?.(answer, host)
  }

  #ask(body: IcBody, exclusive: boolean): void {
    if (exclusive && this.pending > 0) this.#queue.push(body)
    else this.#send(body)
  }

  #next(): void {
    if (this.#inFlight.length > 0) return
    const body = this.#queue.shift()
    if (body !== undefined) this.#send(body)
  }

  #send(body: IcBody): void {
    const deadline = this.#options.clock.now() + (this.#options.requestTimeout ?? 600_000_000)
    this.#post(typeOfService[this.logic.service], body, deadline)
    this.#options.clock.wakeAt(deadline)
  }

  #post(type: IcMessage['type'], body: IcBody, deadline: number): void {
    const transactionId = this.#nextTransaction
    this.#nextTransaction = (transactionId % 255) + 1
    const message = this.#message(type, body, transactionId)
    this.#inFlight.push({ message, deadline })
    this.#end?.send(inBandPacket(icPipe(message), pipePayloadBytes(icBytes(message))))
  }

  #message(type: IcMessage['type'], body: IcBody, transactionId: number): IcMessage {
    const chosen = this.#contact.name === 'ready' ? this.#contact : undefined
    const framework = chosen?.framework ?? { major: 1, minor: 0 }
    const version = chosen?.version ?? { major: 1, minor: 0 }
    return { framework, type, version, status: 0, transactionId, flags: icFlag.transaction | icFlag.request, body }
  }

  #become(contact: IcContact): void {
    this.#contact = contact
    this.#options.contactChanged?.(contact)
  }
}

function notAbove(a: IcVersion, b: IcVersion): boolean {
  return a.major < b.major || (a.major === b.major && a.minor <= b.minor)
}
