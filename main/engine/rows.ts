/**
 * Every simulated thing is a row. These are the durable rows of a lab; `db/schema` holds the same columns in SQLite.
 * Amounts carry their unit last in the name. Ticks are 100 ns since the lab's start instant and may be negative in the sample's past.
 */
import type {
  CounterSampleRow,
  CounterWatchRow,
  DiskLayoutRow,
  DynamicMemoryRow,
  FaultRow,
  FileWorkRow,
  JobTimingRow,
  MadeFileRow,
} from './instrument-rows.ts'
import type { PendingEventRow } from './kernel/events.ts'
import type { Row } from './kernel/table.ts'
import type { Tick } from './kernel/ticks.ts'

export type * from './instrument-rows.ts'
export type { PendingEventRow }

/** One row: the lab itself. */
export interface LabRow extends Row {
  readonly id: 'lab'
  readonly name: string
  /** Seed of all chance in this lab, 32 bits. */
  readonly seed: number
  /** The start instant on the lab's calendar, in ms since 1970-01-01 without a time zone. */
  readonly startTimeMs: number
  /** How far simulated time has come. */
  readonly tick: Tick
  /** Next sequence number of the event queue. */
  readonly nextSequence: number
  /** Next number of a job and of an event log record. */
  readonly nextRecord: number
}

export interface RandomStreamRow extends Row {
  /** Values taken from this stream so far. */
  readonly position: number
}

/** `running` answers commands; `starting` and `stopping` take a moment; `stopped` leaves the virtual machines running but unmanaged. */
export type ServiceState = 'running' | 'starting' | 'stopping' | 'stopped'

/** A simulated physical computer. */
export interface HostRow extends Row {
  readonly name: string
  /** Key of `products/hosts`. */
  readonly productId: string
  readonly processorModel: string
  readonly processorVendor: 'Intel' | 'AMD'
  readonly sockets: number
  readonly coresPerSocket: number
  readonly threadsPerCore: number
  readonly processorMhz: number
  readonly memoryMb: number
  /** Memory that the parent partition keeps for itself, MB. */
  readonly reserveMb: number
  /** Second-level address translation: EPT on Intel, RVI (NPT) on AMD. */
  readonly slat: boolean
  readonly serviceState: ServiceState
  readonly virtualMachinePath: string
  readonly virtualDiskPath: string
  /** Letters of the host's own optical drives such as `E:`; JSON list in SQLite. */
  readonly opticalDrives: readonly string[]
  readonly position: number
}

export interface VolumeRow extends Row {
  readonly hostId: string
  /** Drive letter such as `C`. */
  readonly letter: string
  readonly label: string
  readonly sizeBytes: number
  readonly freeBytes: number
  /** Sustained throughput, bytes per second. */
  readonly readBytesPerSecond: number
  readonly writeBytesPerSecond: number
}

export type HostFileKind = 'folder' | 'vhd' | 'vhdx' | 'avhdx' | 'iso' | 'vfd' | 'vmcx' | 'vmrs' | 'other' | 'vhds'

/** A file or folder on a volume of a simulated host. */
export interface HostFileRow extends Row {
  readonly hostId: string
  /** Windows path, upper and lower case kept, compared without regard to it. */
  readonly path: string
  readonly kind: HostFileKind
  /** Bytes that the file takes on its volume. */
  readonly sizeBytes: number
  /** For virtual disks: the size that a guest sees, bytes; 0 otherwise. */
  readonly capacityBytes: number
  /** For virtual disks: how space is allotted; `null` otherwise. */
  readonly diskType: 'fixed' | 'dynamic' | 'differencing' | null
  /** Of a differencing disk its parent; of a VHD Set the file with its data. */
  readonly parentPath: string | null
  /** Guest system on it (disk) or that its setup installs (ISO): key of `products/guests`; null for none. */
  readonly guestProductId: string | null
  readonly modifiedTick: Tick
}

export interface SwitchRow extends Row {
  readonly hostId: string
  readonly name: string
  readonly kind: 'external' | 'internal' | 'private'
  readonly notes: string
  /** Description of the bound physical adapter; external switches only. */
  readonly adapterDescription: string | null
}

/** State column of a virtual machine (EnabledState of Msvm_ComputerSystem, as words). */
export type VmState = 'Off' | 'Starting' | 'Running' | 'Pausing' | 'Paused' | 'Resuming' | 'Saving' | 'Saved' | 'Stopping' | 'Resetting'

/** Why a state carries the suffix -Critical. */
export type CriticalReason = 'configuration-storage-lost' | 'disk-space' | 'storage-not-responding'

export interface VirtualMachineRow extends Row {
  /** GUID in upper case: the virtual machine's identity; names may repeat. */
  readonly hostId: string
  readonly name: string
  readonly generation: 1 | 2
  /** Text such as `10.0`. */
  readonly configurationVersion: string
  readonly createdTick: Tick
  readonly notes: string
  readonly configurationPath: string
  readonly state: VmState
  readonly critical: CriticalReason | null
  readonly processorCount: number
  readonly startupMemoryMb: number
  readonly dynamicMemory: boolean
  readonly minimumMemoryMb: number
  readonly maximumMemoryMb: number
  /** Per cent, 5 to 2000. */
  readonly memoryBuffer: number
  /** 0 to 10000. */
  readonly memoryWeight: number
  readonly automaticStart: 'nothing' | 'if-running' | 'always'
  readonly automaticStop: 'save' | 'turn-off' | 'shut-down'
  /** Boot order as device classes, first tried first. */
  readonly bootOrder: readonly BootDevice[]
  /** Key of `products/workloads`. */
  readonly workload: string
  /** Memory given to the partition, MB; 0 when it has none. */
  readonly assignedMemoryMb: number
  /** Uptime counts from here while the machine has a partition; null otherwise. */
  readonly startedTick: Tick | null
  /** Size of the saved state, MB; 0 when there is none. */
  readonly savedStateMb: number
  /** Checkpoint that *Now* descends from. */
  readonly currentCheckpointId: string | null
  /** Relative weight, 1 to 10000: how contended processors are divided. */
  readonly processorWeight: number
  /** Per cent of its processors that the machine is owed, 0 to 100. */
  readonly processorReserve: number
  /** Per cent of its processors that it may use at the most, 1 to 100. */
  readonly processorLimit: number
  /** Production checkpoints fall back to standard ones unless it says `production-only`. */
  readonly checkpointType: 'disabled' | 'production' | 'production-only' | 'standard'
  /** Folder of checkpoint files. */
  readonly checkpointPath: string
  /** Whether each start makes a checkpoint of its own. */
  readonly automaticCheckpoints: boolean
  /** Folder of the Smart Paging file. */
  readonly smartPagingPath: string
  /** Wait before an automatic start, seconds. */
  readonly startDelaySeconds: number
  /** Num Lock as the BIOS sets it; Generation 1. */
  readonly numLock: boolean
  /** SCSI controllers, with or without drives: 0 to 4. */
  readonly scsiControllers: number
  /**
   * Ids of drives and adapters in the order of the firmware's list; Generation 2. What it does not name follows in the order of `bootOrder`;
   * ids of devices that are gone mean nothing.
   */
  readonly bootDevices: readonly string[]
}

export type BootDevice = 'floppy' | 'cd' | 'ide' | 'legacy-network' | 'file' | 'hard-drive' | 'dvd' | 'network'

export interface NetworkAdapterRow extends Row {
  readonly vmId: string
  readonly kind: 'synthetic' | 'legacy'
  readonly position: number
  readonly switchId: string | null
  /** Twelve hexadecimal digits; empty until the first start gives a dynamic one. */
  readonly macAddress: string
  readonly dynamicMac: boolean
}

export interface DriveRow extends Row {
  readonly vmId: string
  readonly kind: 'hard-disk' | 'dvd' | 'floppy'
  readonly controller: 'ide' | 'scsi' | 'floppy'
  readonly controllerNumber: number
  readonly location: number
  /** Path of the attached file; null for an empty drive. */
  readonly path: string | null
}

export interface CheckpointRow extends Row {
  readonly vmId: string
  readonly parentId: string | null
  readonly name: string
  readonly kind: 'standard' | 'production' | 'automatic'
  readonly createdTick: Tick
}

/**
 * One row of what a checkpoint holds: a row of the machine as it was at that moment. `id` is `CHECKPOINT/TABLE/ROW`. A checkpoint with a row of
 * `guest` has a saved state, with `saved_stack` where the machine had a bus; `screen` is the guest as its thumbnail shows it, without memory.
 */
export interface CheckpointItemRow extends Row {
  readonly checkpointId: string
  /** Table that the row is of, or `screen`. */
  readonly tableName: string
  /** JSON of the row. */
  readonly content: string
}

/** The guest side of a virtual machine that has a partition or a saved state; no row when it is off. `id` is the virtual machine's id. */
export interface GuestRow extends Row {
  /** Key of `products/guests` of the system that was booted; null while in firmware or when nothing booted. */
  readonly productId: string | null
  /** Phase of the guest model, see `guest/phases.ts`. */
  readonly phase: string
  readonly phaseTick: Tick
  /** How long the phase lasts from `phaseTick`, ticks; null when it lasts until something is done. */
  readonly phaseTicks: Tick | null
  /** Pending event that ends the phase; null when the phase has no end of its own or the virtual processors are frozen. */
  readonly eventId: string | null
  /** Set while the virtual processors are frozen: how far into the phase the guest had come, in ticks. */
  readonly frozenAfter: Tick | null
  /** Drive or adapter that the firmware tries or took: id of the `drive` or `network_adapter` row. */
  readonly bootSource: string | null
  /** Position of `bootSource` in the firmware's boot order, 0 = first tried. */
  readonly bootStep: number
  /** What the disk holds of the system: `normal`; `setup` while its installer runs; `first-boot` between the installer and the first sign-in. */
  readonly stage: 'normal' | 'setup' | 'first-boot'
  /** Who is signed in; null at the sign-in screen. */
  readonly user: string | null
  /** What has been typed into the line or field that takes keys, at most 128 characters. */
  readonly input: string
  /** Lines of the text screen or of the firmware's results, a JSON list of at most 60 texts. */
  readonly lines: string
  /** Stop code of a crash such as `CRITICAL_PROCESS_DIED`; null otherwise. */
  readonly stopCode: string | null
}

/** A partition of a host's hypervisor: the root, which every host with the role has exactly once, or that of a machine that is on. */
export interface PartitionRow extends Row {
  /** The virtual machine's id, or `root HOST`. */
  readonly hostId: string
  /** null for the root. */
  readonly vmId: string | null
  /** Id that the hypervisor gave; it means nothing but identity, and only until the host restarts. */
  readonly number: number
  readonly parentNumber: number
  readonly state: string
  readonly processorCount: number
  readonly memoryMb: number
  /** What the guest wrote to MSR 0x40000000, 16 hexadecimal digits. */
  readonly guestOsId: string
  /** VMBus version that guest and parent agreed on, such as `5.3`; null without a connection. */
  readonly vmbusVersion: string | null
  readonly suspended: boolean
  readonly createdTick: Tick
}

/** A virtual processor of a child partition. */
export interface VirtualProcessorRow extends Row {
  /** `PARTITION/INDEX` */
  readonly partitionId: string
  readonly number: number
  /** The guest has started it. */
  readonly started: boolean
  readonly synicEnabled: boolean
}

/** A channel that the parent offers to a child partition. */
export interface ChannelRow extends Row {
  /** `PARTITION/CHANNEL` */
  readonly partitionId: string
  readonly number: number
  /** Name of the device class, such as `SCSI controller`. */
  readonly className: string
  readonly instanceId: string
  readonly subchannel: number
  /** State at the parent: `offered`, `open`, ... */
  readonly state: string
  /** Bytes of each ring while the channel is open; 0 otherwise. */
  readonly guestToHostBytes: number
  readonly hostToGuestBytes: number
  /** Version of the device's protocol that both ends agreed on; null before. */
  readonly protocolVersion: string | null
  readonly targetProcessor: number | null
}

/** What a saved machine's partition and bus were: JSON of the machine layer. Read once, when the machine is restored. */
export interface SavedStackRow extends Row {
  /** Same id as the virtual machine. */
  readonly stack: string
}

export type JobKind =
  | 'create'
  | 'start'
  | 'restore'
  | 'turn-off'
  | 'shut-down'
  | 'save'
  | 'pause'
  | 'resume'
  | 'reset'
  | 'delete'
  | 'delete-saved-state'
  | 'start-service'
  | 'stop-service'
  | 'checkpoint'
  | 'apply-checkpoint'
  | 'delete-checkpoint'
  | 'merge'
  | 'disk'

export type JobStatus = 'running' | 'completed' | 'failed' | 'cancelled'

/** Long work, as Msvm_ConcreteJob has it: progress in per cent, result, cancel. */
export interface JobRow extends Row {
  readonly kind: JobKind
  readonly hostId: string
  readonly vmId: string | null
  readonly status: JobStatus
  /** Whole per cent, 0 to 100. */
  readonly percent: number
  /** Index of the step that runs. */
  readonly step: number
  readonly startedTick: Tick
  readonly finishedTick: Tick | null
  /** JSON of the refusal that ended a failed job. */
  readonly refusal: string | null
  /** JSON of what the job was asked to do, where its kind and virtual machine do not say it all; so that a restart can go on with it. */
  readonly input: string | null
}

/** A record of the simulated Windows event log. */
export interface LogRecordRow extends Row {
  readonly hostId: string
  readonly record: number
  readonly tick: Tick
  /** Channel such as `Microsoft-Windows-Hyper-V-VMMS-Admin`. */
  readonly channel: string
  readonly source: string
  readonly eventId: number
  readonly level: 'Information' | 'Warning' | 'Error'
  readonly vmId: string | null
  /** The rendered text of the record. */
  readonly text: string
}

/** A remembered choice of the console user (columns, widths, check boxes "don't ask me again"): JSON text by key. */
export interface PreferenceRow extends Row {
  readonly value: string
}

/** All tables of a lab by name. */
export interface RowTypes {
  lab: LabRow
  random_stream: RandomStreamRow
  pending_event: PendingEventRow
  host: HostRow
  volume: VolumeRow
  host_file: HostFileRow
  virtual_switch: SwitchRow
  virtual_machine: VirtualMachineRow
  network_adapter: NetworkAdapterRow
  drive: DriveRow
  checkpoint: CheckpointRow
  checkpoint_item: CheckpointItemRow
  guest: GuestRow
  partition: PartitionRow
  virtual_processor: VirtualProcessorRow
  vmbus_channel: ChannelRow
  saved_stack: SavedStackRow
  job: JobRow
  log_record: LogRecordRow
  preference: PreferenceRow
  fault: FaultRow
  job_timing: JobTimingRow
  dynamic_memory: DynamicMemoryRow
  counter_watch: CounterWatchRow
  counter_sample: CounterSampleRow
  file_work: FileWorkRow
  made_file: MadeFileRow
  disk_layout: DiskLayoutRow
}

export type TableName = keyof RowTypes

/** Tables in the order in which rows may be written: a row's references stand before it. */
export const TABLE_NAMES = [
  'lab',
  'random_stream',
  'pending_event',
  'host',
  'volume',
  'host_file',
  'virtual_switch',
  'virtual_machine',
  'network_adapter',
  'drive',
  'checkpoint',
  'checkpoint_item',
  'guest',
  'partition',
  'virtual_processor',
  'vmbus_channel',
  'saved_stack',
  'job',
  'log_record',
  'preference',
  'fault',
  'job_timing',
  'dynamic_memory',
  'counter_watch',
  'counter_sample',
  'file_work',
  'made_file',
  'disk_layout',
] as const satisfies readonly TableName[]
