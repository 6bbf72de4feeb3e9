/**
 * The history of counters: one row per instance and simulated second, in a ring of a minute.
 *
 * What is kept: the totals of each host, and the instances that somebody has asked for (`watchCounter`), at most so many. A lab of thousands of
 * machines has no more rows for it than a lab of ten.
 *
 * No event makes a sample. A second's figures follow from the rows as they stood in it, so it is enough to take them before the rows change:
 * of a stretch of time in which nothing happened only what the rings will hold is worked out. The rows are the same however time was divided.
 */
import { type Result, refuse, succeed } from '../kernel/result.ts'
import { TICKS_PER_SECOND, type Tick } from '../kernel/ticks.ts'
import type { RefusalCode } from '../management/refusals.ts'
import type { CounterSampleRow, CounterWatchRow, HostRow } from '../rows.ts'
import type { World } from '../world.ts'
import * as catalogue from './catalogue.ts'
import { type Figures, readFigures } from './figures.ts'
import type { HostLoads } from './host-load.ts'
import { instancesOf } from './instances.ts'

/** Places of a ring: seconds of history. */
export const SAMPLES_MAX = 60
/** Instances of a host that are kept besides its totals. */
export const WATCHES_MAX = 64

/** Kept for every host. */
const TOTALS = [
  catalogue.LOGICAL_PROCESSOR,
  catalogue.ROOT_PROCESSOR,
  catalogue.VIRTUAL_PROCESSOR,
  catalogue.BALANCER_OBJECT,
  catalogue.STORAGE_OBJECT,
  catalogue.ADAPTER_OBJECT,
] as const

interface Series {
  readonly hostId: string
  readonly object: string
  readonly subject: string
}

const keyOf = ({ hostId, object, subject }: Series): string => `${hostId}|${object}|${subject}`

export class Sampler {
  readonly #world: World
  readonly #loads: HostLoads
  /** Last second of each host that has been taken. */
  readonly #last = new Map<string, number>()

  constructor(world: World, loads: HostLoads) {
    this.#world = world
    this.#loads = loads
    for (const { hostId, second } of world.tables.counter_sample.values()) {
      this.#last.set(hostId, Math.max(second, this.#last.get(hostId) ?? second))
    }
    const present = Math.floor(world.now / TICKS_PER_SECOND)
    for (const { id } of world.tables.host.values()) if (!this.#last.has(id)) this.#last.set(id, present - 1)
  }

  /** Takes the seconds before `tick` that are still to be taken: it is about to change something. */
  before(tick: Tick): void {
    this.#upTo(Math.ceil(tick / TICKS_PER_SECOND) - 1)
  }

  /** Takes the seconds up to `tick`, itself included. */
  until(tick: Tick): void {
    this.#upTo(Math.floor(tick / TICKS_PER_SECOND))
  }

  #upTo(second: number): void {
    for (const host of this.#world.tables.host.values()) {
      const last = this.#last.get(host.id) ?? second - 1
      if (second <= last) continue
      this.#last.set(host.id, second)
      for (let at = Math.max(last + 1, second - SAMPLES_MAX + 1); at <= second; at++) this.#sample(host, at)
    }
  }

  #sample(host: HostRow, second: number): void {
    const reading = { world: this.#world, loads: this.#loads, host, second }
    for (const object of TOTALS) {
      const figures = readFigures(reading, object, '')
      if (figures !== undefined) this.#put({ hostId: host.id, object, subject: '' }, second, figures)
    }
    for (const watch of this.#world.by.watchesOfHost.of(host.id)) {
      const figures = readFigures(reading, watch.object, watch.subject)
      if (figures !== undefined) this.#put(watch, second, figures)
    }
  }

  #put(series: Series, second: number, figures: Figures): void {
    const { hostId, object, subject } = series
    const id = `${keyOf(series)}|${second % SAMPLES_MAX}`
    this.#world.tables.counter_sample.put({ id, hostId, object, subject, second, figures: JSON.stringify(figures) })
  }
}

/** Samples of an instance within the last minute, oldest first. */
export function historyOf(world: World, series: Series): readonly { readonly second: number; readonly figures: Figures }[] {
  const oldest = Math.floor(world.now / TICKS_PER_SECOND) - SAMPLES_MAX
  return Array.from({ length: SAMPLES_MAX }, (_, place) => world.tables.counter_sample.get(`${keyOf(series)}|${place}`))
    .filter((row): row is CounterSampleRow => row !== undefined && row.second > oldest)
    .sort((a, b) => a.second - b.second)
    .map(({ second, figures }) => ({ second, figures: JSON.parse(figures) as Figures }))
}

/** The instance of that name; a refusal names what is unknown. */
export function findInstance(world: World, hostId: string, object: string, name: string): Result<Series, RefusalCode> {
  const host = world.tables.host.get(hostId)
  if (host === undefined) return refuse('unknown-host', { id: hostId })
  const instance =
    catalogue.counterObject(object) === undefined
      ? undefined
      : instancesOf(world, host, object).find((candidate) => candidate.name === name)
  if (instance === undefined) return refuse('unknown-counter', { object, instance: name })
  return succeed({ hostId, object, subject: instance.subject })
}

/** Keeps an instance's history from the next second on, or ends that and forgets it. */
export function watchCounter(world: World, series: Series, on: boolean): Result<null, RefusalCode> {
  const id = keyOf(series)
  if (!on) {
    endWatch(world, { id, ...series })
    return succeed(null)
  }
  if (world.tables.counter_watch.has(id) || isTotal(series)) return succeed(null)
  if (world.by.watchesOfHost.count(series.hostId) >= WATCHES_MAX) return refuse('too-many-counters', { maximum: WATCHES_MAX })
  world.tables.counter_watch.put({ id, ...series })
  return succeed(null)
}

const isTotal = ({ object, subject }: Series): boolean => subject === '' && TOTALS.some((total) => total === object)

function endWatch(world: World, watch: CounterWatchRow): void {
  world.tables.counter_watch.delete(watch.id)
  if (isTotal(watch)) return
  for (let place = 0; place < SAMPLES_MAX; place++) world.tables.counter_sample.delete(`${watch.id}|${place}`)
}

/** What is kept of a machine that is deleted ends with it. */
export function watchRemovals(world: World): void {
  world.tables.virtual_machine.observe((before, after) => {
    if (before === undefined || after !== undefined) return
    for (const watch of world.by.watchesOfHost.of(before.hostId)) {
      if (watch.subject === before.id || watch.subject.startsWith(`${before.id}/`)) endWatch(world, watch)
    }
  })
  const remove = (subject: string): void => {
    for (const watch of world.tables.counter_watch.values()) if (watch.subject === subject) endWatch(world, watch)
  }
  world.tables.drive.observe((before, after) => {
    if (before !== undefined && after === undefined) remove(before.id)
  })
  world.tables.network_adapter.observe((before, after) => {
    if (before !== undefined && after === undefined) remove(before.id)
  })
  world.tables.virtual_switch.observe((before, after) => {
    if (before !== undefined && after === undefined) remove(before.id)
  })
}
