/**
 * Which frame may use the shell's verbs: the main frame of one of our windows, showing our page. Everything else is refused and logged.
 */
import type { BrowserWindow, IpcMainEvent, IpcMainInvokeEvent } from 'electron'

/** Origin of the page under the shell's own protocol. */
export const APP_ORIGIN = 'viridian://app'

/** True when an address belongs to the page. `devOrigin` is the development server's, null outside development. */
export function isOwnAddress(address: string, devOrigin: string | null): boolean {
  if (address === APP_ORIGIN || address.startsWith(`${APP_ORIGIN}/`)) return true
  return devOrigin !== null && address.startsWith(`${devOrigin}/`)
}

/** The window that a message came from, or null when the sender is not to be trusted. */
export function trustedWindow(
  event: Pick<IpcMainEvent | IpcMainInvokeEvent, 'sender' | 'senderFrame'>,
  windows: Iterable<BrowserWindow>,
  devOrigin: string | null,
): BrowserWindow | null {
  const frame = event.senderFrame
  if (frame === null || frame.parent !== null || !isOwnAddress(frame.url, devOrigin)) return null
  for (const window of windows) {
    if (!window.isDestroyed() && window.webContents === event.sender) return window
  }
  return null
}
