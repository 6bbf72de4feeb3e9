/** The browser shell: a real Node host process, and a headless Chromium in front of it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test'
import type { RunningShell, StartChoices } from './shell.ts'

export const ROOT = join(import.meta.dirname, '../..')
const READY = /Viridian is ready: (\S+)/

/** Path of a Chromium that can run here: the one in the npm package on Linux, else an installed Chrome or Edge. */
export async function findChromium(): Promise<{ executablePath: string } | { channel: 'chrome' | 'msedge' } | { missing: string }> {
  if (process.env.VIRIDIAN_CHROMIUM) return { executablePath: process.env.VIRIDIAN_CHROMIUM }
  if (process.platform === 'linux' && process.arch === 'x64') {
    const { default: packaged } = await import('@sparticuz/chromium')
    return { executablePath: await packaged.executablePath() }
  }
  for (const channel of ['chrome', 'msedge'] as const) {
    const browser = await chromium.launch({ channel }).catch(() => null)
    if (browser === null) continue
    await browser.close()
    return { channel }
  }
  return { missing: 'neither Chrome nor Edge is installed' }
}

/** A host process that has said where it is. */
export interface Host {
  readonly process: ChildProcess
  readonly address: string
  errors(): string
}

export async function startHost(folder: string, words: readonly string[]): Promise<Host> {
  const host = spawn(
    process.execPath,
    [
      '--import',
      pathToFileURL(join(ROOT, 'main/launcher/check-node.mjs')).href,
      join(ROOT, 'main/launcher/start.ts'),
      '--browser',
      '--no-open',
      '--port',
      '0',
      '--data',
      folder,
      ...words,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let errors = ''
  host.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const address = await new Promise<string>((resolve, reject) => {
    let output = ''
    host.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const found = READY.exec(output)?.[1]
      if (found) resolve(found)
    })
    host.on('exit', (code) => reject(new Error(`the browser shell ended with ${code}: ${errors}`)))
  })
  return { process: host, address, errors: () => errors }
}

/** Sends a signal and waits until the process is gone. */
export async function endProcess(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill(signal)
  await gone
}

let shared: Promise<Browser> | undefined

function browser(): Promise<Browser> {
  shared ??= (async () => {
    const found = await findChromium()
    if ('missing' in found) throw new Error(`no browser: ${found.missing}`)
    if ('executablePath' in found && !existsSync(found.executablePath)) throw new Error(`no browser at ${found.executablePath}`)
    return chromium.launch({ ...found, args: ['--no-sandbox', '--font-render-hinting=none', '--disable-lcd-text'] })
  })()
  return shared
}

/** Closes a tab so that its page hears of it and can write what it has not written yet. */
async function closeAsUser(page: Page): Promise<void> {
  const closed = page.waitForEvent('close')
  await page.close({ runBeforeUnload: true })
  await closed
}

export async function startBrowserShell(choices: StartChoices): Promise<RunningShell> {
  const host = await startHost(choices.folder, choices.words)
  const context: BrowserContext = await (await browser()).newContext({
    viewport: choices.size,
    colorScheme: choices.colorScheme,
    forcedColors: choices.forcedColors,
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const open = async (): Promise<Page> => {
    const page = await context.newPage()
    await page.goto(host.address)
    return page
  }
  const page = await open()
  return {
    kind: 'browser',
    page,
    async newWindow(trigger) {
      const [opened] = await Promise.all([context.waitForEvent('page'), trigger()])
      await opened.waitForLoadState()
      return opened
    },
    secondConsole: open,
    async kill() {
      await endProcess(host.process, 'SIGKILL')
      await context.close()
    },
    async close() {
      await Promise.all(context.pages().map(closeAsUser))
      // The host has had a turn and read the pages' last words before it is told to end.
      await fetch(host.address)
      await endProcess(host.process, 'SIGTERM')
      await context.close()
    },
    errors: host.errors,
  }
}
