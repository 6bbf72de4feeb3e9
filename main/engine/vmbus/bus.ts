/**
 * One partition's VMBus: server, client, open channels, and the SynIC between them.
 *
 * Effects of both state machines are queued and carried out one after the other before a public call returns; nothing runs nested, so providers and
 * drivers may call the bus from their own callbacks. Messages and signals go through the {@link SynicTransport} and come back as calls of
 * {@link SynicReceiver}. A message slot is freed only after its message was handled: one message at a time.
 */

import { busClientNotifier, busServerNotifier } from './bus-notifiers.ts'
import { type OpenRecord, OpenRecords, restoreRecord } from './bus-records.ts'
import { BusSignals } from './bus-signals.ts'
import {
  type BusEnds,
  busRowsVersion,
  type ProviderAnswer,
  type VmbusBusOptions,
  type VmbusBusRows,
  type VmbusDriver,
  type VmbusProvider,
} from './bus-types.ts'
import type { Channel } from './channel.ts'
import type { ChannelCodecs } from './channel-rows.ts'
import { VmbusClient } from './client.ts'
import type { ChannelOpening, GpadlResult, VmbusClientError } from './client-types.ts'
import type { Guid } from './guid.ts'
import { hvsockOffer, isHvsock } from './hvsock.ts'
import { contactState, vmbusStatus } from './messages.ts'
import type { Packet } from './packet.ts'
import type { GpaRange } from './pages.ts'
import { VmbusServer } from './server.ts'
import type { RestoreMode } from './server-rows.ts'
import type { ChannelOffer, OfferId, OfferResult, OpenParameters, VmbusServerError } from './server-types.ts'
import type { VmbusTrace } from './trace.ts'
import type { SynicPost, SynicReceiver, SynicTransport } from './transport.ts'
import { vmbusVersion } from './versions.ts'

export class VmbusBus implements SynicReceiver {
  readonly server: VmbusServer
  readonly client: VmbusClient
  readonly #transport: SynicTransport
  readonly #options: VmbusBusOptions
  readonly #providers = new Map<OfferId, VmbusProvider>()
  readonly #drivers = new Map<number, VmbusDriver>()
  readonly #open = new OpenRecords()
  readonly #signals: BusSignals
  #work: (() => void)[] = []
  #running = false

  constructor(transport: SynicTransport, options: VmbusBusOptions, parts?: { readonly server: VmbusServer; readonly client: VmbusClient }) {
    this.#transport = transport
    this.#options = options
    this.#signals = new BusSignals(transport, this.#open)
    this.server =
      parts?.server ??
      new VmbusServer(
        busServerNotifier(() => this, transport, options),
        options.server,
        options.trace,
      )
    this.client =
      parts?.client ??
      new VmbusClient(
        busClientNotifier(() => this, transport, options),
        options.client,
        options.trace,
      )
  }

  /**
   * A bus from saved rows, or a sentence that says why they are refused.
   *
   * `resume`: the simulation goes on exactly where it stood. `machine`: a saved, checkpointed or migrated machine starts; a device for which `provider`
   * gives undefined is missing on this host and is rescinded, and every open channel is signalled once so that lost interrupts do not matter.
   * Providers and drivers restore their own state from their own rows; `codecs` serves channels whose provider is missing.
   */
  static restore(
    rows: VmbusBusRows,
    mode: RestoreMode,
    transport: SynicTransport,
    options: VmbusBusOptions,
    ends: BusEnds,
  ): VmbusBus | string {
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
    for (const [channelId, epoch] of rows.epochs) bus.#open.epochs.set(channelId, epoch)
    bus.#signals.load(rows)
    return bus.#attach(rows, mode, ends) ?? bus
  }

  /** Switches tracing on or off. */
  setTrace(trace: VmbusTrace | undefined): void {
    this.server.trace = trace
    this.client.trace = trace
    for (const record of this.#open.list()) record.channel.trace = trace
  }

  /** Rows of the whole bus; JSON-able. */
  snapshot(): VmbusBusRows {
    const rows: VmbusBusRows = {
      version: busRowsVersion,
      server: this.server.snapshot(),
      client: this.client.snapshot(),
      channels: this.#open.rows(),
      epochs: [...this.#open.epochs],
      ...this.#signals.rows(),
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
    for (const record of this.#open.list()) this.#open.cut(record.offerId)
    this.#signals.clear()
    this.server.reset()
    this.#drain()
  }

  /** After a restore every open channel is signalled once. */
  signalAll(): void {
    for (const channel of this.openChannels()) channel.signalAfterRestore()
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
    const record = this.#open.ofGuest.get(channelId)
    this.#open.ofGuest.delete(channelId)
    if (record !== undefined) {
      record.guestOpen = false
      this.#open.cut(record.offerId)
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
    return this.#open.ofGuest.get(channelId)?.channel ?? this.openChannels().find((channel) => channel.channelId === channelId)
  }

  /** Open channels in the order in which they were opened. */
  openChannels(): readonly Channel[] {
    return this.#open
      .list()
      .map((record) => record.channel)
      .filter((channel) => channel.isOpen)
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
    for (const record of this.#signals.hostTargets(connectionId)) this.#hostEventOf(record)
    this.#drain()
  }

  guestEvent(_vp: number, _sint: number, flag: number): void {
    const shared = (this.client.negotiated?.version ?? vmbusVersion.v6_0) < vmbusVersion.v2_4
    for (const record of this.#signals.guestTargets(flag, shared)) this.#guestEventOf(record)
    this.#drain()
  }

  monitorScanned(monitorId: number): void {
    this.#hostEventOf(this.#signals.monitorTarget(monitorId))
    this.#drain()
  }

  buffersFree(): void {
    this.server.flushMessages()
    this.client.flushMessages()
    this.#drain()
  }

  // ---- effects, called by the notifiers; they only queue

  /** Queues an effect. For the notifiers of this folder. */
  later(effect: () => void): void {
    this.#work.push(effect)
  }

  effectOpen(offerId: OfferId, parameters: OpenParameters): void {
    const provider = this.#providers.get(offerId)
    const ports = { signals: this.#signals, trace: this.server.trace }
    const channel = this.#open.makeChannel(this.server.gpadl(offerId, parameters.request.ringGpadlId), parameters, ports)
    if (provider === undefined || channel === undefined) {
      this.server.openComplete(offerId, vmbusStatus.unsuccessful)
      return
    }
    const driver = this.#drivers.get(parameters.channelId)
    this.#open.enter({ offerId, parameters, channel, driver, guestOpen: false, aborted: [], codecs: provider.codecs })
    const answer = provider.open(channel, parameters)
    if (answer !== 'pending') this.#opened(offerId, answer)
  }

  effectClose(offerId: OfferId): void {
    const record = this.#open.get(offerId)
    const provider = this.#providers.get(offerId)
    this.#open.cut(offerId)
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
    const record = this.#open.byId(channelId)
    if (status !== vmbusStatus.success) {
      driver?.openFailed(channelId, status)
      return
    }
    // The host has revoked it since; the rescind is on its way.
    if (record === undefined) return
    record.guestOpen = true
    record.driver = driver
    this.#open.ofGuest.set(channelId, record)
    driver?.opened(record.channel)
  }

  effectRescinded(channelId: number): void {
    const record = this.#open.ofGuest.get(channelId)
    this.#open.ofGuest.delete(channelId)
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
    const wrong = [...this.server.invariantViolations(), ...this.client.invariantViolations(), ...this.#open.violations()]
    for (const { offerId, channel } of this.#open.list()) {
      if (this.server.channel(offerId) === undefined) wrong.push(`channel ${channel.channelId} is open, but its offer is gone`)
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

  #hostEventOf(record: OpenRecord | undefined): void {
    if (record !== undefined) this.#providers.get(record.offerId)?.event(record.channel)
  }

  #guestEventOf(record: OpenRecord): void {
    if (record.guestOpen && record.channel.isOpen) record.driver?.event(record.channel)
  }

  #opened(offerId: OfferId, status: number): VmbusServerError | undefined {
    const error = this.server.openComplete(offerId, status)
    if (status !== vmbusStatus.success) {
      this.#open.cut(offerId)
      this.#open.leave(offerId)
    }
    return error
  }

  #closed(offerId: OfferId): VmbusServerError | undefined {
    this.#open.leave(offerId)
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

  /** Takes the channel from its provider at once, with its sub-channels. */
  #cutOff(offerId: OfferId): void {
    const record = this.#open.get(offerId)
    this.#revokeSubchannels(offerId)
    if (record === undefined) return
    this.#open.cut(offerId)
    this.#open.leave(offerId)
    this.#providers.get(offerId)?.close(record.channel)
  }

  #revokeSubchannels(offerId: OfferId): void {
    const primary = this.server.channel(offerId)?.offer
    if (primary === undefined || primary.subchannelIndex !== 0) return
    for (const channel of this.server.channels()) {
      const { interfaceId, instanceId, subchannelIndex } = channel.offer
      if (
        subchannelIndex > 0 &&
        interfaceId === primary.interfaceId &&
        instanceId === primary.instanceId &&
        channel.state.name !== 'revoked'
      ) {
        this.revoke(channel.offerId)
      }
    }
  }

  #forgetGuest(): void {
    this.#open.forgetGuest()
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
      const record = restoreRecord(row, known, { signals: this.#signals, trace: this.server.trace })
      if (typeof record === 'string') return record
      const { channel, guestOpen } = record
      record.driver = this.#drivers.get(channel.channelId)
      if (channel.isOpen) this.#open.enter(record)
      if (guestOpen) this.#open.ofGuest.set(channel.channelId, record)
    }
    if (mode === 'machine') this.#claimChannels()
    return undefined
  }

  /** Offers again what this host has, puts it in service, and rescinds the rest. */
  #claimChannels(): void {
    for (const channel of this.server.channels()) {
      const { offerId, offer, state } = channel
      if (channel.restore !== 'unmatched') continue
      if (!this.#providers.has(offerId)) {
        this.#open.cut(offerId)
        this.#open.leave(offerId)
        continue
      }
      this.server.offerChannel(offer)
      // An open that was under way begins anew.
      if (state.name === 'opening') this.#open.leave(offerId)
      const inUse = this.#open.get(offerId) !== undefined
      this.server.restoreChannel(offerId, inUse)
    }
    this.server.revokeUnclaimedChannels()
    this.#drain()
  }
}
