/**
 * What pages are shown: projections of the engine's rows, made by the service. Pages never compute a state, a percentage or a reason.
 * Amounts carry their unit; ticks are 100 ns of simulated time since the lab's start.
 */
import { z } from 'zod'
import { refusalSchema } from './refusals.ts'

export const speedSchema = z.union([z.literal(0), z.literal(1), z.literal(10), z.literal(60), z.literal('max')])
/** 0 stands still; 1, 10 and 60 are multiples of real time; `max` is as fast as the computer can. */
export type Speed = z.infer<typeof speedSchema>

export const vmStateSchema = z.enum([
  'Off',
  'Starting',
  'Running',
  'Pausing',
  'Paused',
  'Resuming',
  'Saving',
  'Saved',
  'Stopping',
  'Resetting',
])
export type VmState = z.infer<typeof vmStateSchema>

export const labViewSchema = z.object({
  id: z.literal('lab'),
  name: z.string(),
  /** Folder of the lab on the real computer. */
  folder: z.string(),
  /** The start instant on the lab's calendar, ms since 1970 without a time zone. */
  startTimeMs: z.number(),
  tick: z.number(),
  speed: speedSchema,
  /** True when simulated time is moved by a test, not by the pacer. */
  manual: z.boolean(),
})
export type LabView = z.infer<typeof labViewSchema>

export const hostViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  productName: z.string(),
  /** File version of the management tools, such as `10.0.20348.1`. */
  toolsVersion: z.string(),
  serviceState: z.enum(['running', 'starting', 'stopping', 'stopped']),
  /** Word of this Windows version: `Checkpoint` or `Snapshot`. */
  checkpointWord: z.enum(['Checkpoint', 'Snapshot']),
  generationOffered: z.boolean(),
  defaultGeneration: z.union([z.literal(1), z.literal(2)]),
  defaultMemoryMb: z.number(),
  memoryMinimumMb: z.number(),
  /** Memory that is free for virtual machines now, MB: the upper bound that the wizard names. */
  availableMemoryMb: z.number(),
  memoryMb: z.number(),
  logicalProcessors: z.number(),
  virtualMachinePath: z.string(),
  virtualDiskPath: z.string(),
  diskExtension: z.enum(['vhd', 'vhdx']),
  diskSizeMaximumGb: z.number(),
  defaultDiskSizeGb: z.number(),
  opticalDrives: z.array(z.string()),
})
export type HostView = z.infer<typeof hostViewSchema>

export const vmViewSchema = z.object({
  id: z.string(),
  hostId: z.string(),
  name: z.string(),
  /** Text of the State column: `Running`, `Paused-Critical`. */
  stateText: z.string(),
  state: vmStateSchema,
  /** Text of the Status column: `Starting (10%)`; empty when nothing runs. */
  statusText: z.string(),
  /** Uptime = lab tick − this; null when off or saved. */
  startedTick: z.number().nullable(),
  assignedMemoryMb: z.number().nullable(),
  configurationVersion: z.string(),
  heartbeatText: z.string(),
  generation: z.union([z.literal(1), z.literal(2)]),
  /** Which actions show now, as positions in VM_ACTIONS (bit i = action i). */
  actions: z.number(),
  /** The job that runs, if one does and can be cancelled. */
  cancellableJobId: z.string().nullable(),
  /** What its guest does: key of `catalogue.workloads`. */
  workload: z.string(),
})
export type VmView = z.infer<typeof vmViewSchema>

export const adapterViewSchema = z.object({
  id: z.string(),
  /** `Network Adapter (Dynamic MAC: 00:15:5D:38:01:0A)` */
  text: z.string(),
  connection: z.string(),
  ipAddresses: z.string(),
  status: z.string(),
})

export const mediaDriveViewSchema = z.object({
  id: z.string(),
  kind: z.enum(['dvd', 'floppy']),
  label: z.string(),
  path: z.string().nullable(),
})

export const checkpointViewSchema = z.object({
  id: z.string(),
  parentId: z.string().nullable(),
  name: z.string(),
  createdTick: z.number(),
  kind: z.enum(['standard', 'production', 'automatic']),
  notes: z.string(),
  configurationVersion: z.string(),
})
export type CheckpointView = z.infer<typeof checkpointViewSchema>

export const vmDetailSchema = z.object({
  id: z.string(),
  createdTick: z.number(),
  notes: z.string(),
  clustered: z.boolean(),
  integrationServicesText: z.string(),
  startupMemoryMb: z.number(),
  dynamicMemory: z.boolean(),
  minimumMemoryMb: z.number(),
  maximumMemoryMb: z.number(),
  memoryDemandMb: z.number().nullable(),
  memoryStatus: z.string(),
  processorCount: z.number(),
  adapters: z.array(adapterViewSchema),
  mediaDrives: z.array(mediaDriveViewSchema),
  checkpoints: z.array(checkpointViewSchema),
  /** Checkpoint above *Now*; null when there are none. */
  currentCheckpointId: z.string().nullable(),
  /** Which actions show on each checkpoint now, as positions in CHECKPOINT_ACTIONS. */
  checkpointActions: z.number(),
  replicationText: z.string(),
})
export type VmDetail = z.infer<typeof vmDetailSchema>

export const switchViewSchema = z.object({
  id: z.string(),
  hostId: z.string(),
  name: z.string(),
  kind: z.enum(['external', 'internal', 'private']),
})
export type SwitchView = z.infer<typeof switchViewSchema>

export const jobViewSchema = z.object({
  id: z.string(),
  kind: z.string(),
  vmId: z.string().nullable(),
  status: z.enum(['running', 'completed', 'failed', 'cancelled']),
  percent: z.number(),
  /** What the running step is called: `Creating virtual hard disk`. */
  stepText: z.string(),
  refusal: refusalSchema.nullable(),
  /** Kind of the checkpoint that the job made of a running machine, where the product tells of it; null otherwise. */
  checkpointMade: z.enum(['production', 'standard']).nullable(),
})
export type JobView = z.infer<typeof jobViewSchema>

/** Collections of view rows by name. A patch row of null means that the row is gone. */
export const viewPatchSchema = z.object({
  lab: labViewSchema.optional(),
  hosts: z.record(z.string(), hostViewSchema.nullable()).optional(),
  virtualMachines: z.record(z.string(), vmViewSchema.nullable()).optional(),
  vmDetails: z.record(z.string(), vmDetailSchema.nullable()).optional(),
  switches: z.record(z.string(), switchViewSchema.nullable()).optional(),
  jobs: z.record(z.string(), jobViewSchema.nullable()).optional(),
})
export type ViewPatch = z.infer<typeof viewPatchSchema>

/**
 * What a subscriber receives: first a snapshot, or, when it named a place that is still remembered, the patches that it missed; then patches
 * with ascending numbers without gaps within one epoch.
 */
export const stateMessageSchema = z.object({
  type: z.enum(['snapshot', 'patch']),
  /** Changes when the engine starts anew; sequence numbers of different epochs do not compare. */
  epoch: z.string(),
  sequence: z.number(),
  patch: viewPatchSchema,
})
export type StateMessage = z.infer<typeof stateMessageSchema>

/** Counters of running machines, latest wins: [vmId, CPU per cent, assigned MB, demand MB or -1, memory status]. */
export const metricsMessageSchema = z.object({
  tick: z.number(),
  rows: z.array(z.tuple([z.string(), z.number(), z.number(), z.number(), z.enum(['', 'OK', 'Low', 'Warning'])])),
})
export type MetricsMessage = z.infer<typeof metricsMessageSchema>

/** One drawing operation of a console picture, in guest pixels from the top left. Colours are `#rrggbb`. */
export const drawOperationSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('fill'), x: z.number(), y: z.number(), width: z.number(), height: z.number(), color: z.string() }),
  z.object({
    op: z.literal('gradient'),
    x: z.number(),
    y: z.number(),
    width: z.number(),
    height: z.number(),
    from: z.string(),
    to: z.string(),
  }),
  z.object({ op: z.literal('circle'), x: z.number(), y: z.number(), radius: z.number(), color: z.string() }),
  z.object({
    op: z.literal('text'),
    x: z.number(),
    y: z.number(),
    text: z.string(),
    /** Height of the line in guest pixels. */
    size: z.number(),
    color: z.string(),
    font: z.enum(['sans', 'sans-light', 'sans-bold', 'mono', 'serif']),
    align: z.enum(['left', 'center', 'right']),
  }),
])
export type DrawOperation = z.infer<typeof drawOperationSchema>

/** A console picture. `version` is equal for equal pictures. */
export const frameSchema = z.object({
  version: z.string(),
  width: z.number(),
  height: z.number(),
  operations: z.array(drawOperationSchema).readonly(),
})
export type Frame = z.infer<typeof frameSchema>

/** What a connection window shows: the guest's picture, or the product's message page. */
export const consoleMessageSchema = z.object({
  tick: z.number(),
  frame: frameSchema.nullable(),
  /** `The virtual machine 'APP01' is turned off`; null when the picture is shown alone. */
  headline: z.string().nullable(),
  hint: z.string().nullable(),
  /** True when a Start button belongs below the hint. */
  offerStart: z.boolean(),
  /** True when keystrokes reach a guest. */
  interactive: z.boolean(),
})
export type ConsoleMessage = z.infer<typeof consoleMessageSchema>
