import { describe, expect, it } from 'vitest'
import { wrongImports } from './arrows.ts'
import { findings } from './tidy.ts'

describe('arrows', () => {
  it.each([
    ['main/engine/kernel/a.ts', "import { b } from './b.ts'", 0],
    ['main/engine/kernel/a.ts', "import { b } from '../management/b.ts'", 1],
    ['main/engine/management/a.ts', "import { b } from 'node:fs'", 1],
    ['main/engine/management/a.ts', "import type { V } from '../../../preload/contract/index.ts'", 1],
    ['renderer/mmc/a.tsx', "import { b } from '../client/b.ts'", 1],
    ['renderer/snapins/hyper-v/a.tsx', "import { b } from '../training/b.ts'", 1],
    ['renderer/snapins/hyper-v/a.tsx', "const b = await import('../../../main/engine/b.ts')", 1],
    ['renderer/snapins/hyper-v/a.tsx', "import '../../mmc/b.css'", 0],
    ['main/rpc/a.ts', "export { b } from '../engine/b.ts'", 0],
    ['main/electron/a.ts', "import { b } from '../engine/b.ts'", 1],
    ['preload/contract/a.ts', "import { z } from 'zod'\nimport fs from 'node:fs'", 1],
    ['main/engine/kernel/a.test.ts', "import fc from 'fast-check'", 0],
    ['elsewhere/a.ts', "import { b } from './b.ts'", 1],
  ])('%s with %j has %i wrong imports', (file, text, count) => {
    expect(wrongImports(file, text)).toHaveLength(count)
  })
})

describe('tidy', () => {
  it.each([
    ['main/engine/a.ts', 'const now = Date.now()', 1],
    ['main/engine/a.ts', '// The Date of the host is not read here.', 0],
    ['main/engine/a.ts', "const text = 'Date modified'", 0],
    ['main/service/a.ts', 'const now = Date.now()', 0],
    ['main/service/a.ts', 'x'.concat('\n'.repeat(500)), 1],
    ['main/service/a.test.ts', 'it.' + 'skip("x")', 1],
  ])('%s with %j has %i findings', (file, text, count) => {
    expect(findings(file, text)).toHaveLength(count)
  })
})
