import { describe, expect, it, vi } from 'vitest'
import { flattenCommands } from '../mmc/index.ts'
import { speedEntries, speedText } from './SpeedControl.tsx'

describe('speed of simulated time', () => {
  const nothing = (): void => {}

  it('is written as a factor', () => {
    expect(([0, 1, 10, 60, 'max'] as const).map(speedText)).toEqual(['Paused', '1×', '10×', '60×', 'Max'])
  })

  it('marks the present speed', () => {
    const checked = flattenCommands(speedEntries(10, nothing, nothing)).filter(({ checked: on }) => on)
    expect(checked.map(({ id }) => id)).toEqual(['speed-10'])
  })

  it('offers single steps only while time stands still', () => {
    const step = vi.fn()
    expect(flattenCommands(speedEntries(1, nothing, step)).some(({ id }) => id.startsWith('step-'))).toBe(false)
    for (const command of flattenCommands(speedEntries(0, nothing, step))) if (command.id.startsWith('step-')) command.run?.()
    expect(step.mock.calls).toEqual([[1_000], [10_000], [60_000]])
  })
})
