/** Things that fall due inside the hypervisor (timers, monitor polls, message retries), ordered by (tick, order of insertion). */
import type { Tick } from '../kernel/ticks.ts'
import type { PartitionId, VpIndex } from './types.ts'

export type DueItem =
  | {
      readonly kind: 'timer'
      readonly partitionId: PartitionId
      readonly vpIndex: VpIndex
      readonly index: number
      readonly version: number
    }
  | {
      readonly kind: 'monitor'
      readonly partitionId: PartitionId
      readonly connectionId: number
      readonly index: number
      readonly version: number
    }
  | {
      readonly kind: 'retry'
      readonly partitionId: PartitionId
      readonly vpIndex: VpIndex
      readonly index: number
      readonly version: number
    }

interface Entry {
  readonly due: Tick
  readonly order: number
  readonly item: DueItem
}

const before = (a: Entry, b: Entry): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)

/** A binary heap; entries whose version is no longer current are left in it and skipped by the reader. */
export class DueQueue {
  readonly #heap: Entry[] = []
  #order = 0

  get size(): number {
    return this.#heap.length
  }

  push(due: Tick, item: DueItem): void {
    const entry: Entry = { due, order: this.#order++, item }
    const heap = this.#heap
    let index = heap.length
    heap.push(entry)
    while (index > 0) {
      const parent = (index - 1) >>> 1
      const above = heap[parent]
      if (above === undefined || !before(entry, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = entry
  }

  /** All entries in the order in which they will be taken. */
  entries(): { readonly due: Tick; readonly item: DueItem }[] {
    return [...this.#heap].sort((a, b) => (before(a, b) ? -1 : 1)).map(({ due, item }) => ({ due, item }))
  }

  peek(): { readonly due: Tick; readonly item: DueItem } | undefined {
    return this.#heap[0]
  }

  pop(): DueItem | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined) return undefined
    if (heap.length > 0) this.#sink(last)
    return first.item
  }

  #sink(entry: Entry): void {
    const heap = this.#heap
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const a = heap[left]
      if (a === undefined) break
      const b = heap[left + 1]
      const child = b !== undefined && before(b, a) ? left + 1 : left
      const below = child === left ? a : b
      if (below === undefined || !before(below, entry)) break
      heap[index] = below
      index = child
    }
    heap[index] = entry
  }
}
