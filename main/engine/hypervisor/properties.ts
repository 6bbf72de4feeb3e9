/** Partition properties (HV_PARTITION_PROPERTY_CODE; hypervisor reference 1.3). */
import type { PartitionState } from './types.ts'

export const PropertyCode = {
  PrivilegeFlags: 0x0001_0000,
  SyntheticProcFeatures: 0x0001_0001,
  Suspend: 0x0002_0000,
  CpuReserve: 0x0002_0001,
  CpuCap: 0x0002_0002,
  CpuWeight: 0x0002_0003,
  CpuGroupId: 0x0002_0004,
  EmulatedTimerPeriod: 0x0003_0000,
  EmulatedTimerControl: 0x0003_0001,
  PmTimerAssist: 0x0003_0002,
  TimeFreeze: 0x0003_0003,
  ApicFrequency: 0x0003_0004,
  ReferenceTime: 0x0003_0005,
  VirtualTlbPageCount: 0x0005_0000,
  VsmConfig: 0x0005_0001,
  ZeroMemoryOnReset: 0x0005_0002,
  ProcessorsPerSocket: 0x0005_0003,
  NestedTlbSize: 0x0005_0004,
  GpaPageAccessTracking: 0x0005_0005,
  ReferenceTscPageActive: 0x0005_0019,
  ProcessorVendor: 0x0006_0000,
  ProcessorFeatures: 0x0006_0001,
  ProcessorXsaveFeatures: 0x0006_0002,
  CompatibilityVersion: 0x0006_0005,
  PhysicalAddressWidth: 0x0006_0006,
  GuestOsId: 0x0007_0000,
} as const
export type PropertyName = keyof typeof PropertyCode

/** One whole logical processor in CpuReserve and CpuCap. */
export const FULL_PROCESSOR = 0x1_0000

export interface PropertyInfo {
  readonly code: number
  readonly name: PropertyName
  readonly initial: bigint
  readonly minimum: bigint
  readonly maximum: bigint
  readonly readOnly: boolean
  /** May be set before the partition is initialized. */
  readonly early: boolean
}

const U64 = 0xffff_ffff_ffff_ffffn

function line(
  name: PropertyName,
  initial: bigint,
  maximum: bigint,
  kind: 'early' | 'late' | 'read-only' = 'late',
  minimum = 0n,
): PropertyInfo {
  return { code: PropertyCode[name], name, initial, minimum, maximum, readOnly: kind === 'read-only', early: kind === 'early' }
}

export const PROPERTIES: readonly PropertyInfo[] = [
  line('PrivilegeFlags', 0n, U64, 'early'),
  line('SyntheticProcFeatures', 0n, U64, 'early'),
  line('Suspend', 0n, 1n),
  line('CpuReserve', 0n, BigInt(FULL_PROCESSOR), 'early'),
  line('CpuCap', BigInt(FULL_PROCESSOR), BigInt(FULL_PROCESSOR), 'early'),
  line('CpuWeight', 100n, 10_000n, 'early', 1n),
  line('CpuGroupId', 0n, U64),
  line('EmulatedTimerPeriod', 0n, U64),
  line('EmulatedTimerControl', 0n, U64),
  line('PmTimerAssist', 0n, U64),
  line('TimeFreeze', 0n, 1n),
  line('ApicFrequency', 200_000_000n, U64),
  line('ReferenceTime', 0n, BigInt(Number.MAX_SAFE_INTEGER)),
  line('VirtualTlbPageCount', 0n, 0x10_0000n, 'early'),
  line('VsmConfig', 0n, U64, 'early'),
  line('ZeroMemoryOnReset', 1n, 1n),
  line('ProcessorsPerSocket', 0n, 2048n, 'early'),
  line('NestedTlbSize', 0n, U64, 'early'),
  line('GpaPageAccessTracking', 0n, 1n),
  line('ReferenceTscPageActive', 0n, 1n, 'read-only'),
  line('ProcessorVendor', 0n, 16n, 'read-only'),
  line('ProcessorFeatures', 0n, U64, 'early'),
  line('ProcessorXsaveFeatures', 0n, U64, 'early'),
  line('CompatibilityVersion', 0n, U64, 'early'),
  line('PhysicalAddressWidth', 0n, 52n, 'early'),
  line('GuestOsId', 0n, U64, 'read-only'),
]

const BY_CODE: ReadonlyMap<number, PropertyInfo> = new Map(PROPERTIES.map((info) => [info.code, info]))

export function propertyInfo(code: number): PropertyInfo | undefined {
  return BY_CODE.get(code)
}

/** True when the property may be set in this state. */
export function isSettableIn(info: PropertyInfo, state: PartitionState): boolean {
  return state === 'active' || (state === 'created' && info.early)
}
