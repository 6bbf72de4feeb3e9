/** The settings of a virtual machine as its sheet holds them: read from rows, changed as a draft, applied as one. */
import type { Refusal } from '../../kernel/result.ts'
import type { HostFeatures } from '../../products/host-features.ts'
import type { DriveRow, VirtualMachineRow } from '../../rows.ts'
import type { RefusalCode } from '../refusals.ts'

/** A drive; that of a draft may have an id of the page's own, which stands for one that is to be made. */
export type DriveSetting = Pick<DriveRow, 'id' | 'kind' | 'controller' | 'controllerNumber' | 'location' | 'path'>

type Columns =
  | 'name'
  | 'notes'
  | 'numLock'
  | 'startupMemoryMb'
  | 'dynamicMemory'
  | 'minimumMemoryMb'
  | 'maximumMemoryMb'
  | 'memoryBuffer'
  | 'memoryWeight'
  | 'processorCount'
  | 'processorReserve'
  | 'processorLimit'
  | 'processorWeight'
  | 'scsiControllers'
  | 'checkpointType'
  | 'checkpointPath'
  | 'automaticCheckpoints'
  | 'smartPagingPath'
  | 'automaticStart'
  | 'startDelaySeconds'
  | 'automaticStop'

export interface VmSettings extends Pick<VirtualMachineRow, Columns> {
  /** Generation 1: device classes. Generation 2: `file`, and ids of drives and network adapters. First tried first. */
  readonly bootOrder: readonly string[]
  /** In the order of their controllers and locations. */
  readonly drives: readonly DriveSetting[]
}

export type SettingField = keyof VmSettings

/** Parts of the drives that are changeable in different states. */
export type DrivePart = 'ide-drives' | 'scsi-drives' | 'drive-place' | 'disk-path' | 'media'

export type LockName = Exclude<SettingField, 'drives'> | DrivePart

/** A line of a Generation 2 firmware's list. */
export interface BootEntry {
  /** What stands in `bootOrder`. */
  readonly key: string
  readonly kind: 'file' | 'hard-drive' | 'dvd' | 'network'
  /** `SCSI Disk (0,0)`, `Network Adapter (00155D006403)`. */
  readonly label: string
  /** File name, path or address. */
  readonly value: string
}

/** What a sheet has to know besides the settings. */
export interface SettingsFacts {
  readonly vmId: string
  readonly hostId: string
  readonly hostName: string
  readonly generation: 1 | 2
  /** Text of the State column. */
  readonly stateText: string
  /** Settings that cannot be changed in this state. */
  readonly locked: readonly LockName[]
  readonly features: HostFeatures
  readonly checkpointWord: 'Checkpoint' | 'Snapshot'
  /** Checkpoints are there: disks and the checkpoint folder stay as they are. */
  readonly hasCheckpoints: boolean
  readonly logicalProcessors: number
  readonly processorsMaximum: number
  /** The only numbers that this host knows (S36); empty for every number. */
  readonly processorCounts: readonly number[]
  readonly memoryMinimumMb: number
  readonly memoryMaximumMb: number
  readonly opticalDrives: readonly string[]
  readonly virtualDiskPath: string
  /** Network adapters and the loader's entry: what stands in a firmware's list besides drives. */
  readonly bootEntries: readonly BootEntry[]
}

/** The first thing that is wrong with a draft. */
export interface SettingsProblem {
  readonly field: SettingField
  /** The drive that it is about. */
  readonly driveId: string | null
  readonly refusal: Refusal<RefusalCode>
}
