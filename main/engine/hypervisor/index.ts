/** The simulated hypervisor: one `Hypervisor` per host. */
export type { EoiPath } from './apic.ts'
export {
  COSTS,
  type CostEntry,
  type CostKey,
  type GenerationInfo,
  PROCESSOR_GENERATIONS,
  type ProcessorGeneration,
  type SourceMark,
} from './cost-table.ts'
export {
  COUNTER_SETS,
  type CounterInfo,
  type CounterKind,
  type CounterSetName,
  VP_EVENT,
  VP_EVENT_COUNT,
  VP_EVENT_KEYS,
  VP_EVENT_NAMES,
  type VpEvent,
} from './counter-names.ts'
export { type CounterValues, perSecond, type VpTimes } from './counters.ts'
export { type CpuidRegisters, vendorText } from './cpuid.ts'
export { checkInputValue, decodeInputValue, encodeResultValue, type InputValue, isAnswered } from './dispatcher.ts'
export type { GpaMapping, GpaRange, OverlayKind, OverlayPage } from './gpa-map.ts'
export { type GuestExits, type GuestOperations, type GuestProfile, guestExits, hasTprShadow, NO_OPERATIONS } from './guest-exits.ts'
export { HvCall, type HvCallCode, type HvCallName } from './hypercall-codes.ts'
export { HYPERCALLS, type HypercallClass, type HypercallInfo, hypercallInfo, hypercallName } from './hypercall-table.ts'
export {
  FlushFlag,
  type GvaRange,
  type HypercallInput,
  type HypercallMap,
  type HypercallOutput,
  InterruptKind,
  MapFlag,
  type RegisterValue,
  type VpSet,
} from './hypercall-types.ts'
export { Hypervisor } from './hypervisor.ts'
export type { IoPortAccess } from './intercepts.ts'
export type { MonitorTrigger } from './monitored-notification.ts'
export { Msr } from './msrs.ts'
export { batchRuns, cutRuns, runPages } from './page-runs.ts'
export { type DynamicMemoryReport, liveVps, type Partition, type VirtualProcessor } from './partition.ts'
export {
  createChildPartition,
  DEFAULT_SPEC,
  growPartition,
  type MemoryBlock,
  type PartitionSpec,
  removePartition,
  runPartition,
  type StartOutcome,
  shrinkPartition,
  suspendPartition,
} from './partition-start.ts'
export {
  type Connection,
  type ConnectionInfo,
  EVENT_FLAGS,
  MESSAGE_PAYLOAD_MAX,
  PORT_BUFFERS,
  type Port,
  type PortInfo,
  type PortProperty,
} from './ports.ts'
export * from './privileges.ts'
export { FULL_PROCESSOR, PROPERTIES, PropertyCode, type PropertyInfo, type PropertyName } from './properties.ts'
export { REGISTERS, type RegisterName } from './registers.ts'
export { type RestoreOutcome, restoreHypervisor } from './restore.ts'
export { type NewVp, Scheduler, type VpControls, WINDOW_TICKS } from './scheduler.ts'
export { SCHEDULER_TYPES, type SchedulerTypeInfo, type SchedulerTypeName } from './scheduler-types.ts'
export { type HypervisorSnapshot, SNAPSHOT_VERSION, snapshotHypervisor, stateHash } from './snapshot.ts'
export { HvStatus, statusName } from './status.ts'
export { SintBit } from './synic-state.ts'
export type { ReferenceTscPage } from './timers.ts'
export type { TraceEvent, TraceFields, TraceFilter, TraceKind } from './trace.ts'
export { type AddressSpace, type AddressTranslation, type TranslationStep, walkReferences } from './translation-view.ts'
export * from './types.ts'
export type { VpLoad } from './vp-loads.ts'
