/** Memory pools: pages that a parent deposits for a partition's internal structures (hypervisor reference 1.5). */
import { invariant } from '../kernel/result.ts'
import type { PageRun } from './types.ts'

/** Pages that structures take (model: no figures are published; the core sheet 1.3 names the order of magnitude). */
export const POOL_COST = {
  /** Needed to initialize a partition. */
  partition: 300,
  vp: 75,
  messagePort: 1,
  eventPort: 1,
  connection: 1,
  monitorConnection: 2,
  statsPage: 1,
} as const

export class MemoryPool {
  #runs: PageRun[] = []
  #deposited = 0
  #inUse = 0

  get runs(): readonly PageRun[] {
    return this.#runs
  }

  /** Pages deposited and not withdrawn. */
  get deposited(): number {
    return this.#deposited
  }

  get inUse(): number {
    return this.#inUse
  }

  get available(): number {
    return this.#deposited - this.#inUse
  }

  deposit(run: PageRun): void {
    const last = this.#runs[this.#runs.length - 1]
    if (last !== undefined && last.page + last.count === run.page) {
      this.#runs[this.#runs.length - 1] = { page: last.page, count: last.count + run.count }
    } else this.#runs.push(run)
    this.#deposited += run.count
  }

  /** Takes pages for a structure; false when the pool has too few. */
  take(pages: number): boolean {
    if (pages > this.available) return false
    this.#inUse += pages
    return true
  }

  give(pages: number): void {
    invariant(pages <= this.#inUse, `pool gets back ${pages} of ${this.#inUse} pages`)
    this.#inUse -= pages
  }

  /** Removes up to `count` available pages, the last deposited first. */
  withdraw(count: number): PageRun[] {
    const taken: PageRun[] = []
    let rest = Math.min(count, this.available)
    while (rest > 0) {
      const last = this.#runs.pop()
      if (last === undefined) break
      const part = Math.min(rest, last.count)
      if (part < last.count) this.#runs.push({ page: last.page, count: last.count - part })
      taken.push({ page: last.page + last.count - part, count: part })
      rest -= part
      this.#deposited -= part
    }
    return taken
  }

  restore(runs: readonly PageRun[], inUse: number): void {
    this.#runs = [...runs]
    this.#deposited = runs.reduce((sum, run) => sum + run.count, 0)
    this.#inUse = inUse
  }
}
