/** Putting a snapshot back. What does not fit is refused with a sentence; a restored instance holds all invariants. */
import type { Core } from './core.ts'
import { Hypervisor } from './hypervisor.ts'
import { unpackJson } from './json-value.ts'
import { newPartition, newVp } from './lifecycle.ts'
import { MonitorPage } from './monitor.ts'
import type { Partition, VirtualProcessor } from './partition.ts'
import { type HypervisorSnapshot, lpColumns, SNAPSHOT_VERSION, type VirtualProcessorRow } from './snapshot.ts'
import type { QueuedMessage } from './synic-state.ts'
import type { HypervisorPlatform, HypervisorPorts, InterceptMessage, MessageSlot, PageRun, PartitionId } from './types.ts'
import { BYTES, FLOATS, INTS } from './vp-arrays.ts'

export type RestoreOutcome = { readonly ok: true; readonly hypervisor: Hypervisor } | { readonly ok: false; readonly reason: string }

/** Rebuilds an instance on the same kind of host. The clock must not stand before the snapshot's tick. */
export function restoreHypervisor(snapshot: HypervisorSnapshot, platform: HypervisorPlatform, ports: HypervisorPorts): RestoreOutcome {
  const refused = refusalOf(snapshot, ports)
  if (refused !== undefined) return { ok: false, reason: refused }
  const hypervisor = new Hypervisor(platform, ports, true)
  const { core } = hypervisor
  const { instance } = snapshot
  if (core.scheduler.lps.length !== instance.logicalProcessors || core.memory.totalPages !== instance.totalPages) {
    return { ok: false, reason: 'the snapshot is of a host with other processors or memory' }
  }
  for (const { page, count, owner } of snapshot.hostPages) {
    if (!core.memory.isFree({ page, count })) return { ok: false, reason: `host pages ${page}+${count} are given away twice` }
    core.memory.take({ page, count }, owner)
  }
  core.nextPartitionId = instance.nextPartitionId
  core.rootId = instance.rootId
  core.interceptCursor = instance.interceptCursor
  restorePartitions(core, snapshot)
  restoreScheduler(core, snapshot)
  const missing = restoreObjects(core, snapshot)
  if (missing !== undefined) return { ok: false, reason: missing }
  for (const { due, item } of snapshot.due) core.due.push(due, item)
  const broken = hypervisor.validate()
  return broken.length > 0 ? { ok: false, reason: broken.join('; ') } : { ok: true, hypervisor }
}

function refusalOf({ version, instance }: HypervisorSnapshot, ports: HypervisorPorts): string | undefined {
  if (version !== SNAPSHOT_VERSION) return `the snapshot has version ${version}, this program reads ${SNAPSHOT_VERSION}`
  if (ports.now() < instance.tick) return `the clock stands at ${ports.now()}, the snapshot is of ${instance.tick}`
  return undefined
}

function restorePartitions(core: Core, snapshot: HypervisorSnapshot): void {
  const pools = new Map<PartitionId, PageRun[]>()
  for (const { partitionId, page, count } of snapshot.poolRuns) {
    const runs = pools.get(partitionId) ?? []
    runs.push({ page, count })
    pools.set(partitionId, runs)
  }
  for (const row of snapshot.partitions) {
    const partition = newPartition({
      id: row.partitionId,
      parentId: row.parentId,
      depth: row.depth,
      flags: row.creationFlags,
      compatibilityVersion: row.compatibilityVersion,
      node: row.node,
      referenceBase: row.referenceBase,
    })
    partition.state = row.state
    partition.privileges = row.privileges
    Object.assign(partition.msrs, {
      guestOsId: BigInt(row.guestOsId),
      hypercall: BigInt(row.hypercallMsr),
      referenceTsc: BigInt(row.referenceTsc),
      tscSequence: row.tscSequence,
      crash: row.crash.map(BigInt),
      crashControl: BigInt(row.crashControl),
      tscInvariantControl: BigInt(row.tscInvariantControl),
      reenlightenment: BigInt(row.reenlightenment),
    })
    partition.frozenAt = row.frozenAt
    partition.skippedTimerTicks = row.skippedTimerTicks
    partition.virtualTlbFlushes = row.virtualTlbFlushes
    for (const page of row.statsPages) partition.statsPages.add(page)
    for (const device of row.attachedDevices) partition.attachedDevices.add(device)
    partition.memoryReport = row.memoryReport ?? undefined
    partition.pool.restore(pools.get(row.partitionId) ?? [], row.poolInUse)
    core.partitions.set(partition.id, partition)
    core.partitions.get(row.parentId)?.children.push(partition.id)
  }
  for (const { partitionId, code, value } of snapshot.properties) core.partitions.get(partitionId)?.properties.set(code, BigInt(value))
  for (const { partitionId, page, count, spa, access, size } of snapshot.gpaRanges)
    core.partitions.get(partitionId)?.gpa.map(page, count, { spa, access, size })
  for (const { partitionId, kind, vpIndex, page } of snapshot.overlays)
    core.partitions.get(partitionId)?.gpa.setOverlay(kind, vpIndex, page)
  for (const row of snapshot.partitions) {
    const partition = core.partitions.get(row.partitionId)
    if (partition !== undefined) partition.gpa.modifications = row.gpaModifications
  }
}

function restoreScheduler(core: Core, { instance, logicalProcessors }: HypervisorSnapshot): void {
  const { scheduler } = core
  scheduler.boundary = instance.boundary
  scheduler.lpSince = instance.lpSince
  scheduler.slotEnd = instance.slotEnd
  scheduler.solves = instance.solves
  scheduler.saturated = instance.saturated
  scheduler.load = instance.load
  scheduler.occupied = instance.occupied
  scheduler.spreads = instance.spreads
  scheduler.vps.reserveSlots(instance.slotEnd)
  core.events.reserveSlots(instance.slotEnd)
  scheduler.restoreHidden({
    free: instance.freeSlots,
    changed: instance.changedSlots,
    charged: instance.chargedSlots,
    all: instance.recomputeAll,
  })
  for (const { index, values } of logicalProcessors)
    for (const [column, array] of lpColumns(core).entries()) array[index] = values[column] ?? 0
}

/** Everything that hangs on a partition or VP. Returns what is wrong, if something is. */
function restoreObjects(core: Core, snapshot: HypervisorSnapshot): string | undefined {
  for (const row of snapshot.virtualProcessors) {
    const partition = core.partitions.get(row.partitionId)
    if (partition === undefined) return `virtual processor ${row.vpIndex} belongs to missing partition ${row.partitionId}`
    restoreVp(core, partition, row)
  }
  for (const row of snapshot.messages) {
    const vp = core.partitions.get(row.partitionId)?.vps[row.vpIndex]
    if (vp === undefined) return `a message is for missing virtual processor ${row.vpIndex} of ${row.partitionId}`
    const message = { ...row.message, payload: unpackJson(row.payload) }
    if (row.place === 'slot' && isSlot(message)) vp.synic.slots[row.sint] = message
    else if (row.place === 'queue' && isQueued(message)) vp.synic.queues[row.sint]?.push({ ...message, port: message.port ?? undefined })
    else return `a message of virtual processor ${row.vpIndex} of ${row.partitionId} is incomplete`
  }
  for (const { partitionId, vpIndex, sint, words } of snapshot.eventFlags)
    core.partitions.get(partitionId)?.vps[vpIndex]?.synic.flagWords(sint).set(words)
  for (const { partitionId, vpIndex, index, ...timer } of snapshot.timers) {
    const target = core.partitions.get(partitionId)?.vps[vpIndex]?.synic.timers[index]
    if (target !== undefined) Object.assign(target, timer)
  }
  restorePorts(core, snapshot)
  for (const { partitionId, ...intercept } of snapshot.intercepts) core.partitions.get(partitionId)?.intercepts.install(intercept)
  for (const { partitionId, leaf, result } of snapshot.cpuidResults) core.partitions.get(partitionId)?.cpuidResults.set(leaf, result)
  for (const { partitionId, rootPage, levels, ranges } of snapshot.addressSpaces) {
    const space = core.partitions.get(partitionId)?.addressSpaces.create(rootPage, levels)
    for (const { start, count, value } of ranges) space?.ranges.write(start, count, value)
  }
  for (const { partitionId, code, count } of snapshot.hypercallCounts) {
    const counts = partitionId === 0 ? core.hypercallCounts : core.partitions.get(partitionId)?.hypercallCounts
    counts?.set(code, count)
  }
  for (const row of snapshot.loads) core.loads.restoreRow(row)
  return undefined
}

const isSlot = (message: object): message is MessageSlot => 'messagePending' in message
const isQueued = (message: object): message is QueuedMessage => 'timer' in message

function restoreVp(core: Core, partition: Partition, row: VirtualProcessorRow): VirtualProcessor {
  const vp = newVp(partition, row.vpIndex, row.slot, row.node)
  const { synic, apic } = vp
  vp.explicitSuspend = row.explicitSuspend
  vp.interceptSuspend = row.interceptSuspend
  vp.waitForSipi = row.waitForSipi
  vp.halted = row.halted
  vp.idleAnyInterrupt = row.idleAnyInterrupt
  vp.intercept = (unpackJson(row.intercept) ?? undefined) as InterceptMessage | undefined
  for (const [name, value] of row.registers) vp.registers.set(name, BigInt(value))
  vp.assistPage = BigInt(row.assistPage)
  vp.flushPending = row.flushPending
  synic.enabled = row.synicEnabled
  synic.simp = BigInt(row.simp)
  synic.siefp = BigInt(row.siefp)
  synic.simPage = row.simPage
  synic.siefPage = row.siefPage
  synic.sints.set(row.sints)
  for (const [sint, tick] of row.retryAt.entries()) synic.retryAt[sint] = tick
  apic.requested.set(row.requested)
  apic.inService.set(row.inService)
  apic.taskPriority = row.taskPriority
  apic.softwareEnabled = row.softwareEnabled
  apic.interruptsEnabled = row.interruptsEnabled
  apic.nmiPending = row.nmiPending
  const { vps, placement } = core.scheduler
  for (const [index, name] of [...FLOATS, ...INTS, ...BYTES].entries()) vps[name][row.slot] = row.columns[index] ?? 0
  const home = vps.home[row.slot] ?? 0
  placement.residents[home] = (placement.residents[home] ?? 0) + 1
  core.events.restoreRow(row.slot, row.eventCounts, row.eventCycles)
  partition.vps[row.vpIndex] = vp
  if (partition.depth > 0) core.guestVps++
  return vp
}

function restorePorts(core: Core, snapshot: HypervisorSnapshot): void {
  for (const { partitionId, portId, connectionPartition, info, buffersInUse, postCount } of snapshot.ports) {
    core.partitions
      .get(partitionId)
      ?.ports.set(portId, { id: portId, ownerId: partitionId, connectionPartition, info, buffersInUse, postCount })
  }
  for (const { partitionId, connectionId, portPartition, portId, info } of snapshot.connections) {
    const port = core.partitions.get(portPartition)?.ports.get(portId)
    core.partitions
      .get(partitionId)
      ?.connections.set(connectionId, { id: connectionId, ownerId: partitionId, portPartition, portId, info, port })
  }
  for (const { partitionId, ...row } of snapshot.monitors) {
    const monitor = new MonitorPage(row.connectionId, row.page)
    monitor.triggerState = row.triggerState
    monitor.pending.set(row.pending)
    monitor.latency.set(row.latency)
    monitor.targetConnection.set(row.targetConnection)
    monitor.targetFlag.set(row.targetFlag)
    for (const [group, tick] of row.pollAt.entries()) monitor.pollAt[group] = tick
    monitor.signals = row.signals
    monitor.coalesced = row.coalesced
    core.partitions.get(partitionId)?.monitors.set(row.connectionId, monitor)
  }
}
