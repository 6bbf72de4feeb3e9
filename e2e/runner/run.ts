/**
 * Runs everything that says whether the project is well, and adds up.
 *
 * `node e2e/runner/run.ts [check|e2e|all]`. The last line is `N passed, N failed, N skipped`; a shell that cannot run here is named with its
 * reason and counted as skipped. Exit code 1 when anything failed or when nothing ran.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { findChromium } from '../shells/browser.ts'
import { findElectronBinary } from '../shells/electron.ts'
import { add, BUILD, CHECKS, type Counts, readCounts, type Step, scenarios, UNIT } from './steps.ts'

const ROOT = join(import.meta.dirname, '../..')
const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 }

/** Runs a step; its output passes through when it fails or counts tests itself. */
async function run(step: Step, prefix: readonly string[] = []): Promise<Counts> {
  const begin = performance.now()
  const [command = step.command, ...words] = [...prefix, step.command, ...step.words]
  const child = spawn(command, words, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`, FORCE_COLOR: '0' },
    shell: process.platform === 'win32',
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  const code = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      output += `${error.message}\n`
      resolve(127)
    })
    child.on('close', (status) => resolve(status ?? 1))
  })
  const counts = countOf(step, output, code)
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  if (counts.failed > 0) process.stdout.write(output.endsWith('\n') ? output : `${output}\n`)
  const word = counts.failed > 0 ? 'FAILED' : 'ok'
  process.stdout.write(
    `${word.padEnd(7)}${step.name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped (${seconds} s)\n`,
  )
  return counts
}

function countOf(step: Step, output: string, code: number): Counts {
  const counts = step.count === null ? { ...NOTHING, passed: code === 0 ? 1 : 0 } : readCounts(step.count, output)
  if (code === 0) return counts ?? { ...NOTHING, failed: 1 }
  // A runner that failed without naming a failed test has failed itself.
  return counts === undefined || counts.failed === 0 ? { ...(counts ?? NOTHING), failed: 1 } : counts
}

function notRun(name: string, reason: string): Counts {
  process.stdout.write(`NOT RUN ${name}: ${reason}\n`)
  return { ...NOTHING, skipped: 1 }
}

async function browserScenarios(): Promise<Counts> {
  const found = await findChromium()
  return 'missing' in found ? notRun('scenarios in the browser shell', found.missing) : run(scenarios('browser'))
}

async function electronScenarios(): Promise<Counts> {
  const step = scenarios('electron')
  const binary = findElectronBinary()
  if ('missing' in binary) return notRun(step.name, binary.missing)
  const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY)
  if (hasDisplay) return run(step)
  const xvfb = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'xvfb-run')))
  if (!xvfb) return notRun(step.name, 'there is no display, and xvfb-run is not installed')
  // Between two scenarios there may be no client at all: the display must not start over then, or it refuses the next one that comes meanwhile.
  return run(step, ['xvfb-run', '-a', '-s', '-screen 0 2560x1600x24 -noreset'])
}

async function main(what: string): Promise<void> {
  let total = NOTHING
  const all = what === 'all'
  if (all || what === 'check') for (const step of CHECKS) total = add(total, await run(step))
  if (all) total = add(total, await run(UNIT))
  if (all || what === 'e2e') {
    const built = await run(BUILD)
    total = add(total, built)
    if (built.failed === 0) {
      total = add(total, await browserScenarios())
      total = add(total, await electronScenarios())
    }
  }
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`)
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
}

await main(process.argv[2] ?? 'all')
