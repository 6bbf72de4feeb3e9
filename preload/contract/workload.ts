/** What runs in the guests: the list of workloads, and the choice for a machine. */
import { oc } from '@orpc/contract'
import { z } from 'zod'
import { refusalSchema } from './refusals.ts'

const id = z.string().min(1).max(64)
const done = z.discriminatedUnion('ok', [z.object({ ok: z.literal(true) }), z.object({ ok: z.literal(false), refusal: refusalSchema })])

export const catalogueContract = {
  /** Workloads that a machine may have, in the order of menus. */
  workloads: oc.output(z.array(z.object({ key: z.string(), name: z.string() }))),
}

/** Sets the workload of machines, on or off; running guests follow it from the next simulated second on. */
export const setWorkloadContract = oc
  .input(z.object({ vmIds: z.array(id).min(1).max(10_000), workload: z.string().min(1).max(64) }))
  .output(z.array(z.object({ vmId: z.string(), name: z.string(), outcome: done })))
