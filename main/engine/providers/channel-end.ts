/**
 * One side's use of a channel: reads packets, keeps what does not fit into the ring, and sends it when there is room. Nothing is lost and the order is
 * kept; while too much waits to go out, packets stay unread in the ring, so that back-pressure reaches the other side.
 */
import { fromHex, toHex } from '../vmbus/bytes.ts'
import type { Channel, PacketSink, SendResult } from '../vmbus/channel.ts'
import { Packet, type PacketExtension, type PacketType } from '../vmbus/packet.ts'
import type { PayloadCodec } from '../vmbus/packet-codec.ts'

/** The half of a channel that one side uses. */
export interface EndPort<Out, In> {
  send(packet: Packet<Out>): 'sent' | 'sentAndSignal' | 'full' | 'refused'
  drain(max: number, sink: (packet: Packet<In>, request: Packet<Out> | undefined) => unknown): number
  readonly isOpen: boolean
  /** Whether the other side signals when a full ring has room again (VMBus 2.4 and later). */
  readonly signalsSpace: boolean
}

class HostPort<G, H> implements EndPort<H, G> {
  readonly #channel: Channel<G, H>

  constructor(channel: Channel<G, H>) {
    this.#channel = channel
  }

  get isOpen(): boolean {
    return this.#channel.isOpen
  }

  get signalsSpace(): boolean {
    return this.#channel.rings.hostToGuest.featureBits !== 0
  }

  send(packet: Packet<H>): SendResult {
    return this.#channel.sendFromHost(packet)
  }

  drain(max: number, sink: PacketSink<G, H>): number {
    return this.#channel.drainAtHost(max, sink)
  }
}

class GuestPort<G, H> implements EndPort<G, H> {
  readonly #channel: Channel<G, H>

  constructor(channel: Channel<G, H>) {
    this.#channel = channel
  }

  get isOpen(): boolean {
    return this.#channel.isOpen
  }

  get signalsSpace(): boolean {
    return this.#channel.rings.guestToHost.featureBits !== 0
  }

  send(packet: Packet<G>): SendResult {
    return this.#channel.sendFromGuest(packet)
  }

  drain(max: number, sink: PacketSink<H, G>): number {
    return this.#channel.drainAtGuest(max, sink)
  }
}

export function hostPort<G, H>(channel: Channel<G, H>): EndPort<H, G> {
  return new HostPort(channel)
}

export function guestPort<G, H>(channel: Channel<G, H>): EndPort<G, H> {
  return new GuestPort(channel)
}

/** `sent`: in the ring. `queued`: waits for room. `refused`: the channel is closed, or too much waits already. */
export type EndSendResult = 'sent' | 'queued' | 'refused'

/** Takes one packet. `tag` belongs to the request that a completion completes; 0 otherwise. */
export type EndSink<In, Out> = (packet: Packet<In>, request: Packet<Out> | undefined, tag: number) => void

export interface WaitingRow {
  readonly tag: number
  readonly type: PacketType
  readonly flags: number
  readonly transactionId: number
  readonly payloadBytes: number
  readonly payload: string
  readonly extension: PacketExtension
}

/** Saved form of an end. */
export interface EndRows {
  readonly stopped: boolean
  readonly tags: readonly (readonly [transactionId: number, tag: number])[]
  readonly waiting: readonly WaitingRow[]
  readonly counts: EndCounts
}

export interface EndCounts {
  readonly sent: number
  readonly received: number
  /** Packets that had to wait for room at least once. */
  readonly delayed: number
}

export interface EndOptions {
  /** Unread packets stay in the ring while more than this wait to go out. */
  readonly readLimit?: number
  /** Sends are refused while this many wait. */
  readonly waitLimit?: number
  /** Called when packets begin to wait and no signal for room will come: ask for a wake-up and call `pump` then. */
  readonly onBlind?: () => void
}

interface Waiting<Out> {
  readonly packet: Packet<Out>
  readonly tag: number
}

export class ChannelEnd<Out, In> {
  #port: EndPort<Out, In> | undefined
  #waiting: Waiting<Out>[] = []
  /** Made with the first request: most channels carry messages alone. */
  #tags: Map<number, number> | undefined
  readonly #sink: EndSink<In, Out>
  readonly #codec: PayloadCodec<Out>
  readonly #options: EndOptions
  #stopped = false
  #pumping = false
  sent = 0
  received = 0
  delayed = 0

  constructor(codec: PayloadCodec<Out>, sink: EndSink<In, Out>, options: EndOptions = {}) {
    this.#codec = codec
    this.#sink = sink
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#port?.isOpen ?? false
  }

  /** Packets that wait for room. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Requests whose completion was not read yet. */
  get outstanding(): number {
    return this.#tags?.size ?? 0
  }

  get stopped(): boolean {
    return this.#stopped
  }

  attach(port: EndPort<Out, In>): void {
    this.#port = port
  }

  /** The channel is gone. Returns the tags of requests that will never be completed, in the order in which they were sent. */
  detach(): number[] {
    const tags = [...(this.#tags?.values() ?? []), ...this.#waiting.map((entry) => entry.tag)].filter((tag) => tag !== 0)
    this.#port = undefined
    this.#tags = undefined
    this.#waiting = []
    return tags
  }

  /** A fault of this side: nothing is read and nothing sent until {@link resume}. Packets stay where they are. */
  stop(): void {
    this.#stopped = true
  }

  resume(): void {
    this.#stopped = false
    this.pump()
  }

  /** Sends a packet, or keeps it until there is room. A request's `tag` comes back with its completion. */
  send(packet: Packet<Out>, tag = 0): EndSendResult {
    if (this.#port?.isOpen !== true || this.#waiting.length >= (this.#options.waitLimit ?? 65_536)) return 'refused'
    if (this.#waiting.length === 0 && !this.#stopped) {
      const result = this.#write(packet, tag)
      if (result !== 'full') return result === 'refused' ? 'refused' : 'sent'
    }
    this.#waiting.push({ packet, tag })
    this.delayed++
    if (this.#waiting.length === 1 && !this.#port.signalsSpace) this.#options.onBlind?.()
    return 'queued'
  }

  /** Sends what waits and reads what came; called for each signal. */
  pump(): void {
    if (this.#pumping || this.#stopped) return
    this.#pumping = true
    try {
      while (this.#port?.isOpen === true) {
        this.#flush()
        if (this.#mayRead() && this.#port.drain(1 << 20, this.#take) > 0) continue
        break
      }
    } finally {
      this.#pumping = false
    }
    if (this.#waiting.length > 0 && this.#port?.signalsSpace === false) this.#options.onBlind?.()
  }

  /** Many equal packets at once have gone through the channel at rest. */
  passed(sent: number, received: number): void {
    this.sent += sent
    this.received += received
  }

  snapshot(): EndRows {
    const waiting = this.#waiting.map(({ packet, tag }): WaitingRow => {
      const { type, flags, transactionId, payloadBytes, extension } = packet
      return { tag, type, flags, transactionId, payloadBytes, payload: toHex(this.#codec.encode(packet.payload, packet)), extension }
    })
    const counts = { sent: this.sent, received: this.received, delayed: this.delayed }
    return { stopped: this.#stopped, tags: [...(this.#tags ?? [])], waiting, counts }
  }

  /** Puts saved rows in place; a sentence when they are refused. The port is attached by the owner. */
  restore(rows: EndRows): string | undefined {
    const waiting: Waiting<Out>[] = []
    for (const row of rows.waiting) {
      const bytes = fromHex(row.payload)
      const payload = bytes === undefined ? undefined : this.#codec.decode(bytes, row)
      if (payload?.ok !== true) return `a waiting packet cannot be read: ${payload?.reason ?? 'no hex text'}`
      const packet = new Packet(payload.payload).fill(
        row.type,
        row.flags,
        row.transactionId,
        payload.payload,
        row.payloadBytes,
        row.extension,
      )
      waiting.push({ packet, tag: row.tag })
    }
    this.#waiting = waiting
    this.#tags = rows.tags.length === 0 ? undefined : new Map(rows.tags)
    this.#stopped = rows.stopped
    this.sent = rows.counts.sent
    this.received = rows.counts.received
    this.delayed = rows.counts.delayed
    return undefined
  }

  readonly #take = (packet: Packet<In>, request: Packet<Out> | undefined): unknown => {
    if (request === undefined && !this.#mayRead()) return false
    this.received++
    let tag = 0
    if (request !== undefined) {
      tag = this.#tags?.get(packet.transactionId) ?? 0
      this.#tags?.delete(packet.transactionId)
    }
    this.#sink(packet, request, tag)
    return true
  }

  #mayRead(): boolean {
    return !this.#stopped && this.#waiting.length <= (this.#options.readLimit ?? 256)
  }

  #flush(): void {
    let done = 0
    while (done < this.#waiting.length) {
      const entry = this.#waiting[done]
      if (entry === undefined || this.#write(entry.packet, entry.tag) === 'full') break
      done++
    }
    if (done > 0) this.#waiting.splice(0, done)
  }

  #write(packet: Packet<Out>, tag: number): 'sent' | 'full' | 'refused' {
    const result = this.#port?.send(packet) ?? 'refused'
    if (result === 'full' || result === 'refused') return result
    this.sent++
    if (packet.flags !== 0) {
      this.#tags ??= new Map()
      this.#tags.set(packet.transactionId, tag)
    }
    return 'sent'
  }
}
