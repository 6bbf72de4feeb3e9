/** Plain data that goes into and comes out of the simulated stack of a host: hypervisor, VMBus and device pairs. Nothing here is live. */
import type { CounterValues, GuestOperations, HvStatus, SchedulerTypeName, VpState } from '../hypervisor/index.ts'
import type { Tick } from '../kernel/ticks.ts'
import type { IntegrationService, SyntheticDriver, VmbusVersion } from '../products/guests.ts'
import type { BusSaved } from './machine-bus.ts'

/** Windows release that carries the hypervisor; clients have the one of the server of their time. */
export type HostReleaseKey = '2008' | '2008-r2' | '2012' | '2012-r2' | '2016' | '2019' | '2022' | '2025'

/** A physical computer and its release. */
export interface HostSpec {
  readonly release: HostReleaseKey
  readonly vendor: 'Intel' | 'AMD'
  /** Second-level address translation: EPT on Intel, RVI on AMD. */
  readonly slat: boolean
  /** Task priority shadow of Intel (Core 2 stepping E and later). Absent: present exactly with `slat`. */
  readonly flexPriority?: boolean
  readonly frequencyMhz: number
  readonly sockets: number
  readonly coresPerSocket: number
  readonly threadsPerCore: 1 | 2
  readonly memoryMb: number
  /** NUMA nodes, 1 to 64. Absent: one for each socket. */
  readonly numaNodes?: number
  /** Absent: what the release starts with. */
  readonly scheduler?: SchedulerTypeName
  /** Names of physical devices, for the device view of the root (S17). */
  readonly physicalDevices?: readonly string[]
}

/** A device of a virtual machine. `legacy-network` is emulated; `ide-filter` is a disk of the emulated IDE controller with its accelerator. */
export type DeviceKind =
  | 'scsi'
  | 'ide-filter'
  | 'network'
  | 'legacy-network'
  | 'video'
  | 'keyboard'
  | 'mouse'
  | 'heartbeat'
  | 'shutdown'
  | 'timesync'
  | 'kvp'
  | 'vss'
  | 'file-copy'
  | 'dynamic-memory'
  | 'rdv'

export interface DeviceSpec {
  readonly kind: DeviceKind
  /** GUID in lower case. Needed for `scsi`, `network`, `ide-filter` and `legacy-network`; the other classes have one fixed instance. */
  readonly instanceId?: string
  /** Disks and drives behind it, by logical unit number; storage only. */
  readonly units?: readonly number[]
  /** The device that the firmware starts from. */
  readonly boot?: boolean
}

/** What the stack has to know of the system in the guest. `guestFactsOf` makes it from the catalogue. */
export interface GuestFacts {
  /** Value of MSR 0x40000000, 16 hexadecimal digits; null: knows nothing of the hypervisor. */
  readonly guestId: string | null
  /** Highest VMBus version; null: no VMBus driver. */
  readonly vmbus: VmbusVersion | null
  readonly drivers: readonly SyntheticDriver[]
  readonly services: readonly IntegrationService[]
  /** Virtual processors that it starts, at most those of the machine. */
  readonly processors: number
  readonly bits: 32 | 64
  /** Writes the task priority at every interrupt-level change (S63). */
  readonly writesTprOften: boolean
  /** The AMD-V Optimization Driver is installed (S65). */
  readonly amdOptimizationDriver: boolean
  readonly family: 'dos' | 'windows' | 'linux' | 'freebsd'
}

export interface MachineSpec {
  /** Identity of the virtual machine; unique on a host. */
  readonly id: string
  readonly generation: 1 | 2
  readonly processorCount: number
  /** Per cent of one logical processor for each virtual processor, 0 to 100. */
  readonly reservePercent: number
  readonly limitPercent: number
  /** 1 to 10000. */
  readonly weight: number
  readonly memoryMb: number
  /** NUMA node asked for; 0 when absent. */
  readonly node?: number
  /** False: memory must come from `node`. True when absent. */
  readonly numaSpanning?: boolean
  /** In the order in which they are offered. */
  readonly devices: readonly DeviceSpec[]
  readonly guest: GuestFacts
}

/** Why a machine could not be started. `values` of the refusal: `call` and `status` of the hypercall that failed, or `reason`. */
export type PowerOnRefusal = 'insufficient-memory' | 'insufficient-resources' | 'already-on' | 'saved-state-refused'

/** What a guest does next, in the order of a start; `shutdown` and `crash` at any time after `kernel`. */
export type GuestStep = 'firmware' | 'kernel' | 'devices' | 'services' | 'shutdown' | 'crash'

/** Events that one operation brought about. */
export interface StackCosts {
  /** Hypercalls of the guest and of the root for it. */
  readonly hypercalls: number
  /** Accesses that the parent had to emulate. */
  readonly intercepts: number
  /** Synthetic interrupts taken by the guest. */
  readonly guestInterrupts: number
  /** Interrupts taken by the root for this machine. */
  readonly hostInterrupts: number
  /** VMBus messages both ways. */
  readonly messages: number
  /** VMBus packets both ways. */
  readonly packets: number
}

export interface StepReport {
  readonly step: GuestStep
  /** False: the guest has nothing for this step (no enlightenments, no driver), or the machine is not in a state for it. */
  readonly done: boolean
  readonly costs: StackCosts
}

/** Where a step of a request happens. Synthetic requests: VSC, channel, VSP, device, VSP, channel, VSC (S23). */
export type TransferPlace = 'vsc' | 'channel' | 'vsp' | 'device' | 'guest' | 'intercept' | 'worker' | 'interrupt'

export interface TransferStep {
  readonly place: TransferPlace
  /** One line such as `EXECUTE_SRB READ(10) lun 0`. */
  readonly text: string
}

export interface TransferReport {
  /** The one id that all steps carry; never repeats within a machine's run. */
  readonly id: number
  /** `vmbus`: by channel; `emulated`: by intercepts; `none`: the machine has no such device or it does not answer at all. */
  readonly path: 'vmbus' | 'emulated' | 'none'
  readonly steps: readonly TransferStep[]
  /** False: the request still waits (a stalled provider), or was refused. */
  readonly completed: boolean
  readonly costs: StackCosts
  /** Copies of the data by processors. */
  readonly dataCopies: number
  /** Time of processors and signals, 100 ns; without the physical device. */
  readonly ticks: number
}

/** Steady work per second at full pace. Everything absent is 0. */
export interface MachineLoad {
  /** Useful work of each virtual processor, share of one logical processor, 0 to 1. */
  readonly cpu: number
  readonly reads?: number
  readonly writes?: number
  /** Bytes of each read and write; 4096 when absent. */
  readonly ioBytes?: number
  readonly framesSent?: number
  readonly framesReceived?: number
  /** Bytes of each frame; 1514 when absent. */
  readonly frameBytes?: number
  /** Further operations of the processors (`workloads`), all virtual processors together. */
  readonly operations?: Partial<GuestOperations>
}

/** Requests that a steady load has really got through, per second now. */
export interface AchievedLoad {
  /** Achieved part of the wanted load, 0 to 1. */
  readonly pace: number
  readonly reads: number
  readonly writes: number
  readonly framesSent: number
  readonly framesReceived: number
}

export interface PartitionView {
  readonly partitionId: number
  readonly parentId: number
  readonly state: string
  readonly virtualProcessors: number
  /** Pages of guest memory that are mapped. */
  readonly mappedPages: number
  /** Pages of the hypervisor's pool for this partition. */
  readonly depositedPages: number
  readonly poolPagesInUse: number
  readonly ports: number
  readonly connections: number
  readonly privileges: readonly string[]
  /** MSR 0x40000000, 16 hexadecimal digits; zeros while no system has named itself. */
  readonly guestOsId: string
  readonly hypercallPage: number | null
  readonly suspended: boolean
  readonly vmbusVersion: string | null
  /** The five crash registers as hexadecimal text; null without a crash. */
  readonly crash: readonly string[] | null
}

export interface VpView {
  readonly vpIndex: number
  readonly state: VpState
  readonly started: boolean
  readonly synicEnabled: boolean
  /** Ticks of guest, hypervisor and remote time. */
  readonly guestTicks: number
  readonly hypervisorTicks: number
  readonly remoteTicks: number
  readonly workRate: number
}

export interface RingView {
  readonly sizeBytes: number
  readonly readIndex: number
  readonly writeIndex: number
  readonly packets: number
  readonly bytes: number
  readonly unread: number
  readonly interruptMask: boolean
  readonly pendingSendSize: number
}

export interface ChannelView {
  readonly device: DeviceKind
  /** `SCSI controller`, `Network adapter`, ... */
  readonly className: string
  readonly channelId: number
  readonly interfaceId: string
  readonly instanceId: string
  readonly subchannelIndex: number
  /** State at the host: `offered`, `open`, ... */
  readonly state: string
  readonly guestState: string
  readonly connectionId: number
  /** Undefined while the channel is not open. */
  readonly guestToHost: RingView | null
  readonly hostToGuest: RingView | null
  /** Interrupts to the guest. */
  readonly interrupts: number
  /** Signals to the host: by hypercall, and by the monitor page. */
  readonly signals: number
  readonly monitorSignals: number
  readonly targetVp: number | null
  readonly subchannels: number
  /** Version of the device protocol that both ends agreed on, such as `6.2`; null before. */
  readonly protocolVersion: string | null
  /** The provider does not answer. */
  readonly stalled: boolean
  readonly outstanding: number
}

/** A device as its partition sees it (S17). */
export interface DeviceView {
  readonly name: string
  readonly nature: 'physical' | 'synthetic' | 'emulated'
  /** False: greyed in the guest, because no driver has it or its channel is closed (S24). */
  readonly working: boolean
  readonly instanceId: string | null
}

export type StackTraceKind = 'hypercall' | 'msr' | 'cpuid' | 'intercept' | 'message' | 'packet' | 'signal' | 'interrupt' | 'lifecycle'

export interface StackTraceRow {
  /** 1, 2, 3, ... within a machine's run. */
  readonly sequence: number
  readonly tick: Tick
  readonly kind: StackTraceKind
  readonly actor: 'guest' | 'root' | 'hypervisor'
  readonly vpIndex: number
  readonly text: string
  /** Channel of a packet, a signal or a change of a channel's state; null otherwise. */
  readonly channelId: number | null
  /** Transaction of a packet: a request and its completion carry the same; null otherwise. */
  readonly transactionId: number | null
}

/** A machine's stack while it has no partition: plain JSON. */
export interface SavedStack {
  /** 2 since pairs save the rows of their protocols' ends. */
  readonly version: 2
  readonly spec: MachineSpec
  readonly savedTick: Tick
  /** How far the guest has come. */
  readonly stage: GuestStage
  /** Registers of the partition and its processors. */
  readonly guest: SavedGuest
  /** The VMBus with its channels and device pairs; null when nobody used it. */
  readonly bus: BusSaved | null
  readonly nextRequest: number
}

/** What a saved machine keeps of its processors; 64-bit values as hexadecimal text. */
export interface SavedGuest {
  readonly guestOsId: string
  readonly hypercall: string
  readonly referenceTsc: string
  readonly processors: readonly {
    readonly started: boolean
    readonly enabled: boolean
    readonly simp: string
    readonly siefp: string
    readonly sint2: number
  }[]
}

/** `off`: no partition. `created`: nothing has run. `firmware` to `services`: the step done last. */
export type GuestStage = 'off' | 'created' | 'firmware' | 'kernel' | 'devices' | 'services' | 'shut-down' | 'crashed'

/** Counters of a machine by the product's names: set, instance, then name to value. */
export interface CounterRow {
  readonly set: string
  readonly instance: string
  readonly values: CounterValues
}

/** A hypercall of the parent that failed. */
export interface FailedCall {
  readonly call: string
  readonly status: HvStatus
}
