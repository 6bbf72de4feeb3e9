/** Partition privileges (HV_PARTITION_PRIVILEGE_MASK; hypervisor reference 1.4). The mask is data; rules look bits up by name. */
import type { PrivilegeMask } from './types.ts'

export interface PrivilegeInfo {
  readonly name: PrivilegeName
  readonly bit: number
  /** What an ordinary child has; `stack` bits are given by the virtualization stack at start. */
  readonly child: 'yes' | 'no' | 'stack'
}

const BITS = {
  AccessVpRunTimeReg: 0,
  AccessPartitionReferenceCounter: 1,
  AccessSynicRegs: 2,
  AccessSyntheticTimerRegs: 3,
  AccessIntrCtrlRegs: 4,
  AccessHypercallMsrs: 5,
  AccessVpIndex: 6,
  AccessResetReg: 7,
  AccessStatsReg: 8,
  AccessPartitionReferenceTsc: 9,
  AccessGuestIdleReg: 10,
  AccessFrequencyRegs: 11,
  AccessDebugRegs: 12,
  AccessReenlightenmentControls: 13,
  AccessRootSchedulerReg: 14,
  AccessTscInvariantControls: 15,
  CreatePartitions: 32,
  AccessPartitionId: 33,
  AccessMemoryPool: 34,
  AdjustMessageBuffers: 35,
  PostMessages: 36,
  SignalEvents: 37,
  CreatePort: 38,
  ConnectPort: 39,
  AccessStats: 40,
  Debugging: 43,
  CpuManagement: 44,
  ConfigureProfiler: 45,
  AccessVpExitTracing: 46,
  EnableExtendedGvaRangesForFlush: 47,
  AccessVsm: 48,
  AccessVpRegisters: 49,
  FastHypercallOutput: 51,
  EnableExtendedHypercalls: 52,
  StartVirtualProcessor: 53,
  Isolation: 54,
} as const

export type PrivilegeName = keyof typeof BITS

const STACK: ReadonlySet<PrivilegeName> = new Set([
  'AccessPartitionReferenceTsc',
  'AccessReenlightenmentControls',
  'AccessTscInvariantControls',
  'PostMessages',
  'SignalEvents',
  'EnableExtendedHypercalls',
])

const CHILD: ReadonlySet<PrivilegeName> = new Set([
  'AccessVpRunTimeReg',
  'AccessPartitionReferenceCounter',
  'AccessSynicRegs',
  'AccessSyntheticTimerRegs',
  'AccessIntrCtrlRegs',
  'AccessHypercallMsrs',
  'AccessVpIndex',
  'AccessResetReg',
  'AccessStatsReg',
  'AccessGuestIdleReg',
  'AccessFrequencyRegs',
  'EnableExtendedGvaRangesForFlush',
  'FastHypercallOutput',
  'StartVirtualProcessor',
])

/** All privileges in the order of their bits. */
export const PRIVILEGES: readonly PrivilegeInfo[] = (Object.keys(BITS) as PrivilegeName[]).map((name) => ({
  name,
  bit: BITS[name],
  child: STACK.has(name) ? 'stack' : CHILD.has(name) ? 'yes' : 'no',
}))

/** Bit number of a privilege, 0 to 54. */
export function privilegeBit(name: PrivilegeName): number {
  return BITS[name]
}

export function privilegeMask(names: Iterable<PrivilegeName>): PrivilegeMask {
  let low = 0
  let high = 0
  for (const name of names) {
    const bit = BITS[name]
    if (bit < 32) low |= 1 << bit
    else high |= 1 << (bit - 32)
  }
  return { low: low >>> 0, high: high >>> 0 }
}

export function hasPrivilege(mask: PrivilegeMask, name: PrivilegeName): boolean {
  return hasPrivilegeBit(mask, BITS[name])
}

export function hasPrivilegeBit(mask: PrivilegeMask, bit: number): boolean {
  return bit < 32 ? (mask.low & (1 << bit)) !== 0 : (mask.high & (1 << (bit - 32))) !== 0
}

/** Names of the privileges in a mask, in the order of their bits. */
export function privilegeNames(mask: PrivilegeMask): readonly PrivilegeName[] {
  return PRIVILEGES.filter(({ bit }) => hasPrivilegeBit(mask, bit)).map(({ name }) => name)
}

/** The mask as the 64-bit property value (PrivilegeFlags). */
export function privilegeValue(mask: PrivilegeMask): bigint {
  return (BigInt(mask.high) << 32n) | BigInt(mask.low)
}

export function privilegesFromValue(value: bigint): PrivilegeMask {
  return { low: Number(value & 0xffff_ffffn), high: Number((value >> 32n) & 0xffff_ffffn) }
}

/** The root holds every privilege. */
export const ROOT_PRIVILEGES: PrivilegeMask = privilegeMask(PRIVILEGES.map(({ name }) => name))
/** What a child has before its parent sets PrivilegeFlags. */
export const CHILD_PRIVILEGES: PrivilegeMask = privilegeMask(CHILD)
/** What the virtualization stack gives an ordinary virtual machine: the child's defaults plus VMBus traffic and the reference TSC page. */
export const GUEST_PRIVILEGES: PrivilegeMask = privilegeMask([...CHILD, 'PostMessages', 'SignalEvents', 'AccessPartitionReferenceTsc'])
