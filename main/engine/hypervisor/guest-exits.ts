/**
 * What a guest's work costs the hypervisor: operations of the guest become counted exits times the cost table
 * (hypervisor reference 2.5 to 2.7, core sheet 2.2 to 2.4).
 */
import { type CostKey, type CostModel, NESTED_MISS_FACTOR } from './cost-table.ts'
import { VP_EVENT, type VpEvent } from './counter-names.ts'
import type { HypervisorPlatform } from './types.ts'

/** How a guest system behaves towards its processor; data of the guest catalogue. */
export interface GuestProfile {
  readonly bits: 32 | 64
  /**
   * Task priority register: `eager` writes it at every IRQL change (Windows 2000, XP, Server 2003 before SP2); `lazy` only when an
   * interrupt of that level arrives (Server 2003 SP2, Vista and later, Linux).
   */
  readonly tpr: 'eager' | 'lazy'
  /** Uses synthetic interrupts, timers and APIC registers. */
  readonly syntheticInterrupts: boolean
  /** Flushes other processors' TLBs by hypercall. */
  readonly enlightenedFlush: boolean
  /** Its SINTs clear themselves at delivery. */
  readonly autoEoi: boolean
  /** The AMD-V Optimization Driver is installed in the guest. */
  readonly amdOptimizationDriver: boolean
}

/** Operations per second while the guest's work goes on at full pace. */
export interface GuestOperations {
  /** CR3 loads. */
  readonly contextSwitches: number
  /** Faults that the guest itself handles. */
  readonly pageFaults: number
  readonly pageTableWrites: number
  /** INVLPG. */
  readonly invalidations: number
  readonly tlbMisses: number
  /** TLB flushes for all processors of the guest. */
  readonly remoteFlushes: number
  /** Raises and lowers of the interrupt request level. */
  readonly irqlChanges: number
  readonly timerInterrupts: number
  readonly deviceInterrupts: number
  readonly ipis: number
  readonly halts: number
  readonly cpuids: number
  readonly msrs: number
  /** Port accesses that a worker process emulates. */
  readonly ioPorts: number
  /** Accesses to device memory that a worker process emulates. */
  readonly deviceMemory: number
  readonly signalEvents: number
  readonly postMessages: number
  readonly longSpinWaits: number
}

export const NO_OPERATIONS: GuestOperations = {
  contextSwitches: 0,
  pageFaults: 0,
  pageTableWrites: 0,
  invalidations: 0,
  tlbMisses: 0,
  remoteFlushes: 0,
  irqlChanges: 0,
  timerInterrupts: 0,
  deviceInterrupts: 0,
  ipis: 0,
  halts: 0,
  cpuids: 0,
  msrs: 0,
  ioPorts: 0,
  deviceMemory: 0,
  signalEvents: 0,
  postMessages: 0,
  longSpinWaits: 0,
}

/** Share of TPR writes that still exit with a TPR shadow: 6,000 of 10,000,000 in a published boot [M]. */
export const TPR_SHADOW_FACTOR = 0.0006
/** Share of IRQL changes after which a lazy guest really writes TPR (model). */
export const LAZY_TPR_FACTOR = 0.001
/** Shadow entries that must be filled again after a CR3 load (model). */
export const FILLS_PER_SWITCH = 8
/** Share of fills that need a page table from the pool (model). */
const TABLES_PER_FILL = 0.02
/** EOIs that still exit although the VP assist page allows to skip them (model). */
const EOI_ASSIST_FACTOR = 0.1
/** Guest time that an unenlightened flush waits for each other processor, ns (model). */
const IPI_WAIT_NS = 2000

export interface EventRate {
  readonly event: number
  readonly perSecond: number
}

/** Costs per second of a guest's operations. */
export interface GuestExits {
  readonly rates: readonly EventRate[]
  /** Cycles in the hypervisor. */
  readonly hypervisorCycles: number
  /** Cycles by which the guest's own code gets slower. */
  readonly guestCycles: number
  /** Cycles that the root spends (drivers, worker process). */
  readonly rootCycles: number
  /** Nanoseconds in which the VP waits for its parent. */
  readonly stallNs: number
  readonly wakes: number
}

class Tally {
  readonly #costs: CostModel
  readonly #rates = new Map<number, number>()
  hypervisorCycles = 0
  guestCycles = 0
  rootCycles = 0
  stallNs = 0

  constructor(costs: CostModel) {
    this.#costs = costs
  }

  count(perSecond: number, ...events: readonly VpEvent[]): void {
    if (perSecond <= 0) return
    for (const event of events) this.#rates.set(VP_EVENT[event], (this.#rates.get(VP_EVENT[event]) ?? 0) + perSecond)
  }

  exits(perSecond: number, cost: CostKey, ...events: readonly VpEvent[]): void {
    this.count(perSecond, 'TotalIntercepts', ...events)
    this.hypervisorCycles += perSecond * this.#costs.cycles[cost]
  }

  calls(perSecond: number, cost: CostKey, ...events: readonly VpEvent[]): void {
    this.count(perSecond, 'Hypercalls', ...events)
    this.hypervisorCycles += perSecond * this.#costs.cycles[cost]
  }

  guest(perSecond: number, cycles: number): void {
    this.guestCycles += perSecond * cycles
  }

  /** A round trip to the parent: the exit is the hypervisor's, the rest the root's, and the VP waits for all of it. */
  roundTrip(perSecond: number, cost: CostKey, ...events: readonly VpEvent[]): void {
    this.exits(perSecond, 'exit', 'TotalMessages', ...events)
    const total = this.#costs.cycles[cost]
    this.rootCycles += perSecond * Math.max(0, total - this.#costs.cycles.exit)
    this.stallNs += (perSecond * total * 1e9) / this.#costs.frequencyHz
  }

  rates(): EventRate[] {
    return [...this.#rates].map(([event, perSecond]) => ({ event, perSecond })).sort((a, b) => a.event - b.event)
  }
}

/** Turns operations into exits on this platform. `vpCount` is the size of the virtual machine. */
export function guestExits(
  platform: HypervisorPlatform,
  costs: CostModel,
  profile: GuestProfile,
  given: Partial<GuestOperations>,
  vpCount: number,
): GuestExits {
  const operations: GuestOperations = { ...NO_OPERATIONS, ...given }
  const tally = new Tally(costs)
  countMemory(tally, platform, costs, profile, operations)
  countFlushes(tally, costs, profile, operations, vpCount)
  countInterrupts(tally, platform, profile, operations)
  tally.exits(operations.halts, 'hypervisorIntercept', 'HltInstructions')
  tally.exits(operations.cpuids, 'hypervisorIntercept', 'CpuidInstructions')
  tally.exits(operations.msrs, 'hypervisorIntercept', 'MsrAccesses')
  tally.roundTrip(operations.ioPorts, 'workerRoundTrip', 'IoInstructions', 'IoInterceptMessages')
  tally.roundTrip(
    operations.deviceMemory,
    'workerMmioRoundTrip',
    'MemoryInterceptMessages',
    platform.features.slat ? 'NestedPageFaultIntercepts' : 'PageFaultIntercepts',
  )
  tally.calls(operations.signalEvents, 'fastHypercall', 'SyntheticInterruptHypercalls')
  tally.calls(operations.postMessages, 'postMessage', 'SyntheticInterruptHypercalls')
  tally.calls(operations.longSpinWaits, 'fastHypercall', 'LongSpinWaitHypercalls')
  return {
    rates: tally.rates(),
    hypervisorCycles: tally.hypervisorCycles,
    guestCycles: tally.guestCycles,
    rootCycles: tally.rootCycles,
    stallNs: tally.stallNs,
    wakes: operations.timerInterrupts + operations.deviceInterrupts + operations.halts,
  }
}

/** With second-level translation only misses are dearer; shadow tables exit at every change of an address space. */
function countMemory(
  tally: Tally,
  platform: HypervisorPlatform,
  costs: CostModel,
  profile: GuestProfile,
  operations: GuestOperations,
): void {
  const { contextSwitches, pageFaults, pageTableWrites, invalidations, tlbMisses } = operations
  if (platform.features.slat) {
    tally.guest(tlbMisses, (NESTED_MISS_FACTOR - 1) * costs.cycles.tlbMissNative)
    return
  }
  if (profile.enlightenedFlush) tally.calls(contextSwitches, 'shadowSwitch', 'VirtualMmuHypercalls')
  else tally.exits(contextSwitches, 'shadowSwitch', 'ControlRegisterAccesses')
  tally.count(contextSwitches, 'AddressSpaceSwitches')
  tally.exits(pageFaults, 'shadowReflect', 'PageFaultIntercepts', 'ReflectedGuestPageFaults')
  const fills = pageFaults + FILLS_PER_SWITCH * contextSwitches
  tally.exits(fills, 'shadowFill', 'PageFaultIntercepts', 'SmallPageTlbFills')
  tally.count(fills * TABLES_PER_FILL, 'PageTableAllocations', 'PageTableEvictions')
  tally.hypervisorCycles += fills * TABLES_PER_FILL * costs.cycles.shadowAllocation
  tally.exits(pageTableWrites, 'shadowWrite', 'PageFaultIntercepts', 'PageTableWriteIntercepts')
  tally.exits(invalidations, 'hypervisorIntercept', 'PageInvalidations', 'LocalFlushedGvaRanges')
}

function countFlushes(tally: Tally, costs: CostModel, profile: GuestProfile, { remoteFlushes }: GuestOperations, vpCount: number): void {
  const others = vpCount - 1
  if (others <= 0 || remoteFlushes <= 0) return
  if (profile.enlightenedFlush) {
    tally.calls(remoteFlushes, 'tlbFlushHypercall', 'VirtualMmuHypercalls', 'AddressSpaceFlushes')
    tally.hypervisorCycles += remoteFlushes * others * costs.cycles.tlbFlushPerTarget
    return
  }
  tally.exits(remoteFlushes * others, 'apicAccess', 'ApicIpisSent', 'ApicMmioAccesses', 'OtherIntercepts')
  tally.guest(remoteFlushes * others, (IPI_WAIT_NS * costs.frequencyHz) / 1e9)
}

/** True when TPR accesses of this guest on this processor complete without an exit unless they cross the threshold. */
export function hasTprShadow(platform: HypervisorPlatform, profile: GuestProfile): boolean {
  const { features, vendor } = platform
  if (features.apicVirtualization) return true
  if (vendor === 'Intel') return features.flexPriority
  return profile.bits === 64 || profile.amdOptimizationDriver
}

function countInterrupts(tally: Tally, platform: HypervisorPlatform, profile: GuestProfile, operations: GuestOperations): void {
  const { apicVirtualization } = platform.features
  const { irqlChanges, timerInterrupts, deviceInterrupts, ipis } = operations
  const writes = irqlChanges * (profile.tpr === 'eager' ? 1 : LAZY_TPR_FACTOR)
  const tprExits = writes * (hasTprShadow(platform, profile) ? TPR_SHADOW_FACTOR : 1)
  const onPage: readonly VpEvent[] = profile.bits === 64 ? ['ControlRegisterAccesses'] : ['ApicMmioAccesses', 'OtherIntercepts']
  tally.exits(tprExits, 'apicAccess', 'ApicTprAccesses', ...onPage)
  const interrupts = timerInterrupts + deviceInterrupts
  tally.count(interrupts, profile.syntheticInterrupts ? 'SyntheticInterrupts' : 'VirtualInterrupts')
  if (!apicVirtualization) tally.exits(interrupts, 'interruptInjection', 'PendingInterrupts')
  if (profile.syntheticInterrupts) tally.exits(timerInterrupts, 'hypervisorIntercept', 'MsrAccesses')
  else tally.exits(timerInterrupts * (apicVirtualization ? 0 : 1), 'apicAccess', 'ApicMmioAccesses', 'OtherIntercepts')
  if (!apicVirtualization && !profile.autoEoi) {
    if (profile.syntheticInterrupts) tally.exits(interrupts * EOI_ASSIST_FACTOR, 'hypervisorIntercept', 'ApicEoiAccesses', 'MsrAccesses')
    else tally.exits(interrupts, 'apicAccess', 'ApicEoiAccesses', 'ApicMmioAccesses', 'OtherIntercepts')
  }
  tally.count(ipis, 'ApicIpisSent')
  if (!apicVirtualization) tally.exits(ipis, profile.syntheticInterrupts ? 'hypervisorIntercept' : 'apicAccess', 'OtherIntercepts')
}
