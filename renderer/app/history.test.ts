import { describe, expect, it } from 'vitest'
import { EMPTY_HISTORY, type HistoryAction, historyReducer } from './history.ts'

const walk = (...actions: readonly (string | HistoryAction)[]) =>
  actions.reduce(
    (state, action) => historyReducer(state, typeof action === 'string' ? { type: 'select', nodeId: action } : action),
    EMPTY_HISTORY,
  )
const back = { type: 'back' } as const
const forward = { type: 'forward' } as const

describe('historyReducer', () => {
  it('goes back and forward', () => {
    expect(walk('a', 'b', 'c', back, back)).toEqual({ past: [], present: 'a', future: ['b', 'c'] })
    expect(walk('a', 'b', 'c', back, back, forward)).toEqual({ past: ['a'], present: 'b', future: ['c'] })
  })

  it('forgets the way forward with a new selection', () => {
    expect(walk('a', 'b', back, 'c')).toEqual({ past: ['a'], present: 'c', future: [] })
  })

  it('stays where there is nowhere to go', () => {
    const state = walk('a')
    expect(historyReducer(state, back)).toBe(state)
    expect(historyReducer(state, forward)).toBe(state)
    expect(historyReducer(state, { type: 'select', nodeId: 'a' })).toBe(state)
  })

  it('remembers a bounded number of steps', () => {
    const many = walk(...Array.from({ length: 200 }, (_, index) => `n${index}`))
    expect([many.past.length, many.past[0], many.present]).toEqual([50, 'n149', 'n199'])
  })
})
