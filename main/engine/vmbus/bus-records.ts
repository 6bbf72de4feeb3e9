/** Open channels of a bus with their two users: how they are found, saved and brought back. */
import type { CutOffRow, OpenChannelRow, VmbusDriver } from './bus-types.ts'
import { Channel, type ChannelParameters } from './channel.ts'
import { type ChannelCodecs, channelRows, packetOf, packetRow, restoreChannelRows } from './channel-rows.ts'
import type { Packet } from './packet.ts'
import { countPages, pageBytes } from './pages.ts'
import type { Gpadl, OfferId, OpenParameters } from './server-types.ts'
import { vmbusVersion } from './versions.ts'

/** An open channel. */
export interface OpenRecord {
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

/** The open channels of one bus. */
export class OpenRecords {
  /** What the guest has open, by channel id. */
  readonly ofGuest = new Map<number, OpenRecord>()
  readonly #ofHost = new Map<OfferId, OpenRecord>()
  readonly #byId = new Map<number, OpenRecord>()
  readonly #byChannel = new Map<Channel, OpenRecord>()
  /** How often each channel id was opened. */
  readonly epochs = new Map<number, number>()

  /** The host opens a channel. */
  enter(record: OpenRecord): void {
    this.#ofHost.set(record.offerId, record)
    this.#byChannel.set(record.channel, record)
    this.#byId.set(record.channel.channelId, record)
  }

  /** The host has done with a channel; its guest may still believe in it. */
  leave(offerId: OfferId): void {
    const record = this.#ofHost.get(offerId)
    if (record === undefined) return
    this.#ofHost.delete(offerId)
    this.#byChannel.delete(record.channel)
    if (this.#byId.get(record.channel.channelId) === record) this.#byId.delete(record.channel.channelId)
  }

  /** Ends the data plane of a channel and keeps what was cut off. */
  cut(offerId: OfferId): void {
    const record = this.#ofHost.get(offerId)
    if (record?.channel.isOpen === true) record.aborted = record.channel.close().guest
  }

  get(offerId: OfferId): OpenRecord | undefined {
    return this.#ofHost.get(offerId)
  }

  /** The host's record of a channel id. */
  byId(channelId: number): OpenRecord | undefined {
    return this.#byId.get(channelId)
  }

  byChannel(channel: Channel): OpenRecord | undefined {
    return this.#byChannel.get(channel)
  }

  /** First working channel that fits, in the order of opening. */
  find(fits: (record: OpenRecord) => boolean): OpenRecord | undefined {
    for (const record of this.#ofHost.values()) if (record.channel.isOpen && fits(record)) return record
    return undefined
  }

  /** The host's records in the order of opening. */
  list(): readonly OpenRecord[] {
    return [...this.#ofHost.values()]
  }

  /** The guest knows none any more. */
  forgetGuest(): void {
    for (const record of this.ofGuest.values()) record.guestOpen = false
    this.ofGuest.clear()
  }

  /** Rows of every channel that works or that its guest still believes in. */
  rows(): OpenChannelRow[] {
    return [...new Set([...this.#ofHost.values(), ...this.ofGuest.values()])].flatMap(openChannelRow)
  }

  /** The data plane for an open, over the rings that the guest has shared; undefined if they are not there or have no room for two rings. */
  makeChannel(
    gpadl: Gpadl | undefined,
    parameters: OpenParameters,
    ports: Pick<ChannelParameters, 'signals' | 'trace'>,
  ): Channel | undefined {
    if (gpadl === undefined || gpadl.state !== 'accepted') return undefined
    let pages = 0
    for (const range of gpadl.ranges) pages += countPages(range.pages)
    const { channelId } = parameters
    const offset = parameters.request.downstreamPageOffset
    if (offset < 2 || offset > pages - 2) return undefined
    const epoch = (this.epochs.get(channelId) ?? 0) + 1
    this.epochs.set(channelId, epoch)
    return new Channel({
      ...ports,
      channelId,
      epoch,
      guestToHostBytes: (offset - 1) * pageBytes,
      hostToGuestBytes: (pages - offset - 1) * pageBytes,
      pendingSendSize: hasPendingSendSize(parameters),
    })
  }

  /** What contradicts itself in the rings; for tests. */
  violations(): string[] {
    const wrong: string[] = []
    for (const { channel } of this.#ofHost.values()) {
      const label = `channel ${channel.channelId}`
      for (const ring of [channel.rings.guestToHost, channel.rings.hostToGuest]) {
        const sum = ring.packets().reduce((bytes, packet) => bytes + packet.ringBytes, 0)
        if (sum !== ring.bytesToRead) wrong.push(`${label}: packets and indices disagree`)
        if (ring.bytesToWrite < 0) wrong.push(`${label}: ring overfull`)
        if (ring.signals + ring.maskedSignals + ring.notEmptySignals !== ring.packetsWritten) wrong.push(`${label}: signal counts`)
      }
    }
    return wrong
  }
}

function hasPendingSendSize(parameters: OpenParameters): boolean {
  return parameters.negotiated.version >= vmbusVersion.v2_4
}

function openChannelRow(record: OpenRecord): OpenChannelRow[] {
  const { offerId, parameters, guestOpen, channel, codecs } = record
  if (channel.isOpen) return [{ offerId, parameters, guestOpen, rows: channelRows(channel, codecs) }]
  if (!guestOpen) return []
  const { guestToHost, hostToGuest } = channel.rings
  const requests = record.aborted.map((packet) => packetRow(packet, codecs.toHost))
  const cutOff: CutOffRow = { epoch: channel.epoch, guestToHostBytes: guestToHost.size, hostToGuestBytes: hostToGuest.size, requests }
  return [{ offerId, parameters, guestOpen, cutOff }]
}

/** A record from its row, without driver; a text says why the row is refused. */
export function restoreRecord(
  row: OpenChannelRow,
  codecs: ChannelCodecs,
  ports: Pick<ChannelParameters, 'signals' | 'trace'>,
): OpenRecord | string {
  const { offerId, parameters, guestOpen, rows, cutOff } = row
  const base = { offerId, parameters, guestOpen, codecs, driver: undefined }
  if (rows !== undefined) {
    const channel = restoreChannelRows(rows, codecs, ports)
    return typeof channel === 'string' ? channel : { ...base, channel, aborted: [] }
  }
  if (cutOff === undefined) return `open channel of offer ${offerId} without content`
  const { epoch, guestToHostBytes, hostToGuestBytes } = cutOff
  const pendingSendSize = hasPendingSendSize(parameters)
  const channel = new Channel({ ...ports, channelId: parameters.channelId, epoch, guestToHostBytes, hostToGuestBytes, pendingSendSize })
  channel.close()
  const aborted: Packet[] = []
  for (const item of cutOff.requests) {
    const packet = packetOf(item, codecs.toHost)
    if (typeof packet === 'string') return packet
    aborted.push(packet)
  }
  return { ...base, channel, aborted }
}
