/** Keys of the real keyboard as the guest's keyboard sends them, and the few that the window keeps for itself (hyper-v-manager 8.2). */

/** What is sent to the guest: one character, or a key with the modifiers that are held. */
export type Stroke =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'key'; readonly modifiers: readonly string[]; readonly code: string }

/** What a key event means while the picture has the keyboard. */
export type KeyMeaning =
  | { readonly kind: 'send'; readonly stroke: Stroke }
  /** Gives the keyboard back to the window. */
  | { readonly kind: 'release' }
  | { readonly kind: 'full-screen' }
  /** A modifier alone: it is sent together with the key that follows. */
  | { readonly kind: 'hold' }
  /** Part of a composition: its text arrives as input. */
  | { readonly kind: 'compose' }
  /** Belongs to the real computer. */
  | { readonly kind: 'leave' }

/** The part of a keyboard event that is looked at. */
export interface KeyPress {
  readonly key: string
  readonly code: string
  readonly ctrlKey: boolean
  readonly altKey: boolean
  readonly shiftKey: boolean
  readonly metaKey: boolean
  readonly isComposing: boolean
  /** AltGr makes characters and is no Ctrl+Alt. */
  readonly altGraph: boolean
}

export const CTRL_ALT_DELETE: Stroke = { kind: 'key', modifiers: ['ControlLeft', 'AltLeft'], code: 'Delete' }

const MODIFIER_KEYS: ReadonlySet<string> = new Set([
  'Control',
  'Alt',
  'AltGraph',
  'Shift',
  'Meta',
  'OS',
  'CapsLock',
  'NumLock',
  'ScrollLock',
  'Fn',
])
const COMPOSING_KEYS: ReadonlySet<string> = new Set(['Dead', 'Process', 'Unidentified', 'Compose'])

/** Decides about a key that was pressed while the picture has the keyboard. */
export function meaningOf(press: KeyPress): KeyMeaning {
  if (press.isComposing || COMPOSING_KEYS.has(press.key)) return { kind: 'compose' }
  if (MODIFIER_KEYS.has(press.key)) return { kind: 'hold' }
  const ctrlAlt = press.ctrlKey && press.altKey && !press.altGraph
  if (ctrlAlt) {
    if (press.key === 'ArrowLeft') return { kind: 'release' }
    if (press.key === 'Pause' || press.key === 'Cancel') return { kind: 'full-screen' }
    if (press.key === 'End') return { kind: 'send', stroke: CTRL_ALT_DELETE }
  }
  if (press.altKey && press.key === 'F4') return { kind: 'leave' }
  const chord = !press.altGraph && (press.ctrlKey || press.altKey || press.metaKey)
  if (!chord && isCharacter(press.key)) return { kind: 'send', stroke: { kind: 'text', text: press.key } }
  const code = codeOf(press)
  return code === '' ? { kind: 'leave' } : { kind: 'send', stroke: { kind: 'key', modifiers: modifiersOf(press), code } }
}

/** One character, also one outside of the first 65,536, or with marks. */
function isCharacter(key: string): boolean {
  return key.length === 1 || (key.length <= 4 && (key.codePointAt(0) ?? 0) > 0x7f)
}

/** Keyboards without codes, as remote ones are, send the name of the key alone. */
function codeOf(press: KeyPress): string {
  if (press.code !== '') return press.code
  if (/^[a-z]$/i.test(press.key)) return `Key${press.key.toUpperCase()}`
  return /^[0-9]$/.test(press.key) ? `Digit${press.key}` : isCharacter(press.key) ? '' : press.key
}

function modifiersOf(press: KeyPress): readonly string[] {
  const modifiers: string[] = []
  if (press.ctrlKey && !press.altGraph) modifiers.push('ControlLeft')
  if (press.altKey && !press.altGraph) modifiers.push('AltLeft')
  if (press.shiftKey) modifiers.push('ShiftLeft')
  if (press.metaKey) modifiers.push('MetaLeft')
  return modifiers
}

/** Text of another program as keystrokes: line ends become Enter. */
export function textStroke(text: string): Stroke {
  return { kind: 'text', text: text.replace(/\r\n?/g, '\n') }
}
