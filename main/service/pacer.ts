/**
 * Makes simulated time pass.
 *
 * The engine has no clock; the pacer looks at the computer's and says how far the engine may come: a multiple of real time, or as far as it
 * gets in small slices. Between events it sleeps. When the computer cannot keep up, simulated time falls behind instead of piling up.
 */

import type { Speed } from '../../preload/contract/index.ts'
import { TICKS_PER_MS, TICKS_PER_SECOND, type Tick } from '../engine/kernel/ticks.ts'

/** Real time between two looks at the clock, at least and at most, ms. */
const SLEEP_MS_MIN = 20
const SLEEP_MS_MAX = 1000
/** Real time that one slice may take before commands get their turn, ms. */
const SLICE_MS = 25
/** Events between two looks at the clock. */
const EVENTS_PER_LOOK = 200
/** Real time by which simulated time may lag before the lag is forgiven, ms. */
const LAG_MS_MAX = 500

export interface PacerHost {
  /** Real time, ms, from any start, never going back. */
  wallMs(): number
  now(): Tick
  nextDue(): Tick | undefined
  advanceTo(tick: Tick, eventsMax: number): Tick
  /** Called after a slice; the lab may have changed. */
  afterSlice(): void
  /** The next tick at which somebody who watches wants to see something, or undefined. */
  nextShown(): Tick | undefined
}

export class Pacer {
  readonly #host: PacerHost
  #speed: Speed = 0
  #baseTick: Tick = 0
  #baseMs = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(host: PacerHost) {
    this.#host = host
  }

  get speed(): Speed {
    return this.#speed
  }

  setSpeed(speed: Speed): void {
    this.catchUp()
    this.#speed = speed
    this.#rebase()
    this.#arm()
  }

  /** Brings simulated time to where it belongs now; called before each command. */
  catchUp(): void {
    if (this.#speed === 0 || this.#speed === 'max') return
    this.#slice(this.#target(this.#speed))
  }

  stop(): void {
    this.#speed = 0
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Something new is pending or watched: look again when to wake. */
  wake(): void {
    if (this.#speed !== 0) this.#arm()
  }

  #target(speed: 1 | 10 | 60): Tick {
    return this.#baseTick + Math.floor((this.#host.wallMs() - this.#baseMs) * speed * TICKS_PER_MS)
  }

  #rebase(): void {
    this.#baseTick = this.#host.now()
    this.#baseMs = this.#host.wallMs()
  }

  #arm(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#speed === 0) return
    this.#timer = setTimeout(() => this.#run(), this.#speed === 'max' ? 0 : this.#sleepMs(this.#speed))
  }

  #sleepMs(speed: 1 | 10 | 60): number {
    const due = this.#host.nextDue() ?? Number.POSITIVE_INFINITY
    const shown = this.#host.nextShown() ?? Number.POSITIVE_INFINITY
    const ms = (Math.min(due, shown) - this.#target(speed)) / speed / TICKS_PER_MS
    return Math.min(SLEEP_MS_MAX, Math.max(SLEEP_MS_MIN, Math.ceil(ms)))
  }

  #run(): void {
    const speed = this.#speed
    if (speed === 0) return
    if (speed === 'max') this.#runFree()
    else this.#slice(this.#target(speed))
    this.#host.afterSlice()
    this.#arm()
  }

  /** As many whole seconds as fit into a slice. */
  #runFree(): void {
    const end = this.#host.wallMs() + SLICE_MS
    do {
      this.#slice(this.#host.now() + TICKS_PER_SECOND)
    } while (this.#host.wallMs() < end)
  }

  #slice(target: Tick): void {
    const end = this.#host.wallMs() + SLICE_MS
    while (this.#host.now() < target) {
      if (this.#host.advanceTo(target, EVENTS_PER_LOOK) >= target) return
      if (this.#host.wallMs() >= end) break
    }
    const lagMs = (target - this.#host.now()) / TICKS_PER_MS / (this.#speed === 'max' || this.#speed === 0 ? 1 : this.#speed)
    if (lagMs > LAG_MS_MAX) this.#rebase()
  }
}
