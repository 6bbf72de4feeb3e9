/** Menus and toolbar of a connection window (hyper-v-manager 8.1, 8.2). Unusable entries are grey here, not hidden as in the console. */
import type { VmCommand, VmView } from '../../preload/contract/index.ts'
import type { Command, MenuDefinition, MenuEntry } from '../mmc/index.ts'
import { type CheckpointWord, offersAction, vmActionCommand } from '../vm-actions/index.ts'
import { ZOOM_LEVELS, type ZoomLevel } from './view-model.ts'

export interface ConnectMenuState {
  /** Undefined while it is not known, and when it does not exist any more: its actions are absent. */
  readonly vm: Pick<VmView, 'actions' | 'state'> | undefined
  /** False greys all actions: nothing reaches the machine. */
  readonly connected: boolean
  /** Keystrokes reach a guest: the Clipboard menu shows. */
  readonly interactive: boolean
  /** There is a picture that can be captured. */
  readonly picture: boolean
  readonly toolbar: boolean
  readonly zoom: ZoomLevel
  /** What the host calls a checkpoint. */
  readonly word: CheckpointWord
}

export interface ConnectMenuHandlers {
  readonly act: (action: VmCommand) => void
  readonly ctrlAltDelete: () => void
  readonly typeClipboard: () => void
  readonly captureScreen: () => void
  readonly fullScreen: () => void
  readonly toggleToolbar: () => void
  readonly setZoom: (zoom: ZoomLevel) => void
  readonly settings: () => void
  readonly about: () => void
  readonly exit: () => void
}

const SHORTCUTS: Partial<Readonly<Record<VmCommand, string>>> = {
  start: 'Ctrl+S',
  'shut-down': 'Ctrl+D',
  save: 'Ctrl+A',
  pause: 'Ctrl+P',
  resume: 'Ctrl+P',
  reset: 'Ctrl+R',
  checkpoint: 'Ctrl+N',
  revert: 'Ctrl+E',
}

function ctrlAltDelete({ vm, interactive }: ConnectMenuState, handlers: ConnectMenuHandlers): readonly Command[] {
  if (vm === undefined) return []
  return [
    {
      id: 'ctrl-alt-delete',
      label: '&Ctrl+Alt+Delete',
      icon: 'ctrl-alt-del',
      shortcut: 'Ctrl+Alt+End',
      enabled: interactive,
      run: handlers.ctrlAltDelete,
    },
  ]
}

function powerCommands(
  { vm, connected, word }: ConnectMenuState,
  handlers: ConnectMenuHandlers,
  actions: readonly VmCommand[],
): readonly Command[] {
  if (vm === undefined) return []
  return actions.map((action) => ({
    ...vmActionCommand(action, () => handlers.act(action)),
    // With dots here, without them in the console.
    ...(action === 'reset' ? { label: 'R&eset...' } : {}),
    ...(action === 'checkpoint' ? { label: word === 'Snapshot' ? 'S&napshot...' : 'Chec&kpoint...' } : {}),
    shortcut: SHORTCUTS[action],
    enabled: connected && offersAction(vm, action),
  }))
}

/** Pause, or Resume in its place. */
function pauseOrResume({ vm }: ConnectMenuState): 'pause' | 'resume' {
  return vm !== undefined && (offersAction(vm, 'resume') || vm.state === 'Paused' || vm.state === 'Resuming') ? 'resume' : 'pause'
}

function actionMenu(state: ConnectMenuState, handlers: ConnectMenuHandlers): readonly MenuEntry[] {
  return [
    ...ctrlAltDelete(state, handlers),
    'separator',
    ...powerCommands(state, handlers, ['start', 'turn-off', 'shut-down', 'save']),
    'separator',
    ...powerCommands(state, handlers, [pauseOrResume(state), 'reset']),
    'separator',
    ...powerCommands(state, handlers, ['checkpoint', 'revert']),
  ]
}

function viewMenu({ toolbar, zoom }: ConnectMenuState, handlers: ConnectMenuHandlers): readonly MenuEntry[] {
  return [
    { id: 'full-screen', label: '&Full Screen Mode', shortcut: 'Ctrl+Alt+Break', run: handlers.fullScreen },
    'separator',
    { id: 'toolbar', label: '&Toolbar', checked: toolbar, run: handlers.toggleToolbar },
    'separator',
    {
      id: 'zoom',
      label: '&Zoom Level',
      children: ZOOM_LEVELS.map((level) => ({
        id: `zoom-${level}`,
        label: `${level}%`,
        checked: level === zoom,
        run: () => handlers.setZoom(level),
      })),
    },
  ]
}

function settingsEntries({ vm, connected }: ConnectMenuState, { settings }: ConnectMenuHandlers): readonly MenuEntry[] {
  if (vm === undefined) return []
  return [{ ...vmActionCommand('settings', settings), shortcut: 'Ctrl+O', enabled: connected && offersAction(vm, 'settings') }, 'separator']
}

/** The menu bar. The Action menu is absent without a machine, the Clipboard menu without a guest that takes keys. */
export function connectMenus(state: ConnectMenuState, handlers: ConnectMenuHandlers): readonly MenuDefinition[] {
  const menus: (MenuDefinition | null)[] = [
    { id: 'file', label: '&File', entries: [...settingsEntries(state, handlers), { id: 'exit', label: 'E&xit', run: handlers.exit }] },
    state.vm === undefined ? null : { id: 'action', label: '&Action', entries: actionMenu(state, handlers) },
    state.interactive
      ? {
          id: 'clipboard',
          label: '&Clipboard',
          entries: [
            { id: 'type-clipboard', label: '&Type clipboard text', shortcut: 'Ctrl+V', run: handlers.typeClipboard },
            {
              id: 'capture-screen',
              label: '&Capture screen',
              shortcut: 'Ctrl+C',
              enabled: state.picture,
              run: handlers.captureScreen,
            },
          ],
        }
      : null,
    { id: 'view', label: '&View', entries: viewMenu(state, handlers) },
    {
      id: 'help',
      label: '&Help',
      entries: [{ id: 'about', label: '&About Virtual Machine Connection...', run: handlers.about }],
    },
  ]
  return menus.filter((menu) => menu !== null)
}

/** The toolbar in the product's order. */
export function connectToolbar(state: ConnectMenuState, handlers: ConnectMenuHandlers): readonly MenuEntry[] {
  return actionMenu(state, handlers)
}

/** All entries that have keys of their own while the window has the keyboard. */
export function shortcutEntries(menus: readonly MenuDefinition[]): readonly MenuEntry[] {
  return menus.flatMap((menu) => menu.entries)
}
