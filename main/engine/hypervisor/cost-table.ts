/**
 * What events cost, in one table (hypervisor reference 2.7 and core sheet 2.4).
 *
 * Marks: `D` documented, `M` published measurement (machine-dependent), `R` rule of thumb or secondary publication, `U` uncertain,
 * `model` chosen for this simulation because no figure is published. Everything but `D` is tunable.
 */
import type { HypervisorPlatform } from './types.ts'

export type SourceMark = 'D' | 'M' | 'R' | 'U' | 'model'

export interface GenerationInfo {
  readonly vendor: 'Intel' | 'AMD'
  readonly year: number
  /** Hardware part of one VM exit and entry, cycles. */
  readonly exitCycles: number
  readonly mark: SourceMark
}

/** Processor generations by their cost of an exit and entry. */
export const PROCESSOR_GENERATIONS = {
  netburst: { vendor: 'Intel', year: 2005, exitCycles: 4000, mark: 'M' },
  core: { vendor: 'Intel', year: 2006, exitCycles: 1600, mark: 'M' },
  penryn: { vendor: 'Intel', year: 2007, exitCycles: 1250, mark: 'M' },
  nehalem: { vendor: 'Intel', year: 2008, exitCycles: 1000, mark: 'M' },
  westmere: { vendor: 'Intel', year: 2010, exitCycles: 760, mark: 'M' },
  'sandy-bridge': { vendor: 'Intel', year: 2011, exitCycles: 780, mark: 'M' },
  haswell: { vendor: 'Intel', year: 2013, exitCycles: 1000, mark: 'model' },
  skylake: { vendor: 'Intel', year: 2015, exitCycles: 1200, mark: 'model' },
  'ice-lake': { vendor: 'Intel', year: 2021, exitCycles: 1200, mark: 'model' },
  k8: { vendor: 'AMD', year: 2006, exitCycles: 2000, mark: 'model' },
  k10: { vendor: 'AMD', year: 2007, exitCycles: 1600, mark: 'model' },
  bulldozer: { vendor: 'AMD', year: 2011, exitCycles: 1400, mark: 'model' },
  zen: { vendor: 'AMD', year: 2017, exitCycles: 1350, mark: 'M' },
} as const satisfies Record<string, GenerationInfo>

export type ProcessorGeneration = keyof typeof PROCESSOR_GENERATIONS

/** A cost: cycles or nanoseconds on top of an exit, or by itself. */
export interface CostEntry {
  readonly value: number
  readonly unit: 'cycles' | 'ns'
  /** The event contains one exit and entry of the processor generation, added to `value`. */
  readonly plusExit: boolean
  readonly mark: SourceMark
  readonly note: string
}

const entry = (value: number, unit: 'cycles' | 'ns', plusExit: boolean, mark: SourceMark, note: string): CostEntry => ({
  value,
  unit,
  plusExit,
  mark,
  note,
})

export const COSTS = {
  exit: entry(0, 'cycles', true, 'M', 'null exit and entry'),
  hypervisorIntercept: entry(1500, 'cycles', true, 'R', 'CPUID, MSR, CR, HLT completed in the hypervisor: 2,000 to 4,000 cycles in all'),
  apicAccess: entry(2000, 'cycles', true, 'R', 'access to the APIC page, instruction decoded in the hypervisor'),
  externalInterrupt: entry(600, 'cycles', true, 'model', 'host interrupt taken while a guest runs'),
  interruptInjection: entry(800, 'cycles', true, 'model', 'kick of a running VP and entry with an interrupt'),
  interruptWindow: entry(200, 'cycles', true, 'model', 'exit because interrupts became possible'),
  fastHypercall: entry(1000, 'cycles', true, 'R', 'register call such as SignalEvent: exit plus 500 to 1,500 cycles'),
  simpleHypercall: entry(1500, 'cycles', true, 'R', 'call with a parameter page'),
  postMessage: entry(3000, 'ns', false, 'R', 'copy, queue, interrupt: 2 to 4 us'),
  objectHypercall: entry(20_000, 'cycles', true, 'model', 'creates or deletes an object of the hypervisor'),
  tlbFlushHypercall: entry(2000, 'ns', false, 'R', 'flush call itself: 1 to 3 us'),
  tlbFlushPerTarget: entry(1000, 'ns', false, 'R', 'each running target processor'),
  tlbFlushPerRange: entry(200, 'cycles', false, 'model', 'each address range of a list flush'),
  mapElement: entry(250, 'cycles', false, 'model', 'one entry of the second-level tables'),
  poolPage: entry(150, 'cycles', false, 'model', 'one page moved to or from a pool; withdrawn pages are zeroed'),
  registerElement: entry(150, 'cycles', false, 'model', 'one register of a Get or Set call'),
  finalizeObject: entry(15_000, 'cycles', false, 'model', 'one object freed while a partition is finalized'),
  parentKernelRoundTrip: entry(10_000, 'ns', false, 'R', 'intercept handled by a driver of the parent: 8 to 15 us'),
  workerRoundTrip: entry(20_000, 'ns', false, 'R', 'intercept handled by a worker process: 15 to 40 us'),
  workerMmioRoundTrip: entry(30_000, 'ns', false, 'R', 'as before, with instruction fetch and decode: 20 to 50 us'),
  contextSwitch: entry(5000, 'cycles', false, 'R', 'VP switched on a logical processor: 3,000 to 8,000 cycles'),
  dispatchByRoot: entry(4000, 'cycles', true, 'model', 'root thread wakes and calls DispatchVp'),
  shadowFill: entry(2500, 'cycles', true, 'model', 'hidden fault: virtual TLB entry filled from guest tables'),
  shadowReflect: entry(1500, 'cycles', true, 'model', 'guest page fault found and reflected'),
  shadowWrite: entry(2000, 'cycles', true, 'model', 'write to a tracked guest page table emulated'),
  shadowSwitch: entry(1200, 'cycles', true, 'model', 'CR3 load with a cached shadow address space'),
  shadowAllocation: entry(6000, 'cycles', false, 'model', 'page table taken from the pool, another evicted'),
  nestedFault: entry(3000, 'cycles', true, 'model', 'GPA violation resolved in the hypervisor'),
  tlbMissNative: entry(50, 'cycles', false, 'R', 'page walk of 4 references: 30 to 100 cycles'),
} as const satisfies Record<string, CostEntry>

export type CostKey = keyof typeof COSTS

/** Mitigations lengthen exits by 20 to 60 per cent [U]. */
export const MITIGATION_FACTOR = 1.4
/** A hypercall is left and entered again after this time (TLFS 3.7). */
export const SLICE_NS = 50_000
/** A nested TLB miss costs this many native ones for typical loads, page-walk caches included: 1.5 to 3 [R]. */
export const NESTED_MISS_FACTOR = 2
/** A TLB without tags is refilled after each exit: entries lost that matter, on average. */
export const UNTAGGED_REFILL_MISSES = 16

/** Costs of one platform in whole cycles. */
export interface CostModel {
  readonly frequencyHz: number
  readonly sliceCycles: number
  /** Cycles of every entry; read by key. */
  readonly cycles: Readonly<Record<CostKey, number>>
}

export function costModelOf(platform: HypervisorPlatform): CostModel {
  const generation = PROCESSOR_GENERATIONS[platform.generation]
  const untagged = platform.features.taggedTlb ? 0 : UNTAGGED_REFILL_MISSES * COSTS.tlbMissNative.value
  const exit = Math.round(generation.exitCycles * (platform.features.mitigations ? MITIGATION_FACTOR : 1)) + untagged
  const perNs = platform.frequencyHz / 1e9
  const cycles = {} as Record<CostKey, number>
  for (const key of Object.keys(COSTS) as CostKey[]) {
    const cost: CostEntry = COSTS[key]
    const own = cost.unit === 'ns' ? cost.value * perNs : cost.value
    cycles[key] = Math.round(own + (cost.plusExit ? exit : 0))
  }
  return { frequencyHz: platform.frequencyHz, sliceCycles: Math.round(SLICE_NS * perNs), cycles }
}
