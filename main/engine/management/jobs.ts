/**
 * Long work: jobs with steps, percentages, cancel.
 *
 * A job is a row and its next step a pending event, so that a killed process goes on with it. What a job does when it ends is given by kind,
 * in `transitions.ts`; this module only moves it along.
 */
import { announceJob } from '../faults/rules.ts'
import type { Refusal } from '../kernel/result.ts'
import type { JobKind, JobRow } from '../rows.ts'
import type { World } from '../world.ts'
import { planOf } from './plans.ts'

/** Ended jobs that are kept for the pages to see their result. */
export const ENDED_JOBS_MAX = 200

/** Begins a job; its first step's percentage shows at once. */
export function beginJob(world: World, kind: JobKind, hostId: string, vmId: string | null, input: string | null = null): JobRow {
  const job: JobRow = {
    id: String(world.takeRecordNumber()),
    kind,
    hostId,
    vmId,
    status: 'running',
    percent: 0,
    step: 0,
    startedTick: world.now,
    finishedTick: null,
    refusal: null,
    input,
  }
  world.tables.job.put(job)
  enterStep(world, job, 0)
  return world.tables.job.require(job.id)
}

/** A step of the job is over. True when it was the last one: the caller carries out what the job is for. */
export function stepJob(world: World, jobId: string, step: number): { readonly job: JobRow; readonly ended: boolean } | undefined {
  const job = world.tables.job.get(jobId)
  if (job === undefined || job.status !== 'running' || job.step !== step) return undefined
  const next = step + 1
  if (next >= planOf(world, job).length) return { job, ended: true }
  enterStep(world, job, next)
  return { job: world.tables.job.require(jobId), ended: false }
}

function enterStep(world: World, job: JobRow, index: number): void {
  const step = planOf(world, job)[index]
  if (step === undefined) return
  world.tables.job.patch(job.id, { step: index, percent: step.percent })
  world.events.schedule('job.step', world.now + step.ticks, job.id, index)
}

/** The job begins anew with something else to do. */
export function restartJob(world: World, job: JobRow, input: string): void {
  for (const event of world.by.eventsOfTarget.of(job.id)) world.events.cancel(event.id)
  enterStep(world, world.tables.job.patch(job.id, { input }), 0)
}

export function completeJob(world: World, job: JobRow): void {
  endJob(world, job, { status: 'completed', percent: 100 })
}

export function failJob(world: World, job: JobRow, refusal: Refusal): void {
  endJob(world, job, { status: 'failed', refusal: JSON.stringify(refusal) })
}

export function cancelJobRow(world: World, job: JobRow): void {
  endJob(world, job, { status: 'cancelled' })
}

function endJob(world: World, job: JobRow, columns: Partial<Omit<JobRow, 'id'>>): void {
  const current = world.tables.job.get(job.id)
  if (current === undefined || current.status !== 'running') return
  for (const event of world.by.eventsOfTarget.of(job.id)) world.events.cancel(event.id)
  world.tables.job.put({ ...current, ...columns, finishedTick: world.now })
  if (columns.status === 'completed') announceJob(world, current)
  dropOldJobs(world)
}

function dropOldJobs(world: World): void {
  for (const job of world.tables.job.values()) {
    if (world.tables.job.size - world.runningJobs <= ENDED_JOBS_MAX) return
    if (job.status !== 'running') world.tables.job.delete(job.id)
  }
}
