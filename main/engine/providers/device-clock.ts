/** Time for devices: they keep what is due themselves and ask to be woken at the earliest tick, so that their rows hold all of it. */

/** Given to a provider or client by whoever runs the simulation. Must not call back inside `wakeAt`. */
export interface DeviceClock {
  /** Simulated now, ticks of 100 ns. */
  now(): number
  /** Asks for a call of the device's `wake` at this tick (not before; more calls than asked for do no harm). */
  wakeAt(tick: number): void
}

/** Saved form of a {@link DueList}. */
export interface DueRows<T> {
  readonly nextSequence: number
  readonly entries: readonly { readonly due: number; readonly sequence: number; readonly item: T }[]
}

interface DueEntry<T> {
  readonly due: number
  readonly sequence: number
  readonly item: T
}

/** Things due at ticks; equal ticks come in the order in which they were added. */
export class DueList<T> {
  #heap: DueEntry<T>[] = []
  #nextSequence = 1
  #armed = Number.POSITIVE_INFINITY

  get size(): number {
    return this.#heap.length
  }

  /** Adds an item and asks the clock for a wake-up if it is the earliest. */
  add(due: number, item: T, clock: DeviceClock): void {
    this.#push({ due, sequence: this.#nextSequence++, item })
    this.arm(clock)
  }

  /** Asks again for the earliest wake-up if none is under way. */
  arm(clock: DeviceClock): void {
    const first = this.#heap[0]
    if (first === undefined || first.due >= this.#armed) return
    this.#armed = first.due
    clock.wakeAt(first.due)
  }

  /** Takes the next item that is due. */
  take(now: number): T | undefined {
    if (this.#armed <= now) this.#armed = Number.POSITIVE_INFINITY
    const first = this.#heap[0]
    if (first === undefined || first.due > now) return undefined
    this.#pop()
    return first.item
  }

  /** Lets `count` items have come and gone. */
  passed(count: number): void {
    this.#nextSequence += count
  }

  /** Removes items for which `gone` says true; returns them in order of their due ticks. */
  remove(gone: (item: T) => boolean): T[] {
    const sorted = this.#sorted()
    this.#heap = sorted.filter((entry) => !gone(entry.item))
    return sorted.filter((entry) => gone(entry.item)).map((entry) => entry.item)
  }

  items(): T[] {
    return this.#sorted().map((entry) => entry.item)
  }

  snapshot(): DueRows<T> {
    return { nextSequence: this.#nextSequence, entries: this.#sorted() }
  }

  restore(rows: DueRows<T>, clock: DeviceClock): void {
    this.#heap = [...rows.entries].sort(compare)
    this.#nextSequence = rows.nextSequence
    this.#armed = Number.POSITIVE_INFINITY
    this.arm(clock)
  }

  #sorted(): DueEntry<T>[] {
    return [...this.#heap].sort(compare)
  }

  #push(entry: DueEntry<T>): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || compare(above, entry) <= 0) break
      heap[at] = above
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let childAt = 2 * at + 1
      let child = heap[childAt]
      const other = heap[childAt + 1]
      if (child === undefined) break
      if (other !== undefined && compare(other, child) < 0) {
        child = other
        childAt++
      }
      if (compare(last, child) <= 0) break
      heap[at] = child
      at = childAt
    }
    heap[at] = last
  }
}

function compare(a: { readonly due: number; readonly sequence: number }, b: { readonly due: number; readonly sequence: number }): number {
  return a.due - b.due || a.sequence - b.sequence
}
