/** Faults of the lab, and how long its jobs take. */
import { oc } from '@orpc/contract'
import { z } from 'zod'
import { refusalSchema } from './refusals.ts'

const id = z.string().min(1).max(64)
const jobKind = z.string().min(1).max(40)
const HOUR_MS = 3_600_000

export const FAULT_KINDS = [
  'guest-crash',
  'guest-hang',
  'lost-interrupt',
  'full-ring',
  'provider-stopped',
  'disk-error',
  'volume-lost',
  'volume-full',
  'power-loss',
] as const

const refused = z.object({ ok: z.literal(false), refusal: refusalSchema })

export const faultSchema = z.object({
  id: z.string(),
  kind: z.enum(FAULT_KINDS),
  vmId: z.string().nullable(),
  volumeId: z.string().nullable(),
  /** `storage` or `network` of a provider, the drive's id of a disk; null otherwise. */
  device: z.string().nullable(),
  state: z.enum(['active', 'ended', 'rule']),
  injectedTick: z.number(),
  endedTick: z.number().nullable(),
  /** The rule that brought it. */
  ruleId: z.string().nullable(),
  rule: z.object({ jobKind: z.string(), probability: z.number(), afterMs: z.number() }).nullable(),
})
export type FaultView = z.infer<typeof faultSchema>

export const faultContract = {
  /**
   * Lets one thing fail now, or by a rule. Which target is needed follows from the kind: `vmId` for guests, interrupts, rings and disks (a rule
   * may leave it open: the job's machine), `volumeId` for volumes, `provider` for providers; `hostId` always. `random` lets the lab's seed choose.
   */
  inject: oc
    .input(
      z.object({
        hostId: id,
        kind: z.enum([...FAULT_KINDS, 'random']),
        vmId: id.nullable(),
        volumeId: id.nullable(),
        provider: z.enum(['storage', 'network']).nullable(),
        /** Such as `IRQL_NOT_LESS_OR_EQUAL`; bug checks only. */
        stopCode: z
          .string()
          .regex(/^[A-Z_]{1,64}$/)
          .nullable(),
        rule: z.object({ jobKind, probability: z.number().min(0.000001).max(1), afterMs: z.int().min(0).max(HOUR_MS) }).nullable(),
      }),
    )
    .output(z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), fault: faultSchema }), refused])),
  /** Takes a fault or a rule back; after a loss of power it switches the host on. */
  clear: oc.input(z.object({ faultId: id })).output(z.discriminatedUnion('ok', [z.object({ ok: z.literal(true) }), refused])),
  /** Rules, acting faults and the last 200 that have ended, oldest first. */
  list: oc.input(z.object({ hostId: id })).output(z.array(faultSchema)),
}

/** Parts of `lab`. */
export const jobTimingContract = {
  /** How long jobs of a kind take: factor in per cent (100 = as planned), time added, and jitter of at most so much, drawn for each job. */
  jobTiming: oc
    .input(
      z.object({
        jobKind,
        factorPercent: z.int().min(1).max(100_000),
        extraMs: z
          .int()
          .min(0)
          .max(24 * HOUR_MS),
        jitterMs: z
          .int()
          .min(0)
          .max(24 * HOUR_MS),
      }),
    )
    .output(z.discriminatedUnion('ok', [z.object({ ok: z.literal(true) }), refused])),
  /** Kinds of jobs whose timing differs from the plan. */
  jobTimings: oc.output(z.array(z.object({ jobKind: z.string(), factorPercent: z.number(), extraMs: z.number(), jitterMs: z.number() }))),
}
