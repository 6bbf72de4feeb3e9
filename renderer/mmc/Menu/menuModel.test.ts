import { describe, expect, it } from 'vitest'
import type { MenuEntry } from '../CommandModel/CommandModel.ts'
import { accessMatch, placeMenu, stepEntry } from './menuModel.ts'

const viewport = { width: 1000, height: 600 }
const size = { width: 200, height: 300 }

describe('placeMenu', () => {
  it('opens under the anchor', () => {
    expect(placeMenu({ left: 40, top: 0, right: 90, bottom: 22 }, size, viewport, 'below')).toEqual({ x: 40, y: 22 })
  })
  it('opens above when there is no room below, and is pushed in at the right', () => {
    expect(placeMenu({ left: 950, top: 500, right: 990, bottom: 520 }, size, viewport, 'below')).toEqual({ x: 800, y: 200 })
  })
  it('is pushed up when there is room neither below nor above', () => {
    expect(placeMenu({ left: 0, top: 290, right: 0, bottom: 310 }, { width: 50, height: 500 }, viewport, 'below')).toEqual({ x: 0, y: 100 })
  })
  it('turns a submenu to the left at the right edge', () => {
    expect(placeMenu({ left: 100, top: 50, right: 300, bottom: 72 }, size, viewport, 'side')).toEqual({ x: 297, y: 47 })
    expect(placeMenu({ left: 780, top: 50, right: 990, bottom: 72 }, size, viewport, 'side')).toEqual({ x: 583, y: 47 })
  })
})

const entries: readonly MenuEntry[] = [
  { id: 'a', label: '&Start' },
  'separator',
  { id: 'b', label: 'Sa&ve', enabled: false },
  { id: 'c', label: '&Shut Down...' },
  { id: 'd', label: 'Reset' },
]

describe('stepEntry', () => {
  it('passes over separators, not over disabled entries, and wraps', () => {
    expect([stepEntry(entries, 0, 1), stepEntry(entries, 2, 1), stepEntry(entries, 4, 1), stepEntry(entries, 0, -1)]).toEqual([2, 3, 0, 4])
  })
  it('starts at an end', () => {
    expect([stepEntry(entries, -1, 1), stepEntry(entries, -1, -1), stepEntry(['separator'], -1, 1)]).toEqual([0, 4, -1])
  })
})

describe('accessMatch', () => {
  it('walks through equal keys and knows a unique one', () => {
    expect(accessMatch(entries, 's', -1)).toEqual({ index: 0, unique: false })
    expect(accessMatch(entries, 'S', 0)).toEqual({ index: 3, unique: false })
    expect(accessMatch(entries, 's', 3)).toEqual({ index: 0, unique: false })
    expect(accessMatch(entries, 'v', -1)).toEqual({ index: 2, unique: true })
  })
  it('uses the first letter of unmarked labels', () => {
    expect(accessMatch(entries, 'r', -1)).toEqual({ index: 4, unique: true })
    expect(accessMatch(entries, 'x', -1)).toBeNull()
  })
})
