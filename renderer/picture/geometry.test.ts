import { describe, expect, it } from 'vitest'
import { devicePixels, placeBox, placePicture } from './geometry.ts'

const screen = { width: 1024, height: 768 }

describe('placePicture', () => {
  it('centres a picture that is lower than its box', () => {
    expect(placePicture(screen, { width: 128, height: 100 }, 'contain')).toEqual({ x: 0, y: 2, scaleX: 0.125, scaleY: 0.125 })
  })

  it('centres a picture that is narrower than its box', () => {
    expect(placePicture(screen, { width: 2248, height: 768 }, 'contain')).toEqual({ x: 612, y: 0, scaleX: 1, scaleY: 1 })
  })

  it('fills the box wholly when asked to', () => {
    expect(placePicture({ width: 720, height: 400 }, { width: 640, height: 480 }, 'exact')).toEqual({
      x: 0,
      y: 0,
      scaleX: 640 / 720,
      scaleY: 1.2,
    })
  })

  it('has no place for nothing', () => {
    expect(placePicture({ width: 0, height: 768 }, screen, 'contain')).toBeNull()
    expect(placePicture(screen, { width: 128, height: 0 }, 'exact')).toBeNull()
  })
})

describe('placeBox', () => {
  const place = { x: 3, y: 0, scaleX: 1.3, scaleY: 1.3 }

  it('leaves no seam between neighbours', () => {
    let right = placeBox(place, { x: 0, y: 0, width: 7, height: 5 }).x
    for (let column = 0; column < 50; column += 1) {
      const box = placeBox(place, { x: column * 7, y: 0, width: 7, height: 5 })
      expect(box.x).toBe(right)
      right = box.x + box.width
    }
    expect(right).toBe(Math.round(3 + 350 * 1.3))
  })

  it('keeps a hair line visible in a thumbnail', () => {
    expect(placeBox({ x: 0, y: 0, scaleX: 0.125, scaleY: 0.125 }, { x: 8, y: 9, width: 100, height: 1 })).toEqual({
      x: 1,
      y: 1,
      width: 13,
      height: 1,
    })
  })
})

describe('devicePixels', () => {
  it('rounds to whole pixels and never to none', () => {
    expect(devicePixels(128, 1.5)).toBe(192)
    expect(devicePixels(101, 1.25)).toBe(126)
    expect(devicePixels(0, 2)).toBe(1)
  })
})
