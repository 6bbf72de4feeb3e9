/**
 * The VMBus client: the bus driver of a guest. Negotiates from its highest version downwards, keeps the offers, opens channels with GPADLs, gives
 * rescinded channels back, unloads and connects again (kexec, hibernation, firmware to operating system).
 *
 * A state machine without clock or chance; effects go to a {@link VmbusClientNotifier}, calls must not be nested.
 * Sources: hypervisor reference 4.1–4.6, core sheet 4.4–4.6, linux: drivers/hv.
 */

import { contactMessage, openMessage } from './client-messages.ts'
import { clientRowsVersion, clientViolations, type VmbusClientRows } from './client-rows.ts'
import type {
  ChannelOpening,
  ClientChannel,
  ClientChannelState,
  ClientConnectionState,
  GpadlResult,
  VmbusClientError,
  VmbusClientNotifier,
  VmbusClientOptions,
} from './client-types.ts'
import { gpadlMessages } from './gpadl-messages.ts'
import { type Guid, zeroGuid } from './guid.ts'
import { contactState, type GuestMessage, isHostMessage, isSuccess, messageAllowed, type VmbusMessage } from './messages.ts'
import { countPages, type GpaRange, pageBytes } from './pages.ts'
import type { VmbusTrace } from './trace.ts'
import { knownVersion, type NegotiatedVersion, vmbusConnection, vmbusSint, vmbusVersion, vpDisabled } from './versions.ts'

export class VmbusClient {
  readonly #options: VmbusClientOptions
  readonly #notifier: VmbusClientNotifier
  #connection: ClientConnectionState = { name: 'disconnected' }
  readonly #channels = new Map<number, ClientChannel>()
  #nextGpadlId: number
  #outbox: { readonly connectionId: number; readonly message: GuestMessage }[] = []
  /** Posts that had to be repeated for lack of buffers. */
  postRetries = 0
  trace: VmbusTrace | undefined

  constructor(notifier: VmbusClientNotifier, options: VmbusClientOptions, trace?: VmbusTrace) {
    if (options.versions.length === 0) throw new RangeError('a client needs at least one version')
    this.#notifier = notifier
    this.#options = options
    this.#nextGpadlId = options.gpadlFirst
    this.trace = trace
  }

  get connection(): ClientConnectionState {
    return this.#connection
  }

  /** Version in force; also while an unload is under way. */
  get negotiated(): NegotiatedVersion | undefined {
    return this.#connection.name === 'connected' || this.#connection.name === 'disconnecting' ? this.#connection.negotiated : undefined
  }

  /** Known channels in the order of their offers. */
  channels(): readonly ClientChannel[] {
    return [...this.#channels.values()]
  }

  channel(channelId: number): ClientChannel | undefined {
    return this.#channels.get(channelId)
  }

  /** Messages that wait for a buffer. */
  get pendingMessages(): number {
    return this.#outbox.length
  }

  /** Starts the negotiation with the highest version. */
  connect(): VmbusClientError | undefined {
    if (this.#connection.name !== 'disconnected') return 'alreadyConnected'
    this.#contact(0)
    return undefined
  }

  /** Forgets everything without a message: the guest was reset, or a new kernel starts that knows nothing of the old one. */
  forget(): void {
    this.#channels.clear()
    this.#outbox = []
    this.#setConnection({ name: 'disconnected' })
  }

  /** Gives up the bus. `unloaded` follows: at once below 1.1, else with UnloadComplete. Channels need not be closed before. */
  unload(): VmbusClientError | undefined {
    if (this.#connection.name !== 'connected') return 'notConnected'
    const { negotiated, messageConnectionId } = this.#connection
    this.#channels.clear()
    this.#setConnection({ name: 'disconnecting', negotiated })
    this.#post(messageConnectionId, { kind: 'unload' })
    if (negotiated.version < vmbusVersion.v1_1) this.#unloaded()
    return undefined
  }

  /** Opens an offered channel: GPADL of the rings, then OpenChannel. */
  openChannel(channelId: number, opening: ChannelOpening): VmbusClientError | undefined {
    const channel = this.#channels.get(channelId)
    if (channel === undefined) return 'unknownChannelId'
    if (channel.state.name !== 'offered' || channel.rescinded) return 'invalidChannelState'
    const byteCount = countPages(opening.ringPages) * pageBytes
    const ringGpadlId = this.#startGpadl(channel, [{ byteCount, byteOffset: 0, pages: opening.ringPages }])
    this.#setChannel(channel, { name: 'creatingRings', opening, ringGpadlId })
    return undefined
  }

  /** Closes an open channel: CloseChannel, then teardown of its GPADLs, the rings' last. Also the driver's answer to a rescind. */
  closeChannel(channelId: number): VmbusClientError | undefined {
    const channel = this.#channels.get(channelId)
    if (channel === undefined) return 'unknownChannelId'
    if (channel.state.name !== 'open') return 'invalidChannelState'
    this.#send({ kind: 'closeChannel', channelId })
    this.#beginTeardown(channel, channel.state.ringGpadlId)
    return undefined
  }

  /** Shares guest memory with the channel's provider (network buffers). */
  createGpadl(channelId: number, ranges: readonly GpaRange[]): GpadlResult {
    const channel = this.#channels.get(channelId)
    if (channel === undefined) return { ok: false, error: 'unknownChannelId' }
    if (channel.rescinded || channel.state.name === 'closing') return { ok: false, error: 'invalidChannelState' }
    return { ok: true, gpadlId: this.#startGpadl(channel, ranges) }
  }

  teardownGpadl(channelId: number, gpadlId: number): VmbusClientError | undefined {
    const channel = this.#channels.get(channelId)
    if (channel === undefined) return 'unknownChannelId'
    const gpadl = channel.gpadls.get(gpadlId)
    if (gpadl === undefined) return 'unknownGpadlId'
    if (gpadl.state !== 'created' || ('ringGpadlId' in channel.state && channel.state.ringGpadlId === gpadlId)) return 'invalidGpadlState'
    gpadl.state = 'tearingDown'
    this.#send({ kind: 'gpadlTeardown', channelId, gpadlId })
    return undefined
  }

  /** Sends the channel's interrupts to another VP (4.1 and later). */
  modifyChannel(channelId: number, targetVp: number): VmbusClientError | undefined {
    const channel = this.#channels.get(channelId)
    if (channel === undefined) return 'unknownChannelId'
    if (!messageAllowed('modifyChannel', this.negotiated)) return 'notAllowed'
    if (channel.state.name !== 'open' || targetVp === vpDisabled) return 'invalidChannelState'
    channel.targetVp = targetVp
    this.#send({ kind: 'modifyChannel', channelId, targetVp })
    return undefined
  }

  /** Asks for an hv_sock service of the host; its channel is offered, or `tlConnectRefused` comes (4.1 and later). */
  tlConnect(endpointId: Guid, serviceId: Guid): VmbusClientError | undefined {
    const negotiated = this.negotiated
    if (negotiated === undefined || !messageAllowed('tlConnectRequest', negotiated)) return 'notAllowed'
    const silo = negotiated.version >= vmbusVersion.v5_2 ? { siloId: zeroGuid } : {}
    return this.#send({ kind: 'tlConnectRequest', endpointId, serviceId, ...silo })
  }

  /** Opens a channel for a crash-dump or hibernation stack, over rings whose GPADL exists already. */
  openReserved(channelId: number, ringGpadlId: number, downstreamPageOffset: number, targetVp: number): VmbusClientError | undefined {
    if (!this.#channels.has(channelId)) return 'unknownChannelId'
    if (!messageAllowed('openReservedChannel', this.negotiated)) return 'notAllowed'
    return this.#send({ kind: 'openReservedChannel', channelId, targetVp, targetSint: vmbusSint, ringGpadlId, downstreamPageOffset })
  }

  closeReserved(channelId: number, targetVp: number): VmbusClientError | undefined {
    return this.#send({ kind: 'closeReservedChannel', channelId, targetVp, targetSint: vmbusSint })
  }

  /** Sends ModifyConnection, Pause or Resume (6.0). */
  control(message: Extract<GuestMessage, { kind: 'modifyConnection' | 'pause' | 'resume' }>): VmbusClientError | undefined {
    return messageAllowed(message.kind, this.negotiated) ? this.#send(message) : 'notAllowed'
  }

  /** Posts messages that wait. True when none is left. */
  flushMessages(): boolean {
    while (this.#outbox.length > 0) {
      const first = this.#outbox[0]
      if (first === undefined) break
      this.postRetries++
      const status = this.#notifier.postMessage(first.connectionId, first.message)
      if (status === 'insufficientBuffers') return false
      this.#outbox.shift()
      if (status !== 'success') this.#postFailed(first.message)
    }
    return true
  }

  /** A message of the host. */
  handleMessage(message: VmbusMessage): VmbusClientError | undefined {
    if (!isHostMessage(message)) return 'notFromHost'
    if (message.kind === 'versionResponse') return this.#versionResponse(message)
    if (!messageAllowed(message.kind, this.negotiated)) return 'notAllowed'
    if (this.#connection.name === 'disconnecting') {
      // Everything but the end of the unload belongs to channels that are gone.
      if (message.kind === 'unloadComplete') this.#unloaded()
      return undefined
    }
    switch (message.kind) {
      case 'offerChannel':
        if (this.#channels.has(message.channelId)) return 'duplicateOffer'
        this.#channels.set(message.channelId, {
          offer: message,
          state: { name: 'offered' },
          rescinded: false,
          targetVp: 0,
          gpadls: new Map(),
        })
        return void this.#notifier.channelOffered(message.channelId, message)
      case 'allOffersDelivered':
        if (this.#connection.name === 'connected') this.#connection = { ...this.#connection, offersDelivered: true }
        return void this.#notifier.offersDelivered()
      case 'rescindChannelOffer':
        return this.#rescind(message.channelId)
      case 'gpadlCreated':
        return this.#gpadlCreated(message.channelId, message.gpadlId, message.status)
      case 'gpadlTorndown':
        return this.#gpadlTorndown(message.gpadlId)
      case 'openChannelResult':
        return this.#openResult(message.channelId, message.status)
      case 'closeReservedResponse':
        return void this.#notifier.reservedClosed(message.channelId)
      case 'tlConnectResult':
        return void this.#notifier.tlConnectRefused(message.endpointId, message.serviceId, message.status)
      case 'modifyChannelResponse':
        return void this.#notifier.channelModified(message.channelId, message.status)
      case 'modifyConnectionResponse':
        return void this.#notifier.connectionModified(message.connectionState)
      case 'pauseResponse':
        return void this.#notifier.paused()
      case 'unloadComplete':
        return 'invalidChannelState'
    }
  }

  /** Rows of everything the client knows; JSON-able and sharing nothing with it. */
  snapshot(): VmbusClientRows {
    const rows: VmbusClientRows = {
      version: clientRowsVersion,
      connection: this.#connection,
      nextGpadlId: this.#nextGpadlId,
      channels: this.channels().map((channel) => ({ ...channel, gpadls: [...channel.gpadls.values()] })),
      outbox: this.#outbox,
    }
    return JSON.parse(JSON.stringify(rows)) as VmbusClientRows
  }

  /** A client from saved rows, or the reason why the rows are refused. */
  static restore(
    rows: VmbusClientRows,
    notifier: VmbusClientNotifier,
    options: VmbusClientOptions,
    trace?: VmbusTrace,
  ): VmbusClient | string {
    if (rows.version !== clientRowsVersion) return `rows of version ${rows.version}`
    const client = new VmbusClient(notifier, options, trace)
    const copy = JSON.parse(JSON.stringify(rows)) as VmbusClientRows
    if (copy.connection.name === 'connecting' && options.versions[copy.connection.at] === undefined) return 'asked for an unknown version'
    if ('negotiated' in copy.connection && knownVersion(copy.connection.negotiated.version) === undefined) return 'unknown protocol version'
    client.#connection = copy.connection
    client.#nextGpadlId = copy.nextGpadlId
    for (const row of copy.channels) {
      if (client.#channels.has(row.offer.channelId)) return `channel ${row.offer.channelId} twice`
      const gpadls = new Map(row.gpadls.map((gpadl) => [gpadl.gpadlId, gpadl]))
      client.#channels.set(row.offer.channelId, { ...row, gpadls })
    }
    client.#outbox = [...copy.outbox]
    return client.invariantViolations()[0] ?? client
  }

  /** What contradicts itself; empty for a sound client. */
  invariantViolations(): string[] {
    return clientViolations(this.#connection, this.#channels)
  }

  #contact(at: number): void {
    const version = this.#options.versions[at]
    if (version === undefined) {
      this.#setConnection({ name: 'disconnected' })
      this.#notifier.connectionFailed()
      return
    }
    this.#setConnection({ name: 'connecting', at })
    const connectionId = version >= vmbusVersion.v5_0 ? vmbusConnection.messages5 : vmbusConnection.messages
    this.#post(connectionId, contactMessage(version, this.#options))
  }

  #versionResponse(message: Extract<VmbusMessage, { kind: 'versionResponse' }>): VmbusClientError | undefined {
    if (this.#connection.name !== 'connecting') return 'notConnected'
    const version = this.#options.versions[this.#connection.at]
    if (!message.supported || version === undefined) {
      this.#contact(this.#connection.at + 1)
      return undefined
    }
    if (message.connectionState !== contactState.successful) {
      this.#setConnection({ name: 'disconnected' })
      this.#notifier.connectionFailed()
      return undefined
    }
    const negotiated: NegotiatedVersion = { version, features: (message.features ?? 0) & this.#options.features }
    const messageConnectionId = version >= vmbusVersion.v5_0 ? message.versionOrConnectionId : vmbusConnection.messages
    this.#setConnection({ name: 'connected', negotiated, messageConnectionId, offersDelivered: false })
    this.#notifier.connected(negotiated)
    this.#send({ kind: 'requestOffers' })
    return undefined
  }

  #rescind(channelId: number): VmbusClientError | undefined {
    const channel = this.#channels.get(channelId)
    if (channel === undefined) return 'unknownChannelId'
    channel.rescinded = true
    this.#notifier.channelRescinded(channelId)
    // The host gives no result for an open that it had not finished (openvmm: revoke).
    if (channel.state.name === 'opening') {
      const ringGpadlId = channel.state.ringGpadlId
      this.#notifier.channelOpened(channelId, 0xc0000001)
      this.#beginTeardown(channel, ringGpadlId)
    } else this.#settle(channel)
    return undefined
  }

  #gpadlCreated(channelId: number, gpadlId: number, status: number): VmbusClientError | undefined {
    const channel = this.#channels.get(channelId)
    if (channel === undefined) return 'unknownChannelId'
    const gpadl = channel.gpadls.get(gpadlId)
    if (gpadl === undefined) return 'unknownGpadlId'
    if (gpadl.state !== 'creating') return 'invalidGpadlState'
    const success = isSuccess(status)
    if (success) gpadl.state = 'created'
    else channel.gpadls.delete(gpadlId)
    const state = channel.state
    if (state.name === 'creatingRings' && state.ringGpadlId === gpadlId) {
      if (success && !channel.rescinded) this.#sendOpen(channel, state.opening, gpadlId)
      else {
        this.#setChannel(channel, success ? { name: 'closing', ringGpadlId: gpadlId } : { name: 'offered' })
        this.#notifier.channelOpened(channelId, success ? 0xc0000001 : status)
        this.#settle(channel)
      }
      return undefined
    }
    if (state.name !== 'closing') this.#notifier.gpadlCreated(channelId, gpadlId, status)
    this.#settle(channel)
    return undefined
  }

  #sendOpen(channel: ClientChannel, opening: ChannelOpening, ringGpadlId: number): void {
    channel.targetVp = opening.targetVp
    this.#setChannel(channel, { name: 'opening', opening, ringGpadlId })
    this.#send(openMessage(channel.offer, opening, ringGpadlId, this.negotiated?.features ?? 0))
  }

  #openResult(channelId: number, status: number): VmbusClientError | undefined {
    const channel = this.#channels.get(channelId)
    if (channel === undefined) return 'unknownChannelId'
    const state = channel.state
    if (state.name !== 'opening') {
      this.#notifier.reservedOpened(channelId, status)
      return undefined
    }
    if (isSuccess(status)) this.#setChannel(channel, { name: 'open', opening: state.opening, ringGpadlId: state.ringGpadlId })
    this.#notifier.channelOpened(channelId, status)
    if (!isSuccess(status)) this.#beginTeardown(channel, state.ringGpadlId)
    return undefined
  }

  #gpadlTorndown(gpadlId: number): VmbusClientError | undefined {
    for (const [channelId, channel] of this.#channels) {
      const gpadl = channel.gpadls.get(gpadlId)
      if (gpadl === undefined) continue
      if (gpadl.state !== 'tearingDown') return 'invalidGpadlState'
      channel.gpadls.delete(gpadlId)
      if (channel.state.name === 'closing' && channel.state.ringGpadlId === gpadlId) {
        this.#setChannel(channel, { name: 'offered' })
        this.#notifier.channelClosed(channelId)
      } else this.#notifier.gpadlTorndown(channelId, gpadlId)
      this.#settle(channel)
      return undefined
    }
    return 'unknownGpadlId'
  }

  #beginTeardown(channel: ClientChannel, ringGpadlId: number): void {
    this.#setChannel(channel, { name: 'closing', ringGpadlId })
    this.#settle(channel)
  }

  /** Goes on with a channel that closes or was rescinded, as far as it can without waiting. */
  #settle(channel: ClientChannel): void {
    const channelId = channel.offer.channelId
    const state = channel.state
    const closing = state.name === 'closing'
    if (!closing && !(channel.rescinded && state.name === 'offered')) return
    for (const gpadl of channel.gpadls.values()) {
      const last = closing && gpadl.gpadlId === state.ringGpadlId && channel.gpadls.size > 1
      if (gpadl.state !== 'created' || last) continue
      gpadl.state = 'tearingDown'
      this.#send({ kind: 'gpadlTeardown', channelId, gpadlId: gpadl.gpadlId })
    }
    if (channel.rescinded && state.name === 'offered' && channel.gpadls.size === 0) {
      this.#channels.delete(channelId)
      this.#send({ kind: 'relIdReleased', channelId })
      this.#notifier.channelReleased(channelId)
    }
  }

  #startGpadl(channel: ClientChannel, ranges: readonly GpaRange[]): number {
    const gpadlId = this.#nextGpadlId
    this.#nextGpadlId = gpadlId + 1 > 0xffffffff ? 1 : gpadlId + 1
    let pages = 0
    for (const range of ranges) pages += countPages(range.pages)
    channel.gpadls.set(gpadlId, { gpadlId, pages, state: 'creating' })
    for (const message of gpadlMessages(channel.offer.channelId, gpadlId, ranges)) this.#send(message)
    return gpadlId
  }

  #send(message: GuestMessage): VmbusClientError | undefined {
    if (this.#connection.name !== 'connected') return 'notConnected'
    this.#post(this.#connection.messageConnectionId, message)
    return undefined
  }

  #post(connectionId: number, message: GuestMessage): void {
    if (this.#outbox.length > 0) {
      this.#outbox.push({ connectionId, message })
      return
    }
    const status = this.#notifier.postMessage(connectionId, message)
    if (status === 'insufficientBuffers') this.#outbox.push({ connectionId, message })
    else if (status !== 'success') this.#postFailed(message)
  }

  /** An old host does not even have the connection that new clients post to; that counts as a refusal of the version. */
  #postFailed(message: GuestMessage): void {
    if (message.kind === 'initiateContact' && this.#connection.name === 'connecting') this.#contact(this.#connection.at + 1)
  }

  #unloaded(): void {
    this.#setConnection({ name: 'disconnected' })
    this.#notifier.unloaded()
  }

  #setConnection(state: ClientConnectionState): void {
    const from = this.#connection.name
    this.#connection = state
    if (from !== state.name) this.trace?.({ kind: 'connectionState', side: 'client', from, to: state.name })
  }

  #setChannel(channel: ClientChannel, state: ClientChannelState): void {
    const from = channel.state.name
    channel.state = state
    if (from !== state.name) {
      this.trace?.({ kind: 'channelState', side: 'client', channelId: channel.offer.channelId, from, to: state.name })
    }
  }
}
