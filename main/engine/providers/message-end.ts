/** Bases of the small devices, which only send and receive messages without completions: one for the host's side, one for the guest's. */
import type { ProviderAnswer, VmbusDriver, VmbusProvider } from '../vmbus/bus-types.ts'
import type { Channel } from '../vmbus/channel.ts'
import { inBandPacket, type Packet } from '../vmbus/packet.ts'
import type { PayloadCodec } from '../vmbus/packet-codec.ts'
import { type PipeData, pipeCodec, pipePayloadBytes } from '../vmbus/pipe.ts'
import { ChannelEnd, type EndPort, type EndRows, guestPort, hostPort } from './channel-end.ts'
import type { MessageSet } from './message-set.ts'

/** Saved form of a small device: its state and what waits in its end. */
export interface DeviceRows<S> {
  readonly version: 1
  readonly state: S
  readonly end: EndRows | undefined
}

/** Sends and receives messages of one set, in pipe packets or raw. */
export class MessageEnd<M extends { readonly kind: string }> {
  readonly codec: PayloadCodec<unknown>
  readonly #set: MessageSet<M>
  readonly #pipe: boolean
  readonly #end: ChannelEnd<unknown, unknown>

  constructor(set: MessageSet<M>, pipe: boolean, received: (message: M) => void) {
    this.#set = set
    this.#pipe = pipe
    this.codec = (pipe ? pipeCodec(set) : set) as PayloadCodec<unknown>
    this.#end = new ChannelEnd<unknown, unknown>(this.codec, (packet: Packet) => {
      received(pipe ? (packet.payload as PipeData<M>).data : (packet.payload as M))
    })
  }

  get isOpen(): boolean {
    return this.#end.isOpen
  }

  /** Messages that wait for room in the ring. */
  get waiting(): number {
    return this.#end.waiting
  }

  attach(port: EndPort<unknown, unknown>): void {
    this.#end.attach(port)
  }

  detach(): void {
    this.#end.detach()
  }

  pump(): void {
    this.#end.pump()
  }

  stop(): void {
    this.#end.stop()
  }

  resume(): void {
    this.#end.resume()
  }

  /** False when the channel is closed. */
  send(message: M): boolean {
    const bytes = this.#set.size(message)
    const packet: Packet<unknown> = this.#pipe
      ? inBandPacket<unknown>({ dataBytes: bytes, data: message } satisfies PipeData<M>, pipePayloadBytes(bytes))
      : inBandPacket<unknown>(message, bytes)
    return this.#end.send(packet) !== 'refused'
  }

  snapshot(): EndRows | undefined {
    return this.#end.isOpen ? this.#end.snapshot() : undefined
  }

  restore(rows: EndRows): string | undefined {
    return this.#end.restore(rows)
  }
}

abstract class MessageDevice<M extends { readonly kind: string }, S> {
  protected readonly end: MessageEnd<M>
  /** Plain data; replaced as a whole by each step. */
  protected current: S
  readonly #start: S

  constructor(set: MessageSet<M>, pipe: boolean, start: S) {
    this.end = new MessageEnd(set, pipe, (message) => this.received(message))
    this.current = start
    this.#start = start
  }

  get state(): S {
    return this.current
  }

  /** A fault of this side, or its end: what comes stays in the ring. */
  stop(): void {
    this.end.stop()
  }

  resume(): void {
    this.end.resume()
  }

  snapshot(): DeviceRows<S> {
    return { version: 1, state: this.current, end: this.end.snapshot() }
  }

  /** Puts saved rows in place; a sentence when they are refused. */
  restore(rows: DeviceRows<S>, channel: Channel | undefined): string | undefined {
    if (rows.version !== 1) return `device rows of version ${String(rows.version)}`
    this.current = rows.state
    if (rows.end === undefined || channel === undefined) return undefined
    this.end.attach(this.portOf(channel))
    return this.end.restore(rows.end)
  }

  protected forget(): void {
    this.end.detach()
    this.current = this.#start
    this.gone()
  }

  protected abstract portOf(channel: Channel): EndPort<unknown, unknown>
  protected abstract received(message: M): void
  protected gone(): void {}
}

/** A provider of such a device. */
export abstract class MessageProvider<M extends { readonly kind: string }, S> extends MessageDevice<M, S> implements VmbusProvider {
  readonly codecs: { readonly toHost: PayloadCodec<unknown>; readonly toGuest: PayloadCodec<unknown> }

  constructor(set: MessageSet<M>, pipe: boolean, start: S) {
    super(set, pipe, start)
    this.codecs = { toHost: this.end.codec, toGuest: this.end.codec }
  }

  open(channel: Channel): ProviderAnswer {
    this.end.attach(hostPort(channel))
    this.started()
    return 0
  }

  close(): 'closed' {
    this.forget()
    return 'closed'
  }

  event(_channel: Channel): void {
    this.end.pump()
  }

  protected portOf(channel: Channel): EndPort<unknown, unknown> {
    return hostPort(channel)
  }

  protected started(): void {}
}

/** A guest driver of such a device. */
export abstract class MessageDriver<M extends { readonly kind: string }, S> extends MessageDevice<M, S> implements VmbusDriver {
  opened(channel: Channel): void {
    this.end.attach(guestPort(channel))
    this.started()
    // A host that speaks first may have spoken before the channel was open here.
    this.end.pump()
  }

  openFailed(_channelId: number, _status: number): void {
    this.forget()
  }

  event(_channel: Channel): void {
    this.end.pump()
  }

  rescinded(_channel: Channel, _requests: readonly Packet[]): void {
    this.forget()
  }

  closed(_channelId: number): void {
    this.forget()
  }

  protected portOf(channel: Channel): EndPort<unknown, unknown> {
    return guestPort(channel)
  }

  protected started(): void {}
}
