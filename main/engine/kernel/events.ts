/**
 * The ordered queue of pending events.
 *
 * An event is data (kind, target, payload), due at a tick; equal ticks run in the order of their sequence numbers. Every pending event is a
 * row, so a crash resumes exactly; the heap is only an index over those rows and is rebuilt at load.
 */
import { invariant } from './result.ts'
import type { Row, Table } from './table.ts'
import type { Tick } from './ticks.ts'

export interface PendingEventRow extends Row {
  /** Decimal text of `sequence`. */
  readonly id: string
  readonly sequence: number
  readonly dueTick: Tick
  readonly kind: string
  /** Id of the entity that the event is for. */
  readonly target: string
  /** Small whole number that the kind gives a meaning to (a phase, a slot). */
  readonly argument: number
}

interface HeapEntry {
  readonly due: Tick
  readonly sequence: number
}

/** Pending events at the most; more is a runaway of the model, ended visibly. */
export const EVENTS_MAX = 2_000_000

export class EventQueue {
  readonly #table: Table<PendingEventRow>
  readonly #heap: HeapEntry[] = []
  #nextSequence: number

  constructor(table: Table<PendingEventRow>) {
    this.#table = table
    this.#nextSequence = 1
    for (const row of table.values()) {
      this.#push({ due: row.dueTick, sequence: row.sequence })
      this.#nextSequence = Math.max(this.#nextSequence, row.sequence + 1)
    }
  }

  /** Sequence numbers never repeat, not even after all events of a lab have run: the lab row keeps the next one. */
  get nextSequence(): number {
    return this.#nextSequence
  }

  reserveSequence(next: number): void {
    this.#nextSequence = Math.max(this.#nextSequence, next)
  }

  schedule(kind: string, dueTick: Tick, target: string, argument = 0): string {
    invariant(Number.isSafeInteger(dueTick) && dueTick >= 0, `event ${kind} due at ${dueTick}`)
    invariant(this.#table.size < EVENTS_MAX, `more than ${EVENTS_MAX} pending events`)
    const sequence = this.#nextSequence++
    const id = String(sequence)
    this.#table.put({ id, sequence, dueTick, kind, target, argument })
    this.#push({ due: dueTick, sequence })
    return id
  }

  /** True when the event was still pending. */
  cancel(id: string): boolean {
    if (!this.#table.has(id)) return false
    this.#table.delete(id)
    return true
  }

  /** Due tick of the next event, or undefined when none is pending. */
  nextDue(): Tick | undefined {
    this.#dropCancelled()
    return this.#heap[0]?.due
  }

  /** Takes the next event that is due at or before `tick`. */
  take(tick: Tick): PendingEventRow | undefined {
    this.#dropCancelled()
    const top = this.#heap[0]
    if (top === undefined || top.due > tick) return undefined
    this.#pop()
    const row = this.#table.require(String(top.sequence))
    this.#table.delete(row.id)
    return row
  }

  #dropCancelled(): void {
    let top = this.#heap[0]
    while (top !== undefined && !this.#table.has(String(top.sequence))) {
      this.#pop()
      top = this.#heap[0]
    }
  }

  #push(entry: HeapEntry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !before(entry, above)) break
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
      const left = 2 * at + 1
      const right = left + 1
      let child = heap[left]
      let childAt = left
      const other = heap[right]
      if (child === undefined) break
      if (other !== undefined && before(other, child)) {
        child = other
        childAt = right
      }
      if (!before(child, last)) break
      heap[at] = child
      at = childAt
    }
    heap[at] = last
  }
}

function before(a: HeapEntry, b: HeapEntry): boolean {
  return a.due < b.due || (a.due === b.due && a.sequence < b.sequence)
}
