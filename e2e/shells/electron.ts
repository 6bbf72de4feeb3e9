/** The desktop shell: a real Electron, driven by Playwright. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { _electron, type ElectronApplication, errors, type Page } from '@playwright/test'
import { endProcess, ROOT } from './browser.ts'
import { electronClipboard } from './clipboard.ts'
import type { RunningShell, StartChoices } from './shell.ts'

/** Electron's executable, or why there is none. */
export function findElectronBinary(): { readonly path: string } | { readonly missing: string } {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH
  const folder = override ?? join(ROOT, 'node_modules/electron/dist')
  const listed = join(ROOT, 'node_modules/electron/path.txt')
  const name = override === undefined && existsSync(listed) ? readFileSync(listed, 'utf8').trim() : defaultName()
  const path = join(folder, name)
  return existsSync(path) ? { path } : { missing: `Electron's binary is not installed (looked for ${path})` }
}

function defaultName(): string {
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron'
  return process.platform === 'win32' ? 'electron.exe' : 'electron'
}

/** Longest times until the driver has attached to the process, and from there to the first window, real ms. */
const ATTACH_MILLISECONDS = 12_000
const WINDOW_MILLISECONDS = 20_000
const ATTEMPTS = 3

/**
 * On a busy computer the driver now and then misses its own attachment to an Electron that has started (both debugger connections are up, and
 * the application waits for the driver's go-ahead). Such a process is ended by the driver, and started anew here; an application that ends by
 * itself or opens no window is no such case.
 */
async function launch(options: Parameters<typeof _electron.launch>[0]): Promise<ElectronApplication> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await _electron.launch(options)
    } catch (error) {
      if (!(error instanceof errors.TimeoutError) || attempt === ATTEMPTS) throw error
    }
  }
}

export async function startElectronShell(choices: StartChoices): Promise<RunningShell> {
  const binary = findElectronBinary()
  if ('missing' in binary) throw new Error(binary.missing)
  const sandbox = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const application = await launch({
    executablePath: binary.path,
    args: [...sandbox, ROOT, '--data', choices.folder, ...choices.words],
    env: { ...definedEnvironment(), VIRIDIAN_NO_DIALOG: '1' },
    timeout: ATTACH_MILLISECONDS,
    colorScheme: choices.colorScheme,
  })
  let output = ''
  const child = application.process()
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const page = await application.firstWindow({ timeout: WINDOW_MILLISECONDS }).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw new Error(`the desktop shell opened no window (exit code ${child.exitCode}): ${output}`, { cause: error })
  })
  await page.waitForLoadState()
  await setSize(application, choices.size)
  if (choices.forcedColors === 'active') await page.emulateMedia({ forcedColors: 'active' })
  return {
    kind: 'electron',
    page,
    clipboard: electronClipboard(application),
    async newWindow(trigger) {
      const [opened] = await Promise.all([application.waitForEvent('window'), trigger()])
      await opened.waitForLoadState()
      return opened
    },
    secondConsole: (): Promise<Page | null> => Promise.resolve(null),
    kill: () => endProcess(child, 'SIGKILL'),
    close: () => application.close(),
    errors: () => output,
  }
}

async function setSize(application: ElectronApplication, size: StartChoices['size']): Promise<void> {
  await application.evaluate(({ BrowserWindow }, { width, height }) => {
    BrowserWindow.getAllWindows()[0]?.setContentSize(width, height)
  }, size)
}

function definedEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return Object.fromEntries(entries)
}
