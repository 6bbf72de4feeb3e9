import { expect, it } from 'vitest'
import { parseBounds } from './window-bounds.ts'

const SCREENS = [
  { x: 0, y: 25, width: 1920, height: 1055 },
  { x: -1280, y: 0, width: 1280, height: 1024 },
]
const GOOD = { x: 100, y: 80, width: 1280, height: 800, maximized: false }

const parse = (change: object) => parseBounds(JSON.stringify({ ...GOOD, ...change }), SCREENS)

it('takes what was written', () => {
  expect(parse({})).toEqual(GOOD)
  expect(parse({ maximized: true })).toEqual({ ...GOOD, maximized: true })
  expect(parse({ x: -1000, y: 0 })).toEqual({ ...GOOD, x: -1000, y: 0 })
})

it('hands on known fields alone', () => {
  expect(parse({ maximized: 'yes', show: true, webPreferences: { sandbox: false } })).toEqual(GOOD)
})

it.each([
  ['no number', { x: '100' }],
  ['a fraction', { y: 1.5 }],
  ['too narrow', { width: 799 }],
  ['too low', { height: 499 }],
  ['too large', { width: 200_000 }],
  ['beyond every display', { x: 5000 }],
  ['only an edge on a display', { x: 1900 }],
  ['its caption above the work area', { y: 0, x: 100 }],
  ['its caption below the work area', { y: 1060 }],
])('refuses %s', (_name, change) => {
  expect(parse(change)).toBeNull()
})

it.each(['', '{', 'null', '[]', '7', '{}'])('refuses the text %j', (text) => {
  expect(parseBounds(text, SCREENS)).toBeNull()
})
