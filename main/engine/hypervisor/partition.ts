/** Partitions and their virtual processors as the hypervisor holds them. */
import type { Tick } from '../kernel/ticks.ts'
import type { CpuidRegisters } from './cpuid.ts'
import type { GpaMap } from './gpa-map.ts'
import type { InterceptTable } from './intercept-table.ts'
import type { MemoryPool } from './memory-pool.ts'
import type { MonitorPage } from './monitor.ts'
import type { Connection, Port } from './ports.ts'
import type { RegisterName } from './registers.ts'
import type { ApicState, SynicState } from './synic-state.ts'
import type { AddressSpaces } from './translation-view.ts'
import type { InterceptMessage, PartitionId, PartitionState, PrivilegeMask, VpIndex } from './types.ts'

export interface VirtualProcessor {
  readonly partition: Partition
  readonly index: VpIndex
  /** Column of the scheduler and the counters. */
  readonly slot: number
  readonly apicId: number
  /** Ideal NUMA node. */
  readonly node: number
  explicitSuspend: boolean
  interceptSuspend: boolean
  /** An application processor before its start. */
  waitForSipi: boolean
  /** In HLT or guest idle until an interrupt; `idleAnyInterrupt` also ends with interrupts masked. */
  halted: boolean
  idleAnyInterrupt: boolean
  /** Intercept that the parent has not answered. */
  intercept: InterceptMessage | undefined
  /** Registers that differ from their reset value. */
  readonly registers: Map<RegisterName, bigint>
  readonly synic: SynicState
  readonly apic: ApicState
  /** VP assist page MSR. */
  assistPage: bigint
  /** TLB flush to be done when the VP is dispatched next. */
  flushPending: boolean
}

/** MSRs that belong to the whole partition. */
export interface PartitionMsrs {
  guestOsId: bigint
  hypercall: bigint
  referenceTsc: bigint
  tscSequence: number
  crash: bigint[]
  crashControl: bigint
  tscInvariantControl: bigint
  reenlightenment: bigint
}

/** What the memory balancer reports of a partition; shown by the Dynamic Memory counters. Megabytes and per cent. */
export interface DynamicMemoryReport {
  readonly guestVisibleMb: number
  readonly guestAvailableMb: number
  readonly currentPressure: number
  readonly averagePressure: number
  readonly maximumPressure: number
  readonly minimumPressure: number
  readonly addedMb: number
  readonly removedMb: number
  readonly addOperations: number
  readonly removeOperations: number
  readonly smartPagingMb: number
}

export interface Partition {
  readonly id: PartitionId
  /** 0 for the root. */
  readonly parentId: PartitionId
  readonly depth: number
  readonly creationFlags: number
  readonly compatibilityVersion: number
  /** Preferred NUMA node of its memory. */
  readonly node: number
  state: PartitionState
  privileges: PrivilegeMask
  /** Living children in the order of their creation. */
  readonly children: PartitionId[]
  readonly properties: Map<number, bigint>
  readonly pool: MemoryPool
  readonly gpa: GpaMap
  /** By index; holes where a VP was deleted. */
  readonly vps: (VirtualProcessor | undefined)[]
  readonly ports: Map<number, Port>
  readonly connections: Map<number, Connection>
  /** Monitored-notification pages by the connection that owns them. */
  readonly monitors: Map<number, MonitorPage>
  readonly intercepts: InterceptTable
  readonly cpuidResults: Map<number, CpuidRegisters>
  readonly msrs: PartitionMsrs
  readonly addressSpaces: AddressSpaces
  /** Statistics pages mapped: -1 for the partition's own, else a VP's. */
  readonly statsPages: Set<number>
  /** Tick at which the reference counter stood at 0. */
  referenceBase: Tick
  /** Reference time at which time was frozen, -1 while it runs. */
  frozenAt: number
  /** Hypercalls by code. */
  readonly hypercallCounts: Map<number, number>
  skippedTimerTicks: number
  virtualTlbFlushes: number
  readonly attachedDevices: Set<string>
  memoryReport: DynamicMemoryReport | undefined
}

export function liveVps(partition: Partition): VirtualProcessor[] {
  return partition.vps.filter((vp) => vp !== undefined)
}

export function vpOf(partition: Partition, index: VpIndex): VirtualProcessor | undefined {
  return partition.vps[index]
}
