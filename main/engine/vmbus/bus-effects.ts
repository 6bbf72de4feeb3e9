/**
 * Effects of server and client on the two ends of each channel. The bus calls them one after the other, never nested; the methods that take a status
 * are also the late answers of providers that said `pending`.
 */
import type { VmbusBus } from './bus.ts'
import { OpenRecords } from './bus-records.ts'
import { BusSignals } from './bus-signals.ts'
import type { ProviderAnswer, VmbusBusOptions, VmbusDriver, VmbusProvider } from './bus-types.ts'
import type { Guid } from './guid.ts'
import { hvsockOffer, isHvsock } from './hvsock.ts'
import { contactState, vmbusStatus } from './messages.ts'
import type { GpaRange } from './pages.ts'
import type { OfferId, OpenParameters, VmbusServerError } from './server-types.ts'
import type { SynicTransport } from './transport.ts'

export class BusEffects {
  /** Providers of the offers, and the guest's drivers by channel id. */
  readonly providers = new Map<OfferId, VmbusProvider>()
  readonly drivers = new Map<number, VmbusDriver>()
  readonly records = new OpenRecords()
  readonly signals: BusSignals
  readonly #bus: VmbusBus
  readonly #options: VmbusBusOptions

  constructor(bus: VmbusBus, transport: SynicTransport, options: VmbusBusOptions) {
    this.#bus = bus
    this.#options = options
    this.signals = new BusSignals(transport, this.records)
  }

  /** The guest opens a channel: its provider is asked, over the rings that the guest has shared. */
  open(offerId: OfferId, parameters: OpenParameters): void {
    const provider = this.providers.get(offerId)
    const ports = { signals: this.signals, trace: this.#bus.server.trace }
    const channel = this.records.makeChannel(this.#bus.server.gpadl(offerId, parameters.request.ringGpadlId), parameters, ports)
    if (provider === undefined || channel === undefined) {
      this.#bus.server.openComplete(offerId, vmbusStatus.unsuccessful)
      return
    }
    const driver = this.drivers.get(parameters.channelId)
    this.records.enter({ offerId, parameters, channel, driver, guestOpen: false, aborted: [], codecs: provider.codecs })
    const answer = provider.open(channel, parameters)
    if (answer !== 'pending') this.opened(offerId, answer)
  }

  /** The guest closed a channel or lost it; the sub-channels go with it. */
  close(offerId: OfferId): void {
    const record = this.records.get(offerId)
    const provider = this.providers.get(offerId)
    this.records.cut(offerId)
    const answer = record === undefined || provider === undefined ? 'closed' : provider.close(record.channel)
    this.#revokeSubchannels(offerId)
    if (answer === 'closed') this.closed(offerId)
  }

  /** The guest shares memory with a provider. */
  shareGpadl(offerId: OfferId, gpadlId: number, ranges: readonly GpaRange[]): void {
    const answer = this.providers.get(offerId)?.gpadl?.(gpadlId, ranges) ?? vmbusStatus.success
    if (answer !== 'pending') this.#bus.server.gpadlCreateComplete(offerId, gpadlId, answer)
  }

  /** The guest takes shared memory back. */
  teardownGpadl(offerId: OfferId, gpadlId: number): void {
    this.providers.get(offerId)?.gpadlTeardown?.(gpadlId)
    this.#bus.server.gpadlTeardownComplete(offerId, gpadlId)
  }

  /** The guest wants interrupts on another VP. */
  retarget(offerId: OfferId, vp: number): void {
    const answer: ProviderAnswer = this.providers.get(offerId)?.targetVp?.(vp) ?? vmbusStatus.success
    if (answer !== 'pending') this.retargeted(offerId, answer)
  }

  /** The guest has new monitor pages (ModifyConnection). */
  moveMonitorPages(): void {
    this.#bus.server.modifyConnectionComplete(contactState.successful)
  }

  /** The guest asks for an hv_sock service of the host. */
  connectSocket(serviceId: Guid, endpointId: Guid, siloId: Guid | undefined): void {
    const provider = this.#options.host?.tlConnect?.(serviceId, endpointId)
    const result = provider === undefined ? undefined : this.#bus.server.offerChannel(hvsockOffer(serviceId, endpointId, false, siloId))
    if (provider !== undefined && result?.ok === true) this.providers.set(result.offerId, provider)
    this.#bus.server.tlConnectComplete(endpointId, serviceId, result?.ok === true)
  }

  /** A restored channel is signalled once. */
  signal(offerId: OfferId): void {
    this.records.get(offerId)?.channel.signalAfterRestore()
  }

  /** The guest hears how its open ended; status is an NTSTATUS. */
  openEnded(channelId: number, status: number): void {
    const driver = this.drivers.get(channelId)
    const record = this.records.byId(channelId)
    if (status !== vmbusStatus.success) {
      driver?.openFailed(channelId, status)
      return
    }
    // The host has revoked it since; the rescind is on its way.
    if (record === undefined) return
    record.guestOpen = true
    record.driver = driver
    this.records.ofGuest.set(channelId, record)
    driver?.opened(record.channel)
  }

  /** The guest hears that a device is gone: its driver first, then the channel is closed. */
  rescinded(channelId: number): void {
    const record = this.records.ofGuest.get(channelId)
    this.records.ofGuest.delete(channelId)
    if (record !== undefined) {
      record.guestOpen = false
      record.driver?.rescinded(record.channel, record.aborted)
    }
    const error = this.#bus.client.closeChannel(channelId)
    if (record === undefined && error === undefined) this.drivers.get(channelId)?.openFailed(channelId, vmbusStatus.unsuccessful)
  }

  /** Calls the driver of a channel, if there is one. */
  callDriver(channelId: number, call: (driver: VmbusDriver) => void): void {
    const driver = this.drivers.get(channelId)
    if (driver !== undefined) call(driver)
  }

  /** Answer of a provider to `open`; status is an NTSTATUS. */
  opened(offerId: OfferId, status: number): VmbusServerError | undefined {
    const error = this.#bus.server.openComplete(offerId, status)
    if (status !== vmbusStatus.success) {
      this.records.cut(offerId)
      this.records.leave(offerId)
    }
    return error
  }

  /** A provider has done with a channel. */
  closed(offerId: OfferId): VmbusServerError | undefined {
    this.records.leave(offerId)
    const error = this.#bus.server.closeComplete(offerId)
    const channel = this.#bus.server.channel(offerId)
    // A socket lives as long as its channel.
    if (channel !== undefined && isHvsock(channel.offer)) this.#bus.revoke(offerId)
    return error
  }

  /** Answer of a provider to `retarget`. */
  retargeted(offerId: OfferId, status: number): VmbusServerError | undefined {
    const record = this.records.get(offerId)
    const state = this.#bus.server.channel(offerId)?.state
    if (record !== undefined && state?.name === 'open' && status === vmbusStatus.success) {
      record.parameters = { ...record.parameters, request: { ...record.parameters.request, targetVp: state.params.targetVp } }
    }
    return this.#bus.server.modifyChannelComplete(offerId, status)
  }

  /** Takes the channel from its provider at once, with its sub-channels. */
  cutOff(offerId: OfferId): void {
    const record = this.records.get(offerId)
    this.#revokeSubchannels(offerId)
    if (record === undefined) return
    this.records.cut(offerId)
    this.records.leave(offerId)
    this.providers.get(offerId)?.close(record.channel)
  }

  #revokeSubchannels(offerId: OfferId): void {
    const primary = this.#bus.server.channel(offerId)?.offer
    if (primary === undefined || primary.subchannelIndex !== 0) return
    for (const channel of this.#bus.server.channels()) {
      const { interfaceId, instanceId, subchannelIndex } = channel.offer
      if (
        subchannelIndex > 0 &&
        interfaceId === primary.interfaceId &&
        instanceId === primary.instanceId &&
        channel.state.name !== 'revoked'
      ) {
        this.#bus.revoke(channel.offerId)
      }
    }
  }

  /** The guest is gone with all it knew: its drivers, and what it had open. */
  forgetGuest(): void {
    this.records.forgetGuest()
    this.drivers.clear()
  }
}
