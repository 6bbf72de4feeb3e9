/** What is said aloud when jobs end. */
import { type JobView, refusalText } from '../../preload/contract/index.ts'

const DONE: Readonly<Record<string, (name: string) => string>> = {
  create: (name) => `${name} was created.`,
  start: (name) => `${name} was started.`,
  restore: (name) => `${name} was restored.`,
  'turn-off': (name) => `${name} was turned off.`,
  'shut-down': (name) => `${name} was shut down.`,
  save: (name) => `${name} was saved.`,
  pause: (name) => `${name} was paused.`,
  resume: (name) => `${name} was resumed.`,
  reset: (name) => `${name} was reset.`,
  delete: (name) => `${name} was deleted.`,
  'delete-saved-state': (name) => `The saved state of ${name} was deleted.`,
  checkpoint: (name) => `A checkpoint of ${name} was created.`,
  'apply-checkpoint': (name) => `A checkpoint was applied to ${name}.`,
  'delete-checkpoint': (name) => `A checkpoint of ${name} was deleted.`,
  merge: (name) => `Disks of ${name} were merged.`,
  disk: () => 'The operation on the virtual hard disk was completed.',
  'start-service': () => 'The Virtual Machine Management service was started.',
  'stop-service': () => 'The Virtual Machine Management service was stopped.',
}

/** The sentence for a job that ended; null while it runs. */
export function jobText(job: JobView, name: string): string | null {
  switch (job.status) {
    case 'running':
      return null
    case 'completed':
      return DONE[job.kind]?.(name) ?? `An operation on ${name} was completed.`
    case 'cancelled':
      return `An operation on ${name} was cancelled.`
    case 'failed':
      return job.refusal === null ? `An operation on ${name} failed.` : refusalText(job.refusal).body
  }
}

/** Sentences of one announcement; more are counted instead of read. */
const SPOKEN_MAX = 3

/** One text for the jobs that ended between two looks; empty when none did. Jobs that were not known as running are old news. */
export function endedJobs(
  before: ReadonlyMap<string, JobView>,
  after: ReadonlyMap<string, JobView>,
  nameOf: (vmId: string | null) => string,
): string {
  const ended = [...after.values()].filter((job) => job.status !== 'running' && before.get(job.id)?.status === 'running')
  const texts = ended.slice(0, SPOKEN_MAX).flatMap((job) => jobText(job, nameOf(job.vmId)) ?? [])
  if (ended.length > SPOKEN_MAX) texts.push(`${ended.length - SPOKEN_MAX} more operations ended.`)
  return texts.join(' ')
}
