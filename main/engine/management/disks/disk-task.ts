/** What a disk job carries from its beginning to its end. */
import type { JobRow } from '../../rows.ts'
import type { DiskTask } from './file-port.ts'

export interface DiskJobInput {
  readonly task: DiskTask
  /** Bytes that are read and written; the job's length follows from them and from the volumes. */
  readonly bytes: number
  /** Shown while the job runs. */
  readonly text: string
}

export function diskInputOf(job: JobRow): DiskJobInput {
  return JSON.parse(job.input ?? '') as DiskJobInput
}

export function taskOf(job: JobRow): DiskTask {
  return diskInputOf(job).task
}
