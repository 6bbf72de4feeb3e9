/** What checkpoint jobs were asked to do, as their `input` column keeps it, and how long their steps take. */
import { ticksOfMs } from '../kernel/ticks.ts'
import type { CheckpointRow, JobRow } from '../rows.ts'
import type { Step } from './plans.ts'

/** How a checkpoint is made: of memory and disks, through the guest's backup service, or of disks that nobody writes to. */
export type TakeMethod = 'memory' | 'backup' | 'disks'

export interface TakeInput {
  readonly checkpointId: string
  readonly name: string
  readonly kind: CheckpointRow['kind']
  readonly method: TakeMethod
  /** The memory is written while the machine runs on. */
  readonly background: boolean
  /** How long the memory takes to be written, ms. */
  readonly memoryMs: number
  /** How long the guest takes to stop its writes, ms. */
  readonly freezeMs: number
  /** The checkpoint is in the machine's tree. */
  readonly taken: boolean
  /** Checkpoint to apply afterwards. */
  readonly thenApply: string | null
  /** What the console tells of when it is done: the machine ran. */
  readonly told: 'production' | 'standard' | null
}

export interface ApplyInput {
  readonly checkpointId: string
  /** How long the saved state takes to be copied, ms. */
  readonly copyMs: number
}

export interface DeleteInput {
  readonly checkpointId: string
  readonly subtree: boolean
}

export interface MergeInput {
  /** Ids of the files' rows. */
  readonly childId: string
  readonly parentId: string
  readonly totalMs: number
}

export function jobInput<T>(job: JobRow): T {
  return JSON.parse(job.input ?? '{}') as T
}

function step(percent: number, ms: number, text = ''): Step {
  return { percent, ticks: ticksOfMs(ms), text }
}

/** Equal steps of at most half a second between two percentages. */
function rising(from: number, to: number, totalMs: number): readonly Step[] {
  const count = Math.min(100, Math.max(1, Math.ceil(totalMs / 500)))
  return Array.from({ length: count }, (_, index) => step(from + Math.floor((index * (to - from)) / count), totalMs / count))
}

/** The blackout while devices are saved and disks are switched, ms: 1 to 10 s on the product (formats-and-mobility 3.2). */
const BLACKOUT_MS = 1200

/** Operations of the backup service in their order (devices 5.7). */
const BACKUP_STEPS = { check: 0, freeze: 1, disks: 2, thaw: 3 } as const

export function takePlan(input: TakeInput): readonly Step[] {
  switch (input.method) {
    case 'disks':
      return [step(0, 300), ...rising(10, 100, 300 + input.memoryMs)]
    case 'memory':
      return [step(0, BLACKOUT_MS), ...rising(9, 100, 300 + input.memoryMs)]
    case 'backup':
      return [
        step(0, 250, 'Asking the guest whether a backup is possible'),
        step(9, input.freezeMs, 'Waiting for the guest to stop its writes'),
        step(50, 400, 'Creating differencing disks'),
        step(80, 350, 'Letting the guest write again'),
      ]
  }
}

/** Step at whose begin the checkpoint comes into being; the number of steps for the end of the job. */
export function captureStep(input: TakeInput): number {
  if (input.method === 'backup') return BACKUP_STEPS.thaw
  return input.method === 'memory' && input.background ? 1 : takePlan(input).length
}

/** True while the guest has to answer for the checkpoint to go on. */
export function needsGuest(input: TakeInput, at: number): boolean {
  return input.method === 'backup' && at >= BACKUP_STEPS.freeze && at <= BACKUP_STEPS.thaw
}

export function applyPlan({ copyMs }: ApplyInput): readonly Step[] {
  return [step(0, 500), ...rising(20, 100, 400 + copyMs)]
}

export function deletePlan({ subtree }: DeleteInput): readonly Step[] {
  return [step(0, subtree ? 500 : 300)]
}

export function mergePlan({ totalMs }: MergeInput): readonly Step[] {
  return rising(0, 100, totalMs)
}
