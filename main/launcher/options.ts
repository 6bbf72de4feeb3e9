/**
 * Start options, as typed after `npm start --` and handed on to the shells: a strict parser without side effects.
 */
import { posix, win32 } from 'node:path'
import type { Speed } from '../../preload/contract/views.ts'

export interface StartOptions {
  /** As given; null = the default of this computer, see {@link defaultDataFolder}. */
  readonly data: string | null
  readonly browser: boolean
  /** 0 = any free port; null = the usual one or the next free. */
  readonly port: number | null
  readonly open: boolean
  readonly speed: Speed | null
  readonly seed: number | null
  readonly startTimeMs: number | null
  readonly fresh: boolean
  readonly test: boolean
  readonly sampleSize: number | null
}

export type ParsedOptions =
  | { readonly kind: 'options'; readonly options: StartOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly sentence: string }

export const SEED_MAX = 0xffff_ffff
export const SAMPLE_SIZE_MAX = 20_000
/** Start instants that a lab may have. Before it no x64 Windows existed; after it day-light rules are guesses. */
const START_YEARS = { min: 1980, max: 2199 }

export const HELP = `Usage: npm start -- [options]

  --data DIR         folder of the lab (default: Viridian in the user's application data)
  --browser          use the default browser instead of a window of its own
  --port N           port of the browser shell on 127.0.0.1, 0 = any free one (default: 8017 or the next free)
  --no-open          do not open the browser; only print the address
  --speed X          speed of simulated time: paused, 1, 10, 60 or max
  --seed N           seed of a new lab, 0 to ${SEED_MAX}
  --start-time ISO   simulated start of a new lab, such as 2024-03-04T08:00:00Z
  --fresh            start with a new sample lab; the present one is set aside
  --help             print this
`

type Values = { -readonly [Key in keyof StartOptions]: StartOptions[Key] }
type Taker = (values: Values, text: string) => string | null

const FLAGS: ReadonlyMap<string, Partial<StartOptions>> = new Map<string, Partial<StartOptions>>([
  ['--browser', { browser: true }],
  ['--no-open', { open: false }],
  ['--fresh', { fresh: true }],
  ['--test', { test: true }],
])

const SPEEDS: ReadonlyMap<string, Speed> = new Map<string, Speed>([
  ['paused', 0],
  ['1', 1],
  ['10', 10],
  ['60', 60],
  ['max', 'max'],
])

function wholeNumber(text: string, max: number): number | null {
  if (!/^\d{1,15}$/.test(text)) return null
  const value = Number(text)
  return value <= max ? value : null
}

function numberTaker(option: string, max: number, key: 'port' | 'seed' | 'sampleSize'): Taker {
  return (values, text) => {
    const value = wholeNumber(text, max)
    if (value === null) return `${option} takes a whole number from 0 to ${max}, not "${text}".`
    values[key] = value
    return null
  }
}

/** Each takes the option's value, or answers with the sentence that refuses it. */
const TAKERS: ReadonlyMap<string, Taker> = new Map<string, Taker>([
  [
    '--data',
    (values, text) => {
      if (text.includes('\0')) return '--data takes the path of a folder, and no path has a null character.'
      values.data = text
      return null
    },
  ],
  ['--port', numberTaker('--port', 65_535, 'port')],
  ['--seed', numberTaker('--seed', SEED_MAX, 'seed')],
  ['--sample-size', numberTaker('--sample-size', SAMPLE_SIZE_MAX, 'sampleSize')],
  [
    '--speed',
    (values, text) => {
      const speed = SPEEDS.get(text)
      if (speed === undefined) return `--speed takes one of ${[...SPEEDS.keys()].join(', ')}, not "${text}".`
      values.speed = speed
      return null
    },
  ],
  [
    '--start-time',
    (values, text) => {
      const instant = parseInstant(text)
      if (instant === null) {
        const { min, max } = START_YEARS
        return `--start-time takes a date of the years ${min} to ${max} such as 2024-03-04 or 2024-03-04T08:00:00Z, not "${text}".`
      }
      values.startTimeMs = instant
      return null
    },
  ],
])

/** ISO 8601 date, or date and time with an optional zone (UTC without one); milliseconds since 1970, or null. */
export function parseInstant(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(Z|[+-]\d{2}:\d{2})?)?$/.exec(text)
  if (match === null) return null
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '0', zone = 'Z'] = match
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}`
  const asUtc = Date.parse(`${local}Z`)
  // Date.parse lets 30 February pass as 1 March; the way back shows it.
  if (Number.isNaN(asUtc) || new Date(asUtc).toISOString() !== `${local}Z`) return null
  const instant = Date.parse(`${local}${zone}`)
  if (Number.isNaN(instant) || Number(year) < START_YEARS.min || Number(year) > START_YEARS.max) return null
  return instant
}

/** Parses start options. Every refusal is one sentence that names the option and what it takes. */
export function parseOptions(words: readonly string[]): ParsedOptions {
  const values: Values = {
    data: null,
    browser: false,
    port: null,
    open: true,
    speed: null,
    seed: null,
    startTimeMs: null,
    fresh: false,
    test: false,
    sampleSize: null,
  }
  const seen = new Set<string>()
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (word === '--help' || word === '-h') return { kind: 'help' }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1
    const name = equals < 0 ? word : word.slice(0, equals)
    const flag = FLAGS.get(name)
    const taker = TAKERS.get(name)
    if (flag === undefined && taker === undefined) {
      const what = word.startsWith('-') ? 'option' : 'argument'
      return refused(`Unknown ${what} "${name}"; --help lists what there is.`)
    }
    // A flag may come twice: the script "start:browser" gives one, and so may its user.
    if (taker !== undefined && seen.has(name)) return refused(`${name} is given more than once.`)
    seen.add(name)
    if (flag !== undefined) {
      if (equals >= 0) return refused(`${name} takes no value.`)
      Object.assign(values, flag)
      continue
    }
    const value = equals >= 0 ? word.slice(equals + 1) : words[++i]
    if (value === undefined || value === '' || (equals < 0 && value.startsWith('--'))) return refused(`${name} needs a value.`)
    const sentence = taker?.(values, value) ?? null
    if (sentence !== null) return refused(sentence)
  }
  return { kind: 'options', options: values }
}

function refused(sentence: string): ParsedOptions {
  return { kind: 'refused', sentence }
}

/** Switches of Electron's own runtime that may stand among an application's arguments. */
const RUNTIME_SWITCH =
  /^(--(no-sandbox|no-zygote|inspect|remote-debugging-|disable-|enable-|force-|ozone-|use-|in-process-|headless|lang=|user-data-dir=)|-psn_)/

/**
 * The product's own words among those of an Electron process.
 *
 * Unpackaged they follow the folder of the application; packaged they follow the program. The runtime's switches are left out.
 */
export function electronWords(argv: readonly string[], packaged: boolean): string[] {
  let words = argv.slice(1)
  if (!packaged) {
    const folder = words.findIndex((word) => !word.startsWith('-'))
    words = folder < 0 ? [] : words.slice(folder + 1)
  }
  return words.filter((word) => !RUNTIME_SWITCH.test(word))
}

/** The product's folder among this user's application data. */
export function defaultDataFolder(platform: string, home: string, environment: Readonly<Record<string, string | undefined>>): string {
  if (platform === 'win32') return win32.join(environment.APPDATA || win32.join(home, 'AppData', 'Roaming'), 'Viridian')
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support', 'Viridian')
  const xdg = environment.XDG_DATA_HOME
  // The base directory specification wants relative values ignored.
  return posix.join(xdg?.startsWith('/') ? xdg : posix.join(home, '.local', 'share'), 'Viridian')
}
