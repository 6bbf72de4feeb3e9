/** Sample labs: what a first start opens, and labs of any size for measurements. Pure: the same options give the same rows. */
import type { LabRows } from '../../main/engine/world.ts'
import { massLab } from './mass.ts'
import { standardLab } from './standard.ts'

/** Machines that a Windows Server 2016 or later host can run (S37). */
export const SAMPLE_SIZE_MAX = 8000

export interface SampleOptions {
  /** Seed of all chance in the lab, 32 bits. */
  readonly seed: number
  /** The start instant on the lab's calendar, ms since 1970-01-01 without a time zone. */
  readonly startTimeMs: number
  /** How many virtual machines, 1 to 8,000; null for the standard sample of ten. */
  readonly size: number | null
  /** All machines of a sized lab run; otherwise their states are mixed. */
  readonly allRunning?: boolean
}

/** The rows of a sample lab. Throws RangeError for a size out of range. */
export function sampleLab(options: SampleOptions): LabRows {
  const { seed, startTimeMs, size, allRunning = false } = options
  if (size === null) return standardLab(seed, startTimeMs)
  if (!Number.isInteger(size) || size < 1 || size > SAMPLE_SIZE_MAX) {
    throw new RangeError(`a sample lab has 1 to ${SAMPLE_SIZE_MAX} virtual machines, not ${size}`)
  }
  return massLab(seed, startTimeMs, size, allRunning)
}
