/** The engine thread's side of the disk thread. */
import { Worker } from 'node:worker_threads'
import type { FileAnswer, FilePort, FileRequest } from '../../engine/management/disks/file-port.ts'

export type ToDiskThread =
  | { readonly type: 'run'; readonly turn: number; readonly request: FileRequest }
  | { readonly type: 'abort'; readonly id: string }

export interface FromDiskThread {
  readonly turn: number
  readonly answer: FileAnswer
}

/** Starts the disk thread with the first request. `file` is its entry, `failed` is told when it ends because of a bug. */
export function openDiskThread(file: string, disksFolder: string, failed: (error: Error) => void): FilePort {
  const waiting = new Map<number, (answer: FileAnswer) => void>()
  let turns = 0
  let worker: Worker | null = null
  const start = (): Worker => {
    const started = new Worker(file, { workerData: disksFolder, name: 'viridian-disks' })
    started.on('message', ({ turn, answer }: FromDiskThread) => {
      waiting.get(turn)?.(answer)
      waiting.delete(turn)
    })
    started.on('error', (error: unknown) => failed(error instanceof Error ? error : new Error(String(error))))
    // It must not keep a process alive that has nothing else to do.
    started.unref()
    return started
  }
  return {
    run: (request) =>
      new Promise((resolve) => {
        worker ??= start()
        const turn = turns++
        waiting.set(turn, resolve)
        worker.postMessage({ type: 'run', turn, request } satisfies ToDiskThread)
      }),
    abort: (id) => worker?.postMessage({ type: 'abort', id } satisfies ToDiskThread),
  }
}
