/** Joins a page's port with the engine thread's: whole string frames pass both ways, unread. */
import type { MessagePort } from 'node:worker_threads'
import type { MessagePortMain } from 'electron'
import { FRAME_BYTES_MAX } from '../../preload/contract/version.ts'

/** Closes both ends. */
export type ClosePipe = () => void

/** Starts passing frames. A frame that is no string or too long ends the pipe, and `log` is told why. */
export function joinPorts(page: MessagePortMain, thread: MessagePort, log: (text: string) => void): ClosePipe {
  let open = true
  const close = (): void => {
    if (!open) return
    open = false
    page.close()
    thread.close()
  }
  page.on('message', (event: { data: unknown }) => {
    const frame = event.data
    if (!open) return
    // A string has at most three bytes for each of its units; only long ones need to be counted.
    if (typeof frame !== 'string' || (frame.length * 3 > FRAME_BYTES_MAX && Buffer.byteLength(frame) > FRAME_BYTES_MAX)) {
      log('closed a pipe: frame is no text or too long')
      return close()
    }
    thread.postMessage(frame)
  })
  page.on('close', close)
  thread.on('message', (frame: unknown) => {
    if (open && typeof frame === 'string') page.postMessage(frame)
  })
  thread.on('close', close)
  page.start()
  return close
}
