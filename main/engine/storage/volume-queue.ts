/**
 * How long a volume takes: a number of requests under way at once, an access time for each, and one path for the bytes.
 *
 * A request takes a place in the device's queue, waits for the path behind the requests before it, moves its bytes at the volume's
 * throughput and has its access time on top. Steady load is reckoned by the second: its demand of device time against the time there is.
 */
import { TICKS_PER_SECOND, TICKS_PER_US, type Tick } from '../kernel/ticks.ts'
import type { VolumeRow } from '../rows.ts'

export interface VolumeProfile {
  readonly readBytesPerSecond: number
  readonly writeBytesPerSecond: number
  /** Requests that the device works on at once. */
  readonly queueDepth: number
  /** Access time where the last request did not end, ticks. */
  readonly randomTicks: Tick
  /** Access time where the last request ended, ticks. */
  readonly sequentialTicks: Tick
  /** Time on the shared path beside the bytes, ticks: bounds operations per second. */
  readonly operationTicks: Tick
}

const MIB = 1024 * 1024

/**
 * Profile of a volume by its throughput: below 300 MiB/s a disk with moving heads (8.5 ms per access, one at a time), below 1,000 MiB/s a
 * flash disk on SATA, above that NVMe or an array of them (device time of a 4 KiB read 80 µs: devices reference 9.1).
 */
export function profileOf(volume: VolumeRow): VolumeProfile {
  const rates = { readBytesPerSecond: Math.max(1, volume.readBytesPerSecond), writeBytesPerSecond: Math.max(1, volume.writeBytesPerSecond) }
  if (volume.readBytesPerSecond < 300 * MIB) {
    return { ...rates, queueDepth: 1, randomTicks: 8500 * TICKS_PER_US, sequentialTicks: 100 * TICKS_PER_US, operationTicks: 0 }
  }
  if (volume.readBytesPerSecond < 1000 * MIB) {
    return {
      ...rates,
      queueDepth: 32,
      randomTicks: 80 * TICKS_PER_US,
      sequentialTicks: 60 * TICKS_PER_US,
      operationTicks: 10 * TICKS_PER_US,
    }
  }
  return { ...rates, queueDepth: 128, randomTicks: 80 * TICKS_PER_US, sequentialTicks: 60 * TICKS_PER_US, operationTicks: 2 * TICKS_PER_US }
}

/** Saved form; `id` is that of the `volume` row. */
export interface VolumeQueueRow {
  readonly id: string
  readonly requests: number
  readonly pathFreeTick: Tick
  /** When the places of the queue become free, in the order of their use. */
  readonly places: readonly Tick[]
  readonly lastStream: string
  readonly second: number
  readonly demandTicks: number
  readonly lastUtilization: number
}

export interface VolumeDemand {
  readonly sequential: number
  readonly random: number
  readonly bytesRead: number
  readonly bytesWritten: number
}

/** Waiting grows with utilization as in a queue with one server, up to fifty times the service time. */
const UTILIZATION_MAX = 0.98

export class VolumeQueue {
  readonly id: string
  readonly profile: VolumeProfile
  readonly #places: number[]
  #requests = 0
  #pathFreeTick = 0
  #lastStream = ''
  #second = 0
  #demandTicks = 0
  #lastUtilization = 0

  constructor(id: string, profile: VolumeProfile, row?: VolumeQueueRow) {
    this.id = id
    this.profile = profile
    this.#places = new Array<number>(profile.queueDepth).fill(0)
    if (row === undefined) return
    row.places.forEach((tick, index) => {
      if (index < profile.queueDepth) this.#places[index] = tick
    })
    this.#requests = row.requests
    this.#pathFreeTick = row.pathFreeTick
    this.#lastStream = row.lastStream
    this.#second = row.second
    this.#demandTicks = row.demandTicks
    this.#lastUtilization = row.lastUtilization
  }

  /**
   * Takes one request in.
   *
   * @param stream who reads or writes; a request goes on where the last one ended only when nobody else came between.
   * @returns when the device has answered.
   */
  submit(write: boolean, bytes: number, sequential: boolean, stream: string, now: Tick): Tick {
    const place = this.#requests % this.profile.queueDepth
    const start = Math.max(now, this.#places[place] ?? 0, this.#pathFreeTick)
    const moved = start + this.profile.operationTicks + this.#transferTicks(write, bytes)
    const access = sequential && this.#lastStream === stream ? this.profile.sequentialTicks : this.profile.randomTicks
    this.#requests++
    this.#pathFreeTick = moved
    this.#places[place] = moved + access
    this.#lastStream = stream
    return moved + access
  }

  /** Requests not yet answered at `now`. */
  queueLength(now: Tick): number {
    let count = 0
    for (const tick of this.#places) if (tick > now) count++
    return count
  }

  /** Device time that a load takes, ticks. */
  busyTicks(demand: VolumeDemand): Tick {
    const { queueDepth, operationTicks, randomTicks, sequentialTicks } = this.profile
    const access = (demand.random * randomTicks + demand.sequential * sequentialTicks) / queueDepth
    const moving = this.#transferTicks(false, demand.bytesRead) + this.#transferTicks(true, demand.bytesWritten)
    // The path and the places work side by side; with one place they follow each other.
    const path = (demand.random + demand.sequential) * operationTicks + moving
    return Math.round(queueDepth === 1 ? path + access : Math.max(path, access))
  }

  /**
   * Adds a stretch of steady load.
   *
   * @returns the part of the volume's time that all load of this second takes so far (the last whole second's while it was higher); above 1
   * the volume cannot keep up.
   */
  addLoad(busyTicks: Tick, ticks: Tick, now: Tick): number {
    const second = Math.floor(now / TICKS_PER_SECOND)
    if (second !== this.#second) {
      this.#lastUtilization = second === this.#second + 1 ? this.#demandTicks / TICKS_PER_SECOND : 0
      this.#demandTicks = 0
      this.#second = second
    }
    this.#demandTicks += busyTicks
    return Math.max(this.#lastUtilization, this.#demandTicks / Math.max(ticks, TICKS_PER_SECOND))
  }

  /** Mean time of an operation at a utilization, ticks. */
  latencyTicks(demand: VolumeDemand, utilization: number): Tick {
    const operations = demand.random + demand.sequential
    if (operations === 0) return 0
    const { operationTicks, randomTicks, sequentialTicks } = this.profile
    const access = demand.random * randomTicks + demand.sequential * sequentialTicks
    const moving = this.#transferTicks(false, demand.bytesRead) + this.#transferTicks(true, demand.bytesWritten)
    const service = operationTicks + (access + moving) / operations
    return Math.round(service / (1 - Math.min(UTILIZATION_MAX, utilization)))
  }

  toRow(): VolumeQueueRow {
    return {
      id: this.id,
      requests: this.#requests,
      pathFreeTick: this.#pathFreeTick,
      places: [...this.#places],
      lastStream: this.#lastStream,
      second: this.#second,
      demandTicks: this.#demandTicks,
      lastUtilization: this.#lastUtilization,
    }
  }

  #transferTicks(write: boolean, bytes: number): Tick {
    const rate = write ? this.profile.writeBytesPerSecond : this.profile.readBytesPerSecond
    return Math.ceil((bytes * TICKS_PER_SECOND) / rate)
  }
}
