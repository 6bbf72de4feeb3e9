/**
 * Simulated time.
 *
 * Counted in ticks of 100 ns since the lab's start instant: the unit of the hypervisor's partition reference counter (TLFS 12.3).
 * A double holds such a count exactly for 28 years.
 */
export type Tick = number

/** Ticks in one microsecond. */
export const TICKS_PER_US = 10
/** Ticks in one millisecond. */
export const TICKS_PER_MS = 10_000
/** Ticks in one second. */
export const TICKS_PER_SECOND = 10_000_000
/** Ticks in one minute. */
export const TICKS_PER_MINUTE = 60 * TICKS_PER_SECOND
/** Ticks in one hour. */
export const TICKS_PER_HOUR = 60 * TICKS_PER_MINUTE
/** The last tick that a lab may reach: 2^53 - 1, about 28.5 years. */
export const LAST_TICK = Number.MAX_SAFE_INTEGER

/** Ticks of a duration in milliseconds, rounded to whole ticks. */
export function ticksOfMs(ms: number): Tick {
  return Math.round(ms * TICKS_PER_MS)
}
