/**
 * Guest pages as the VMBus names them: page frame numbers (PFN, 4 KiB units) gathered into runs, so that a 16 MiB buffer in one piece is one row
 * and not 4,096 numbers. On the wire each page is one u64 (hypervisor reference 4.6, 4.7).
 */

/** Size of a guest page in bytes. */
export const pageBytes = 4096

/** Consecutive pages: `first` is a PFN (below 2^52), `count` is at least 1. */
export interface PageRun {
  readonly first: number
  readonly count: number
}

/** One range of guest memory: `byteCount` bytes from `byteOffset` (0–4095) of the first page. The pages cover it exactly. */
export interface GpaRange {
  readonly byteCount: number
  readonly byteOffset: number
  readonly pages: readonly PageRun[]
}

/** Highest PFN that a 64-bit guest physical address allows. */
export const pfnMax = 2 ** 52 - 1

/** Number of pages in a list of runs. */
export function countPages(runs: readonly PageRun[]): number {
  let total = 0
  for (const run of runs) total += run.count
  return total
}

/** Pages that `byteCount` bytes from `byteOffset` touch. */
export function pagesSpanned(byteCount: number, byteOffset: number): number {
  return Math.ceil((byteOffset + byteCount) / pageBytes)
}

/** Every PFN of the runs, in order. */
export function listPfns(runs: readonly PageRun[]): number[] {
  const pfns: number[] = []
  for (const run of runs) {
    for (let i = 0; i < run.count; i++) pfns.push(run.first + i)
  }
  return pfns
}

/** Joins PFNs into the fewest runs that keep their order. */
export function gatherRuns(pfns: readonly number[]): PageRun[] {
  const runs: { first: number; count: number }[] = []
  for (const pfn of pfns) {
    const last = runs[runs.length - 1]
    if (last !== undefined && last.first + last.count === pfn) last.count++
    else runs.push({ first: pfn, count: 1 })
  }
  return runs
}

/** What is wrong with a list of ranges on the wire. */
export type GpaRangeError = 'empty' | 'wordCount' | 'byteOffset' | 'byteCount' | 'pfn'

/** Words (u64) that the ranges take on the wire: one header word and one word per page each. */
export function rangeWordCount(ranges: readonly GpaRange[]): number {
  let words = 0
  for (const range of ranges) words += 1 + countPages(range.pages)
  return words
}

/** Ranges as u64 words: {byte count u32, byte offset u32} then PFNs. */
export function rangesToWords(ranges: readonly GpaRange[]): number[] {
  const words: number[] = []
  for (const range of ranges) {
    words.push(range.byteOffset * 2 ** 32 + range.byteCount)
    for (const run of range.pages) {
      for (let i = 0; i < run.count; i++) words.push(run.first + i)
    }
  }
  return words
}

/** The opposite of {@link rangesToWords}; refuses words that do not describe exactly `rangeCount` ranges (openvmm: vmbus_ring/gparange.rs). */
export function wordsToRanges(words: readonly number[], rangeCount: number): readonly GpaRange[] | GpaRangeError {
  if (rangeCount === 0) return 'empty'
  const ranges: GpaRange[] = []
  let at = 0
  for (let i = 0; i < rangeCount; i++) {
    const head = words[at]
    if (head === undefined) return 'wordCount'
    const byteCount = head % 2 ** 32
    const byteOffset = Math.floor(head / 2 ** 32)
    if (byteOffset >= pageBytes) return 'byteOffset'
    if (byteCount === 0) return 'byteCount'
    const pages = pagesSpanned(byteCount, byteOffset)
    if (at + 1 + pages > words.length) return 'wordCount'
    const pfns = words.slice(at + 1, at + 1 + pages)
    if (pfns.some((pfn) => pfn > pfnMax)) return 'pfn'
    ranges.push({ byteCount, byteOffset, pages: gatherRuns(pfns) })
    at += 1 + pages
  }
  return at === words.length ? ranges : 'wordCount'
}
