/** The steps of `npm test` and `npm run check`: what is run, and how its result is counted. */

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export interface Step {
  readonly name: string
  readonly command: string
  readonly words: readonly string[]
  /** How many tests the output tells of; null = the step counts as one test, by its exit code. */
  readonly count: 'vitest' | 'playwright' | null
}

const TSC_FOLDERS = ['main/engine', 'preload/contract', 'main', 'preload/bridge', 'renderer', 'e2e']

/** Static checks: types per layer, arrows, lint, tidiness, dead code. */
export const CHECKS: readonly Step[] = [
  ...TSC_FOLDERS.map((folder) => ({ name: `types of ${folder}`, command: 'tsc', words: ['-p', `${folder}/tsconfig.json`], count: null })),
  { name: 'import arrows', command: 'node', words: ['e2e/checks/arrows.ts'], count: null },
  { name: 'tidiness', command: 'node', words: ['e2e/checks/tidy.ts'], count: null },
  { name: 'lint and format', command: 'biome', words: ['check', '--error-on-warnings'], count: null },
  { name: 'dead code', command: 'knip', words: [], count: null },
]

export const UNIT: Step = { name: 'unit and contract tests', command: 'vitest', words: ['run'], count: 'vitest' }

export const BUILD: Step = { name: 'build', command: 'node', words: ['main/launcher/build.ts'], count: null }

export function scenarios(shell: 'browser' | 'electron'): Step {
  return {
    name: `scenarios in the ${shell} shell`,
    command: 'playwright',
    words: ['test', `--project=${shell}`, '--reporter=list'],
    count: 'playwright',
  }
}

/** Counts in the closing lines of a test runner's output; undefined when there are none. */
export function readCounts(kind: 'vitest' | 'playwright', output: string): Counts | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes are what is taken out
  const text = output.replace(/\u001b\[[0-9;]*m/g, '')
  if (kind === 'vitest') {
    const line = /\n\s*Tests\s+(.*)\n/.exec(text)?.[1]
    if (line === undefined) return undefined
    return { passed: number(line, /(\d+) passed/), failed: number(line, /(\d+) failed/), skipped: number(line, /(\d+) skipped/) }
  }
  const tail = text.slice(-4000)
  if (!/^\s+\d+ (passed|failed|skipped|flaky|did not run)/m.test(tail)) return undefined
  const notRun = number(tail, /^\s+(\d+) did not run/m)
  return {
    passed: number(tail, /^\s+(\d+) passed/m),
    failed: number(tail, /^\s+(\d+) failed/m) + number(tail, /^\s+(\d+) flaky/m) + notRun,
    skipped: number(tail, /^\s+(\d+) skipped/m),
  }
}

function number(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0)
}

export function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}
