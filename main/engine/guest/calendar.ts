/** The lab's calendar as a guest's clock shows it: proleptic Gregorian, without time zone. */
import { TICKS_PER_MS } from '../kernel/ticks.ts'
import type { GuestRow } from '../rows.ts'
import type { World } from '../world.ts'
import { guestNow } from './row.ts'

export interface CalendarTime {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  /** 0 = Sunday. */
  readonly weekday: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
const DAY_MS = 86_400_000

/** What the guest's clock shows. */
export function guestClock(world: World, guest: GuestRow): CalendarTime {
  return calendarOf(world.lab.startTimeMs + Math.floor(guestNow(world, guest) / TICKS_PER_MS))
}

/** Calendar time of ms since 1970-01-01 (days to date after H. Hinnant, "chrono-compatible low-level date algorithms"). */
export function calendarOf(ms: number): CalendarTime {
  const days = Math.floor(ms / DAY_MS)
  const seconds = Math.floor((ms - days * DAY_MS) / 1_000)
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
    weekday: (((days + 4) % 7) + 7) % 7,
    hour: Math.floor(seconds / 3_600),
    minute: Math.floor((seconds % 3_600) / 60),
    second: seconds % 60,
  }
}

const two = (value: number): string => String(value).padStart(2, '0')

/** `9:41` */
export function clockText(time: CalendarTime): string {
  return `${time.hour % 12 === 0 ? 12 : time.hour % 12}:${two(time.minute)}`
}

/** `9:41 AM` */
export function clockTextWithHalf(time: CalendarTime): string {
  return `${clockText(time)} ${time.hour < 12 ? 'AM' : 'PM'}`
}

/** `Monday, November 23` */
export function longDateText(time: CalendarTime): string {
  return `${WEEKDAYS[time.weekday]}, ${MONTHS[time.month - 1]} ${time.day}`
}

/** `11/23/2026` */
export function shortDateText(time: CalendarTime): string {
  return `${time.month}/${time.day}/${time.year}`
}

/** `Mon Nov 23 09:41:07 UTC 2026`, as `date` prints it. */
export function unixDateText(time: CalendarTime): string {
  const day = String(time.day).padStart(2, ' ')
  const clock = `${two(time.hour)}:${two(time.minute)}:${two(time.second)}`
  return `${WEEKDAYS[time.weekday]?.slice(0, 3)} ${MONTHS[time.month - 1]?.slice(0, 3)} ${day} ${clock} UTC ${time.year}`
}

/** `Mon 11-23-2026`, as DOS prints it. */
export function dosDateText(time: CalendarTime): string {
  return `${WEEKDAYS[time.weekday]?.slice(0, 3)} ${two(time.month)}-${two(time.day)}-${time.year}`
}
