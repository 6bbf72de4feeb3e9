import { describe, expect, it } from 'vitest'
import type { Command } from './CommandModel.ts'
import { isShortcut, type KeyLike, matchShortcut, parseShortcut, runShortcut } from './shortcut.ts'

const key = (name: string, modifiers: Partial<KeyLike> = {}): KeyLike => ({
  key: name,
  ctrlKey: false,
  altKey: false,
  shiftKey: false,
  metaKey: false,
  ...modifiers,
})

describe('shortcuts', () => {
  it.each([
    ['F5', key('F5')],
    ['Del', key('Delete')],
    ['Delete', key('Delete')],
    ['F2', key('F2')],
    ['Enter', key('Enter')],
    ['Ctrl+A', key('a', { ctrlKey: true })],
    ['Ctrl+A', key('A', { ctrlKey: true })],
    ['Ctrl+Alt+End', key('End', { ctrlKey: true, altKey: true })],
    ['Ctrl+Alt+Break', key('Cancel', { ctrlKey: true, altKey: true })],
    ['Ctrl+Alt+Left Arrow', key('ArrowLeft', { ctrlKey: true, altKey: true })],
    ['Shift+F10', key('F10', { shiftKey: true })],
    ['Ctrl++', key('+', { ctrlKey: true })],
  ])('%s matches its key', (text, event) => {
    expect(isShortcut(event, text)).toBe(true)
  })
  it.each([
    ['F5', key('F5', { ctrlKey: true })],
    ['Ctrl+A', key('a')],
    ['Ctrl+A', key('a', { ctrlKey: true, shiftKey: true })],
    ['Ctrl+Alt+End', key('End', { ctrlKey: true })],
  ])('%s does not match other modifiers', (text, event) => {
    expect(isShortcut(event, text)).toBe(false)
  })
  it('refuses a text without a key', () => {
    expect(parseShortcut('')).toBeNull()
  })
})

describe('matchShortcut', () => {
  const ran: string[] = []
  const command = (id: string, shortcut: string, enabled = true): Command => ({ id, label: id, shortcut, enabled, run: () => ran.push(id) })
  const entries = [
    command('off', 'F5', false),
    'separator' as const,
    { id: 'more', label: 'more', children: [command('refresh', 'F5'), command('again', 'F5')] },
  ]
  it('finds the first enabled command, submenus included', () => {
    expect(matchShortcut(key('F5'), entries)?.id).toBe('refresh')
    expect(matchShortcut(key('F6'), entries)).toBeNull()
  })
  it('runs it once and says so', () => {
    expect(runShortcut(key('F5'), entries)).toBe(true)
    expect(runShortcut(key('Enter'), entries)).toBe(false)
    expect(ran).toEqual(['refresh'])
  })
})
