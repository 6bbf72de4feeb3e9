/** The channels that a guest knows, from offer to release, with their GPADLs (hypervisor reference 4.3–4.5; linux: drivers/hv/channel_mgmt.c). */
import { openMessage } from './client-messages.ts'
import type {
  ChannelOpening,
  ClientChannel,
  ClientChannelState,
  ClientGpadl,
  VmbusClientError,
  VmbusClientNotifier,
} from './client-types.ts'
import { gpadlMessages } from './gpadl-messages.ts'
import { type GuestMessage, isSuccess, type OfferChannelMessage } from './messages.ts'
import { countPages, type GpaRange, pageBytes } from './pages.ts'
import type { VmbusTrace } from './trace.ts'

/** Status of an open that the host will not answer: STATUS_UNSUCCESSFUL. */
const NEVER_OPENED = 0xc0000001

/** What the channels need of the connection. */
export interface ChannelPorts {
  readonly notifier: VmbusClientNotifier
  /** Posts a message while the guest is connected. */
  send(message: GuestMessage): void
  /** Feature flags in force. */
  features(): number
  trace(): VmbusTrace | undefined
}

export class ClientChannels {
  readonly #ports: ChannelPorts
  readonly #notifier: VmbusClientNotifier
  readonly #map = new Map<number, ClientChannel>()
  /** Handle that the next GPADL gets; 32 bits, never 0. */
  nextGpadlId: number

  constructor(ports: ChannelPorts, nextGpadlId: number) {
    this.#ports = ports
    this.#notifier = ports.notifier
    this.nextGpadlId = nextGpadlId
  }

  /** By channel id, in the order of the offers. */
  get map(): ReadonlyMap<number, ClientChannel> {
    return this.#map
  }

  clear(): void {
    this.#map.clear()
  }

  /** A saved channel; false when its id is taken. */
  restore(row: Omit<ClientChannel, 'gpadls'> & { readonly gpadls: readonly ClientGpadl[] }): boolean {
    const { channelId } = row.offer
    if (this.#map.has(channelId)) return false
    this.#map.set(channelId, { ...row, gpadls: new Map(row.gpadls.map((gpadl) => [gpadl.gpadlId, gpadl])) })
    return true
  }

  /** A new offer of the host. */
  offered(offer: OfferChannelMessage): VmbusClientError | undefined {
    if (this.#map.has(offer.channelId)) return 'duplicateOffer'
    this.#map.set(offer.channelId, { offer, state: { name: 'offered' }, rescinded: false, targetVp: 0, gpadls: new Map() })
    this.#notifier.channelOffered(offer.channelId, offer)
    return undefined
  }

  /** Begins to open: GPADL of the rings first. */
  open(channel: ClientChannel, opening: ChannelOpening): void {
    const byteCount = countPages(opening.ringPages) * pageBytes
    const ringGpadlId = this.startGpadl(channel, [{ byteCount, byteOffset: 0, pages: opening.ringPages }])
    this.#setChannel(channel, { name: 'creatingRings', opening, ringGpadlId })
  }

  /** RescindChannelOffer: the driver is told; what is not open is given back. */
  rescind(channelId: number): VmbusClientError | undefined {
    const channel = this.#map.get(channelId)
    if (channel === undefined) return 'unknownChannelId'
    channel.rescinded = true
    this.#notifier.channelRescinded(channelId)
    // The host gives no result for an open that it had not finished (openvmm: revoke).
    if (channel.state.name === 'opening') {
      const ringGpadlId = channel.state.ringGpadlId
      this.#notifier.channelOpened(channelId, NEVER_OPENED)
      this.beginTeardown(channel, ringGpadlId)
    } else this.#settle(channel)
    return undefined
  }

  /** The host has taken a GPADL, or refused it; the rings' own leads to OpenChannel. */
  gpadlCreated(channelId: number, gpadlId: number, status: number): VmbusClientError | undefined {
    const channel = this.#map.get(channelId)
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
        this.#notifier.channelOpened(channelId, success ? NEVER_OPENED : status)
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
    this.#ports.send(openMessage(channel.offer, opening, ringGpadlId, this.#ports.features()))
  }

  /** The host answers an open, also that of a reserved channel. */
  openResult(channelId: number, status: number): VmbusClientError | undefined {
    const channel = this.#map.get(channelId)
    if (channel === undefined) return 'unknownChannelId'
    const state = channel.state
    if (state.name !== 'opening') {
      this.#notifier.reservedOpened(channelId, status)
      return undefined
    }
    if (isSuccess(status)) this.#setChannel(channel, { name: 'open', opening: state.opening, ringGpadlId: state.ringGpadlId })
    this.#notifier.channelOpened(channelId, status)
    if (!isSuccess(status)) this.beginTeardown(channel, state.ringGpadlId)
    return undefined
  }

  /** The host has let go of a GPADL; a message that names no channel. */
  gpadlTorndown(gpadlId: number): VmbusClientError | undefined {
    for (const [channelId, channel] of this.#map) {
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

  /** The channel closes: every GPADL goes, the rings’ last. */
  beginTeardown(channel: ClientChannel, ringGpadlId: number): void {
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
      this.#ports.send({ kind: 'gpadlTeardown', channelId, gpadlId: gpadl.gpadlId })
    }
    if (channel.rescinded && state.name === 'offered' && channel.gpadls.size === 0) {
      this.#map.delete(channelId)
      this.#ports.send({ kind: 'relIdReleased', channelId })
      this.#notifier.channelReleased(channelId)
    }
  }

  /** Sends the messages of a new GPADL; its id. */
  startGpadl(channel: ClientChannel, ranges: readonly GpaRange[]): number {
    const gpadlId = this.nextGpadlId
    this.nextGpadlId = gpadlId + 1 > 0xffffffff ? 1 : gpadlId + 1
    let pages = 0
    for (const range of ranges) pages += countPages(range.pages)
    channel.gpadls.set(gpadlId, { gpadlId, pages, state: 'creating' })
    for (const message of gpadlMessages(channel.offer.channelId, gpadlId, ranges)) this.#ports.send(message)
    return gpadlId
  }

  #setChannel(channel: ClientChannel, state: ClientChannelState): void {
    const from = channel.state.name
    channel.state = state
    if (from !== state.name) {
      this.#ports.trace()?.({ kind: 'channelState', side: 'client', channelId: channel.offer.channelId, from, to: state.name })
    }
  }
}
