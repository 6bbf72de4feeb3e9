/** Logical processors of a host: which core, socket and NUMA node each belongs to. */
import { SCHEDULER_TYPES } from './scheduler-types.ts'
import type { HypervisorPlatform, LpIndex } from './types.ts'

export interface LogicalProcessor {
  readonly index: LpIndex
  readonly core: number
  readonly socket: number
  readonly node: number
  /** The other hardware thread of the core, -1 when there is none or it takes no VPs. */
  readonly sibling: LpIndex
}

/**
 * The logical processors that take VPs. Nodes own consecutive indexes and threads of a core are neighbours; with the classic scheduler and
 * SMT off each core counts once.
 */
export function logicalProcessorsOf(platform: HypervisorPlatform): readonly LogicalProcessor[] {
  const smt = SCHEDULER_TYPES[platform.scheduler].usesSmt
  const threads = smt ? platform.threadsPerCore : 1
  const list: LogicalProcessor[] = []
  for (const [node, { logicalProcessors }] of platform.nodes.entries()) {
    const usable = smt ? logicalProcessors : Math.ceil(logicalProcessors / platform.threadsPerCore)
    for (let i = 0; i < usable; i++) {
      const index = list.length
      const core = Math.floor(index / threads)
      const sibling = threads === 2 ? index ^ 1 : -1
      list.push({ index, core, socket: Math.floor(core / platform.coresPerSocket), node, sibling })
    }
  }
  return list
}
