import { describe, expect, it } from 'vitest'
import { steppedNumber } from './numberField.ts'

describe('steppedNumber', () => {
  it('steps and stops at the limits', () => {
    expect([steppedNumber(4, 1, 2, 0, 5), steppedNumber(4, -1, 2, 0, 5), steppedNumber(1, -1, 2, 0, 5)]).toEqual([5, 2, 0])
  })
  it('brings an outside value back and starts an empty box', () => {
    expect([steppedNumber(99999, 1, 1, 32, 4096), steppedNumber(null, 1, 1, 32, 4096), steppedNumber(null, -1, 1)]).toEqual([4096, 32, 0])
  })
})
