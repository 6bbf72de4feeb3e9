/**
 * A set of whole numbers kept as runs.
 *
 * Block and sector bitmaps of virtual disks are kept this way: a disk of 64 TB that has never been written takes one empty array, and one
 * that has been filled from end to end takes one run. Numbers go up to 2^53 - 1.
 */

export class RunSet {
  /** Starts and ends (first number after the run) in turn, ascending; runs neither touch nor overlap. */
  #bounds: number[]
  #count: number

  constructor(bounds: readonly number[] = []) {
    this.#bounds = [...bounds]
    this.#count = 0
    for (let i = 0; i + 1 < bounds.length; i += 2) this.#count += this.#at(i + 1) - this.#at(i)
  }

  /** How many numbers are in the set. */
  get count(): number {
    return this.#count
  }

  get runs(): number {
    return this.#bounds.length / 2
  }

  has(value: number): boolean {
    return (this.#above(value) & 1) === 1
  }

  /** How many numbers from `start` up to but not including `end` are in the set. */
  countIn(start: number, end: number): number {
    let sum = 0
    for (let at = this.#above(start) & ~1; at < this.#bounds.length && this.#at(at) < end; at += 2) {
      sum += Math.min(end, this.#at(at + 1)) - Math.max(start, this.#at(at))
    }
    return sum
  }

  /** Adds numbers from `start` up to but not including `end`; returns how many were new. */
  add(start: number, end: number): number {
    if (end <= start) return 0
    // Most writes go where something has been written before.
    const above = this.#above(start)
    if ((above & 1) === 1 && this.#at(above) >= end) return 0
    const before = this.#count
    // Runs that touch the new one melt with it.
    const low = this.#firstEndAtLeast(start)
    let high = low
    let from = start
    let to = end
    while (high < this.#bounds.length && this.#at(high) <= end) {
      from = Math.min(from, this.#at(high))
      to = Math.max(to, this.#at(high + 1))
      this.#count -= this.#at(high + 1) - this.#at(high)
      high += 2
    }
    this.#bounds.splice(low, high - low, from, to)
    this.#count += to - from
    return this.#count - before
  }

  /** Removes numbers from `start` up to but not including `end`; returns how many were there. */
  remove(start: number, end: number): number {
    const low = this.#above(start) & ~1
    if (end <= start || low >= this.#bounds.length || this.#at(low) >= end) return 0
    const before = this.#count
    let high = low
    const kept: number[] = []
    while (high < this.#bounds.length && this.#at(high) < end) {
      const [from, to] = [this.#at(high), this.#at(high + 1)]
      if (from < start) kept.push(from, start)
      if (to > end) kept.push(end, to)
      this.#count -= Math.min(to, end) - Math.max(from, start)
      high += 2
    }
    this.#bounds.splice(low, high - low, ...kept)
    return before - this.#count
  }

  /** The end of the stretch around `value` that is wholly in or wholly out of the set, at most `limit`. */
  sameUntil(value: number, limit: number): number {
    const next = this.#bounds[this.#above(value)]
    return next === undefined ? limit : Math.min(limit, next)
  }

  /** Runs as starts and ends in turn: what is saved. */
  toRuns(): number[] {
    return [...this.#bounds]
  }

  #at(index: number): number {
    return this.#bounds[index] ?? 0
  }

  /** Index of the first bound above `value`; odd when `value` lies in a run. */
  #above(value: number): number {
    let low = 0
    let high = this.#bounds.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#at(middle) > value) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Index of the start of the first run whose end is at `value` or above. */
  #firstEndAtLeast(value: number): number {
    const above = this.#above(value - 1)
    return above & ~1
  }
}
