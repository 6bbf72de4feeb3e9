/** Waits for the end of jobs that an action began: a start may fail long after it was accepted. */
import type { JobView } from '../../preload/contract/index.ts'

/** The part of the page's state that is looked at. */
export interface JobSource {
  get(): { readonly jobs: ReadonlyMap<string, JobView> }
  subscribe(listener: () => void): () => void
}

/** How long jobs that began together may end apart, in ms, and still be told of together. */
export const GATHER_MILLISECONDS = 250

/**
 * Calls `onFailed` with the jobs that failed. Jobs that end within a moment of each other come in one call. A job that vanishes after it was seen
 * has ended without a word.
 *
 * @returns stops the watch
 */
export function watchJobs(
  source: JobSource,
  jobIds: readonly string[],
  onFailed: (jobs: readonly JobView[]) => void,
  schedule: (act: () => void, milliseconds: number) => () => void,
): () => void {
  const waiting = new Set(jobIds)
  const seen = new Set<string>()
  let failed: JobView[] = []
  let cancelTimer: (() => void) | null = null
  const tell = (): void => {
    cancelTimer = null
    const jobs = failed
    failed = []
    onFailed(jobs)
  }
  const look = (): void => {
    const { jobs } = source.get()
    for (const id of [...waiting]) {
      const job = jobs.get(id)
      if (job !== undefined) seen.add(id)
      if (job === undefined ? !seen.has(id) : job.status === 'running') continue
      waiting.delete(id)
      if (job?.status === 'failed') failed.push(job)
    }
    if (failed.length > 0) cancelTimer ??= schedule(tell, GATHER_MILLISECONDS)
    if (waiting.size === 0) stopListening()
  }
  const stopListening = source.subscribe(look)
  look()
  return () => {
    stopListening()
    cancelTimer?.()
  }
}

/**
 * Calls `onEnded` once, with the jobs as they ended, when none of them runs any more. A job that vanishes after it was seen counts as ended.
 *
 * @returns stops the watch
 */
export function watchEnds(source: JobSource, jobIds: readonly string[], onEnded: (jobs: readonly JobView[]) => void): () => void {
  const waiting = new Set(jobIds)
  const seen = new Set<string>()
  const ended: JobView[] = []
  let stop: () => void = () => {}
  const look = (): void => {
    const { jobs } = source.get()
    for (const id of [...waiting]) {
      const job = jobs.get(id)
      if (job !== undefined) seen.add(id)
      if (job === undefined ? !seen.has(id) : job.status === 'running') continue
      waiting.delete(id)
      if (job !== undefined) ended.push(job)
    }
    if (waiting.size > 0) return
    stop()
    onEnded(ended)
  }
  stop = source.subscribe(look)
  look()
  return stop
}
