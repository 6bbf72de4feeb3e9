/** Builders for the tests of providers and clients: a clock, random values from shapes, a bus with one or more devices, and traffic as lines of text. */

import { VmbusBus } from '../vmbus/bus.ts'
import type { VmbusDriver, VmbusProvider } from '../vmbus/bus-types.ts'
import type { Channel } from '../vmbus/channel.ts'
import type { OfferChannelMessage } from '../vmbus/messages.ts'
import type { ChannelOffer, OfferId } from '../vmbus/server-types.ts'
import { clientOptions, offerIdOf, type SeededIntegers } from '../vmbus/testing.ts'
import type { VmbusTraceEvent } from '../vmbus/trace.ts'
import { DirectTransport } from '../vmbus/transport.ts'
import { type VmbusVersion, vmbusVersion } from '../vmbus/versions.ts'
import type { DeviceClock } from './device-clock.ts'
import type { WireShape } from './wire.ts'

/** A clock that moves only when told to, and remembers when it should wake whom. */
export class TestClock implements DeviceClock {
  tick = 0
  #wakes: number[] = []

  now(): number {
    return this.tick
  }

  wakeAt(tick: number): void {
    this.#wakes.push(tick)
  }

  /** The earliest wake-up asked for; taken off the list. */
  next(): number | undefined {
    this.#wakes.sort((a, b) => a - b)
    return this.#wakes.shift()
  }
}

/** A random value that fits a shape. */
export function randomValue(shape: WireShape, random: SeededIntegers): unknown {
  switch (shape.kind) {
    case 'integer': {
      const span = shape.max - shape.min + 1
      const wide = random.below(2 ** 21) * 2 ** 32 + random.below(2 ** 32)
      return random.below(8) === 0 ? random.pick([shape.min, shape.max]) : shape.min + (span > 2 ** 53 ? wide : wide % span)
    }
    case 'bigint':
      return BigInt(random.below(2 ** 32)) * 2n ** 32n + BigInt(random.below(2 ** 32))
    case 'boolean':
      return random.below(2) === 1
    case 'guid': {
      const hex = randomHex(16, random)
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
    }
    case 'padding':
      return undefined
    case 'choice':
      return random.pick(shape.values)
    case 'text':
      return Array.from({ length: random.below(Math.min(shape.units, 24) + 1) }, () => String.fromCharCode(32 + random.below(500))).join('')
    case 'hex':
      return randomHex(shape.min + random.below(shape.max - shape.min + 1), random)
    case 'list':
      return Array.from({ length: random.below(Math.min(shape.max, 12) + 1) }, () => randomValue(shape.item, random))
    case 'struct': {
      const value: Record<string, unknown> = {}
      for (const [name, field] of shape.fields) if (!name.startsWith('_')) value[name] = randomValue(field, random)
      return value
    }
  }
}

export function randomHex(bytes: number, random: SeededIntegers): string {
  return Array.from({ length: bytes }, () => random.below(256).toString(16).padStart(2, '0')).join('')
}

/** One device on the bench: what the host offers and who drives it in the guest. */
export interface BenchDevice {
  readonly offer: ChannelOffer
  readonly provider: VmbusProvider
  readonly driver: VmbusDriver
  /** Ring pages per direction. */
  readonly pages?: number
  /** Driver of a sub-channel. */
  readonly subchannel?: (index: number) => VmbusDriver
}

/** Host, guest and bus; channels are opened by themselves when they are offered. */
export class DeviceBench {
  readonly transport: DirectTransport
  readonly clock: TestClock
  readonly bus: VmbusBus
  readonly lines: string[] = []
  /** How packets become lines; default: none. */
  describe: ((payload: unknown, toHost: boolean, type: number) => string | undefined) | undefined
  readonly #devices: BenchDevice[] = []
  readonly #wakes: (() => void)[] = []

  constructor(version: VmbusVersion = vmbusVersion.v5_3, clock = new TestClock()) {
    this.clock = clock
    this.transport = new DirectTransport(() => this.bus, version >= vmbusVersion.v5_0 ? [1, 4] : [1])
    this.bus = new VmbusBus(this.transport, {
      server: { versionMax: version, vpCount: 8 },
      client: clientOptions(vmbusVersion.v5_3),
      guest: { channelOffered: (channelId, offer) => this.#offered(channelId, offer) },
      trace: (event) => this.#note(event),
    })
  }

  /** Adds a device and offers it. `wake` is called when its time comes. */
  add(device: BenchDevice, ...wakes: readonly (() => void)[]): OfferId {
    this.#devices.push(device)
    this.#wakes.push(...wakes)
    return offerIdOf(this.bus.offer(device.offer, device.provider))
  }

  start(): void {
    this.bus.connect()
    this.transport.run()
  }

  /** Runs until nothing is on the way, then lets time pass until nobody wants to be woken, or `limit` ticks have passed. */
  run(limit = Number.POSITIVE_INFINITY): void {
    const end = this.clock.tick + limit
    this.transport.run()
    for (let rounds = 0; rounds < 1_000_000; rounds++) {
      const next = this.clock.next()
      if (next === undefined) break
      if (next > end) {
        this.clock.wakeAt(next)
        break
      }
      this.clock.tick = Math.max(this.clock.tick, next)
      for (const wake of this.#wakes) wake()
      this.transport.run()
    }
    if (limit !== Number.POSITIVE_INFINITY) this.clock.tick = end
  }

  /** The channel of an offer's instance and sub-channel index. */
  channel(instanceId: string, index = 0): Channel | undefined {
    const found = this.bus.client.channels().find(({ offer }) => offer.instanceId === instanceId && offer.subchannelIndex === index)
    return found === undefined ? undefined : this.bus.channel(found.offer.channelId)
  }

  #offered(channelId: number, offer: OfferChannelMessage): void {
    const device = this.#devices.find((one) => one.offer.instanceId === offer.instanceId && one.offer.interfaceId === offer.interfaceId)
    if (device === undefined) return
    const driver = offer.subchannelIndex === 0 ? device.driver : device.subchannel?.(offer.subchannelIndex)
    const pages = device.pages ?? 32
    const ringPages = [{ first: 0x100000 + 0x1000 * channelId, count: 2 * (pages + 1) }]
    if (driver !== undefined) this.bus.openChannel(channelId, { ringPages, downstreamPageOffset: pages + 1, targetVp: 0 }, driver)
  }

  #note(event: VmbusTraceEvent): void {
    if (event.kind !== 'packet' || event.step !== 'sent') return
    const line = this.describe?.(event.packet.payload, event.direction === 'toHost', event.packet.type)
    if (line !== undefined) this.lines.push(`${event.direction === 'toHost' ? '>' : '<'} ${line}`)
  }
}
