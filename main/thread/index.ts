/**
 * The engine thread: opens the lab, runs its service, and answers the clients that the shell connects.
 *
 * The shell around it owns windows, sockets and signals; it hands over one message port per client and asks for a clean stop. Everything
 * that touches the lab happens here.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { ORPCError, onError } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'
import { sampleLab } from '../../db/samples/sample.ts'
import { openDiskThread } from '../files/disks/disk-port.ts'
import { openLab } from '../files/lab-folder.ts'
import { guardPort } from '../rpc/pipe.ts'
import { buildRouter } from '../rpc/router.ts'
import { LabService } from '../service/lab-service.ts'
import type { ShellToThread, ThreadOptions, ThreadToShell } from './protocol.ts'

/** The sample lab's start instant and seed, where the user names none. */
const START_TIME_MS = Date.UTC(2026, 10, 23, 9, 41)
const SEED = 20_261_123

/** Entry of the disk thread, built beside this one. */
const DISK_THREAD = join(import.meta.dirname, 'disk-thread.js')

const options = workerData as ThreadOptions
const shell = parentPort

function send(message: ThreadToShell): void {
  shell?.postMessage(message)
}

function log(level: 'info' | 'warning' | 'error', scope: string, text: string): void {
  send({ type: 'log', level, scope, text })
}

/** A bug, or a disk that does not take what must be written: nothing more is acknowledged, the thread ends and says why. */
function fail(sentence: string): void {
  send({ type: 'failed', sentence })
  setImmediate(() => process.exit(1))
}

function start(): void {
  const opened = openLab({
    folder: options.dataFolder,
    fresh: options.fresh,
    sqliteAddon: options.sqliteAddon,
    now: () => new Date(),
    log: (line) => log('info', 'lab', line),
    createRows: () =>
      sampleLab({ seed: options.seed ?? SEED, startTimeMs: options.startTimeMs ?? START_TIME_MS, size: options.sampleSize ?? null }),
  })
  if (!opened.ok) return fail(opened.sentence)
  const { lab } = opened
  const service = new LabService({
    rows: lab.rows,
    store: lab,
    epoch: randomUUID(),
    speed: options.speed ?? 1,
    manual: options.test,
    wallMs: () => performance.now(),
    files: openDiskThread(DISK_THREAD, lab.disksFolder, (error) => fail(`The disk files cannot be worked on: ${error.message}`)),
  })
  const router = buildRouter({ service, programVersion: options.programVersion, shell: options.shell })
  const handler = new RPCHandler(router, {
    interceptors: [
      onError((error) => {
        // Refused input and refused tests are the client's affair; anything else is a bug and must be seen.
        if (error instanceof ORPCError && error.status < 500) return
        log('error', 'rpc', error instanceof Error ? (error.stack ?? error.message) : String(error))
      }),
    ],
  })
  const accept = (port: MessagePort): void => {
    handler.upgrade(guardPort(port, (reason) => log('warning', 'rpc', reason)))
    port.start()
  }
  const stop = (): void => {
    service.close()
    lab.close()
    send({ type: 'stopped' })
    setImmediate(() => process.exit(0))
  }
  shell?.on('message', (message: ShellToThread) => (message.type === 'connect' ? accept(message.port) : stop()))
  send({ type: 'ready', epoch: service.publisher.epoch })
}

process.on('uncaughtException', (error) => {
  log('error', 'thread', error.stack ?? error.message)
  fail(`The engine stopped because of an error: ${error.message}`)
})
process.on('unhandledRejection', (reason) => {
  log('error', 'thread', reason instanceof Error ? (reason.stack ?? reason.message) : String(reason))
  fail(`The engine stopped because of an error: ${reason instanceof Error ? reason.message : String(reason)}`)
})

start()
