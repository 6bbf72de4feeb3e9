/** Which shell this page runs in. */
import type { ShellAbilities } from '../../preload/contract/host.ts'
import { browserShell, takeToken } from './browser-shell.ts'
import { electronShell, findBridge } from './electron-shell.ts'

/** The abilities of the shell around this page. To be called once, at the page's start. */
export function findShell(): ShellAbilities {
  const bridge = findBridge(window)
  return bridge === null ? browserShell(takeToken(window)) : electronShell(bridge)
}
