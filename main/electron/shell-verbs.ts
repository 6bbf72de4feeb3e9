/**
 * What pages may ask of the desktop shell: one narrow verb for each ability. Each checks its sender and each argument; what does not fit is
 * refused and logged.
 */
import { type BrowserWindow, type IpcMainEvent, type IpcMainInvokeEvent, ipcMain, MessageChannelMain } from 'electron'
import { SHELL_CHANNELS, type VerbAnswer } from '../../preload/contract/shell-channels.ts'
import type { EngineThread } from '../thread/engine-thread.ts'
import { readText, writeImage, writeText } from './clipboard.ts'
import { type ClosePipe, joinPorts } from './frame-pipe.ts'
import { trustedWindow } from './trusted-sender.ts'
import type { Windows } from './windows.ts'

/** Longest values that a page may hand over, in UTF-16 code units. */
const TEXT_MAX = { nonce: 64, id: 64, text: 1_048_576, image: 64 * 1_048_576 } as const
const CONTENT_SIDE_MAX = 16_384
const PNG_DATA_URL = 'data:image/png;base64,'

export interface VerbSettings {
  readonly windows: Windows
  readonly thread: EngineThread
  readonly devOrigin: string | null
  readonly log: (text: string) => void
}

function isText(value: unknown, max: number): value is string {
  return typeof value === 'string' && value.length <= max
}

function isSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= CONTENT_SIDE_MAX
}

/** Installs all verbs. */
export function installShellVerbs(settings: VerbSettings): void {
  const { windows, log } = settings
  const senderOf = (event: IpcMainEvent | IpcMainInvokeEvent, channel: string): BrowserWindow | null => {
    const window = trustedWindow(event, windows.all(), settings.devOrigin)
    if (window === null) log(`refused a caller of ${channel}`)
    return window
  }
  /** A verb without an answer. */
  const on = (channel: string, act: (window: BrowserWindow, words: readonly unknown[]) => boolean): void => {
    ipcMain.on(channel, (event, ...words: unknown[]) => {
      const window = senderOf(event, channel)
      if (window !== null && !act(window, words)) log(`refused the arguments of ${channel}`)
    })
  }
  /** A verb with an answer; what it throws is the sentence of its refusal. */
  const handle = (channel: string, act: (window: BrowserWindow, words: readonly unknown[]) => unknown): void => {
    ipcMain.handle(channel, async (event, ...words: unknown[]): Promise<VerbAnswer<unknown>> => {
      const window = senderOf(event, channel)
      if (window === null) return { ok: false, sentence: 'This window may not do that.' }
      try {
        return { ok: true, value: await act(window, words) }
      } catch (error) {
        return { ok: false, sentence: error instanceof Error ? error.message : String(error) }
      }
    })
  }
  installPipe(settings, on)
  installWindowVerbs(windows, on, handle)
  installClipboard(handle)
}

type On = (channel: string, act: (window: BrowserWindow, words: readonly unknown[]) => boolean) => void
type Handle = (channel: string, act: (window: BrowserWindow, words: readonly unknown[]) => unknown) => void

/** Each window has one pipe at the most: a new request, a reload and the window's end close the old one. */
function installPipe(settings: VerbSettings, on: On): void {
  const pipes = new Map<BrowserWindow, ClosePipe>()
  const closeOf = (window: BrowserWindow): void => {
    pipes.get(window)?.()
    pipes.delete(window)
  }
  on(SHELL_CHANNELS.requestPort, (window, [nonce]) => {
    if (!isText(nonce, TEXT_MAX.nonce)) return false
    const frame = window.webContents.mainFrame
    if (!pipes.has(window)) window.once('closed', () => closeOf(window))
    closeOf(window)
    settings.thread.ready.then(
      () => {
        if (window.isDestroyed() || window.webContents.mainFrame !== frame) return
        const { port1, port2 } = new MessageChannelMain()
        closeOf(window)
        pipes.set(window, joinPorts(port1, settings.thread.connect(), settings.log))
        window.webContents.postMessage(SHELL_CHANNELS.port, nonce, [port2])
      },
      // The shell itself tells the user and ends.
      () => {},
    )
    return true
  })
}

function installWindowVerbs(windows: Windows, on: On, handle: Handle): void {
  handle(SHELL_CHANNELS.openConnection, (_window, [vmId]) => {
    if (!isText(vmId, TEXT_MAX.id) || vmId === '') throw new Error('That is not the name of a virtual machine.')
    if (!windows.openConnection(vmId)) throw new Error('Too many connection windows are open. Close one of them first.')
  })
  on(SHELL_CHANNELS.closeWindow, (window) => {
    window.close()
    return true
  })
  handle(SHELL_CHANNELS.setFullScreen, (window, [wanted]) => {
    if (typeof wanted === 'boolean') window.setFullScreen(wanted)
  })
  on(SHELL_CHANNELS.setContentSize, (window, [width, height]) => {
    if (!isSide(width) || !isSide(height)) return false
    if (!window.isFullScreen() && !window.isMaximized()) window.setContentSize(width, height)
    return true
  })
}

function installClipboard(handle: Handle): void {
  handle(SHELL_CHANNELS.copyImage, (_window, [address]) => {
    if (!isText(address, TEXT_MAX.image) || !address.startsWith(PNG_DATA_URL)) throw new Error('Only a PNG picture can be copied.')
    return writeImage(new Uint8Array(Buffer.from(address.slice(PNG_DATA_URL.length), 'base64')))
  })
  handle(SHELL_CHANNELS.copyText, (_window, [text]) => {
    if (!isText(text, TEXT_MAX.text)) throw new Error('The text is too long to be copied.')
    return writeText(text)
  })
  handle(SHELL_CHANNELS.readText, () => readText(TEXT_MAX.text))
}
