/**
 * A client's way into the engine thread, guarded.
 *
 * Whatever arrives is a frame of text from a process that need not be ours. It is bounded and looked at before the RPC layer sees it: a frame
 * that cannot be a request ends the connection, because a client that sends one is broken or hostile.
 */
import type { MessagePort } from 'node:worker_threads'
import { z } from 'zod'
import { FRAME_BYTES_MAX } from '../../preload/contract/index.ts'

/**
 * Outline of a request frame of the RPC layer: `i` the call's number, `t` its kind (absent = a request, else an event of a stream or an
 * abort signal), `p` its content.
 */
const frameSchema = z.strictObject({
  i: z.union([z.string().max(64), z.number()]),
  t: z.number().optional(),
  p: z.record(z.string(), z.unknown()).optional(),
})

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
