/** Status values of the hypervisor (HV_STATUS, TLFS appendix B; hypervisor reference 1.10). */
export const HvStatus = {
  Success: 0x00,
  InvalidHypercallCode: 0x02,
  InvalidHypercallInput: 0x03,
  InvalidAlignment: 0x04,
  InvalidParameter: 0x05,
  AccessDenied: 0x06,
  InvalidPartitionState: 0x07,
  OperationDenied: 0x08,
  UnknownProperty: 0x09,
  PropertyValueOutOfRange: 0x0a,
  InsufficientMemory: 0x0b,
  PartitionTooDeep: 0x0c,
  InvalidPartitionId: 0x0d,
  InvalidVpIndex: 0x0e,
  NotFound: 0x10,
  InvalidPortId: 0x11,
  InvalidConnectionId: 0x12,
  InsufficientBuffers: 0x13,
  NotAcknowledged: 0x14,
  InvalidVpState: 0x15,
  Acknowledged: 0x16,
  InvalidSaveRestoreState: 0x17,
  InvalidSynicState: 0x18,
  ObjectInUse: 0x19,
  InvalidProximityDomainInfo: 0x1a,
  NoData: 0x1b,
  Inactive: 0x1c,
  NoResources: 0x1d,
  FeatureUnavailable: 0x1e,
  ProcessorFeatureNotSupported: 0x20,
  InsufficientBuffer: 0x33,
  IncompatibleProcessor: 0x37,
  InvalidLpIndex: 0x41,
  InvalidRegisterValue: 0x50,
  InvalidVtlState: 0x51,
  InvalidCpuGroupId: 0x6f,
  OperationFailed: 0x71,
  InsufficientRootMemory: 0x73,
  Timeout: 0x78,
  CallPending: 0x79,
  VtlAlreadyEnabled: 0x86,
  UnknownRegisterName: 0x87,
} as const

export type HvStatus = (typeof HvStatus)[keyof typeof HvStatus]

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(HvStatus).map(([key, value]) => [value, `HV_STATUS_${key.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`]),
)

/** The documented name, such as `HV_STATUS_ACCESS_DENIED`; unknown values as hexadecimal. */
export function statusName(status: number): string {
  return NAMES.get(status) ?? `HV_STATUS 0x${status.toString(16).padStart(4, '0')}`
}
