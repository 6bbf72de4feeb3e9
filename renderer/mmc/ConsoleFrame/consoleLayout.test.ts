import { describe, expect, it } from 'vitest'
import { defaultConsoleLayout, paneLimits } from './consoleLayout.ts'

describe('paneLimits', () => {
  it('leaves 240 pixels to the middle', () => {
    expect(paneLimits(defaultConsoleLayout, 1280)).toEqual({ treeLimits: { min: 80, max: 826 }, actionsLimits: { min: 80, max: 844 } })
  })
  it('counts hidden panes as nothing and never goes below the least width', () => {
    expect(paneLimits({ ...defaultConsoleLayout, actionsVisible: false }, 1280).treeLimits.max).toBe(1040)
    expect(paneLimits(defaultConsoleLayout, 300).actionsLimits).toEqual({ min: 80, max: 80 })
  })
})
