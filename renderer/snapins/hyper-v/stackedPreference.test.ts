import { describe, expect, it } from 'vitest'
import { isStackedLayout } from './stackedPreference.ts'

describe('isStackedLayout', () => {
  it('accepts what the panes write', () => {
    expect(isStackedLayout({ weights: {}, collapsedIds: [] })).toBe(true)
    expect(isStackedLayout({ weights: { details: 225.5 }, collapsedIds: ['checkpoints'] })).toBe(true)
  })

  it('refuses damaged values', () => {
    const damaged = [
      null,
      {},
      { weights: null, collapsedIds: [] },
      { weights: { a: 0 }, collapsedIds: [] },
      { weights: {}, collapsedIds: [3] },
    ]
    expect(damaged.map(isStackedLayout)).toEqual([false, false, false, false, false])
  })
})
