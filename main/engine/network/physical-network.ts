/**
 * The network behind the uplinks: one physical switch that learns addresses as IEEE 802.1D 7.8 has it, with cables to the uplinks of
 * virtual switches and to stations. All its ports are trunks of all VLANs; a station tags its frames itself.
 */
import { TICKS_PER_US, type Tick } from '../kernel/ticks.ts'
import { castOf, type EthernetFrame } from './frames.ts'
import { MacTable } from './mac-table.ts'

/** Store and forward of a small frame in an access switch, ticks. */
export const PHYSICAL_SWITCH_TICKS = 4 * TICKS_PER_US

/** What a cable leads to. */
export type CableEnd =
  | { readonly kind: 'uplink'; readonly switchId: string }
  | { readonly kind: 'station'; readonly stationId: string; readonly interfaceId: string }

export interface PhysicalDelivery {
  readonly cableId: string
  readonly end: CableEnd
  readonly tick: Tick
}

export class PhysicalNetwork {
  readonly #cables = new Map<string, CableEnd>()
  readonly #heard: MacTable

  constructor(learnedMax?: number) {
    this.#heard = new MacTable(learnedMax)
  }

  plug(cableId: string, end: CableEnd): void {
    this.#cables.set(cableId, end)
  }

  unplug(cableId: string): void {
    this.#cables.delete(cableId)
    this.#heard.forgetPort(cableId)
  }

  /** Cable on which an address was last heard. */
  cableOf(vlan: number, mac: string, now: Tick): string | undefined {
    return this.#heard.portOf(vlan, mac, now)
  }

  /** Takes a frame from a cable; returns the ends that it goes to. A frame from a cable that is not plugged in goes nowhere. */
  send(cableId: string, frame: EthernetFrame, now: Tick): PhysicalDelivery[] {
    if (!this.#cables.has(cableId)) return []
    const vlan = frame.tag?.vlan ?? 0
    this.#heard.learn(vlan, frame.source, cableId, now)
    const known = castOf(frame.destination) === 'directed' ? this.#heard.portOf(vlan, frame.destination, now) : undefined
    const deliveries: PhysicalDelivery[] = []
    for (const [id, end] of this.#cables) {
      if (id === cableId || (known !== undefined && known !== id)) continue
      deliveries.push({ cableId: id, end, tick: now + PHYSICAL_SWITCH_TICKS })
    }
    return deliveries
  }
}
