/**
 * Who holds each page of the host's memory.
 *
 * Every page is in exactly one hand: the hypervisor's own (`boot`), a partition's pool (`pool`), a child's address space (`guest`; the root
 * keeps access to it), or the root's free memory. Free memory is what no range names.
 */
import { invariant } from '../kernel/result.ts'
import { type Interval, IntervalMap } from './interval-map.ts'
import type { NumaNodePlatform, PageNumber, PageRun, PartitionId } from './types.ts'

export interface PageOwner {
  readonly use: 'boot' | 'pool' | 'guest'
  readonly partitionId: PartitionId
}

export class HostMemory {
  readonly totalPages: number
  readonly #starts: readonly number[]
  readonly #owners = new IntervalMap<PageOwner>({
    shift: (value) => value,
    joins: (first, _count, second) => first.use === second.use && first.partitionId === second.partitionId,
  })
  #taken = 0

  constructor(nodes: readonly NumaNodePlatform[]) {
    const starts: number[] = []
    let total = 0
    for (const node of nodes) {
      starts.push(total)
      total += node.memoryPages
    }
    this.#starts = starts
    this.totalPages = total
  }

  /** Pages that no one but the root uses. */
  get freePages(): number {
    return this.totalPages - this.#taken
  }

  get owners(): readonly Interval<PageOwner>[] {
    return this.#owners.intervals
  }

  ownerOf(page: PageNumber): PageOwner | undefined {
    return this.#owners.at(page)?.value
  }

  nodeOf(page: PageNumber): number {
    let node = this.#starts.length - 1
    while (node > 0 && (this.#starts[node] ?? 0) > page) node--
    return node
  }

  freePagesOfNode(node: number): number {
    const { start, end } = this.#bounds(node)
    let taken = 0
    for (const part of this.#owners.slice(start, end - start)) taken += part.count
    return end - start - taken
  }

  isFree(run: PageRun): boolean {
    if (run.count <= 0 || run.page < 0 || run.page + run.count > this.totalPages) return false
    return this.#owners.slice(run.page, run.count).length === 0
  }

  /** True when every page of the run is held so. */
  isHeld(run: PageRun, owner: PageOwner): boolean {
    return this.#owners.covers(run.page, run.count, (value) => value.use === owner.use && value.partitionId === owner.partitionId)
  }

  /** Hands free pages to an owner. The run must be free. */
  take(run: PageRun, owner: PageOwner): void {
    invariant(this.isFree(run), `pages ${run.page}+${run.count} are not free`)
    this.#owners.write(run.page, run.count, owner)
    this.#taken += run.count
  }

  /** Gives pages back to the root. */
  release(run: PageRun): void {
    for (const part of this.#owners.slice(run.page, run.count)) this.#taken -= part.count
    this.#owners.write(run.page, run.count, undefined)
  }

  /**
   * Finds free runs without taking them: node `node` first, then (unless `strict`) the others. Runs are multiples of `align` pages and begin
   * at multiples of it. Undefined when there is not enough.
   */
  find(count: number, node: number, align = 1, strict = false): PageRun[] | undefined {
    const order = [node, ...this.#starts.keys()].filter((value, index, all) => all.indexOf(value) === index && value < this.#starts.length)
    const found: PageRun[] = []
    let missing = count
    for (const candidate of strict ? order.slice(0, 1) : order) {
      missing = this.#findIn(candidate, missing, align, found)
      if (missing === 0) return found
    }
    return undefined
  }

  #findIn(node: number, wanted: number, align: number, found: PageRun[]): number {
    const { start, end } = this.#bounds(node)
    let missing = wanted
    let free = start
    for (let index = this.#owners.indexFrom(start); missing > 0; index++) {
      const owned = this.#owners.intervals[index]
      const until = owned === undefined ? end : Math.min(owned.start, end)
      const from = Math.ceil(free / align) * align
      const room = Math.floor((until - from) / align) * align
      if (room > 0) {
        const count = Math.min(room, missing)
        found.push({ page: from, count })
        missing -= count
      }
      if (owned === undefined || owned.start >= end) break
      free = owned.start + owned.count
    }
    return missing
  }

  #bounds(node: number): { start: number; end: number } {
    return { start: this.#starts[node] ?? this.totalPages, end: this.#starts[node + 1] ?? this.totalPages }
  }
}
