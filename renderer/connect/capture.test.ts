import { describe, expect, it } from 'vitest'
import { type CaptureAction, captureReducer, isCaptured, NO_CAPTURE, wantsKeyboard } from './capture.ts'

function stateAfter(...actions: CaptureAction[]) {
  const state = actions.reduce(captureReducer, NO_CAPTURE)
  return { captured: isCaptured(state), wants: wantsKeyboard(state) }
}

const up = { type: 'interactive', on: true } as const
const down = { type: 'interactive', on: false } as const

describe('captureReducer', () => {
  it('wants the keyboard for a guest that comes up, and has it with the focus', () => {
    expect(stateAfter()).toEqual({ captured: false, wants: false })
    expect(stateAfter(up)).toEqual({ captured: false, wants: true })
    expect(stateAfter(up, { type: 'focus' })).toEqual({ captured: true, wants: false })
  })

  it('does not take the keyboard again after the release key, until the user clicks', () => {
    expect(stateAfter(up, { type: 'focus' }, { type: 'release' }, { type: 'blur' }, up)).toEqual({ captured: false, wants: false })
    expect(stateAfter(up, { type: 'focus' }, { type: 'release' }, { type: 'focus' })).toEqual({ captured: true, wants: false })
  })

  it('gives the keyboard back when the guest goes, and offers it anew when it comes again', () => {
    expect(stateAfter(up, { type: 'focus' }, down)).toEqual({ captured: false, wants: false })
    expect(stateAfter(up, { type: 'focus' }, { type: 'release' }, down, up)).toEqual({ captured: false, wants: true })
  })

  it('keeps the same state for what changes nothing', () => {
    const state = captureReducer(NO_CAPTURE, up)
    expect(captureReducer(state, up)).toBe(state)
    expect(captureReducer(state, { type: 'blur' })).toBe(state)
  })
})
