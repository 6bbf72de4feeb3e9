/** Entry of the thread that works on the real files of a lab's disks, so that a large file never holds up the simulation. */
import { parentPort, workerData } from 'node:worker_threads'
import { openDiskKeeper } from './disk-keeper.ts'
import type { FromDiskThread, ToDiskThread } from './disk-port.ts'

const keeper = openDiskKeeper(String(workerData))

parentPort?.on('message', (message: ToDiskThread) => {
  if (message.type === 'abort') return keeper.abort(message.id)
  void keeper.run(message.request).then(
    (answer) => parentPort?.postMessage({ turn: message.turn, answer } satisfies FromDiskThread),
    // A bug: it ends this thread with its trace, and the engine with it.
    (error: unknown) =>
      setImmediate(() => {
        throw error
      }),
  )
})
