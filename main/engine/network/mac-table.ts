/**
 * A table of learned addresses: which port a MAC address was last heard on, in which VLAN, with an age and a limit.
 *
 * Entries not heard for the ageing time are purged; a full table forgets the one that was heard longest ago.
 */
import { TICKS_PER_SECOND, type Tick } from '../kernel/ticks.ts'
import type { MacAddress } from './frames.ts'

/** Ageing time that IEEE 802.1D 7.9 recommends: 300 s. */
export const AGEING_TICKS = 300 * TICKS_PER_SECOND
/** Entries of a table at the most, unless it is made with another limit. */
export const TABLE_ENTRIES_MAX = 4096

/** Saved form of an entry; `id` is VLAN and address. */
export interface MacEntryRow {
  readonly id: string
  readonly portId: string
  readonly heardTick: Tick
}

export class MacTable {
  /** Entries in the order in which they were last heard. */
  readonly #entries = new Map<string, { portId: string; heardTick: Tick }>()
  readonly #limit: number
  readonly #ageingTicks: Tick
  #learned = 0
  #purged = 0

  constructor(limit = TABLE_ENTRIES_MAX, ageingTicks = AGEING_TICKS) {
    this.#limit = limit
    this.#ageingTicks = ageingTicks
  }

  get size(): number {
    return this.#entries.size
  }

  /** Addresses learned since the table was made: `Learned Mac Addresses`. */
  get learned(): number {
    return this.#learned
  }

  /** Addresses forgotten since the table was made: `Purged Mac Addresses`. */
  get purged(): number {
    return this.#purged
  }

  learn(vlan: number, mac: MacAddress, portId: string, now: Tick): void {
    const key = `${vlan} ${mac}`
    this.#age(now)
    const known = this.#entries.get(key)
    if (known === undefined || known.portId !== portId) this.#learned++
    this.#entries.delete(key)
    if (this.#entries.size >= this.#limit) this.#purgeOldest()
    this.#entries.set(key, { portId, heardTick: now })
  }

  portOf(vlan: number, mac: MacAddress, now: Tick): string | undefined {
    this.#age(now)
    return this.#entries.get(`${vlan} ${mac}`)?.portId
  }

  /** Forgets an address that turned up elsewhere. */
  forget(vlan: number, mac: MacAddress): void {
    if (this.#entries.delete(`${vlan} ${mac}`)) this.#purged++
  }

  /** Forgets everything heard on a port that is gone. */
  forgetPort(portId: string): void {
    for (const [key, entry] of this.#entries) {
      if (entry.portId !== portId) continue
      this.#entries.delete(key)
      this.#purged++
    }
  }

  toRows(): MacEntryRow[] {
    return [...this.#entries].map(([id, entry]) => ({ id, ...entry }))
  }

  restore(rows: readonly MacEntryRow[]): void {
    this.#entries.clear()
    for (const { id, portId, heardTick } of rows) this.#entries.set(id, { portId, heardTick })
  }

  #age(now: Tick): void {
    for (const entry of this.#entries.values()) {
      if (entry.heardTick + this.#ageingTicks > now) return
      this.#purgeOldest()
    }
  }

  #purgeOldest(): void {
    const oldest = this.#entries.keys().next().value
    if (oldest === undefined) return
    this.#entries.delete(oldest)
    this.#purged++
  }
}
