/** The desktop shell's abilities: what the preload script gives, plus the pipe over the port that it posts. */
import type { FramePipe, ShellAbilities } from '../../preload/contract/host.ts'
import { BRIDGE_NAME, SHELL_CHANNELS, type ShellBridge } from '../../preload/contract/shell-channels.ts'

/** Longest wait for the port; opening a large lab comes before it. */
const PORT_MILLISECONDS_MAX = 60_000

/** The bridge, where the page runs in the desktop shell; null in a browser. */
export function findBridge(scope: object): ShellBridge | null {
  return BRIDGE_NAME in scope ? (scope[BRIDGE_NAME] as ShellBridge) : null
}

export function electronShell(bridge: ShellBridge): ShellAbilities {
  return {
    kind: 'electron',
    connect: () => requestPort(bridge).then(portPipe),
    openConnection: (vmId) => bridge.openConnection(vmId),
    setTitle(title) {
      document.title = title
    },
    closeWindow: () => bridge.closeWindow(),
    setFullScreen: (on) => bridge.setFullScreen(on),
    onFullScreenChange: (listener) => bridge.onFullScreenChange(listener),
    setContentSize: (width, height) => bridge.setContentSize(width, height),
    copyImage: (pngDataUrl) => bridge.copyImage(pngDataUrl),
    copyText: (text) => bridge.copyText(text),
    readText: () => bridge.readText(),
  } satisfies ShellAbilities
}

/** The nonce tells the answer to this request from any other message to the window. */
function requestPort(bridge: ShellBridge): Promise<MessagePort> {
  const nonce = crypto.randomUUID()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      window.removeEventListener('message', listen)
      reject(new Error('The simulation did not answer.'))
    }, PORT_MILLISECONDS_MAX)
    const listen = (event: MessageEvent<unknown>): void => {
      const message = event.data
      if (event.source !== window || typeof message !== 'object' || message === null) return
      if (!('type' in message) || message.type !== SHELL_CHANNELS.port || !('nonce' in message) || message.nonce !== nonce) return
      const port = event.ports[0]
      if (port === undefined) return
      clearTimeout(timer)
      window.removeEventListener('message', listen)
      resolve(port)
    }
    window.addEventListener('message', listen)
    bridge.requestPort(nonce)
  })
}

/** Frames over a message port. */
export function portPipe(port: MessagePort): FramePipe {
  let closed = false
  let closeListener: (reason: string) => void = () => {}
  // A port's close event is younger than its type: Chromium 122 and later send it when the other end closes or its process ends.
  port.addEventListener('close', () => {
    if (closed) return
    closed = true
    closeListener('The connection to the simulation was closed.')
  })
  return {
    send: (frame) => port.postMessage(frame),
    onFrame(listener) {
      port.addEventListener('message', (event: MessageEvent<unknown>) => {
        if (typeof event.data === 'string') listener(event.data)
      })
      port.start()
    },
    onClose(listener) {
      closeListener = listener
    },
    close() {
      closed = true
      port.close()
    },
  }
}
