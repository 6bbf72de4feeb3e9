/**
 * A browser's abilities: frames over a WebSocket to the server that the page came from, connection windows as pop-ups, full screen and clipboard as
 * browsers have them.
 */
import { type FramePipe, type ShellAbilities, VM_PARAMETER, WINDOW_PARAMETER } from '../../preload/contract/host.ts'

const TOKEN_PARAMETER = 'token'
const TOKEN_KEY = 'viridian.token'
const SUBPROTOCOL = 'viridian'
/** Client area of a first connection window: a picture of 1024x768 with menu bar, toolbar and status bar. */
const POPUP_FEATURES = 'popup,width=1024,height=842'

/**
 * Takes the token out of the address, so that it is neither shown nor kept in the history, and keeps it for this tab. A pop-up starts with a copy of
 * its opener's session storage, and so with the token.
 */
export function takeToken(page: Pick<Window, 'location' | 'history' | 'sessionStorage'>): string {
  const address = new URL(page.location.href)
  const given = address.searchParams.get(TOKEN_PARAMETER)
  if (given !== null) {
    page.sessionStorage.setItem(TOKEN_KEY, given)
    address.searchParams.delete(TOKEN_PARAMETER)
    page.history.replaceState(page.history.state, '', address)
  }
  return page.sessionStorage.getItem(TOKEN_KEY) ?? ''
}

export function browserShell(token: string): ShellAbilities {
  return {
    kind: 'browser',
    connect: () => openSocket(token),
    openConnection,
    setTitle(title) {
      document.title = title
    },
    closeWindow: leavePage,
    async setFullScreen(on) {
      if (on) await document.documentElement.requestFullscreen()
      else if (document.fullscreenElement !== null) await document.exitFullscreen()
    },
    onFullScreenChange(listener) {
      const forward = (): void => listener(document.fullscreenElement !== null)
      document.addEventListener('fullscreenchange', forward)
      return () => document.removeEventListener('fullscreenchange', forward)
    },
    setContentSize(width, height) {
      // Browsers resize pop-ups alone; in a tab this does nothing.
      window.resizeTo(width + window.outerWidth - window.innerWidth, height + window.outerHeight - window.innerHeight)
    },
    copyImage: (pngDataUrl) => navigator.clipboard.write([new ClipboardItem({ 'image/png': pngBlob(pngDataUrl) })]),
    copyText: (text) => navigator.clipboard.writeText(text),
    readText: () => navigator.clipboard.readText(),
  } satisfies ShellAbilities
}

/** The bytes of a `data:` picture; fetching such an address is closed to the page. */
function pngBlob(pngDataUrl: string): Blob {
  const binary = atob(pngDataUrl.slice(pngDataUrl.indexOf(',') + 1))
  return new Blob([Uint8Array.from(binary, (character) => character.charCodeAt(0))], { type: 'image/png' })
}

/** One pop-up for each virtual machine: its name is the machine's id, so that a second call finds it, whichever page opened it. */
async function openConnection(vmId: string): Promise<void> {
  const popup = window.open('', `vm-${vmId}`, POPUP_FEATURES)
  if (popup === null)
    throw new Error('The browser blocked the connection window. Allow pop-up windows for this address, then connect again.')
  if (popup.location.href === 'about:blank') {
    const query = new URLSearchParams({ [WINDOW_PARAMETER]: 'connect', [VM_PARAMETER]: vmId })
    popup.location.replace(`${window.location.origin}/?${query}`)
  }
  popup.focus()
}

function openSocket(token: string): Promise<FramePipe> {
  if (token === '') return Promise.reject(new Error('This page has no token. Open the address that Viridian printed when it started.'))
  const socket = new WebSocket(`ws://${window.location.host}/frames`, [SUBPROTOCOL, token])
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socketPipe(socket)), { once: true })
    const refused = (): void => void refusalReason().then((reason) => reject(new Error(reason)))
    socket.addEventListener('error', refused, { once: true })
    // A server that closes before it has answered need not be an error for the browser.
    socket.addEventListener('close', refused, { once: true })
  })
}

/** A browser does not say why a WebSocket was refused; whether the server still serves its page tells the two causes apart. */
async function refusalReason(): Promise<string> {
  const alive = await fetch('/', { method: 'HEAD', cache: 'no-store' }).then(
    (response) => response.ok,
    () => false,
  )
  return alive
    ? 'Viridian was started anew or has too many connections. Open the address that it printed when it started.'
    : 'Viridian does not run any more.'
}

/** Frames over an open WebSocket. */
function socketPipe(socket: WebSocket): FramePipe {
  return {
    send: (frame) => socket.send(frame),
    onFrame(listener) {
      socket.addEventListener('message', (event: MessageEvent<unknown>) => {
        if (typeof event.data === 'string') listener(event.data)
      })
    },
    onClose(listener) {
      socket.addEventListener('close', (event) => listener(event.reason || 'The connection to the simulation was lost.'), { once: true })
    },
    close: () => socket.close(1000),
  }
}

/** How long a browser may take to close a tab, ms. */
const CLOSE_MS_MAX = 200

/** Closes the tab. A browser keeps one that its user opened himself; that one shows an empty page then, and nothing of the lab. */
function leavePage(): void {
  window.close()
  setTimeout(() => window.location.replace('about:blank'), CLOSE_MS_MAX)
}
