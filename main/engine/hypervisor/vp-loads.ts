/** Steady work of virtual processors: what the guest models set, turned into demands and event rates. */
import type { Tick } from '../kernel/ticks.ts'
import { TICKS_PER_SECOND } from '../kernel/ticks.ts'
import { type CostModel, costModelOf } from './cost-table.ts'
import type { EventCounts } from './event-counts.ts'
import { type EventRate, type GuestOperations, type GuestProfile, guestExits } from './guest-exits.ts'
import { MIN_DISPATCHES } from './processor-times.ts'
import type { Scheduler, VpDemand } from './scheduler.ts'
import type { HypervisorPlatform } from './types.ts'

/** Work of one VP from the next scheduling window on. */
export interface VpLoad {
  /** Useful work, as the share of one logical processor that it would take on bare hardware; 0 to 1. */
  readonly work: number
  readonly operations: Partial<GuestOperations>
  readonly profile: GuestProfile
}

/** A load as a snapshot keeps it. */
export interface VpLoadRow {
  readonly slot: number
  readonly load: VpLoad
  readonly vpCount: number
  /** In force; otherwise set and waiting for the next window. */
  readonly applied: boolean
  readonly since: number
}

interface Active {
  readonly load: VpLoad
  readonly vpCount: number
  readonly rates: readonly EventRate[]
  /** Work that is possible at all: round trips to the parent leave gaps. */
  readonly possible: number
  /** `workTicks` of the scheduler up to which the rates have been counted. */
  since: number
}

export class VpLoads {
  readonly #platform: HypervisorPlatform
  readonly #costs: CostModel
  readonly #scheduler: Scheduler
  readonly #events: EventCounts
  readonly #active = new Map<number, Active>()
  readonly #next = new Map<number, Active>()

  constructor(platform: HypervisorPlatform, scheduler: Scheduler, events: EventCounts) {
    this.#platform = platform
    this.#costs = costModelOf(platform)
    this.#scheduler = scheduler
    this.#events = events
    scheduler.onApplied = (slot, tick) => this.#apply(slot, tick)
  }

  set(slot: number, load: VpLoad, vpCount: number): void {
    const { active, demand } = this.#prepare(load, vpCount)
    this.#next.set(slot, active)
    this.#scheduler.setDemand(slot, demand)
  }

  /** The load last set, in force or about to be. */
  get(slot: number): VpLoad | undefined {
    return (this.#next.get(slot) ?? this.#active.get(slot))?.load
  }

  remove(slot: number): void {
    this.#active.delete(slot)
    this.#next.delete(slot)
  }

  /** Useful work per second now, as a share of bare hardware. */
  workRate(slot: number): number {
    const active = this.#active.get(slot)
    return active === undefined ? 0 : active.load.work * active.possible * (this.#scheduler.vps.pace[slot] ?? 0)
  }

  /** Count of an event: single ones and those of the steady work up to `now`. */
  count(slot: number, event: number, now: Tick): number {
    const active = this.#active.get(slot)
    const single = this.#events.get(slot, event)
    if (active === undefined) return single
    const rate = active.rates.find((candidate) => candidate.event === event)
    if (rate === undefined) return single
    return single + (rate.perSecond * (this.#scheduler.workTicks(slot, now) - active.since)) / TICKS_PER_SECOND
  }

  rows(): VpLoadRow[] {
    const rows: VpLoadRow[] = []
    for (const [slot, { load, vpCount, since }] of this.#active) rows.push({ slot, load, vpCount, applied: true, since })
    for (const [slot, { load, vpCount }] of this.#next) rows.push({ slot, load, vpCount, applied: false, since: 0 })
    return rows
  }

  /** Puts a saved load back without touching the scheduler, whose columns are restored by themselves. */
  restoreRow(row: VpLoadRow): void {
    const { active } = this.#prepare(row.load, row.vpCount)
    active.since = row.since
    const target = row.applied ? this.#active : this.#next
    target.set(row.slot, active)
  }

  #prepare(load: VpLoad, vpCount: number): { active: Active; demand: VpDemand } {
    const exits = guestExits(this.#platform, this.#costs, load.profile, load.operations, vpCount)
    const { cycles, frequencyHz } = this.#costs
    const busy = load.work > 0 || exits.hypervisorCycles > 0
    const wakes = busy ? Math.max(MIN_DISPATCHES, exits.wakes) : 0
    const dispatch = this.#scheduler.type.dispatchedByRoot ? cycles.dispatchByRoot : cycles.contextSwitch
    const guest = load.work + exits.guestCycles / frequencyHz
    const hypervisor = (exits.hypervisorCycles + wakes * dispatch) / frequencyHz
    const needed = guest + hypervisor + exits.stallNs / 1e9
    const possible = needed > 1 && exits.stallNs > 0 ? 1 / needed : 1
    const rates = exits.rates.map(({ event, perSecond }) => ({ event, perSecond: perSecond * possible }))
    return {
      active: { load, vpCount, rates, possible, since: 0 },
      demand: {
        guest: guest * possible,
        hypervisor: hypervisor * possible,
        induced: (exits.rootCycles * possible) / frequencyHz,
        wakesPerSecond: wakes * possible,
      },
    }
  }

  #apply(slot: number, tick: Tick): void {
    const next = this.#next.get(slot)
    if (next === undefined) return
    const work = this.#scheduler.workTicks(slot, tick)
    const active = this.#active.get(slot)
    if (active !== undefined) {
      const seconds = (work - active.since) / TICKS_PER_SECOND
      for (const { event, perSecond } of active.rates) this.#events.add(slot, event, perSecond * seconds)
    }
    next.since = work
    this.#active.set(slot, next)
    this.#next.delete(slot)
  }
}
