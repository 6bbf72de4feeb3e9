/**
 * The narrow verbs between the preload script and the desktop shell. Both sides import these names; the page sees {@link ShellBridge} alone.
 */
import type { ShellAbilities } from './host.ts'

export const SHELL_CHANNELS = {
  /** Page to shell: asks for a way to the engine; the nonce comes back with the port. */
  requestPort: 'viridian:request-port',
  /** Shell to preload: the port, with the nonce. */
  port: 'viridian:port',
  openConnection: 'viridian:open-connection',
  closeWindow: 'viridian:close-window',
  setFullScreen: 'viridian:set-full-screen',
  /** Shell to preload: the window filled the screen or gave it back. */
  fullScreenChanged: 'viridian:full-screen-changed',
  setContentSize: 'viridian:set-content-size',
  copyImage: 'viridian:copy-image',
  copyText: 'viridian:copy-text',
  readText: 'viridian:read-text',
} as const

/** Global name under which the preload script shows the bridge to the page. */
export const BRIDGE_NAME = 'viridianShell'

/**
 * What the preload script gives the page. A port cannot cross the context bridge: `requestPort` makes the preload script post a
 * {@link PortMessage} with the port to the page's own window. A window's title follows its document's, without a verb.
 */
export type ShellBridge = Omit<ShellAbilities, 'connect' | 'setTitle'> & { requestPort(nonce: string): void }

/** Answer of a verb that can be refused; `sentence` is for the user. */
export type VerbAnswer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly sentence: string }

export interface PortMessage {
  readonly type: typeof SHELL_CHANNELS.port
  readonly nonce: string
}
