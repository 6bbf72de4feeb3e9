/** Streams of which only the newest message counts: counters and console pictures. They begin anew after a reconnection. */
import type { Connection } from './connection.ts'

/** Calls `show` with each message until the returned function is called. */
export function watchLatest<T>(
  connection: Connection,
  open: (signal: AbortSignal) => Promise<AsyncIterable<T>>,
  show: (message: T) => void,
): () => void {
  let closed = false
  let abort = new AbortController()
  const run = async (): Promise<void> => {
    abort.abort()
    abort = new AbortController()
    const { signal } = abort
    try {
      for await (const message of await open(signal)) {
        if (closed || signal.aborted) return
        show(message)
      }
    } catch {
      // The connection reports its own loss; onReconnected starts the next run.
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
