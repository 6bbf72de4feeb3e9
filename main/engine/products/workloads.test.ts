import { describe, expect, it } from 'vitest'
import { hashText, randomBits } from '../kernel/random.ts'
import { WORKLOADS, type WorkloadDemand, type WorkloadMoment, workloadDemand, workloadOf } from './workloads.ts'

function moment(second: number): WorkloadMoment {
  const value = (use: number, at: number) => randomBits(11, hashText('test') + use, at) / 0x100000000
  return {
    second,
    secondOfDay: ((second % 86_400) + 86_400) % 86_400,
    noise: (use) => value(use, second),
    drift: (use, seconds) => value(use, Math.floor(second / seconds)),
  }
}

function average(key: string, from: number, to: number, of: keyof WorkloadDemand): number {
  let sum = 0
  for (let second = from; second < to; second++) sum += workloadDemand(workloadOf(key), moment(second))[of]
  return sum / (to - from)
}

describe('workloads', () => {
  it.each(WORKLOADS.map((workload) => [workload.key, workload] as const))(
    '%s stays within its ranges for a day, also before the lab began',
    (_key, workload) => {
      for (let second = -3_600; second < 86_400; second += 37) {
        const demand = workloadDemand(workload, moment(second))
        for (const name of Object.keys(workload.ranges) as (keyof WorkloadDemand)[]) {
          const [low, high] = workload.ranges[name]
          expect(demand[name], `${name} at ${second}`).toBeGreaterThanOrEqual(low)
          expect(demand[name], `${name} at ${second}`).toBeLessThanOrEqual(high)
        }
      }
    },
  )

  it('lets office work rest at night', () => {
    expect(average('office', 10 * 3_600, 12 * 3_600, 'cpu')).toBeGreaterThan(3 * average('office', 2 * 3_600, 4 * 3_600, 'cpu'))
  })

  it('builds for eight of ten minutes and then rests', () => {
    expect(average('compile', 0, 480, 'cpu')).toBeGreaterThan(0.8)
    expect(average('compile', 480, 600, 'cpu')).toBeLessThan(0.05)
  })

  it('lets the memory load grow for twenty minutes and fall back', () => {
    const at = (second: number) => workloadDemand(workloadOf('memory-hog'), moment(second)).memoryMb
    expect(at(0)).toBe(256)
    expect(at(600)).toBe(6_272)
    expect(at(1_199)).toBeGreaterThan(12_000)
    expect(at(1_200)).toBe(256)
  })

  it('refuses a workload that it does not know', () => {
    expect(() => workloadOf('mining')).toThrow('no workload mining')
  })
})
