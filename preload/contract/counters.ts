/** Performance counters of a simulated host: what there is, what it reads now, and the last minute of what is recorded. */
import { eventIterator, oc, type } from '@orpc/contract'
import { z } from 'zod'
import { refusalSchema } from './refusals.ts'

const id = z.string().min(1).max(64)
/** An instance as Performance Monitor names it: object and instance; the instance is empty where an object has only one without a name. */
const counterInstance = z.object({ object: z.string().min(1).max(128), instance: z.string().max(1500) })
export type CounterInstance = z.infer<typeof counterInstance>

const refused = z.object({ ok: z.literal(false), refusal: refusalSchema })
const figures = z.record(z.string(), z.number())

/** Instances that one stream may read. */
export const COUNTER_INSTANCES_MAX = 64

/** Readings of one simulated second, latest wins. `figures` is null while an instance is not there. */
export interface CountersMessage {
  readonly tick: number
  readonly readings: readonly (CounterInstance & { readonly figures: Readonly<Record<string, number>> | null })[]
}

export const countersContract = {
  /** Every counter object with its counters: unit, and what the value follows from. */
  catalogue: oc.output(
    z.array(
      z.object({
        object: z.string(),
        /** Shape of the instances' names. */
        instances: z.string(),
        counters: z.array(z.object({ name: z.string(), unit: z.string(), source: z.string() })),
      }),
    ),
  ),
  /** Instances that an object has now, the total first. */
  instances: oc
    .input(z.object({ hostId: id, object: z.string().min(1).max(128) }))
    .output(z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), instances: z.array(z.string()) }), refused])),
  /** Values by counter in the present simulated second. */
  read: oc
    .input(counterInstance.extend({ hostId: id }))
    .output(z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), tick: z.number(), figures }), refused])),
  /** The same, once per simulated second. */
  watch: oc
    .input(z.object({ hostId: id, instances: z.array(counterInstance).min(1).max(COUNTER_INSTANCES_MAX) }))
    .output(eventIterator(type<CountersMessage>())),
  /** Records an instance besides the host's totals from the next second on, or ends that and forgets what was recorded. */
  record: oc
    .input(counterInstance.extend({ hostId: id, on: z.boolean() }))
    .output(z.discriminatedUnion('ok', [z.object({ ok: z.literal(true) }), refused])),
  /** What was recorded in the last minute, oldest first. `second` counts from the lab's start instant. */
  history: oc
    .input(counterInstance.extend({ hostId: id }))
    .output(
      z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), samples: z.array(z.object({ second: z.number(), figures })) }), refused]),
    ),
}
