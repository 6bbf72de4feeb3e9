import { describe, expect, it } from 'vitest'
import { centred, dropped, keepInside, nextStop, pushed, resized } from './dialogModel.ts'

const page = { width: 1280, height: 800 }

describe('windows in the page', () => {
  it('stay inside', () => {
    expect(keepInside({ x: -50, y: 900, width: 700, height: 530 }, page)).toEqual({ x: 0, y: 270, width: 700, height: 530 })
  })
  it('shrink to a small page and keep the caption in reach', () => {
    expect(keepInside({ x: 10, y: 10, width: 720, height: 680 }, { width: 600, height: 400 })).toEqual({
      x: 0,
      y: 0,
      width: 600,
      height: 400,
    })
  })
  it('open in the middle, later ones lower and to the right', () => {
    expect(centred({ width: 700, height: 530 }, page, 0)).toEqual({ x: 290, y: 135, width: 700, height: 530 })
    expect(centred({ width: 700, height: 530 }, page, 1)).toEqual({ x: 314, y: 159, width: 700, height: 530 })
  })
  it('resize between least size and page', () => {
    const box = { x: 100, y: 100, width: 400, height: 300 }
    const min = { width: 320, height: 200 }
    expect(resized(box, 'corner', -500, 30, min, page)).toEqual({ ...box, width: 320, height: 330 })
    expect(resized(box, 'right', 5000, 30, min, page)).toEqual({ ...box, width: 1180 })
    expect(resized(box, 'bottom', 5000, -30, min, page)).toEqual({ ...box, height: 270 })
  })
})

describe('stack', () => {
  it('keeps one entry per window, the newest on top', () => {
    expect(pushed(pushed(['a'], 'b'), 'a')).toEqual(['b', 'a'])
    expect(dropped(['a', 'b'], 'a')).toEqual(['b'])
  })
  it('keeps its identity when nothing goes', () => {
    const stack = ['a']
    expect(dropped(stack, 'x')).toBe(stack)
  })
})

describe('nextStop', () => {
  it('wraps around and enters from outside', () => {
    expect([nextStop(2, 3, false), nextStop(0, 3, true), nextStop(-1, 3, false), nextStop(-1, 3, true), nextStop(0, 0, false)]).toEqual([
      0, 2, 0, 2, -1,
    ])
  })
})
