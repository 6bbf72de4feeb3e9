/**
 * One partition's VMBus: server, client, open channels, and the SynIC between them.
 *
 * Effects of both state machines are queued and carried out one after the other before a public call returns; nothing runs nested, so providers and
 * drivers may call the bus from their own callbacks. Messages and signals go through the {@link SynicTransport} and come back as calls of
 * {@link SynicReceiver}. A message slot is freed only after its message was handled: one message at a time.
 */
import {
  busRowsVersion,
  type OpenChannelRow,
  type ProviderAnswer,
  type VmbusBusOptions,
  type VmbusBusRows,
  type VmbusDriver,
  type VmbusProvider,
} from './bus-types.ts'
import { busClientNotifier, busServerNotifier } from './bus-notifiers.ts'
import { Channel, type ChannelSignals } from './channel.ts'
import { type ChannelCodecs, channelRows, packetOf, packetRow, restoreChannelRows } from './channel-rows.ts'
import { VmbusClient } from './client.ts'
import type { ChannelOpening, GpadlResult, VmbusClientError } from './client-types.ts'
import type { Guid } from './guid.ts'
import { hvsockOffer, isHvsock } from './hvsock.ts'
import { contactState, vmbusStatus } from './messages.ts'
import type { Packet } from './packet.ts'
import { countPages, type GpaRange, pageBytes } from './pages.ts'
import { VmbusServer } from './server.ts'
import type { RestoreMode } from './server-rows.ts'
import type { ChannelOffer, OfferId, OfferResult, OpenParameters, VmbusServerError } from './server-types.ts'
import type { SignalPath, SignalReason, VmbusTrace } from './trace.ts'
import type { SynicPost, SynicReceiver, SynicTransport } from './transport.ts'
import { vmbusConnection, vmbusSint, vmbusVersion } from './versions.ts'

/** An open channel with its two users. */
interface OpenRecord {
  readonly offerId: OfferId
  parameters: OpenParameters
  readonly channel: Channel
  driver: VmbusDriver | undefined
  /** The guest has not closed it yet. */
  guestOpen: boolean
  /** Requests of the guest that were cut off. */
  aborted: readonly Packet[]
  readonly codecs: ChannelCodecs
}

/** A row for a channel that works, or that its guest still believes in. */
function openChannelRow(record: OpenRecord): OpenChannelRow[] {
  const { offerId, parameters, guestOpen, channel, codecs } = record
  if (channel.isOpen) return [{ offerId, parameters, guestOpen, rows: channelRows(channel, codecs) }]
  if (!guestOpen) return []
  const { guestToHost, hostToGuest } = channel.rings
  const requests = record.aborted.map((packet) => packetRow(packet, codecs.toHost))
  const cutOff = { epoch: channel.epoch, guestToHostBytes: guestToHost.size, hostToGuestBytes: hostToGuest.size, requests }
  return [{ offerId, parameters, guestOpen, cutOff }]
}

/** Finds the two ends of each saved channel again. */
export interface BusEnds {
  provider(offerId: OfferId, offer: ChannelOffer): VmbusProvider | undefined
  driver(channelId: number): VmbusDriver | undefined
  /** Payload codecs of a channel whose provider is missing. */
  codecs?(offer: ChannelOffer): ChannelCodecs | undefined
}

export class VmbusBus implements SynicReceiver, ChannelSignals {
  readonly server: VmbusServer
  readonly client: VmbusClient
  readonly #transport: SynicTransport
  readonly #options: VmbusBusOptions
  readonly #providers = new Map<OfferId, VmbusProvider>()
  readonly #drivers = new Map<number, VmbusDriver>()
  readonly #open = new Map<OfferId, OpenRecord>()
  /** What the guest has open, by channel id. */
  readonly #byChannel = new Map<number, OpenRecord>()
  /** What the host has open, by channel id and by channel. */
  readonly #hostById = new Map<number, OpenRecord>()
  readonly #ofChannel = new Map<Channel, OpenRecord>()
  readonly #epochs = new Map<number, number>()
  readonly #monitorPending = new Set<number>()
  /** Bits of the shared interrupt page of guests before 2.4. */
  readonly #bitsToHost = new Set<number>()
  readonly #bitsToGuest = new Set<number>()
  #work: (() => void)[] = []
  #running = false

  constructor(transport: SynicTransport, options: VmbusBusOptions, parts?: { readonly server: VmbusServer; readonly client: VmbusClient }) {
    this.#transport = transport
    this.#options = options
    this.server = parts?.server ?? new VmbusServer(busServerNotifier(() => this, transport, options), options.server, options.trace)
    this.client = parts?.client ?? new VmbusClient(busClientNotifier(() => this, transport, options), options.client, options.trace)
  }

  /**
   * A bus from saved rows, or a sentence that says why they are refused.
   *
   * `resume`: the simulation goes on exactly where it stood. `machine`: a saved, checkpointed or migrated machine starts; a device for which `provider`
   * gives undefined is missing on this host and is rescinded, and every open channel is signalled once so that lost interrupts do not matter.
   * Providers and drivers restore their own state from their own rows; `codecs` serves channels whose provider is missing.
   */
  static restore(rows: VmbusBusRows, mode: RestoreMode, transport: SynicTransport, options: VmbusBusOptions, ends: BusEnds): VmbusBus | string {
    if (rows.version !== busRowsVersion) return `bus rows of version ${rows.version}`
    const holder: { bus?: VmbusBus } = {}
    const get = (): VmbusBus => {
      if (holder.bus === undefined) throw new Error('an effect before the bus exists')
      return holder.bus
    }
    const server = VmbusServer.restore(rows.server, mode, busServerNotifier(get, transport, options), options.server, options.trace)
    if (!server.ok) return `server: ${server.error.detail}`
    const client = VmbusClient.restore(rows.client, busClientNotifier(get, transport, options), options.client, options.trace)
    if (typeof client === 'string') return `client: ${client}`
    const bus = new VmbusBus(transport, options, { server: server.server, client })
    holder.bus = bus
    for (const [channelId, epoch] of rows.epochs) bus.#epochs.set(channelId, epoch)
    for (const id of rows.monitorPending) bus.#monitorPending.add(id)
    for (const id of rows.interruptBits.toHost) bus.#bitsToHost.add(id)
    for (const id of rows.interruptBits.toGuest) bus.#bitsToGuest.add(id)
    return bus.#attach(rows, mode, ends) ?? bus
  }

  /** Switches tracing on or off. */
  setTrace(trace: VmbusTrace | undefined): void {
    this.server.trace = trace
    this.client.trace = trace
    for (const record of this.#open.values()) record.channel.trace = trace
  }

  /** Rows of the whole bus; JSON-able. */
  snapshot(): VmbusBusRows {
    const channels = [...new Set([...this.#open.values(), ...this.#byChannel.values()])].flatMap(openChannelRow)
    const rows: VmbusBusRows = {
      version: busRowsVersion,
      server: this.server.snapshot(),
      client: this.client.snapshot(),
      channels,
      epochs: [...this.#epochs],
      monitorPending: [...this.#monitorPending],
      interruptBits: { toHost: [...this.#bitsToHost], toGuest: [...this.#bitsToGuest] },
    }
    return JSON.parse(JSON.stringify(rows)) as VmbusBusRows
  }

  // ---- the parent's side

  /** A device offers a channel and serves it. */
  offer(offer: ChannelOffer, provider: VmbusProvider): OfferResult {
    const result = this.server.offerChannel(offer)
    if (result.ok) this.#providers.set(result.offerId, provider)
    this.#drain()
    return result
  }

  /** Offers sub-channels 1…k of an open primary channel, as its device protocol was asked to (2.4 and later). */
  offerSubchannels(primary: OfferId, count: number, provider: (index: number) => VmbusProvider): readonly OfferId[] {
    const channel = this.server.channel(primary)
    if (channel === undefined) return []
    const ids: OfferId[] = []
    for (let index = 1; index <= count; index++) {
      const result = this.offer({ ...channel.offer, subchannelIndex: index }, provider(index))
      if (result.ok) ids.push(result.offerId)
    }
    return ids
  }

  /** The host connects to a listening hv_sock service of the guest. */
  connectHvsock(serviceId: Guid, endpointId: Guid, provider: VmbusProvider): OfferResult {
    return this.offer(hvsockOffer(serviceId, endpointId, true), provider)
  }

  /** A device is removed or its provider fails. */
  revoke(offerId: OfferId): VmbusServerError | undefined {
    this.#cutOff(offerId)
    const error = this.server.revokeChannel(offerId)
    this.#providers.delete(offerId)
    this.#drain()
    return error
  }

  /** Answers of providers that said `pending`. */
  providerOpened(offerId: OfferId, status: number): VmbusServerError | undefined {
    return this.#call(() => this.#opened(offerId, status))
  }

  providerClosed(offerId: OfferId): VmbusServerError | undefined {
    return this.#call(() => this.#closed(offerId))
  }

  providerGpadl(offerId: OfferId, gpadlId: number, status: number): VmbusServerError | undefined {
    return this.#call(() => this.server.gpadlCreateComplete(offerId, gpadlId, status))
  }

  providerTargetVp(offerId: OfferId, status: number): VmbusServerError | undefined {
    return this.#call(() => this.#retargeted(offerId, status))
  }

  /**
   * Machine reset or switched off: both sides forget each other. The hypervisor clears the SynIC itself, and lets the guest run only after
   * `resetComplete`, which waits for providers that close or open with `pending`.
   */
  reset(): void {
    this.client.forget()
    this.#forgetGuest()
    for (const offerId of [...this.#open.keys()]) this.#closeData(offerId)
    this.#monitorPending.clear()
    this.#bitsToHost.clear()
    this.#bitsToGuest.clear()
    this.server.reset()
    this.#drain()
  }

  /** After a restore every open channel is signalled once. */
  signalAll(): void {
    for (const record of this.#open.values()) if (record.channel.isOpen) record.channel.signalAfterRestore()
  }

  // ---- the guest's side

  connect(): VmbusClientError | undefined {
    return this.#call(() => this.client.connect())
  }

  /** Lets go of the bus: firmware before the operating system, hibernation, driver unload. */
  unload(): VmbusClientError | undefined {
    const error = this.client.unload()
    if (error === undefined) this.#forgetGuest()
    this.#drain()
    return error
  }

  /**
   * A new kernel starts that knows nothing of the old one (kexec without unload): it simply connects again. What the SynIC still holds for the old
   * kernel must be dropped before, or a late VersionResponse would be taken for an answer to the new contact.
   */
  reconnect(): VmbusClientError | undefined {
    this.#forgetGuest()
    this.client.forget()
    return this.connect()
  }

  openChannel(channelId: number, opening: ChannelOpening, driver: VmbusDriver): VmbusClientError | undefined {
    const error = this.client.openChannel(channelId, opening)
    if (error === undefined) this.#drivers.set(channelId, driver)
    this.#drain()
    return error
  }

  /** Closes an open channel. Returns the driver's requests that will never be completed. */
  closeChannel(channelId: number): readonly Packet[] | VmbusClientError {
    const error = this.client.closeChannel(channelId)
    if (error !== undefined) return error
    const record = this.#byChannel.get(channelId)
    this.#byChannel.delete(channelId)
    if (record !== undefined) {
      record.guestOpen = false
      this.#closeData(record.offerId)
    }
    this.#drain()
    return record?.aborted ?? []
  }

  createGpadl(channelId: number, ranges: readonly GpaRange[]): GpadlResult {
    const result = this.client.createGpadl(channelId, ranges)
    this.#drain()
    return result
  }

  teardownGpadl(channelId: number, gpadlId: number): VmbusClientError | undefined {
    return this.#call(() => this.client.teardownGpadl(channelId, gpadlId))
  }

  modifyChannel(channelId: number, vp: number): VmbusClientError | undefined {
    return this.#call(() => this.client.modifyChannel(channelId, vp))
  }

  tlConnect(endpointId: Guid, serviceId: Guid): VmbusClientError | undefined {
    return this.#call(() => this.client.tlConnect(endpointId, serviceId))
  }

  /** The open channel with this id, for inspectors and drivers. */
  channel(channelId: number): Channel | undefined {
    return this.#byChannel.get(channelId)?.channel ?? this.openChannels().find((channel) => channel.channelId === channelId)
  }

  /** Open channels in the order in which they were opened. */
  openChannels(): readonly Channel[] {
    return [...this.#open.values()].filter((record) => record.channel.isOpen).map((record) => record.channel)
  }

  // ---- SynIC

  hostMessage(post: SynicPost): void {
    this.server.handleMessage(post.message)
    this.#drain()
  }

  guestMessage(vp: number, sint: number, post: SynicPost): void {
    this.client.handleMessage(post.message)
    this.#transport.slotFreed(vp, sint)
    this.#drain()
  }

  hostEvent(connectionId: number, _flag: number): void {
    if (connectionId === vmbusConnection.sharedEvents) {
      const bits = [...this.#bitsToHost].sort((a, b) => a - b)
      this.#bitsToHost.clear()
      for (const channelId of bits) this.#hostEventOf(this.#hostById.get(channelId))
    } else {
      // The usual id holds the channel id in its low bits; a guest of 6.0 may have chosen others.
      const usual = this.#hostById.get(connectionId & 0xfff)
      const record = usual?.parameters.connectionId === connectionId ? usual : this.#find((entry) => entry.parameters.connectionId === connectionId)
      this.#hostEventOf(record)
    }
    this.#drain()
  }

  guestEvent(_vp: number, _sint: number, flag: number): void {
    if (this.#sharedInterrupts()) {
      const bits = [...this.#bitsToGuest].sort((a, b) => a - b)
      this.#bitsToGuest.clear()
      for (const channelId of bits) this.#guestEventOf(this.#byChannel.get(channelId))
    } else {
      const direct = this.#byChannel.get(flag)
      this.#guestEventOf(direct?.parameters.eventFlag === flag ? direct : this.#find((record) => record.parameters.eventFlag === flag))
    }
    this.#drain()
  }

  monitorScanned(monitorId: number): void {
    this.#monitorPending.delete(monitorId)
    this.#hostEventOf(this.#find((record) => record.parameters.monitor?.monitorId === monitorId))
    this.#drain()
  }

  buffersFree(): void {
    this.server.flushMessages()
    this.client.flushMessages()
    this.#drain()
  }

  signalHost(channel: Channel, _reason: SignalReason): SignalPath {
    const record = this.#ofChannel.get(channel)
    if (record === undefined) return 'hypercall'
    const monitor = record.parameters.monitor
    if (monitor !== undefined) {
      // Requests within one latency period coalesce in the bit.
      if (!this.#monitorPending.has(monitor.monitorId)) {
        this.#monitorPending.add(monitor.monitorId)
        this.#transport.monitorPending(monitor.monitorId, monitor.latency)
      }
      return 'monitor'
    }
    if (record.parameters.negotiated.version < vmbusVersion.v1_1) {
      this.#bitsToHost.add(channel.channelId)
      this.#transport.signalHost(vmbusConnection.sharedEvents, 0)
    } else this.#transport.signalHost(record.parameters.connectionId, 0)
    return 'hypercall'
  }

  signalGuest(channel: Channel, _reason: SignalReason): SignalPath {
    const record = this.#ofChannel.get(channel)
    const vp = record?.parameters.request.targetVp
    if (record === undefined || vp === undefined) return 'interrupt'
    if (record.parameters.negotiated.version < vmbusVersion.v2_4) {
      this.#bitsToGuest.add(channel.channelId)
      this.#transport.signalGuest(0, vmbusSint, 0)
    } else this.#transport.signalGuest(vp, vmbusSint, record.parameters.eventFlag)
    return 'interrupt'
  }

  // ---- effects, called by the notifiers; they only queue

  /** Queues an effect. For the notifiers of this folder. */
  later(effect: () => void): void {
    this.#work.push(effect)
  }

  effectOpen(offerId: OfferId, parameters: OpenParameters): void {
    const provider = this.#providers.get(offerId)
    const channel = this.#makeChannel(offerId, parameters)
    if (provider === undefined || channel === undefined) {
      this.server.openComplete(offerId, vmbusStatus.unsuccessful)
      return
    }
    const driver = this.#drivers.get(parameters.channelId)
    this.#enter({ offerId, parameters, channel, driver, guestOpen: false, aborted: [], codecs: provider.codecs })
    const answer = provider.open(channel, parameters)
    if (answer !== 'pending') this.#opened(offerId, answer)
  }

  effectClose(offerId: OfferId): void {
    const record = this.#open.get(offerId)
    const provider = this.#providers.get(offerId)
    this.#closeData(offerId)
    const answer = record === undefined || provider === undefined ? 'closed' : provider.close(record.channel)
    this.#revokeSubchannels(offerId)
    if (answer === 'closed') this.#closed(offerId)
  }

  effectGpadl(offerId: OfferId, gpadlId: number, ranges: readonly GpaRange[]): void {
    const answer = this.#providers.get(offerId)?.gpadl?.(gpadlId, ranges) ?? vmbusStatus.success
    if (answer !== 'pending') this.server.gpadlCreateComplete(offerId, gpadlId, answer)
  }

  effectGpadlTeardown(offerId: OfferId, gpadlId: number): void {
    this.#providers.get(offerId)?.gpadlTeardown?.(gpadlId)
    this.server.gpadlTeardownComplete(offerId, gpadlId)
  }

  effectTargetVp(offerId: OfferId, vp: number): void {
    const answer: ProviderAnswer = this.#providers.get(offerId)?.targetVp?.(vp) ?? vmbusStatus.success
    if (answer !== 'pending') this.#retargeted(offerId, answer)
  }

  effectConnectionPages(): void {
    this.server.modifyConnectionComplete(contactState.successful)
  }

  effectTlConnect(serviceId: Guid, endpointId: Guid, siloId: Guid | undefined): void {
    const provider = this.#options.host?.tlConnect?.(serviceId, endpointId)
    const result = provider === undefined ? undefined : this.server.offerChannel(hvsockOffer(serviceId, endpointId, false, siloId))
    if (provider !== undefined && result?.ok === true) this.#providers.set(result.offerId, provider)
    this.server.tlConnectComplete(endpointId, serviceId, result?.ok === true)
  }

  effectSignal(offerId: OfferId): void {
    this.#open.get(offerId)?.channel.signalAfterRestore()
  }

  effectOpenResult(channelId: number, status: number): void {
    const driver = this.#drivers.get(channelId)
    const record = this.#hostById.get(channelId)
    if (status !== vmbusStatus.success) {
      driver?.openFailed(channelId, status)
      return
    }
    // The host has revoked it since; the rescind is on its way.
    if (record === undefined) return
    record.guestOpen = true
    record.driver = driver
    this.#byChannel.set(channelId, record)
    driver?.opened(record.channel)
  }

  effectRescinded(channelId: number): void {
    const record = this.#byChannel.get(channelId)
    this.#byChannel.delete(channelId)
    if (record !== undefined) {
      record.guestOpen = false
      record.driver?.rescinded(record.channel, record.aborted)
    }
    const error = this.client.closeChannel(channelId)
    if (record === undefined && error === undefined) this.#drivers.get(channelId)?.openFailed(channelId, vmbusStatus.unsuccessful)
  }

  effectDriver(channelId: number, call: (driver: VmbusDriver) => void): void {
    const driver = this.#drivers.get(channelId)
    if (driver !== undefined) call(driver)
  }

  /** What contradicts itself over both sides; for tests. */
  invariantViolations(): string[] {
    const wrong = [...this.server.invariantViolations(), ...this.client.invariantViolations()]
    for (const record of this.#open.values()) {
      const label = `channel ${record.channel.channelId}`
      if (this.server.channel(record.offerId) === undefined) wrong.push(`${label} is open, but its offer is gone`)
      const { guestToHost, hostToGuest } = record.channel.rings
      for (const ring of [guestToHost, hostToGuest]) {
        const sum = ring.packets().reduce((bytes, packet) => bytes + packet.ringBytes, 0)
        if (sum !== ring.bytesToRead) wrong.push(`${label}: packets and indices disagree`)
        if (ring.bytesToWrite < 0) wrong.push(`${label}: ring overfull`)
        if (ring.signals + ring.maskedSignals + ring.notEmptySignals !== ring.packetsWritten) wrong.push(`${label}: signal counts`)
      }
    }
    return wrong
  }

  #call<E>(action: () => E): E {
    const result = action()
    this.#drain()
    return result
  }

  #drain(): void {
    if (this.#running) return
    this.#running = true
    try {
      for (let at = 0; at < this.#work.length; at++) this.#work[at]?.()
    } finally {
      this.#work = []
      this.#running = false
    }
  }

  #find(found: (record: OpenRecord) => boolean): OpenRecord | undefined {
    for (const record of this.#open.values()) if (record.channel.isOpen && found(record)) return record
    return undefined
  }

  #hostEventOf(record: OpenRecord | undefined): void {
    if (record !== undefined) this.#providers.get(record.offerId)?.event(record.channel)
  }

  #guestEventOf(record: OpenRecord | undefined): void {
    if (record?.guestOpen === true && record.channel.isOpen) record.driver?.event(record.channel)
  }

  #sharedInterrupts(): boolean {
    return (this.client.negotiated?.version ?? vmbusVersion.v6_0) < vmbusVersion.v2_4
  }

  #makeChannel(offerId: OfferId, parameters: OpenParameters): Channel | undefined {
    const gpadl = this.server.gpadl(offerId, parameters.request.ringGpadlId)
    if (gpadl === undefined || gpadl.state !== 'accepted') return undefined
    let pages = 0
    for (const range of gpadl.ranges) pages += countPages(range.pages)
    const offset = parameters.request.downstreamPageOffset
    if (offset < 2 || offset > pages - 2) return undefined
    const epoch = (this.#epochs.get(parameters.channelId) ?? 0) + 1
    this.#epochs.set(parameters.channelId, epoch)
    return new Channel({
      channelId: parameters.channelId,
      epoch,
      guestToHostBytes: (offset - 1) * pageBytes,
      hostToGuestBytes: (pages - offset - 1) * pageBytes,
      pendingSendSize: parameters.negotiated.version >= vmbusVersion.v2_4,
      signals: this,
      trace: this.server.trace,
    })
  }

  #opened(offerId: OfferId, status: number): VmbusServerError | undefined {
    const error = this.server.openComplete(offerId, status)
    if (status !== vmbusStatus.success) {
      this.#closeData(offerId)
      this.#leave(offerId)
    }
    return error
  }

  #closed(offerId: OfferId): VmbusServerError | undefined {
    this.#leave(offerId)
    const error = this.server.closeComplete(offerId)
    const channel = this.server.channel(offerId)
    // A socket lives as long as its channel.
    if (channel !== undefined && isHvsock(channel.offer)) this.revoke(offerId)
    return error
  }

  #retargeted(offerId: OfferId, status: number): VmbusServerError | undefined {
    const record = this.#open.get(offerId)
    const state = this.server.channel(offerId)?.state
    if (record !== undefined && state?.name === 'open' && status === vmbusStatus.success) {
      record.parameters = { ...record.parameters, request: { ...record.parameters.request, targetVp: state.params.targetVp } }
    }
    return this.server.modifyChannelComplete(offerId, status)
  }

  #closeData(offerId: OfferId): void {
    const record = this.#open.get(offerId)
    if (record === undefined || !record.channel.isOpen) return
    record.aborted = record.channel.close().guest
  }

  /** Takes the channel from its provider at once, with its sub-channels. */
  #cutOff(offerId: OfferId): void {
    const record = this.#open.get(offerId)
    this.#revokeSubchannels(offerId)
    if (record === undefined) return
    this.#closeData(offerId)
    this.#leave(offerId)
    this.#providers.get(offerId)?.close(record.channel)
  }

  #revokeSubchannels(offerId: OfferId): void {
    const primary = this.server.channel(offerId)?.offer
    if (primary === undefined || primary.subchannelIndex !== 0) return
    for (const channel of this.server.channels()) {
      const { interfaceId, instanceId, subchannelIndex } = channel.offer
      if (subchannelIndex > 0 && interfaceId === primary.interfaceId && instanceId === primary.instanceId && channel.state.name !== 'revoked') {
        this.revoke(channel.offerId)
      }
    }
  }

  #forgetGuest(): void {
    for (const record of this.#byChannel.values()) record.guestOpen = false
    this.#byChannel.clear()
    this.#drivers.clear()
  }

  /** Puts providers, drivers and open channels back; a text = refused. */
  #attach(rows: VmbusBusRows, mode: RestoreMode, ends: BusEnds): string | undefined {
    for (const { offer } of this.client.channels()) {
      const driver = ends.driver(offer.channelId)
      if (driver !== undefined) this.#drivers.set(offer.channelId, driver)
    }
    const codecs = new Map<OfferId, ChannelCodecs>()
    for (const { offerId, offer, state } of rows.server.channels) {
      const provider = ends.provider(offerId, offer)
      const known = provider?.codecs ?? ends.codecs?.(offer)
      if (known !== undefined) codecs.set(offerId, known)
      const live = this.server.channel(offerId) !== undefined && state.name !== 'revoked'
      if (live && provider !== undefined) this.#providers.set(offerId, provider)
      else if (live && mode === 'resume') return `the provider of offer ${offerId} is missing`
    }
    for (const row of rows.channels) {
      const known = codecs.get(row.offerId)
      if (known === undefined) return `nobody can read the packets of offer ${row.offerId}`
      const fault = this.#attachChannel(row, known)
      if (fault !== undefined) return fault
    }
    if (mode === 'machine') this.#claimChannels()
    return undefined
  }

  #attachChannel(row: OpenChannelRow, codecs: ChannelCodecs): string | undefined {
    const { offerId, parameters, guestOpen, rows, cutOff } = row
    const ports = { signals: this, trace: this.server.trace }
    const aborted: Packet[] = []
    let channel: Channel | string
    if (rows !== undefined) channel = restoreChannelRows(rows, codecs, ports)
    else if (cutOff !== undefined) {
      const pendingSendSize = parameters.negotiated.version >= vmbusVersion.v2_4
      channel = new Channel({ ...ports, ...cutOff, channelId: parameters.channelId, pendingSendSize })
      channel.close()
      for (const item of cutOff.requests) {
        const packet = packetOf(item, codecs.toHost)
        if (typeof packet === 'string') return packet
        aborted.push(packet)
      }
    } else return `open channel of offer ${offerId} without content`
    if (typeof channel === 'string') return channel
    const record: OpenRecord = { offerId, parameters, channel, driver: this.#drivers.get(channel.channelId), guestOpen, aborted, codecs }
    if (channel.isOpen) this.#enter(record)
    if (guestOpen) this.#byChannel.set(channel.channelId, record)
    return undefined
  }

  /** Offers again what this host has, puts it in service, and rescinds the rest. */
  #claimChannels(): void {
    for (const channel of this.server.channels()) {
      const { offerId, offer, state } = channel
      if (channel.restore !== 'unmatched') continue
      if (!this.#providers.has(offerId)) {
        this.#closeData(offerId)
        this.#leave(offerId)
        continue
      }
      this.server.offerChannel(offer)
      // An open that was under way begins anew.
      if (state.name === 'opening') this.#leave(offerId)
      const inUse = this.#open.has(offerId)
      this.server.restoreChannel(offerId, inUse)
    }
    this.server.revokeUnclaimedChannels()
    this.#drain()
  }

  #enter(record: OpenRecord): void {
    this.#open.set(record.offerId, record)
    this.#ofChannel.set(record.channel, record)
    this.#hostById.set(record.channel.channelId, record)
  }

  #leave(offerId: OfferId): void {
    const record = this.#open.get(offerId)
    if (record === undefined) return
    this.#open.delete(offerId)
    this.#ofChannel.delete(record.channel)
    if (this.#hostById.get(record.channel.channelId) === record) this.#hostById.delete(record.channel.channelId)
  }
}
