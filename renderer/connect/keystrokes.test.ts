import { describe, expect, it } from 'vitest'
import { CTRL_ALT_DELETE, type KeyPress, meaningOf, textStroke } from './keystrokes.ts'

const rest = { ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, isComposing: false, altGraph: false }

function press(key: string, code: string, held: Partial<KeyPress> = {}): KeyPress {
  return { ...rest, key, code, ...held }
}

function sent(given: KeyPress) {
  const meaning = meaningOf(given)
  return meaning.kind === 'send' ? meaning.stroke : meaning.kind
}

const ctrlAlt = { ctrlKey: true, altKey: true }

describe('meaningOf', () => {
  it('sends characters as the keyboard layout makes them', () => {
    expect(sent(press('z', 'KeyY'))).toEqual({ kind: 'text', text: 'z' })
    expect(sent(press('?', 'Minus', { shiftKey: true }))).toEqual({ kind: 'text', text: '?' })
    expect(sent(press(' ', 'Space'))).toEqual({ kind: 'text', text: ' ' })
    expect(sent(press('é', 'Digit2'))).toEqual({ kind: 'text', text: 'é' })
    expect(sent(press('😀', ''))).toEqual({ kind: 'text', text: '😀' })
  })

  it('takes AltGr for a part of the layout', () => {
    expect(sent(press('@', 'KeyQ', { ...ctrlAlt, altGraph: true }))).toEqual({ kind: 'text', text: '@' })
    expect(sent(press('Enter', 'Enter', { ...ctrlAlt, altGraph: true }))).toEqual({ kind: 'key', modifiers: [], code: 'Enter' })
  })

  it('sends other keys by their place', () => {
    expect(sent(press('Enter', 'NumpadEnter'))).toEqual({ kind: 'key', modifiers: [], code: 'NumpadEnter' })
    expect(sent(press('Tab', 'Tab', { shiftKey: true }))).toEqual({ kind: 'key', modifiers: ['ShiftLeft'], code: 'Tab' })
    expect(sent(press('F1', 'F1'))).toEqual({ kind: 'key', modifiers: [], code: 'F1' })
    expect(sent(press('Backspace', ''))).toEqual({ kind: 'key', modifiers: [], code: 'Backspace' })
  })

  it('sends chords with their modifiers', () => {
    expect(sent(press('c', 'KeyC', { ctrlKey: true }))).toEqual({ kind: 'key', modifiers: ['ControlLeft'], code: 'KeyC' })
    expect(sent(press('l', 'KeyL', { metaKey: true }))).toEqual({ kind: 'key', modifiers: ['MetaLeft'], code: 'KeyL' })
    expect(sent(press('c', '', { ctrlKey: true }))).toEqual({ kind: 'key', modifiers: ['ControlLeft'], code: 'KeyC' })
    expect(sent(press('Delete', 'Delete', { ...ctrlAlt, shiftKey: true }))).toEqual({
      kind: 'key',
      modifiers: ['ControlLeft', 'AltLeft', 'ShiftLeft'],
      code: 'Delete',
    })
  })

  it("keeps the window's own keys", () => {
    expect(sent(press('ArrowLeft', 'ArrowLeft', ctrlAlt))).toBe('release')
    expect(sent(press('Cancel', 'Pause', ctrlAlt))).toBe('full-screen')
    expect(sent(press('Pause', 'Pause', ctrlAlt))).toBe('full-screen')
    expect(sent(press('End', 'End', ctrlAlt))).toEqual(CTRL_ALT_DELETE)
    expect(sent(press('F4', 'F4', { altKey: true }))).toBe('leave')
    expect(sent(press('ArrowLeft', 'ArrowLeft', { altKey: true }))).toEqual({ kind: 'key', modifiers: ['AltLeft'], code: 'ArrowLeft' })
  })

  it('waits with modifiers and compositions', () => {
    expect(sent(press('Control', 'ControlLeft', { ctrlKey: true }))).toBe('hold')
    expect(sent(press('AltGraph', 'AltRight'))).toBe('hold')
    expect(sent(press('Dead', 'BracketLeft'))).toBe('compose')
    expect(sent(press('Process', 'KeyA'))).toBe('compose')
    expect(sent(press('Enter', 'Enter', { isComposing: true }))).toBe('compose')
  })
})

describe('textStroke', () => {
  it('makes every kind of line end one Enter', () => {
    expect(textStroke('a\r\nb\rc\nd')).toEqual({ kind: 'text', text: 'a\nb\nc\nd' })
  })
})
