/** Lists of pages given as runs. */
import type { PageRun } from './types.ts'

/** Pages of all runs. */
export function runPages(runs: readonly PageRun[]): number {
  let sum = 0
  for (const run of runs) sum += run.count
  return sum
}

/** The part of a list that begins after `skip` pages and is `count` pages long. */
export function cutRuns(runs: readonly PageRun[], skip: number, count: number): PageRun[] {
  const cut: PageRun[] = []
  let before = skip
  let rest = count
  for (const run of runs) {
    if (rest <= 0) break
    if (before >= run.count) {
      before -= run.count
      continue
    }
    const part = Math.min(run.count - before, rest)
    cut.push({ page: run.page + before, count: part })
    before = 0
    rest -= part
  }
  return cut
}

/** Runs in batches of at most `limit` pages: what one call's parameter page can name. */
export function batchRuns(runs: readonly PageRun[], limit: number): PageRun[][] {
  const total = runPages(runs)
  const batches: PageRun[][] = []
  for (let from = 0; from < total; from += limit) batches.push(cutRuns(runs, from, limit))
  return batches
}
