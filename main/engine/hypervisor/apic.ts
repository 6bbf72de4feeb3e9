/** Local APIC: requesting, delivering and ending interrupts (hypervisor reference 2.6, 3.4 rules 3, 6 and 8). */
import { type Core, canExecute } from './core.ts'
import { VP_EVENT } from './counter-names.ts'
import type { VirtualProcessor } from './partition.ts'

/** SINT whose vector this is, -1 when none is. Masked SINTs do not ask for interrupts. */
function sintOfVector(vp: VirtualProcessor, vector: number): number {
  for (let sint = 0; sint < 16; sint++) {
    if (vp.synic.vectorOf(sint) === vector && !vp.synic.isMasked(sint)) return sint
  }
  return -1
}

/** Requests an edge interrupt. Returns false when it is lost because the APIC is disabled by software. */
export function requestInterrupt(core: Core, vp: VirtualProcessor, vector: number): boolean {
  if (!vp.apic.softwareEnabled) return false
  vp.apic.set(vp.apic.requested, vector)
  wake(core, vp)
  deliverInterrupts(core, vp)
  return true
}

function wake(core: Core, vp: VirtualProcessor): void {
  if (!vp.halted) return
  const deliverable = vp.apic.interruptsEnabled && nextVector(vp) >= 0
  if (!deliverable && !vp.idleAnyInterrupt) return
  vp.halted = false
  vp.idleAnyInterrupt = false
  core.refreshRunnable(vp)
}

function nextVector(vp: VirtualProcessor): number {
  const vector = vp.apic.highest(vp.apic.requested)
  return vector >= 0 && (vector & 0xf0) > vp.apic.processorPriority ? vector : -1
}

/** Delivers what may be delivered now, highest vector first. */
export function deliverInterrupts(core: Core, vp: VirtualProcessor): void {
  const { apic } = vp
  for (;;) {
    if (!apic.interruptsEnabled || !canExecute(vp)) return
    const vector = nextVector(vp)
    if (vector < 0) return
    const sint = sintOfVector(vp, vector)
    apic.clear(apic.requested, vector)
    if (sint < 0 || !vp.synic.isAutoEoi(sint)) apic.set(apic.inService, vector)
    core.count(vp, sint >= 0 ? VP_EVENT.SyntheticInterrupts : VP_EVENT.VirtualInterrupts)
    if (!core.platform.features.apicVirtualization) core.exit(vp, VP_EVENT.PendingInterrupts, 'interruptInjection')
    if (core.trace.on) core.trace.record(core.now(), vp.partition.id, vp.index, 'interrupt', { vector, sint })
    core.notifier.interruptDelivered(vp.partition.id, vp.index, vector, sint)
  }
}

/** How an end of interrupt reaches the hypervisor. */
export type EoiPath = 'none' | 'assist' | 'apic-virtualization' | 'msr' | 'mmio'

/**
 * Ends the interrupt in service with the highest vector. The path tells what it cost: nothing with APIC virtualization or when the VP assist
 * page allows to skip it, else one exit. Returns `none` when no interrupt was in service.
 */
export function endOfInterrupt(core: Core, vp: VirtualProcessor, wanted: 'msr' | 'mmio'): EoiPath {
  const { apic } = vp
  const vector = apic.highest(apic.inService)
  if (vector < 0) return 'none'
  apic.clear(apic.inService, vector)
  const quiet = apic.highest(apic.requested) < 0
  if (core.platform.features.apicVirtualization) {
    deliverInterrupts(core, vp)
    return 'apic-virtualization'
  }
  if (quiet && (vp.assistPage & 1n) !== 0n) return 'assist'
  core.count(vp, VP_EVENT.ApicEoiAccesses)
  if (wanted === 'msr') core.exit(vp, VP_EVENT.MsrAccesses, 'hypervisorIntercept')
  else {
    core.count(vp, VP_EVENT.ApicMmioAccesses)
    core.exit(vp, VP_EVENT.OtherIntercepts, 'apicAccess')
  }
  deliverInterrupts(core, vp)
  return wanted
}

/** Sets the task priority, with the exit that the platform asks for. */
export function writeTaskPriority(core: Core, vp: VirtualProcessor, priority: number, path: 'msr' | 'mmio'): void {
  const { features, vendor } = core.platform
  const shadowed = features.apicVirtualization || (vendor === 'Intel' && features.flexPriority && path === 'mmio')
  vp.apic.taskPriority = priority & 0xff
  if (!shadowed) {
    core.count(vp, VP_EVENT.ApicTprAccesses)
    if (path === 'msr') core.exit(vp, VP_EVENT.MsrAccesses, 'hypervisorIntercept')
    else {
      core.count(vp, VP_EVENT.ApicMmioAccesses)
      core.exit(vp, VP_EVENT.OtherIntercepts, 'apicAccess')
    }
  }
  deliverInterrupts(core, vp)
}

/** The guest sets or clears RFLAGS.IF. */
export function setInterruptFlag(core: Core, vp: VirtualProcessor, enabled: boolean): void {
  vp.apic.interruptsEnabled = enabled
  if (!enabled) return
  wake(core, vp)
  deliverInterrupts(core, vp)
}

/** HLT, or the guest-idle register: waits for an interrupt (idle also ends with interrupts disabled). */
export function haltVp(core: Core, vp: VirtualProcessor, idle: boolean): void {
  core.exit(vp, idle ? VP_EVENT.MsrAccesses : VP_EVENT.HltInstructions, 'hypervisorIntercept')
  if (vp.apic.highest(vp.apic.requested) >= 0 && (idle || (vp.apic.interruptsEnabled && nextVector(vp) >= 0))) return
  vp.halted = true
  vp.idleAnyInterrupt = idle
  core.refreshRunnable(vp)
}
