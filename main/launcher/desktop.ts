/** Whether and how the desktop shell can run on this computer. Every "no" is one line that says why. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Longest wait for the download of Electron's binary. */
const DOWNLOAD_MILLISECONDS_MAX = 60_000

export type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }

/** The parts of this computer that decide; tests give their own. */
export interface Computer {
  readonly platform: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly isRoot: boolean
  /** Text of a file, null when it cannot be read. */
  readonly readText: (path: string) => string | null
  /** True when a file belongs to root and runs as root (mode 4755). */
  readonly isSetuidRoot: (path: string) => boolean
}

export function thisComputer(): Computer {
  return {
    platform: process.platform,
    environment: process.env,
    isRoot: process.getuid?.() === 0,
    readText(path) {
      try {
        return readFileSync(path, 'utf8')
      } catch {
        return null
      }
    },
    isSetuidRoot(path) {
      const stat = statSync(path, { throwIfNoEntry: false })
      return stat !== undefined && stat.uid === 0 && (stat.mode & 0o4000) !== 0
    },
  }
}

/** Whether there is a screen to open windows on. */
export function findDisplay(computer: Computer): Found<null> {
  const { platform, environment } = computer
  if (platform !== 'linux' || environment.DISPLAY || environment.WAYLAND_DISPLAY) return { ok: true, value: null }
  return { ok: false, reason: 'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)' }
}

/**
 * The runtime's switches for Chromium's process sandbox.
 *
 * Root cannot have it. For others it needs unprivileged user namespaces, which some distributions restrict, or the setuid helper.
 */
export function sandboxSwitches(computer: Computer, electron: string): Found<readonly string[]> {
  if (computer.platform !== 'linux') return { ok: true, value: [] }
  if (computer.isRoot) return { ok: true, value: ['--no-sandbox'] }
  const helper = join(electron, '../chrome-sandbox')
  const restricted =
    computer.readText('/proc/sys/kernel/apparmor_restrict_unprivileged_userns')?.trim() === '1' ||
    computer.readText('/proc/sys/kernel/unprivileged_userns_clone')?.trim() === '0' ||
    computer.readText('/proc/sys/user/max_user_namespaces')?.trim() === '0'
  if (!restricted || computer.isSetuidRoot(helper)) return { ok: true, value: [] }
  return {
    ok: false,
    reason: `this system restricts the sandbox; "sudo chown root ${helper} && sudo chmod 4755 ${helper}" permits it`,
  }
}

function electronFile(platform: string): string {
  if (platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron'
  return platform === 'win32' ? 'electron.exe' : 'electron'
}

/** Electron's executable: the folder that the environment names, the package's own, or one that the package can still download. */
export async function findElectron(root: string, computer: Computer, say: (line: string) => void): Promise<Found<string>> {
  const override = computer.environment.ELECTRON_OVERRIDE_DIST_PATH
  if (override) {
    const path = join(override, electronFile(computer.platform))
    return existsSync(path) ? { ok: true, value: path } : { ok: false, reason: `ELECTRON_OVERRIDE_DIST_PATH names no Electron: ${path}` }
  }
  const folder = join(root, 'node_modules/electron')
  if (!existsSync(join(folder, 'install.js'))) return { ok: false, reason: 'the package "electron" is not installed' }
  const present = installed(folder, computer)
  if (present !== null) return { ok: true, value: present }
  say('Downloading Electron (once) ...')
  const failure = await download(folder)
  const path = installed(folder, computer)
  return path === null ? { ok: false, reason: `Electron could not be downloaded: ${failure}` } : { ok: true, value: path }
}

function installed(folder: string, computer: Computer): string | null {
  const file = computer.readText(join(folder, 'path.txt'))
  if (file === null) return null
  const path = join(folder, 'dist', file.trim())
  return existsSync(path) ? path : null
}

/** What `npx install-electron` does, within a bounded time; answers with the last line that it said. */
function download(folder: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(folder, 'install.js')], { stdio: ['ignore', 'ignore', 'pipe'] })
    let errors = ''
    let late = false
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    const timer = setTimeout(() => {
      late = true
      child.kill()
    }, DOWNLOAD_MILLISECONDS_MAX)
    child.on('error', (error) => resolve(error.message))
    child.on('close', () => {
      clearTimeout(timer)
      resolve(late ? `no answer within ${DOWNLOAD_MILLISECONDS_MAX / 1000} s` : sayingLine(errors))
    })
  })
}

/** The line of a stack trace that says what happened. */
export function sayingLine(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const line = lines.find((one) => /^[A-Za-z]*Error\b/.test(one)) ?? lines[0] ?? 'no reason was given'
  return line.replace(/^[A-Za-z]*Error: /, '')
}
