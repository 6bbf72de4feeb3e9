/** Procedures on checkpoints (hyper-v-manager 6). Taking one with its default name is an action of the machine (`vm.act`). */
import { oc, type } from '@orpc/contract'
import { z } from 'zod'
import { refusalSchema } from './refusals.ts'
import type { Frame } from './views.ts'

const id = z.string().min(1).max(64)
const outcome = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), jobId: z.string().nullable() }),
  z.object({ ok: z.literal(false), refusal: refusalSchema }),
])

export const checkpointContract = {
  /** The name that a checkpoint of the machine would get now; empty for a machine that is gone. */
  defaultName: oc.input(z.object({ vmId: id })).output(z.object({ name: z.string() })),
  /** Takes a checkpoint with a name. */
  take: oc.input(z.object({ vmId: id, name: z.string().max(1000) })).output(outcome),
  /** Goes back to a checkpoint; `takeFirst` keeps the present state as another one. */
  apply: oc.input(z.object({ checkpointId: id, takeFirst: z.boolean() })).output(outcome),
  rename: oc.input(z.object({ checkpointId: id, name: z.string().max(1000) })).output(outcome),
  /** Removes the checkpoint, or it and all below it. */
  remove: oc.input(z.object({ checkpointId: id, subtree: z.boolean() })).output(outcome),
  /** The screen of the machine at the moment of the checkpoint; null when it was off. */
  picture: oc.input(z.object({ checkpointId: id })).output(type<{ readonly frame: Frame | null }>()),
}
