import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RunSet } from './run-set.ts'

const step = fc.record({ add: fc.boolean(), start: fc.integer({ min: 0, max: 60 }), length: fc.integer({ min: 0, max: 20 }) })

describe('set of runs', () => {
  it('holds what a plain set holds, and says the same of every range', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 80 }), fc.integer({ min: 0, max: 80 }), (steps, a, b) => {
        const runs = new RunSet()
        const plain = new Set<number>()
        for (const { add, start, length } of steps) {
          const before = plain.size
          for (let n = start; n < start + length; n++) {
            if (add) plain.add(n)
            else plain.delete(n)
          }
          expect(add ? runs.add(start, start + length) : runs.remove(start, start + length)).toBe(Math.abs(plain.size - before))
        }
        expect(runs.count).toBe(plain.size)
        for (let n = 0; n < 85; n++) expect(runs.has(n)).toBe(plain.has(n))
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        expect(runs.countIn(low, high)).toBe([...plain].filter((n) => n >= low && n < high).length)
        let until = low
        while (until < high && plain.has(until) === plain.has(low)) until++
        expect(runs.sameUntil(low, high)).toBe(until)
        expect(new RunSet(runs.toRuns()).toRuns()).toEqual(runs.toRuns())
      }),
    )
  })

  it('keeps as few runs as there are', () => {
    const runs = new RunSet()
    for (let n = 0; n < 1000; n += 2) runs.add(n, n + 1)
    expect(runs.runs).toBe(500)
    for (let n = 1; n < 1000; n += 2) runs.add(n, n + 1)
    expect(runs.toRuns()).toEqual([0, 1000])
  })
})
