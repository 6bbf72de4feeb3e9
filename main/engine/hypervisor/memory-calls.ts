/** Hypercalls about the guest physical address space (hypervisor reference 1.5). */
import type { Core } from './core.ts'
import { type AccessRights, type GpaMapping, type MappingSize, PAGES_PER_1G, PAGES_PER_2M } from './gpa-map.ts'
import { HvCall } from './hypercall-codes.ts'
import { active, type CallContext, failed, type HandlerMap, type Outcome } from './hypercall-handler.ts'
import { MapFlag } from './hypercall-types.ts'
import { cutRuns, runPages } from './page-runs.ts'
import type { Partition } from './partition.ts'
import { HvStatus } from './status.ts'
import type { PageNumber, PageRun } from './types.ts'

type MemoryCalls = Pick<
  HandlerMap,
  typeof HvCall.MapGpaPages | typeof HvCall.UnmapGpaPages | typeof HvCall.MapSparseGpaPages | typeof HvCall.ModifySparseGpaPages
>

/** Rights that the hardware can express: RWX, RX, RW, R, none (hypervisor reference 1.5). */
function accessOf(flags: number): AccessRights | undefined {
  if ((flags & MapFlag.NoAccess) !== 0) return 0
  const access = flags & MapFlag.All
  return access !== 0 && (access & MapFlag.Readable) === 0 ? undefined : access
}

const isLarge = (flags: number): boolean => (flags & MapFlag.LargePage) !== 0

export const MEMORY_CALLS: MemoryCalls = {
  [HvCall.MapGpaPages]: {
    cost: 'simpleHypercall',
    elementCost: 'mapElement',
    block: [24, 8],
    count: ({ source, mapFlags }) => runPages(source) / (isLarge(mapFlags) ? PAGES_PER_2M : 1),
    run: (context, { targetPartitionId, targetPage, mapFlags, source }, { from, until }) => {
      const found = active(context, targetPartitionId)
      if (!found.ok) return failed(found.status)
      const size = isLarge(mapFlags) ? PAGES_PER_2M : 1
      let page = targetPage + from * size
      let completed = 0
      for (const run of cutRuns(source, from * size, (until - from) * size)) {
        const status = mapRun(context, found.value, page, run, mapFlags)
        if (status !== HvStatus.Success) return { status, completed }
        page += run.count
        completed += run.count / size
      }
      return { status: HvStatus.Success, completed }
    },
  },

  [HvCall.MapSparseGpaPages]: {
    cost: 'simpleHypercall',
    elementCost: 'mapElement',
    block: [16, 16],
    count: ({ pages, mapFlags }) => pages.reduce((sum, { count }) => sum + count, 0) / (isLarge(mapFlags) ? PAGES_PER_2M : 1),
    run: (context, { targetPartitionId, mapFlags, pages }, { from, until }) => {
      const found = active(context, targetPartitionId)
      if (!found.ok) return failed(found.status)
      const size = isLarge(mapFlags) ? PAGES_PER_2M : 1
      const targets = cutRuns(
        pages.map(({ target, count }) => ({ page: target, count })),
        from * size,
        (until - from) * size,
      )
      const sources = cutRuns(
        pages.map(({ source, count }) => ({ page: source, count })),
        from * size,
        (until - from) * size,
      )
      let completed = 0
      for (const [index, target] of targets.entries()) {
        const source = sources[index]
        const status = source === undefined ? HvStatus.InvalidParameter : mapRun(context, found.value, target.page, source, mapFlags)
        if (status !== HvStatus.Success) return { status, completed }
        completed += target.count / size
      }
      return { status: HvStatus.Success, completed }
    },
  },

  [HvCall.UnmapGpaPages]: {
    cost: 'simpleHypercall',
    elementCost: 'mapElement',
    count: ({ pageCount }) => pageCount,
    run: (context, { targetPartitionId, targetPage, unmapFlags }, { from, until }) => {
      const found = active(context, targetPartitionId)
      if (!found.ok) return failed(found.status)
      const size = isLarge(unmapFlags ?? 0) ? PAGES_PER_2M : 1
      return unmapRange(context.core, found.value, targetPage + from * size, (until - from) * size)
    },
  },

  [HvCall.ModifySparseGpaPages]: {
    cost: 'simpleHypercall',
    elementCost: 'mapElement',
    block: [16, 8],
    count: ({ pages, mapFlags }) => runPages(pages) / (isLarge(mapFlags) ? PAGES_PER_2M : 1),
    run: (context, { targetPartitionId, mapFlags, pages }, { from, until }) => {
      const found = active(context, targetPartitionId)
      if (!found.ok) return failed(found.status)
      const access = accessOf(mapFlags)
      if (access === undefined) return failed(HvStatus.InvalidParameter)
      const size = isLarge(mapFlags) ? PAGES_PER_2M : 1
      for (const run of cutRuns(pages, from * size, (until - from) * size)) {
        if (found.value.pool.available < 2 && cutsLargePage(found.value, run.page, run.count)) return failed(HvStatus.InsufficientMemory)
        const status = withTables(found.value, () => found.value.gpa.protect(run.page, run.count, access))
        if (status !== HvStatus.Success) return failed(status)
      }
      return { status: HvStatus.Success, completed: until - from }
    },
  },
}

/** Maps one run. Its pages must be the root's free memory, or this partition's already (moved within its space). */
function mapRun({ core }: CallContext, partition: Partition, page: PageNumber, run: PageRun, mapFlags: number): HvStatus {
  const access = accessOf(mapFlags)
  if (access === undefined || page < 0 || page + run.count > 2 ** (core.platform.physicalAddressBits - 12)) return HvStatus.InvalidParameter
  const size = sizeOf(core, page, run, mapFlags)
  if (size === undefined) return HvStatus.InvalidParameter
  if (run.page < 0 || run.page + run.count > core.memory.totalPages) return HvStatus.InvalidParameter
  if (!core.memory.isFree(run)) return HvStatus.ObjectInUse
  const tables = Math.ceil(run.count / size / 512) + 2
  if (partition.pool.available < tables) return HvStatus.InsufficientMemory
  const status = withTables(partition, () => {
    releaseSources(core, partition, page, run.count)
    const mapping: GpaMapping = { spa: run.page, access, size }
    partition.gpa.map(page, run.count, mapping)
  })
  core.memory.take(run, { use: 'guest', partitionId: partition.id })
  return status
}

/** Large mappings need both addresses on the same large-page boundary; 1 GiB entries form by themselves where the processor has them. */
function sizeOf(core: Core, page: PageNumber, run: PageRun, mapFlags: number): MappingSize | undefined {
  if (!isLarge(mapFlags)) return 1
  const aligned = (unit: number): boolean => page % unit === 0 && run.page % unit === 0 && run.count % unit === 0
  if (core.platform.features.pages1G && aligned(PAGES_PER_1G)) return PAGES_PER_1G
  return aligned(PAGES_PER_2M) ? PAGES_PER_2M : undefined
}

/** Pages that the range had before go back to the root. */
function releaseSources(core: Core, partition: Partition, page: PageNumber, count: number): void {
  for (const range of partition.gpa.slice(page, count)) core.memory.release({ page: range.value.spa, count: range.count })
}

/** Runs a change of the address space and settles the pages of the second-level tables with the pool. */
function withTables(partition: Partition, change: () => void): HvStatus {
  const before = partition.gpa.tablePages
  change()
  const more = partition.gpa.tablePages - before
  if (more > 0 && !partition.pool.take(more)) return HvStatus.InsufficientMemory
  if (more < 0) partition.pool.give(-more)
  return HvStatus.Success
}

function unmapRange(core: Core, partition: Partition, page: PageNumber, count: number): Outcome<void> {
  // Breaking a large page at either end of the range needs a table more.
  if (partition.pool.available < 2 && cutsLargePage(partition, page, count)) return { status: HvStatus.InsufficientMemory, completed: 0 }
  releaseSources(core, partition, page, count)
  return failed(withTables(partition, () => partition.gpa.unmap(page, count)))
}

function cutsLargePage(partition: Partition, page: PageNumber, count: number): boolean {
  return [page, page + count].some((edge) => {
    const range = partition.gpa.at(edge)
    return range !== undefined && edge % range.value.size !== 0
  })
}
