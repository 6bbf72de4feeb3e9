/** A machine's VMBus with its devices: one life of the bus for each client system in the guest (firmware, then kernel). */
import { invariant } from '../kernel/result.ts'
import { VmbusBus } from '../vmbus/bus.ts'
import { busRowsVersion, type VmbusBusOptions, type VmbusBusRows } from '../vmbus/bus-types.ts'
import type { Channel } from '../vmbus/channel.ts'
import { type DeviceClassName, deviceClass } from '../vmbus/classes.ts'
import type { VmbusClientOptions } from '../vmbus/client-types.ts'
import type { OfferChannelMessage } from '../vmbus/messages.ts'
import { classOffer } from '../vmbus/offers.ts'
import type { ChannelOffer, OpenParameters } from '../vmbus/server-types.ts'
import type { VmbusTraceEvent } from '../vmbus/trace.ts'
import type { SynicPost } from '../vmbus/transport.ts'
import { serverFeatures, type VmbusVersion, versionsOffered, vmbusVersion } from '../vmbus/versions.ts'
import { DevicePair, type PairOwner, type PairRow } from './device-pair.ts'
import { DEVICE_ROWS, hasDriver, isSameDevice, vmbusVersionOf } from './guest-facts.ts'
import type { MachineContext } from './machine-context.ts'
import { MachinePorts } from './machine-ports.ts'
import { MachineTransport } from './machine-transport.ts'
import { PAIR_CODECS, type PairPayload } from './pair-payload.ts'
import { pairScript } from './pair-scripts.ts'
import { offersDevice } from './platform.ts'
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
  readonly pairs: readonly { readonly key: string; readonly row: PairRow }[]
  readonly nextPage: number
}

/** Sent with OpenChannel; one text for all, because each is 240 characters. */
const NO_USER_DATA = '0'.repeat(2 * 120)

const offerTemplates = new Map<DeviceClassName, ChannelOffer>()

/** The offer of a device; those of one class share their texts. */
function offerOf(device: DeviceSpec): ChannelOffer {
  const className = DEVICE_ROWS[device.kind].className ?? 'scsi'
  const instanceId = device.instanceId ?? deviceClass(className).instanceIds[0] ?? ''
  let template = offerTemplates.get(className)
  if (template === undefined) {
    template = classOffer(className, instanceId)
    offerTemplates.set(className, template)
  }
  return template.instanceId === instanceId ? template : { ...template, instanceId }
}

function offerKey(offer: { readonly interfaceId: string; readonly instanceId: string; readonly subchannelIndex: number }): string {
  return `${offer.interfaceId}/${offer.instanceId}/${offer.subchannelIndex}`
}

export class MachineBus implements PairOwner {
  readonly context: MachineContext
  readonly ports: MachinePorts
  readonly transport: MachineTransport
  readonly #pairs = new Map<string, DevicePair>()
  readonly #onShutdownAnswer: () => void
  #bus: VmbusBus | undefined
  #client: BusClient = 'kernel'
  #nextPage = RING_PAGES

  constructor(context: MachineContext, onShutdownAnswer: () => void) {
    this.context = context
    this.#onShutdownAnswer = onShutdownAnswer
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
    this.#pairs.clear()
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
    for (const [key, candidate] of this.#pairs) if (isSameDevice(candidate.device, device)) this.#pairs.delete(key)
  }

  /** Both sides forget each other; the paths of its channels go. */
  end(): void {
    this.#bus?.reset()
    this.context.host.settle()
    this.ports.disconnected()
    this.#bus = undefined
    this.#pairs.clear()
  }

  save(): BusSaved | null {
    if (this.#bus === undefined) return null
    const pairs = [...this.#pairs].map(([key, pair]) => ({ key, row: pair.row() }))
    return { rows: this.#bus.snapshot(), client: this.#client, pairs, nextPage: this.#nextPage }
  }

  /** Undefined when done, or a sentence that says why the rows are refused. */
  restore(saved: BusSaved): string | undefined {
    this.#client = saved.client
    this.#nextPage = saved.nextPage
    this.#pairs.clear()
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
      codecs: () => PAIR_CODECS,
    })
    if (typeof bus === 'string') return bus
    this.#bus = bus
    for (const { key, row } of saved.pairs) {
      const pair = this.#pairs.get(key)
      const channelId = pair === undefined ? undefined : bus.server.channel(pair.offerId)?.ids?.channelId
      const channel = channelId === undefined ? undefined : bus.channel(channelId)
      pair?.load(row, channel as Channel<PairPayload, PairPayload> | undefined)
    }
    // Devices that the guest had not been told of are offered anew.
    for (const device of this.context.spec.devices) {
      const pair = this.pairOf(device)
      if (pair !== undefined && bus.server.channel(pair.offerId) === undefined) this.#offer(bus, device)
    }
    return undefined
  }

  // The guest's driver of the bus

  /** Opens a channel of the guest if it stands offered. */
  openChannel(channelId: number, pair: DevicePair, targetVp: number): void {
    const ringPages = pair.script.ringPages + 1
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
    this.#bus?.setTrace(on ? (event) => this.#traced(event) : undefined)
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

  share(channelId: number, pages: number): void {
    const ranges = [{ byteCount: pages * 4096, byteOffset: 0, pages: [{ first: this.#takePages(pages), count: pages }] }]
    this.#bus?.createGpadl(channelId, ranges)
  }

  offerSubchannels(pair: DevicePair): void {
    const count = this.#subchannels(pair.device)
    const ids = this.#bus?.offerSubchannels(pair.offerId, count, (index) => this.#subPair(pair.device, index).provider) ?? []
    const subs = this.pairs.filter((candidate) => candidate.device === pair.device && candidate.subchannelIndex > 0)
    subs.forEach((sub, at) => {
      sub.offerId = ids[at] ?? 0
    })
  }

  shutdownAnswered(): void {
    this.#onShutdownAnswer()
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
      trace: log.on ? (event) => this.#traced(event) : undefined,
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

  #makePair(device: DeviceSpec, subchannelIndex = 0): DevicePair | undefined {
    const { className } = DEVICE_ROWS[device.kind]
    const { host, spec } = this.context
    if (className === null || !offersDevice(host.release, device.kind)) return undefined
    const facts = {
      vmbus: Math.min(host.release.vmbus, this.#highest(this.#client)),
      units: device.units?.length ?? 0,
      subchannels: this.#subchannels(device),
      memoryMb: spec.memoryMb,
    }
    const whole = pairScript(device.kind, facts)
    const pair = new DevicePair(this, device, subchannelIndex === 0 ? whole : { ...whole, exchanges: [] }, subchannelIndex)
    const row = deviceClass(className)
    const instanceId = device.instanceId ?? row.instanceIds[0] ?? ''
    this.#pairs.set(offerKey({ interfaceId: row.interfaceId, instanceId, subchannelIndex }), pair)
    return pair
  }

  #subPair(device: DeviceSpec, index: number): DevicePair {
    const pair = this.#makePair(device, index)
    invariant(pair !== undefined, `a sub-channel of ${device.kind}`)
    return pair
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
    return primary === undefined ? undefined : this.#makePair(primary.device, offer.subchannelIndex)
  }

  #traced(event: VmbusTraceEvent): void {
    const { log } = this.context
    switch (event.kind) {
      case 'message':
        log.add('message', event.direction === 'toHost' ? 'guest' : 'root', 0, `${event.message.kind} (${event.bytes})`)
        break
      case 'packet': {
        if (event.step !== 'sent') break
        const pair = this.pairs.find((candidate) => candidate.channel?.channelId === event.channelId)
        const payload = event.packet.payload as PairPayload
        const text = `channel ${event.channelId}: ${pair?.nameOf(payload) ?? 'message'}${payload.isAnswer ? ' answer' : ''} (${event.packet.ringBytes})`
        log.add('packet', event.direction === 'toHost' ? 'guest' : 'root', 0, text, event.channelId, event.packet.transactionId || null)
        break
      }
      case 'signal':
        log.add(
          'signal',
          event.direction === 'toHost' ? 'guest' : 'root',
          0,
          `channel ${event.channelId} by ${event.path}`,
          event.channelId,
        )
        break
      case 'channelState':
        if (event.side === 'server')
          log.add('lifecycle', 'root', 0, `channel ${event.channelId}: ${event.from} to ${event.to}`, event.channelId)
        break
      case 'connectionState':
        if (event.side === 'server') log.add('lifecycle', 'root', 0, `VMBus: ${event.from} to ${event.to}`)
        break
    }
  }
}
