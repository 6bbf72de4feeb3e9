/** Intercepts: what a guest's access leads to, and the message to its parent (hypervisor reference 1.7). */
import { type Core, canExecute } from './core.ts'
import type { CostKey } from './cost-table.ts'
import { VP_EVENT, type VpEvent } from './counter-names.ts'
import type { CpuidRegisters } from './cpuid.ts'
import { cpuidLeaf } from './cpuid.ts'
import type { Partition, VirtualProcessor } from './partition.ts'
import { enqueueMessage } from './synic.ts'
import { type AccessOutcome, HvMessageType, type InterceptAccess, type InterceptMessage, InterceptType, type PageNumber } from './types.ts'

/** SINT of intercept messages in parents. */
export const INTERCEPT_SINT = 0
/** Bytes of an intercept message with its common part and access data. */
const INTERCEPT_BYTES = 128

/** A port access of a guest. `string` and `repeat` tell INS/OUTS and a REP prefix: the whole string is one intercept. */
export interface IoPortAccess {
  readonly port: number
  readonly size: 1 | 2 | 4
  readonly access: 'read' | 'write'
  readonly value?: number
  readonly string?: boolean
  readonly repeat?: number
}

/** Suspends the VP and sends the message to SINT0 of one of its parent's VPs. */
export function raiseIntercept(
  core: Core,
  vp: VirtualProcessor,
  messageType: number,
  access: InterceptAccess,
  fields: InterceptMessage['fields'],
): void {
  const message: InterceptMessage = { messageType, partitionId: vp.partition.id, vpIndex: vp.index, access, fields }
  vp.interceptSuspend = true
  vp.intercept = message
  core.refreshRunnable(vp)
  core.count(vp, VP_EVENT.TotalMessages)
  if (core.trace.on) core.trace.record(core.now(), vp.partition.id, vp.index, 'intercept', { messageType, access, ...fields })
  const parent = core.partitions.get(vp.partition.parentId)
  const target = parent === undefined ? undefined : interceptTarget(core, parent)
  if (parent === undefined || target === undefined) return
  enqueueMessage(core, target, INTERCEPT_SINT, {
    type: messageType,
    payloadSize: INTERCEPT_BYTES,
    payload: message,
    originationId: vp.partition.id,
    port: undefined,
    timer: -1,
  })
  core.notifier.interceptRaised(parent.id, target.index, message)
}

/** The hypervisor chooses: the parent's VPs in turn. */
function interceptTarget(core: Core, parent: Partition): VirtualProcessor | undefined {
  for (let tried = 0; tried < parent.vps.length; tried++) {
    const vp = parent.vps[core.interceptCursor++ % parent.vps.length]
    if (vp?.synic.enabled) return vp
  }
  return undefined
}

function completed(core: Core, vp: VirtualProcessor, event: VpEvent, cost: CostKey, value: number): AccessOutcome {
  core.exit(vp, VP_EVENT[event], cost)
  return { kind: 'completed', value }
}

/** IN, OUT, INS, OUTS. Unclaimed ports: writes are dropped, reads give all ones. */
export function ioPortAccess(core: Core, vp: VirtualProcessor, io: IoPortAccess): AccessOutcome {
  if (!canExecute(vp)) return { kind: 'not-running' }
  if (!vp.partition.intercepts.has(InterceptType.IoPort, io.port, io.access)) {
    return completed(core, vp, 'IoInstructions', 'hypervisorIntercept', io.access === 'read' ? 2 ** (io.size * 8) - 1 : 0)
  }
  core.exit(vp, VP_EVENT.IoInstructions, 'exit')
  core.count(vp, VP_EVENT.IoInterceptMessages)
  raiseIntercept(core, vp, HvMessageType.IoPortIntercept, io.access, {
    port: io.port,
    size: io.size,
    value: io.value ?? 0,
    string: io.string ?? false,
    repeat: io.repeat ?? 1,
  })
  return { kind: 'intercepted' }
}

/** An access to guest physical memory. Overlays and mapped pages with the right complete without an exit (value is the SPA page). */
export function gpaAccess(core: Core, vp: VirtualProcessor, page: PageNumber, access: InterceptAccess, gvaPage = -1): AccessOutcome {
  if (!canExecute(vp)) return { kind: 'not-running' }
  const overlay = vp.partition.gpa.overlayAt(page)
  if (overlay !== undefined && (overlay.vpIndex < 0 || overlay.vpIndex === vp.index)) return { kind: 'completed', value: -1 }
  const range = vp.partition.gpa.at(page)
  const need = access === 'read' ? 0x1 : access === 'write' ? 0x2 : 0xc
  if (range !== undefined && (range.value.access & need) !== 0) return { kind: 'completed', value: range.value.spa + (page - range.start) }
  const event = core.platform.features.slat ? VP_EVENT.NestedPageFaultIntercepts : VP_EVENT.PageFaultIntercepts
  core.exit(vp, event, 'nestedFault')
  core.count(vp, VP_EVENT.MemoryInterceptMessages)
  raiseIntercept(core, vp, range === undefined ? HvMessageType.UnmappedGpa : HvMessageType.GpaIntercept, access, { gpaPage: page, gvaPage })
  return { kind: 'intercepted' }
}

/** CPUID: registered results first, then the parent's intercept, then the hypervisor's own answer. */
export function cpuid(core: Core, vp: VirtualProcessor, leaf: number): CpuidRegisters | { readonly intercepted: true } {
  core.exit(vp, VP_EVENT.CpuidInstructions, 'hypervisorIntercept')
  const registered = vp.partition.cpuidResults.get(leaf)
  if (registered !== undefined) return registered
  if (vp.partition.intercepts.has(InterceptType.Cpuid, leaf, 'execute')) {
    core.count(vp, VP_EVENT.OtherMessages)
    raiseIntercept(core, vp, HvMessageType.CpuidIntercept, 'execute', { leaf })
    return { intercepted: true }
  }
  return cpuidLeaf(core.platform, { privileges: vp.partition.privileges, isRoot: vp.partition.id === core.rootId }, leaf)
}

/** An exception vector whose intercept the parent installed; true when the parent was told. */
export function exception(core: Core, vp: VirtualProcessor, vector: number, errorCode: number): boolean {
  if (!vp.partition.intercepts.has(InterceptType.Exception, vector, 'execute')) return false
  core.exit(vp, VP_EVENT.OtherIntercepts, 'exit')
  core.count(vp, VP_EVENT.OtherMessages)
  raiseIntercept(core, vp, HvMessageType.ExceptionIntercept, 'execute', { vector, errorCode })
  return true
}

/** Triple fault: always intercepted. In the root it ends the machine, which is for the caller to model. */
export function unrecoverableException(core: Core, vp: VirtualProcessor): void {
  core.exit(vp, VP_EVENT.OtherIntercepts, 'exit')
  core.count(vp, VP_EVENT.OtherMessages)
  raiseIntercept(core, vp, HvMessageType.UnrecoverableException, 'execute', {})
}

/** The parent has emulated the access: the suspension is cleared by SetVpRegisters. */
export function clearIntercept(core: Core, vp: VirtualProcessor): void {
  vp.interceptSuspend = false
  vp.intercept = undefined
  core.refreshRunnable(vp)
}
