/** Everything a page could ask of Chromium and does not need: refused for every window, known or not. */
import { app, type Session, type WebContents } from 'electron'
import { isOwnAddress } from './trusted-sender.ts'

/** Development tools may load their own pages. */
function isToolAddress(address: string): boolean {
  return address.startsWith('devtools://') && !app.isPackaged
}

/** Permissions, devices, downloads and foreign requests of a session. */
export function lockSession(session: Session, devOrigin: string | null): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => decide(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.on('will-download', (event) => event.preventDefault())
  session.webRequest.onBeforeRequest((details, decide) => {
    const { url } = details
    const own = isOwnAddress(url, devOrigin) || isToolAddress(url) || url.startsWith('data:') || url.startsWith('blob:')
    const development = devOrigin !== null && url.startsWith(devOrigin.replace(/^http/, 'ws'))
    decide({ cancel: !own && !development })
  })
}

/** Navigation, new windows and embedded pages of one page. */
export function lockContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-navigate', (event) => {
    // Loading the same page anew is the one move that a page may make.
    if (event.url !== contents.getURL()) event.preventDefault()
  })
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame) event.preventDefault()
  })
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
}
