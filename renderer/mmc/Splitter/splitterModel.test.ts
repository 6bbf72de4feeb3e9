import { describe, expect, it } from 'vitest'
import { clampSize, moveBorder, shareHeights, sizeAfterKey } from './splitterModel.ts'

describe('sizeAfterKey', () => {
  const limits = { min: 80, max: 300 }
  it('moves by 10, with Shift by 50, and stops at the limits', () => {
    expect(sizeAfterKey('ArrowRight', false, 196, limits, 'vertical', false)).toBe(206)
    expect(sizeAfterKey('ArrowRight', true, 270, limits, 'vertical', false)).toBe(300)
    expect(sizeAfterKey('ArrowLeft', false, 196, limits, 'vertical', true)).toBe(206)
    expect(sizeAfterKey('Home', false, 196, limits, 'vertical', false)).toBe(80)
  })
  it('knows only the keys of its direction', () => {
    expect(sizeAfterKey('ArrowUp', false, 196, limits, 'vertical', false)).toBeNull()
    expect(sizeAfterKey('ArrowUp', false, 196, limits, 'horizontal', false)).toBe(186)
  })
  it('lets the least size win when limits cross', () => {
    expect(clampSize(10, { min: 80, max: 20 })).toBe(80)
  })
})

describe('stacked panes', () => {
  it('shares the room by weight and fills it exactly', () => {
    expect(shareHeights([318, 146, 225], 689, 60)).toEqual([318, 146, 225])
    const heights = shareHeights([1, 1, 1], 700, 60)
    expect(heights).toEqual([233, 233, 234])
  })
  it('leaves collapsed panes out', () => {
    expect(shareHeights([3, null, 1], 400, 60)).toEqual([300, null, 100])
    expect(shareHeights([null, null], 400, 60)).toEqual([null, null])
  })
  it('moves a border between open neighbours and keeps the least height', () => {
    expect(moveBorder([300, null, 100], 0, 20, 60)).toEqual([320, null, 80])
    expect(moveBorder([300, null, 100], 0, 500, 60)).toEqual([340, null, 60])
    expect(moveBorder([300, 100, 100], 0, -500, 60)).toEqual([60, 340, 100])
    expect(moveBorder([300, null], 0, 10, 60)).toEqual([300, null])
  })
})
