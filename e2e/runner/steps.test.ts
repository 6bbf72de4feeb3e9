import { describe, expect, it } from 'vitest'
import { readCounts } from './steps.ts'

describe('counts of a test run', () => {
  it.each([
    [
      'vitest',
      '\n Test Files  2 passed (2)\n      Tests  1 failed | 31 passed (32)\n   Start at  12:28\n',
      { passed: 31, failed: 1, skipped: 0 },
    ],
    ['vitest', '\n\u001b[2m      Tests \u001b[22m \u001b[1m\u001b[32m68 passed\u001b[39m (68)\n', { passed: 68, failed: 0, skipped: 0 }],
    ['playwright', 'x\n  1 failed\n    a.spec.ts\n  2 skipped\n  12 passed (5s)\n', { passed: 12, failed: 1, skipped: 2 }],
    ['playwright', 'x\n  1 flaky\n  3 did not run\n  12 passed (5s)\n', { passed: 12, failed: 4, skipped: 0 }],
  ] as const)('%s: %j', (kind, output, counts) => {
    expect(readCounts(kind, output)).toEqual(counts)
  })

  it.each(['vitest', 'playwright'] as const)('%s that ran nothing has none', (kind) => {
    expect(readCounts(kind, 'Error: something else\n')).toBeUndefined()
  })
})
