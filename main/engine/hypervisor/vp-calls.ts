/** Hypercalls about virtual processors, their registers, interrupts and intercepts (hypervisor reference 1.6, 1.7). */
import { requestInterrupt } from './apic.ts'
import type { Core } from './core.ts'
import { cpuidLeaf } from './cpuid.ts'
import { HvCall } from './hypercall-codes.ts'
import {
  active,
  activeVp,
  type CallContext,
  controlled,
  DONE,
  failed,
  type HandlerMap,
  type HandlerOf,
  ownOrChildVp,
  simple,
} from './hypercall-handler.ts'
import { InterruptKind, type RegisterValue } from './hypercall-types.ts'
import { clearIntercept } from './intercepts.ts'
import { addVp, controlsOf, registerValue, removeVp, reservedProcessors } from './lifecycle.ts'
import { POOL_COST } from './memory-pool.ts'
import { msrValue, setMsr } from './msrs.ts'
import { liveVps, type VirtualProcessor } from './partition.ts'
import { FULL_PROCESSOR, PropertyCode } from './properties.ts'
import { isRegisterName, REGISTER_MSRS, type RegisterName } from './registers.ts'
import { HvStatus } from './status.ts'
import { resumeTimers } from './timers.ts'
import { InterceptType } from './types.ts'

type VpCalls = Pick<
  HandlerMap,
  | typeof HvCall.InstallIntercept
  | typeof HvCall.CreateVp
  | typeof HvCall.DeleteVp
  | typeof HvCall.GetVpRegisters
  | typeof HvCall.SetVpRegisters
  | typeof HvCall.AssertVirtualInterrupt
  | typeof HvCall.AssertVirtualInterruptOld
  | typeof HvCall.ClearVirtualInterrupt
  | typeof HvCall.MapStatsPage
  | typeof HvCall.UnmapStatsPage
  | typeof HvCall.RegisterInterceptResult
  | typeof HvCall.UnregisterInterceptResult
  | typeof HvCall.StartVirtualProcessor
  | typeof HvCall.GetVpIndexFromApicId
  | typeof HvCall.CheckForIoIntercept
  | typeof HvCall.DispatchVp
  | typeof HvCall.GetVpCpuidValues
>

const assertInterrupt: HandlerOf<typeof HvCall.AssertVirtualInterrupt> = simple(
  'simpleHypercall',
  (context, { targetPartition, kind, destination, vector }) => {
    const found = active(context, targetPartition)
    if (!found.ok) return failed(found.status)
    const vp = found.value.vps.find((candidate) => candidate?.apicId === destination)
    if (vp === undefined) return failed(HvStatus.InvalidParameter)
    return failed(assertOn(context.core, vp, kind, vector))
  },
)

export const VP_CALLS: VpCalls = {
  [HvCall.InstallIntercept]: simple('simpleHypercall', (context, { partitionId, accessMask, interceptType, parameter }) => {
    const found = active(context, partitionId)
    if (!found.ok) return failed(found.status)
    const ok = found.value.intercepts.install({ type: interceptType, parameter, accessMask })
    return failed(ok ? HvStatus.Success : HvStatus.InvalidParameter)
  }),

  [HvCall.CreateVp]: simple('objectHypercall', (context, { partitionId, vpIndex, proximityDomain }) =>
    failed(createVp(context, partitionId, vpIndex, proximityDomain?.node)),
  ),

  [HvCall.DeleteVp]: simple('objectHypercall', (context, { partitionId, vpIndex }) => {
    const found = activeVp(context, partitionId, vpIndex)
    if (!found.ok) return failed(found.status)
    if (found.value.partition === context.partition) return failed(HvStatus.OperationDenied)
    removeVp(context.core, found.value)
    return DONE
  }),

  [HvCall.GetVpRegisters]: {
    cost: 'simpleHypercall',
    elementCost: 'registerElement',
    block: [16, 16],
    count: ({ names }) => names.length,
    run: (context, { partitionId, vpIndex, names }, { from, until, previous }) => {
      const found = ownOrChildVp(context, partitionId, vpIndex)
      if (!found.ok) return failed(found.status)
      const values = [...(previous?.values ?? [])]
      for (const name of names.slice(from, until)) {
        if (!isRegisterName(name)) return { status: HvStatus.UnknownRegisterName, completed: values.length - from }
        values.push(readRegister(context.core, found.value, name))
      }
      return { status: HvStatus.Success, output: { values }, completed: until - from }
    },
  },

  [HvCall.SetVpRegisters]: {
    cost: 'simpleHypercall',
    elementCost: 'registerElement',
    block: [16, 32],
    count: ({ registers }) => registers.length,
    run: (context, { partitionId, vpIndex, registers }, { from, until }) => {
      const found = ownOrChildVp(context, partitionId, vpIndex)
      if (!found.ok) return failed(found.status)
      const parent = found.value.partition.parentId === context.partition.id
      for (let index = from; index < until; index++) {
        const register = registers[index]
        if (register === undefined) break
        const status = writeRegister(context.core, found.value, register, parent)
        if (status !== HvStatus.Success) return { status, completed: index - from }
      }
      return { status: HvStatus.Success, completed: until - from }
    },
  },

  [HvCall.AssertVirtualInterrupt]: assertInterrupt,
  [HvCall.AssertVirtualInterruptOld]: { ...assertInterrupt },

  [HvCall.ClearVirtualInterrupt]: simple('fastHypercall', (context, { targetPartition }) => {
    const found = active(context, targetPartition)
    if (!found.ok) return failed(found.status)
    for (const vp of liveVps(found.value)) vp.apic.nmiPending = false
    return DONE
  }),

  [HvCall.MapStatsPage]: simple('simpleHypercall', (context, { partitionId, vpIndex }) => {
    const found = active(context, partitionId)
    if (!found.ok) return failed(found.status)
    const key = vpIndex ?? -1
    if (key >= 0 && found.value.vps[key] === undefined) return failed(HvStatus.InvalidVpIndex)
    if (found.value.statsPages.has(key)) return failed(HvStatus.ObjectInUse)
    if (!found.value.pool.take(POOL_COST.statsPage)) return failed(HvStatus.InsufficientMemory)
    found.value.statsPages.add(key)
    return DONE
  }),

  [HvCall.UnmapStatsPage]: simple('simpleHypercall', (context, { partitionId, vpIndex }) => {
    const found = controlled(context, partitionId)
    if (!found.ok) return failed(found.status)
    if (!found.value.statsPages.delete(vpIndex ?? -1)) return failed(HvStatus.NotFound)
    found.value.pool.give(POOL_COST.statsPage)
    return DONE
  }),

  [HvCall.RegisterInterceptResult]: simple('simpleHypercall', (context, { partitionId, leaf, result }) => {
    const found = active(context, partitionId)
    if (!found.ok) return failed(found.status)
    found.value.cpuidResults.set(leaf, result)
    return DONE
  }),

  [HvCall.UnregisterInterceptResult]: simple('simpleHypercall', (context, { partitionId, leaf }) => {
    const found = active(context, partitionId)
    if (!found.ok) return failed(found.status)
    return failed(found.value.cpuidResults.delete(leaf) ? HvStatus.Success : HvStatus.NotFound)
  }),

  [HvCall.StartVirtualProcessor]: simple('objectHypercall', (context, { partitionId, vpIndex, context: registers }) => {
    if (!context.core.platform.release.startVirtualProcessor) return failed(HvStatus.InvalidHypercallCode)
    const found = ownOrChildVp(context, partitionId, vpIndex)
    if (!found.ok) return failed(found.status)
    const vp = found.value
    if (!vp.waitForSipi) return failed(HvStatus.InvalidVpState)
    for (const register of registers) {
      const status = writeRegister(context.core, vp, register, false)
      if (status !== HvStatus.Success) return failed(status)
    }
    startVp(context.core, vp)
    return DONE
  }),

  [HvCall.GetVpIndexFromApicId]: {
    cost: 'simpleHypercall',
    elementCost: 'registerElement',
    block: [16, 8],
    count: ({ apicIds }) => apicIds.length,
    run: ({ partition }, { apicIds }, { from, until, previous }) => {
      const vpIndexes = [...(previous?.vpIndexes ?? [])]
      for (const apicId of apicIds.slice(from, until)) {
        const vp = partition.vps.find((candidate) => candidate?.apicId === apicId)
        if (vp === undefined) return { status: HvStatus.InvalidParameter, completed: vpIndexes.length - from }
        vpIndexes.push(vp.index)
      }
      return { status: HvStatus.Success, output: { vpIndexes }, completed: until - from }
    },
  },

  [HvCall.CheckForIoIntercept]: simple('simpleHypercall', (context, { partitionId, vpIndex, port, access }) => {
    const found = activeVp(context, partitionId, vpIndex)
    if (!found.ok) return failed(found.status)
    return { status: HvStatus.Success, output: { intercepted: found.value.partition.intercepts.has(InterceptType.IoPort, port, access) } }
  }),

  [HvCall.DispatchVp]: simple('dispatchByRoot', (context, { partitionId, vpIndex }) => {
    if (!context.core.scheduler.type.dispatchedByRoot) return failed(HvStatus.OperationDenied)
    const found = activeVp(context, partitionId, vpIndex)
    return failed(found.ok ? HvStatus.Success : found.status)
  }),

  [HvCall.GetVpCpuidValues]: {
    cost: 'simpleHypercall',
    elementCost: 'registerElement',
    block: [16, 16],
    count: ({ leaves }) => leaves.length,
    run: (context, { partitionId, vpIndex, leaves }, { from, until, previous }) => {
      const found = ownOrChildVp(context, partitionId, vpIndex)
      if (!found.ok) return failed(found.status)
      const { partition } = found.value
      const subject = { privileges: partition.privileges, isRoot: partition.id === context.core.rootId }
      const values = leaves
        .slice(from, until)
        .map((leaf) => partition.cpuidResults.get(leaf) ?? cpuidLeaf(context.core.platform, subject, leaf))
      return { status: HvStatus.Success, output: { values: [...(previous?.values ?? []), ...values] }, completed: until - from }
    },
  },
}

function createVp(context: CallContext, partitionId: number, index: number, node: number | undefined): HvStatus {
  const { core } = context
  const found = active(context, partitionId)
  if (!found.ok) return found.status
  const partition = found.value
  const { release, nodes } = core.platform
  if (!Number.isInteger(index) || index < 0 || index >= release.maxVpsPerPartition) return HvStatus.InvalidVpIndex
  if (partition.vps[index] !== undefined) return HvStatus.ObjectInUse
  if (partition === context.partition) return HvStatus.OperationDenied
  if (node !== undefined && (node < 0 || node >= nodes.length)) return HvStatus.InvalidProximityDomainInfo
  if (core.guestVps >= release.maxVpsTotal) return HvStatus.NoResources
  const reserve = Number(partition.properties.get(PropertyCode.CpuReserve) ?? 0n) / FULL_PROCESSOR
  if (reserve > 0 && reservedProcessors(core) + reserve > core.scheduler.lps.length + 1e-9) return HvStatus.PropertyValueOutOfRange
  if (!partition.pool.take(POOL_COST.vp)) return HvStatus.InsufficientMemory
  addVp(core, partition, index, node ?? partition.node)
  if (reserve > 0) for (const vp of liveVps(partition)) core.scheduler.setControls(vp.slot, controlsOf(core, partition))
  return HvStatus.Success
}

/** Ends the wait for SIPI. */
function startVp(core: Core, vp: VirtualProcessor): void {
  vp.waitForSipi = false
  core.refreshRunnable(vp)
  resumeTimers(core, vp)
}

function assertOn(core: Core, vp: VirtualProcessor, kind: InterruptKind, vector: number): HvStatus {
  switch (kind) {
    case InterruptKind.Fixed:
    case InterruptKind.LowestPriority:
      if (!Number.isInteger(vector) || vector < 16 || vector > 255) return HvStatus.InvalidParameter
      requestInterrupt(core, vp, vector)
      return HvStatus.Success
    case InterruptKind.Nmi:
      vp.apic.nmiPending = true
      return HvStatus.Success
    case InterruptKind.Init:
      vp.waitForSipi = true
      core.refreshRunnable(vp)
      return HvStatus.Success
    case InterruptKind.Sipi:
      if (!vp.waitForSipi) return HvStatus.Success
      vp.registers.set('Cs', BigInt(vector) << 8n)
      vp.registers.set('Rip', 0n)
      startVp(core, vp)
      return HvStatus.Success
    default:
      return HvStatus.InvalidParameter
  }
}

function readRegister(core: Core, vp: VirtualProcessor, name: RegisterName): bigint {
  switch (name) {
    case 'ExplicitSuspend':
      return vp.explicitSuspend ? 1n : 0n
    case 'InterceptSuspend':
      return vp.interceptSuspend ? 1n : 0n
    case 'Cr8':
      return BigInt(vp.apic.taskPriority >>> 4)
    default:
      break
  }
  const msr = REGISTER_MSRS.get(name)
  return msr === undefined ? registerValue(vp, name) : (msrValue(core, vp, msr) ?? 0n)
}

/** Suspensions are only the parent's to change; the intercept suspension can be cleared, not set. */
function writeRegister(core: Core, vp: VirtualProcessor, { name, value }: RegisterValue, byParent: boolean): HvStatus {
  if (!isRegisterName(name)) return HvStatus.UnknownRegisterName
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) return HvStatus.InvalidRegisterValue
  switch (name) {
    case 'ExplicitSuspend': {
      if (!byParent) return HvStatus.AccessDenied
      if (value > 1n) return HvStatus.InvalidRegisterValue
      vp.explicitSuspend = value === 1n
      core.refreshRunnable(vp)
      if (value === 0n) resumeTimers(core, vp)
      return HvStatus.Success
    }
    case 'InterceptSuspend':
      if (!byParent) return HvStatus.AccessDenied
      if (value !== 0n) return HvStatus.InvalidRegisterValue
      clearIntercept(core, vp)
      resumeTimers(core, vp)
      return HvStatus.Success
    case 'Cr8':
      vp.apic.taskPriority = Number(value & 0xfn) << 4
      return HvStatus.Success
    default:
      break
  }
  const msr = REGISTER_MSRS.get(name)
  if (msr === undefined) {
    vp.registers.set(name, value)
    return HvStatus.Success
  }
  return setMsr(core, vp, msr, value) === 'ok' ? HvStatus.Success : HvStatus.InvalidRegisterValue
}
