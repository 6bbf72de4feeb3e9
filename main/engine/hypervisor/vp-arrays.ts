/** Columns of the scheduler, one entry per VP slot. Grown by doubling; freed slots are used again. */
export class VpArrays {
  capacity = 0
  /** Wanted guest time, as a share of one logical processor. */
  wantGuest = new Float64Array(0)
  /** Hypervisor time that comes with the guest's work. */
  wantHypervisor = new Float64Array(0)
  /** Time that the guest's work makes the root spend. */
  induced = new Float64Array(0)
  /** Times per second that the VP wakes or is dispatched while it has its full share. */
  wakes = new Float64Array(0)
  weight = new Float64Array(0)
  cap = new Float64Array(0)
  reserve = new Float64Array(0)
  /** Granted shares. */
  guest = new Float64Array(0)
  hypervisor = new Float64Array(0)
  /** Part of the granted share that lies outside the ideal node. */
  remote = new Float64Array(0)
  /** Granted divided by wanted: how fast the guest's work goes on. */
  pace = new Float64Array(0)
  /** Accumulated ticks up to `since`. */
  guestTicks = new Float64Array(0)
  hypervisorTicks = new Float64Array(0)
  remoteTicks = new Float64Array(0)
  /** Ticks weighted by pace: what event rates are multiplied with. */
  workTicks = new Float64Array(0)
  dispatches = new Float64Array(0)
  migrations = new Float64Array(0)
  since = new Float64Array(0)
  /** Ticks of single events charged in the current window. */
  charged = new Float64Array(0)
  home = new Int32Array(0)
  node = new Int32Array(0)
  alive = new Uint8Array(0)
  runnable = new Uint8Array(0)
  /** 1 for a root VP, pinned to its home. */
  root = new Uint8Array(0)
  /** 1 when the VP takes a whole core under the core scheduler. */
  wholeCore = new Uint8Array(0)

  /** Makes room for `count` slots. */
  reserveSlots(count: number): void {
    if (count <= this.capacity) return
    const capacity = Math.max(64, count, this.capacity * 2)
    const wider = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const fresh = new Float64Array(capacity)
      fresh.set(old)
      return fresh
    }
    for (const key of FLOATS) this[key] = wider(this[key])
    for (const key of INTS) {
      const fresh = new Int32Array(capacity)
      fresh.set(this[key])
      this[key] = fresh
    }
    for (const key of BYTES) {
      const fresh = new Uint8Array(capacity)
      fresh.set(this[key])
      this[key] = fresh
    }
    this.capacity = capacity
  }

  /** Makes slots 0 to `end` blank. */
  clear(end: number): void {
    for (const key of FLOATS) this[key].fill(0, 0, end)
    for (const key of INTS) this[key].fill(0, 0, end)
    for (const key of BYTES) this[key].fill(0, 0, end)
  }

  clearSlot(slot: number): void {
    for (const key of FLOATS) this[key][slot] = 0
    for (const key of INTS) this[key][slot] = 0
    for (const key of BYTES) this[key][slot] = 0
  }
}

export const FLOATS = [
  'wantGuest',
  'wantHypervisor',
  'induced',
  'wakes',
  'weight',
  'cap',
  'reserve',
  'guest',
  'hypervisor',
  'remote',
  'pace',
  'guestTicks',
  'hypervisorTicks',
  'remoteTicks',
  'workTicks',
  'dispatches',
  'migrations',
  'since',
  'charged',
] as const satisfies readonly (keyof VpArrays)[]

export const INTS = ['home', 'node'] as const satisfies readonly (keyof VpArrays)[]
export const BYTES = ['alive', 'runnable', 'root', 'wholeCore'] as const satisfies readonly (keyof VpArrays)[]

/** Working columns of one computation, kept between computations. */
export class VpScratch {
  count = 0
  readonly slots: Int32Array
  readonly wants: Float64Array
  readonly extra: Float64Array
  readonly upper: Float64Array
  readonly lower: Float64Array
  readonly weight: Float64Array
  readonly occupancy: Float64Array
  readonly grants: Float64Array

  constructor(capacity: number) {
    this.slots = new Int32Array(capacity)
    this.wants = new Float64Array(capacity)
    this.extra = new Float64Array(capacity)
    this.upper = new Float64Array(capacity)
    this.lower = new Float64Array(capacity)
    this.weight = new Float64Array(capacity)
    this.occupancy = new Float64Array(capacity)
    this.grants = new Float64Array(capacity)
  }
}
