import { describe, expect, it } from 'vitest'
import { earlyPlatform, modernPlatform } from './example-platforms.ts'
import type { GuestOperations, GuestProfile } from './guest-exits.ts'
import { TestHost } from './test-host.ts'
import type { HypervisorPlatform } from './types.ts'

const SECOND = 10_000_000

const XP: GuestProfile = {
  bits: 32,
  tpr: 'eager',
  syntheticInterrupts: false,
  enlightenedFlush: false,
  autoEoi: false,
  amdOptimizationDriver: false,
}
const SERVER_2003: GuestProfile = { ...XP, tpr: 'lazy' }
const SERVER_2008: GuestProfile = {
  bits: 64,
  tpr: 'lazy',
  syntheticInterrupts: true,
  enlightenedFlush: true,
  autoEoi: true,
  amdOptimizationDriver: false,
}

/** A busy system: 150,000 changes of the interrupt request level and 1,000 interrupts per second. */
const INTERRUPT_LOAD: Partial<GuestOperations> = { irqlChanges: 150_000, timerInterrupts: 100, deviceInterrupts: 900 }
const MEMORY_LOAD: Partial<GuestOperations> = {
  contextSwitches: 3000,
  pageFaults: 5000,
  pageTableWrites: 4000,
  invalidations: 1000,
  tlbMisses: 500_000,
}

interface Measured {
  readonly tpr: number
  readonly work: number
  readonly hypervisor: number
  readonly host: TestHost
  readonly id: number
}

/** Runs a guest that could use a whole processor for a second and reads what came of it. */
function measure(platform: HypervisorPlatform, profile: GuestProfile, operations: Partial<GuestOperations>): Measured {
  const host = new TestHost(platform)
  const id = host.start()
  host.hypervisor.setLoad(id, 0, { work: 1, profile, operations })
  host.pass(100_000)
  const before = host.hypervisor.vpEvent(id, 0, 'ApicTprAccesses')
  host.pass(SECOND)
  return {
    tpr: host.hypervisor.vpEvent(id, 0, 'ApicTprAccesses') - before,
    work: host.hypervisor.workRate(id, 0),
    hypervisor: host.hypervisor.vpCounters(id, 0).get('% Hypervisor Run Time') ?? 0,
    host,
    id,
  }
}

describe('task priority (reference 2.6)', () => {
  it('S63 slows XP by TPR exits, and not Server 2003 with its lazy writes', () => {
    const xp = measure(earlyPlatform('Intel'), XP, INTERRUPT_LOAD)
    const later = measure(earlyPlatform('Intel'), SERVER_2003, INTERRUPT_LOAD)
    expect(xp.tpr).toBeGreaterThan(100_000)
    expect(later.tpr).toBeLessThan(200)
    expect(later.work / xp.work).toBeGreaterThan(1.2)
    expect(xp.hypervisor).toBeGreaterThan(15)
    expect(later.hypervisor).toBeLessThan(2)
  })

  it('S64 takes the penalty away with FlexPriority on Intel', () => {
    const without = measure(earlyPlatform('Intel'), XP, INTERRUPT_LOAD)
    const cured = measure(earlyPlatform('Intel', { flexPriority: true }), XP, INTERRUPT_LOAD)
    expect(cured.tpr / without.tpr).toBeLessThan(0.001)
    expect(cured.work).toBeCloseTo(measure(earlyPlatform('Intel', { flexPriority: true }), SERVER_2003, INTERRUPT_LOAD).work, 3)
  })

  it('S65 keeps the penalty on AMD until the guest has the AMD-V Optimization Driver', () => {
    const flagAlone = measure(earlyPlatform('AMD', { flexPriority: true }), XP, INTERRUPT_LOAD)
    const driver = measure(earlyPlatform('AMD'), { ...XP, amdOptimizationDriver: true }, INTERRUPT_LOAD)
    const noHelpOnIntel = measure(earlyPlatform('Intel'), { ...XP, amdOptimizationDriver: true }, INTERRUPT_LOAD)
    expect(flagAlone.tpr).toBeGreaterThan(100_000)
    expect(driver.tpr).toBeLessThan(200)
    expect(noHelpOnIntel.tpr).toBeGreaterThan(100_000)
    expect(driver.work).toBeGreaterThan(flagAlone.work * 1.2)
  })
})

describe('second-level translation (reference 2.5)', () => {
  const shadowCounters = [
    'AddressSpaceSwitches',
    'SmallPageTlbFills',
    'PageTableWriteIntercepts',
    'PageFaultIntercepts',
    'PageInvalidations',
  ] as const
  const read = ({ host, id }: Measured): number[] => shadowCounters.map((name) => Math.round(host.hypervisor.vpEvent(id, 0, name)))

  it('S22 moves the shadow-page counters without it and leaves them at 0 with it', () => {
    for (const vendor of ['Intel', 'AMD'] as const) {
      const shadow = measure(earlyPlatform(vendor), SERVER_2008, MEMORY_LOAD)
      const nested = measure(earlyPlatform(vendor, { slat: true, taggedTlb: true }), SERVER_2008, MEMORY_LOAD)
      expect(read(nested)).toEqual([0, 0, 0, 0, 0])
      for (const count of read(shadow)) expect(count).toBeGreaterThan(500)
      expect(nested.work).toBeGreaterThan(shadow.work)
      expect(nested.hypervisor).toBeLessThan(1)
      expect(shadow.hypervisor).toBeGreaterThan(5)
      expect(nested.host.hypervisor.partitionCounters(nested.id).get('Address Spaces')).toBe(0)
      expect(shadow.host.hypervisor.partitionCounters(shadow.id).get('Address Spaces')).toBe(1)
    }
  })

  it('makes the guest itself slower by its TLB misses', () => {
    const misses = measure(modernPlatform(), SERVER_2008, { tlbMisses: 5_000_000 })
    expect(misses.work).toBeCloseTo(1 / 1.1, 2)
    expect(misses.hypervisor).toBeLessThan(0.1)
  })

  it('shows the recommendations for shadow tables only without it', () => {
    const hints = (platform: HypervisorPlatform): number => {
      const host = new TestHost(platform)
      const leaf = host.hypervisor.cpuid(host.start(), 0, 0x4000_0004)
      return 'eax' in leaf ? leaf.eax & 7 : -1
    }
    expect([hints(earlyPlatform('Intel')), hints(modernPlatform())]).toEqual([0b111, 0b100])
  })
})

describe('emulated devices', () => {
  it('charges the exit to the guest, the rest to the root, and leaves gaps in the guest', () => {
    const { host, id, work } = measure(modernPlatform(), SERVER_2008, { ioPorts: 20_000 })
    const root = host.hypervisor.rootId
    expect(host.hypervisor.vpEvent(id, 0, 'IoInterceptMessages')).toBeGreaterThan(10_000)
    // 20,000 accesses of 20 us are 0.4 s of waiting per second of work.
    expect(work).toBeCloseTo(1 / 1.4, 1)
    const rootTime = [0, 1, 2, 3, 4, 5, 6, 7].reduce(
      (sum, vp) => sum + (host.hypervisor.vpCounters(root, vp).get('% Total Run Time') ?? 0),
      0,
    )
    expect(rootTime).toBeCloseTo((20_000 * work * 19.328) / 1e4, 0)
  })
})

describe('S20 a subset of the processors', () => {
  it('shows the guest its own number of processors and counts two instances', () => {
    const host = new TestHost(modernPlatform({ nodes: [{ memoryPages: 1_000_000, logicalProcessors: 16 }] }))
    const id = host.start({ vpCount: 2 })
    expect(host.hypervisor.partition(id)?.vps).toHaveLength(2)
    expect(host.hypervisor.partitionCounters(id).get('Virtual Processors')).toBe(2)
    expect(host.hypervisor.hypervisorCounters().get('Logical Processors')).toBe(16)
    expect(host.hypervisor.hypervisorCounters().get('Virtual Processors')).toBe(18)
  })
})
