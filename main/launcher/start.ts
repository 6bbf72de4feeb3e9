/**
 * `npm start`: builds what is not built, then runs the desktop shell, or the browser shell where that was asked for or no desktop shell can run.
 * Standard output belongs to the shell; the launcher's own lines go to standard error.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, isBuilt, sourceState } from './build.ts'
import { prepareDataFolder } from './data-folder.ts'
import { findDisplay, findElectron, sandboxSwitches, thisComputer } from './desktop.ts'
import { HELP, parseOptions } from './options.ts'

const ROOT = join(import.meta.dirname, '../..')
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** What a program's loader answers when a system library is missing. */
const CANNOT_LOAD = 127
/** Ends of a runtime that this computer cannot run, when they come at once. */
const CRASHES: readonly string[] = ['SIGTRAP', 'SIGILL', 'SIGABRT', 'SIGSEGV']
const AT_ONCE_MILLISECONDS = 5000
const PARENT_MILLISECONDS = 500

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Runs Electron on this project; its exit code, or the sentence why it cannot run here. */
async function runDesktop(words: readonly string[]): Promise<number | string> {
  const computer = thisComputer()
  const display = findDisplay(computer)
  if (!display.ok) return display.reason
  const electron = await findElectron(ROOT, computer, say)
  if (!electron.ok) return electron.reason
  const switches = sandboxSwitches(computer, electron.value)
  if (!switches.ok) return switches.reason
  const environment = { ...process.env }
  // It would turn Electron into a plain Node.
  delete environment.ELECTRON_RUN_AS_NODE
  const begin = performance.now()
  const child = spawn(electron.value, [...switches.value, ROOT, ...words], { stdio: 'inherit', env: environment })
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal))
  const end = await new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(`Electron cannot be run (${error.message})`))
    child.on('close', (code, signal) => {
      const crashed = signal !== null && CRASHES.includes(signal) && performance.now() - begin < AT_ONCE_MILLISECONDS
      resolve(crashed ? `Electron ended with ${signal}` : (code ?? 1))
    })
  })
  for (const signal of SIGNALS) process.removeAllListeners(signal)
  return end === CANNOT_LOAD ? 'Electron cannot be loaded: a system library is missing (see above)' : end
}

/**
 * npm passes a signal on to the shell that runs its script, and not every shell passes it on to us. The end of that shell is the signal then.
 */
function endWithParent(): void {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, PARENT_MILLISECONDS)
  timer.unref()
}

async function buildWhereNeeded(): Promise<boolean> {
  if (isBuilt(ROOT, sourceState(ROOT))) return true
  say('Building Viridian ...')
  const failure = await build(ROOT)
  if (failure !== null) say(failure)
  return failure === null
}

async function start(words: readonly string[]): Promise<void> {
  const parsed = parseOptions(words)
  if (parsed.kind === 'help') {
    process.stdout.write(HELP)
    return
  }
  if (parsed.kind === 'refused') {
    say(parsed.sentence)
    process.exitCode = 2
    return
  }
  // Asked here as well, so that a mistyped folder is told before a build.
  const folder = prepareDataFolder(parsed.options.data)
  if (!folder.ok) {
    say(folder.sentence)
    process.exitCode = 1
    return
  }
  endWithParent()
  if (!(await buildWhereNeeded())) {
    process.exitCode = 1
    return
  }
  if (!parsed.options.browser) {
    const end = await runDesktop(words)
    if (typeof end === 'number') {
      process.exitCode = end
      return
    }
    say(`The browser is used instead of an own window: ${end}.`)
  }
  // The browser shell reads the same words from this process.
  await import(pathToFileURL(join(ROOT, 'out/main/node.js')).href)
}

await start(process.argv.slice(2))
