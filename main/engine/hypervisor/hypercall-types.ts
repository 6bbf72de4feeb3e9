/** Typed inputs and outputs of each answered hypercall: one map from code to types. Page lists are given as runs, not page by page. */
import type { CpuidRegisters } from './cpuid.ts'
import type { HvCall } from './hypercall-codes.ts'
import type { ConnectionInfo, PortInfo, PortProperty } from './ports.ts'
import type { RegisterName } from './registers.ts'
import type { InterceptType, PageNumber, PageRun, PartitionId, ProximityDomain, SynicMessage, VpIndex } from './types.ts'

/** Flags of a virtual TLB flush (HV_FLUSH_FLAGS). */
export const FlushFlag = { AllProcessors: 0x1, AllAddressSpaces: 0x2, NonGlobalOnly: 0x4, ExtendedRanges: 0x8 } as const

/** Flags of a mapping (HV_MAP_GPA_FLAGS; linux: include/hyperv/hvhdk.h). */
export const MapFlag = {
  Readable: 0x1,
  Writable: 0x2,
  KernelExecutable: 0x4,
  UserExecutable: 0x8,
  /** Readable, writable, executable. */
  All: 0xf,
  NoAccess: 0x1_0000,
  NotCached: 0x20_0000,
  /** Elements are large pages: each entry of the list stands for 512 pages. */
  LargePage: 0x8000_0000,
} as const

/** Interrupt types of AssertVirtualInterrupt (HV_INTERRUPT_TYPE, x64). */
export const InterruptKind = {
  Fixed: 0,
  LowestPriority: 1,
  Smi: 2,
  RemoteRead: 3,
  Nmi: 4,
  Init: 5,
  Sipi: 6,
  ExtInt: 7,
  LocalInt0: 8,
} as const
export type InterruptKind = (typeof InterruptKind)[keyof typeof InterruptKind]

/** A set of VPs: all, or banks of 64 VPs (HV_VP_SET). */
export type VpSet =
  | { readonly format: 'all' }
  | { readonly format: 'sparse'; readonly banks: readonly { readonly bank: number; readonly mask: bigint }[] }

/** An entry of a list flush: a page and how many pages follow it (0 to 4095). */
export interface GvaRange {
  readonly page: PageNumber
  readonly additionalPages: number
}

export interface RegisterValue {
  readonly name: RegisterName
  readonly value: bigint
}

interface Call<Input, Output = void> {
  readonly input: Input
  readonly output: Output
}

type OnPartition = { readonly partitionId: PartitionId }
type OnVp = OnPartition & { readonly vpIndex: VpIndex }
type Flush = { readonly addressSpace: bigint; readonly flags: number }
type Interrupt = {
  readonly targetPartition: PartitionId
  readonly kind: InterruptKind
  /** APIC id of the destination (physical mode). */
  readonly destination: number
  readonly vector: number
}
type NewPort = {
  readonly portPartition: PartitionId
  readonly portId: number
  readonly connectionPartition: PartitionId
  readonly info: PortInfo
}
type NewConnection = {
  readonly connectionPartition: PartitionId
  readonly connectionId: number
  readonly portPartition: PartitionId
  readonly portId: number
  readonly info: ConnectionInfo
}
type Translation = {
  readonly resultCode: 'success' | 'page-not-present' | 'gpa-unmapped'
  readonly gpaPage: PageNumber
  readonly overlay: boolean
}

export interface HypercallMap {
  [HvCall.SwitchVirtualAddressSpace]: Call<{ readonly addressSpace: bigint }>
  [HvCall.FlushVirtualAddressSpace]: Call<Flush & { readonly processorMask: bigint }>
  [HvCall.FlushVirtualAddressList]: Call<Flush & { readonly processorMask: bigint; readonly ranges: readonly GvaRange[] }>
  [HvCall.GetLogicalProcessorRunTime]: Call<
    { readonly lp: number },
    { readonly globalTime: number; readonly localRunTime: number; readonly hypervisorTime: number }
  >
  [HvCall.NotifyLongSpinWait]: Call<{ readonly spinCount: number }>
  [HvCall.SendSyntheticClusterIpi]: Call<{ readonly vector: number; readonly processorMask: bigint }>
  [HvCall.FlushVirtualAddressSpaceEx]: Call<Flush & { readonly vpSet: VpSet }>
  [HvCall.FlushVirtualAddressListEx]: Call<Flush & { readonly vpSet: VpSet; readonly ranges: readonly GvaRange[] }>
  [HvCall.SendSyntheticClusterIpiEx]: Call<{ readonly vector: number; readonly vpSet: VpSet }>
  [HvCall.CreatePartition]: Call<
    { readonly flags: number; readonly proximityDomain?: ProximityDomain; readonly compatibilityVersion?: number },
    { readonly partitionId: PartitionId }
  >
  [HvCall.InitializePartition]: Call<OnPartition>
  [HvCall.FinalizePartition]: Call<OnPartition>
  [HvCall.DeletePartition]: Call<OnPartition>
  [HvCall.GetPartitionProperty]: Call<OnPartition & { readonly code: number }, { readonly value: bigint }>
  [HvCall.SetPartitionProperty]: Call<OnPartition & { readonly code: number; readonly value: bigint }>
  [HvCall.GetPartitionId]: Call<Record<never, never>, { readonly partitionId: PartitionId }>
  [HvCall.GetNextChildPartition]: Call<
    { readonly parentId: PartitionId; readonly previousChildId: PartitionId },
    { /** 0 when there is no further child. */ readonly nextChildId: PartitionId }
  >
  [HvCall.DepositMemory]: Call<OnPartition & { readonly pages: readonly PageRun[] }>
  [HvCall.WithdrawMemory]: Call<
    OnPartition & { readonly proximityDomain?: ProximityDomain; readonly pageCount: number },
    { readonly pages: readonly PageRun[] }
  >
  [HvCall.GetMemoryBalance]: Call<OnPartition, { readonly pagesAvailable: number; readonly pagesInUse: number }>
  [HvCall.MapGpaPages]: Call<{
    readonly targetPartitionId: PartitionId
    readonly targetPage: PageNumber
    readonly mapFlags: number
    readonly source: readonly PageRun[]
  }>
  [HvCall.UnmapGpaPages]: Call<{
    readonly targetPartitionId: PartitionId
    readonly targetPage: PageNumber
    readonly pageCount: number
    readonly unmapFlags?: number
  }>
  [HvCall.InstallIntercept]: Call<
    OnPartition & {
      /** 0 removes the intercept; 1 read, 2 write, 4 execute. */
      readonly accessMask: number
      readonly interceptType: InterceptType
      /** Port, vector, leaf, MSR index; `first | last << 16` for a port range. */
      readonly parameter: number
    }
  >
  [HvCall.CreateVp]: Call<OnVp & { readonly proximityDomain?: ProximityDomain }>
  [HvCall.DeleteVp]: Call<OnVp>
  [HvCall.GetVpRegisters]: Call<OnVp & { readonly names: readonly RegisterName[] }, { readonly values: readonly bigint[] }>
  [HvCall.SetVpRegisters]: Call<OnVp & { readonly registers: readonly RegisterValue[] }>
  [HvCall.TranslateVirtualAddress]: Call<OnVp & { readonly gvaPage: PageNumber }, Translation>
  [HvCall.TranslateVirtualAddressEx]: Call<OnVp & { readonly gvaPage: PageNumber }, Translation>
  [HvCall.AssertVirtualInterruptOld]: Call<Interrupt>
  [HvCall.AssertVirtualInterrupt]: Call<Interrupt>
  [HvCall.ClearVirtualInterrupt]: Call<{ readonly targetPartition: PartitionId }>
  [HvCall.CreatePortOld]: Call<NewPort>
  [HvCall.CreatePort]: Call<NewPort>
  [HvCall.DeletePort]: Call<{ readonly portPartition: PartitionId; readonly portId: number }>
  [HvCall.ConnectPortOld]: Call<NewConnection>
  [HvCall.ConnectPort]: Call<NewConnection>
  [HvCall.DisconnectPort]: Call<{ readonly connectionPartition: PartitionId; readonly connectionId: number }>
  [HvCall.GetPortProperty]: Call<
    { readonly portPartition: PartitionId; readonly portId: number; readonly property: PortProperty },
    { readonly value: number }
  >
  [HvCall.SetPortProperty]: Call<{
    readonly portPartition: PartitionId
    readonly portId: number
    readonly property: PortProperty
    readonly value: number
  }>
  [HvCall.PostMessage]: Call<{ readonly connectionId: number } & SynicMessage>
  [HvCall.SignalEvent]: Call<{ readonly connectionId: number; readonly flagNumber: number }>
  [HvCall.SignalEventDirect]: Call<OnVp & { readonly sint: number; readonly flagNumber: number }, { readonly newlySignaled: boolean }>
  [HvCall.PostMessageDirect]: Call<OnVp & { readonly sint: number } & SynicMessage>
  [HvCall.MapStatsPage]: Call<OnPartition & { readonly vpIndex?: VpIndex }>
  [HvCall.UnmapStatsPage]: Call<OnPartition & { readonly vpIndex?: VpIndex }>
  [HvCall.MapSparseGpaPages]: Call<{
    readonly targetPartitionId: PartitionId
    readonly mapFlags: number
    readonly pages: readonly { readonly target: PageNumber; readonly source: PageNumber; readonly count: number }[]
  }>
  [HvCall.ModifySparseGpaPages]: Call<{
    readonly targetPartitionId: PartitionId
    readonly mapFlags: number
    readonly pages: readonly PageRun[]
  }>
  [HvCall.RegisterInterceptResult]: Call<OnPartition & { readonly leaf: number; readonly result: CpuidRegisters }>
  [HvCall.UnregisterInterceptResult]: Call<OnPartition & { readonly leaf: number }>
  [HvCall.StartVirtualProcessor]: Call<OnVp & { readonly context: readonly RegisterValue[] }>
  [HvCall.GetVpIndexFromApicId]: Call<OnPartition & { readonly apicIds: readonly number[] }, { readonly vpIndexes: readonly VpIndex[] }>
  [HvCall.CheckForIoIntercept]: Call<OnVp & { readonly port: number; readonly access: 'read' | 'write' }, { readonly intercepted: boolean }>
  [HvCall.DispatchVp]: Call<OnVp & { readonly timeSliceTicks: number }>
  [HvCall.GetVpCpuidValues]: Call<OnVp & { readonly leaves: readonly number[] }, { readonly values: readonly CpuidRegisters[] }>
  [HvCall.RestorePartitionTime]: Call<OnPartition & { readonly referenceTime: number; readonly tscSequence: number }>
}

export type HypercallInput<Code extends keyof HypercallMap> = HypercallMap[Code]['input']
export type HypercallOutput<Code extends keyof HypercallMap> = HypercallMap[Code]['output']
