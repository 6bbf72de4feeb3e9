/** Synthetic MSRs: what a guest may read and write, and what raises #GP (hypervisor reference 1.11, 3.2). */
import { deliverInterrupts, endOfInterrupt, haltVp, requestInterrupt, writeTaskPriority } from './apic.ts'
import { type Core, canExecute } from './core.ts'
import { VP_EVENT } from './counter-names.ts'
import type { OverlayKind } from './gpa-map.ts'
import { raiseIntercept } from './intercepts.ts'
import type { Partition, VirtualProcessor } from './partition.ts'
import { hasPrivilege, type PrivilegeName } from './privileges.ts'
import { scanQueues, writeEom } from './synic.ts'
import { SINT_COUNT } from './synic-state.ts'
import { timerConfig, writeTimerConfig, writeTimerCount } from './timers.ts'
import { HvMessageType, InterceptType, type MsrReadResult, type MsrWriteResult } from './types.ts'

export const Msr = {
  GuestOsId: 0x4000_0000,
  Hypercall: 0x4000_0001,
  VpIndex: 0x4000_0002,
  Reset: 0x4000_0003,
  VpRuntime: 0x4000_0010,
  TimeRefCount: 0x4000_0020,
  ReferenceTsc: 0x4000_0021,
  TscFrequency: 0x4000_0022,
  ApicFrequency: 0x4000_0023,
  Eoi: 0x4000_0070,
  Icr: 0x4000_0071,
  Tpr: 0x4000_0072,
  VpAssistPage: 0x4000_0073,
  Scontrol: 0x4000_0080,
  Sversion: 0x4000_0081,
  Siefp: 0x4000_0082,
  Simp: 0x4000_0083,
  Eom: 0x4000_0084,
  Sint0: 0x4000_0090,
  Stimer0Config: 0x4000_00b0,
  GuestIdle: 0x4000_00f0,
  CrashP0: 0x4000_0100,
  CrashCtl: 0x4000_0105,
  ReenlightenmentControl: 0x4000_0106,
  TscInvariantControl: 0x4000_0118,
} as const

/** Timer base of the local APIC, Hz (core sheet 1.10). */
const APIC_FREQUENCY_HZ = 200_000_000n
const GP = { fault: '#GP' } as const
const OK = { ok: true } as const
const PAGE_MASK = ~0xfffn & 0xffff_ffff_ffff_ffffn

/** The privilege that an MSR needs, undefined for those that have none of their own. */
function privilegeOf(msr: number): PrivilegeName | undefined {
  if (msr === Msr.GuestOsId || msr === Msr.Hypercall) return 'AccessHypercallMsrs'
  if (msr === Msr.VpIndex) return 'AccessVpIndex'
  if (msr === Msr.Reset) return 'AccessResetReg'
  if (msr === Msr.VpRuntime) return 'AccessVpRunTimeReg'
  if (msr === Msr.TimeRefCount) return 'AccessPartitionReferenceCounter'
  if (msr === Msr.ReferenceTsc) return 'AccessPartitionReferenceTsc'
  if (msr === Msr.TscFrequency || msr === Msr.ApicFrequency) return 'AccessFrequencyRegs'
  if (msr >= Msr.Eoi && msr <= Msr.VpAssistPage) return 'AccessIntrCtrlRegs'
  if (msr >= Msr.Scontrol && msr < Msr.Stimer0Config) return 'AccessSynicRegs'
  if (msr >= Msr.Stimer0Config && msr <= Msr.Stimer0Config + 7) return 'AccessSyntheticTimerRegs'
  if (msr === Msr.GuestIdle) return 'AccessGuestIdleReg'
  if (msr === Msr.ReenlightenmentControl) return 'AccessReenlightenmentControls'
  if (msr === Msr.TscInvariantControl) return 'AccessTscInvariantControls'
  return undefined
}

/** RDMSR by the guest: one exit. An MSR that nobody knows goes to the parent if it intercepts MSRs, else #GP. */
export function readMsr(core: Core, vp: VirtualProcessor, msr: number): MsrReadResult {
  if (!canExecute(vp)) return GP
  if (msr !== Msr.GuestIdle) core.exit(vp, VP_EVENT.MsrAccesses, 'hypervisorIntercept')
  const needed = privilegeOf(msr)
  const value = needed === undefined || hasPrivilege(vp.partition.privileges, needed) ? msrValue(core, vp, msr) : undefined
  if (value !== undefined) {
    if (msr === Msr.GuestIdle) haltVp(core, vp, true)
    return { value }
  }
  return interceptMsr(core, vp, msr, 'read', 0n) ? { intercepted: true } : GP
}

/** WRMSR by the guest. */
export function writeMsr(core: Core, vp: VirtualProcessor, msr: number, value: bigint): MsrWriteResult {
  if (!canExecute(vp)) return GP
  if (msr === Msr.Eom && hasPrivilege(vp.partition.privileges, 'AccessSynicRegs')) {
    writeEom(core, vp)
    return OK
  }
  if (msr !== Msr.Eoi && msr !== Msr.Tpr) core.exit(vp, VP_EVENT.MsrAccesses, 'hypervisorIntercept')
  const needed = privilegeOf(msr)
  if (needed === undefined || hasPrivilege(vp.partition.privileges, needed)) {
    const outcome = setMsr(core, vp, msr, value)
    if (outcome !== 'unknown') return outcome === 'ok' ? OK : GP
  }
  return interceptMsr(core, vp, msr, 'write', value) ? { intercepted: true } : GP
}

function interceptMsr(core: Core, vp: VirtualProcessor, msr: number, access: 'read' | 'write', value: bigint): boolean {
  if (!vp.partition.intercepts.has(InterceptType.MsrIndex, msr, access)) return false
  core.count(vp, VP_EVENT.OtherMessages)
  raiseIntercept(core, vp, HvMessageType.MsrIntercept, access, { msr, value: value.toString(16) })
  return true
}

/** The value of a synthetic MSR without counting an exit; undefined when it cannot be read. */
export function msrValue(core: Core, vp: VirtualProcessor, msr: number): bigint | undefined {
  const { partition, synic, apic } = vp
  const { msrs } = partition
  if (msr >= Msr.Sint0 && msr < Msr.Sint0 + SINT_COUNT) return BigInt(synic.sints[msr - Msr.Sint0] ?? 0)
  if (msr >= Msr.Stimer0Config && msr <= Msr.Stimer0Config + 7) {
    const timer = synic.timers[(msr - Msr.Stimer0Config) >>> 1]
    if (timer === undefined) return undefined
    return msr % 2 === 0 ? timerConfig(timer) : BigInt(timer.count)
  }
  if (msr >= Msr.CrashP0 && msr < Msr.CrashCtl) return msrs.crash[msr - Msr.CrashP0] ?? 0n
  switch (msr) {
    case Msr.GuestOsId:
      return msrs.guestOsId
    case Msr.Hypercall:
      return msrs.hypercall
    case Msr.VpIndex:
      return BigInt(vp.index)
    case Msr.Reset:
    case Msr.Eom:
    case Msr.GuestIdle:
      return 0n
    case Msr.VpRuntime: {
      const now = core.now()
      return BigInt(Math.floor(core.scheduler.guestTicks(vp.slot, now) + core.scheduler.hypervisorTicks(vp.slot, now)))
    }
    case Msr.TimeRefCount:
      return BigInt(core.referenceTime(partition))
    case Msr.ReferenceTsc:
      return core.platform.release.referenceTscPage ? msrs.referenceTsc : undefined
    case Msr.TscFrequency:
      return BigInt(Math.round(core.platform.frequencyHz))
    case Msr.ApicFrequency:
      return APIC_FREQUENCY_HZ
    case Msr.Tpr:
      return BigInt(apic.taskPriority)
    case Msr.VpAssistPage:
      return vp.assistPage
    case Msr.Scontrol:
      return synic.enabled ? 1n : 0n
    case Msr.Sversion:
      return 1n
    case Msr.Siefp:
      return synic.siefp
    case Msr.Simp:
      return synic.simp
    case Msr.CrashCtl:
      return msrs.crashControl
    case Msr.ReenlightenmentControl:
      return msrs.reenlightenment
    case Msr.TscInvariantControl:
      return msrs.tscInvariantControl
    default:
      return undefined
  }
}

type SetOutcome = 'ok' | 'fault' | 'unknown'

/** Writes a synthetic MSR without counting an exit. */
export function setMsr(core: Core, vp: VirtualProcessor, msr: number, value: bigint): SetOutcome {
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) return 'fault'
  if (msr >= Msr.Sint0 && msr < Msr.Sint0 + SINT_COUNT) return setSint(vp, msr - Msr.Sint0, value)
  if (msr >= Msr.Stimer0Config && msr <= Msr.Stimer0Config + 7) {
    const index = (msr - Msr.Stimer0Config) >>> 1
    const write = msr % 2 === 0 ? writeTimerConfig : writeTimerCount
    return write(core, vp, index, value) ? 'ok' : 'fault'
  }
  if (msr >= Msr.Scontrol && msr <= Msr.Eom) return setSynicRegister(core, vp, msr, value)
  if (msr >= Msr.Eoi && msr <= Msr.VpAssistPage) return setApicRegister(core, vp, msr, value)
  return setPartitionRegister(core, vp, msr, value)
}

function setPartitionRegister(core: Core, vp: VirtualProcessor, msr: number, value: bigint): SetOutcome {
  const { partition } = vp
  const { msrs } = partition
  if (msr >= Msr.CrashP0 && msr < Msr.CrashCtl) {
    msrs.crash[msr - Msr.CrashP0] = value
    return 'ok'
  }
  switch (msr) {
    case Msr.GuestOsId:
      setGuestOsId(partition, value)
      return 'ok'
    case Msr.Hypercall:
      return setHypercallPage(partition, value)
    case Msr.Reset:
      if ((value & 1n) !== 0n) core.notifier.partitionReset(partition.id)
      return 'ok'
    case Msr.ReferenceTsc:
      if (!core.platform.release.referenceTscPage) return 'unknown'
      msrs.referenceTsc = value & (PAGE_MASK | 1n)
      placeOverlay(partition, 'reference-tsc', -1, msrs.referenceTsc)
      return 'ok'
    case Msr.CrashCtl:
      msrs.crashControl = value
      return 'ok'
    case Msr.ReenlightenmentControl:
      msrs.reenlightenment = value
      return 'ok'
    case Msr.TscInvariantControl:
      if (value > 1n) return 'fault'
      msrs.tscInvariantControl = value
      return 'ok'
    case Msr.VpIndex:
    case Msr.VpRuntime:
    case Msr.TimeRefCount:
    case Msr.TscFrequency:
    case Msr.ApicFrequency:
    case Msr.GuestIdle:
      return 'fault'
    default:
      return 'unknown'
  }
}

/** Clearing the OS id takes the hypercall page away. */
function setGuestOsId(partition: Partition, value: bigint): void {
  partition.msrs.guestOsId = value
  if (value !== 0n) return
  partition.msrs.hypercall &= ~1n
  placeOverlay(partition, 'hypercall', -1, 0n)
}

/** Enabling while the OS id is 0 is silently ignored; a locked register does not change. */
function setHypercallPage(partition: Partition, value: bigint): SetOutcome {
  const { msrs } = partition
  if ((msrs.hypercall & 2n) !== 0n) return 'fault'
  if ((value & 1n) !== 0n && msrs.guestOsId === 0n) return 'ok'
  msrs.hypercall = value & (PAGE_MASK | 3n)
  placeOverlay(partition, 'hypercall', -1, msrs.hypercall)
  return 'ok'
}

function placeOverlay(partition: Partition, kind: OverlayKind, vpIndex: number, register: bigint): void {
  partition.gpa.setOverlay(kind, vpIndex, (register & 1n) !== 0n ? Number(register >> 12n) : undefined)
}

/** Vectors below 16 are refused unless the SINT is masked with vector 0, its reset value. */
function setSint(vp: VirtualProcessor, sint: number, value: bigint): SetOutcome {
  const bits = Number(value & 0x1f_00ffn)
  const masked = (bits & 0x1_0000) !== 0
  if ((bits & 0xff) < 16 && !masked) return 'fault'
  vp.synic.sints[sint] = bits
  return 'ok'
}

function setSynicRegister(core: Core, vp: VirtualProcessor, msr: number, value: bigint): SetOutcome {
  const { synic, partition } = vp
  switch (msr) {
    case Msr.Scontrol:
      synic.enabled = (value & 1n) !== 0n
      if (synic.enabled) scanQueues(core, vp)
      return 'ok'
    case Msr.Simp:
      synic.simp = value & (PAGE_MASK | 1n)
      synic.simPage = (value & 1n) !== 0n ? Number(value >> 12n) : -1
      placeOverlay(partition, 'sim', vp.index, synic.simp)
      if (synic.simPage >= 0) scanQueues(core, vp)
      return 'ok'
    case Msr.Siefp:
      synic.siefp = value & (PAGE_MASK | 1n)
      synic.siefPage = (value & 1n) !== 0n ? Number(value >> 12n) : -1
      placeOverlay(partition, 'sief', vp.index, synic.siefp)
      return 'ok'
    case Msr.Eom:
      scanQueues(core, vp)
      return 'ok'
    default:
      return 'fault'
  }
}

function setApicRegister(core: Core, vp: VirtualProcessor, msr: number, value: bigint): SetOutcome {
  switch (msr) {
    case Msr.Eoi:
      if (endOfInterrupt(core, vp, 'msr') !== 'none') scanQueues(core, vp)
      return 'ok'
    case Msr.Tpr:
      if (value > 0xffn) return 'fault'
      writeTaskPriority(core, vp, Number(value), 'msr')
      return 'ok'
    case Msr.Icr:
      return sendIpi(core, vp, value)
    case Msr.VpAssistPage:
      vp.assistPage = value & (PAGE_MASK | 1n)
      placeOverlay(vp.partition, 'vp-assist', vp.index, vp.assistPage)
      return 'ok'
    default:
      return 'unknown'
  }
}

/** Fixed interrupts by destination APIC id, or by shorthand (self, all, all but self). */
function sendIpi(core: Core, vp: VirtualProcessor, value: bigint): SetOutcome {
  const vector = Number(value & 0xffn)
  const shorthand = Number((value >> 18n) & 3n)
  const destination = Number((value >> 56n) & 0xffn)
  if (vector < 16) return 'fault'
  core.count(vp, shorthand === 1 ? VP_EVENT.ApicSelfIpisSent : VP_EVENT.ApicIpisSent)
  for (const target of vp.partition.vps) {
    if (target === undefined) continue
    const self = target.index === vp.index
    const meant = shorthand === 0 ? target.apicId === destination : shorthand === 1 ? self : shorthand === 2 || !self
    if (meant) requestInterrupt(core, target, vector)
  }
  deliverInterrupts(core, vp)
  return 'ok'
}
