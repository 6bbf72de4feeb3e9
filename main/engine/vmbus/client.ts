/**
 * The VMBus client: the bus driver of a guest. Negotiates from its highest version downwards, keeps the offers, opens channels with GPADLs, gives
 * rescinded channels back, unloads and connects again (kexec, hibernation, firmware to operating system).
 *
 * A state machine without clock or chance; effects go to a {@link VmbusClientNotifier}, calls must not be nested.
 * Sources: hypervisor reference 4.1–4.6, core sheet 4.4–4.6, linux: drivers/hv.
 */

import { ClientChannels } from './client-channels.ts'
import { contactMessage } from './client-messages.ts'
import { clientRowsVersion, clientViolations, type VmbusClientRows } from './client-rows.ts'
import type {
  ChannelOpening,
  ClientChannel,
  ClientConnectionState,
  GpadlResult,
  VmbusClientError,
  VmbusClientNotifier,
  VmbusClientOptions,
} from './client-types.ts'
import { type Guid, zeroGuid } from './guid.ts'
import { contactState, type GuestMessage, isHostMessage, messageAllowed, type VmbusMessage } from './messages.ts'
import type { GpaRange } from './pages.ts'
import type { VmbusTrace } from './trace.ts'
import { knownVersion, type NegotiatedVersion, vmbusConnection, vmbusSint, vmbusVersion, vpDisabled } from './versions.ts'

export class VmbusClient {
  readonly #options: VmbusClientOptions
  readonly #notifier: VmbusClientNotifier
  #connection: ClientConnectionState = { name: 'disconnected' }
  readonly #channels: ClientChannels
  #outbox: { readonly connectionId: number; readonly message: GuestMessage }[] = []
  /** Posts that had to be repeated for lack of buffers. */
  postRetries = 0
  trace: VmbusTrace | undefined

  constructor(notifier: VmbusClientNotifier, options: VmbusClientOptions, trace?: VmbusTrace) {
    if (options.versions.length === 0) throw new RangeError('a client needs at least one version')
    this.#notifier = notifier
    this.#options = options
    const features = (): number => this.negotiated?.features ?? 0
    const ports = { notifier, send: (message: GuestMessage) => void this.#send(message), features, trace: () => this.trace }
    this.#channels = new ClientChannels(ports, options.gpadlFirst)
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
    return [...this.#channels.map.values()]
  }

  channel(channelId: number): ClientChannel | undefined {
    return this.#channels.map.get(channelId)
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
    const channel = this.#channels.map.get(channelId)
    if (channel === undefined) return 'unknownChannelId'
    if (channel.state.name !== 'offered' || channel.rescinded) return 'invalidChannelState'
    this.#channels.open(channel, opening)
    return undefined
  }

  /** Closes an open channel: CloseChannel, then teardown of its GPADLs, the rings' last. Also the driver's answer to a rescind. */
  closeChannel(channelId: number): VmbusClientError | undefined {
    const channel = this.#channels.map.get(channelId)
    if (channel === undefined) return 'unknownChannelId'
    if (channel.state.name !== 'open') return 'invalidChannelState'
    this.#send({ kind: 'closeChannel', channelId })
    this.#channels.beginTeardown(channel, channel.state.ringGpadlId)
    return undefined
  }

  /** Shares guest memory with the channel's provider (network buffers). */
  createGpadl(channelId: number, ranges: readonly GpaRange[]): GpadlResult {
    const channel = this.#channels.map.get(channelId)
    if (channel === undefined) return { ok: false, error: 'unknownChannelId' }
    if (channel.rescinded || channel.state.name === 'closing') return { ok: false, error: 'invalidChannelState' }
    return { ok: true, gpadlId: this.#channels.startGpadl(channel, ranges) }
  }

  teardownGpadl(channelId: number, gpadlId: number): VmbusClientError | undefined {
    const channel = this.#channels.map.get(channelId)
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
    const channel = this.#channels.map.get(channelId)
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
    if (!this.#channels.map.has(channelId)) return 'unknownChannelId'
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
        return this.#channels.offered(message)
      case 'allOffersDelivered':
        if (this.#connection.name === 'connected') this.#connection = { ...this.#connection, offersDelivered: true }
        return void this.#notifier.offersDelivered()
      case 'rescindChannelOffer':
        return this.#channels.rescind(message.channelId)
      case 'gpadlCreated':
        return this.#channels.gpadlCreated(message.channelId, message.gpadlId, message.status)
      case 'gpadlTorndown':
        return this.#channels.gpadlTorndown(message.gpadlId)
      case 'openChannelResult':
        return this.#channels.openResult(message.channelId, message.status)
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
      nextGpadlId: this.#channels.nextGpadlId,
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
    client.#channels.nextGpadlId = copy.nextGpadlId
    for (const row of copy.channels) {
      if (!client.#channels.restore(row)) return `channel ${row.offer.channelId} twice`
    }
    client.#outbox = [...copy.outbox]
    return client.invariantViolations()[0] ?? client
  }

  /** What contradicts itself; empty for a sound client. */
  invariantViolations(): string[] {
    return clientViolations(this.#connection, this.#channels.map)
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
}
