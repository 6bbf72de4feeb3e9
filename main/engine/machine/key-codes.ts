/** Names of keys (KeyboardEvent.code) and the scan codes of set 1 that a keyboard sends for them. */
import { type KeyEvent, keyFlag, unicodeEvents } from '../providers/input/keyboard-protocol.ts'

/** Keys in the order of their codes, each row from its first code on. */
const ROWS: readonly (readonly [first: number, names: string])[] = [
  [0x01, 'Escape Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal Backspace Tab'],
  [0x10, 'KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight Enter ControlLeft'],
  [0x1e, 'KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote ShiftLeft Backslash'],
  [0x2c, 'KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash ShiftRight NumpadMultiply AltLeft Space CapsLock'],
  [0x3b, 'F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NumLock ScrollLock'],
  [0x47, 'Numpad7 Numpad8 Numpad9 NumpadSubtract Numpad4 Numpad5 Numpad6 NumpadAdd Numpad1 Numpad2 Numpad3 Numpad0 NumpadDecimal'],
  [0x56, 'IntlBackslash F11 F12'],
]
/** Keys with the prefix E0. */
const EXTENDED: Readonly<Record<string, number>> = {
  NumpadEnter: 0x1c,
  ControlRight: 0x1d,
  NumpadDivide: 0x35,
  PrintScreen: 0x37,
  AltRight: 0x38,
  Home: 0x47,
  ArrowUp: 0x48,
  PageUp: 0x49,
  ArrowLeft: 0x4b,
  ArrowRight: 0x4d,
  End: 0x4f,
  ArrowDown: 0x50,
  PageDown: 0x51,
  Insert: 0x52,
  Delete: 0x53,
  MetaLeft: 0x5b,
  MetaRight: 0x5c,
  ContextMenu: 0x5d,
}

/** A code for keys that the table has not; systems take it for a key without meaning. */
const UNKNOWN_CODE = 0x6f

const events = new Map<string, KeyEvent>()
const names = new Map<number, string>()
for (const [first, row] of ROWS) {
  for (const [at, name] of row.split(' ').entries()) enter(name, { code: first + at, flags: 0 })
}
for (const [name, code] of Object.entries(EXTENDED)) enter(name, { code, flags: keyFlag.e0 })

function enter(name: string, event: KeyEvent): void {
  events.set(name, event)
  names.set(event.code + (event.flags << 8), name)
}

/**
 * What a keyboard sends for a text and then for keys pressed one after the other: characters as Unicode events; modifiers hold until the end of the keys
 * and are let go in the opposite order.
 */
export function keyEvents(keys: readonly string[], text: string): readonly KeyEvent[] {
  const list: KeyEvent[] = [...unicodeEvents(text)]
  const held: KeyEvent[] = []
  for (const key of keys) {
    const event = events.get(key) ?? { code: UNKNOWN_CODE, flags: 0 }
    list.push(event)
    if (/^(Control|Alt|Shift|Meta)/.test(key)) held.unshift(event)
    else list.push(released(event))
  }
  return [...list, ...held.map(released)]
}

function released({ code, flags }: KeyEvent): KeyEvent {
  return { code, flags: flags | keyFlag.break }
}

/** What a guest makes of the events that it has read: typed text, and the names of the keys that went down, in their order. */
export function keysOf(list: readonly KeyEvent[]): { readonly text: string; readonly keys: readonly string[] } {
  let text = ''
  const keys: string[] = []
  for (const { code, flags } of list) {
    if ((flags & keyFlag.break) !== 0) continue
    if ((flags & keyFlag.unicode) !== 0) text += String.fromCharCode(code)
    else keys.push(names.get(code + ((flags & keyFlag.e0) << 8)) ?? 'Unidentified')
  }
  return { text, keys }
}
