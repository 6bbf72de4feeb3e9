/** The settings of a virtual machine: the sheet's values, what it has to know besides, and the one command that applies a draft. */
import { oc } from '@orpc/contract'
import { z } from 'zod'
import { refusalSchema } from './refusals.ts'

const id = z.string().min(1).max(64)
const path = z.string().max(1024)
const number = z.int().min(-1).max(1_000_000_000_000)

export const driveSettingSchema = z.object({
  /** Of a draft: an id that the page has made up stands for a drive that is to be made. */
  id,
  kind: z.enum(['hard-disk', 'dvd', 'floppy']),
  controller: z.enum(['ide', 'scsi', 'floppy']),
  controllerNumber: z.int().min(0).max(255),
  location: z.int().min(0).max(255),
  /** null = empty; `Physical:E:` = a drive of the host. */
  path: path.nullable(),
})
export type DriveSetting = z.infer<typeof driveSettingSchema>

export const vmSettingsSchema = z.object({
  name: z.string().max(1000),
  notes: z.string().max(100_000),
  /** Generation 1: device classes. Generation 2: `file`, and ids of drives and network adapters. First tried first. */
  bootOrder: z.array(id).max(512),
  numLock: z.boolean(),
  startupMemoryMb: number,
  dynamicMemory: z.boolean(),
  minimumMemoryMb: number,
  maximumMemoryMb: number,
  /** Per cent. */
  memoryBuffer: number,
  memoryWeight: number,
  processorCount: number,
  /** Per cent. */
  processorReserve: number,
  processorLimit: number,
  processorWeight: number,
  scsiControllers: number,
  drives: z
    .array(driveSettingSchema)
    .max(300)
    .refine((drives) => new Set(drives.map((drive) => drive.id)).size === drives.length, 'two drives have the same id'),
  checkpointType: z.enum(['disabled', 'production', 'production-only', 'standard']),
  checkpointPath: path,
  automaticCheckpoints: z.boolean(),
  smartPagingPath: path,
  automaticStart: z.enum(['nothing', 'if-running', 'always']),
  startDelaySeconds: number,
  automaticStop: z.enum(['save', 'turn-off', 'shut-down']),
})
export type VmSettings = z.infer<typeof vmSettingsSchema>
export type SettingField = keyof VmSettings

export const settingFieldSchema = vmSettingsSchema.keyof()

const lockNameSchema = z.union([
  vmSettingsSchema.omit({ drives: true }).keyof(),
  z.enum(['ide-drives', 'scsi-drives', 'drive-place', 'disk-path', 'media']),
])
export type LockName = z.infer<typeof lockNameSchema>

export const bootEntrySchema = z.object({
  key: z.string(),
  kind: z.enum(['file', 'hard-drive', 'dvd', 'network']),
  label: z.string(),
  value: z.string(),
})
export type BootEntry = z.infer<typeof bootEntrySchema>

export const settingsFactsSchema = z.object({
  vmId: z.string(),
  hostId: z.string(),
  hostName: z.string(),
  generation: z.union([z.literal(1), z.literal(2)]),
  stateText: z.string(),
  /** Settings that cannot be changed in the machine's present state. */
  locked: z.array(lockNameSchema).readonly(),
  features: z.object({
    productionCheckpoints: z.boolean(),
    automaticCheckpoints: z.boolean(),
    dynamicMemory: z.boolean(),
    runtimeMemory: z.boolean(),
    scsiHotAdd: z.boolean(),
    smartPaging: z.boolean(),
    checkpointPage: z.enum(['Checkpoints', 'Checkpoint File Location', 'Snapshot File Location']),
  }),
  checkpointWord: z.enum(['Checkpoint', 'Snapshot']),
  hasCheckpoints: z.boolean(),
  logicalProcessors: z.number(),
  processorsMaximum: z.number(),
  /** The only numbers of processors that this host knows; empty for every number. */
  processorCounts: z.array(z.number()).readonly(),
  memoryMinimumMb: z.number(),
  memoryMaximumMb: z.number(),
  opticalDrives: z.array(z.string()).readonly(),
  virtualDiskPath: z.string(),
  bootEntries: z.array(bootEntrySchema).readonly(),
})
export type SettingsFacts = z.infer<typeof settingsFactsSchema>

const readSettings = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), settings: vmSettingsSchema, facts: settingsFactsSchema }),
  z.object({ ok: z.literal(false), refusal: refusalSchema }),
])
export type ReadSettings = z.infer<typeof readSettings>

const configured = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), settings: vmSettingsSchema, facts: settingsFactsSchema }),
  z.object({
    ok: z.literal(false),
    /** The field that is wrong; null when the whole is refused. */
    field: settingFieldSchema.nullable(),
    /** The drive that is wrong. */
    driveId: z.string().nullable(),
    refusal: refusalSchema,
  }),
])
export type Configured = z.infer<typeof configured>

export const settingsContract = {
  /** The present settings, and what the sheet has to know besides. */
  read: oc.input(z.object({ vmId: id })).output(readSettings),
  /** Applies a draft as a whole, or says what is wrong with it first. `base`: the settings that the draft began with. */
  configure: oc.input(z.object({ vmId: id, base: vmSettingsSchema, draft: vmSettingsSchema })).output(configured),
}
