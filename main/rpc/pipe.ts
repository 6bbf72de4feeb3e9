/**
 * A client's way into the engine thread, guarded.
 *
 * Whatever arrives is a frame of text from a process that need not be ours. It is bounded and looked at before the RPC layer sees it: a frame
 * that cannot be a request ends the connection, because a client that sends one is broken or hostile.
 */
import type { MessagePort } from 'node:worker_threads'
import { z } from 'zod'
import { FRAME_BYTES_MAX } from '../../preload/contract/index.ts'

/** Number of a call within its connection. */
const callNumber = z.union([z.string().min(1).max(64), z.number()])

/** Values that JSON has no word for and that a page can hold by mistake: the serializer's types NaN and undefined. The contract refuses them later. */
const unnamed = z.tuple([z.union([z.literal(2), z.literal(3)])], z.union([z.string().max(128), z.int().min(0)]))

/** The serializer's form of an input: JSON, and the places in it that stand for such a value. */
const bodySchema = z
  .strictObject({ json: z.unknown().optional(), meta: z.array(unnamed).max(64).optional() })
  .refine(({ json, meta }) => (meta ?? []).every(([, ...path]) => leads(json, path)))

/** Whether a path names a place inside of a value: every step an own property. */
function leads(value: unknown, path: readonly (string | number)[]): boolean {
  let at = value
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return false
    at = (at as Record<string | number, unknown>)[step]
  }
  return true
}

/**
 * The frames that a page of ours sends, and no others: a call (`u` its path, `b` its input), or the end of one (kind 4). The RPC layer would
 * take more (headers, uploads, streams towards the engine); none of that is part of the contract, and what it would make of odd values is not
 * left to chance.
 */
const frameSchema = z.union([
  z.strictObject({
    i: callNumber,
    t: z.literal(1).optional(),
    p: z.strictObject({
      u: z.string().regex(/^\/[A-Za-z]+\/[A-Za-z]+$/),
      b: bodySchema.optional(),
      h: z.strictObject({}).optional(),
      m: z.literal('POST').optional(),
    }),
  }),
  z.strictObject({ i: callNumber, t: z.literal(4) }),
])

/** Why a frame is refused; undefined when it may pass. */
export function refuseFrame(frame: unknown): string | undefined {
  if (typeof frame !== 'string') return 'The connection sent something that is not text.'
  if (frame.length > FRAME_BYTES_MAX) return `The connection sent a frame of more than ${FRAME_BYTES_MAX} bytes.`
  let parsed: unknown
  try {
    parsed = JSON.parse(frame)
  } catch {
    return 'The connection sent a frame that is not JSON.'
  }
  return frameSchema.safeParse(parsed).success ? undefined : 'The connection sent a frame that is not a request.'
}

type Listener = (event: { data: unknown }) => void

/** The part of a message port that the RPC handler uses. */
export interface GuardedPort {
  addEventListener(type: 'message' | 'close', listener: Listener): void
  postMessage(data: string): void
}

/** Wraps a port so that only frames which may pass reach the handler; any other closes the port and is reported once. */
export function guardPort(port: MessagePort, report: (reason: string) => void): GuardedPort {
  let open = true
  return {
    addEventListener(type, listener) {
      if (type === 'close') {
        port.on('close', () => listener({ data: undefined }))
        return
      }
      port.on('message', (data: unknown) => {
        if (!open) return
        const reason = refuseFrame(data)
        if (reason === undefined) return listener({ data })
        open = false
        report(reason)
        port.close()
      })
    },
    postMessage(data) {
      if (open) port.postMessage(data)
    },
  }
}
