import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Computer, findDisplay, findElectron, sandboxSwitches, sayingLine, thisComputer } from './desktop.ts'

function computer(over: Partial<Computer>): Computer {
  return { platform: 'linux', environment: {}, isRoot: false, readText: () => null, isSetuidRoot: () => false, ...over }
}

describe('findDisplay', () => {
  it('needs a display on Linux alone', () => {
    expect(findDisplay(computer({})).ok).toBe(false)
    expect(findDisplay(computer({ environment: { DISPLAY: '' } })).ok).toBe(false)
    expect(findDisplay(computer({ environment: { DISPLAY: ':0' } })).ok).toBe(true)
    expect(findDisplay(computer({ environment: { WAYLAND_DISPLAY: 'wayland-0' } })).ok).toBe(true)
    expect(findDisplay(computer({ platform: 'darwin' })).ok).toBe(true)
  })
})

describe('sandboxSwitches', () => {
  const restricted = (path: string): string | null => (path.endsWith('apparmor_restrict_unprivileged_userns') ? '1\n' : null)

  it('leaves the sandbox on for users', () => {
    expect(sandboxSwitches(computer({}), '/e/electron')).toEqual({ ok: true, value: [] })
    expect(sandboxSwitches(computer({ platform: 'win32', isRoot: true }), 'C:\\e\\electron.exe')).toEqual({ ok: true, value: [] })
  })

  it('takes it from root, who cannot have it', () => {
    expect(sandboxSwitches(computer({ isRoot: true }), '/e/electron')).toEqual({ ok: true, value: ['--no-sandbox'] })
  })

  it('never takes it from a user whose system restricts it, and says what to do', () => {
    const verdict = sandboxSwitches(computer({ readText: restricted }), '/e/electron')
    expect(verdict).toMatchObject({ ok: false, reason: expect.stringContaining('sudo chown root /e/chrome-sandbox') })
    const helped = computer({ readText: restricted, isSetuidRoot: (path) => path === '/e/chrome-sandbox' })
    expect(sandboxSwitches(helped, '/e/electron')).toEqual({ ok: true, value: [] })
  })
})

describe('findElectron', () => {
  let root = ''
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'viridian-electron-'))
  })
  afterEach(() => rmSync(root, { recursive: true }))
  const silent = (): void => {}
  const own = (environment: Computer['environment']): Computer => ({ ...thisComputer(), platform: 'linux', environment })

  it('takes the folder that the environment names, and only that', async () => {
    const missing = await findElectron(root, own({ ELECTRON_OVERRIDE_DIST_PATH: root }), silent)
    expect(missing).toEqual({ ok: false, reason: `ELECTRON_OVERRIDE_DIST_PATH names no Electron: ${join(root, 'electron')}` })
    writeFileSync(join(root, 'electron'), '')
    expect(await findElectron(root, own({ ELECTRON_OVERRIDE_DIST_PATH: root }), silent)).toEqual({
      ok: true,
      value: join(root, 'electron'),
    })
  })

  it("takes the package's own binary where it is there", async () => {
    const folder = join(root, 'node_modules/electron')
    mkdirSync(join(folder, 'dist'), { recursive: true })
    writeFileSync(join(folder, 'install.js'), '')
    writeFileSync(join(folder, 'path.txt'), 'electron')
    writeFileSync(join(folder, 'dist/electron'), '')
    expect(await findElectron(root, own({}), silent)).toEqual({ ok: true, value: join(folder, 'dist/electron') })
  })

  it('tries the download once and says why it failed', async () => {
    const folder = join(root, 'node_modules/electron')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'install.js'), 'console.error("HTTPError: 403 Forbidden\\n    at x"); process.exit(1)')
    const said: string[] = []
    expect(await findElectron(root, own({}), (line) => said.push(line))).toEqual({
      ok: false,
      reason: 'Electron could not be downloaded: 403 Forbidden',
    })
    expect(said).toEqual(['Downloading Electron (once) ...'])
  })
})

it('finds the line of a trace that says what happened', () => {
  expect(sayingLine('node:internal/x\n\n    at a\nTypeError: fetch failed\n    at b\n')).toBe('fetch failed')
  expect(sayingLine('')).toBe('no reason was given')
})
