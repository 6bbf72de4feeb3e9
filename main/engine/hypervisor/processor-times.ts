/** Processor time as it accumulates: linear between two computations of the shares, per VP slot and per logical processor. */
import { TICKS_PER_SECOND, type Tick } from '../kernel/ticks.ts'
import type { LogicalProcessor } from './topology.ts'
import { VpArrays } from './vp-arrays.ts'

/** Dispatches per second of a VP that has something to do: at least one per window. */
export const MIN_DISPATCHES = 100
/** Mean rest of a run that a waking VP finds on a busy processor, ns (model). */
const RESIDUAL_RUN_NS = 250_000

export class ProcessorTimes {
  readonly lps: readonly LogicalProcessor[]
  readonly vps = new VpArrays()
  readonly lpGuest: Float64Array
  readonly lpHypervisor: Float64Array
  readonly lpGuestTicks: Float64Array
  readonly lpHypervisorTicks: Float64Array
  readonly lpSwitches: Float64Array
  readonly lpSwitchRate: Float64Array
  lpSince: Tick
  /** Granted time of all VPs, in logical processors. */
  load = 0

  constructor(lps: readonly LogicalProcessor[], start: Tick) {
    this.lps = lps
    this.lpGuest = new Float64Array(lps.length)
    this.lpHypervisor = new Float64Array(lps.length)
    this.lpGuestTicks = new Float64Array(lps.length)
    this.lpHypervisorTicks = new Float64Array(lps.length)
    this.lpSwitches = new Float64Array(lps.length)
    this.lpSwitchRate = new Float64Array(lps.length)
    this.lpSince = start
  }

  guestTicks(slot: number, now: Tick): number {
    return (this.vps.guestTicks[slot] ?? 0) + (this.vps.guest[slot] ?? 0) * this.age(slot, now)
  }

  hypervisorTicks(slot: number, now: Tick): number {
    return (this.vps.hypervisorTicks[slot] ?? 0) + (this.vps.hypervisor[slot] ?? 0) * this.age(slot, now)
  }

  remoteTicks(slot: number, now: Tick): number {
    return (this.vps.remoteTicks[slot] ?? 0) + (this.vps.remote[slot] ?? 0) * this.age(slot, now)
  }

  workTicks(slot: number, now: Tick): number {
    return (this.vps.workTicks[slot] ?? 0) + (this.vps.pace[slot] ?? 0) * this.age(slot, now)
  }

  dispatches(slot: number, now: Tick): number {
    return (this.vps.dispatches[slot] ?? 0) + (this.dispatchRate(slot) * this.age(slot, now)) / TICKS_PER_SECOND
  }

  /** Dispatches per second: one per window at least, or each time it wakes; none while it holds a processor alone. */
  dispatchRate(slot: number): number {
    const granted = (this.vps.guest[slot] ?? 0) + (this.vps.hypervisor[slot] ?? 0)
    if (granted <= 0 || granted >= 1 - 1e-9) return 0
    return Math.max(MIN_DISPATCHES, (this.vps.wakes[slot] ?? 0) * (this.vps.pace[slot] ?? 0))
  }

  /** Average wait for a logical processor per dispatch, ns: throttling by share or cap, and meeting busy processors when waking. */
  waitPerDispatchNs(slot: number): number {
    const rate = this.dispatchRate(slot)
    if (rate === 0) return 0
    const { vps } = this
    const wanted = Math.min(1, (vps.wantGuest[slot] ?? 0) + (vps.wantHypervisor[slot] ?? 0))
    const missing = Math.max(0, wanted - (vps.guest[slot] ?? 0) - (vps.hypervisor[slot] ?? 0))
    const busy = Math.min(1, this.load / this.lps.length)
    return (missing * 1e9) / rate + busy ** this.lps.length * RESIDUAL_RUN_NS
  }

  lpTimes(lp: number, now: Tick): { readonly guest: number; readonly hypervisor: number; readonly switches: number } {
    const age = now - this.lpSince
    return {
      guest: (this.lpGuestTicks[lp] ?? 0) + (this.lpGuest[lp] ?? 0) * age,
      hypervisor: (this.lpHypervisorTicks[lp] ?? 0) + (this.lpHypervisor[lp] ?? 0) * age,
      switches: (this.lpSwitches[lp] ?? 0) + ((this.lpSwitchRate[lp] ?? 0) * age) / TICKS_PER_SECOND,
    }
  }

  protected clearTimes(start: Tick): void {
    for (const column of [this.lpGuest, this.lpHypervisor, this.lpGuestTicks, this.lpHypervisorTicks, this.lpSwitches, this.lpSwitchRate]) {
      column.fill(0)
    }
    this.lpSince = start
    this.load = 0
  }

  /** Adds up a slot's time; its rates may change from here on. */
  protected foldSlot(slot: number, at: Tick): void {
    const { vps } = this
    const age = this.age(slot, at)
    if (age === 0) return
    vps.guestTicks[slot] = (vps.guestTicks[slot] ?? 0) + (vps.guest[slot] ?? 0) * age
    vps.hypervisorTicks[slot] = (vps.hypervisorTicks[slot] ?? 0) + (vps.hypervisor[slot] ?? 0) * age
    vps.remoteTicks[slot] = (vps.remoteTicks[slot] ?? 0) + (vps.remote[slot] ?? 0) * age
    vps.workTicks[slot] = (vps.workTicks[slot] ?? 0) + (vps.pace[slot] ?? 0) * age
    vps.dispatches[slot] = (vps.dispatches[slot] ?? 0) + (this.dispatchRate(slot) * age) / TICKS_PER_SECOND
    vps.since[slot] = at
  }

  protected foldLps(at: Tick): void {
    for (let lp = 0; lp < this.lps.length; lp++) {
      const { guest, hypervisor, switches } = this.lpTimes(lp, at)
      this.lpGuestTicks[lp] = guest
      this.lpHypervisorTicks[lp] = hypervisor
      this.lpSwitches[lp] = switches
    }
    this.lpSince = at
  }

  protected age(slot: number, now: Tick): number {
    return now - (this.vps.since[slot] ?? now)
  }
}
