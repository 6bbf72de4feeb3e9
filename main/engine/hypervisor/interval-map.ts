/**
 * A sorted map from ranges of page numbers to values, kept as few ranges as possible.
 *
 * Ranges never overlap and are never empty. A value may depend on where its range begins (an address that runs along): `shift` gives the
 * value of a part, `joins` tells whether two neighbours are one range.
 */
import { invariant } from '../kernel/result.ts'

export interface Interval<Value> {
  readonly start: number
  readonly count: number
  readonly value: Value
}

export interface IntervalRules<Value> {
  /** The value at `by` pages after the range's start. */
  shift(value: Value, by: number): Value
  /** True when `second`, right behind `first` of `count` pages, continues it. */
  joins(first: Value, count: number, second: Value): boolean
}

export class IntervalMap<Value> {
  readonly #rules: IntervalRules<Value>
  readonly #items: Interval<Value>[] = []

  constructor(rules: IntervalRules<Value>) {
    this.#rules = rules
  }

  get intervals(): readonly Interval<Value>[] {
    return this.#items
  }

  /** Index of the first range that ends behind `page`. */
  indexFrom(page: number): number {
    let low = 0
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const item = this.#items[middle]
      if (item !== undefined && item.start + item.count <= page) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The range that contains `page`. */
  at(page: number): Interval<Value> | undefined {
    const item = this.#items[this.indexFrom(page)]
    return item !== undefined && item.start <= page ? item : undefined
  }

  /** The parts of ranges that lie within `count` pages from `start`, in order. */
  slice(start: number, count: number): Interval<Value>[] {
    const parts: Interval<Value>[] = []
    const end = start + count
    for (let index = this.indexFrom(start); index < this.#items.length; index++) {
      const item = this.#items[index]
      if (item === undefined || item.start >= end) break
      const from = Math.max(start, item.start)
      const until = Math.min(end, item.start + item.count)
      parts.push({ start: from, count: until - from, value: this.#rules.shift(item.value, from - item.start) })
    }
    return parts
  }

  /** True when every page of the range has a value that passes `test`. */
  covers(start: number, count: number, test: (value: Value) => boolean): boolean {
    let next = start
    for (const part of this.slice(start, count)) {
      if (part.start !== next || !test(part.value)) return false
      next += part.count
    }
    return next === start + count
  }

  /** Gives the range a value, or none; splits and joins neighbours. */
  write(start: number, count: number, value: Value | undefined): void {
    invariant(Number.isSafeInteger(start) && start >= 0 && count > 0, `range ${start}+${count}`)
    const end = start + count
    const first = this.indexFrom(start)
    let last = first
    while (last < this.#items.length && (this.#items[last]?.start ?? end) < end) last++
    const fresh: Interval<Value>[] = []
    const head = this.#items[first]
    if (head !== undefined && first < last && head.start < start) fresh.push({ ...head, count: start - head.start })
    if (value !== undefined) fresh.push({ start, count, value })
    const tail = this.#items[last - 1]
    if (tail !== undefined && first < last && tail.start + tail.count > end) {
      fresh.push({ start: end, count: tail.start + tail.count - end, value: this.#rules.shift(tail.value, end - tail.start) })
    }
    const before = this.#items[first - 1]
    const after = this.#items[last]
    const merged: Interval<Value>[] = before === undefined ? [] : [before]
    for (const item of after === undefined ? fresh : [...fresh, after]) this.#append(merged, item)
    const from = before === undefined ? first : first - 1
    this.#items.splice(from, last - from + (after === undefined ? 0 : 1), ...merged)
  }

  clear(): void {
    this.#items.length = 0
  }

  #append(list: Interval<Value>[], item: Interval<Value>): void {
    const previous = list[list.length - 1]
    const touching = previous !== undefined && previous.start + previous.count === item.start
    if (touching && this.#rules.joins(previous.value, previous.count, item.value)) {
      list[list.length - 1] = { ...previous, count: previous.count + item.count }
    } else list.push(item)
  }
}
