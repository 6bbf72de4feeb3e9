/** Whether a saved machine can be read at all: version and shape of its rows, before a partition is built for it. */
import { fields, flag, list, number, one, optional, shapeFault, text, whatever } from './saved-shape.ts'
import type { SavedStack } from './stack-types.ts'

const savedShape = fields({
  version: number,
  spec: fields({
    id: text,
    generation: one(1, 2),
    processorCount: number,
    memoryMb: number,
    devices: list(fields({ kind: text })),
    guest: fields({ drivers: list(text) }),
  }),
  savedTick: number,
  stage: one('created', 'firmware', 'kernel', 'devices', 'services', 'shut-down', 'crashed'),
  guest: fields({
    guestOsId: text,
    hypercall: text,
    referenceTsc: text,
    processors: list(fields({ started: flag, enabled: flag, simp: text, siefp: text, sint2: number })),
  }),
  bus: optional(
    fields({
      rows: fields({ version: number, server: whatever, client: whatever, channels: list(whatever) }),
      client: one('firmware', 'kernel'),
      pairs: list(fields({ key: text, row: whatever })),
      nextPage: number,
    }),
  ),
  nextRequest: number,
})

/** The saved machine, or a sentence that says why its rows are refused. */
export function checkSaved(saved: unknown): SavedStack | string {
  const fault = shapeFault(savedShape, saved, 'the saved machine')
  if (fault !== undefined) return fault
  const { version } = saved as SavedStack
  return version === 2 ? (saved as SavedStack) : `a saved machine of version ${version}`
}
