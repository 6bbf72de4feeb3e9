/** Streams of which only the newest message counts: counters and console pictures. They begin anew after a reconnection. */
import type { Connection } from './connection.ts'
import { type Wait, waitMilliseconds } from './state-store.ts'

/** Waits before a stream that the engine refused is asked for again, in milliseconds: doubled from the first to the last. */
const RETRY = { first: 1000, last: 30_000 }

/** Calls `show` with each message until the returned function is called. `wait` resolves after a time; tests give their own. */
export function watchLatest<T>(
  connection: Connection,
  open: (signal: AbortSignal) => Promise<AsyncIterable<T>>,
  show: (message: T) => void,
  wait: Wait = waitMilliseconds,
): () => void {
  let closed = false
  let abort = new AbortController()
  const run = async (): Promise<void> => {
    abort.abort()
    abort = new AbortController()
    const { signal } = abort
    for (let pause = RETRY.first; !closed && !signal.aborted; pause = Math.min(pause * 2, RETRY.last)) {
      try {
        for await (const message of await open(signal)) {
          if (closed || signal.aborted) return
          show(message)
          pause = RETRY.first
        }
        return
      } catch {
        // The connection reports its own loss; onReconnected starts the next run.
        if (connection.status.get().state !== 'connected') return
      }
      await wait(pause)
    }
  }
  const stopReconnect = connection.onReconnected(() => void run())
  void run()
  return () => {
    closed = true
    stopReconnect()
    abort.abort()
  }
}
