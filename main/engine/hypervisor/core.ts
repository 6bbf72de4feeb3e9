/** What all parts of one hypervisor instance share: its objects, its clock, and how costs are charged. */
import type { Tick } from '../kernel/ticks.ts'
import { type CostKey, type CostModel, costModelOf } from './cost-table.ts'
import { DueQueue } from './due-queue.ts'
import { EventCounts } from './event-counts.ts'
import { HostMemory } from './host-memory.ts'
import type { Partition, VirtualProcessor } from './partition.ts'
import { Scheduler } from './scheduler.ts'
import { logicalProcessorsOf } from './topology.ts'
import { Trace } from './trace.ts'
import type { HypervisorNotifier, HypervisorPlatform, HypervisorPorts, PartitionId } from './types.ts'
import { VpLoads } from './vp-loads.ts'

export class Core {
  readonly platform: HypervisorPlatform
  readonly costs: CostModel
  readonly notifier: HypervisorNotifier
  /** Living partitions in the order of their creation. */
  readonly partitions = new Map<PartitionId, Partition>()
  readonly memory: HostMemory
  readonly scheduler: Scheduler
  readonly events = new EventCounts()
  readonly loads: VpLoads
  readonly trace = new Trace()
  readonly due = new DueQueue()
  /** Calls by code on this host since the instance began. */
  readonly hypercallCounts = new Map<number, number>()
  nextPartitionId: PartitionId = 1
  rootId: PartitionId = 0
  /** Which VP of the root takes the next intercept message. */
  interceptCursor = 0
  /** Partitions' VPs besides the root's, for the release's limit. */
  guestVps = 0
  readonly #ports: HypervisorPorts

  constructor(platform: HypervisorPlatform, ports: HypervisorPorts) {
    this.platform = platform
    this.costs = costModelOf(platform)
    this.notifier = ports.notifier
    this.#ports = ports
    this.memory = new HostMemory(platform.nodes)
    this.scheduler = new Scheduler(platform, logicalProcessorsOf(platform), ports.now())
    this.loads = new VpLoads(platform, this.scheduler, this.events)
  }

  now(): Tick {
    return this.#ports.now()
  }

  cost(key: CostKey): number {
    return this.costs.cycles[key]
  }

  /** Charges cycles to a VP's hypervisor time, in the window that is now. */
  charge(vp: VirtualProcessor, cycles: number): void {
    const now = this.now()
    if (now >= this.scheduler.boundary) this.scheduler.advance(now)
    this.scheduler.charge(vp.slot, cycles)
  }

  /** Counts an exit of a class and charges its cost. */
  exit(vp: VirtualProcessor, event: number, cost: CostKey): void {
    const cycles = this.costs.cycles[cost]
    this.events.addIntercept(vp.slot, event, cycles)
    this.charge(vp, cycles)
  }

  count(vp: VirtualProcessor, event: number, times = 1): void {
    this.events.add(vp.slot, event, times)
  }

  /** Reference time of a partition, 100 ns since its creation; it stands still while time is frozen. */
  referenceTime(partition: Partition): number {
    return partition.frozenAt >= 0 ? partition.frozenAt : this.now() - partition.referenceBase
  }

  /** Tells the scheduler whether a VP may run. */
  refreshRunnable(vp: VirtualProcessor): void {
    this.scheduler.setRunnable(vp.slot, canExecute(vp))
  }
}

/** True when the partition's Suspend property freezes its VPs. */
export function isPartitionSuspended(partition: Partition): boolean {
  return (partition.properties.get(0x0002_0000) ?? 0n) !== 0n
}

/** Neither suspended nor waiting for its start; it may be halted. */
export function canExecute(vp: VirtualProcessor): boolean {
  return (
    !vp.explicitSuspend && !vp.interceptSuspend && !vp.waitForSipi && vp.partition.state === 'active' && !isPartitionSuspended(vp.partition)
  )
}
