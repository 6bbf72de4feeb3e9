/**
 * Desktop shell: runs the engine thread inside the main process, opens windows on the built page and joins each page with the engine.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { app, dialog, Menu, session } from 'electron'
import { prepareDataFolder } from '../launcher/data-folder.ts'
import { electronWords, HELP, parseOptions } from '../launcher/options.ts'
import { PROGRAM_VERSION } from '../launcher/program-version.ts'
import { threadOptions } from '../launcher/thread-options.ts'
import { type EngineThread, formatLog, startEngineThread } from '../thread/engine-thread.ts'
import { registerAppScheme, serveApp } from './app-protocol.ts'
import { lockContents, lockSession } from './lock-down.ts'
import { installShellVerbs } from './shell-verbs.ts'
import { Windows } from './windows.ts'

/** Built files lie side by side: out/main/electron.js, out/main/thread.js, out/preload, out/renderer. */
const OUT_MAIN = import.meta.dirname

let leaving = false

/** Tells the user in a box and on standard error, then ends. The first sentence counts: a thread that fails also ends. */
async function leave(sentence: string, code: number): Promise<void> {
  if (leaving) return
  leaving = true
  process.stderr.write(`${sentence}\n`)
  if (code !== 2 && process.env.VIRIDIAN_NO_DIALOG !== '1') {
    await app.whenReady()
    dialog.showErrorBox(app.name, sentence)
  }
  app.exit(code)
}

/** The development server's origin while `npm run dev` runs; a packaged program has none. */
function developmentOrigin(): string | null {
  const address = process.env.ELECTRON_RENDERER_URL
  return app.isPackaged || address === undefined ? null : new URL(address).origin
}

/** Another SQLite addon than the one that better-sqlite3 brings: named by the environment, or laid beside a package made for an older Electron. */
function sqliteAddon(): string | null {
  if (!app.isPackaged) return process.env.VIRIDIAN_SQLITE_ADDON || null
  const beside = join(process.resourcesPath, 'better_sqlite3.node')
  return existsSync(beside) ? beside : null
}

/** macOS takes the keys of copy, paste and quit from the menu; elsewhere there is none. */
function setMenu(): void {
  Menu.setApplicationMenu(
    process.platform === 'darwin' ? Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }]) : null,
  )
}

/** The clean end, once: windows off the screen and closed first, then the lab, each within a bounded time. */
function endWith(thread: EngineThread, windows: () => Windows | null): () => Promise<void> {
  let ending = false
  return async () => {
    if (ending || leaving) return
    ending = true
    await windows()?.closeAll()
    const clean = await thread.stop()
    if (!clean) process.stderr.write('The lab was not closed in time; the next start resumes at its last commit.\n')
    app.exit(clean ? 0 : 1)
  }
}

async function run(): Promise<void> {
  const parsed = parseOptions(electronWords(process.argv, app.isPackaged))
  if (parsed.kind === 'help') {
    process.stdout.write(HELP)
    return app.exit(0)
  }
  if (parsed.kind === 'refused') return leave(parsed.sentence, 2)
  const folder = prepareDataFolder(parsed.options.data)
  if (!folder.ok) return leave(folder.sentence, 1)

  // Labs can be open side by side, so that each has its own profile.
  app.setPath('userData', join(folder.path, 'shell'))
  app.setPath('sessionData', join(folder.path, 'shell'))
  if (process.platform === 'win32') app.setAppUserModelId('app.viridian.manager')
  registerAppScheme()
  setMenu()
  const facts = { dataFolder: folder.path, shell: 'electron', programVersion: PROGRAM_VERSION, sqliteAddon: sqliteAddon() } as const
  const thread = startEngineThread(join(OUT_MAIN, 'thread.js'), threadOptions(parsed.options, facts), (message) => {
    process.stderr.write(formatLog(message))
  })
  let windows: Windows | null = null
  const end = endWith(thread, () => windows)
  app.on('before-quit', (event) => {
    event.preventDefault()
    void end()
  })
  // The windows' own count decides; without a listener Electron would quit by itself.
  app.on('window-all-closed', () => {})
  app.on('web-contents-created', (_event, contents) => lockContents(contents))
  thread.ready.catch((error: unknown) => leave(error instanceof Error ? error.message : String(error), 1))
  void thread.crashed.then((error) => leave(error.message, 1))

  await app.whenReady()
  const devOrigin = developmentOrigin()
  const log = (text: string): void => void process.stderr.write(`info shell: ${text}\n`)
  lockSession(session.defaultSession, devOrigin)
  serveApp(session.defaultSession, join(OUT_MAIN, '../renderer'))
  windows = new Windows({ preloadFile: join(OUT_MAIN, '../preload/bridge.cjs'), devOrigin, onAllClosed: () => void end() })
  installShellVerbs({ windows, thread, devOrigin, log })
  windows.openConsole()
}

// Electron's own answer is a box that nobody may be there to close.
process.on('uncaughtException', (error) => void leave(`Viridian ended because of an internal error: ${error.stack ?? error.message}`, 1))
run().catch((error: unknown) => leave(`Viridian cannot start: ${String(error)}`, 1))
