import { describe, expect, it } from 'vitest'
import { pass, testEngine, testVm } from '../../testing/lab.ts'
import type { Engine } from '../engine.ts'
import { TICKS_PER_MS } from '../kernel/ticks.ts'
import { setJobTiming } from './job-timing.ts'
import * as power from './power.ts'

/** Milliseconds from the command to the end of the first job. */
function duration(timing: Parameters<typeof setJobTiming>[1] | null, seed = 7, id = 'A'): number {
  const engine: Engine = testEngine([testVm('A'), testVm('B')])
  engine.world.tables.lab.patch('lab', { seed })
  if (timing !== null) expect(setJobTiming(engine.world, timing).ok).toBe(true)
  if (id === 'B') power.start(engine.world, 'A')
  const started = power.start(engine.world, id)
  pass(engine, 600_000)
  if (!started.ok) throw new Error(started.refusal.code)
  const job = engine.world.tables.job.require(started.value.id)
  return ((job.finishedTick ?? 0) - job.startedTick) / TICKS_PER_MS
}

const SLOW = { jobKind: 'start', factorPercent: 300, extraMs: 0, jitterMs: 0 }

describe('the timing of jobs', () => {
  it('multiplies the plan by the factor and adds the extra time', () => {
    const usual = duration(null)
    expect(duration(SLOW)).toBeCloseTo(3 * usual, 2)
    expect(duration({ ...SLOW, factorPercent: 100, extraMs: 5000 })).toBeCloseTo(usual + 5000, 2)
    expect(duration({ ...SLOW, factorPercent: 10 })).toBeCloseTo(usual / 10, 2)
    expect(duration({ ...SLOW, jobKind: 'save' })).toBe(usual)
  })

  it('draws the jitter of each job from the seed', () => {
    const jitter = { ...SLOW, factorPercent: 100, jitterMs: 10_000 }
    const usual = duration(null)
    for (const seed of [1, 2, 3, 4]) {
      expect(duration(jitter, seed)).toBe(duration(jitter, seed))
      expect(duration(jitter, seed)).toBeGreaterThanOrEqual(usual)
      expect(duration(jitter, seed)).toBeLessThanOrEqual(usual + 10_001)
    }
    expect(new Set([1, 2, 3, 4].map((seed) => duration(jitter, seed))).size).toBe(4)
    expect(duration(jitter, 1, 'B')).not.toBe(duration(jitter, 1, 'A'))
  })

  it('is taken back by the plan itself, and refused for jobs that do not exist', () => {
    const { world } = testEngine([testVm('A')])
    setJobTiming(world, SLOW)
    expect(world.tables.job_timing.size).toBe(1)
    setJobTiming(world, { ...SLOW, factorPercent: 100 })
    expect(world.tables.job_timing.size).toBe(0)
    expect(setJobTiming(world, { ...SLOW, jobKind: 'explode' })).toMatchObject({ refusal: { code: 'unknown-job-kind' } })
  })
})
