/** A machine's VMBus with its devices: one life of the bus for each client system in the guest (firmware, then kernel). */
import { VmbusBus } from '../vmbus/bus.ts'
import { busRowsVersion, type VmbusBusOptions, type VmbusBusRows } from '../vmbus/bus-types.ts'
import type { Channel } from '../vmbus/channel.ts'
import { deviceClass } from '../vmbus/classes.ts'
import type { VmbusClientOptions } from '../vmbus/client-types.ts'
import type { OfferChannelMessage } from '../vmbus/messages.ts'
import { rawCodec } from '../vmbus/packet-codec.ts'
import { pageBytes } from '../vmbus/pages.ts'
import type { OpenParameters } from '../vmbus/server-types.ts'
import type { VmbusTraceEvent } from '../vmbus/trace.ts'
import type { SynicPost } from '../vmbus/transport.ts'
import { serverFeatures, type VmbusVersion, versionsOffered, vmbusVersion } from '../vmbus/versions.ts'
import { traceBus } from './bus-log.ts'
import { offerKey, offerOf } from './device-offers.ts'
import { DevicePair, type PairOwner } from './device-pair.ts'
import { DeviceTime } from './device-time.ts'
import { makeEnds } from './ends/make-ends.ts'
import { DEVICE_ROWS, hasDriver, isSameDevice, vmbusVersionOf } from './guest-facts.ts'
import type { MachineContext } from './machine-context.ts'
import { MachinePorts } from './machine-ports.ts'
import { MachineTransport } from './machine-transport.ts'
import { offersDevice, releaseOfDrivers } from './platform.ts'
import { pairRowsFault } from './saved-pairs.ts'
import type { DeviceSpec } from './stack-types.ts'

/** Guest pages of the bus driver: monitor pages and the shared interrupt page. */
const PARENT_TO_CHILD_PAGE = 0x180
const CHILD_TO_PARENT_PAGE = 0x181
const INTERRUPT_PAGE = 0x182
/** First guest page of rings and shared buffers. */
const RING_PAGES = 0x1200
const CLIENT_ID = 'c3a0e6d1-5f0b-4a57-9c55-1d2b7f3e9a10'
/** Linux counts GPADLs from here (linux: drivers/hv/connection.c); others from 1. */
const LINUX_FIRST_GPADL = 0xe1e10

/** Which system uses the bus: the Generation 2 firmware, or the guest's kernel. */
export type BusClient = 'firmware' | 'kernel'

export interface BusSaved {
  readonly rows: VmbusBusRows
  readonly client: BusClient
  /** Rows of both ends of each device, by interface and instance. */
  readonly pairs: readonly { readonly key: string; readonly row: unknown }[]
  readonly nextPage: number
}

/** Sent with OpenChannel; one text for all, because each is 240 characters. */
const NO_USER_DATA = '0'.repeat(2 * 120)

export class MachineBus implements PairOwner {
  readonly context: MachineContext
  readonly ports: MachinePorts
  readonly transport: MachineTransport
  readonly time: DeviceTime
  readonly #traced = (event: VmbusTraceEvent): void => traceBus(this.context.log, event, this.pairs)
  readonly #pairs = new Map<string, DevicePair>()
  #bus: VmbusBus | undefined
  #client: BusClient = 'kernel'
  #nextPage = RING_PAGES

  constructor(context: MachineContext) {
    this.context = context
    this.time = new DeviceTime(context.host)
    context.tally.channels = () => [...this.#pairs.values()].map((pair) => pair.channel)
    this.ports = new MachinePorts(
      context,
      (payload) => this.#hostMessage(payload as SynicPost),
      (connectionId, monitorId) => this.#hostEvent(connectionId, monitorId),
    )
    this.transport = new MachineTransport(context, () => this.ports)
  }

  get bus(): VmbusBus | undefined {
    return this.#bus
  }

  get client(): BusClient {
    return this.#client
  }

  /** Pairs of the present life, primary channels first in the order of the devices. */
  get pairs(): readonly DevicePair[] {
    return [...this.#pairs.values()]
  }

  /** The pair of a device. */
  pairOf(device: DeviceSpec): DevicePair | undefined {
    return this.pairs.find((pair) => isSameDevice(pair.device, device) && pair.subchannelIndex === 0)
  }

  // Lives

  /** A new life: the devices are offered anew, nobody is connected. */
  begin(client: BusClient): VmbusBus {
    this.#client = client
    this.#dropPairs()
    this.#nextPage = RING_PAGES
    const bus = new VmbusBus(this.transport, this.#options(client))
    this.#bus = bus
    for (const device of this.context.spec.devices) this.#offer(bus, device)
    return bus
  }

  /** A device that the machine gets while it runs. */
  add(device: DeviceSpec): void {
    if (this.#bus !== undefined) this.#offer(this.#bus, device)
  }

  /** A device is taken away; its channels are rescinded. */
  remove(device: DeviceSpec): void {
    const pair = this.pairOf(device)
    if (pair === undefined) return
    this.#bus?.revoke(pair.offerId)
    if (pair.isMade) pair.ends.end?.()
    for (const [key, candidate] of this.#pairs) {
      if (!isSameDevice(candidate.device, device)) continue
      candidate.end()
      this.#pairs.delete(key)
    }
  }

  /** Both sides forget each other; the paths of its channels go. */
  end(): void {
    this.#bus?.reset()
    this.context.host.settle()
    this.ports.disconnected()
    this.#bus = undefined
    this.#dropPairs()
  }

  #dropPairs(): void {
    for (const pair of this.#pairs.values()) {
      pair.end()
      if (pair.subchannelIndex === 0 && pair.isMade) pair.ends.end?.()
    }
    this.#pairs.clear()
    this.time.clear()
  }

  save(): BusSaved | null {
    if (this.#bus === undefined) return null
    const pairs = [...this.#pairs].flatMap(([key, pair]) =>
      pair.subchannelIndex === 0 && pair.isMade ? [{ key, row: pair.ends.snapshot() }] : [],
    )
    return { rows: this.#bus.snapshot(), client: this.#client, pairs, nextPage: this.#nextPage }
  }

  /** Undefined when done, or a sentence that says why the rows are refused. */
  restore(saved: BusSaved): string | undefined {
    this.#client = saved.client
    this.#nextPage = saved.nextPage
    this.#dropPairs()
    const rows = saved.rows
    if (rows.version !== busRowsVersion) return `bus rows of version ${rows.version}`
    const { connection } = rows.server
    if (connection.name === 'connected') {
      const { negotiated, monitorPages } = connection.info
      this.ports.connected(negotiated, monitorPages === undefined ? undefined : CHILD_TO_PARENT_PAGE)
    }
    for (const device of this.context.spec.devices) this.#makePair(device)
    for (const channel of rows.channels) if (channel.rows !== undefined) this.ports.openChannel(channel.parameters)
    const offers = new Map(rows.client.channels.map(({ offer }) => [offer.channelId, offer]))
    const bus = VmbusBus.restore(rows, 'machine', this.transport, this.#options(saved.client), {
      provider: (offerId, offer) => {
        const pair = this.#pairFor(offer)
        if (pair !== undefined) pair.offerId = offerId
        return pair?.provider
      },
      driver: (channelId) => {
        const offer = offers.get(channelId)
        return offer === undefined ? undefined : this.#pairFor(offer)?.driver
      },
      codecs: () => ({ toHost: rawCodec, toGuest: rawCodec }),
    })
    if (typeof bus === 'string') return bus
    this.#bus = bus
    for (const pair of this.#pairs.values()) pair.channel = this.#channelOf(bus, pair)
    for (const { key, row } of saved.pairs) {
      const pair = this.#pairs.get(key)
      const fault = pair === undefined ? undefined : this.#restorePair(pair, row)
      if (fault !== undefined) return `${DEVICE_ROWS[pair?.device.kind ?? 'scsi'].title}: ${fault}`
    }
    // Devices that the guest had not been told of are offered anew.
    for (const device of this.context.spec.devices) {
      const pair = this.pairOf(device)
      if (pair !== undefined && bus.server.channel(pair.offerId) === undefined) this.#offer(bus, device)
    }
    return undefined
  }

  #channelOf(bus: VmbusBus, pair: DevicePair): Channel | undefined {
    const channelId = bus.server.channel(pair.offerId)?.ids?.channelId
    return channelId === undefined ? undefined : bus.channel(channelId)
  }

  #restorePair(pair: DevicePair, row: unknown): string | undefined {
    const { interfaceId, instanceId } = offerOf(pair.device)
    return (
      pairRowsFault(pair.device.kind, row) ??
      pair.ends.restore(row, (index) => this.#pairs.get(offerKey({ interfaceId, instanceId, subchannelIndex: index }))?.channel)
    )
  }

  // The guest's driver of the bus

  /** Opens a channel of the guest if it stands offered. */
  openChannel(channelId: number, pair: DevicePair, targetVp: number): void {
    const ringPages = pair.ends.ringPages + 1
    const opening = {
      ringPages: [{ first: this.#takePages(2 * ringPages), count: 2 * ringPages }],
      downstreamPageOffset: ringPages,
      targetVp,
      userData: NO_USER_DATA,
    }
    this.#bus?.openChannel(channelId, opening, pair.driver)
  }

  /** Opens every offered channel whose driver `wanted` says the guest loads now. */
  openDevices(wanted: (device: DeviceSpec) => boolean): void {
    // The firmware runs on the boot processor alone, whatever its system will do later.
    const processors = this.#client === 'firmware' ? 1 : Math.max(1, this.context.spec.guest.processors)
    for (const channel of this.#bus?.client.channels() ?? []) {
      const pair = this.#pairs.get(offerKey(channel.offer))
      if (pair === undefined || channel.state.name !== 'offered' || channel.rescinded || !wanted(pair.device)) continue
      // Storage and network spread their interrupts; the rest stays on the boot processor.
      const spreads = pair.device.kind === 'scsi' || pair.device.kind === 'network'
      this.openChannel(channel.offer.channelId, pair, spreads ? channel.offer.channelId % processors : 0)
    }
  }

  /** Whether the guest loads a driver for it. The firmware has one for storage alone. */
  usedBy(device: DeviceSpec): boolean {
    if (this.#client === 'firmware') return device.kind === 'scsi' && device.boot === true
    return hasDriver(this.context.spec.guest, device.kind)
  }

  setTrace(on: boolean): void {
    this.#bus?.setTrace(on ? this.#traced : undefined)
  }

  // PairOwner

  channelOpened(parameters: OpenParameters): boolean {
    return this.ports.openChannel(parameters)
  }

  channelClosed(channelId: number): void {
    this.ports.closeChannel(channelId)
  }

  retarget(channelId: number, vp: number): void {
    this.ports.retarget(channelId, vp)
  }

  /** The driver of a pair shares memory over its channel; `gpadlCreated` follows. The id, or undefined when that cannot be. */
  #share(pair: DevicePair, bytes: number): number | undefined {
    const channelId = pair.channel?.channelId
    if (channelId === undefined) return undefined
    const pages = Math.ceil(bytes / pageBytes)
    const ranges = [{ byteCount: pages * pageBytes, byteOffset: 0, pages: [{ first: this.#takePages(pages), count: pages }] }]
    const result = this.#bus?.createGpadl(channelId, ranges)
    return result?.ok === true ? result.gpadlId : undefined
  }

  #offerSubchannels(pair: DevicePair, count: number): void {
    const subs: DevicePair[] = []
    const ids = this.#bus?.offerSubchannels(pair.offerId, count, (index) => {
      const sub = this.#subPair(pair, index)
      subs.push(sub)
      return sub.provider
    })
    subs.forEach((sub, at) => {
      sub.offerId = ids?.[at] ?? 0
    })
  }

  // What happens to the bus

  #hostMessage(post: SynicPost): void {
    this.context.tally.hostInterrupts++
    const bus = this.#bus
    if (bus === undefined) return
    bus.hostMessage(post)
    this.transport.feed(bus)
  }

  #hostEvent(connectionId: number, monitorId: number): void {
    this.context.tally.hostInterrupts++
    if (monitorId >= 0) this.#bus?.monitorScanned(monitorId)
    else this.#bus?.hostEvent(connectionId, 0)
  }

  #channelOffered(channelId: number, offer: OfferChannelMessage): void {
    if (offer.subchannelIndex === 0) return
    const pair = this.#pairFor(offer)
    const processors = Math.max(1, this.context.spec.guest.processors)
    if (pair !== undefined) this.openChannel(channelId, pair, offer.subchannelIndex % processors)
  }

  #options(client: BusClient): VmbusBusOptions {
    const { host, spec, log } = this.context
    const highest = this.#highest(client)
    const options: VmbusClientOptions = {
      versions: versionsOffered(highest),
      features: serverFeatures,
      targetVp: 0,
      interruptPageGpa: INTERRUPT_PAGE * 4096,
      monitorPages: { parentToChild: PARENT_TO_CHILD_PAGE * 4096, childToParent: CHILD_TO_PARENT_PAGE * 4096 },
      clientId: CLIENT_ID,
      gpadlFirst: client === 'kernel' && spec.guest.family === 'linux' ? LINUX_FIRST_GPADL : 1,
    }
    return {
      server: { versionMax: host.release.vmbus, vpCount: spec.processorCount, gpadlBytesMax: host.release.gpadlBytesMax },
      client: options,
      guest: {
        connected: (negotiated) => this.ports.connected(negotiated, CHILD_TO_PARENT_PAGE),
        channelOffered: (channelId, offer) => this.#channelOffered(channelId, offer),
      },
      host: { unloadComplete: () => this.ports.disconnected() },
      trace: log.on ? this.#traced : undefined,
    }
  }

  /** Highest version that the client asks for; the firmware is the host's own. */
  #highest(client: BusClient): VmbusVersion {
    const { host, spec } = this.context
    return client === 'firmware' ? host.release.vmbus : (vmbusVersionOf(spec.guest.vmbus ?? '') ?? host.release.vmbus)
  }

  #subchannels(device: DeviceSpec): number {
    const { host, spec } = this.context
    if (this.#client === 'firmware') return 0
    const version = Math.min(host.release.vmbus, this.#highest(this.#client))
    if (device.kind === 'scsi' && version >= vmbusVersion.v2_4) return Math.min(16, Math.ceil(spec.guest.processors / 4)) - 1
    if (device.kind === 'network' && version >= vmbusVersion.v3_0) return Math.min(8, spec.guest.processors) - 1
    return 0
  }

  #makePair(device: DeviceSpec): DevicePair | undefined {
    const { className } = DEVICE_ROWS[device.kind]
    const { host } = this.context
    if (className === null || !offersDevice(host.release, device.kind)) return undefined
    const pair: DevicePair = new DevicePair(this, device, () =>
      makeEnds({
        device,
        context: this.context,
        time: this.time,
        world: host.world,
        hostRelease: host.release.name,
        guestRelease: this.#client === 'firmware' ? host.release.name : releaseOfDrivers(this.#highest(this.#client)),
        subchannels: this.#subchannels(device),
        shareMemory: (bytes) => this.#share(pair, bytes),
        offerSubchannels: (count) => this.#offerSubchannels(pair, count),
        stalled: () => host.isStalled(device.kind),
      }),
    )
    this.#enter(pair)
    return pair
  }

  #subPair(primary: DevicePair, index: number): DevicePair {
    const pair = new DevicePair(this, primary.device, () => primary.ends, index)
    this.#enter(pair)
    return pair
  }

  #enter(pair: DevicePair): void {
    const { className } = DEVICE_ROWS[pair.device.kind]
    const row = deviceClass(className ?? 'scsi')
    const instanceId = pair.device.instanceId ?? row.instanceIds[0] ?? ''
    this.#pairs.set(offerKey({ interfaceId: row.interfaceId, instanceId, subchannelIndex: pair.subchannelIndex }), pair)
  }

  #offer(bus: VmbusBus, device: DeviceSpec): void {
    const pair = this.#makePair(device)
    if (pair === undefined) return
    const result = bus.offer(offerOf(device), pair.provider)
    if (result.ok) pair.offerId = result.offerId
  }

  #takePages(count: number): number {
    const first = this.#nextPage
    this.#nextPage += count
    return first
  }

  #pairFor(offer: { readonly interfaceId: string; readonly instanceId: string; readonly subchannelIndex: number }): DevicePair | undefined {
    const found = this.#pairs.get(offerKey(offer))
    if (found !== undefined || offer.subchannelIndex === 0) return found
    const primary = this.#pairs.get(offerKey({ ...offer, subchannelIndex: 0 }))
    return primary === undefined ? undefined : this.#subPair(primary, offer.subchannelIndex)
  }
}
