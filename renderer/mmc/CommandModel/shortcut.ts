/** Keyboard shortcuts in the product's notation (`Ctrl+Alt+End`, `F5`, `Del`) and their match against key events. */
import { type Command, flattenCommands, isEnabled, type MenuEntry, runCommand } from './CommandModel.ts'

/** The part of a keyboard event that is looked at. */
export interface KeyLike {
  readonly key: string
  readonly ctrlKey: boolean
  readonly altKey: boolean
  readonly shiftKey: boolean
  readonly metaKey: boolean
}

const keyNames: Readonly<Record<string, string>> = {
  del: 'delete',
  ins: 'insert',
  esc: 'escape',
  return: 'enter',
  pgup: 'pageup',
  'page up': 'pageup',
  pgdn: 'pagedown',
  'page down': 'pagedown',
  'left arrow': 'arrowleft',
  left: 'arrowleft',
  'right arrow': 'arrowright',
  right: 'arrowright',
  'up arrow': 'arrowup',
  up: 'arrowup',
  'down arrow': 'arrowdown',
  down: 'arrowdown',
  space: ' ',
  break: 'pause',
  plus: '+',
  minus: '-',
}

/** Parses a shortcut text; null when it names no key. */
export function parseShortcut(text: string): KeyLike | null {
  const parts = text
    .replace(/\+\+$/, '+plus')
    .split('+')
    .map((part) => part.trim().toLowerCase())
  const last = parts.pop()
  if (last === undefined || last === '') return null
  return {
    key: keyNames[last] ?? last,
    ctrlKey: parts.includes('ctrl'),
    altKey: parts.includes('alt'),
    shiftKey: parts.includes('shift'),
    metaKey: parts.includes('win'),
  }
}

/** Whether a key event is the given shortcut. Ctrl+Break arrives as `Cancel` on some systems and counts as `Pause`. */
export function isShortcut(event: KeyLike, shortcut: string): boolean {
  const wanted = parseShortcut(shortcut)
  if (wanted === null) return false
  const key = event.key.toLowerCase() === 'cancel' ? 'pause' : event.key.toLowerCase()
  return (
    key === wanted.key &&
    event.ctrlKey === wanted.ctrlKey &&
    event.altKey === wanted.altKey &&
    event.shiftKey === wanted.shiftKey &&
    event.metaKey === wanted.metaKey
  )
}

/** The first enabled command, submenus included, whose shortcut is this key event; null when there is none. */
export function matchShortcut(event: KeyLike, entries: readonly MenuEntry[]): Command | null {
  return (
    flattenCommands(entries).find(
      (command) => command.shortcut !== undefined && isEnabled(command) && isShortcut(event, command.shortcut),
    ) ?? null
  )
}

/** Runs the command of a key event and says whether there was one; callers then stop the event. */
export function runShortcut(event: KeyLike, entries: readonly MenuEntry[]): boolean {
  const command = matchShortcut(event, entries)
  return command !== null && runCommand(command)
}
