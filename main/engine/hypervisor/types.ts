/** Public types of the simulated hypervisor. Ticks are 100 ns; pages are 4 KiB page frame numbers; cycles are those of the host's processors. */
import type { Tick } from '../kernel/ticks.ts'
import type { ProcessorGeneration } from './cost-table.ts'
import type { SchedulerTypeName } from './scheduler-types.ts'
import type { HvStatus } from './status.ts'

/** Opaque while one hypervisor boot lasts; 0 is invalid. */
export type PartitionId = number
export type VpIndex = number
export type LpIndex = number
/** A page frame number: address divided by 4096. */
export type PageNumber = number

export const INVALID_PARTITION: PartitionId = 0
/** Accepted wherever a call names a partition: the caller itself (HV_PARTITION_ID_SELF; the real constant has all 64 bits set). */
export const SELF_PARTITION: PartitionId = -1
/** HV_ANY_VP: the hypervisor chooses the target. */
export const ANY_VP: VpIndex = 0xffff_ffff
/** HV_VP_INDEX_SELF. */
export const SELF_VP: VpIndex = 0xffff_fffe

/** A privilege mask as CPUID 0x40000003 shows it: `low` is EAX, `high` is EBX. */
export interface PrivilegeMask {
  readonly low: number
  readonly high: number
}

/** One NUMA node of the host. */
export interface NumaNodePlatform {
  readonly memoryPages: number
  /** Logical processors of the node; nodes take consecutive LP indexes. */
  readonly logicalProcessors: number
}

/** Hardware helps that change what costs an exit. */
export interface ProcessorFeatures {
  /** Second-level address translation: EPT on Intel, RVI (NPT) on AMD. */
  readonly slat: boolean
  /** Intel FlexPriority: TPR shadow, APIC access page and threshold (Core 2 stepping E and later). */
  readonly flexPriority: boolean
  /** APICv on Intel, AVIC on AMD: EOI, TPR and posted interrupts without exits. */
  readonly apicVirtualization: boolean
  /** Tagged TLB entries (VPID, ASID): an exit does not flush. */
  readonly taggedTlb: boolean
  readonly pages1G: boolean
  /** Side-channel mitigations lengthen every exit. */
  readonly mitigations: boolean
}

/** Version of the hypervisor itself, as CPUID 0x40000002 tells it. */
export interface HypervisorVersion {
  readonly major: number
  readonly minor: number
  readonly build: number
  readonly servicePack: number
  readonly serviceBranch: number
  readonly serviceNumber: number
}

/** What a release of the hypervisor offers; data of the product catalogue. */
export interface HypervisorRelease {
  readonly version: HypervisorVersion
  /** Highest CPUID leaf, 0x40000005 at least. */
  readonly maxCpuidLeaf: number
  readonly maxVpsPerPartition: number
  readonly maxLogicalProcessors: number
  readonly maxInterruptVectors: number
  /** Running partitions besides the root. */
  readonly maxPartitions: number
  readonly maxVpsTotal: number
  /** Direct-mode synthetic timers (2019 and later). */
  readonly directTimers: boolean
  /** Reference TSC page (2008 R2 and later). */
  readonly referenceTscPage: boolean
  /** Extended processor masks, hint bit 11 (2016 and later). */
  readonly extendedProcessorMasks: boolean
  /** Cluster IPI hypercall, hint bit 10 (2016 and later). */
  readonly clusterIpi: boolean
  /** StartVirtualProcessor hypercall (2012 R2 and later). */
  readonly startVirtualProcessor: boolean
  /** Extended hypercalls 0x8001 and up. */
  readonly extendedHypercalls: boolean
}

/** The physical computer and the release that one hypervisor instance runs on. */
export interface HypervisorPlatform {
  readonly vendor: 'Intel' | 'AMD'
  readonly generation: ProcessorGeneration
  readonly frequencyHz: number
  readonly threadsPerCore: 1 | 2
  readonly coresPerSocket: number
  readonly nodes: readonly NumaNodePlatform[]
  readonly features: ProcessorFeatures
  readonly physicalAddressBits: number
  readonly release: HypervisorRelease
  readonly scheduler: SchedulerTypeName
  /** Share of each root VP's logical processor that the root is always given, 0 to 1. */
  readonly hostReserve: number
  /** Weight of root VPs against guest VPs, 1 to 10000. */
  readonly rootWeight: number
  /** Pages that the hypervisor keeps for itself at boot. */
  readonly bootPages: number
  /** Root VPs, mapped one to one to the first LPs (minimal root); all LPs when absent. */
  readonly rootVpCount?: number
}

/** A run of consecutive pages. */
export interface PageRun {
  readonly page: PageNumber
  readonly count: number
}

/** ProximityDomainInfo of TLFS: the NUMA node asked for. */
export interface ProximityDomain {
  readonly node: number
  readonly preferred: boolean
}

/**
 * Life of a partition (hypervisor reference 1.2).
 *
 * `created`: has an id and a pool, nothing else. `active`: everything but deletion. `finalizing`: its objects are being freed.
 * `finalized`: only an empty object that can be deleted.
 */
export type PartitionState = 'created' | 'active' | 'finalizing' | 'finalized'

/** `running`: has a logical processor; `ready`: waits for one; `waiting`: halted or waits for its start; `suspended`: frozen by its parent. */
export type VpState = 'running' | 'ready' | 'waiting' | 'suspended'

/** Who issues a hypercall. */
export interface Caller {
  readonly partitionId: PartitionId
  readonly vpIndex: VpIndex
  /** Privilege level of the calling code; anything but 0 gets #UD. Absent means 0. */
  readonly cpl?: 0 | 3
}

/** Result of a hypercall. `output` is meaningful on success only (it is undefined otherwise). */
export interface HypercallResult<Output = unknown> {
  readonly status: HvStatus
  readonly output: Output | undefined
  /** Absolute count of completed elements of a rep call, from element 0; 0 for simple calls. */
  readonly repsCompleted: number
  /** Cycles charged to the calling VP. */
  readonly cycles: number
  /** Times the call was entered: a long call is left every 50 us so that interrupts are taken. */
  readonly slices: number
  /** The call is not finished and must be entered again; only from an entry for a single slice. */
  readonly pending: boolean
  /** The instruction itself failed: wrong privilege level, or no hypercall page. */
  readonly fault?: GuestFault
}

/** An exception that an access raises in the guest instead of a result. */
export type GuestFault = '#GP' | '#UD'

export type MsrReadResult = { readonly value: bigint } | { readonly fault: GuestFault } | { readonly intercepted: true }
export type MsrWriteResult = { readonly ok: true } | { readonly fault: GuestFault } | { readonly intercepted: true }

/** A SynIC message. The payload is plain JSON data or bytes; its form is a matter of sender and receiver. */
export interface SynicMessage {
  readonly type: number
  /** Bytes, 0 to 240. */
  readonly payloadSize: number
  readonly payload: unknown
}

/** What a slot of the SIM page holds (hypervisor reference 3.3). */
export interface MessageSlot extends SynicMessage {
  /** Flag bit 0: more messages are queued, the guest must write EOM after freeing the slot. */
  readonly messagePending: boolean
  /** Port id (guest message), sender's partition id (intercept), 0 (timer). */
  readonly originationId: number
}

export type InterceptAccess = 'read' | 'write' | 'execute'

/** Kinds of intercept (HV_INTERCEPT_TYPE). */
export const InterceptType = {
  IoPort: 0x0,
  Msr: 0x1,
  Cpuid: 0x2,
  Exception: 0x3,
  Register: 0x4,
  Mmio: 0x5,
  GlobalCpuid: 0x6,
  ApicSmi: 0x7,
  Hypercall: 0x8,
  ApicInitSipi: 0x9,
  ApicWrite: 0xb,
  MsrIndex: 0xc,
  UnknownSynicConnection: 0xd,
  ApicEoi: 0xe,
  RetargetUnknownDevice: 0xf,
  IoPortRange: 0x11,
} as const
export type InterceptType = (typeof InterceptType)[keyof typeof InterceptType]

/** Message types that the hypervisor itself sends (bit 31 set). */
export const HvMessageType = {
  UnmappedGpa: 0x8000_0000,
  GpaIntercept: 0x8000_0001,
  TimerExpired: 0x8000_0010,
  InvalidVpRegisterValue: 0x8000_0020,
  UnrecoverableException: 0x8000_0021,
  UnsupportedFeature: 0x8000_0022,
  HypercallIntercept: 0x8000_0050,
  IoPortIntercept: 0x8001_0000,
  MsrIntercept: 0x8001_0001,
  CpuidIntercept: 0x8001_0002,
  ExceptionIntercept: 0x8001_0003,
  ApicEoi: 0x8001_0004,
  Halt: 0x8001_0007,
  ApicSmi: 0x8001_000b,
  ApicInitSipi: 0x8001_000d,
  ApicWrite: 0x8001_000e,
} as const

/** An intercept as the parent gets it in SINT0 of one of its VPs. Fields hold what the message's payload would. */
export interface InterceptMessage {
  readonly messageType: number
  readonly partitionId: PartitionId
  readonly vpIndex: VpIndex
  readonly access: InterceptAccess
  readonly fields: Readonly<Record<string, number | string | boolean>>
}

/** Outcome of a guest access that may be intercepted. */
export type AccessOutcome =
  /** The parent was told; the VP stays suspended until the parent clears the suspension. */
  | { readonly kind: 'intercepted' }
  /** The hypervisor completed it; `value` is what a read gives. */
  | { readonly kind: 'completed'; readonly value: number }
  /** The VP cannot execute: it is suspended, or its partition is not active. */
  | { readonly kind: 'not-running' }

/**
 * Effects of the hypervisor on its surroundings. Each is called as the last act of an operation, when the state is whole again; an
 * implementation may call the hypervisor back, or put an event into its queue.
 */
export interface HypervisorNotifier {
  /** A message was copied into the SIM slot of this SINT. */
  messageArrived(partitionId: PartitionId, vpIndex: VpIndex, sint: number): void
  /** An event flag went from 0 to 1. */
  eventFlagSet(partitionId: PartitionId, vpIndex: VpIndex, sint: number, flag: number): void
  /** The VP took an interrupt. `sint` is -1 when no SINT asked for it. */
  interruptDelivered(partitionId: PartitionId, vpIndex: VpIndex, vector: number, sint: number): void
  /** The parent has an intercept message of a child. */
  interceptRaised(parentId: PartitionId, parentVp: VpIndex, intercept: InterceptMessage): void
  timerExpired(partitionId: PartitionId, vpIndex: VpIndex, timerIndex: number, expirationTime: Tick): void
  partitionRemoved(partitionId: PartitionId): void
  /** The guest wrote the reset MSR. */
  partitionReset(partitionId: PartitionId): void
}

/** Outside world of one hypervisor instance. */
export interface HypervisorPorts {
  /** Simulated time in ticks; never goes back. */
  now(): Tick
  readonly notifier: HypervisorNotifier
}
