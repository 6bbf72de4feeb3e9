/** What a bus from saved rows needs before it goes on: its providers, its drivers, and its open channels. */
import type { VmbusBus } from './bus.ts'
import { restoreRecord } from './bus-records.ts'
import type { BusEnds, VmbusBusRows } from './bus-types.ts'
import type { ChannelCodecs } from './channel-rows.ts'
import type { RestoreMode } from './server-rows.ts'
import type { OfferId } from './server-types.ts'

/** Puts providers, drivers and open channels back; a text = refused. */
export function attachEnds(bus: VmbusBus, rows: VmbusBusRows, mode: RestoreMode, ends: BusEnds): string | undefined {
  const { effects } = bus
  for (const { offer } of bus.client.channels()) {
    const driver = ends.driver(offer.channelId)
    if (driver !== undefined) effects.drivers.set(offer.channelId, driver)
  }
  const codecs = new Map<OfferId, ChannelCodecs>()
  for (const { offerId, offer, state } of rows.server.channels) {
    const provider = ends.provider(offerId, offer)
    const known = provider?.codecs ?? ends.codecs?.(offer)
    if (known !== undefined) codecs.set(offerId, known)
    const live = bus.server.channel(offerId) !== undefined && state.name !== 'revoked'
    if (live && provider !== undefined) effects.providers.set(offerId, provider)
    else if (live && mode === 'resume') return `the provider of offer ${offerId} is missing`
  }
  for (const row of rows.channels) {
    const known = codecs.get(row.offerId)
    if (known === undefined) return `nobody can read the packets of offer ${row.offerId}`
    const record = restoreRecord(row, known, { signals: effects.signals, trace: bus.server.trace })
    if (typeof record === 'string') return record
    const { channel, guestOpen } = record
    record.driver = effects.drivers.get(channel.channelId)
    if (channel.isOpen) effects.records.enter(record)
    if (guestOpen) effects.records.ofGuest.set(channel.channelId, record)
  }
  if (mode === 'machine') claimChannels(bus)
  return undefined
}

/** Offers again what this host has, puts it in service, and rescinds the rest. */
function claimChannels(bus: VmbusBus): void {
  const { effects } = bus
  for (const channel of bus.server.channels()) {
    const { offerId, offer, state } = channel
    if (channel.restore !== 'unmatched') continue
    if (!effects.providers.has(offerId)) {
      effects.records.cut(offerId)
      effects.records.leave(offerId)
      continue
    }
    bus.server.offerChannel(offer)
    // An open that was under way begins anew.
    if (state.name === 'opening') effects.records.leave(offerId)
    const inUse = effects.records.get(offerId) !== undefined
    bus.server.restoreChannel(offerId, inUse)
  }
  bus.server.revokeUnclaimedChannels()
}
