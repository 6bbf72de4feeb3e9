/**
 * Time for a machine's device pairs. The delay of a virtual disk or a switch is part of its request, not of the lab: it passes while the host's stack
 * settles, and the request's report tells of it. What devices do by the clock (heartbeats, time samples, status reports, time-outs) is due in the lab's
 * own time, and is made up for when the machine is next touched.
 */
import type { DeviceClock } from '../providers/device-clock.ts'

/** Something of a device that wants to be woken: a provider or a driver. */
export type Sleeper = () => void

/** `requests`: every wake-up belongs to a request. `clock`: only short ones do, such as the second look at a full ring. */
export type SleeperKind = 'requests' | 'clock'

/** Longest wait of a device that goes by the clock and still belongs to its request, ticks: 1 ms, the poll of a full ring before VMBus 2.4. */
const SHORT_WAIT = 10_000
/** Wake-ups of a request before it counts as a loop. */
const WAKES_MAX = 1_000_000

/** What the time of a machine needs of its host. */
export interface TimeHost {
  now(): number
  /** Asks for `runRequests` when nothing else is left to do. */
  devicesWait(time: DeviceTime): void
}

export class DeviceTime {
  readonly #host: TimeHost
  readonly #requests = new Map<Sleeper, number>()
  readonly #later = new Map<Sleeper, number>()
  /** How far the requests under way have come; undefined at rest. */
  #ahead: number | undefined
  #wakes = 0

  constructor(host: TimeHost) {
    this.#host = host
  }

  /** Now for the machine's devices, ticks: the lab's now, or later while a request waits for its device. */
  now(): number {
    return Math.max(this.#host.now(), this.#ahead ?? 0)
  }

  /** The clock of one end. */
  clockOf(sleeper: Sleeper, kind: SleeperKind): DeviceClock {
    return new EndClock(this, sleeper, kind)
  }

  /** Notes that an end wants to be woken. */
  wakeAt(sleeper: Sleeper, kind: SleeperKind, tick: number): void {
    const ofRequest = kind === 'requests' || tick - this.now() <= SHORT_WAIT
    const list = ofRequest ? this.#requests : this.#later
    const known = list.get(sleeper)
    if (known === undefined || tick < known) list.set(sleeper, tick)
    if (ofRequest) this.#host.devicesWait(this)
  }

  /** Lets requests wait for the device that answers first, and wakes who waited for it. */
  runRequests(): void {
    let due = Number.POSITIVE_INFINITY
    for (const tick of this.#requests.values()) due = Math.min(due, tick)
    if (due === Number.POSITIVE_INFINITY) return
    if (++this.#wakes > WAKES_MAX) throw new Error('the devices of a machine do not come to rest')
    this.#ahead = Math.max(this.now(), due)
    for (const sleeper of takeDue(this.#requests, this.#ahead)) sleeper()
    if (this.#requests.size > 0) this.#host.devicesWait(this)
  }

  /** All requests have ended: the devices are back in the lab's time. */
  rest(): void {
    this.#ahead = undefined
    this.#wakes = 0
  }

  /** Wakes once whoever was due by the lab's clock since the last call; missed periods count as one. True when somebody was. */
  catchUp(): boolean {
    const due = takeDue(this.#later, this.#host.now())
    for (const sleeper of due) sleeper()
    return due.length > 0
  }

  /** The devices are gone, and what they waited for with them. */
  clear(): void {
    this.#requests.clear()
    this.#later.clear()
  }
}

class EndClock implements DeviceClock {
  readonly #time: DeviceTime
  readonly #sleeper: Sleeper
  readonly #kind: SleeperKind

  constructor(time: DeviceTime, sleeper: Sleeper, kind: SleeperKind) {
    this.#time = time
    this.#sleeper = sleeper
    this.#kind = kind
  }

  now(): number {
    return this.#time.now()
  }

  wakeAt(tick: number): void {
    this.#time.wakeAt(this.#sleeper, this.#kind, tick)
  }
}

function takeDue(list: Map<Sleeper, number>, now: number): Sleeper[] {
  const due: Sleeper[] = []
  for (const [sleeper, tick] of list) if (tick <= now) due.push(sleeper)
  for (const sleeper of due) list.delete(sleeper)
  return due
}
