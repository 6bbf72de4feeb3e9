/** Guest memory of a machine: where it lies, and how the part beyond the first 64 GB is mapped. */
import { HvCall, HvStatus, MapFlag, type MemoryBlock } from '../hypervisor/index.ts'
import type { MachineContext } from './machine-context.ts'

export const PAGES_PER_MB = 256
const PAGES_PER_2M = 512
/** Guest memory below the hole for devices under 4 GB, and where the rest begins. */
export const LOW_PAGES_MAX = 0xf_8000
export const HIGH_PAGES_START = 0x10_0000
/** What the partition is built with; the rest is mapped call by call, with room in the pool for its tables before each. */
const FIRST_HIGH_PAGES = 64 * 1024 * PAGES_PER_MB
/** Large pages that one call can name (core sheet 1.2, row 6). */
export const CALL_PAGES = 509 * PAGES_PER_2M
/** Pool pages that the tables of one call take at the most. */
const TABLE_PAGES = 16

export interface GuestMemory {
  readonly first: readonly MemoryBlock[]
  /** Whole 2 MB pages. */
  readonly rest: MemoryBlock
}

/** Blocks of a machine's memory in guest physical space. */
export function guestMemory(memoryMb: number): GuestMemory {
  const pages = memoryMb * PAGES_PER_MB
  const low = Math.min(pages, LOW_PAGES_MAX)
  const first: MemoryBlock[] = [{ page: 0, pages: low }]
  const high = pages - low
  const inFirst = Math.min(high, FIRST_HIGH_PAGES)
  if (inFirst > 0) first.push({ page: HIGH_PAGES_START, pages: inFirst })
  const odd = (high - inFirst) % PAGES_PER_2M
  if (odd > 0) first.push({ page: HIGH_PAGES_START + high - odd, pages: odd })
  return { first, rest: { page: HIGH_PAGES_START + inFirst, pages: high - inFirst - odd } }
}

/** Maps the rest in large pages; the status of the first failure, or success. */
export function mapRest(context: MachineContext, rest: MemoryBlock): HvStatus {
  const { hypervisor, partitionId, spec, host } = context
  const { memory } = hypervisor.core
  const pool = hypervisor.partition(partitionId)?.pool
  for (let done = 0; done < rest.pages; ) {
    if ((pool?.available ?? 0) < TABLE_PAGES && !host.deposit(partitionId)) return HvStatus.InsufficientRootMemory
    const source = memory.find(Math.min(rest.pages - done, CALL_PAGES), spec.node ?? 0, PAGES_PER_2M, spec.numaSpanning === false)
    if (source === undefined) return HvStatus.InsufficientRootMemory
    const mapFlags = MapFlag.All + MapFlag.LargePage
    const { status } = context.rootCall(HvCall.MapGpaPages, {
      targetPartitionId: partitionId,
      targetPage: rest.page + done,
      mapFlags,
      source,
    })
    if (status !== HvStatus.Success) return status
    for (const run of source) done += run.count
  }
  return HvStatus.Success
}

/** Guest physical blocks of the machine's pages from number `from` up to `to`, around the hole for devices. */
export function gpaRange(from: number, to: number): readonly MemoryBlock[] {
  const low = { page: from, pages: Math.min(to, LOW_PAGES_MAX) - from }
  const start = Math.max(from, LOW_PAGES_MAX)
  const high = { page: HIGH_PAGES_START + start - LOW_PAGES_MAX, pages: to - start }
  return [low, high].filter(({ pages }) => pages > 0)
}
