/** How a call is answered: the shape that every handler has. */

import type { Core } from './core.ts'
import type { CostKey } from './cost-table.ts'
import type { HypercallInput, HypercallMap, HypercallOutput } from './hypercall-types.ts'
import type { Partition, VirtualProcessor } from './partition.ts'
import { HvStatus } from './status.ts'
import { type PartitionId, SELF_PARTITION, SELF_VP, type VpIndex } from './types.ts'

/** The caller, looked up. */
export interface CallContext {
  readonly core: Core
  readonly partition: Partition
  readonly vp: VirtualProcessor
}

/** A slice of a rep call: elements `from` up to but not including `until`. Simple calls get 0 and 1. */
export interface Slice<Output> {
  readonly from: number
  readonly until: number
  /** Output of the slices before. */
  readonly previous: Output | undefined
}

export interface Outcome<Output> {
  readonly status: HvStatus
  readonly output?: Output
  /** Elements done in this slice; those up to a failing one. All of them when absent. */
  readonly completed?: number
  /** Cycles beyond the call's own cost. */
  readonly extraCycles?: number
}

export interface HandlerOf<Code extends keyof HypercallMap> {
  /** Cost of entering the call. */
  readonly cost: CostKey
  /** Cost of each element of a rep call. */
  readonly elementCost?: CostKey
  /** Elements of a rep call. */
  readonly count?: (input: HypercallInput<Code>, context: CallContext) => number
  /** Bytes of the parameter block: header and each element; the block must fit in a page. */
  readonly block?: readonly [header: number, element: number]
  /** The call keeps its place itself and is entered until nothing is left (FinalizePartition). */
  readonly resumable?: boolean
  run(context: CallContext, input: HypercallInput<Code>, slice: Slice<HypercallOutput<Code>>): Outcome<HypercallOutput<Code>>
}

export type HandlerMap = { readonly [Code in keyof HypercallMap]: HandlerOf<Code> }

export const DONE = { status: HvStatus.Success } as const
export const failed = (status: HvStatus): { readonly status: HvStatus } => ({ status })

/** A call that only its handler has anything to say about. */
export const simple = <Code extends keyof HypercallMap>(
  cost: CostKey,
  run: (context: CallContext, input: HypercallInput<Code>) => Outcome<HypercallOutput<Code>>,
): HandlerOf<Code> => ({ cost, run })

export type Lookup<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly status: HvStatus }

const miss = (status: HvStatus): { readonly ok: false; readonly status: HvStatus } => ({ ok: false, status })

/** A partition named in a call: the caller's child, or the root acting on itself. Others are refused. */
export function controlled({ core, partition }: CallContext, id: PartitionId): Lookup<Partition> {
  const target = id === SELF_PARTITION ? partition : core.partitions.get(id)
  if (target === undefined) return miss(HvStatus.InvalidPartitionId)
  const allowed = target.parentId === partition.id || (target === partition && partition.id === core.rootId)
  return allowed ? { ok: true, value: target } : miss(HvStatus.AccessDenied)
}

/** As `controlled`, and the partition must be active. */
export function active(context: CallContext, id: PartitionId): Lookup<Partition> {
  const found = controlled(context, id)
  if (!found.ok || found.value.state === 'active') return found
  return miss(HvStatus.InvalidPartitionState)
}

/** A VP of a partition under the caller's control. */
export function activeVp(context: CallContext, id: PartitionId, index: VpIndex): Lookup<VirtualProcessor> {
  const found = active(context, id)
  if (!found.ok) return found
  const vp = index === SELF_VP && found.value === context.partition ? context.vp : found.value.vps[index]
  return vp === undefined ? miss(HvStatus.InvalidVpIndex) : { ok: true, value: vp }
}

/** A VP of the caller itself or of its child (register and start calls). */
export function ownOrChildVp(context: CallContext, id: PartitionId, index: VpIndex): Lookup<VirtualProcessor> {
  if (id !== SELF_PARTITION && id !== context.partition.id) return activeVp(context, id, index)
  const vp = index === SELF_VP ? context.vp : context.partition.vps[index]
  return vp === undefined ? miss(HvStatus.InvalidVpIndex) : { ok: true, value: vp }
}
