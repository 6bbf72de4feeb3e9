/** What firmware and kernel do with their processors when a machine starts: CPUID, MSRs, ports, start of further processors (core sheet 6.1). */
import { HvCall, Msr, SintBit } from '../hypervisor/index.ts'
import { vmbusSint } from '../vmbus/versions.ts'
import { SERVICES_GUEST_ID } from './guest-facts.ts'
import type { MachineContext } from './machine-context.ts'

/** Identity of the Generation 2 firmware (model: Microsoft, no operating system kind of its own is published). */
const FIRMWARE_ID = 0x0001_0000_0000_0000n
const HYPERCALL_PAGE = 0x101n
const REFERENCE_TSC_PAGE = 0x102n
/** SIM and SIEF pages of VP n: this and 2 × n. */
const SYNIC_PAGES = 0x200
/** Vector of SINT 2; bit 17 lets it end by itself. */
const VMBUS_VECTOR = 0xf3
const AUTO_EOI = SintBit.AutoEoi
/** Crash control: bit 63 notifies (TLFS 2.5). */
const CRASH_NOTIFY = 1n << 63n
/** Recommendation bit 9: AutoEOI is deprecated. */
const NO_AUTO_EOI = 1 << 9

/** Ports that the Generation 1 firmware touches in its self test, in order: CMOS, PIC, PIT, DMA page, PCI, keyboard, VGA (devices 6). */
const POST_PORTS: readonly (readonly [port: number, access: 'read' | 'write'])[] = [
  [0x70, 'write'],
  [0x71, 'read'],
  [0x70, 'write'],
  [0x71, 'write'],
  [0x20, 'write'],
  [0x21, 'write'],
  [0x21, 'write'],
  [0x21, 'write'],
  [0xa0, 'write'],
  [0xa1, 'write'],
  [0xa1, 'write'],
  [0xa1, 'write'],
  [0x43, 'write'],
  [0x40, 'write'],
  [0x40, 'write'],
  [0x87, 'write'],
  [0xcf8, 'write'],
  [0xcfc, 'read'],
  [0xcf8, 'write'],
  [0xcfc, 'read'],
  [0x64, 'read'],
  [0x64, 'write'],
  [0x60, 'read'],
  [0x3c4, 'write'],
  [0x3c5, 'write'],
  [0x3d4, 'write'],
  [0x3d5, 'write'],
  [0x80, 'write'],
]

/** The self test of the Generation 1 firmware: every access is emulated by the parent. */
export function selfTest(context: MachineContext): void {
  for (const [port, access] of POST_PORTS) context.port(port, access)
}

/** Leaves by which a system finds the hypervisor. */
function discover(context: MachineContext): void {
  for (const leaf of [1, 0x4000_0000, 0x4000_0001, 0x4000_0002, 0x4000_0003, 0x4000_0004, 0x4000_0005]) context.cpuid(leaf)
}

function enableSynic(context: MachineContext, vp: number, sint: number): void {
  const page = SYNIC_PAGES + 2 * vp
  context.writeMsr(vp, Msr.Simp, (BigInt(page) << 12n) | 1n, 'SIMP')
  context.writeMsr(vp, Msr.Siefp, (BigInt(page + 1) << 12n) | 1n, 'SIEFP')
  context.writeMsr(vp, Msr.Sint0 + vmbusSint, BigInt(sint), 'SINT2')
  context.writeMsr(vp, Msr.Scontrol, 1n, 'SCONTROL')
}

/** SINT 2 of a system: its vector, which ends by itself unless the hypervisor recommends against it. */
function sintValue(context: MachineContext): number {
  const leaf = context.hypervisor.cpuid(context.partitionId, 0, 0x4000_0004)
  return 'eax' in leaf && (leaf.eax & NO_AUTO_EOI) !== 0 ? VMBUS_VECTOR : VMBUS_VECTOR | AUTO_EOI
}

/** The Generation 2 firmware makes itself known and enables the SynIC of its one processor. */
export function enlightenFirmware(context: MachineContext): void {
  discover(context)
  context.writeMsr(0, Msr.GuestOsId, FIRMWARE_ID, 'GUEST_OS_ID')
  context.writeMsr(0, Msr.Hypercall, (HYPERCALL_PAGE << 12n) | 1n, 'HYPERCALL')
  enableSynic(context, 0, VMBUS_VECTOR | AUTO_EOI)
}

/** A system leaves its interface in the state of a reset: before another takes over, or at its end. */
export function disableInterface(context: MachineContext): void {
  for (const vp of startedVps(context)) {
    context.writeMsr(vp, Msr.Scontrol, 0n, 'SCONTROL')
    context.writeMsr(vp, Msr.Sint0 + vmbusSint, BigInt(SintBit.Masked), 'SINT2')
    context.writeMsr(vp, Msr.Siefp, 0n, 'SIEFP')
    context.writeMsr(vp, Msr.Simp, 0n, 'SIMP')
  }
  context.writeMsr(0, Msr.ReferenceTsc, 0n, 'REFERENCE_TSC')
  context.writeMsr(0, Msr.Hypercall, 0n, 'HYPERCALL')
  context.writeMsr(0, Msr.GuestOsId, 0n, 'GUEST_OS_ID')
}

/** Indexes of the processors that have left their wait for a start. */
export function startedVps(context: MachineContext): readonly number[] {
  const vps = context.hypervisor.partition(context.partitionId)?.vps ?? []
  return vps.flatMap((vp) => (vp === undefined || vp.waitForSipi ? [] : [vp.index]))
}

/** The kernel names itself, takes a hypercall page, and prepares its first processor. */
export function enlightenKernel(context: MachineContext): void {
  discover(context)
  const id = BigInt(`0x${context.spec.guest.guestId ?? SERVICES_GUEST_ID}`)
  context.writeMsr(0, Msr.GuestOsId, id, 'GUEST_OS_ID')
  context.writeMsr(0, Msr.Hypercall, (HYPERCALL_PAGE << 12n) | 1n, 'HYPERCALL')
  if (context.host.release.hypervisor.referenceTscPage) {
    context.writeMsr(0, Msr.ReferenceTsc, (REFERENCE_TSC_PAGE << 12n) | 1n, 'REFERENCE_TSC')
  }
  enlightenProcessor(context, 0)
}

function enlightenProcessor(context: MachineContext, vp: number): void {
  context.readMsr(vp, Msr.VpIndex, 'VP_INDEX')
  enableSynic(context, vp, sintValue(context))
}

/**
 * Starts the further processors that the system uses: by hypercall where host and system know it, else by INIT and SIPI, which the hypervisor's
 * APIC carries out. Returns how many were started.
 */
export function startProcessors(context: MachineContext, enlightened: boolean): number {
  const { spec, host, hypervisor, partitionId } = context
  const wanted = Math.min(spec.guest.processors, spec.processorCount)
  let started = 0
  for (let vp = 1; vp < wanted; vp++) {
    if (hypervisor.partition(partitionId)?.vps[vp]?.waitForSipi !== true) continue
    if (enlightened && host.release.hypervisor.startVirtualProcessor) {
      context.guestCall(0, HvCall.StartVirtualProcessor, { partitionId, vpIndex: vp, context: [{ name: 'Rip', value: 0x10_0000n }] })
    } else {
      context.startByRoot(vp)
    }
    if (enlightened) enlightenProcessor(context, vp)
    started++
  }
  return started
}

/** A stop error: the crash registers carry its code and parameters, then every processor halts. */
export function reportCrash(context: MachineContext, parameters: readonly bigint[], enlightened: boolean): void {
  if (enlightened) {
    for (let at = 0; at < 5; at++) context.writeMsr(0, Msr.CrashP0 + at, parameters[at] ?? 0n, `CRASH_P${at}`)
    context.writeMsr(0, Msr.CrashCtl, CRASH_NOTIFY, 'CRASH_CTL')
  }
  for (const vp of startedVps(context)) {
    context.hypervisor.setInterruptFlag(context.partitionId, vp, false)
    context.hypervisor.halt(context.partitionId, vp)
  }
}
