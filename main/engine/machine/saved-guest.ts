/** What of a guest's processors is saved with its machine, and put into a new partition. */
import { HvCall, type RegisterValue, SintBit } from '../hypervisor/index.ts'
import { vmbusSint } from '../vmbus/versions.ts'
import type { MachineContext } from './machine-context.ts'
import type { SavedGuest } from './stack-types.ts'

export function saveGuest({ hypervisor, partitionId }: MachineContext): SavedGuest {
  const partition = hypervisor.partition(partitionId)
  return {
    guestOsId: (partition?.msrs.guestOsId ?? 0n).toString(16),
    hypercall: (partition?.msrs.hypercall ?? 0n).toString(16),
    referenceTsc: (partition?.msrs.referenceTsc ?? 0n).toString(16),
    processors: (partition?.vps ?? []).map((vp) => ({
      started: vp?.waitForSipi === false,
      enabled: vp?.synic.enabled ?? false,
      simp: (vp?.synic.simp ?? 0n).toString(16),
      siefp: (vp?.synic.siefp ?? 0n).toString(16),
      sint2: vp?.synic.sints[vmbusSint] ?? SintBit.Masked,
    })),
  }
}

const value = (hexadecimal: string): bigint => BigInt(`0x${hexadecimal}`)

/** Sets the registers of a partition that was made from the same specification, as the root. */
export function restoreGuest(context: MachineContext, saved: SavedGuest): void {
  const { partitionId } = context
  const set = (vpIndex: number, registers: readonly RegisterValue[]): void => {
    context.rootCall(HvCall.SetVpRegisters, { partitionId, vpIndex, registers })
  }
  set(0, [
    { name: 'GuestOsId', value: value(saved.guestOsId) },
    { name: 'Hypercall', value: value(saved.hypercall) },
  ])
  if (context.host.release.hypervisor.referenceTscPage) set(0, [{ name: 'ReferenceTsc', value: value(saved.referenceTsc) }])
  for (const [vpIndex, vp] of saved.processors.entries()) {
    if (vpIndex > 0 && vp.started) context.startByRoot(vpIndex)
    if (!vp.enabled) continue
    set(vpIndex, [
      { name: 'Simp', value: value(vp.simp) },
      { name: 'Siefp', value: value(vp.siefp) },
      { name: 'Sint2', value: BigInt(vp.sint2) },
      { name: 'Scontrol', value: 1n },
    ])
  }
}

/** Registers as after a reset: no interface, further processors wait for their start. */
export function resetGuest(context: MachineContext): void {
  const { hypervisor, partitionId } = context
  for (const vp of hypervisor.partition(partitionId)?.vps ?? []) {
    if (vp === undefined) continue
    // What the old system had not taken is gone with it.
    while (hypervisor.receiveMessage(partitionId, vp.index, vmbusSint) !== undefined);
    hypervisor.takeEventFlags(partitionId, vp.index, vmbusSint)
    context.rootCall(HvCall.SetVpRegisters, {
      partitionId,
      vpIndex: vp.index,
      registers: [
        { name: 'Scontrol', value: 0n },
        { name: 'Sint2', value: BigInt(SintBit.Masked) },
        { name: 'Siefp', value: 0n },
        { name: 'Simp', value: 0n },
      ],
    })
    // A crashed system leaves interrupts in service; the reset takes them away.
    vp.apic.reset()
    if (vp.index > 0) context.initByRoot(vp.index)
    hypervisor.setInterruptFlag(partitionId, vp.index, true)
  }
  const registers: RegisterValue[] = [
    { name: 'Hypercall', value: 0n },
    { name: 'GuestOsId', value: 0n },
  ]
  if (context.host.release.hypervisor.referenceTscPage) registers.unshift({ name: 'ReferenceTsc', value: 0n })
  context.rootCall(HvCall.SetVpRegisters, { partitionId, vpIndex: 0, registers })
}
