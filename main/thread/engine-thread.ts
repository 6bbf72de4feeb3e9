/**
 * The shell's side of the engine thread: starts it, waits for its word, hands ports over, stops it within a bounded time.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { ShellToThread, ThreadOptions, ThreadToShell } from './protocol.ts'

/** Longest wait for commit, backup and close before the thread is ended anyway. */
const STOP_MILLISECONDS_MAX = 10_000

export type LogMessage = Extract<ThreadToShell, { type: 'log' }>

/** What a shell needs of the engine thread; tests put another one in its place. */
export interface EngineThread {
  /** Settles with the thread's first word: the epoch, or an error whose message is a sentence for the user. */
  readonly ready: Promise<string>
  /** Settles only when the thread fails or ends without having been asked to; the error's message is a sentence for the user. */
  readonly crashed: Promise<Error>
  /** Opens a way to the engine: string frames both ways; closing the port is the goodbye. */
  connect(): MessagePort
  /** Commits, backs up and closes. Settles after {@link STOP_MILLISECONDS_MAX} at the latest; true when the thread confirmed it. */
  stop(): Promise<boolean>
}

interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<T>((resolvePromise, rejectPromise) => {
    resolve = resolvePromise
    reject = rejectPromise
  })
  return { promise, resolve, reject }
}

/** Starts the engine thread from its built file. Log lines go to `log`. */
export function startEngineThread(file: string, options: ThreadOptions, log: (message: LogMessage) => void): EngineThread {
  const worker = new Worker(file, { workerData: options, name: 'viridian-engine' })
  let stopping: Promise<boolean> | null = null
  const ready = deferred<string>()
  const crashed = deferred<Error>()
  const stopped = deferred<boolean>()
  // A shell that is already on its way out does not look at it any more.
  ready.promise.catch(() => {})

  const end = (error: Error): void => {
    ready.reject(error)
    if (stopping === null) crashed.resolve(error)
    stopped.resolve(false)
  }
  worker.on('message', (message: ThreadToShell) => {
    if (message.type === 'ready') ready.resolve(message.epoch)
    else if (message.type === 'failed') {
      // It answers nothing any more; what was acknowledged is on disk.
      end(new Error(message.sentence))
    } else if (message.type === 'stopped') stopped.resolve(true)
    else log(message)
  })
  worker.on('error', (error: unknown) => {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    log({ type: 'log', level: 'error', scope: 'thread', text: detail })
    end(new Error(`The simulation ended because of an internal error: ${error instanceof Error ? error.message : String(error)}`))
  })
  worker.on('exit', (code) => end(new Error(`The simulation ended unexpectedly (exit code ${code}).`)))

  const stop = async (): Promise<boolean> => {
    worker.postMessage({ type: 'stop' } satisfies ShellToThread)
    const timer = setTimeout(() => stopped.resolve(false), STOP_MILLISECONDS_MAX)
    const clean = await stopped.promise
    clearTimeout(timer)
    await worker.terminate()
    return clean
  }

  return {
    ready: ready.promise,
    crashed: crashed.promise,
    connect() {
      const { port1, port2 } = new MessageChannel()
      worker.postMessage({ type: 'connect', port: port2 } satisfies ShellToThread, [port2])
      return port1
    },
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

/** One log line for standard error. */
export function formatLog(message: LogMessage): string {
  return `${message.level} ${message.scope}: ${message.text}\n`
}
