/** `npm run dev`: the desktop shell on the development server; pages are replaced while they run, the main process is started anew. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { findDisplay, findElectron, sandboxSwitches, thisComputer } from './desktop.ts'

const ROOT = join(import.meta.dirname, '../..')

function refuse(reason: string): void {
  process.stderr.write(`The desktop shell cannot be developed here: ${reason}.\n`)
  process.exitCode = 1
}

async function develop(words: readonly string[]): Promise<void> {
  const computer = thisComputer()
  const display = findDisplay(computer)
  if (!display.ok) return refuse(display.reason)
  const electron = await findElectron(ROOT, computer, (line) => process.stderr.write(`${line}\n`))
  if (!electron.ok) return refuse(electron.reason)
  const switches = sandboxSwitches(computer, electron.value)
  if (!switches.ok) return refuse(switches.reason)
  const tool = join(ROOT, 'node_modules/electron-vite/bin/electron-vite.js')
  const child = spawn(process.execPath, [tool, 'dev', '--watch', '--', ...switches.value, ...words], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ELECTRON_EXEC_PATH: electron.value },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  child.on('close', (code) => {
    process.exitCode = code ?? 1
  })
}

await develop(process.argv.slice(2))
