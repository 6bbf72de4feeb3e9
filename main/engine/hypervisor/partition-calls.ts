/** Hypercalls about partitions and their memory pools (hypervisor reference 1.2, 1.3, 1.5). */
import { invariant } from '../kernel/result.ts'
import { type Core, isPartitionSuspended } from './core.ts'
import { HvCall } from './hypercall-codes.ts'
import { active, type CallContext, controlled, DONE, failed, type HandlerMap, type Outcome, simple } from './hypercall-handler.ts'
import { controlsOf, newPartition, removeVp, reservedProcessors } from './lifecycle.ts'
import { POOL_COST } from './memory-pool.ts'
import { cutRuns, runPages } from './page-runs.ts'
import { liveVps, type Partition } from './partition.ts'
import { deletePort, disconnect } from './port-calls.ts'
import { privilegesFromValue, privilegeValue } from './privileges.ts'
import { FULL_PROCESSOR, isSettableIn, PropertyCode, propertyInfo } from './properties.ts'
import { HvStatus } from './status.ts'
import { resumeTimers, setReferenceTime, setTimeFrozen } from './timers.ts'
import type { PageRun, PartitionId } from './types.ts'

/** Levels of partitions: the root and one below it ship (hypervisor reference 1.1). */
const DEPTH_MAX = 1

type PartitionCalls = Pick<
  HandlerMap,
  | typeof HvCall.CreatePartition
  | typeof HvCall.InitializePartition
  | typeof HvCall.FinalizePartition
  | typeof HvCall.DeletePartition
  | typeof HvCall.GetPartitionProperty
  | typeof HvCall.SetPartitionProperty
  | typeof HvCall.GetPartitionId
  | typeof HvCall.GetNextChildPartition
  | typeof HvCall.DepositMemory
  | typeof HvCall.WithdrawMemory
  | typeof HvCall.GetMemoryBalance
  | typeof HvCall.RestorePartitionTime
>

export const PARTITION_CALLS: PartitionCalls = {
  [HvCall.CreatePartition]: simple('objectHypercall', ({ core, partition }, { flags, proximityDomain, compatibilityVersion }) => {
    if (partition.depth >= DEPTH_MAX) return failed(HvStatus.PartitionTooDeep)
    const node = proximityDomain?.node ?? 0
    if (node < 0 || node >= core.platform.nodes.length) return failed(HvStatus.InvalidProximityDomainInfo)
    if (core.partitions.size > core.platform.release.maxPartitions) return failed(HvStatus.NoResources)
    const child = newPartition({
      id: core.nextPartitionId++,
      parentId: partition.id,
      depth: partition.depth + 1,
      flags,
      compatibilityVersion: compatibilityVersion ?? 0,
      node,
      referenceBase: core.now(),
    })
    child.properties.set(PropertyCode.ProcessorVendor, core.platform.vendor === 'Intel' ? 1n : 0n)
    core.partitions.set(child.id, child)
    partition.children.push(child.id)
    if (core.trace.on) core.trace.record(core.now(), child.id, -1, 'lifecycle', { state: 'created' })
    return { status: HvStatus.Success, output: { partitionId: child.id } }
  }),

  [HvCall.InitializePartition]: simple('objectHypercall', (context, { partitionId }) => {
    const found = controlled(context, partitionId)
    if (!found.ok) return failed(found.status)
    const target = found.value
    if (target.state !== 'created') return failed(HvStatus.InvalidPartitionState)
    if (!target.pool.take(POOL_COST.partition)) return failed(HvStatus.InsufficientMemory)
    setState(context.core, target, 'active')
    return DONE
  }),

  [HvCall.FinalizePartition]: {
    cost: 'objectHypercall',
    elementCost: 'finalizeObject',
    resumable: true,
    count: ({ partitionId }, { core }) => {
      const target = core.partitions.get(partitionId)
      return target === undefined ? 1 : Math.max(1, objectsOf(target))
    },
    run: (context, { partitionId }, { from, until }) => finalize(context, partitionId, until - from),
  },

  [HvCall.DeletePartition]: simple('objectHypercall', (context, { partitionId }) => {
    const found = controlled(context, partitionId)
    if (!found.ok) return failed(found.status)
    const target = found.value
    if (target === context.partition || (target.state !== 'finalized' && target.state !== 'created'))
      return failed(HvStatus.InvalidPartitionState)
    if (target.pool.deposited > 0 || target.children.length > 0) return failed(HvStatus.OperationDenied)
    context.core.partitions.delete(target.id)
    context.partition.children.splice(context.partition.children.indexOf(target.id), 1)
    context.core.trace.disable(target.id)
    context.core.notifier.partitionRemoved(target.id)
    return DONE
  }),

  [HvCall.GetPartitionProperty]: simple('simpleHypercall', (context, { partitionId, code }) => {
    const found = controlled(context, partitionId)
    if (!found.ok) return failed(found.status)
    if (propertyInfo(code) === undefined) return failed(HvStatus.UnknownProperty)
    return { status: HvStatus.Success, output: { value: propertyValue(context.core, found.value, code) } }
  }),

  [HvCall.SetPartitionProperty]: simple('simpleHypercall', (context, { partitionId, code, value }) => {
    const found = controlled(context, partitionId)
    if (!found.ok) return failed(found.status)
    return failed(setProperty(context, found.value, code, value))
  }),

  [HvCall.GetPartitionId]: simple('simpleHypercall', ({ partition }) => ({
    status: HvStatus.Success,
    output: { partitionId: partition.id },
  })),

  [HvCall.GetNextChildPartition]: simple('simpleHypercall', (context, { parentId, previousChildId }) => {
    const found = controlled(context, parentId)
    if (!found.ok) return failed(found.status)
    const { children } = found.value
    const index = previousChildId === 0 ? 0 : children.indexOf(previousChildId) + 1
    if (previousChildId !== 0 && index === 0) return failed(HvStatus.InvalidPartitionId)
    return { status: HvStatus.Success, output: { nextChildId: children[index] ?? 0 } }
  }),

  [HvCall.DepositMemory]: {
    cost: 'simpleHypercall',
    elementCost: 'poolPage',
    block: [8, 8],
    count: ({ pages }) => runPages(pages),
    run: (context, { partitionId, pages }, { from, until }) => deposit(context, partitionId, cutRuns(pages, from, until - from)),
  },

  [HvCall.WithdrawMemory]: {
    cost: 'simpleHypercall',
    elementCost: 'poolPage',
    block: [0, 8],
    count: ({ pageCount }) => pageCount,
    run: (context, { partitionId }, { from, until, previous }) => {
      const found = controlled(context, partitionId)
      if (!found.ok) return failed(found.status)
      const runs = found.value.pool.withdraw(until - from)
      for (const run of runs) context.core.memory.release(run)
      const completed = runPages(runs)
      const output = { pages: [...(previous?.pages ?? []), ...runs] }
      return { status: completed < until - from ? HvStatus.NoResources : HvStatus.Success, completed, output }
    },
  },

  [HvCall.GetMemoryBalance]: simple('simpleHypercall', (context, { partitionId }) => {
    const found = controlled(context, partitionId)
    if (!found.ok) return failed(found.status)
    const { available, inUse } = found.value.pool
    return { status: HvStatus.Success, output: { pagesAvailable: available, pagesInUse: inUse } }
  }),

  [HvCall.RestorePartitionTime]: simple('simpleHypercall', (context, { partitionId, referenceTime, tscSequence }) => {
    const found = active(context, partitionId)
    if (!found.ok) return failed(found.status)
    if (!Number.isSafeInteger(referenceTime) || referenceTime < 0) return failed(HvStatus.InvalidParameter)
    setReferenceTime(context.core, found.value, referenceTime, tscSequence)
    return DONE
  }),
}

function setState(core: Core, partition: Partition, state: Partition['state']): void {
  partition.state = state
  if (core.trace.on) core.trace.record(core.now(), partition.id, -1, 'lifecycle', { state })
}

function objectsOf(partition: Partition): number {
  return liveVps(partition).length + partition.ports.size + partition.connections.size + (partition.gpa.pages > 0 ? 1 : 0)
}

/** Frees up to `limit` objects: processors, connections, ports, address space; the structures' pages go back to the partition's own pool. */
function finalize(context: CallContext, id: PartitionId, limit: number): Outcome<void> {
  const { core, partition: caller } = context
  const found = controlled(context, id)
  if (!found.ok) return failed(found.status)
  const target = found.value
  if (target === caller) return failed(HvStatus.OperationDenied)
  if (target.state !== 'active' && target.state !== 'finalizing') return failed(HvStatus.InvalidPartitionState)
  if (target.children.length > 0) return failed(HvStatus.OperationDenied)
  if (target.state === 'active') setState(core, target, 'finalizing')
  let rest = limit
  for (const vp of liveVps(target)) if (rest-- > 0) removeVp(core, vp)
  for (const connection of [...target.connections.values()]) if (rest-- > 0) disconnect(target, connection)
  for (const port of [...target.ports.values()]) if (rest-- > 0) deletePort(target, port)
  if (objectsOf(target) === 1 && target.gpa.pages > 0 && rest > 0) releaseMemory(core, target)
  if (objectsOf(target) > 0) return { status: HvStatus.Success, completed: limit }
  releaseMemory(core, target)
  target.pool.give(target.pool.inUse)
  target.intercepts.clear()
  target.statsPages.clear()
  setState(core, target, 'finalized')
  return { status: HvStatus.Success, completed: limit }
}

function releaseMemory(core: Core, partition: Partition): void {
  for (const range of partition.gpa.ranges) core.memory.release({ page: range.value.spa, count: range.count })
  partition.pool.give(partition.gpa.tablePages)
  partition.gpa.clear()
  partition.addressSpaces.clear()
}

function deposit(context: CallContext, id: PartitionId, runs: readonly PageRun[]): Outcome<void> {
  const { core } = context
  const found = controlled(context, id)
  if (!found.ok) return failed(found.status)
  const target = found.value
  if (target.state !== 'created' && target.state !== 'active') return failed(HvStatus.InvalidPartitionState)
  let completed = 0
  for (const run of runs) {
    if (!core.memory.isFree(run)) {
      const outside = run.page < 0 || run.page + run.count > core.memory.totalPages
      return { status: outside ? HvStatus.InvalidParameter : HvStatus.ObjectInUse, completed }
    }
    core.memory.take(run, { use: 'pool', partitionId: target.id })
    target.pool.deposit(run)
    completed += run.count
  }
  return { status: HvStatus.Success, completed }
}

/** A property's value now; some are kept elsewhere. */
export function propertyValue(core: Core, partition: Partition, code: number): bigint {
  switch (code) {
    case PropertyCode.PrivilegeFlags:
      return privilegeValue(partition.privileges)
    case PropertyCode.GuestOsId:
      return partition.msrs.guestOsId
    case PropertyCode.ReferenceTime:
      return BigInt(core.referenceTime(partition))
    case PropertyCode.ReferenceTscPageActive:
      return partition.msrs.referenceTsc & 1n
    case PropertyCode.PhysicalAddressWidth:
      return partition.properties.get(code) || BigInt(core.platform.physicalAddressBits)
    default:
      return partition.properties.get(code) ?? 0n
  }
}

function setProperty(context: CallContext, partition: Partition, code: number, value: bigint): HvStatus {
  const { core } = context
  const info = propertyInfo(code)
  if (info === undefined) return HvStatus.UnknownProperty
  if (info.readOnly) return HvStatus.OperationDenied
  if (!isSettableIn(info, partition.state)) return HvStatus.InvalidPartitionState
  if (value < info.minimum || value > info.maximum) return HvStatus.PropertyValueOutOfRange
  if (partition === context.partition && code !== PropertyCode.CpuGroupId) return HvStatus.OperationDenied
  switch (code) {
    case PropertyCode.PrivilegeFlags:
      partition.privileges = privilegesFromValue(value)
      return HvStatus.Success
    case PropertyCode.ReferenceTime:
      setReferenceTime(core, partition, Number(value), partition.msrs.tscSequence + 1)
      return HvStatus.Success
    case PropertyCode.TimeFreeze:
      setTimeFrozen(core, partition, value !== 0n)
      break
    case PropertyCode.VirtualTlbPageCount:
      return setVirtualTlb(partition, code, value)
    case PropertyCode.CpuReserve:
    case PropertyCode.CpuCap:
    case PropertyCode.CpuWeight:
      return setControl(core, partition, code, value)
    default:
      break
  }
  const wasSuspended = isPartitionSuspended(partition)
  partition.properties.set(code, value)
  if (code === PropertyCode.Suspend) suspend(core, partition, wasSuspended)
  return HvStatus.Success
}

function setVirtualTlb(partition: Partition, code: number, value: bigint): HvStatus {
  const more = Number(value - (partition.properties.get(code) ?? 0n))
  if (more > 0 && !partition.pool.take(more)) return HvStatus.InsufficientMemory
  if (more < 0) partition.pool.give(-more)
  partition.properties.set(code, value)
  return HvStatus.Success
}

/** Reserve must not exceed the cap, and all reserves together not the host's processors. */
function setControl(core: Core, partition: Partition, code: number, value: bigint): HvStatus {
  const before = partition.properties.get(code) ?? 0n
  partition.properties.set(code, value)
  const reserve = partition.properties.get(PropertyCode.CpuReserve) ?? 0n
  const cap = partition.properties.get(PropertyCode.CpuCap) ?? BigInt(FULL_PROCESSOR)
  const grew = code === PropertyCode.CpuReserve && value > before
  if (reserve > cap || (grew && reservedProcessors(core) > core.scheduler.lps.length + 1e-9)) {
    partition.properties.set(code, before)
    return HvStatus.PropertyValueOutOfRange
  }
  for (const vp of liveVps(partition)) core.scheduler.setControls(vp.slot, controlsOf(core, partition))
  return HvStatus.Success
}

function suspend(core: Core, partition: Partition, wasSuspended: boolean): void {
  const isSuspended = isPartitionSuspended(partition)
  if (wasSuspended === isSuspended) return
  for (const vp of liveVps(partition)) {
    core.refreshRunnable(vp)
    if (!isSuspended) resumeTimers(core, vp)
  }
  invariant(partition.state === 'active', 'only an active partition is suspended')
}
