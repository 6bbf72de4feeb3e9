/**
 * The windows: one console, one connection window for each virtual machine. Nothing here waits for the engine.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { app, BrowserWindow, screen, type WebPreferences } from 'electron'
import { VM_PARAMETER, WINDOW_PARAMETER } from '../../preload/contract/host.ts'
import { SHELL_CHANNELS } from '../../preload/contract/shell-channels.ts'
import { APP_ORIGIN } from './trusted-sender.ts'
import { CONSOLE_SIZE, parseBounds, type WindowBounds } from './window-bounds.ts'

/** Size of a connection window before its page asks for the size that fits the picture. */
const CONNECTION_SIZE = { width: 1024, height: 842, widthMin: 320, heightMin: 240 } as const
/** Connection windows that may be open at a time. */
const CONNECTION_WINDOWS_MAX = 64
/** Crashes of one window's page after which it is loaded anew. */
const RELOADS_MAX = 3
/** Longest wait for pages that are being closed. */
const CLOSE_MILLISECONDS_MAX = 1000
/** Time for frames that a page sent as it was closed. */
const LAST_FRAMES_MILLISECONDS = 60
const BACKGROUND = '#f0f0f0'

export interface WindowSettings {
  readonly preloadFile: string
  /** Development server's origin, null outside development. */
  readonly devOrigin: string | null
  /** Called when the last window has been closed. */
  readonly onAllClosed: () => void
}

export class Windows {
  readonly #settings: WindowSettings
  readonly #open = new Set<BrowserWindow>()
  readonly #connections = new Map<string, BrowserWindow>()

  constructor(settings: WindowSettings) {
    this.#settings = settings
  }

  all(): Iterable<BrowserWindow> {
    return this.#open
  }

  openConsole(): void {
    const bounds = readBounds()
    const { width, height, widthMin, heightMin } = CONSOLE_SIZE
    const window = this.#create({ width, height, minWidth: widthMin, minHeight: heightMin, ...bounds }, '')
    if (bounds?.maximized) window.maximize()
    window.on('close', () => writeBounds({ ...window.getNormalBounds(), maximized: window.isMaximized() }))
  }

  /** Opens a virtual machine's connection window, or brings it to the front; false when there are too many. */
  openConnection(vmId: string): boolean {
    const present = this.#connections.get(vmId)
    if (present !== undefined) {
      if (present.isMinimized()) present.restore()
      present.show()
      present.focus()
      return true
    }
    if (this.#connections.size >= CONNECTION_WINDOWS_MAX) return false
    const { width, height, widthMin, heightMin } = CONNECTION_SIZE
    const query = new URLSearchParams({ [WINDOW_PARAMETER]: 'connect', [VM_PARAMETER]: vmId })
    const window = this.#create({ width, height, minWidth: widthMin, minHeight: heightMin }, `?${query}`)
    this.#connections.set(vmId, window)
    window.on('closed', () => this.#connections.delete(vmId))
    return true
  }

  /**
   * Takes every window off the screen at once, then lets each page say what it still has to: a page that is closed writes its remembered
   * choices first. Settles after CLOSE_MILLISECONDS_MAX at the latest; what is left is destroyed with the process.
   */
  async closeAll(): Promise<void> {
    const windows = [...this.#open].filter((window) => !window.isDestroyed())
    for (const window of windows) window.hide()
    const closed = windows.map((window) => new Promise<void>((resolve) => window.once('closed', () => resolve())))
    for (const window of windows) window.close()
    await Promise.race([Promise.all(closed), waitFor(CLOSE_MILLISECONDS_MAX)])
    // Their last frames are on their way through this process.
    await waitFor(LAST_FRAMES_MILLISECONDS)
  }

  #create(size: Electron.BrowserWindowConstructorOptions, query: string): BrowserWindow {
    const window = new BrowserWindow({
      ...size,
      show: false,
      title: app.name,
      backgroundColor: BACKGROUND,
      autoHideMenuBar: true,
      webPreferences: this.#preferences(),
    })
    this.#open.add(window)
    const contents = window.webContents
    if (!app.isPackaged) offerDevTools(window)
    reloadAfterCrash(window)
    window.once('ready-to-show', () => window.show())
    window.on('enter-full-screen', () => contents.send(SHELL_CHANNELS.fullScreenChanged, true))
    window.on('leave-full-screen', () => contents.send(SHELL_CHANNELS.fullScreenChanged, false))
    window.on('closed', () => {
      this.#open.delete(window)
      if (this.#open.size === 0) this.#settings.onAllClosed()
    })
    void window.loadURL(`${this.#settings.devOrigin ?? APP_ORIGIN}/${query}`)
    return window
  }

  #preferences(): WebPreferences {
    return {
      preload: this.#settings.preloadFile,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
      devTools: !app.isPackaged,
    }
  }
}

/** A page whose process died is loaded anew: the lab is not touched by it. One that keeps dying stays as it is. */
function reloadAfterCrash(window: BrowserWindow): void {
  let reloads = 0
  window.webContents.on('render-process-gone', (_event, details) => {
    process.stderr.write(`error window: the page's process ended: ${details.reason}\n`)
    if (details.reason === 'clean-exit' || reloads >= RELOADS_MAX) return
    reloads++
    window.webContents.reload()
  })
}

/** Ctrl+Shift+I opens the development tools; there is no menu that could. */
function offerDevTools(window: BrowserWindow): void {
  window.webContents.on('before-input-event', (event, input) => {
    if (input.type !== 'keyDown' || !input.shift || !(input.control || input.meta) || input.code !== 'KeyI') return
    event.preventDefault()
    window.webContents.toggleDevTools()
  })
}

function boundsFile(): string {
  return join(app.getPath('userData'), 'window.json')
}

function readBounds(): WindowBounds | null {
  let text: string
  try {
    text = readFileSync(boundsFile(), 'utf8')
  } catch {
    // The first start has no such file.
    return null
  }
  return parseBounds(
    text,
    screen.getAllDisplays().map((display) => display.workArea),
  )
}

function writeBounds(bounds: WindowBounds): void {
  try {
    writeFileSync(boundsFile(), JSON.stringify(bounds))
  } catch (error) {
    process.stderr.write(`warning window: bounds not remembered: ${String(error)}\n`)
  }
}

function waitFor(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
