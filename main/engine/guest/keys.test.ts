import { describe, expect, it } from 'vitest'
import type { World } from '../world.ts'
import { freezeGuest, powerOnGuest, sendKeys } from './guest.ts'
import { INPUT_MAX, LINES_MAX, linesOf } from './row.ts'
import { run, runUntil, testLab } from './test-lab.ts'

const CTRL_ALT_DELETE = ['ControlLeft', 'AltLeft', 'Delete']

function up(disk: string, generation: 1 | 2, phase: string): World {
  const world = testLab([{ id: 'vm', generation, disk }])
  powerOnGuest(world, 'vm')
  runUntil(world, 'vm', phase)
  return world
}

const guest = (world: World) => world.tables.guest.require('vm')

describe('signing in', () => {
  it('at a server wants Ctrl+Alt+Delete, a password and Enter', () => {
    const world = up('windows-server-2022', 2, 'lock-screen')
    sendKeys(world, 'vm', ['Enter', 'KeyA'], '')
    expect(guest(world).phase).toBe('lock-screen')
    sendKeys(world, 'vm', CTRL_ALT_DELETE, '')
    expect(guest(world).phase).toBe('sign-in')
    sendKeys(world, 'vm', ['KeyA', 'ShiftLeft', 'Digit1'], 'x')
    expect(guest(world).input).toBe('xa!')
    sendKeys(world, 'vm', ['Backspace', 'Enter'], '')
    expect(guest(world)).toMatchObject({ phase: 'signing-in', user: 'Administrator', input: '' })
    expect(runUntil(world, 'vm', 'desktop').user).toBe('Administrator')
  })

  it('at a client opens on any key and closes on Escape', () => {
    const world = up('windows-10', 2, 'lock-screen')
    sendKeys(world, 'vm', ['Space'], '')
    expect(guest(world).phase).toBe('sign-in')
    sendKeys(world, 'vm', ['Escape'], '')
    expect(guest(world).phase).toBe('lock-screen')
  })

  it('can be locked again and ended from the security page', () => {
    const world = up('windows-server-2022', 2, 'lock-screen')
    sendKeys(world, 'vm', CTRL_ALT_DELETE, '')
    sendKeys(world, 'vm', [], 'pw\n')
    runUntil(world, 'vm', 'desktop')
    sendKeys(world, 'vm', ['MetaLeft', 'KeyL'], '')
    expect(guest(world)).toMatchObject({ phase: 'lock-screen', user: 'Administrator' })
    sendKeys(world, 'vm', CTRL_ALT_DELETE, '')
    sendKeys(world, 'vm', [], 'pw\n')
    runUntil(world, 'vm', 'desktop')
    sendKeys(world, 'vm', CTRL_ALT_DELETE, '')
    expect(guest(world).phase).toBe('security-options')
    sendKeys(world, 'vm', [], 's')
    expect(guest(world).phase).toBe('signing-out')
    expect(runUntil(world, 'vm', 'lock-screen').user).toBeNull()
  })
})

describe('a text console', () => {
  function shell(): World {
    const world = up('ubuntu-24.04', 2, 'console-login')
    sendKeys(world, 'vm', [], 'root\nsecret\n')
    return world
  }

  it('takes name and password and greets', () => {
    const world = shell()
    expect(guest(world)).toMatchObject({ phase: 'console-shell', user: 'root', input: '' })
    expect(linesOf(guest(world))[0]).toBe('Welcome to Ubuntu 24.04 LTS (GNU/Linux 6.8.0-31-generic x86_64)')
  })

  it('asks again for an empty name', () => {
    const world = up('ubuntu-24.04', 2, 'console-login')
    sendKeys(world, 'vm', ['Enter'], '')
    expect(guest(world).phase).toBe('console-login')
  })

  it.each([
    ['uname -a', 'Linux vm 6.8.0-31-generic #1 SMP x86_64 GNU/Linux'],
    ['whoami', 'root'],
    ['pwd', '/root'],
    ['ls', 'backup.sh  notes.txt  snap'],
    ['frobnicate now', '-bash: frobnicate: command not found'],
    ['constructor', '-bash: constructor: command not found'],
  ])('answers %s', (command, answer) => {
    const world = shell()
    sendKeys(world, 'vm', [], `${command}\n`)
    expect(linesOf(guest(world)).slice(-2)).toEqual([`root@vm:~# ${command}`, answer])
  })

  it('clears, breaks off and signs out', () => {
    const world = shell()
    sendKeys(world, 'vm', [], 'clear\n')
    expect(linesOf(guest(world))).toEqual([])
    sendKeys(world, 'vm', ['ControlLeft', 'KeyC'], 'half a')
    expect(linesOf(guest(world))).toEqual(['root@vm:~# half a^C'])
    sendKeys(world, 'vm', [], 'exit\n')
    expect(guest(world)).toMatchObject({ phase: 'console-login', user: null, lines: '[]' })
  })

  it('powers off and restarts', () => {
    const world = shell()
    sendKeys(world, 'vm', [], 'shutdown -h now\n')
    expect(guest(world).phase).toBe('shutting-down')
    expect(run(world, 30).at(-1)?.effects).toEqual([{ kind: 'powered-off' }])

    const other = shell()
    sendKeys(other, 'vm', [], 'reboot\n')
    expect(run(other, 12).flatMap((happening) => happening.effects)[0]).toEqual({ kind: 'restarted' })
  })

  it('restarts on Ctrl+Alt+Delete', () => {
    const world = up('ubuntu-24.04', 2, 'console-login')
    sendKeys(world, 'vm', CTRL_ALT_DELETE, '')
    expect(guest(world).phase).toBe('restarting')
  })

  it('bounds what it remembers', () => {
    const world = shell()
    sendKeys(world, 'vm', [], 'x'.repeat(300))
    expect(guest(world).input).toHaveLength(INPUT_MAX)
    sendKeys(world, 'vm', [], '\n'.repeat(200))
    expect(linesOf(guest(world))).toHaveLength(LINES_MAX)
  })
})

describe('MS-DOS', () => {
  it('knows ver and dir in any case and little else', () => {
    const world = up('ms-dos-6.22', 1, 'console-shell')
    sendKeys(world, 'vm', [], 'VER\n')
    expect(linesOf(guest(world)).slice(-4)).toEqual(['C:\\>VER', '', 'MS-DOS Version 6.22', ''])
    sendKeys(world, 'vm', [], 'dir\nls\n')
    expect(linesOf(guest(world))).toContain(' Directory of C:\\')
    expect(linesOf(guest(world)).at(-1)).toBe('Bad command or file name')
  })

  it('resets on Ctrl+Alt+Delete', () => {
    const world = up('ms-dos-6.22', 1, 'console-shell')
    expect(sendKeys(world, 'vm', CTRL_ALT_DELETE, '')).toEqual([{ kind: 'restarted' }])
    expect(guest(world).phase).toBe('firmware')
  })
})

describe('keys before a system', () => {
  it('start the installation at the prompt', () => {
    const world = testLab([{ id: 'vm', generation: 2, disk: null, disc: 'windows-11' }])
    powerOnGuest(world, 'vm')
    runUntil(world, 'vm', 'boot-prompt')
    sendKeys(world, 'vm', ['Space'], '')
    expect(guest(world)).toMatchObject({ phase: 'loader', stage: 'setup', productId: 'windows-11', bootSource: 'vm dvd' })
  })

  it('try the boot order again when nothing booted', () => {
    const world = testLab([{ id: 'vm', generation: 2, disk: null }])
    powerOnGuest(world, 'vm')
    runUntil(world, 'vm', 'boot-failed')
    sendKeys(world, 'vm', ['Enter'], '')
    expect(guest(world)).toMatchObject({ phase: 'firmware', bootStep: 0, lines: '[]' })
  })

  it('do not reach frozen processors, nor a machine without guest', () => {
    const world = up('windows-10', 2, 'lock-screen')
    freezeGuest(world, 'vm')
    const before = guest(world)
    expect(sendKeys(world, 'vm', ['Space'], 'abc')).toEqual([])
    expect(guest(world)).toEqual(before)
    expect(sendKeys(testLab([{ id: 'vm', generation: 2 }]), 'vm', ['Enter'], '')).toEqual([])
  })
})
