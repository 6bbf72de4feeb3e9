/** Keys that reach a guest: what is typed, and where each keystroke leads in the phase that the guest is in. */
import type { GuestRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { advanceGuest } from './advance.ts'
import type { GuestEffect, PhaseInput } from './phases.ts'
import { INPUT_MAX, linesOf, packLines, productOf } from './row.ts'
import { greeting, promptOf, runCommand } from './shell.ts'

/** One keystroke after the keyboard layout. */
type Stroke =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'enter' | 'escape' | 'backspace' | 'ctrl-alt-delete' | 'break' | 'lock' | 'other' }

interface Modifiers {
  control: boolean
  alt: boolean
  shift: boolean
  meta: boolean
}

const US_KEYS: Readonly<Record<string, readonly [plain: string, shifted: string]>> = {
  Space: [' ', ' '],
  Minus: ['-', '_'],
  Equal: ['=', '+'],
  Period: ['.', '>'],
  Comma: [',', '<'],
  Slash: ['/', '?'],
  Backslash: ['\\', '|'],
  Semicolon: [';', ':'],
  Quote: ["'", '"'],
  Backquote: ['`', '~'],
  BracketLeft: ['[', '{'],
  BracketRight: [']', '}'],
  NumpadDecimal: ['.', '.'],
  NumpadAdd: ['+', '+'],
  NumpadSubtract: ['-', '-'],
  NumpadMultiply: ['*', '*'],
  NumpadDivide: ['/', '/'],
}

const SHIFTED_DIGITS = ')!@#$%^&*('

/**
 * Sends keystrokes to a machine and gives what the guest did by itself.
 *
 * @param text characters typed one after the other, `\n` being Enter; they go before `keys`
 * @param keys names of KeyboardEvent.code pressed one after the other; modifiers hold until the end of the list, so that
 *   `ControlLeft`, `AltLeft`, `Delete` is Ctrl+Alt+Delete. US layout.
 */
export function sendKeys(world: World, vmId: string, keys: readonly string[], text: string, speedFactor = 1): GuestEffect[] {
  const effects: GuestEffect[] = []
  const typed = numLockOff(world, vmId) ? keys.filter((key) => !/^Numpad[0-9]$|^NumpadDecimal$/.test(key)) : keys
  for (const stroke of [...[...text].map(strokeOfCharacter), ...strokesOfKeys(typed)])
    effects.push(...strike(world, vmId, stroke, speedFactor))
  return effects
}

/**
 * Num Lock as the BIOS left it: then the keys of the number pad are arrows, which no text screen here takes. Windows and UEFI set their own
 * (hyper-v-manager 5.4).
 */
function numLockOff(world: World, vmId: string): boolean {
  const vm = world.tables.virtual_machine.get(vmId)
  const guest = world.tables.guest.get(vmId)
  if (vm === undefined || vm.generation === 2 || vm.numLock || guest === undefined) return false
  const product = productOf(guest)
  return product !== null && product.family !== 'windows'
}

function strokeOfCharacter(char: string): Stroke {
  if (char === '\n' || char === '\r') return { kind: 'enter' }
  if (char === '\b') return { kind: 'backspace' }
  return char < ' ' ? { kind: 'other' } : { kind: 'char', char }
}

function strokesOfKeys(keys: readonly string[]): Stroke[] {
  const held: Modifiers = { control: false, alt: false, shift: false, meta: false }
  return keys.flatMap((key) => {
    if (holdModifier(held, key)) return []
    return [strokeOfKey(key, held)]
  })
}

function holdModifier(held: Modifiers, key: string): boolean {
  if (key.startsWith('Control')) held.control = true
  else if (key.startsWith('Alt')) held.alt = true
  else if (key.startsWith('Shift')) held.shift = true
  else if (key.startsWith('Meta')) held.meta = true
  else return false
  return true
}

function strokeOfKey(key: string, held: Modifiers): Stroke {
  if (held.control && held.alt) return { kind: key === 'Delete' ? 'ctrl-alt-delete' : 'other' }
  if (held.control) return { kind: key === 'KeyC' ? 'break' : 'other' }
  if (held.meta) return { kind: key === 'KeyL' ? 'lock' : 'other' }
  if (key === 'Enter' || key === 'NumpadEnter') return { kind: 'enter' }
  if (key === 'Escape') return { kind: 'escape' }
  if (key === 'Backspace') return { kind: 'backspace' }
  const char = characterOfKey(key, held.shift)
  return char === undefined ? { kind: 'other' } : { kind: 'char', char }
}

function characterOfKey(key: string, shift: boolean): string | undefined {
  const letter = /^Key([A-Z])$/.exec(key)?.[1]
  if (letter !== undefined) return shift ? letter : letter.toLowerCase()
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(key)?.[1]
  if (digit !== undefined) return shift && key.startsWith('Digit') ? SHIFTED_DIGITS.charAt(Number(digit)) : digit
  return US_KEYS[key]?.[shift ? 1 : 0]
}

function strike(world: World, vmId: string, stroke: Stroke, speedFactor: number): GuestEffect[] {
  const guest = world.tables.guest.get(vmId)
  const vm = world.tables.virtual_machine.get(vmId)
  if (guest === undefined || vm === undefined || guest.frozenAfter !== null) return []
  if (stroke.kind === 'ctrl-alt-delete') return advanceGuest(world, vmId, 'ctrl-alt-delete', speedFactor)
  switch (guest.phase) {
    case 'sign-in':
    case 'console-login':
    case 'console-password':
    case 'console-shell':
      return type(world, vm, guest, stroke, speedFactor)
    case 'security-options':
      return choose(world, vmId, stroke, speedFactor)
    case 'desktop':
      return stroke.kind === 'lock' ? advanceGuest(world, vmId, 'lock', speedFactor) : []
    default:
      return advanceGuest(world, vmId, inputOf(stroke), speedFactor)
  }
}

/** A key for phases that take any key, or Enter. */
function inputOf(stroke: Stroke): PhaseInput {
  return stroke.kind === 'enter' || stroke.kind === 'escape' ? stroke.kind : 'key'
}

/** Access keys of the page behind Ctrl+Alt+Delete: Lock, Sign out; Escape goes back. */
function choose(world: World, vmId: string, stroke: Stroke, speedFactor: number): GuestEffect[] {
  if (stroke.kind === 'escape') return advanceGuest(world, vmId, 'escape', speedFactor)
  if (stroke.kind !== 'char') return []
  const letter = stroke.char.toLowerCase()
  if (letter === 'k' || letter === 'l') return advanceGuest(world, vmId, 'lock', speedFactor)
  return letter === 's' ? advanceGuest(world, vmId, 'sign-out', speedFactor) : []
}

/** A key for a field or command line. */
function type(world: World, vm: VirtualMachineRow, guest: GuestRow, stroke: Stroke, speedFactor: number): GuestEffect[] {
  const put = (input: string): GuestEffect[] => {
    world.tables.guest.patch(guest.id, { input })
    return []
  }
  switch (stroke.kind) {
    case 'char':
      return guest.input.length < INPUT_MAX ? put(guest.input + stroke.char) : []
    case 'backspace':
      return put(guest.input.slice(0, -1))
    case 'enter':
      return enterLine(world, vm, guest, speedFactor)
    case 'escape':
      return guest.phase === 'sign-in' ? advanceGuest(world, guest.id, 'escape', speedFactor) : put('')
    case 'break':
      return guest.phase === 'console-shell' ? breakLine(world, vm, guest) : put('')
    default:
      return []
  }
}

function breakLine(world: World, vm: VirtualMachineRow, guest: GuestRow): GuestEffect[] {
  const product = productOf(guest)
  const line = product === null ? guest.input : promptOf(vm, guest, product) + guest.input
  world.tables.guest.patch(guest.id, { input: '', lines: packLines([...linesOf(guest), `${line}^C`]) })
  return []
}

function enterLine(world: World, vm: VirtualMachineRow, guest: GuestRow, speedFactor: number): GuestEffect[] {
  const product = productOf(guest)
  if (product === null) return []
  switch (guest.phase) {
    case 'console-login': {
      const name = guest.input.trim().split(/\s+/)[0] ?? ''
      return name === '' ? [] : advanceGuest(world, guest.id, 'enter', speedFactor, { user: name.slice(0, 32) })
    }
    case 'console-password':
      return advanceGuest(world, guest.id, 'enter', speedFactor, { lines: packLines(greeting(world, guest, product)) })
    case 'console-shell': {
      const result = runCommand(world, vm, guest, product, guest.input)
      const shown = [...linesOf(guest), promptOf(vm, guest, product) + guest.input, ...result.lines]
      world.tables.guest.patch(guest.id, { input: '', lines: packLines(result.clears ? [] : shown) })
      return result.input === undefined ? [] : advanceGuest(world, guest.id, result.input, speedFactor)
    }
    default:
      return advanceGuest(world, guest.id, 'enter', speedFactor)
  }
}
