/** Opens an address in the user's browser, where there is one. */
import { spawn } from 'node:child_process'

/** Command that opens an address on a platform. */
export function openCommand(platform: string, address: string): { command: string; words: string[] } {
  if (platform === 'darwin') return { command: 'open', words: [address] }
  // Unlike `start`, it needs no command interpreter, which would read `&` and `^` in an address as its own.
  if (platform === 'win32') return { command: 'rundll32', words: ['url.dll,FileProtocolHandler', address] }
  return { command: 'xdg-open', words: [address] }
}

/** Never fails: the address is printed anyway. */
export function openBrowser(address: string): void {
  const { command, words } = openCommand(process.platform, address)
  const child = spawn(command, words, { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
