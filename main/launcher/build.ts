/**
 * Builds what is not built: compares the newest change among the sources with the one that the last build saw. Run by itself it always builds.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a build reads. */
const SOURCES = ['main', 'preload', 'renderer', 'db', 'package.json', 'package-lock.json', 'electron.vite.config.ts']
/** What a build leaves behind. */
const PRODUCTS = ['main/electron.js', 'main/node.js', 'main/thread.js', 'main/disk-thread.js', 'preload/bridge.cjs', 'renderer/index.html']
const STAMP = 'out/build-stamp.json'
/** Holds the process id of the build that runs. */
const LOCK = 'out/build.lock'

/** State of the sources: two states that read the same are taken to be equal. */
export interface SourceState {
  /** Files and folders; one that is gone leaves no newer time behind. */
  readonly entries: number
  readonly newestMs: number
}

/** Looks at every source below a root; tests beside the code take no part in a build. */
export function sourceState(root: string, sources: readonly string[] = SOURCES): SourceState {
  let entries = 0
  let newestMs = 0
  const look = (path: string): void => {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return
    if (stat.isDirectory()) {
      for (const name of readdirSync(path)) look(join(path, name))
      return
    }
    if (/\.test\.tsx?$/.test(path)) return
    entries++
    newestMs = Math.max(newestMs, stat.mtimeMs)
  }
  for (const source of sources) look(join(root, source))
  return { entries, newestMs }
}

/** True when the last build saw these sources and everything that it made is there. */
export function isBuilt(root: string, now: SourceState): boolean {
  if (!PRODUCTS.every((product) => existsSync(join(root, 'out', product)))) return false
  try {
    const stamp: unknown = JSON.parse(readFileSync(join(root, STAMP), 'utf8'))
    return JSON.stringify(stamp) === JSON.stringify(now)
  } catch {
    return false
  }
}

/** Runs one build at a time; null when it went well, otherwise what it printed. */
export async function build(root: string): Promise<string | null> {
  const release = await takeTurn(root)
  try {
    return await runBuild(root)
  } finally {
    release()
  }
}

/** Waits for the build of another process, which would mix its files with ours. */
async function takeTurn(root: string): Promise<() => void> {
  const lock = join(root, LOCK)
  mkdirSync(join(root, 'out'), { recursive: true })
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      return () => rmSync(lock, { force: true })
    } catch {
      // First the wait: a lock that was made a moment ago may not have its process id yet.
      await new Promise((resolve) => setTimeout(resolve, 100))
      if (!isAlive(readOwner(lock))) rmSync(lock, { force: true })
    }
  }
}

function readOwner(lock: string): number {
  try {
    return Number(readFileSync(lock, 'utf8'))
  } catch {
    return 0
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch {
    return false
  }
}

async function runBuild(root: string): Promise<string | null> {
  // Taken before: what changes during the build is built the next time.
  const state = sourceState(root)
  const tool = join(root, 'node_modules/electron-vite/bin/electron-vite.js')
  if (!existsSync(tool)) return 'The packages are not installed. Run "npm ci" in this folder.'
  const words = [tool, 'build', '--logLevel', 'error']
  const child = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } })
  let output = ''
  const keep = (chunk: Buffer): void => {
    output += chunk.toString()
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null))
    child.on('close', resolve)
  })
  if (code !== 0) return output === '' ? `The build ended with code ${code}.` : output.trimEnd()
  writeFileSync(join(root, STAMP), JSON.stringify(state))
  return null
}

if (process.argv[1] === import.meta.filename) {
  const failure = await build(join(import.meta.dirname, '../..'))
  if (failure !== null) {
    process.stderr.write(`${failure}\n`)
    process.exitCode = 1
  }
}
