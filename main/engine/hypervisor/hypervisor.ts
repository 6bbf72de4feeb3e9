/**
 * One hypervisor instance: what a host's processors run below its root partition and all virtual machines.
 *
 * The root exists from the beginning, with one VP per logical processor. Everything else happens by hypercalls, by accesses of guests
 * (MSRs, ports, memory, CPUID), and by time: `advance` lets due timers, monitor polls and scheduling windows pass.
 */
import { invariant } from '../kernel/result.ts'
import type { Tick } from '../kernel/ticks.ts'
import { type EoiPath, endOfInterrupt, haltVp, setInterruptFlag, writeTaskPriority } from './apic.ts'
import { Core } from './core.ts'
import { VP_EVENT, type VpEvent } from './counter-names.ts'
import * as counters from './counters.ts'
import type { CpuidRegisters } from './cpuid.ts'
import { Dispatcher } from './dispatcher.ts'
import type { DueItem } from './due-queue.ts'
import type { HypercallInput, HypercallMap, HypercallOutput } from './hypercall-types.ts'
import * as intercepts from './intercepts.ts'
import { createRoot, vpStateOf } from './lifecycle.ts'
import { configureTrigger, type MonitorTrigger, pollGroup, setPending } from './monitored-notification.ts'
import { readMsr, writeMsr } from './msrs.ts'
import { type DynamicMemoryReport, liveVps, type Partition, type VirtualProcessor } from './partition.ts'
import { freeSlot, receiveMessage, scanQueue, scanQueues, takeEventFlags } from './synic.ts'
import { expireTimer, type ReferenceTscPage, referenceTscPage } from './timers.ts'
import type { Trace } from './trace.ts'
import { type AddressTranslation, translateAddress } from './translation-view.ts'
import type {
  AccessOutcome,
  Caller,
  HypercallResult,
  HypervisorPlatform,
  HypervisorPorts,
  InterceptAccess,
  LpIndex,
  MessageSlot,
  MsrReadResult,
  MsrWriteResult,
  PageNumber,
  PartitionId,
  VpIndex,
  VpState,
} from './types.ts'
import { validateCore } from './validation.ts'
import type { VpLoad } from './vp-loads.ts'

export class Hypervisor {
  /** Objects and their columns, for the inspector, snapshots and tests; changed only through this class. */
  readonly core: Core
  readonly #dispatcher: Dispatcher

  /** `empty` leaves out the root, for a snapshot to be put in its place. */
  constructor(platform: HypervisorPlatform, ports: HypervisorPorts, empty = false) {
    this.core = new Core(platform, ports)
    this.#dispatcher = new Dispatcher(this.core)
    if (!empty) createRoot(this.core)
  }

  get platform(): HypervisorPlatform {
    return this.core.platform
  }

  get trace(): Trace {
    return this.core.trace
  }

  get rootId(): PartitionId {
    return this.core.rootId
  }

  /** Partitions in the order of their creation, the root first. */
  get partitions(): readonly Partition[] {
    return [...this.core.partitions.values()]
  }

  partition(id: PartitionId): Partition | undefined {
    return this.core.partitions.get(id)
  }

  /** Calls by code on this host since the instance began. */
  get hypercallCounts(): ReadonlyMap<number, number> {
    return this.core.hypercallCounts
  }

  // Hypercalls

  /** Issues a hypercall and runs it to its end. Long calls are entered anew every 50 us (`slices`). */
  hypercall<Code extends keyof HypercallMap>(
    caller: Caller,
    code: Code,
    input: HypercallInput<Code>,
  ): HypercallResult<HypercallOutput<Code>> {
    return this.#dispatcher.call(caller, code, input)
  }

  /** Runs one 50 us slice of a hypercall from element `start`; interrupts can be taken before the next. */
  hypercallSlice<Code extends keyof HypercallMap>(
    caller: Caller,
    code: Code,
    input: HypercallInput<Code>,
    start = 0,
  ): HypercallResult<HypercallOutput<Code>> {
    return this.#dispatcher.slice(caller, code, input, start)
  }

  /** A call with a code that the simulation does not answer: INVALID_HYPERCALL_CODE, counted and charged. */
  unknownHypercall(caller: Caller, code: number): HypercallResult<never> {
    return this.#dispatcher.unknown(caller, code)
  }

  // What guests do

  readMsr(partitionId: PartitionId, vpIndex: VpIndex, msr: number): MsrReadResult {
    return readMsr(this.core, this.vp(partitionId, vpIndex), msr)
  }

  writeMsr(partitionId: PartitionId, vpIndex: VpIndex, msr: number, value: bigint): MsrWriteResult {
    return writeMsr(this.core, this.vp(partitionId, vpIndex), msr, value)
  }

  cpuid(partitionId: PartitionId, vpIndex: VpIndex, leaf: number): CpuidRegisters | { readonly intercepted: true } {
    return intercepts.cpuid(this.core, this.vp(partitionId, vpIndex), leaf)
  }

  ioPort(partitionId: PartitionId, vpIndex: VpIndex, access: intercepts.IoPortAccess): AccessOutcome {
    return intercepts.ioPortAccess(this.core, this.vp(partitionId, vpIndex), access)
  }

  /** An access to a guest physical page. */
  memoryAccess(partitionId: PartitionId, vpIndex: VpIndex, page: PageNumber, access: InterceptAccess): AccessOutcome {
    return intercepts.gpaAccess(this.core, this.vp(partitionId, vpIndex), page, access)
  }

  /** An exception in the guest; true when its parent intercepts the vector. */
  exception(partitionId: PartitionId, vpIndex: VpIndex, vector: number, errorCode = 0): boolean {
    return intercepts.exception(this.core, this.vp(partitionId, vpIndex), vector, errorCode)
  }

  tripleFault(partitionId: PartitionId, vpIndex: VpIndex): void {
    intercepts.unrecoverableException(this.core, this.vp(partitionId, vpIndex))
  }

  halt(partitionId: PartitionId, vpIndex: VpIndex): void {
    haltVp(this.core, this.vp(partitionId, vpIndex), false)
  }

  setInterruptFlag(partitionId: PartitionId, vpIndex: VpIndex, enabled: boolean): void {
    setInterruptFlag(this.core, this.vp(partitionId, vpIndex), enabled)
  }

  /** TPR by the APIC page (`mmio`) or the synthetic MSR. */
  writeTaskPriority(partitionId: PartitionId, vpIndex: VpIndex, priority: number, path: 'msr' | 'mmio'): void {
    writeTaskPriority(this.core, this.vp(partitionId, vpIndex), priority, path)
  }

  /** Ends the interrupt in service; when the hypervisor sees it, message queues are rescanned. */
  endOfInterrupt(partitionId: PartitionId, vpIndex: VpIndex, path: 'msr' | 'mmio' = 'msr'): EoiPath {
    const vp = this.vp(partitionId, vpIndex)
    const taken = endOfInterrupt(this.core, vp, path)
    if (taken !== 'none' && taken !== 'assist') scanQueues(this.core, vp)
    return taken
  }

  // SynIC pages as the guest reads and writes them

  messageSlot(partitionId: PartitionId, vpIndex: VpIndex, sint: number): MessageSlot | undefined {
    return this.vp(partitionId, vpIndex).synic.slots[sint]
  }

  /** Writes MessageType 0 into the slot, and nothing else: without EOM a queued message waits about a millisecond. */
  freeMessageSlot(partitionId: PartitionId, vpIndex: VpIndex, sint: number): void {
    freeSlot(this.core, this.vp(partitionId, vpIndex), sint)
  }

  /** The right order: copy, free the slot, EOM if MessagePending was set. Undefined when the slot is empty. */
  receiveMessage(partitionId: PartitionId, vpIndex: VpIndex, sint: number): MessageSlot | undefined {
    return receiveMessage(this.core, this.vp(partitionId, vpIndex), sint)
  }

  /** Reads and clears the set event flags of a SINT, lowest first. */
  takeEventFlags(partitionId: PartitionId, vpIndex: VpIndex, sint: number): readonly number[] {
    return takeEventFlags(this.vp(partitionId, vpIndex), sint)
  }

  /** Writes a trigger into the monitor page of a connection. */
  configureMonitor(partitionId: PartitionId, connectionId: number, trigger: MonitorTrigger): boolean {
    const monitor = this.core.partitions.get(partitionId)?.monitors.get(connectionId)
    return monitor !== undefined && configureTrigger(monitor, trigger)
  }

  /** Sets a pending bit, without an exit. False: monitoring is off, signal by hypercall. */
  triggerMonitor(partitionId: PartitionId, connectionId: number, id: number): boolean {
    const partition = this.core.partitions.get(partitionId)
    const monitor = partition?.monitors.get(connectionId)
    return partition !== undefined && monitor !== undefined && setPending(this.core, partition, monitor, id)
  }

  // Time

  /** Tick of the next timer, monitor poll or message retry; Infinity when nothing is due. */
  nextDue(): Tick {
    for (;;) {
      const entry = this.core.due.peek()
      if (entry === undefined) return Number.POSITIVE_INFINITY
      if (isDueItemCurrent(this.core, entry.item)) return entry.due
      this.core.due.pop()
    }
  }

  /** Lets everything due up to `now` happen, in order. */
  expire(now: Tick): void {
    while (this.nextDue() <= now) {
      const item = this.core.due.pop()
      if (item !== undefined) this.#expireItem(item)
    }
  }

  /** Passes time: due items and scheduling windows up to the clock's now. */
  advance(): void {
    const now = this.core.now()
    this.expire(now)
    this.core.scheduler.advance(now)
  }

  referenceTime(partitionId: PartitionId): number {
    return this.core.referenceTime(this.#require(partitionId))
  }

  referenceTscPage(partitionId: PartitionId): ReferenceTscPage | undefined {
    return referenceTscPage(this.core, this.#require(partitionId))
  }

  // Processors

  /** Sets a VP's steady work, from the next scheduling window on. */
  setLoad(partitionId: PartitionId, vpIndex: VpIndex, load: VpLoad): void {
    const vp = this.vp(partitionId, vpIndex)
    this.core.loads.set(vp.slot, load, liveVps(vp.partition).length)
  }

  vpState(partitionId: PartitionId, vpIndex: VpIndex): VpState {
    return vpStateOf(this.core, this.vp(partitionId, vpIndex))
  }

  /** Useful work now, as a share of one logical processor of bare hardware. */
  workRate(partitionId: PartitionId, vpIndex: VpIndex): number {
    return this.core.loads.workRate(this.vp(partitionId, vpIndex).slot)
  }

  vpTimes(partitionId: PartitionId, vpIndex: VpIndex): counters.VpTimes {
    return counters.vpTimes(this.core, this.vp(partitionId, vpIndex))
  }

  /** Running total of a counted event. */
  vpEvent(partitionId: PartitionId, vpIndex: VpIndex, event: VpEvent): number {
    return counters.vpEvent(this.core, this.vp(partitionId, vpIndex), VP_EVENT[event])
  }

  // Counters

  hypervisorCounters(): counters.CounterValues {
    return counters.hypervisorCounters(this.core)
  }

  lpCounters(lp: LpIndex): counters.CounterValues {
    return counters.lpCounters(this.core, lp)
  }

  vpCounters(partitionId: PartitionId, vpIndex: VpIndex): counters.CounterValues {
    return counters.vpCounters(this.core, this.vp(partitionId, vpIndex))
  }

  partitionCounters(partitionId: PartitionId): counters.CounterValues {
    return counters.partitionCounters(this.core, this.#require(partitionId))
  }

  vidCounters(partitionId: PartitionId): counters.CounterValues {
    return counters.vidCounters(this.core, this.#require(partitionId))
  }

  dynamicMemoryCounters(partitionId: PartitionId): counters.CounterValues {
    return counters.dynamicMemoryCounters(this.#require(partitionId))
  }

  balancerCounters(reserveMb = 0): counters.CounterValues {
    return counters.balancerCounters(this.core, reserveMb)
  }

  /** What the memory balancer has found out about a partition. */
  reportMemory(partitionId: PartitionId, report: DynamicMemoryReport): void {
    this.#require(partitionId).memoryReport = report
  }

  /** A physical device assigned to a partition (or taken away). The root has all that no child has. */
  setDeviceAttached(partitionId: PartitionId, deviceId: string, attached: boolean): void {
    const { attachedDevices } = this.#require(partitionId)
    if (attached) attachedDevices.add(deviceId)
    else attachedDevices.delete(deviceId)
  }

  // Inspector and checks

  /** Walks an address of a guest: GVA to GPA to SPA. Undefined when the guest has no such address space. */
  translate(partitionId: PartitionId, addressSpacePage: PageNumber, gvaPage: PageNumber): AddressTranslation | undefined {
    const { addressSpaces, gpa } = this.#require(partitionId)
    const space = addressSpaces.get(addressSpacePage)
    return space === undefined ? undefined : translateAddress(space, gpa, gvaPage, this.platform.features.slat)
  }

  /** Broken invariants, as sentences; empty when all hold. */
  validate(): string[] {
    return validateCore(this.core)
  }

  /** The VP; asking for one that does not exist is a mistake of the program. */
  vp(partitionId: PartitionId, vpIndex: VpIndex): VirtualProcessor {
    const vp = this.core.partitions.get(partitionId)?.vps[vpIndex]
    invariant(vp !== undefined, `partition ${partitionId} has no virtual processor ${vpIndex}`)
    return vp
  }

  #require(partitionId: PartitionId): Partition {
    const partition = this.core.partitions.get(partitionId)
    invariant(partition !== undefined, `no partition ${partitionId}`)
    return partition
  }

  #expireItem(item: DueItem): void {
    const partition = this.core.partitions.get(item.partitionId)
    if (partition === undefined) return
    if (item.kind === 'monitor') {
      const monitor = partition.monitors.get(item.connectionId)
      if (monitor !== undefined) pollGroup(this.core, partition, monitor, item.index)
      return
    }
    const vp = partition.vps[item.vpIndex]
    if (vp === undefined) return
    if (item.kind === 'retry') {
      vp.synic.retryAt[item.index] = -1
      scanQueue(this.core, vp, item.index)
      return
    }
    const timer = vp.synic.timers[item.index]
    if (timer !== undefined) expireTimer(this.core, vp, item.index, timer)
  }
}

/** False for an entry of the due queue whose timer, poll or retry has been set anew or is gone. */
export function isDueItemCurrent(core: Core, item: DueItem): boolean {
  const partition = core.partitions.get(item.partitionId)
  if (partition === undefined) return false
  if (item.kind === 'monitor') return partition.monitors.get(item.connectionId)?.pollAt[item.index] === item.version
  const synic = partition.vps[item.vpIndex]?.synic
  return item.kind === 'timer' ? synic?.timers[item.index]?.version === item.version : synic?.retryAt[item.index] === item.version
}
