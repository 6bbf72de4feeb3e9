/** The bounded trace: the last events of each traced partition. Off until asked for; an untraced run differs in nothing but this ring. */
import type { Tick } from '../kernel/ticks.ts'
import type { PartitionId, VpIndex } from './types.ts'

export type TraceKind = 'hypercall' | 'intercept' | 'message' | 'signal' | 'interrupt' | 'timer' | 'lifecycle'

export type TraceFields = Readonly<Record<string, number | string | boolean>>

export interface TraceEvent {
  readonly tick: Tick
  readonly partitionId: PartitionId
  /** -1 when no VP is concerned. */
  readonly vpIndex: VpIndex
  readonly kind: TraceKind
  readonly fields: TraceFields
}

export interface TraceFilter {
  readonly kinds?: readonly TraceKind[]
  readonly vpIndex?: VpIndex
  readonly since?: Tick
  /** Text that a field's value must contain. */
  readonly text?: string
}

class Ring {
  readonly capacity: number
  readonly #events: TraceEvent[] = []
  #next = 0
  /** Events ever recorded; those beyond the capacity are gone. */
  recorded = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  add(event: TraceEvent): void {
    this.#events[this.#next] = event
    this.#next = (this.#next + 1) % this.capacity
    this.recorded++
  }

  list(): TraceEvent[] {
    if (this.recorded <= this.capacity) return [...this.#events]
    return [...this.#events.slice(this.#next), ...this.#events.slice(0, this.#next)]
  }
}

/** Events that one ring may hold. */
export const TRACE_CAPACITY_MAX = 100_000

export class Trace {
  readonly #rings = new Map<PartitionId, Ring>()
  /** True while anything is traced: callers ask this before they build an event. */
  on = false

  /** Starts tracing a partition, keeping the last `capacity` events. */
  enable(partitionId: PartitionId, capacity = 1000): void {
    this.#rings.set(partitionId, new Ring(Math.min(Math.max(1, capacity), TRACE_CAPACITY_MAX)))
    this.on = true
  }

  disable(partitionId: PartitionId): void {
    this.#rings.delete(partitionId)
    this.on = this.#rings.size > 0
  }

  record(tick: Tick, partitionId: PartitionId, vpIndex: VpIndex, kind: TraceKind, fields: TraceFields): void {
    this.#rings.get(partitionId)?.add({ tick, partitionId, vpIndex, kind, fields })
  }

  /** Events recorded since tracing began, also those already overwritten. */
  recorded(partitionId: PartitionId): number {
    return this.#rings.get(partitionId)?.recorded ?? 0
  }

  /** The kept events of a partition, oldest first. */
  events(partitionId: PartitionId, filter: TraceFilter = {}): readonly TraceEvent[] {
    const all = this.#rings.get(partitionId)?.list() ?? []
    return all.filter((event) => matches(event, filter))
  }
}

function matches(event: TraceEvent, filter: TraceFilter): boolean {
  if (filter.kinds !== undefined && !filter.kinds.includes(event.kind)) return false
  if (filter.vpIndex !== undefined && event.vpIndex !== filter.vpIndex) return false
  if (filter.since !== undefined && event.tick < filter.since) return false
  const { text } = filter
  return text === undefined || Object.values(event.fields).some((value) => String(value).includes(text))
}
