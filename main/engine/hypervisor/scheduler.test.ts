import { describe, expect, it } from 'vitest'
import { modernPlatform } from './example-platforms.ts'
import { type NewVp, Scheduler, WINDOW_TICKS } from './scheduler.ts'
import { logicalProcessorsOf } from './topology.ts'
import type { HypervisorPlatform } from './types.ts'

const SECOND = 10_000_000

function schedulerOf(changes: Partial<HypervisorPlatform> = {}): Scheduler {
  const platform = modernPlatform(changes)
  return new Scheduler(platform, logicalProcessorsOf(platform), 0)
}

const oneNode = (logicalProcessors: number): Partial<HypervisorPlatform> => ({ nodes: [{ memoryPages: 1_000_000, logicalProcessors }] })

/** A runnable VP that wants `guest` of a processor. */
function add(
  scheduler: Scheduler,
  guest: number,
  given: Partial<NewVp['controls']> & { node?: number; smt?: boolean; pinnedTo?: number; hypervisor?: number } = {},
): number {
  const { node = -1, smt = true, pinnedTo, hypervisor = 0, ...controls } = given
  const slot = scheduler.addVp(
    { controls: { weight: 100, cap: 1, reserve: 0, ...controls }, node, smt, ...(pinnedTo === undefined ? {} : { pinnedTo }) },
    0,
  )
  scheduler.setDemand(slot, { guest, hypervisor, induced: 0, wakesPerSecond: 100 })
  scheduler.setRunnable(slot, true)
  return slot
}

/** Share of one processor that each slot got over the second after the first window. */
function shares(scheduler: Scheduler, slots: readonly number[]): number[] {
  scheduler.advance(WINDOW_TICKS)
  const total = (slot: number, at: number): number => scheduler.guestTicks(slot, at) + scheduler.hypervisorTicks(slot, at)
  const before = slots.map((slot) => total(slot, WINDOW_TICKS))
  scheduler.advance(WINDOW_TICKS + SECOND)
  return slots.map((slot, index) => Number(((total(slot, WINDOW_TICKS + SECOND) - (before[index] ?? 0)) / SECOND).toFixed(9)))
}

describe('proportional share', () => {
  it.each([
    { name: 'one busy VP of eight processors', lps: 8, vps: [{ want: 1 }], got: [1] },
    {
      name: 'weights 100, 200, 700 on one processor',
      lps: 1,
      vps: [{ want: 1 }, { want: 1, weight: 200 }, { want: 1, weight: 700 }],
      got: [0.1, 0.2, 0.7],
    },
    { name: 'a cap on an idle host', lps: 8, vps: [{ want: 1, cap: 0.25 }], got: [0.25] },
    { name: 'what one does not want goes to the others', lps: 1, vps: [{ want: 0.2 }, { want: 1 }, { want: 1 }], got: [0.2, 0.4, 0.4] },
    {
      name: 'a reserve before weights',
      lps: 1,
      vps: [
        { want: 1, reserve: 0.6 },
        { want: 1, weight: 900 },
      ],
      got: [0.6, 0.4],
    },
    { name: 'an unused reserve is consumed by others', lps: 1, vps: [{ want: 0.1, reserve: 0.6 }, { want: 1 }], got: [0.1, 0.9] },
    { name: 'a reserve below the fair share changes nothing', lps: 1, vps: [{ want: 1, reserve: 0.2 }, { want: 1 }], got: [0.5, 0.5] },
    {
      name: 'three busy VPs on two processors',
      lps: 2,
      vps: [{ want: 1 }, { want: 1 }, { want: 1 }],
      got: [0.666666667, 0.666666667, 0.666666667],
    },
    {
      name: 'a VP never has more than one processor',
      lps: 2,
      vps: [{ want: 1, weight: 10_000 }, { want: 1 }, { want: 1 }],
      got: [1, 0.5, 0.5],
    },
    { name: 'caps free time for others', lps: 1, vps: [{ want: 1, cap: 0.1, weight: 900 }, { want: 1 }], got: [0.1, 0.9] },
  ])('$name', ({ lps, vps, got }) => {
    const scheduler = schedulerOf(oneNode(lps))
    const slots = vps.map(({ want, ...controls }) => add(scheduler, want, controls))
    expect(shares(scheduler, slots)).toEqual(got)
  })

  it('gives 64 busy VPs on 8 processors an eighth each and loads every processor fully', () => {
    const scheduler = schedulerOf(oneNode(8))
    const slots = Array.from({ length: 64 }, () => add(scheduler, 1))
    expect(new Set(shares(scheduler, slots))).toEqual(new Set([0.125]))
    for (const { index } of scheduler.lps) expect(scheduler.lpGuest[index]).toBeCloseTo(1, 9)
    expect(scheduler.waitPerDispatchNs(slots[0] ?? 0)).toBeCloseTo(0.875e9 / 100 + 250_000, 0)
    expect(scheduler.saturated).toBe(true)
  })

  it('splits a share between guest and hypervisor as the demand is split', () => {
    const scheduler = schedulerOf(oneNode(1))
    const first = add(scheduler, 0.6, { hypervisor: 0.2 })
    const second = add(scheduler, 0.8)
    scheduler.advance(WINDOW_TICKS)
    expect(scheduler.vps.guest[first]).toBeCloseTo(0.375, 12)
    expect(scheduler.vps.hypervisor[first]).toBeCloseTo(0.125, 12)
    expect(scheduler.vps.guest[second]).toBeCloseTo(0.5, 12)
    expect(scheduler.vps.pace[first]).toBeCloseTo(0.625, 12)
  })

  it('lets the root compete with its weight, and keeps the host reserve for it', () => {
    const fair = schedulerOf(oneNode(1))
    expect(shares(fair, [add(fair, 1, { pinnedTo: 0 }), add(fair, 1, { weight: 300 })])).toEqual([0.25, 0.75])
    const reserved = schedulerOf({ ...oneNode(1), hostReserve: 0.5 })
    expect(shares(reserved, [add(reserved, 1, { pinnedTo: 0 }), add(reserved, 1, { weight: 300 })])).toEqual([0.5, 0.5])
  })

  it('adds the time that guests cause in the root to its VPs', () => {
    const scheduler = schedulerOf(oneNode(2))
    const roots = [add(scheduler, 0, { pinnedTo: 0 }), add(scheduler, 0.1, { pinnedTo: 1 })]
    const guest = add(scheduler, 0.3)
    scheduler.setDemand(guest, { guest: 0.3, hypervisor: 0, induced: 0.4, wakesPerSecond: 0 })
    expect(shares(scheduler, roots)).toEqual([0.2, 0.3])
  })
})

describe('scheduler types', () => {
  const smtHost: Partial<HypervisorPlatform> = { ...oneNode(4), threadsPerCore: 2 }
  const busy = (scheduler: Scheduler, count: number, smt: boolean): number[] =>
    Array.from({ length: count }, () => add(scheduler, 1, { smt }))

  it('classic runs a VP on each hardware thread', () => {
    const scheduler = schedulerOf({ ...smtHost, scheduler: 'classic' })
    expect(shares(scheduler, busy(scheduler, 4, false))).toEqual([1, 1, 1, 1])
  })

  it('classic with SMT off has one processor per core', () => {
    const scheduler = schedulerOf({ ...smtHost, scheduler: 'classic-smt-off' })
    expect(scheduler.lps).toHaveLength(2)
    expect(shares(scheduler, busy(scheduler, 4, false))).toEqual([0.5, 0.5, 0.5, 0.5])
  })

  it('core leaves the sibling thread idle for a machine without virtual SMT', () => {
    const scheduler = schedulerOf({ ...smtHost, scheduler: 'core' })
    expect(shares(scheduler, busy(scheduler, 4, false))).toEqual([0.5, 0.5, 0.5, 0.5])
    const withSmt = schedulerOf({ ...smtHost, scheduler: 'core' })
    expect(shares(withSmt, busy(withSmt, 4, true))).toEqual([1, 1, 1, 1])
  })

  it('root does not enforce weight, cap and reserve', () => {
    const scheduler = schedulerOf({ ...oneNode(1), scheduler: 'root' })
    expect(shares(scheduler, [add(scheduler, 1, { weight: 900 }), add(scheduler, 1, { cap: 0.1 })])).toEqual([0.5, 0.5])
  })
})

describe('placement', () => {
  const twoNodes: Partial<HypervisorPlatform> = {
    nodes: [
      { memoryPages: 1000, logicalProcessors: 2 },
      { memoryPages: 1000, logicalProcessors: 2 },
    ],
  }

  it('prefers the ideal node and counts time elsewhere as remote', () => {
    const scheduler = schedulerOf(twoNodes)
    const slots = [
      add(scheduler, 1, { node: 0 }),
      add(scheduler, 1, { node: 0 }),
      add(scheduler, 0.5, { node: 0 }),
      add(scheduler, 0.5, { node: 1 }),
    ]
    scheduler.advance(WINDOW_TICKS)
    expect(slots.map((slot) => scheduler.lps[scheduler.vps.home[slot] ?? 0]?.node)).toEqual([0, 0, 1, 1])
    expect(slots.map((slot) => scheduler.vps.remote[slot])).toEqual([0, 0, 0.5, 0])
  })

  it('keeps a VP where it was while there is room, and moves it when there is none', () => {
    const scheduler = schedulerOf(oneNode(2))
    const slots = [0.3, 0.3, 0.3].map((want) => add(scheduler, want))
    scheduler.advance(WINDOW_TICKS)
    const homes = slots.map((slot) => scheduler.vps.home[slot])
    expect(homes).toEqual([0, 1, 0])
    scheduler.setDemand(slots[0] ?? 0, { guest: 0.9, hypervisor: 0, induced: 0, wakesPerSecond: 0 })
    scheduler.advance(2 * WINDOW_TICKS)
    expect(slots.map((slot) => scheduler.vps.home[slot])).toEqual([0, 1, 1])
    expect(scheduler.vps.migrations[slots[2] ?? 0]).toBe(1)
  })
})

describe('windows', () => {
  it('computes nothing while nothing changes, however long', () => {
    const scheduler = schedulerOf(oneNode(512))
    const slots = Array.from({ length: 8000 }, () => add(scheduler, 0.01))
    scheduler.advance(WINDOW_TICKS)
    scheduler.advance(3600 * SECOND)
    expect(scheduler.solves).toBe(1)
    expect(scheduler.guestTicks(slots[7999] ?? 0, 3600 * SECOND)).toBeCloseTo(0.01 * (3600 * SECOND - WINDOW_TICKS), 0)
    scheduler.setDemand(slots[3] ?? 0, { guest: 0.5, hypervisor: 0, induced: 0, wakesPerSecond: 0 })
    scheduler.advance(3600 * SECOND + WINDOW_TICKS)
    expect(scheduler.solves).toBe(2)
  })

  it('takes single events out of idle time, and out of the guest where there is none', () => {
    const idle = schedulerOf(oneNode(1))
    const first = add(idle, 0.5)
    idle.advance(WINDOW_TICKS)
    idle.charge(first, 2_500_000)
    idle.advance(2 * WINDOW_TICKS)
    expect(idle.guestTicks(first, 2 * WINDOW_TICKS)).toBeCloseTo(50_000, 6)
    expect(idle.hypervisorTicks(first, 2 * WINDOW_TICKS)).toBeCloseTo(10_000, 6)
    const full = schedulerOf(oneNode(1))
    const second = add(full, 1)
    full.advance(WINDOW_TICKS)
    full.charge(second, 2_500_000)
    full.advance(2 * WINDOW_TICKS)
    expect(full.guestTicks(second, 2 * WINDOW_TICKS)).toBeCloseTo(90_000, 6)
    expect(full.hypervisorTicks(second, 2 * WINDOW_TICKS)).toBeCloseTo(10_000, 6)
    expect(full.lpTimes(0, 2 * WINDOW_TICKS)).toMatchObject({ guest: 90_000, hypervisor: 10_000 })
  })

  it('is the same whether time passes in one step or in many', () => {
    const run = (step: number): number[] => {
      const scheduler = schedulerOf(oneNode(2))
      const slots = [0.9, 0.7, 0.6].map((want, index) => add(scheduler, want, { weight: 100 + 100 * index }))
      for (let tick = 0; tick <= SECOND; tick += step) scheduler.advance(tick)
      return slots.map((slot) => scheduler.guestTicks(slot, SECOND))
    }
    expect(run(12_500)).toEqual(run(SECOND))
  })
})

describe('adjusting', () => {
  it('gives the same shares as computing everything anew, change by change', () => {
    const build = (): { scheduler: Scheduler; slots: number[] } => {
      const scheduler = schedulerOf(oneNode(8))
      return { scheduler, slots: Array.from({ length: 20 }, () => add(scheduler, 0.2)) }
    }
    const adjusted = build()
    const anew = build()
    for (let window = 1; window <= 30; window++) {
      for (const { scheduler, slots } of [adjusted, anew]) {
        scheduler.setDemand(slots[(window * 7) % 20] ?? 0, {
          guest: ((window * 13) % 10) / 10,
          hypervisor: 0.01,
          induced: 0,
          wakesPerSecond: 0,
        })
        if (scheduler === anew.scheduler) scheduler.restoreHidden({ ...scheduler.hiddenState(), all: true })
        scheduler.advance(window * WINDOW_TICKS)
      }
      for (const slot of adjusted.slots) expect(adjusted.scheduler.vps.guest[slot]).toBeCloseTo(anew.scheduler.vps.guest[slot] ?? -1, 9)
      expect(adjusted.scheduler.load).toBeCloseTo(anew.scheduler.load, 9)
      const sum = adjusted.scheduler.lps.reduce(
        (total, { index }) => total + (adjusted.scheduler.lpGuest[index] ?? 0) + (adjusted.scheduler.lpHypervisor[index] ?? 0),
        0,
      )
      expect(sum).toBeCloseTo(adjusted.scheduler.load, 9)
    }
  })
})
