/**
 * One partition's VMBus: server, client, open channels, and the SynIC between them.
 *
 * Effects of both state machines are queued and carried out one after the other before a public call returns; nothing runs nested, so providers and
 * drivers may call the bus from their own callbacks. Messages and signals go through the {@link SynicTransport} and come back as calls of
 * {@link SynicReceiver}. A message slot is freed only after its message was handled: one message at a time.
 */

import { BusEffects } from './bus-effects.ts'
import { busClientNotifier, busServerNotifier } from './bus-notifiers.ts'
import type { OpenRecord } from './bus-records.ts'
import { attachEnds } from './bus-restore.ts'
import { type BusEnds, busRowsVersion, type VmbusBusOptions, type VmbusBusRows, type VmbusDriver, type VmbusProvider } from './bus-types.ts'
import type { Channel } from './channel.ts'
import { VmbusClient } from './client.ts'
import type { ChannelOpening, GpadlResult, VmbusClientError } from './client-types.ts'
import type { Guid } from './guid.ts'
import { hvsockOffer } from './hvsock.ts'
import type { Packet } from './packet.ts'
import type { GpaRange } from './pages.ts'
import { VmbusServer } from './server.ts'
import type { RestoreMode } from './server-rows.ts'
import type { ChannelOffer, OfferId, OfferResult, VmbusServerError } from './server-types.ts'
import type { VmbusTrace } from './trace.ts'
import type { SynicPost, SynicReceiver, SynicTransport } from './transport.ts'
import { vmbusVersion } from './versions.ts'

export class VmbusBus implements SynicReceiver {
  readonly server: VmbusServer
  readonly client: VmbusClient
  readonly #transport: SynicTransport
  /** For the notifiers and the restore of this folder. */
  readonly effects: BusEffects
  #work: (() => void)[] = []
  #running = false

  constructor(transport: SynicTransport, options: VmbusBusOptions, parts?: { readonly server: VmbusServer; readonly client: VmbusClient }) {
    this.#transport = transport
    this.effects = new BusEffects(this, transport, options)
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
    for (const [channelId, epoch] of rows.epochs) bus.effects.records.epochs.set(channelId, epoch)
    bus.effects.signals.load(rows)
    const refused = attachEnds(bus, rows, mode, ends)
    if (refused !== undefined) return refused
    bus.#drain()
    return bus
  }

  /** Switches tracing on or off. */
  setTrace(trace: VmbusTrace | undefined): void {
    this.server.trace = trace
    this.client.trace = trace
    for (const record of this.effects.records.list()) record.channel.trace = trace
  }

  /** Rows of the whole bus; JSON-able. */
  snapshot(): VmbusBusRows {
    const rows: VmbusBusRows = {
      version: busRowsVersion,
      server: this.server.snapshot(),
      client: this.client.snapshot(),
      channels: this.effects.records.rows(),
      epochs: [...this.effects.records.epochs],
      ...this.effects.signals.rows(),
    }
    return JSON.parse(JSON.stringify(rows)) as VmbusBusRows
  }

  // ---- the parent's side

  /** A device offers a channel and serves it. */
  offer(offer: ChannelOffer, provider: VmbusProvider): OfferResult {
    const result = this.server.offerChannel(offer)
    if (result.ok) this.effects.providers.set(result.offerId, provider)
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
    this.effects.cutOff(offerId)
    const error = this.server.revokeChannel(offerId)
    this.effects.providers.delete(offerId)
    this.#drain()
    return error
  }

  /** Answers of providers that said `pending`. */
  providerOpened(offerId: OfferId, status: number): VmbusServerError | undefined {
    return this.#call(() => this.effects.opened(offerId, status))
  }

  providerClosed(offerId: OfferId): VmbusServerError | undefined {
    return this.#call(() => this.effects.closed(offerId))
  }

  providerGpadl(offerId: OfferId, gpadlId: number, status: number): VmbusServerError | undefined {
    return this.#call(() => this.server.gpadlCreateComplete(offerId, gpadlId, status))
  }

  providerTargetVp(offerId: OfferId, status: number): VmbusServerError | undefined {
    return this.#call(() => this.effects.retargeted(offerId, status))
  }

  /**
   * Machine reset or switched off: both sides forget each other. The hypervisor clears the SynIC itself, and lets the guest run only after
   * `resetComplete`, which waits for providers that close or open with `pending`.
   */
  reset(): void {
    this.client.forget()
    this.effects.forgetGuest()
    for (const record of this.effects.records.list()) this.effects.records.cut(record.offerId)
    this.effects.signals.clear()
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
    if (error === undefined) this.effects.forgetGuest()
    this.#drain()
    return error
  }

  /**
   * A new kernel starts that knows nothing of the old one (kexec without unload): it simply connects again. What the SynIC still holds for the old
   * kernel must be dropped before, or a late VersionResponse would be taken for an answer to the new contact.
   */
  reconnect(): VmbusClientError | undefined {
    this.effects.forgetGuest()
    this.client.forget()
    return this.connect()
  }

  openChannel(channelId: number, opening: ChannelOpening, driver: VmbusDriver): VmbusClientError | undefined {
    const error = this.client.openChannel(channelId, opening)
    if (error === undefined) this.effects.drivers.set(channelId, driver)
    this.#drain()
    return error
  }

  /** Closes an open channel. Returns the driver's requests that will never be completed. */
  closeChannel(channelId: number): readonly Packet[] | VmbusClientError {
    const error = this.client.closeChannel(channelId)
    if (error !== undefined) return error
    const record = this.effects.records.ofGuest.get(channelId)
    this.effects.records.ofGuest.delete(channelId)
    if (record !== undefined) {
      record.guestOpen = false
      this.effects.records.cut(record.offerId)
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
    return this.effects.records.ofGuest.get(channelId)?.channel ?? this.openChannels().find((channel) => channel.channelId === channelId)
  }

  /** Open channels in the order in which they were opened. */
  openChannels(): readonly Channel[] {
    return this.effects.records
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
    for (const record of this.effects.signals.hostTargets(connectionId)) this.#hostEventOf(record)
    this.#drain()
  }

  guestEvent(_vp: number, _sint: number, flag: number): void {
    const shared = (this.client.negotiated?.version ?? vmbusVersion.v6_0) < vmbusVersion.v2_4
    for (const record of this.effects.signals.guestTargets(flag, shared)) this.#guestEventOf(record)
    this.#drain()
  }

  monitorScanned(monitorId: number): void {
    this.#hostEventOf(this.effects.signals.monitorTarget(monitorId))
    this.#drain()
  }

  buffersFree(): void {
    this.server.flushMessages()
    this.client.flushMessages()
    this.#drain()
  }

  /** Queues an effect. For the notifiers of this folder. */
  later(effect: () => void): void {
    this.#work.push(effect)
  }

  /** What contradicts itself over both sides; for tests. */
  invariantViolations(): string[] {
    const wrong = [...this.server.invariantViolations(), ...this.client.invariantViolations(), ...this.effects.records.violations()]
    for (const { offerId, channel } of this.effects.records.list()) {
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
    if (record !== undefined) this.effects.providers.get(record.offerId)?.event(record.channel)
  }

  #guestEventOf(record: OpenRecord): void {
    if (record.guestOpen && record.channel.isOpen) record.driver?.event(record.channel)
  }
}
