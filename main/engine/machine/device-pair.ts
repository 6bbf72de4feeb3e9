/**
 * One channel of a synthetic device: its provider in the root (VSP) and its client in the guest (VSC), joined to the machine. The protocols are those of
 * `providers` and `clients`; a pair gives their channel its event paths, lets nothing through while the provider is stalled, and follows single requests.
 */
import type { ProviderAnswer, VmbusDriver, VmbusProvider } from '../vmbus/bus-types.ts'
import type { Channel } from '../vmbus/channel.ts'
import type { Packet } from '../vmbus/packet.ts'
import type { GpaRange } from '../vmbus/pages.ts'
import type { OfferId, OpenParameters } from '../vmbus/server-types.ts'
import type { DeviceEnds, TwoEnds } from './ends/device-ends.ts'
import type { MachineContext } from './machine-context.ts'
import type { DeviceSpec } from './stack-types.ts'

/** NTSTATUS: insufficient system resources. */
const STATUS_INSUFFICIENT_RESOURCES = 0xc000_009a

/** What a pair needs of its machine. */
export interface PairOwner {
  readonly context: MachineContext
  /** Makes the channel's event paths; false when the root has no memory for them. */
  channelOpened(parameters: OpenParameters): boolean
  channelClosed(channelId: number): void
  retarget(channelId: number, vp: number): void
}

export class DevicePair {
  readonly device: DeviceSpec
  readonly owner: PairOwner
  readonly subchannelIndex: number
  readonly provider: HostEnd
  readonly driver: GuestEnd
  offerId: OfferId = 0
  /** The open channel; undefined while it is not open. */
  channel: Channel | undefined
  readonly #make: () => DeviceEnds
  #ends: DeviceEnds | undefined
  #two: TwoEnds | undefined

  /** `make` is called when the channel is opened, or the pair restored: most devices of a machine that only starts are never used. */
  constructor(owner: PairOwner, device: DeviceSpec, make: () => DeviceEnds, subchannelIndex = 0) {
    this.owner = owner
    this.device = device
    this.#make = make
    this.subchannelIndex = subchannelIndex
    this.provider = new HostEnd(this)
    this.driver = new GuestEnd(this)
  }

  /** Both ends of the whole device; sub-channels share those of the primary channel. */
  get ends(): DeviceEnds {
    this.#ends ??= this.#make()
    return this.#ends
  }

  /** The ends of this pair's own channel. */
  get two(): TwoEnds {
    this.#two ??= this.subchannelIndex === 0 ? this.ends : (this.ends.subchannel?.(this.subchannelIndex) ?? this.ends)
    return this.#two
  }

  /** Whether the ends have been made: the device was in use at least once. */
  get isMade(): boolean {
    return this.#ends !== undefined
  }

  /** The start sequence is over: the device works. */
  get started(): boolean {
    return this.channel?.isOpen === true && this.ends.ready
  }

  get stalled(): boolean {
    return this.owner.context.host.isStalled(this.device.kind)
  }

  /** The channel is gone; its packets stay counted. */
  end(): void {
    this.owner.context.tally.closed(this.channel)
    this.channel = undefined
  }
}

/** The provider in the root partition. */
export class HostEnd implements VmbusProvider {
  readonly #pair: DevicePair

  constructor(pair: DevicePair) {
    this.#pair = pair
  }

  get codecs(): VmbusProvider['codecs'] {
    return this.#inner.codecs
  }

  get #inner(): VmbusProvider {
    return this.#pair.two.provider
  }

  open(channel: Channel, parameters: OpenParameters): ProviderAnswer {
    if (!this.#pair.owner.channelOpened(parameters)) return STATUS_INSUFFICIENT_RESOURCES
    this.#pair.channel = channel
    return this.#inner.open(channel, parameters)
  }

  close(channel: Channel): 'closed' {
    this.#pair.owner.channelClosed(channel.channelId)
    this.#inner.close(channel)
    this.#pair.end()
    return 'closed'
  }

  event(channel: Channel): void {
    // What comes stays in the ring until the provider goes on.
    if (!this.#pair.stalled) this.#inner.event(channel)
  }

  gpadl(gpadlId: number, ranges: readonly GpaRange[]): ProviderAnswer {
    return this.#inner.gpadl?.(gpadlId, ranges) ?? 0
  }

  gpadlTeardown(gpadlId: number): void {
    this.#inner.gpadlTeardown?.(gpadlId)
  }

  targetVp(vp: number): ProviderAnswer {
    const channelId = this.#pair.channel?.channelId
    if (channelId !== undefined) this.#pair.owner.retarget(channelId, vp)
    return this.#inner.targetVp?.(vp) ?? 0
  }
}

/** The client driver in the guest. */
export class GuestEnd implements VmbusDriver {
  readonly #pair: DevicePair

  constructor(pair: DevicePair) {
    this.#pair = pair
  }

  get #inner(): VmbusDriver {
    return this.#pair.two.driver
  }

  opened(channel: Channel): void {
    this.#inner.opened(channel)
  }

  openFailed(channelId: number, status: number): void {
    this.#inner.openFailed(channelId, status)
    this.#pair.end()
  }

  event(channel: Channel): void {
    this.#inner.event(channel)
  }

  rescinded(channel: Channel, requests: readonly Packet[]): void {
    this.#inner.rescinded(channel, requests)
    this.#pair.end()
  }

  closed(channelId: number): void {
    this.#inner.closed(channelId)
    this.#pair.end()
  }

  gpadlCreated(gpadlId: number, status: number): void {
    this.#inner.gpadlCreated?.(gpadlId, status)
  }

  gpadlTorndown(gpadlId: number): void {
    this.#inner.gpadlTorndown?.(gpadlId)
  }

  targetVpChanged(status: number): void {
    this.#inner.targetVpChanged?.(status)
  }
}
