/** Number and date formats of the console (hyper-v-manager Appendix B). Pure; instants are ms since 1970 on the lab's calendar, which has no time zone. */

const TICKS_PER_MS = 10_000
const TICKS_PER_SECOND = 10_000_000

const two = (value: number): string => String(value).padStart(2, '0')

/** `12 %`: number, space, percent sign. */
export function formatCpu(percent: number): string {
  return `${Math.max(0, Math.floor(percent))} %`
}

/** `1024 MB`; empty for null and for values that are not reported (negative). */
export function formatMemory(megabytes: number | null): string {
  return megabytes === null || megabytes < 0 ? '' : `${Math.round(megabytes)} MB`
}

/** `00:00:11`, from one day on `3.04:15:09`; never negative. */
export function formatUptime(ticks: number): string {
  const seconds = Math.max(0, Math.floor(ticks / TICKS_PER_SECOND))
  const days = Math.floor(seconds / 86_400)
  const clock = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return days === 0 ? clock : `${days}.${clock}`
}

/** The instant of a tick on the lab's calendar, ms. */
export function instantOf(startTimeMs: number, tick: number): number {
  return startTimeMs + Math.floor(tick / TICKS_PER_MS)
}

/** `11/23/2026`. */
function formatDate(instantMs: number): string {
  const date = new Date(instantMs)
  return `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()}`
}

/** `9:41:00 AM`. */
function formatTime(instantMs: number): string {
  const date = new Date(instantMs)
  const hours = date.getUTCHours()
  return `${hours % 12 === 0 ? 12 : hours % 12}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ${hours < 12 ? 'AM' : 'PM'}`
}

/** Regional short date and long time: `11/23/2026 9:41:00 AM`. */
export function formatDateTime(instantMs: number): string {
  return `${formatDate(instantMs)} ${formatTime(instantMs)}`
}
