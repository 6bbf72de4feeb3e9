import { describe, expect, it } from 'vitest'
import { TICKS_PER_SECOND } from '../kernel/ticks.ts'
import { GUEST_PRODUCTS } from '../products/guests.ts'
import type { World } from '../world.ts'
import { consoleFrame, crashGuest, freezeGuest, powerOnGuest, sendKeys, thawGuest } from './guest.ts'
import type { GuestPhase } from './phases.ts'
import { blankGuest, packLines } from './row.ts'
import { Canvas, type DrawOperation, type Frame } from './screen.ts'
import { run, runUntil, testLab } from './test-lab.ts'

const STARTS_AND_ENDS: readonly GuestPhase[] = [
  ...([
    'boot-error',
    'loader',
    'kernel',
    'devices',
    'services',
    'setup-loading',
    'setup-copying',
    'setup-features',
    'setup-restarting',
  ] as const),
  ...(['first-boot', 'oobe', 'shutting-down', 'restarting', 'hibernating', 'halted', 'crashed', 'hung', 'powered-off'] as const),
]
const GRAPHICAL_PHASES: readonly GuestPhase[] = ['lock-screen', 'sign-in', 'signing-in', 'desktop', 'security-options', 'signing-out']
const TEXT_PHASES: readonly GuestPhase[] = ['console-login', 'console-password', 'console-shell']
const FIRMWARE_PHASES: readonly GuestPhase[] = ['firmware', 'boot-attempt', 'boot-prompt', 'boot-failed']

function frameOf(world: World): Frame {
  const frame = consoleFrame(world, 'vm')
  if (frame === null) throw new Error('no picture')
  return frame
}

function texts(frame: Frame): string[] {
  return frame.operations.flatMap((operation) => (operation.op === 'text' ? [operation.text] : []))
}

/** Estimated right end of a text: cells of a mono font, half an em for each character of the others. */
function textWidth(operation: Extract<DrawOperation, { op: 'text' }>): number {
  return operation.text.length * operation.size * (operation.font === 'mono' ? 9 / 16 : 0.375)
}

/** What is wrong with an operation; undefined when it lies in the picture and has a colour. */
function fault(frame: Frame, operation: DrawOperation): string | undefined {
  const colors = operation.op === 'gradient' ? [operation.from, operation.to] : [operation.color]
  if (colors.some((color) => !/^#[0-9a-f]{6}$/.test(color))) return `colour ${colors.join()}`
  const inside = (left: number, top: number, right: number, bottom: number) =>
    left >= 0 && top >= 0 && right <= frame.width && bottom <= frame.height
      ? undefined
      : `${operation.op} outside ${JSON.stringify(operation)}`
  switch (operation.op) {
    case 'fill':
    case 'gradient':
      return operation.width > 0 && operation.height > 0
        ? inside(operation.x, operation.y, operation.x + operation.width, operation.y + operation.height)
        : `empty ${JSON.stringify(operation)}`
    case 'circle':
      return inside(
        operation.x - operation.radius,
        operation.y - operation.radius,
        operation.x + operation.radius,
        operation.y + operation.radius,
      )
    case 'text': {
      const width = textWidth(operation)
      const left = operation.align === 'left' ? operation.x : operation.align === 'center' ? operation.x - width / 2 : operation.x - width
      return inside(left, operation.y, left + width, operation.y + operation.size)
    }
  }
}

function faults(frame: Frame): string[] {
  return frame.operations.flatMap((operation) => fault(frame, operation) ?? [])
}

describe('every picture', () => {
  it.each(GUEST_PRODUCTS.map((product) => [product.key, product] as const))(
    'of %s lies in its bounds and has plain colours',
    (key, product) => {
      const generation = product.generation2 ? 2 : 1
      const world = testLab([{ id: 'vm', generation, disk: key, disc: key }])
      for (const phase of [...STARTS_AND_ENDS, ...(product.family === 'windows' ? GRAPHICAL_PHASES : TEXT_PHASES)]) {
        for (const part of [0, 0.37, 0.99]) {
          const phaseTick = world.now - Math.round(part * 100 * TICKS_PER_SECOND)
          const row = {
            ...blankGuest('vm', phaseTick),
            phase,
            phaseTicks: 100 * TICKS_PER_SECOND,
            productId: key,
            input: 'secret',
            lines: packLines(['a line']),
          }
          world.tables.guest.put({ ...row, user: phase === 'desktop' ? product.user : null })
          const frame = frameOf(world)
          expect(faults(frame), `${phase} at ${part}`).toEqual([])
          expect([`${frame.width}x${frame.height}`]).toEqual([expect.stringMatching(/^(1024x768|800x600|640x480|720x400)$/)])
        }
      }
    },
  )

  it.each([1, 2] as const)('of the firmware of generation %i lies in its bounds', (generation) => {
    const world = testLab([{ id: 'vm', generation, disk: null, disc: 'windows-7-sp1' }])
    for (const phase of FIRMWARE_PHASES) {
      for (const bootStep of [0, 1, 2]) {
        world.tables.guest.put({
          ...blankGuest('vm', 0),
          phase,
          bootStep,
          bootSource: 'vm adapter',
          lines: packLines(['SCSI DVD (0,1)', 'The boot loader failed.']),
        })
        expect(faults(frameOf(world)), `${phase} ${bootStep}`).toEqual([])
      }
    }
  })
})

describe('the version of a picture', () => {
  it('is equal exactly when the picture is', () => {
    const world = testLab([{ id: 'vm', generation: 2, disk: 'windows-server-2022' }])
    powerOnGuest(world, 'vm')
    const pictures = new Map<string, string>()
    for (let step = 0; step < 400; step++) {
      run(world, 0.1)
      const frame = frameOf(world)
      const content = JSON.stringify([frame.width, frame.height, frame.operations])
      expect(pictures.get(frame.version) ?? content).toBe(content)
      pictures.set(frame.version, content)
    }
    expect(new Set(pictures.values()).size).toBe(pictures.size)
    // The spinner alone has forty pictures.
    expect(pictures.size).toBeGreaterThan(40)
  })

  it('stays while nothing changes and moves with the minute of the clock', () => {
    const world = testLab([{ id: 'vm', generation: 2, disk: 'windows-server-2022' }])
    powerOnGuest(world, 'vm')
    runUntil(world, 'vm', 'lock-screen')
    const before = frameOf(world)
    run(world, 1)
    expect(frameOf(world)).toEqual(before)
    run(world, 60)
    expect(frameOf(world).version).not.toBe(before.version)
  })
})

describe('what a picture shows', () => {
  it('is nothing without a guest', () => {
    expect(consoleFrame(testLab([{ id: 'vm', generation: 2 }]), 'vm')).toBeNull()
  })

  it('is the lab calendar on the page of a server', () => {
    const world = testLab([{ id: 'vm', generation: 2, disk: 'windows-server-2022' }])
    powerOnGuest(world, 'vm')
    runUntil(world, 'vm', 'lock-screen')
    expect(texts(frameOf(world))).toEqual(['Press Ctrl+Alt+Delete to unlock.', '9:41', 'Monday, November 23'])
  })

  it('is the numbered summary when nothing boots', () => {
    const world = testLab([{ id: 'vm', generation: 2, disk: null }])
    powerOnGuest(world, 'vm')
    runUntil(world, 'vm', 'boot-failed')
    expect(texts(frameOf(world)).slice(0, 5)).toEqual([
      'Virtual Machine Boot Summary',
      '1. SCSI Disk (0,0)',
      'The boot loader did not load an operating system.',
      '2. Network Adapter (00155D38010A)',
      'A boot image was not found.',
    ])
  })

  it('is the older boot failure on generation 1', () => {
    const world = testLab([{ id: 'vm', generation: 1, disk: null, switchId: null }])
    powerOnGuest(world, 'vm')
    runUntil(world, 'vm', 'boot-failed')
    run(world, 0.6)
    expect(texts(frameOf(world))).toEqual([
      'PXE-E61: Media test failure, check cable',
      'PXE-M0F: Exiting PXE ROM.',
      'Boot failure. Reboot and Select proper Boot device',
      'or Insert Boot Media in selected Boot device',
    ])
  })

  it('is a login prompt with a blinking cursor', () => {
    const world = testLab([{ id: 'vm', generation: 2, disk: 'ubuntu-24.04' }])
    powerOnGuest(world, 'vm')
    runUntil(world, 'vm', 'console-login')
    const cursor = () => texts(frameOf(world)).at(-1)
    expect(cursor()).toBe('vm login: _')
    run(world, 0.5)
    expect(cursor()).toBe('vm login: ')
    run(world, 0.5)
    expect(cursor()).toBe('vm login: _')
  })

  it('shows neither a password nor its length on a text console, and discs on a page', () => {
    const world = testLab([{ id: 'vm', generation: 2, disk: 'ubuntu-24.04' }])
    powerOnGuest(world, 'vm')
    runUntil(world, 'vm', 'console-login')
    sendKeys(world, 'vm', [], 'root\nhunter2')
    expect(texts(frameOf(world)).join()).not.toContain('hunter2')
    expect(texts(frameOf(world)).at(-1)).toMatch(/^Password: _?$/)
  })

  it('counts the files of a setup and the dump of a crash', () => {
    const world = testLab([{ id: 'vm', generation: 1, disk: null, disc: 'windows-server-2022' }])
    powerOnGuest(world, 'vm')
    const copying = runUntil(world, 'vm', 'setup-copying')
    run(world, (copying.phaseTicks ?? 0) / TICKS_PER_SECOND / 2)
    expect(texts(frameOf(world))).toContain('Getting files ready for installation (44%)')
    crashGuest(world, 'vm')
    run(world, 5)
    expect(texts(frameOf(world)).filter((text) => /^\d+% complete$/.test(text))).toHaveLength(1)
  })

  it('stands still while the guest is frozen and goes on from there', () => {
    const world = testLab([{ id: 'vm', generation: 2, disk: 'windows-server-2022' }])
    powerOnGuest(world, 'vm')
    run(world, 4)
    const before = frameOf(world)
    freezeGuest(world, 'vm')
    run(world, 1_000.3)
    expect(frameOf(world)).toEqual(before)
    thawGuest(world, 'vm')
    expect(frameOf(world)).toEqual(before)
    run(world, 0.2)
    expect(frameOf(world).version).not.toBe(before.version)
  })
})

describe('a canvas', () => {
  it('cuts rectangles to the picture and leaves out what lies outside', () => {
    const canvas = new Canvas(100, 50, '#000000')
    canvas.fill(-10, 40, 30, 30, '#ffffff')
    canvas.fill(200, 0, 10, 10, '#ffffff')
    canvas.circle(5, 5, 6, '#ffffff')
    canvas.text(0, 45, 'low', { size: 16, color: '#ffffff' })
    expect(canvas.frame().operations).toEqual([
      { op: 'fill', x: 0, y: 0, width: 100, height: 50, color: '#000000' },
      { op: 'fill', x: 0, y: 40, width: 20, height: 10, color: '#ffffff' },
    ])
  })
})
