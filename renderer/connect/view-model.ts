/** What a connection window says in each state (hyper-v-manager 8.1, 8.3). */
import type { ConsoleMessage, HostView, VmView } from '../../preload/contract/index.ts'
import type { ConnectionStatus } from '../client/connection.ts'

/** What the window knows. */
export interface ConnectSource {
  readonly connection: ConnectionStatus
  /** False until the first snapshot. */
  readonly loaded: boolean
  /** Undefined before the first snapshot and after the machine's deletion. */
  readonly vm: VmView | undefined
  readonly host: Pick<HostView, 'name' | 'toolsVersion' | 'checkpointWord'> | undefined
  /** Name that the machine had last; empty when it was never known. */
  readonly lastName: string
  readonly console: ConsoleMessage | undefined
}

/** The page over the picture, or instead of it. */
export interface MessagePage {
  readonly headline: string
  readonly hint: string | null
  readonly buttons: readonly ('start' | 'connect' | 'exit')[]
}

export type ConnectPhase = 'connecting' | 'lost' | 'deleted' | 'connected'

export const RELEASE_HINT = 'To release the keyboard press Ctrl+Alt+Left Arrow'

const LOST = 'Cannot connect to the virtual machine. Try to connect again. If the problem persists, contact your system administrator.'
const ASK_AGAIN = 'Would you like to try connecting again?'

export function phaseOf({ connection, loaded, vm, console: message }: ConnectSource): ConnectPhase {
  if (connection.state === 'lost') return 'lost'
  if (!loaded) return 'connecting'
  if (vm === undefined) return 'deleted'
  return message === undefined ? 'connecting' : 'connected'
}

/** Caption of the window: `APP01 on HV01 - Virtual Machine Connection`. */
export function captionOf(name: string, hostName: string): string {
  if (name === '') return 'Virtual Machine Connection'
  return `${hostName === '' ? name : `${name} on ${hostName}`} - Virtual Machine Connection`
}

/** Left cell of the status bar. */
export function statusOf(source: ConnectSource): string {
  switch (phaseOf(source)) {
    case 'connecting':
      return 'Status: Connecting'
    case 'lost':
      return 'Status: Disconnected'
    case 'deleted':
      return 'Status: Not available'
    case 'connected':
      return `Status: ${source.vm?.statusText || source.vm?.stateText || ''}`
  }
}

/** The message page; null when the picture is shown alone. */
export function pageOf(source: ConnectSource): MessagePage | null {
  const { connection, lastName, console: message } = source
  switch (phaseOf(source)) {
    case 'connecting':
      return { headline: lastName === '' ? 'Connecting...' : `Connecting to '${lastName}'...`, hint: null, buttons: [] }
    case 'lost':
      return { headline: LOST, hint: [connection.reason, ASK_AGAIN].filter((text) => text !== '').join(' '), buttons: ['connect', 'exit'] }
    case 'deleted':
      return {
        headline: lastName === '' ? 'The virtual machine does not exist' : `The virtual machine '${lastName}' no longer exists`,
        hint: lastName === '' ? 'It may have been deleted. Close this window.' : 'It was deleted. Close this window.',
        buttons: ['exit'],
      }
    case 'connected':
      if (message === undefined || message.headline === null) return null
      return { headline: message.headline, hint: message.hint, buttons: message.offerStart ? ['start'] : [] }
  }
}

/** Zoom levels of the View menu, per cent. */
export const ZOOM_LEVELS = [100, 125, 150, 200] as const
export type ZoomLevel = (typeof ZOOM_LEVELS)[number]

/** Picture of a machine that shows none: the size of the firmware's screen. */
export const FIRST_PICTURE = { width: 1024, height: 768 } as const

/** Heights of menu bar, toolbar and status bar, CSS pixels; the same as in the theme's measures. */
const BAR_HEIGHTS = { menu: 22, toolbar: 28, status: 24 } as const

/** Client area that shows the picture wholly, CSS pixels. */
export function windowSize(
  picture: { readonly width: number; readonly height: number },
  zoom: ZoomLevel,
  toolbar: boolean,
): { readonly width: number; readonly height: number } {
  const bars = BAR_HEIGHTS.menu + BAR_HEIGHTS.status + (toolbar ? BAR_HEIGHTS.toolbar : 0)
  return { width: zoomed(picture.width, zoom), height: zoomed(picture.height, zoom) + bars }
}

/** A client area no larger than the screen has room for; `frame` is what the window's own edges and caption take. */
export function fitScreen(
  size: { readonly width: number; readonly height: number },
  screen: { readonly width: number; readonly height: number },
  frame: { readonly width: number; readonly height: number },
): { readonly width: number; readonly height: number } {
  const within = (wanted: number, room: number, edges: number): number => Math.max(1, Math.min(wanted, room - Math.max(0, edges)))
  return { width: within(size.width, screen.width, frame.width), height: within(size.height, screen.height, frame.height) }
}

export function zoomed(length: number, zoom: ZoomLevel): number {
  return Math.round((length * zoom) / 100)
}
