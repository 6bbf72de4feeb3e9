/**
 * The processor scheduler: proportional share per window of 10 ms of simulated time.
 *
 * Each VP has a demand, a share of one logical processor, and the hypervisor time that comes with it. Shares are worked out anew only at
 * the window's start after a demand, a control or the set of VPs has changed; until then times are linear and nothing is computed.
 * Single events (a hypercall, an intercept) are charged to the window they fall into and settled at its end: out of idle time where
 * there is some, else out of the guest's share. Left out: the order of dispatches within a window.
 */
import { invariant } from '../kernel/result.ts'
import { TICKS_PER_SECOND, type Tick } from '../kernel/ticks.ts'
import { Placement } from './placement.ts'
import { ProcessorTimes } from './processor-times.ts'
import { shareCapacity } from './proportional-share.ts'
import { SCHEDULER_TYPES, type SchedulerTypeInfo } from './scheduler-types.ts'
import type { LogicalProcessor } from './topology.ts'
import type { HypervisorPlatform } from './types.ts'
import { VpScratch } from './vp-arrays.ts'

/** Accounting window, ticks (10 ms; model, the real quantum is unpublished). */
export const WINDOW_TICKS = 100_000
export interface VpControls {
  /** 1 to 10000. */
  readonly weight: number
  /** Share of one logical processor, 0 to 1. */
  readonly cap: number
  readonly reserve: number
}

/** What a VP wants from the next window on. Shares of one logical processor at full pace. */
export interface VpDemand {
  readonly guest: number
  readonly hypervisor: number
  /** Time of root VPs that this VP's work causes. */
  readonly induced: number
  readonly wakesPerSecond: number
}

export interface NewVp {
  readonly controls: VpControls
  /** Ideal NUMA node, -1 for none. */
  readonly node: number
  /** Root VPs name their processor. */
  readonly pinnedTo?: number
  /** Logical processor that it begins on; without it the one with the fewest VPs of its node. */
  readonly home?: number
  /** One hardware thread per core: takes whole cores under the core scheduler. */
  readonly smt: boolean
}

export class Scheduler extends ProcessorTimes {
  readonly type: SchedulerTypeInfo
  readonly placement: Placement
  /** First slot never used. */
  slotEnd = 0
  saturated = false
  /** Processors occupied by grants, idle siblings included, since the last full computation. */
  occupied = 0
  /** Shares that fitted on no processor whole in the last full computation. */
  spreads = 0
  /** Times that shares were worked out anew. */
  solves = 0
  /** First window boundary not yet passed. */
  boundary: Tick
  readonly #ticksPerCycle: number
  readonly #hostReserve: number
  readonly #free: number[] = []
  readonly #changed = new Set<number>()
  readonly #charged = new Set<number>()
  #all = true
  #scratch = new VpScratch(64)
  /** Called when a VP's new demand takes effect. */
  onApplied: (slot: number, tick: Tick) => void = () => undefined

  constructor(platform: HypervisorPlatform, lps: readonly LogicalProcessor[], start: Tick) {
    super(lps, start)
    this.type = SCHEDULER_TYPES[platform.scheduler]
    this.placement = new Placement(lps)
    this.boundary = (Math.floor(start / WINDOW_TICKS) + 1) * WINDOW_TICKS
    this.#ticksPerCycle = TICKS_PER_SECOND / platform.frequencyHz
    this.#hostReserve = platform.hostReserve
  }

  addVp(vp: NewVp, now: Tick): number {
    const slot = this.#free.pop() ?? this.slotEnd++
    const { vps } = this
    // A slot that was never used, or was given back, is blank.
    vps.reserveSlots(slot + 1)
    vps.alive[slot] = 1
    vps.since[slot] = now
    vps.node[slot] = vp.node
    vps.root[slot] = vp.pinnedTo === undefined ? 0 : 1
    vps.wholeCore[slot] = this.type.coreIsolation && !vp.smt && vp.pinnedTo === undefined ? 1 : 0
    const home = vp.pinnedTo ?? vp.home ?? this.placement.leastPopulated(vp.node)
    vps.home[slot] = home
    this.#populate(home, 1)
    this.#setControls(slot, vp.controls)
    this.#changed.add(slot)
    return slot
  }

  /** Forgets everything: as it was made, at `start`. Cheaper than a new one where a host is worked out again and again. */
  restart(start: Tick): void {
    this.vps.clear(this.slotEnd)
    this.clearTimes(start)
    this.placement.clearLoads()
    this.placement.residents.fill(0)
    this.slotEnd = 0
    this.saturated = false
    this.occupied = 0
    this.spreads = 0
    this.boundary = (Math.floor(start / WINDOW_TICKS) + 1) * WINDOW_TICKS
    this.#free.length = 0
    this.#changed.clear()
    this.#charged.clear()
    this.#all = true
  }

  /** Frees a slot. A share that was spread over processors leaves the others at the next window's start. */
  removeVp(slot: number, now: Tick): void {
    const { vps } = this
    invariant(vps.alive[slot] === 1, `slot ${slot} is not in use`)
    const guest = vps.guest[slot] ?? 0
    const hypervisor = vps.hypervisor[slot] ?? 0
    if (guest + hypervisor > 0) {
      const lp = vps.home[slot] ?? 0
      this.foldLps(now)
      this.lpGuest[lp] = Math.max(0, (this.lpGuest[lp] ?? 0) - guest)
      this.lpHypervisor[lp] = Math.max(0, (this.lpHypervisor[lp] ?? 0) - hypervisor)
      this.load -= guest + hypervisor
      this.#all = true
    }
    this.#populate(vps.home[slot] ?? 0, -1)
    this.#changed.delete(slot)
    this.#charged.delete(slot)
    vps.clearSlot(slot)
    this.#free.push(slot)
  }

  setControls(slot: number, controls: VpControls): void {
    this.#setControls(slot, controls)
    this.#changed.add(slot)
  }

  setDemand(slot: number, demand: VpDemand): void {
    const { vps } = this
    vps.wantGuest[slot] = demand.guest
    vps.wantHypervisor[slot] = demand.hypervisor
    if (vps.induced[slot] !== demand.induced) this.#markRoots()
    vps.induced[slot] = demand.induced
    vps.wakes[slot] = demand.wakesPerSecond
    this.#changed.add(slot)
  }

  setRunnable(slot: number, runnable: boolean): void {
    if ((this.vps.runnable[slot] === 1) === runnable) return
    this.vps.runnable[slot] = runnable ? 1 : 0
    if ((this.vps.induced[slot] ?? 0) > 0) this.#markRoots()
    this.#changed.add(slot)
  }

  /** Charges a single event to the current window. */
  charge(slot: number, cycles: number): void {
    const ticks = cycles * this.#ticksPerCycle
    if (this.vps.charged[slot] === 0) this.#charged.add(slot)
    this.vps.charged[slot] = (this.vps.charged[slot] ?? 0) + ticks
  }

  /** True when `advance` to `now` would do something. */
  isDue(now: Tick): boolean {
    return now >= this.boundary && (this.#all || this.#changed.size > 0 || this.#charged.size > 0)
  }

  /** Passes all window boundaries up to `now`. Windows in which nothing changed cost nothing. */
  advance(now: Tick): void {
    while (this.isDue(now)) {
      const at = this.boundary
      if (this.#charged.size > 0) this.#settle()
      if (this.#all || this.#changed.size > 0) this.#recompute(at)
      this.boundary = at + WINDOW_TICKS
    }
    if (now >= this.boundary) this.boundary = (Math.floor(now / WINDOW_TICKS) + 1) * WINDOW_TICKS
  }

  /** Slots waiting to be reused, changed slots and charged slots: the hidden part of the state, for snapshots. */
  hiddenState(): { free: number[]; changed: number[]; charged: number[]; all: boolean } {
    return { free: [...this.#free], changed: [...this.#changed], charged: [...this.#charged], all: this.#all }
  }

  restoreHidden(state: {
    readonly free: readonly number[]
    readonly changed: readonly number[]
    readonly charged: readonly number[]
    readonly all: boolean
  }): void {
    this.#free.splice(0, this.#free.length, ...state.free)
    this.#changed.clear()
    for (const slot of state.changed) this.#changed.add(slot)
    this.#charged.clear()
    for (const slot of state.charged) this.#charged.add(slot)
    this.#all = state.all
  }

  #setControls(slot: number, controls: VpControls): void {
    this.vps.weight[slot] = this.type.controls ? controls.weight : 100
    this.vps.cap[slot] = this.type.controls ? controls.cap : 1
    this.vps.reserve[slot] = this.type.controls ? controls.reserve : 0
  }

  #populate(lp: number, by: number): void {
    this.placement.residents[lp] = (this.placement.residents[lp] ?? 0) + by
  }

  #markRoots(): void {
    // Everything is worked out anew in any case.
    if (this.#all) return
    for (let slot = 0; slot < this.slotEnd; slot++) if (this.vps.root[slot] === 1) this.#changed.add(slot)
  }

  /** Ends the window for single events: they lengthen the run where the processor idles and the cap allows, else the guest runs less. */
  #settle(): void {
    const { vps } = this
    const slots = [...this.#charged]
    this.#charged.clear()
    for (const slot of slots) {
      const lp = vps.home[slot] ?? 0
      const charged = vps.charged[slot] ?? 0
      const granted = (vps.guest[slot] ?? 0) + (vps.hypervisor[slot] ?? 0)
      const idle = Math.max(0, 1 - (this.placement.used[lp] ?? 0)) * WINDOW_TICKS
      const allowed = Math.max(0, Math.min(vps.root[slot] === 1 ? 1 : (vps.cap[slot] ?? 1), 1) - granted) * WINDOW_TICKS
      const extra = Math.min(charged, idle, allowed)
      const stolen = Math.min(charged - extra, (vps.guest[slot] ?? 0) * WINDOW_TICKS)
      vps.hypervisorTicks[slot] = (vps.hypervisorTicks[slot] ?? 0) + extra + stolen
      vps.guestTicks[slot] = (vps.guestTicks[slot] ?? 0) - stolen
      this.lpHypervisorTicks[lp] = (this.lpHypervisorTicks[lp] ?? 0) + extra + stolen
      this.lpGuestTicks[lp] = (this.lpGuestTicks[lp] ?? 0) - stolen
      const rest = charged - extra - stolen
      vps.charged[slot] = rest > 1e-6 ? rest : 0
      if (rest > 1e-6) this.#charged.add(slot)
    }
  }

  #recompute(at: Tick): void {
    this.solves++
    this.foldLps(at)
    const changed = [...this.#changed].sort((a, b) => a - b)
    this.#changed.clear()
    for (const slot of changed) {
      this.foldSlot(slot, at)
      this.onApplied(slot, at)
    }
    if (!this.#all && this.#adjust(changed)) return
    this.#all = false
    for (let slot = 0; slot < this.slotEnd; slot++) if (this.vps.alive[slot] === 1) this.foldSlot(slot, at)
    const scratch = this.#gather()
    const { lower, upper, weight, occupancy, grants, count } = scratch
    this.saturated = shareCapacity({ count, lower, upper, weight, occupancy, capacity: this.lps.length }, grants)
    this.#place(scratch)
  }

  /**
   * On a host with time to spare a changed demand concerns nobody else: the VP gets what it wants where it is. False when that does not
   * hold (root VPs, contention, no room at home); everything is then computed anew.
   */
  #adjust(changed: readonly number[]): boolean {
    const { vps, placement } = this
    if (this.saturated || this.spreads > 0) return false
    for (const slot of changed) {
      const node = vps.node[slot] ?? -1
      const home = vps.home[slot] ?? 0
      if (vps.root[slot] === 1 || (node >= 0 && this.lps[home]?.node !== node)) return false
      const whole = vps.wholeCore[slot] === 1
      const occupies = this.#occupancyOf(slot)
      const old = (vps.guest[slot] ?? 0) + (vps.hypervisor[slot] ?? 0)
      const want = vps.runnable[slot] === 1 ? (vps.wantGuest[slot] ?? 0) + (vps.wantHypervisor[slot] ?? 0) : 0
      const grant = Math.min(want, 1, vps.cap[slot] ?? 1)
      if (this.occupied + (grant - old) * occupies > this.lps.length) return false
      this.#unplace(slot, old)
      if (!placement.fits(home, grant, whole)) return false
      const guestPart = want > 0 ? (vps.wantGuest[slot] ?? 0) / want : 0
      placement.add(home, grant, whole)
      this.#run(home, grant, guestPart)
      this.#grant(slot, grant * guestPart, grant * (1 - guestPart), 0)
      vps.pace[slot] = want > 0 ? Math.min(1, grant / want) : 0
      this.load += grant
      this.occupied += grant * occupies
      this.lpSwitchRate[home] = (this.lpSwitchRate[home] ?? 0) + this.dispatchRate(slot)
    }
    return true
  }

  /** Takes a share off its home processor. */
  #unplace(slot: number, old: number): void {
    const { vps, placement } = this
    const home = vps.home[slot] ?? 0
    placement.add(home, -old, vps.wholeCore[slot] === 1)
    this.lpGuest[home] = Math.max(0, (this.lpGuest[home] ?? 0) - (vps.guest[slot] ?? 0))
    this.lpHypervisor[home] = Math.max(0, (this.lpHypervisor[home] ?? 0) - (vps.hypervisor[slot] ?? 0))
    this.lpSwitchRate[home] = Math.max(0, (this.lpSwitchRate[home] ?? 0) - this.dispatchRate(slot))
    this.load -= old
    this.occupied -= old * this.#occupancyOf(slot)
  }

  #occupancyOf(slot: number): number {
    return this.vps.wholeCore[slot] === 1 && (this.lps[0]?.sibling ?? -1) >= 0 ? 2 : 1
  }

  /** Root VPs first, so that what is pinned finds its processor free. */
  #gather(): VpScratch {
    const { vps } = this
    if (this.#scratch.slots.length < this.slotEnd) this.#scratch = new VpScratch(vps.capacity)
    const scratch = this.#scratch
    let induced = 0
    let roots = 0
    for (let slot = 0; slot < this.slotEnd; slot++) {
      if (vps.alive[slot] !== 1) continue
      if (vps.root[slot] === 1) roots++
      else if (vps.runnable[slot] === 1) induced += vps.induced[slot] ?? 0
    }
    const perRoot = roots === 0 ? 0 : induced / roots
    let count = 0
    for (const pass of [1, 0]) {
      for (let slot = 0; slot < this.slotEnd; slot++) {
        if (vps.alive[slot] !== 1 || vps.root[slot] !== pass) continue
        const wanted = vps.runnable[slot] === 1 ? (vps.wantGuest[slot] ?? 0) + (vps.wantHypervisor[slot] ?? 0) : 0
        const want = pass === 1 ? wanted + perRoot : wanted
        if (want <= 0) {
          this.#grant(slot, 0, 0, 0)
          continue
        }
        const upper = Math.min(want, 1, pass === 1 ? 1 : (vps.cap[slot] ?? 1))
        scratch.slots[count] = slot
        scratch.wants[count] = want
        scratch.extra[count] = pass === 1 ? perRoot : 0
        scratch.upper[count] = upper
        scratch.lower[count] = Math.min(upper, pass === 1 ? this.#hostReserve : (vps.reserve[slot] ?? 0))
        scratch.weight[count] = Math.max(1, vps.weight[slot] ?? 1)
        scratch.occupancy[count] = this.#occupancyOf(slot)
        count++
      }
    }
    scratch.count = count
    return scratch
  }

  #place(scratch: VpScratch): void {
    const { vps, placement } = this
    placement.clearLoads()
    this.lpGuest.fill(0)
    this.lpHypervisor.fill(0)
    this.lpSwitchRate.fill(0)
    this.load = 0
    this.occupied = 0
    this.spreads = 0
    for (let i = 0; i < scratch.count; i++) {
      const slot = scratch.slots[i] ?? 0
      const grant = scratch.grants[i] ?? 0
      const want = scratch.wants[i] ?? 1
      const guestPart = ((vps.wantGuest[slot] ?? 0) * (vps.runnable[slot] ?? 0) + (scratch.extra[i] ?? 0)) / want
      const whole = vps.wholeCore[slot] === 1
      const home = vps.home[slot] ?? 0
      const lp = vps.root[slot] === 1 ? home : placement.choose(home, vps.node[slot] ?? -1, grant, whole)
      let remote = 0
      let lost = 0
      if (lp >= 0) {
        placement.add(lp, grant, whole)
        this.#run(lp, grant, guestPart)
        if (this.#isRemote(slot, lp)) remote = grant
        this.#moveHome(slot, lp)
      } else {
        this.spreads++
        let largest = 0
        let best = home
        lost = placement.spread(vps.node[slot] ?? -1, grant, whole, (piece, share) => {
          this.#run(piece, share, guestPart)
          if (this.#isRemote(slot, piece)) remote += share
          if (share > largest) {
            largest = share
            best = piece
          }
        })
        this.#moveHome(slot, best)
      }
      const given = grant - lost
      this.load += given
      this.occupied += given * this.#occupancyOf(slot)
      this.#grant(slot, given * guestPart, given * (1 - guestPart), remote)
      vps.pace[slot] = Math.min(1, given / want)
      const at = vps.home[slot] ?? 0
      this.lpSwitchRate[at] = (this.lpSwitchRate[at] ?? 0) + this.dispatchRate(slot)
    }
  }

  #run(lp: number, share: number, guestPart: number): void {
    this.lpGuest[lp] = (this.lpGuest[lp] ?? 0) + share * guestPart
    this.lpHypervisor[lp] = (this.lpHypervisor[lp] ?? 0) + share * (1 - guestPart)
  }

  #isRemote(slot: number, lp: number): boolean {
    const node = this.vps.node[slot] ?? -1
    return node >= 0 && this.lps[lp]?.node !== node
  }

  #moveHome(slot: number, lp: number): void {
    const home = this.vps.home[slot] ?? 0
    if (home === lp) return
    this.#populate(home, -1)
    this.#populate(lp, 1)
    this.vps.home[slot] = lp
    this.vps.migrations[slot] = (this.vps.migrations[slot] ?? 0) + 1
  }

  #grant(slot: number, guest: number, hypervisor: number, remote: number): void {
    this.vps.guest[slot] = guest
    this.vps.hypervisor[slot] = hypervisor
    this.vps.remote[slot] = remote
    this.vps.pace[slot] = 0
  }
}
