/**
 * Brings keystrokes to the guest in their order: one call at a time, with everything that was typed during the one before.
 *
 * A call carries text, then keys; a modifier holds until the end of its call. So a call ends before text that follows a key, and after a key with
 * modifiers.
 */
import type { Stroke } from './keystrokes.ts'

/** Arguments of one call. */
export interface KeyBatch {
  readonly keys: readonly string[]
  readonly text: string
}

/** Bounds of the contract. */
export const BATCH_KEYS_MAX = 64
export const BATCH_TEXT_MAX = 4096

/** Takes the longest beginning of the queue that fits into one call. */
export function takeBatch(queue: readonly Stroke[]): { readonly batch: KeyBatch; readonly rest: readonly Stroke[] } {
  let text = ''
  const keys: string[] = []
  let index = 0
  for (; index < queue.length; index += 1) {
    const stroke = queue[index]
    if (stroke === undefined) break
    if (stroke.kind === 'text') {
      if (keys.length > 0) break
      const room = wholeCharacters(stroke.text, BATCH_TEXT_MAX - text.length)
      text += room
      if (room.length < stroke.text.length) {
        const left: Stroke = { kind: 'text', text: stroke.text.slice(room.length) }
        return { batch: { keys, text }, rest: [left, ...queue.slice(index + 1)] }
      }
      continue
    }
    if (keys.length + stroke.modifiers.length + 1 > BATCH_KEYS_MAX) break
    keys.push(...stroke.modifiers, stroke.code)
    if (stroke.modifiers.length > 0) {
      index += 1
      break
    }
  }
  return { batch: { keys, text }, rest: queue.slice(index) }
}

/** The first `units` code units of a text without half of a character. */
function wholeCharacters(text: string, units: number): string {
  if (text.length <= units) return text
  const last = text.charCodeAt(units - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? units - 1 : units)
}

export interface KeySender {
  push(stroke: Stroke): void
  /** Forgets what has not been sent yet. */
  clear(): void
}

/** @param send resolves with whether the guest takes keys; after a no, and after a failure, what waits is forgotten */
export function createKeySender(send: (batch: KeyBatch) => Promise<boolean>): KeySender {
  let queue: readonly Stroke[] = []
  let busy = false
  const run = async (): Promise<void> => {
    if (busy) return
    busy = true
    while (queue.length > 0) {
      const { batch, rest } = takeBatch(queue)
      queue = rest
      const taken = await send(batch).catch(() => false)
      if (!taken) queue = []
    }
    busy = false
  }
  return {
    push(stroke) {
      queue = [...queue, stroke]
      void run()
    },
    clear() {
      queue = []
    },
  }
}
