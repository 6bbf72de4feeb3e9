/** Builders for this folder's tests: a seeded generator of integers, a bus over the direct transport, an echoing provider and its driver. */
import { VmbusBus } from './bus.ts'
import type { VmbusBusOptions, VmbusDriver, VmbusProvider } from './bus-types.ts'
import type { Channel } from './channel.ts'
import type { VmbusClientOptions } from './client-types.ts'
import { encodeMessage } from './message-codec.ts'
import type { VmbusMessage } from './messages.ts'
import { completionPacket, inBandPacket, type Packet } from './packet.ts'
import { rawCodec } from './packet-codec.ts'
import type { OfferId } from './server-types.ts'
import type { VmbusTraceEvent } from './trace.ts'
import { DirectTransport } from './transport.ts'
import { serverFeatures, type VmbusVersion, versionsOffered, versionText, vmbusVersion } from './versions.ts'

/** Integers from a seed (xorshift32): the same for ever. */
export class SeededIntegers {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0 || 1
  }

  /** 0 … limit − 1. */
  below(limit: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) % limit
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
}

/** Options of a Linux-like guest of this highest version. */
export function clientOptions(highest: VmbusVersion, extra: Partial<VmbusClientOptions> = {}): VmbusClientOptions {
  return {
    versions: versionsOffered(highest),
    features: serverFeatures,
    targetVp: 0,
    interruptPageGpa: 0x5000,
    clientId: '00000000-0000-0000-0000-0000000000aa',
    gpadlFirst: 0xe1e10,
    ...extra,
  }
}

/** Reads and completes requests as the host; keeps what does not fit for the next event. */
export class EchoProvider implements VmbusProvider<Uint8Array, Uint8Array> {
  readonly codecs = { toHost: rawCodec, toGuest: rawCodec }
  readonly log: string[] = []
  /** Set to answer later. */
  slow = false
  served = 0
  /** Requests taken but not completed while holding. */
  readonly held: Packet<Uint8Array>[] = []
  hold = false

  open(): number | 'pending' {
    this.log.push('open')
    return this.slow ? 'pending' : 0
  }

  close(): 'closed' | 'pending' {
    this.log.push('close')
    this.held.length = 0
    return this.slow ? 'pending' : 'closed'
  }

  event(channel: Channel<Uint8Array, Uint8Array>): void {
    channel.drainAtHost(10_000, (packet) => {
      if (packet.flags === 0) return true
      if (this.hold) {
        this.held.push(packet)
        return true
      }
      return this.complete(channel, packet)
    })
  }

  complete(channel: Channel<Uint8Array, Uint8Array>, request: Packet<Uint8Array>): boolean {
    if (channel.sendFromHost(completionPacket(request.transactionId, request.payload, request.payloadBytes)) === 'full') return false
    this.served++
    return true
  }
}

/** Sends requests as the guest and checks that each is completed once. */
export class EchoDriver implements VmbusDriver<Uint8Array, Uint8Array> {
  readonly log: string[] = []
  channel: Channel<Uint8Array, Uint8Array> | undefined
  readonly outstanding = new Set<Packet<Uint8Array>>()
  completed = 0
  lost = 0

  opened(channel: Channel<Uint8Array, Uint8Array>): void {
    this.log.push(`opened ${channel.channelId}`)
    this.channel = channel
  }

  openFailed(channelId: number, status: number): void {
    this.log.push(`openFailed ${channelId} ${status.toString(16)}`)
  }

  event(channel: Channel<Uint8Array, Uint8Array>): void {
    channel.drainAtGuest(10_000, (packet, request) => {
      if (packet.type !== 0xb) return
      if (request === undefined || !this.outstanding.delete(request)) throw new Error('a completion without a request')
      this.completed++
    })
  }

  rescinded(channel: Channel<Uint8Array, Uint8Array>, requests: readonly Packet<Uint8Array>[]): void {
    this.log.push(`rescinded ${channel.channelId}`)
    this.fail(requests)
  }

  closed(channelId: number): void {
    this.log.push(`closed ${channelId}`)
    this.channel = undefined
  }

  fail(requests: readonly Packet<Uint8Array>[]): void {
    for (const request of requests) if (this.outstanding.delete(request)) this.lost++
    this.channel = undefined
  }

  /** Sends one request; false when the ring is full or closed. */
  request(bytes: number): boolean {
    const packet = inBandPacket(new Uint8Array(bytes), bytes, true)
    const result = this.channel?.sendFromGuest(packet) ?? 'refused'
    if (result === 'sent' || result === 'sentAndSignal') this.outstanding.add(packet)
    return result === 'sent' || result === 'sentAndSignal'
  }
}

/** A host and a guest on one bus, and the text of what was said. */
export class BusBench {
  readonly transport: DirectTransport
  readonly options: VmbusBusOptions
  bus: VmbusBus
  readonly lines: string[] = []
  readonly offered: number[] = []

  constructor(host: VmbusVersion, guest: VmbusVersion, extra: Partial<VmbusClientOptions> = {}, more: Partial<VmbusBusOptions> = {}) {
    this.transport = new DirectTransport(() => this.bus, host >= vmbusVersion.v5_0 ? [1, 4] : [1])
    this.options = {
      server: { versionMax: host, vpCount: 4 },
      client: clientOptions(guest, extra),
      guest: { channelOffered: (channelId) => void this.offered.push(channelId) },
      trace: (event) => this.note(event),
      ...more,
    }
    this.bus = new VmbusBus(this.transport, this.options)
  }

  note(event: VmbusTraceEvent): void {
    if (event.kind === 'message') this.lines.push(`${event.direction === 'toHost' ? '>' : '<'} ${messageLine(event.message)}`)
  }

  /** Opens a channel with `pages` pages for each ring's data. */
  open(channelId: number, driver: VmbusDriver, pages = 4, targetVp = 0): string | undefined {
    return this.bus.openChannel(
      channelId,
      { ringPages: [{ first: 0x1000 * channelId, count: 2 * (pages + 1) }], downstreamPageOffset: pages + 1, targetVp },
      driver,
    )
  }

  run(): void {
    this.transport.run()
  }
}

/** One message as a line: name, size in bytes, and the fields that matter. */
export function messageLine(message: VmbusMessage): string {
  const bytes = encodeMessage(message).length
  const shown: string[] = []
  for (const [key, value] of Object.entries(message) as [string, unknown][]) {
    if (['channelId', 'gpadlId', 'status', 'targetVp', 'connectionId', 'subchannelIndex', 'ringGpadlId'].includes(key)) {
      shown.push(`${key}=${typeof value === 'number' && key !== 'channelId' ? `0x${value.toString(16)}` : String(value)}`)
    }
  }
  if (message.kind === 'initiateContact') shown.unshift(versionText(message.version))
  if (message.kind === 'versionResponse') {
    shown.unshift(`${message.supported ? 'yes' : 'no'} 0x${message.versionOrConnectionId.toString(16)}`)
    if (message.features !== undefined) shown.push(`features=0x${message.features.toString(16)}`)
  }
  return `${message.kind} (${bytes})${shown.length > 0 ? ` ${shown.join(' ')}` : ''}`
}

/** The offer id of a successful offer. */
export function offerIdOf(result: { readonly ok: boolean; readonly offerId?: OfferId }): OfferId {
  if (!result.ok || result.offerId === undefined) throw new Error('the offer was refused')
  return result.offerId
}
