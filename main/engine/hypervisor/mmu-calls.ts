/** Hypercalls for the virtual TLB, IPIs and spinning (hypervisor reference 1.9 end, 2.5). */
import { requestInterrupt } from './apic.ts'
import { type Core, canExecute } from './core.ts'
import { VP_EVENT } from './counter-names.ts'
import { HvCall } from './hypercall-codes.ts'
import { type CallContext, DONE, failed, type HandlerMap, type HandlerOf, type Outcome, ownOrChildVp, simple } from './hypercall-handler.ts'
import { FlushFlag, type GvaRange, type VpSet } from './hypercall-types.ts'
import { liveVps, type Partition, type VirtualProcessor } from './partition.ts'
import { HvStatus } from './status.ts'
import { translateAddress } from './translation-view.ts'

type MmuCalls = Pick<
  HandlerMap,
  | typeof HvCall.SwitchVirtualAddressSpace
  | typeof HvCall.FlushVirtualAddressSpace
  | typeof HvCall.FlushVirtualAddressList
  | typeof HvCall.FlushVirtualAddressSpaceEx
  | typeof HvCall.FlushVirtualAddressListEx
  | typeof HvCall.GetLogicalProcessorRunTime
  | typeof HvCall.NotifyLongSpinWait
  | typeof HvCall.SendSyntheticClusterIpi
  | typeof HvCall.SendSyntheticClusterIpiEx
  | typeof HvCall.TranslateVirtualAddress
  | typeof HvCall.TranslateVirtualAddressEx
>

const translate: HandlerOf<typeof HvCall.TranslateVirtualAddress> = simple(
  'simpleHypercall',
  (context, { partitionId, vpIndex, gvaPage }) => {
    const found = ownOrChildVp(context, partitionId, vpIndex)
    if (!found.ok) return failed(found.status)
    const { partition, registers } = found.value
    const space = partition.addressSpaces.get(Number((registers.get('Cr3') ?? 0n) >> 12n))
    if (space === undefined) return { status: HvStatus.Success, output: { resultCode: 'page-not-present', gpaPage: 0, overlay: false } }
    const { outcome, gpaPage } = translateAddress(space, partition.gpa, gvaPage, context.core.platform.features.slat)
    const resultCode = outcome === 'translated' ? 'success' : outcome
    const overlay = gpaPage !== undefined && partition.gpa.overlayAt(gpaPage) !== undefined
    return { status: HvStatus.Success, output: { resultCode, gpaPage: gpaPage ?? 0, overlay } }
  },
)

export const MMU_CALLS: MmuCalls = {
  [HvCall.SwitchVirtualAddressSpace]: simple('fastHypercall', ({ core, vp }, { addressSpace }) => {
    vp.registers.set('Cr3', addressSpace)
    if (!core.platform.features.slat) core.count(vp, VP_EVENT.AddressSpaceSwitches)
    return DONE
  }),

  [HvCall.FlushVirtualAddressSpace]: simple('tlbFlushHypercall', (context, { flags, processorMask }) =>
    flush(context, flags, vpsOfMask(context.partition, flags, processorMask), [], true),
  ),

  [HvCall.FlushVirtualAddressList]: {
    cost: 'tlbFlushHypercall',
    elementCost: 'tlbFlushPerRange',
    block: [24, 8],
    count: ({ ranges }) => ranges.length,
    run: (context, { flags, processorMask, ranges }, { from, until }) =>
      flush(context, flags, vpsOfMask(context.partition, flags, processorMask), ranges.slice(from, until), from === 0),
  },

  [HvCall.FlushVirtualAddressSpaceEx]: simple(
    'tlbFlushHypercall',
    (context, { flags, vpSet }) => exMissing(context) ?? flush(context, flags, vpsOfSet(context.partition, flags, vpSet), [], true),
  ),

  [HvCall.FlushVirtualAddressListEx]: {
    cost: 'tlbFlushHypercall',
    elementCost: 'tlbFlushPerRange',
    block: [40, 8],
    count: ({ ranges }) => ranges.length,
    run: (context, { flags, vpSet, ranges }, { from, until }) =>
      exMissing(context) ?? flush(context, flags, vpsOfSet(context.partition, flags, vpSet), ranges.slice(from, until), from === 0),
  },

  [HvCall.GetLogicalProcessorRunTime]: simple('simpleHypercall', ({ core }, { lp }) => {
    if (core.scheduler.lps[lp] === undefined) return failed(HvStatus.InvalidLpIndex)
    const now = core.now()
    const { guest, hypervisor } = core.scheduler.lpTimes(lp, now)
    return { status: HvStatus.Success, output: { globalTime: now, localRunTime: guest + hypervisor, hypervisorTime: hypervisor } }
  }),

  [HvCall.NotifyLongSpinWait]: simple('fastHypercall', () => DONE),

  [HvCall.SendSyntheticClusterIpi]: simple('fastHypercall', (context, { vector, processorMask }) =>
    clusterIpi(context, vector, vpsOfMask(context.partition, 0, processorMask)),
  ),

  [HvCall.SendSyntheticClusterIpiEx]: simple('fastHypercall', (context, { vector, vpSet }) =>
    clusterIpi(context, vector, vpsOfSet(context.partition, 0, vpSet)),
  ),

  [HvCall.TranslateVirtualAddress]: translate,
  [HvCall.TranslateVirtualAddressEx]: { ...translate },
}

function exMissing({ core }: CallContext): Outcome<void> | undefined {
  return core.platform.release.extendedProcessorMasks ? undefined : failed(HvStatus.InvalidHypercallCode)
}

function vpsOfMask(partition: Partition, flags: number, mask: bigint): VirtualProcessor[] {
  if ((flags & FlushFlag.AllProcessors) !== 0) return liveVps(partition)
  return liveVps(partition).filter(({ index }) => index < 64 && (mask & (1n << BigInt(index))) !== 0n)
}

function vpsOfSet(partition: Partition, flags: number, set: VpSet): VirtualProcessor[] {
  if (set.format === 'all' || (flags & FlushFlag.AllProcessors) !== 0) return liveVps(partition)
  const masks = new Map(set.banks.map(({ bank, mask }) => [bank, mask] as const))
  return liveVps(partition).filter(({ index }) => ((masks.get(index >>> 6) ?? 0n) & (1n << BigInt(index & 63))) !== 0n)
}

/**
 * A target that has a processor is interrupted; one that has not flushes when it is dispatched next, so the caller never waits for it.
 */
function flush(
  { core, vp }: CallContext,
  flags: number,
  targets: readonly VirtualProcessor[],
  ranges: readonly GvaRange[],
  first: boolean,
): Outcome<void> {
  let running = 0
  for (const target of targets) {
    const isRunning = canExecute(target) && !target.halted && (core.scheduler.vps.guest[target.slot] ?? 0) > 0
    if (target !== vp && isRunning) running++
    else if (target !== vp) target.flushPending = true
  }
  if ((flags & FlushFlag.AllAddressSpaces) !== 0) {
    core.count(vp, VP_EVENT.AddressDomainFlushes)
    vp.partition.virtualTlbFlushes++
  } else if (ranges.length === 0) core.count(vp, VP_EVENT.AddressSpaceFlushes)
  else core.count(vp, VP_EVENT.GlobalGvaRangeFlushes, ranges.length)
  return { status: HvStatus.Success, extraCycles: first ? running * core.cost('tlbFlushPerTarget') : 0 }
}

function clusterIpi({ core, vp }: CallContext, vector: number, targets: readonly VirtualProcessor[]): Outcome<void> {
  if (!core.platform.release.clusterIpi) return failed(HvStatus.InvalidHypercallCode)
  if (vector < 0x10 || vector > 0xff) return failed(HvStatus.InvalidParameter)
  for (const target of targets) {
    core.count(vp, target === vp ? VP_EVENT.ApicSelfIpisSent : VP_EVENT.ApicIpisSent)
    requestInterrupt(core, target, vector)
  }
  return DONE
}

/** A flush that waited for its VP is done when the VP is dispatched: the flag falls, the cost is the VP's. */
export function flushIfPending(core: Core, vp: VirtualProcessor): boolean {
  if (!vp.flushPending || !canExecute(vp)) return false
  vp.flushPending = false
  core.charge(vp, core.cost('tlbFlushPerTarget'))
  return true
}
