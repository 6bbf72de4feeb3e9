/** Reading the performance counters of one instance (interface reference 12.1 to 12.6). Rates come as running totals, percentages as shares now. */
import { TICKS_PER_SECOND } from '../kernel/ticks.ts'
import type { Core } from './core.ts'
import {
  BALANCER_COUNTERS,
  type CounterInfo,
  DYNAMIC_MEMORY_VM_COUNTERS,
  FIRST_COST_EVENT,
  HYPERVISOR_COUNTERS,
  LAST_COST_EVENT,
  LP_COUNTERS,
  PARTITION_COUNTERS,
  VID_COUNTERS,
  VP_COUNTERS,
  VP_EVENT,
  VP_EVENT_COUNT,
} from './counter-names.ts'
import { liveVps, type Partition, type VirtualProcessor } from './partition.ts'
import { PropertyCode } from './properties.ts'
import type { LpIndex } from './types.ts'

/** Name to value, in the order of the counter set. */
export type CounterValues = ReadonlyMap<string, number>

const PAGES_PER_MB = 256

function named(set: readonly CounterInfo[], values: readonly number[]): CounterValues {
  return new Map(set.map(({ name }, index) => [name, values[index] ?? 0]))
}

/** Accumulated processor time of a VP, ticks. */
export interface VpTimes {
  readonly guest: number
  readonly hypervisor: number
  readonly remote: number
}

export function vpTimes(core: Core, vp: VirtualProcessor): VpTimes {
  const now = core.now()
  return {
    guest: core.scheduler.guestTicks(vp.slot, now),
    hypervisor: core.scheduler.hypervisorTicks(vp.slot, now),
    remote: core.scheduler.remoteTicks(vp.slot, now),
  }
}

/** Running total of one counted event of a VP. */
export function vpEvent(core: Core, vp: VirtualProcessor, event: number): number {
  const now = core.now()
  if (event === VP_EVENT.LogicalProcessorDispatches) return core.scheduler.dispatches(vp.slot, now)
  if (event === VP_EVENT.LogicalProcessorMigrations) return core.scheduler.vps.migrations[vp.slot] ?? 0
  return core.loads.count(vp.slot, event, now)
}

/** `Hyper-V Hypervisor Virtual Processor`, instance `VMNAME:Hv VP n`; also of root VPs. */
export function vpCounters(core: Core, vp: VirtualProcessor): CounterValues {
  const { vps } = core.scheduler
  const guest = (vps.guest[vp.slot] ?? 0) * 100
  const hypervisor = (vps.hypervisor[vp.slot] ?? 0) * 100
  const remote = (vps.remote[vp.slot] ?? 0) * 100
  const values = [guest + hypervisor, guest, hypervisor, remote, core.scheduler.waitPerDispatchNs(vp.slot)]
  for (let event = 0; event < VP_EVENT_COUNT; event++) values.push(vpEvent(core, vp, event))
  const nsPerCycle = 1e9 / core.costs.frequencyHz
  for (let event = FIRST_COST_EVENT; event <= LAST_COST_EVENT; event++) {
    const times = core.events.get(vp.slot, event)
    values.push(times === 0 ? 0 : (core.events.cycles(vp.slot, event) / times) * nsPerCycle)
  }
  return named(VP_COUNTERS, values)
}

/** `Hyper-V Hypervisor`. */
export function hypervisorCounters(core: Core): CounterValues {
  let vps = 0
  let pages = core.platform.bootPages
  let monitors = 0
  for (const partition of core.partitions.values()) {
    vps += liveVps(partition).length
    pages += partition.pool.deposited
    monitors += partition.monitors.size
  }
  return named(HYPERVISOR_COUNTERS, [core.scheduler.lps.length, core.partitions.size, vps, pages, monitors, 0])
}

/** `Hyper-V Hypervisor Logical Processor`, instance `Hv LP n`. Idle time counts as C1. */
export function lpCounters(core: Core, lp: LpIndex): CounterValues {
  const { scheduler } = core
  const now = core.now()
  const guest = (scheduler.lpGuest[lp] ?? 0) * 100
  const hypervisor = (scheduler.lpHypervisor[lp] ?? 0) * 100
  const idle = Math.max(0, 100 - guest - hypervisor)
  const { switches } = scheduler.lpTimes(lp, now)
  let interrupts = 0
  let ipis = 0
  for (const partition of core.partitions.values()) {
    for (const vp of liveVps(partition)) {
      if (scheduler.vps.home[vp.slot] !== lp) continue
      interrupts += vpEvent(core, vp, VP_EVENT.ExternalInterrupts) + vpEvent(core, vp, VP_EVENT.HardwareInterrupts)
      ipis += vpEvent(core, vp, VP_EVENT.ApicIpisSent)
    }
  }
  const exitNs = (core.cost('exit') * 1e9) / core.costs.frequencyHz
  const rootVp = core.partitions.get(core.rootId)?.vps[lp] === undefined ? -1 : lp
  const values = [guest + hypervisor, guest, hypervisor, idle, idle, 0, 0, switches, 0, 0, 100, core.costs.frequencyHz / 1e6]
  return named(LP_COUNTERS, [...values, switches, interrupts, ipis, ipis, switches, 0, interrupts + ipis + switches, exitNs, 0, 0, rootVp])
}

/** `Hyper-V Hypervisor Partition`, instance `VMNAME:hvpt`; `... Root Partition`, instance `Root`. */
export function partitionCounters(core: Core, partition: Partition): CounterValues {
  const { gpa, pool } = partition
  const shadow = !core.platform.features.slat && partition.depth > 0
  const spaces = shadow ? Math.max(partition.addressSpaces.list.length, liveVps(partition).length) : 0
  const tlbPages = Number(partition.properties.get(PropertyCode.VirtualTlbPageCount) ?? 0n)
  const recommended = shadow ? 64 + 32 * liveVps(partition).length : 0
  const values = [
    spaces,
    partition.attachedDevices.size,
    pool.deposited,
    0,
    0,
    0,
    0,
    gpa.pages,
    gpa.modifications,
    gpa.entries4K,
    gpa.entries2M,
    gpa.entries1G,
    0,
    0,
    0,
    0,
    0,
    recommended,
    partition.skippedTimerTicks,
    liveVps(partition).length,
    partition.virtualTlbFlushes,
    tlbPages,
  ]
  return named(PARTITION_COUNTERS, values)
}

/** `Hyper-V VM Vid Partition`. */
export function vidCounters(core: Core, partition: Partition): CounterValues {
  let remote = 0
  for (const range of partition.gpa.ranges) if (core.memory.nodeOf(range.value.spa) !== partition.node) remote += range.count
  return named(VID_COUNTERS, [partition.gpa.pages, partition.node, remote])
}

/** `Hyper-V Dynamic Memory VM`: the hypervisor knows the pages, the balancer's report the rest. */
export function dynamicMemoryCounters(partition: Partition): CounterValues {
  const physical = partition.gpa.pages / PAGES_PER_MB
  const report = partition.memoryReport
  if (report === undefined) return named(DYNAMIC_MEMORY_VM_COUNTERS, [physical, physical])
  return named(DYNAMIC_MEMORY_VM_COUNTERS, [
    physical,
    report.guestVisibleMb,
    report.guestAvailableMb,
    report.currentPressure,
    report.averagePressure,
    report.maximumPressure,
    report.minimumPressure,
    report.addedMb,
    report.removedMb,
    report.addOperations,
    report.removeOperations,
    report.smartPagingMb,
  ])
}

/** `Hyper-V Dynamic Memory Balancer`. `reserveMb` is what the host keeps for itself. */
export function balancerCounters(core: Core, reserveMb: number): CounterValues {
  const available = Math.max(0, core.memory.freePages / PAGES_PER_MB - reserveMb)
  const reports = [...core.partitions.values()].map(({ memoryReport }) => memoryReport).filter((report) => report !== undefined)
  const sum = (pick: (report: (typeof reports)[number]) => number): number => reports.reduce((total, report) => total + pick(report), 0)
  const mean = (total: number): number => (reports.length === 0 ? 0 : total / reports.length)
  return named(BALANCER_COUNTERS, [
    available,
    available,
    mean(sum((report) => report.averagePressure)),
    mean(sum((report) => report.currentPressure)),
    sum((report) => report.addedMb),
    sum((report) => report.removedMb),
    sum((report) => report.addOperations),
    sum((report) => report.removeOperations),
  ])
}

/** Mean rate of a running total between two readings, per second. */
export function perSecond(before: number, after: number, ticks: number): number {
  return ticks <= 0 ? 0 : ((after - before) * TICKS_PER_SECOND) / ticks
}
