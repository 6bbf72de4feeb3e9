/** Waiting for a job that a window has begun. */
import type { JobView } from '../../../preload/contract/index.ts'
import type { LabContextValue } from '../../client/lab-context.tsx'

/** The ended job; null when it vanished after it was seen: it ended while the connection was lost, and the list shows what became of it. */
export function jobEnd({ store }: LabContextValue, jobId: string): Promise<JobView | null> {
  return new Promise((resolve) => {
    let seen = false
    const look = (): boolean => {
      const job = store.get().jobs.get(jobId)
      if (job === undefined ? !seen : job.status === 'running') {
        seen = job !== undefined
        return false
      }
      resolve(job ?? null)
      return true
    }
    if (look()) return
    const stop = store.subscribe(() => {
      if (look()) stop()
    })
  })
}
