/** Why the engine refused: codes with the values that decided. The sentences for them stand in `texts.ts`. */
import { z } from 'zod'

export const REFUSAL_CODES = [
  'wrong-state',
  'other-operation',
  'service-stopped',
  'unknown-host',
  'unknown-virtual-machine',
  'unknown-switch',
  'unknown-drive',
  'not-enough-memory',
  'partition-refused',
  'saved-state-refused',
  'too-many-running',
  'processor-count',
  'memory-range',
  'memory-multiple',
  'memory-order',
  'name-empty',
  'name-too-long',
  'name-characters',
  'generation-not-offered',
  'path-invalid',
  'path-not-found',
  'path-exists',
  'disk-format',
  'disk-size',
  'disk-in-use',
  'disk-missing',
  'volume-full',
  'image-format',
  'network-required',
  'switch-missing',
  'shutdown-service-missing',
  'no-saved-state',
  'not-cancellable',
  'root-partition',
  'console-not-running',
  'notes-too-long',
  'cancelled',
  'unknown-workload',
  'unknown-counter',
  'too-many-counters',
] as const

export type RefusalCode = (typeof REFUSAL_CODES)[number]

export const refusalSchema = z.object({
  code: z.enum(REFUSAL_CODES),
  /** Rule id such as `S34`. */
  rule: z.string().optional(),
  values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
})

export type RefusalView = z.infer<typeof refusalSchema>
