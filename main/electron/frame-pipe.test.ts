import { EventEmitter } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import type { MessagePortMain } from 'electron'
import { expect, it } from 'vitest'
import { FRAME_BYTES_MAX } from '../../preload/contract/version.ts'
import { joinPorts } from './frame-pipe.ts'

/** The page's port as Electron's main process has it. */
class PagePort extends EventEmitter {
  readonly sent: unknown[] = []
  closed = false
  started = false
  postMessage(frame: unknown): void {
    this.sent.push(frame)
    this.emit('sent')
  }
  start(): void {
    this.started = true
  }
  close(): void {
    this.closed = true
  }
}

function joined() {
  const page = new PagePort()
  const { port1, port2 } = new MessageChannel()
  const log: string[] = []
  const received: unknown[] = []
  port2.on('message', (frame) => received.push(frame))
  const ended = new Promise<void>((resolve) => port2.once('close', resolve))
  const close = joinPorts(page as unknown as MessagePortMain, port1, (text) => log.push(text))
  return { page, engine: port2, log, received, ended, close }
}

it('passes text both ways, up to the largest frame', async () => {
  const { page, engine, received, close, ended } = joined()
  expect(page.started).toBe(true)
  const largest = 'ä'.repeat(FRAME_BYTES_MAX / 2)
  page.emit('message', { data: 'to the engine' })
  page.emit('message', { data: largest })
  const answered = new Promise((resolve) => page.once('sent', resolve))
  engine.postMessage('to the page')
  await answered
  expect(page.sent).toEqual(['to the page'])
  close()
  await ended
  expect(received).toEqual(['to the engine', largest])
})

it.each<[string, unknown]>([
  ['one byte too many', 'x'.repeat(FRAME_BYTES_MAX + 1)],
  ['too many bytes in few characters', '€'.repeat(FRAME_BYTES_MAX / 3 + 1)],
  ['an object', { type: 'stop' }],
  ['bytes', new Uint8Array(4)],
  ['nothing', undefined],
])('ends on %s, and nothing after it passes', async (_name, data) => {
  const { page, log, received, ended } = joined()
  page.emit('message', { data })
  page.emit('message', { data: 'late' })
  await ended
  expect({ closed: page.closed, received, log }).toEqual({
    closed: true,
    received: [],
    log: ['closed a pipe: frame is no text or too long'],
  })
})

it('closes each end with the other', async () => {
  const first = joined()
  first.page.emit('close')
  await first.ended
  const second = joined()
  second.engine.close()
  await second.ended
  await expect.poll(() => second.page.closed).toBe(true)
})
