import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type EngineThread, type LogMessage, startEngineThread } from './engine-thread.ts'
import type { ThreadOptions } from './protocol.ts'

const OPTIONS: ThreadOptions = {
  dataFolder: '/lab',
  seed: 7,
  startTimeMs: null,
  speed: 'max',
  fresh: false,
  test: true,
  shell: 'browser',
  programVersion: '0.1.0',
  sqliteAddon: null,
  sampleSize: null,
}

let place = ''
let log: LogMessage[] = []

/** Starts a thread that runs these lines; `shell` is its way back. */
function start(lines: string): EngineThread {
  const file = join(place, 'thread.mjs')
  writeFileSync(file, `import { parentPort as shell, workerData as options } from 'node:worker_threads'\n${lines}`)
  return startEngineThread(file, OPTIONS, (message) => log.push(message))
}

/** A thread that behaves. */
const GOOD = `
  shell.on('message', (message) => {
    if (message.type === 'connect') message.port.on('message', (frame) => message.port.postMessage(options.seed + frame))
    else { shell.postMessage({ type: 'log', level: 'info', scope: 'lab', text: 'closed' }); shell.postMessage({ type: 'stopped' }) }
  })
  shell.postMessage({ type: 'ready', epoch: 'e1' })`

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'viridian-thread-'))
  log = []
})
afterEach(() => rmSync(place, { recursive: true }))

it('is ready, passes frames, logs and stops', async () => {
  const thread = start(GOOD)
  expect(await thread.ready).toBe('e1')
  const port = thread.connect()
  const answer = new Promise((resolve) => port.once('message', resolve))
  port.postMessage(' frames')
  expect(await answer).toBe('7 frames')
  port.close()
  expect(await thread.stop()).toBe(true)
  expect(log).toEqual([{ type: 'log', level: 'info', scope: 'lab', text: 'closed' }])
})

it('stops once, however often it is asked', async () => {
  const thread = start(GOOD)
  const [first, second] = await Promise.all([thread.stop(), thread.stop()])
  expect([first, second, log.length]).toEqual([true, true, 1])
})

it('says why it cannot start, in the words of the thread', async () => {
  const thread = start(`shell.postMessage({ type: 'failed', sentence: 'The lab is open elsewhere.' })`)
  await expect(thread.ready).rejects.toThrow('The lab is open elsewhere.')
  expect(await thread.stop()).toBe(false)
})

it('tells of a failure after the start in the words of the thread, though it ends as well', async () => {
  const thread = start(`${GOOD}\nshell.postMessage({ type: 'failed', sentence: 'The disk is full.' }); setImmediate(() => process.exit(1))`)
  await thread.ready
  expect((await thread.crashed).message).toBe('The disk is full.')
})

it('tells of a crash, with its trace in the log', async () => {
  const thread = start(`shell.postMessage({ type: 'ready', epoch: 'e1' }); setImmediate(() => { throw new Error('broken') })`)
  await thread.ready
  expect((await thread.crashed).message).toBe('The simulation ended because of an internal error: broken')
  expect(log[0]?.text).toContain('thread.mjs')
})

it('tells of an end without a word', async () => {
  const thread = start('process.exit(3)')
  await expect(thread.ready).rejects.toThrow('The simulation ended unexpectedly (exit code 3).')
})
