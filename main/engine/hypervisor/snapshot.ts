/** The whole state of an instance as rows of plain JSON values, and its hash. Saved rows are not the live objects; they have a version. */
import type { Tick } from '../kernel/ticks.ts'
import type { Core } from './core.ts'
import type { CpuidRegisters } from './cpuid.ts'
import type { DueItem } from './due-queue.ts'
import type { GpaMapping, OverlayPage } from './gpa-map.ts'
import type { PageOwner } from './host-memory.ts'
import { type Hypervisor, isDueItemCurrent } from './hypervisor.ts'
import type { InstalledIntercept } from './intercept-table.ts'
import { type JsonValue, packJson } from './json-value.ts'
import { type DynamicMemoryReport, liveVps, type Partition, type VirtualProcessor } from './partition.ts'
import type { ConnectionInfo, PortInfo } from './ports.ts'
import type { RegisterName } from './registers.ts'
import type { QueuedMessage, SyntheticTimer } from './synic-state.ts'
import type { AddressSpace } from './translation-view.ts'
import type { MessageSlot, PageRun, PartitionId, PartitionState, PrivilegeMask, VpIndex } from './types.ts'
import { BYTES, FLOATS, INTS } from './vp-arrays.ts'
import type { VpLoadRow } from './vp-loads.ts'

export const SNAPSHOT_VERSION = 1

interface OfPartition {
  readonly partitionId: PartitionId
}
interface OfVp extends OfPartition {
  readonly vpIndex: VpIndex
}

export interface InstanceRow {
  readonly tick: Tick
  readonly nextPartitionId: PartitionId
  readonly rootId: PartitionId
  readonly interceptCursor: number
  readonly logicalProcessors: number
  readonly totalPages: number
  readonly boundary: Tick
  readonly lpSince: Tick
  readonly slotEnd: number
  readonly solves: number
  readonly saturated: boolean
  readonly load: number
  readonly occupied: number
  readonly spreads: number
  readonly freeSlots: readonly number[]
  readonly changedSlots: readonly number[]
  readonly chargedSlots: readonly number[]
  readonly recomputeAll: boolean
}

export interface PartitionRow extends OfPartition {
  readonly parentId: PartitionId
  readonly depth: number
  readonly creationFlags: number
  readonly compatibilityVersion: number
  readonly node: number
  readonly state: PartitionState
  readonly privileges: PrivilegeMask
  readonly poolInUse: number
  readonly gpaModifications: number
  /** MSRs as hexadecimal text. */
  readonly guestOsId: string
  readonly hypercallMsr: string
  readonly referenceTsc: string
  readonly tscSequence: number
  readonly crash: readonly string[]
  readonly crashControl: string
  readonly tscInvariantControl: string
  readonly reenlightenment: string
  readonly referenceBase: Tick
  readonly frozenAt: number
  readonly skippedTimerTicks: number
  readonly virtualTlbFlushes: number
  readonly statsPages: readonly number[]
  readonly attachedDevices: readonly string[]
  readonly memoryReport: DynamicMemoryReport | null
}

export interface VirtualProcessorRow extends OfVp {
  readonly slot: number
  readonly node: number
  readonly explicitSuspend: boolean
  readonly interceptSuspend: boolean
  readonly waitForSipi: boolean
  readonly halted: boolean
  readonly idleAnyInterrupt: boolean
  readonly intercept: JsonValue
  readonly registers: readonly (readonly [RegisterName, string])[]
  readonly assistPage: string
  readonly flushPending: boolean
  readonly synicEnabled: boolean
  readonly simp: string
  readonly siefp: string
  readonly simPage: number
  readonly siefPage: number
  readonly sints: readonly number[]
  readonly retryAt: readonly number[]
  readonly requested: readonly number[]
  readonly inService: readonly number[]
  readonly taskPriority: number
  readonly softwareEnabled: boolean
  readonly interruptsEnabled: boolean
  readonly nmiPending: boolean
  /** Columns of the scheduler in the order of FLOATS, INTS, BYTES. */
  readonly columns: readonly number[]
  readonly eventCounts: readonly number[]
  readonly eventCycles: readonly number[]
}

export type MessageRow = OfVp & { readonly sint: number; readonly place: 'slot' | 'queue' } & {
  readonly message: Omit<MessageSlot | QueuedMessage, 'payload'>
  readonly payload: JsonValue
}

export interface HypervisorSnapshot {
  readonly version: number
  readonly instance: InstanceRow
  readonly logicalProcessors: readonly { readonly index: number; readonly values: readonly number[] }[]
  readonly hostPages: readonly { readonly page: number; readonly count: number; readonly owner: PageOwner }[]
  readonly partitions: readonly PartitionRow[]
  readonly properties: readonly (OfPartition & { readonly code: number; readonly value: string })[]
  readonly poolRuns: readonly (OfPartition & PageRun)[]
  readonly gpaRanges: readonly (OfPartition & { readonly page: number; readonly count: number } & GpaMapping)[]
  readonly overlays: readonly (OfPartition & OverlayPage)[]
  readonly virtualProcessors: readonly VirtualProcessorRow[]
  readonly messages: readonly MessageRow[]
  readonly eventFlags: readonly (OfVp & { readonly sint: number; readonly words: readonly number[] })[]
  readonly timers: readonly (OfVp & { readonly index: number } & SyntheticTimer)[]
  readonly ports: readonly (OfPartition & {
    readonly portId: number
    readonly connectionPartition: PartitionId
    readonly info: PortInfo
    readonly buffersInUse: number
    readonly postCount: number
  })[]
  readonly connections: readonly (OfPartition & {
    readonly connectionId: number
    readonly portPartition: PartitionId
    readonly portId: number
    readonly info: ConnectionInfo
  })[]
  readonly monitors: readonly (OfPartition & {
    readonly connectionId: number
    readonly page: number
    readonly triggerState: number
    readonly pending: readonly number[]
    readonly latency: readonly number[]
    readonly targetConnection: readonly number[]
    readonly targetFlag: readonly number[]
    readonly pollAt: readonly number[]
    readonly signals: number
    readonly coalesced: number
  })[]
  readonly intercepts: readonly (OfPartition & InstalledIntercept)[]
  readonly cpuidResults: readonly (OfPartition & { readonly leaf: number; readonly result: CpuidRegisters })[]
  readonly addressSpaces: readonly (OfPartition & {
    readonly rootPage: number
    readonly levels: AddressSpace['levels']
    readonly ranges: readonly {
      readonly start: number
      readonly count: number
      readonly value: { readonly gpa: number; readonly large: boolean }
    }[]
  })[]
  /** Partition 0 stands for the whole host. */
  readonly hypercallCounts: readonly (OfPartition & { readonly code: number; readonly count: number })[]
  readonly loads: readonly VpLoadRow[]
  readonly due: readonly { readonly due: Tick; readonly item: DueItem }[]
}

const hex = (value: bigint): string => `0x${value.toString(16)}`

/** All rows. Traces are not part of the state. */
export function snapshotHypervisor({ core }: Hypervisor): HypervisorSnapshot {
  const partitions = [...core.partitions.values()]
  const vps = partitions.flatMap(liveVps)
  const each = <Row>(rows: (partition: Partition) => readonly Row[]): (Row & OfPartition)[] =>
    partitions.flatMap((partition) => rows(partition).map((row) => ({ partitionId: partition.id, ...row })))
  return {
    version: SNAPSHOT_VERSION,
    instance: instanceRow(core),
    logicalProcessors: core.scheduler.lps.map(({ index }) => ({ index, values: lpValues(core, index) })),
    hostPages: core.memory.owners.map(({ start, count, value }) => ({ page: start, count, owner: value })),
    partitions: partitions.map(partitionRow),
    properties: each(({ properties }) => [...properties].map(([code, value]) => ({ code, value: hex(value) }))),
    poolRuns: each(({ pool }) => pool.runs.map(({ page, count }) => ({ page, count }))),
    gpaRanges: each(({ gpa }) => gpa.ranges.map(({ start, count, value }) => ({ page: start, count, ...value }))),
    overlays: each(({ gpa }) => gpa.overlays.map((overlay) => ({ ...overlay }))),
    virtualProcessors: vps.map((vp) => vpRow(core, vp)),
    messages: vps.flatMap(messageRows),
    eventFlags: vps.flatMap((vp) =>
      vp.synic.flags.flatMap((words, sint) => (words === undefined ? [] : [{ ...key(vp), sint, words: [...words] }])),
    ),
    timers: vps.flatMap((vp) => vp.synic.timers.map((timer, index) => ({ ...key(vp), index, ...timer }))),
    ports: each(({ ports }) =>
      [...ports.values()].map(({ id, connectionPartition, info, buffersInUse, postCount }) => ({
        portId: id,
        connectionPartition,
        info,
        buffersInUse,
        postCount,
      })),
    ),
    connections: each(({ connections }) =>
      [...connections.values()].map(({ id, portPartition, portId, info }) => ({ connectionId: id, portPartition, portId, info })),
    ),
    monitors: each(({ monitors }) =>
      [...monitors.values()].map((monitor) => ({
        connectionId: monitor.connectionId,
        page: monitor.page,
        triggerState: monitor.triggerState,
        pending: [...monitor.pending],
        latency: [...monitor.latency],
        targetConnection: [...monitor.targetConnection],
        targetFlag: [...monitor.targetFlag],
        pollAt: [...monitor.pollAt],
        signals: monitor.signals,
        coalesced: monitor.coalesced,
      })),
    ),
    intercepts: each(({ intercepts }) => intercepts.list.map((intercept) => ({ ...intercept }))),
    cpuidResults: each(({ cpuidResults }) => [...cpuidResults].map(([leaf, result]) => ({ leaf, result }))),
    addressSpaces: each(({ addressSpaces }) =>
      addressSpaces.list.map(({ rootPage, levels, ranges }) => ({
        rootPage,
        levels,
        ranges: ranges.intervals.map((range) => ({ ...range })),
      })),
    ),
    hypercallCounts: [
      ...[...core.hypercallCounts].map(([code, count]) => ({ partitionId: 0, code, count })),
      ...each(({ hypercallCounts }) => [...hypercallCounts].map(([code, count]) => ({ code, count }))),
    ],
    loads: core.loads.rows(),
    due: core.due.entries().filter(({ item }) => isDueItemCurrent(core, item)),
  }
}

function instanceRow(core: Core): InstanceRow {
  const { scheduler } = core
  const { free, changed, charged, all } = scheduler.hiddenState()
  return {
    tick: core.now(),
    nextPartitionId: core.nextPartitionId,
    rootId: core.rootId,
    interceptCursor: core.interceptCursor,
    logicalProcessors: scheduler.lps.length,
    totalPages: core.memory.totalPages,
    boundary: scheduler.boundary,
    lpSince: scheduler.lpSince,
    slotEnd: scheduler.slotEnd,
    solves: scheduler.solves,
    saturated: scheduler.saturated,
    load: scheduler.load,
    occupied: scheduler.occupied,
    spreads: scheduler.spreads,
    freeSlots: free,
    changedSlots: changed,
    chargedSlots: charged,
    recomputeAll: all,
  }
}

/** Columns of a logical processor, in the order in which they are put back. */
export function lpColumns(core: Core): Float64Array[] {
  const { scheduler } = core
  return [
    scheduler.lpGuest,
    scheduler.lpHypervisor,
    scheduler.lpGuestTicks,
    scheduler.lpHypervisorTicks,
    scheduler.lpSwitches,
    scheduler.lpSwitchRate,
    scheduler.placement.used,
  ]
}

const lpValues = (core: Core, lp: number): number[] => lpColumns(core).map((column) => column[lp] ?? 0)
const key = (vp: VirtualProcessor): { partitionId: PartitionId; vpIndex: VpIndex } => ({ partitionId: vp.partition.id, vpIndex: vp.index })

function partitionRow(partition: Partition): PartitionRow {
  const { msrs } = partition
  return {
    partitionId: partition.id,
    parentId: partition.parentId,
    depth: partition.depth,
    creationFlags: partition.creationFlags,
    compatibilityVersion: partition.compatibilityVersion,
    node: partition.node,
    state: partition.state,
    privileges: partition.privileges,
    poolInUse: partition.pool.inUse,
    gpaModifications: partition.gpa.modifications,
    guestOsId: hex(msrs.guestOsId),
    hypercallMsr: hex(msrs.hypercall),
    referenceTsc: hex(msrs.referenceTsc),
    tscSequence: msrs.tscSequence,
    crash: msrs.crash.map(hex),
    crashControl: hex(msrs.crashControl),
    tscInvariantControl: hex(msrs.tscInvariantControl),
    reenlightenment: hex(msrs.reenlightenment),
    referenceBase: partition.referenceBase,
    frozenAt: partition.frozenAt,
    skippedTimerTicks: partition.skippedTimerTicks,
    virtualTlbFlushes: partition.virtualTlbFlushes,
    statsPages: [...partition.statsPages],
    attachedDevices: [...partition.attachedDevices],
    memoryReport: partition.memoryReport ?? null,
  }
}

function vpRow(core: Core, vp: VirtualProcessor): VirtualProcessorRow {
  const { synic, apic, slot } = vp
  const { vps } = core.scheduler
  const { counts, cycles } = core.events.row(slot)
  return {
    ...key(vp),
    slot,
    node: vp.node,
    explicitSuspend: vp.explicitSuspend,
    interceptSuspend: vp.interceptSuspend,
    waitForSipi: vp.waitForSipi,
    halted: vp.halted,
    idleAnyInterrupt: vp.idleAnyInterrupt,
    intercept: packJson(vp.intercept ?? null),
    registers: [...vp.registers].map(([name, value]) => [name, hex(value)] as const),
    assistPage: hex(vp.assistPage),
    flushPending: vp.flushPending,
    synicEnabled: synic.enabled,
    simp: hex(synic.simp),
    siefp: hex(synic.siefp),
    simPage: synic.simPage,
    siefPage: synic.siefPage,
    sints: [...synic.sints],
    retryAt: [...synic.retryAt],
    requested: [...apic.requested],
    inService: [...apic.inService],
    taskPriority: apic.taskPriority,
    softwareEnabled: apic.softwareEnabled,
    interruptsEnabled: apic.interruptsEnabled,
    nmiPending: apic.nmiPending,
    columns: [...FLOATS, ...INTS, ...BYTES].map((name) => vps[name][slot] ?? 0),
    eventCounts: counts,
    eventCycles: cycles,
  }
}

function messageRows(vp: VirtualProcessor): MessageRow[] {
  const rows: MessageRow[] = []
  for (const [sint, slot] of vp.synic.slots.entries()) {
    if (slot === undefined) continue
    const { payload, ...message } = slot
    rows.push({ ...key(vp), sint, place: 'slot', message, payload: packJson(payload) })
  }
  for (const [sint, queue] of vp.synic.queues.entries()) {
    for (const { payload, ...message } of queue) rows.push({ ...key(vp), sint, place: 'queue', message, payload: packJson(payload) })
  }
  return rows
}

/** 64 bits over the snapshot as sixteen hexadecimal digits: two FNV-1a lanes with different starts. Equal states have equal hashes. */
export function stateHash(hypervisor: Hypervisor): string {
  const text = JSON.stringify(snapshotHypervisor(hypervisor))
  let a = 0x811c_9dc5
  let b = 0x050c_5d1f
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x0100_0193)
    b = Math.imul(b ^ unit, 0x0100_0193) ^ (b >>> 15)
  }
  return [a, b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
}
