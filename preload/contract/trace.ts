/** Traces of machines: every hypercall, intercept, message, packet and interrupt between a partition and its parent. Bounded, off by default. */
import { oc } from '@orpc/contract'
import { z } from 'zod'
import { refusalSchema } from './refusals.ts'

const id = z.string().min(1).max(64)
const wholeNumber = z.int().min(0).max(Number.MAX_SAFE_INTEGER)

export const TRACE_KINDS = ['hypercall', 'msr', 'cpuid', 'intercept', 'message', 'packet', 'signal', 'interrupt', 'lifecycle'] as const

/** Rows of one answer at the most. */
export const TRACE_ROWS_MAX = 1000

export const traceRowSchema = z.object({
  /** 1, 2, 3, ... since the trace was switched on. */
  sequence: z.number(),
  tick: z.number(),
  kind: z.enum(TRACE_KINDS),
  /** Who did it. */
  actor: z.enum(['guest', 'root', 'hypervisor']),
  vpIndex: z.number(),
  text: z.string(),
  channelId: z.number().nullable(),
  /** A request and its completion carry the same number. */
  transactionId: z.number().nullable(),
})

export const traceContract = {
  /**
   * Switches the trace of a machine on or off; a machine that is off is traced from its next start on. At most 16 machines have a trace. The
   * choice is not kept when the lab is closed.
   */
  set: oc
    .input(z.object({ vmId: id, on: z.boolean() }))
    .output(z.discriminatedUnion('ok', [z.object({ ok: z.literal(true) }), z.object({ ok: z.literal(false), refusal: refusalSchema })])),
  /** The last 20,000 events at the most, oldest first, from `since` (a sequence number; 0 for the oldest) on. */
  read: oc
    .input(
      z.object({
        vmId: id,
        filter: z.object({
          /** Empty: all kinds. */
          kinds: z.array(z.enum(TRACE_KINDS)).max(TRACE_KINDS.length),
          /** Must be in the text, in any case; empty for every event. */
          text: z.string().max(200),
          channelId: wholeNumber.nullable(),
          transactionId: wholeNumber.nullable(),
        }),
        since: wholeNumber,
        limit: z.int().min(1).max(TRACE_ROWS_MAX),
      }),
    )
    .output(
      z.discriminatedUnion('ok', [
        z.object({
          ok: z.literal(true),
          on: z.boolean(),
          rows: z.array(traceRowSchema),
          /** The next `since`. */
          next: z.number(),
          /** More events stand behind `next`. */
          more: z.boolean(),
          /** Events after `since` that are not kept any more. */
          lost: z.number(),
        }),
        z.object({ ok: z.literal(false), refusal: refusalSchema }),
      ]),
    ),
}
