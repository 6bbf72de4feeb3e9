import { describe, expect, it } from 'vitest'
import { VM_ACTIONS, type VmAction, type VmState } from '../../preload/contract/index.ts'
import { isEnabled, type MenuEntry, parseLabel } from '../mmc/CommandModel/CommandModel.ts'
import { matchShortcut } from '../mmc/CommandModel/shortcut.ts'
import { type ConnectMenuHandlers, type ConnectMenuState, connectMenus, connectToolbar, shortcutEntries } from './menus.ts'

const nothing = (): void => {}
const handlers: ConnectMenuHandlers = {
  act: nothing,
  ctrlAltDelete: nothing,
  typeClipboard: nothing,
  captureScreen: nothing,
  fullScreen: nothing,
  toggleToolbar: nothing,
  setZoom: nothing,
  settings: nothing,
  about: nothing,
  exit: nothing,
}

function machine(state: VmState, ...actions: VmAction[]): ConnectMenuState {
  const bits = actions.reduce((sum, action) => sum | (1 << VM_ACTIONS.indexOf(action)), 0)
  return {
    vm: { state, actions: bits },
    connected: true,
    interactive: state === 'Running',
    picture: state === 'Running',
    toolbar: true,
    zoom: 100,
    word: 'Checkpoint',
  }
}

const running = machine('Running', 'turn-off', 'shut-down', 'save', 'pause', 'reset', 'checkpoint', 'revert')
const off = machine('Off', 'start', 'checkpoint', 'delete', 'rename')
const paused = machine('Paused', 'turn-off', 'save', 'resume', 'reset')

/** Labels, grey ones in brackets. */
function read(entries: readonly MenuEntry[]): string {
  return entries
    .map((entry) => {
      if (entry === 'separator') return '-'
      const { text } = parseLabel(entry.label)
      return isEnabled(entry) ? text : `[${text}]`
    })
    .join(' ')
}

function bar(state: ConnectMenuState): string {
  return read(connectMenus(state, handlers).map(({ id, label }) => ({ id, label })))
}

describe('connectMenus', () => {
  it('has a Clipboard menu while a guest takes keys', () => {
    expect(bar(running)).toBe('File Action Clipboard View Help')
    expect(bar(off)).toBe('File Action View Help')
  })

  it('has no actions for a machine that does not exist', () => {
    const gone = { ...off, vm: undefined }
    expect(bar(gone)).toBe('File View Help')
    expect(read(connectToolbar(gone, handlers)).replaceAll('-', '').trim()).toBe('')
  })

  it('greys what the state forbids', () => {
    expect(read(connectToolbar(running, handlers))).toBe(
      'Ctrl+Alt+Delete - [Start] Turn Off... Shut Down... Save - Pause Reset... - Checkpoint... Revert...',
    )
    expect(read(connectToolbar(off, handlers))).toBe(
      '[Ctrl+Alt+Delete] - Start [Turn Off...] [Shut Down...] [Save] - [Pause] [Reset...] - Checkpoint... [Revert...]',
    )
    expect(read(connectToolbar(paused, handlers))).toBe(
      '[Ctrl+Alt+Delete] - [Start] Turn Off... [Shut Down...] Save - Resume Reset... - [Checkpoint...] [Revert...]',
    )
    expect(read(connectToolbar({ ...off, word: 'Snapshot' }, handlers))).toContain('Snapshot...')
  })

  it('greys everything while nothing reaches the machine', () => {
    const lost = { ...running, connected: false, interactive: false, picture: false }
    expect(read(connectToolbar(lost, handlers))).toBe(
      '[Ctrl+Alt+Delete] - [Start] [Turn Off...] [Shut Down...] [Save] - [Pause] [Reset...] - [Checkpoint...] [Revert...]',
    )
  })

  it('checks the toolbar and the zoom level', () => {
    const view = connectMenus({ ...off, toolbar: false, zoom: 150 }, handlers).find(({ id }) => id === 'view')
    const flat = view?.entries.flatMap((entry) => (entry === 'separator' ? [] : [entry, ...(entry.children ?? [])]))
    const checked = flat
      ?.filter((entry) => entry !== 'separator' && entry.checked === true)
      .map((entry) => entry !== 'separator' && entry.id)
    expect(checked).toEqual(['zoom-150'])
  })

  it('has different access keys within each menu', () => {
    for (const { entries } of connectMenus(running, handlers)) {
      const keys = entries.flatMap((entry) => (entry === 'separator' ? [] : [parseLabel(entry.label).accessKey]))
      expect(new Set(keys).size).toBe(keys.length)
    }
  })

  it("has the product's keys, for enabled entries only", () => {
    const command = (state: ConnectMenuState, key: string) =>
      matchShortcut({ key, ctrlKey: true, altKey: false, shiftKey: false, metaKey: false }, shortcutEntries(connectMenus(state, handlers)))
        ?.id
    expect(['s', 'p', 'v', 'c'].map((key) => command(running, key))).toEqual([undefined, 'pause', 'type-clipboard', 'capture-screen'])
    expect(['s', 'p', 'v', 'c'].map((key) => command(off, key))).toEqual(['start', undefined, undefined, undefined])
    expect(command(paused, 'p')).toBe('resume')
    expect(command(machine('Off', 'settings'), 'o')).toBe('settings')
    expect(command(off, 'o')).toBeUndefined()
    expect(['n', 'e'].map((key) => command(running, key))).toEqual(['checkpoint', 'revert'])
    expect(['n', 'e'].map((key) => command(off, key))).toEqual(['checkpoint', undefined])
  })
})
