/** Bandwidth of a port and of an uplink: a token bucket that holds frames back, and a link that sends them one after the other. */
import { TICKS_PER_MS, TICKS_PER_SECOND, type Tick } from '../kernel/ticks.ts'

/** A port may send this much at once before the limit holds it back: 100 ms of its rate, at least ten full frames. */
const BURST_TICKS = 100 * TICKS_PER_MS
const BURST_BYTES_MIN = 15_140
/** Frames wait at a limit at most this long; what would wait longer is dropped (reason Qos). */
export const QUEUE_TICKS_MAX = 200 * TICKS_PER_MS

/** Saved form. */
export interface BucketRow {
  /** Tokens, bits; negative while frames wait for them. */
  readonly tokens: number
  readonly tick: Tick
}

/** A limit in bits per second that lets frames wait for a while. */
export class TokenBucket {
  readonly bitsPerSecond: number
  readonly #burstBits: number
  #tokens: number
  #tick: Tick

  constructor(bitsPerSecond: number, now: Tick, row?: BucketRow) {
    this.bitsPerSecond = bitsPerSecond
    this.#burstBits = Math.max(BURST_BYTES_MIN * 8, (bitsPerSecond * BURST_TICKS) / TICKS_PER_SECOND)
    this.#tokens = row?.tokens ?? this.#burstBits
    this.#tick = row?.tick ?? now
  }

  /** When a frame may go; null when it would have to wait too long. */
  take(bytes: number, now: Tick): Tick | null {
    this.#fill(now)
    const missing = bytes * 8 - this.#tokens
    const wait = missing <= 0 ? 0 : Math.ceil((missing * TICKS_PER_SECOND) / this.bitsPerSecond)
    if (wait > QUEUE_TICKS_MAX) return null
    this.#tokens -= bytes * 8
    return Math.max(now, this.#tick) + wait
  }

  /** How many of `bytes` a steady stream over the `ticks` up to `now` may send; takes their tokens. */
  takeSteady(bytes: number, ticks: Tick, now: Tick): number {
    this.#fill(now - ticks)
    // Within its own stretch the stream uses tokens as they come: no burst limits them.
    const tokens = this.#tokens + (Math.max(0, now - this.#tick) * this.bitsPerSecond) / TICKS_PER_SECOND
    const sent = Math.min(bytes, Math.max(0, Math.floor(tokens / 8)))
    this.#tokens = Math.min(this.#burstBits, tokens - sent * 8)
    this.#tick = Math.max(this.#tick, now)
    return sent
  }

  toRow(): BucketRow {
    return { tokens: this.#tokens, tick: this.#tick }
  }

  #fill(now: Tick): void {
    if (now <= this.#tick) return
    const fresh = ((now - this.#tick) * this.bitsPerSecond) / TICKS_PER_SECOND
    this.#tokens = Math.min(this.#burstBits, this.#tokens + fresh)
    this.#tick = now
  }
}

export interface LinkSettings {
  readonly bitsPerSecond: number
  /** Time on the way to the other end, ticks. */
  readonly latencyTicks: Tick
  readonly up: boolean
}

/** Saved form. */
export interface LinkRow {
  readonly freeTick: Tick
  readonly second: number
  readonly steadyBits: number
  readonly lastShare: number
}

/** A one-way link: frames follow each other at its rate; steady streams share it in proportion when they want more than it has. */
export class Link {
  settings: LinkSettings
  #freeTick: Tick = 0
  #second = 0
  #steadyBits = 0
  /** Part of its wish that every stream of the last second could have had, at most 1. */
  #lastShare = 1

  constructor(settings: LinkSettings, row?: LinkRow) {
    this.settings = settings
    if (row === undefined) return
    this.#freeTick = row.freeTick
    this.#second = row.second
    this.#steadyBits = row.steadyBits
    this.#lastShare = row.lastShare
  }

  /** When everything given to the link has been sent. */
  get freeTick(): Tick {
    return this.#freeTick
  }

  /**
   * Sends a frame.
   *
   * @param reservedTick when the sender's reservation would have let it out, at the latest; it overtakes what waits from others then.
   * @returns when it is at the other end.
   */
  send(bytes: number, now: Tick, reservedTick: Tick | null = null): Tick {
    const sending = sendingTicks(bytes, this.settings.bitsPerSecond)
    const turn = Math.max(now, this.#freeTick)
    const start = reservedTick === null ? turn : Math.min(turn, Math.max(now, reservedTick))
    this.#freeTick = turn + sending
    return start + sending + this.settings.latencyTicks
  }

  /** How many of a steady stream's `bytes` in `ticks` the link carries; at least what is reserved for it. */
  sendSteady(bytes: number, ticks: Tick, now: Tick, reservedBitsPerSecond: number): number {
    const second = Math.floor(now / TICKS_PER_SECOND)
    if (second !== this.#second) {
      const wanted = second === this.#second + 1 ? this.#steadyBits : 0
      this.#lastShare = wanted > this.settings.bitsPerSecond ? this.settings.bitsPerSecond / wanted : 1
      this.#steadyBits = 0
      this.#second = second
    }
    this.#steadyBits += bytes * 8
    const most = (this.settings.bitsPerSecond * ticks) / TICKS_PER_SECOND / 8
    const reserved = Math.min(bytes, (reservedBitsPerSecond * ticks) / TICKS_PER_SECOND / 8)
    return Math.floor(Math.min(most, Math.max(reserved, bytes * this.#lastShare)))
  }

  toRow(): LinkRow {
    return { freeTick: this.#freeTick, second: this.#second, steadyBits: this.#steadyBits, lastShare: this.#lastShare }
  }
}

/** Time that a frame takes at a rate, ticks. */
export function sendingTicks(bytes: number, bitsPerSecond: number): Tick {
  return Math.ceil((bytes * 8 * TICKS_PER_SECOND) / bitsPerSecond)
}
