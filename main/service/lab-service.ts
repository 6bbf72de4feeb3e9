/**
 * Runs the engine of one lab.
 *
 * The one way through: a command is carried out at the present simulated moment, what it changed is written in one transaction, then it is
 * acknowledged and published. Time that passes is written the same way, at the latest every few seconds.
 */

import type { ConsoleMessage, LabView, MetricsMessage, Speed } from '../../preload/contract/index.ts'
import { stateHash } from '../engine/counters/state-hash.ts'
import { Engine } from '../engine/engine.ts'
import { consoleFrame } from '../engine/guest/guest.ts'
import type { ChangeLog } from '../engine/kernel/table.ts'
import { TICKS_PER_MS, TICKS_PER_SECOND, type Tick } from '../engine/kernel/ticks.ts'
import type { FilePort } from '../engine/management/disks/file-port.ts'
import type { LabRows, World } from '../engine/world.ts'
import { consoleMessage } from './console.ts'
import { FileWorks } from './file-works.ts'
import { Pacer } from './pacer.ts'
import { Publisher } from './publisher.ts'
import { LatestValue } from './stream.ts'

/** Where a lab is kept. */
export interface LabStore {
  readonly folder: string
  commit(world: World, changes: ChangeLog): void
}

export interface LabServiceOptions {
  readonly rows: LabRows
  readonly store: LabStore
  /** Names this run of the engine; sequence numbers count within it. */
  readonly epoch: string
  readonly speed: Speed
  /** Time is moved by test methods only. */
  readonly manual: boolean
  readonly wallMs: () => number
  /** Keeper of the real files; without one, work on them stays ordered. */
  readonly files?: FilePort
}

/** Real time after which a lab whose clock alone has moved is written, ms. */
const CLOCK_COMMIT_MS = 5000
/** Real time between two refreshes of the clock, the counters and the pictures at the least, ms. */
const SHOW_MS_MIN = 95

/** Pictures that are renewed more often than this are live ones, ms. */
const LIVE_MS_MAX = 1000

interface MetricsWatcher {
  readonly hostId: string
  readonly vmIds: 'all' | readonly string[]
  readonly latest: LatestValue<MetricsMessage>
  lastSecond: Tick
}

/** Something that is made anew each simulated second, for as long as somebody takes it. */
interface SecondsWatcher {
  refresh(): void
  end(): void
}

interface ConsoleWatcher {
  readonly vmId: string
  readonly everyMs: number
  readonly latest: LatestValue<ConsoleMessage>
  lastMs: number
  lastSent: string
  /** A picture that came too soon is shown at this time. */
  late: ReturnType<typeof setTimeout> | undefined
}

export class LabService {
  readonly engine: Engine
  readonly publisher: Publisher
  readonly manual: boolean
  readonly #store: LabStore
  readonly #pacer: Pacer
  readonly #wallMs: () => number
  readonly #metricsWatchers = new Set<MetricsWatcher>()
  readonly #consoleWatchers = new Set<ConsoleWatcher>()
  readonly #secondsWatchers = new Set<SecondsWatcher>()
  #shownTick: Tick
  #shownMs = 0
  #committedMs: number
  #closed = false
  /** Steps follow one another, also those that wait for files. */
  #stepping: Promise<unknown> = Promise.resolve()
  /** Real files of virtual disks; null where nobody keeps them. */
  readonly files: FileWorks | null

  constructor(options: LabServiceOptions) {
    this.engine = new Engine(options.rows)
    this.manual = options.manual
    this.#store = options.store
    this.#wallMs = options.wallMs
    this.#committedMs = options.wallMs()
    this.#shownTick = this.world.now
    this.publisher = new Publisher(this.world, options.epoch, () => this.#labView())
    this.#pacer = new Pacer({
      wallMs: options.wallMs,
      now: () => this.world.now,
      nextDue: () => this.engine.nextDue(),
      advanceTo: (tick, eventsMax) => this.engine.advanceTo(tick, eventsMax),
      afterSlice: () => this.#afterSlice(),
      nextShown: () => this.#nextShown(),
    })
    this.files = options.files ? new FileWorks(this.world, options.files, (apply) => this.command(apply)) : null
    this.files?.pump()
    if (!options.manual) this.#pacer.setSpeed(options.speed)
  }

  get world(): World {
    return this.engine.world
  }

  get speed(): Speed {
    return this.#pacer.speed
  }

  /** Carries out a command: time is brought up to date, the command runs, its changes are on disk when this returns. */
  command<T>(run: (world: World) => T): T {
    this.#pacer.catchUp()
    const result = run(this.world)
    this.#commit()
    this.#shownTick = this.world.now
    this.publisher.flush()
    // What was typed is to be seen at once, not at the next turn of the picture.
    for (const watcher of this.#consoleWatchers) this.#refreshConsole(watcher, watcher.everyMs < LIVE_MS_MAX)
    this.#pacer.wake()
    return result
  }

  /** Reads without changing anything. */
  query<T>(run: (world: World) => T): T {
    return run(this.world)
  }

  setSpeed(speed: Speed): Speed {
    if (!this.manual) this.#pacer.setSpeed(speed)
    this.#commit()
    this.#show()
    return this.speed
  }

  /** Moves time at once: single steps while paused, and tests. */
  step(milliseconds: number): Tick {
    this.#pacer.catchUp()
    this.engine.advanceTo(this.world.now + milliseconds * TICKS_PER_MS)
    this.#commit()
    this.#show()
    this.#pacer.wake()
    return this.world.now
  }

  /** As `step`, but no event comes before the work on real files that was ordered before it: the same state on every run. */
  stepThrough(milliseconds: number): Promise<Tick> {
    const step = this.#stepping.then(() => this.#stepOnce(milliseconds))
    this.#stepping = step.catch(() => undefined)
    return step
  }

  async #stepOnce(milliseconds: number): Promise<Tick> {
    const { files } = this
    if (files === null) return this.step(milliseconds)
    this.#pacer.catchUp()
    const target = this.world.now + milliseconds * TICKS_PER_MS
    do {
      await files.settled()
      this.engine.advanceTo(target, Number.POSITIVE_INFINITY, () => files.outstanding)
      this.#commit()
    } while (!this.#closed && (files.outstanding || this.world.now < target))
    this.#show()
    this.#pacer.wake()
    return this.world.now
  }

  stateHash(): string {
    return stateHash(this.world)
  }

  watchMetrics(hostId: string, vmIds: 'all' | readonly string[]): LatestValue<MetricsMessage> {
    const watcher: MetricsWatcher = {
      hostId,
      vmIds,
      latest: new LatestValue<MetricsMessage>(() => this.#metricsWatchers.delete(watcher)),
      lastSecond: Number.NEGATIVE_INFINITY,
    }
    this.#metricsWatchers.add(watcher)
    this.#refreshMetrics(watcher)
    this.#pacer.wake()
    return watcher.latest
  }

  /** What `make` says in each simulated second, the latest only. */
  watchSeconds<T>(make: () => T): LatestValue<T> {
    const latest = new LatestValue<T>(() => this.#secondsWatchers.delete(watcher))
    let lastSecond = Number.NEGATIVE_INFINITY
    const watcher: SecondsWatcher = {
      refresh: () => {
        const second = Math.floor(this.world.now / TICKS_PER_SECOND)
        if (second === lastSecond) return
        lastSecond = second
        latest.set(make())
      },
      end: () => latest.end(),
    }
    this.#secondsWatchers.add(watcher)
    watcher.refresh()
    this.#pacer.wake()
    return latest
  }

  watchConsole(vmId: string, rate: 'live' | 'thumbnail'): LatestValue<ConsoleMessage> {
    const watcher: ConsoleWatcher = {
      vmId,
      everyMs: rate === 'live' ? 90 : 2000,
      latest: new LatestValue<ConsoleMessage>(() => {
        clearTimeout(watcher.late)
        this.#consoleWatchers.delete(watcher)
      }),
      lastMs: Number.NEGATIVE_INFINITY,
      lastSent: '',
      late: undefined,
    }
    this.#consoleWatchers.add(watcher)
    this.#refreshConsole(watcher)
    this.#pacer.wake()
    return watcher.latest
  }

  /** Stops time and writes the last moment. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.files?.close()
    this.#pacer.catchUp()
    this.#pacer.stop()
    this.#commit()
    this.publisher.close()
    for (const watcher of [...this.#metricsWatchers]) watcher.latest.end()
    for (const watcher of [...this.#consoleWatchers]) watcher.latest.end()
    for (const watcher of [...this.#secondsWatchers]) watcher.end()
  }

  #labView(): LabView {
    const lab = this.world.lab
    return {
      id: 'lab',
      name: lab.name,
      folder: this.#store.folder,
      startTimeMs: lab.startTimeMs,
      tick: this.#shownTick,
      speed: this.#pacer?.speed ?? 0,
      manual: this.manual,
    }
  }

  #commit(): void {
    const changes = this.world.takeChanges()
    this.#committedMs = this.#wallMs()
    if (changes.size > 0) this.#store.commit(this.world, changes)
    this.files?.pump()
  }

  /** Whether rows other than the clock's have changed: those are written before anybody sees them. */
  #afterSlice(): void {
    const changed = this.world.hasChanges
    if (changed || this.#wallMs() - this.#committedMs >= CLOCK_COMMIT_MS) this.#commit()
    const due = Math.floor(this.#shownTick / TICKS_PER_SECOND) !== Math.floor(this.world.now / TICKS_PER_SECOND)
    if (changed || due || this.#consoleWatchers.size > 0) this.#show()
  }

  #show(): void {
    this.#shownTick = this.world.now
    this.#shownMs = this.#wallMs()
    this.publisher.flush()
    for (const watcher of this.#metricsWatchers) this.#refreshMetrics(watcher)
    for (const watcher of this.#secondsWatchers) watcher.refresh()
    this.#refreshConsoles()
  }

  /** The next whole simulated second while somebody watches; a little sooner for live pictures, a little later at high speeds. */
  #nextShown(): Tick | undefined {
    const speed = this.speed
    if (this.publisher.subscriberCount === 0 || speed === 0 || speed === 'max') return undefined
    const notBefore = this.world.now + Math.max(0, SHOW_MS_MIN - (this.#wallMs() - this.#shownMs)) * TICKS_PER_MS * speed
    const live = [...this.#consoleWatchers].some((watcher) => watcher.everyMs < LIVE_MS_MAX)
    const next = live ? this.world.now : (Math.floor(this.world.now / TICKS_PER_SECOND) + 1) * TICKS_PER_SECOND
    return Math.max(notBefore, next)
  }

  #refreshMetrics(watcher: MetricsWatcher): void {
    const second = Math.floor(this.world.now / TICKS_PER_SECOND)
    if (second === watcher.lastSecond) return
    watcher.lastSecond = second
    const ids = watcher.vmIds === 'all' ? this.world.by.vmsOfHost.of(watcher.hostId).map((vm) => vm.id) : watcher.vmIds
    const rows: MetricsMessage['rows'] = []
    for (const id of ids) {
      const metrics = this.engine.metrics.read(id)
      if (metrics) rows.push([id, metrics.cpuPercent, metrics.assignedMb, metrics.demandMb, metrics.memoryStatus])
    }
    watcher.latest.set({ tick: this.world.now, rows })
  }

  #refreshConsoles(): void {
    for (const watcher of this.#consoleWatchers) this.#refreshConsole(watcher)
  }

  #refreshConsole(watcher: ConsoleWatcher, atOnce = false): void {
    const ms = this.#wallMs()
    const dueMs = watcher.lastMs + watcher.everyMs
    if (!this.manual && !atOnce && ms < dueMs) {
      // Nothing may come later that would show what this turn leaves out: time can stand still.
      watcher.late ??= setTimeout(() => this.#refreshConsole(watcher), dueMs - ms)
      return
    }
    clearTimeout(watcher.late)
    watcher.late = undefined
    watcher.lastMs = ms
    const message = consoleMessage(this.world, watcher.vmId, () => consoleFrame(this.world, watcher.vmId))
    const version = `${message.frame?.version ?? ''}|${message.headline ?? ''}|${message.hint ?? ''}|${message.interactive}`
    if (version === watcher.lastSent) return
    watcher.lastSent = version
    watcher.latest.set(message)
  }
}
