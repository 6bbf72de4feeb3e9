/**
 * How long jobs of a kind take in this lab: slower or faster storage than ours, a busy management service, a demonstration that must not wait.
 *
 * A pure function of rows: factor and extra time are the row's, and the jitter of a job is drawn from the lab's seed by the job's number,
 * without a stream position. A job that is asked twice, or goes on after a kill, has the same plan.
 */
import { hashText, randomBits } from '../kernel/random.ts'
import { type Result, refuse, succeed } from '../kernel/result.ts'
import { ticksOfMs } from '../kernel/ticks.ts'
import type { JobRow, JobTimingRow } from '../rows.ts'
import type { World } from '../world.ts'
import type { Step } from './plans.ts'
import type { RefusalCode } from './refusals.ts'
import { isJobKind } from './status.ts'

const UNIFORM = 0x1_0000_0000

export interface WantedTiming {
  readonly jobKind: string
  /** 1 to 100000; 100 = as planned. */
  readonly factorPercent: number
  readonly extraMs: number
  readonly jitterMs: number
}

/**
 * Sets the timing of one kind of job; 100 per cent with no extra time and no jitter takes it back. It holds from the next step of running jobs
 * on. Of a shutdown it changes the patience of the host, not the guest.
 */
export function setJobTiming(world: World, wanted: WantedTiming): Result<null, RefusalCode> {
  if (!isJobKind(wanted.jobKind)) return refuse('unknown-job-kind', { kind: wanted.jobKind })
  const row: JobTimingRow = {
    id: wanted.jobKind,
    factorPercent: wanted.factorPercent,
    extraTicks: ticksOfMs(wanted.extraMs),
    jitterTicks: ticksOfMs(wanted.jitterMs),
  }
  if (row.factorPercent === 100 && row.extraTicks === 0 && row.jitterTicks === 0) world.tables.job_timing.delete(row.id)
  else world.tables.job_timing.put(row)
  return succeed(null)
}

/** The plan with the lab's timing: each step longer by the factor, the extra time and the jitter spread evenly over the steps. */
export function timedPlan(world: World, job: JobRow, plan: readonly Step[]): readonly Step[] {
  const timing = world.tables.job_timing.get(job.kind)
  if (timing === undefined) return plan
  const jitter = (randomBits(world.lab.seed, hashText(`job timing ${job.id}`), 0) / UNIFORM) * timing.jitterTicks
  const delay = (timing.extraTicks + jitter) / plan.length
  return plan.map((step) => ({ ...step, ticks: Math.max(1, Math.round((step.ticks * timing.factorPercent) / 100 + delay)) }))
}
