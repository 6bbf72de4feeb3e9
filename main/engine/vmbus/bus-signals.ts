/** How the channels of a bus signal each other: hypercall, monitor page, shared interrupt page, event flag (hypervisor reference 4.8). */
import type { OpenRecord, OpenRecords } from './bus-records.ts'
import type { Channel, ChannelSignals } from './channel.ts'
import type { SignalPath, SignalReason } from './trace.ts'
import type { SynicTransport } from './transport.ts'
import { vmbusConnection, vmbusSint, vmbusVersion } from './versions.ts'

/** Bits that are set and not yet looked at. */
export interface SignalRows {
  readonly monitorPending: readonly number[]
  readonly interruptBits: { readonly toHost: readonly number[]; readonly toGuest: readonly number[] }
}

export class BusSignals implements ChannelSignals {
  readonly #transport: SynicTransport
  readonly #records: OpenRecords
  readonly #monitorPending = new Set<number>()
  /** Bits of the shared interrupt page: guest to host below 1.1, host to guest below 2.4. */
  readonly #bitsToHost = new Set<number>()
  readonly #bitsToGuest = new Set<number>()

  constructor(transport: SynicTransport, records: OpenRecords) {
    this.#transport = transport
    this.#records = records
  }

  signalHost(channel: Channel, _reason: SignalReason): SignalPath {
    const record = this.#records.byChannel(channel)
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
    const record = this.#records.byChannel(channel)
    const vp = record?.parameters.request.targetVp
    if (record === undefined || vp === undefined) return 'interrupt'
    if (record.parameters.negotiated.version < vmbusVersion.v2_4) {
      this.#bitsToGuest.add(channel.channelId)
      this.#transport.signalGuest(0, vmbusSint, 0)
    } else this.#transport.signalGuest(vp, vmbusSint, record.parameters.eventFlag)
    return 'interrupt'
  }

  /** Channels that an event on a connection means; clears the bits it looked at. */
  hostTargets(connectionId: number): readonly OpenRecord[] {
    if (connectionId === vmbusConnection.sharedEvents) return takeBits(this.#bitsToHost, (channelId) => this.#records.byId(channelId))
    // The usual id holds the channel id in its low bits; a guest of 6.0 may have chosen others.
    const usual = this.#records.byId(connectionId & 0xfff)
    if (usual?.parameters.connectionId === connectionId) return [usual]
    const found = this.#records.find((record) => record.parameters.connectionId === connectionId)
    return found === undefined ? [] : [found]
  }

  /** Channels that an event flag in the guest means; `shared` = the guest looks at the interrupt page. */
  guestTargets(flag: number, shared: boolean): readonly OpenRecord[] {
    if (shared) return takeBits(this.#bitsToGuest, (channelId) => this.#records.ofGuest.get(channelId))
    const usual = this.#records.ofGuest.get(flag)
    if (usual?.parameters.eventFlag === flag) return [usual]
    const found = this.#records.find((record) => record.parameters.eventFlag === flag)
    return found === undefined ? [] : [found]
  }

  /** The channel behind a monitor bit, which is clear now. */
  monitorTarget(monitorId: number): OpenRecord | undefined {
    this.#monitorPending.delete(monitorId)
    return this.#records.find((record) => record.parameters.monitor?.monitorId === monitorId)
  }

  clear(): void {
    this.#monitorPending.clear()
    this.#bitsToHost.clear()
    this.#bitsToGuest.clear()
  }

  rows(): SignalRows {
    return {
      monitorPending: [...this.#monitorPending],
      interruptBits: { toHost: [...this.#bitsToHost], toGuest: [...this.#bitsToGuest] },
    }
  }

  load(rows: SignalRows): void {
    for (const id of rows.monitorPending) this.#monitorPending.add(id)
    for (const id of rows.interruptBits.toHost) this.#bitsToHost.add(id)
    for (const id of rows.interruptBits.toGuest) this.#bitsToGuest.add(id)
  }
}

function takeBits(bits: Set<number>, find: (channelId: number) => OpenRecord | undefined): OpenRecord[] {
  const ids = [...bits].sort((a, b) => a - b)
  bits.clear()
  return ids.flatMap((channelId) => find(channelId) ?? [])
}
