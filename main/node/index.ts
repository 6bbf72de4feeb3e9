/**
 * Browser shell: runs the engine thread and serves the page to this computer's browsers. The only line on standard output is the ready line.
 */
import { join } from 'node:path'
import { prepareDataFolder } from '../launcher/data-folder.ts'
import { HELP, parseOptions, type StartOptions } from '../launcher/options.ts'
import { PROGRAM_VERSION } from '../launcher/program-version.ts'
import { threadOptions } from '../launcher/thread-options.ts'
import { type EngineThread, formatLog, startEngineThread } from '../thread/engine-thread.ts'
import { newToken } from './access.ts'
import { openBrowser } from './open-browser.ts'
import { type PageServer, type ServerSettings, startServer } from './server.ts'

/** Where users find the browser shell again; the next free port is taken when it is not. */
const USUAL_PORT = 8017
const PORTS_TRIED = 100

/** Built files lie side by side: out/main/node.js, out/main/thread.js, out/renderer. */
const OUT_MAIN = import.meta.dirname

function leave(sentence: string, code: number): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(code)
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Listens on the port asked for, or on the usual one or the next free. */
async function listen(port: number | null, settings: ServerSettings): Promise<PageServer> {
  const ports = port === null ? Array.from({ length: PORTS_TRIED }, (_, i) => USUAL_PORT + i) : [port]
  for (const candidate of ports) {
    try {
      return await startServer(candidate, settings)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : ''
      if (code === 'EACCES') throw new Error(`Port ${candidate} on 127.0.0.1 may not be used by this user.`)
      if (code !== 'EADDRINUSE') throw error
    }
  }
  throw new Error(
    port === null
      ? `None of the ports ${USUAL_PORT} to ${USUAL_PORT + PORTS_TRIED - 1} on 127.0.0.1 is free; name another one with --port.`
      : `Port ${port} on 127.0.0.1 is in use by another program.`,
  )
}

/** Installs the clean end: a signal stops thread and server, once. */
function stopOnSignal(thread: EngineThread, server: PageServer): { readonly stopping: boolean } {
  const state = { stopping: false }
  const stop = async (): Promise<void> => {
    // A terminal sends its interrupt to every process of the group, and a parent passes it on once more.
    if (state.stopping) return
    state.stopping = true
    const [clean] = await Promise.all([thread.stop(), server.close()])
    if (!clean) leave('The lab was not closed in time; the next start resumes at its last commit.', 1)
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop())
  return state
}

async function run(options: StartOptions): Promise<void> {
  const folder = prepareDataFolder(options.data)
  if (!folder.ok) return leave(folder.sentence, 1)
  const token = newToken()
  const server = await listen(options.port, {
    pageFolder: join(OUT_MAIN, '../renderer'),
    token,
    // No page can get here before the ready line has told the token.
    connect: () => thread.connect(),
    log: (text) => process.stderr.write(`info server: ${text}\n`),
  })
  const facts = { dataFolder: folder.path, shell: 'browser', programVersion: PROGRAM_VERSION, sqliteAddon: null } as const
  const thread = startEngineThread(join(OUT_MAIN, 'thread.js'), threadOptions(options, facts), (message) => {
    process.stderr.write(formatLog(message))
  })
  const state = stopOnSignal(thread, server)
  const failed = (error: unknown): void => {
    if (!state.stopping) leave(errorText(error), 1)
  }
  try {
    await thread.ready
  } catch (error) {
    return failed(error)
  }
  void thread.crashed.then(failed)
  const address = `http://127.0.0.1:${server.port}/?token=${token}`
  process.stdout.write(`Viridian is ready: ${address}\n`)
  if (options.open) openBrowser(address)
}

const parsed = parseOptions(process.argv.slice(2))
if (parsed.kind === 'help') process.stdout.write(HELP)
else if (parsed.kind === 'refused') leave(parsed.sentence, 2)
else await run(parsed.options).catch((error: unknown) => leave(errorText(error), 1))
