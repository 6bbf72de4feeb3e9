import { describe, expect, it } from 'vitest'
import { guestProduct } from '../products/guests.ts'
import { type GuestPhase, isUp, kernelRuns, type PhaseContext, type PhaseInput, phaseRange, transition } from './phases.ts'

function context(key: string | null, changes: Partial<PhaseContext> = {}): PhaseContext {
  const product = key === null ? null : guestProduct(key)
  return { product, generation: 2, stage: 'normal', device: null, moreDevices: false, hasDisk: true, enoughMemory: true, ...changes }
}

const starts = { answer: 'starts', range: [1, 1] } as const
const asks = { answer: 'asks-for-key', range: [1, 1] } as const
const fails = { answer: 'fails', range: [1, 1] } as const

describe('transition', () => {
  it.each<[GuestPhase, PhaseInput, PhaseContext, string]>([
    ['firmware', 'elapsed', context(null), 'boot-failed'],
    ['firmware', 'elapsed', context(null, { device: starts }), 'boot-attempt'],
    ['boot-attempt', 'elapsed', context(null, { device: starts }), 'loader'],
    ['boot-attempt', 'elapsed', context(null, { device: asks }), 'boot-prompt'],
    ['boot-attempt', 'elapsed', context(null, { device: fails, moreDevices: true }), 'boot-attempt next'],
    ['boot-attempt', 'elapsed', context(null, { device: fails }), 'boot-failed'],
    ['boot-prompt', 'key', context(null, { device: asks }), 'loader'],
    ['boot-prompt', 'elapsed', context(null, { device: asks, moreDevices: true }), 'boot-attempt next'],
    ['boot-failed', 'key', context(null), 'firmware'],
    ['boot-failed', 'ctrl-alt-delete', context(null), 'firmware restarted'],
    ['loader', 'elapsed', context('windows-10'), 'kernel'],
    ['loader', 'elapsed', context('windows-10', { stage: 'setup' }), 'setup-loading'],
    ['loader', 'elapsed', context('windows-10', { enoughMemory: false }), 'boot-error'],
    ['boot-error', 'enter', context('windows-10'), 'firmware restarted'],
    ['kernel', 'elapsed', context('windows-10'), 'devices booted'],
    ['devices', 'elapsed', context('windows-10'), 'services'],
    ['devices', 'elapsed', context('windows-10', { stage: 'first-boot' }), 'first-boot'],
    ['services', 'elapsed', context('windows-10'), 'lock-screen'],
    ['services', 'elapsed', context('windows-xp-sp3'), 'sign-in'],
    ['services', 'elapsed', context('ubuntu-24.04'), 'console-login'],
    ['services', 'elapsed', context('ms-dos-6.22'), 'console-shell'],
    ['lock-screen', 'key', context('windows-10'), 'sign-in'],
    ['lock-screen', 'key', context('windows-server-2022'), 'nothing'],
    ['lock-screen', 'ctrl-alt-delete', context('windows-server-2022'), 'sign-in'],
    ['sign-in', 'enter', context('windows-10'), 'signing-in'],
    ['sign-in', 'escape', context('windows-10'), 'lock-screen'],
    ['signing-in', 'elapsed', context('windows-10'), 'desktop'],
    ['desktop', 'ctrl-alt-delete', context('windows-10'), 'security-options'],
    ['security-options', 'sign-out', context('windows-10'), 'signing-out'],
    ['console-login', 'ctrl-alt-delete', context('ubuntu-24.04'), 'restarting'],
    ['console-shell', 'ctrl-alt-delete', context('ms-dos-6.22'), 'firmware restarted'],
    ['setup-loading', 'elapsed', context('windows-10', { stage: 'setup' }), 'setup-copying booted'],
    ['setup-loading', 'elapsed', context('windows-10', { stage: 'setup', hasDisk: false }), 'boot-error booted'],
    ['setup-features', 'elapsed', context('windows-10', { stage: 'setup' }), 'setup-restarting installed'],
    ['setup-restarting', 'elapsed', context('windows-10', { stage: 'setup' }), 'firmware restarted'],
    ['first-boot', 'elapsed', context('windows-10', { stage: 'first-boot' }), 'oobe'],
    ['first-boot', 'elapsed', context('debian-12', { stage: 'first-boot' }), 'services'],
    ['desktop', 'shut-down', context('windows-10'), 'shutting-down'],
    ['kernel', 'shut-down', context('windows-10'), 'nothing'],
    ['shutting-down', 'elapsed', context('windows-10'), 'powered-off powered-off'],
    ['shutting-down', 'elapsed', context('windows-nt-4'), 'halted'],
    ['restarting', 'elapsed', context('windows-10'), 'firmware restarted'],
    ['desktop', 'hibernate', context('windows-10'), 'hibernating'],
    ['services', 'crash', context('windows-10'), 'crashed crashed'],
    ['firmware', 'crash', context(null), 'nothing'],
    ['crashed', 'elapsed', context('windows-10'), 'firmware restarted'],
    ['desktop', 'hang', context('windows-10'), 'hung'],
    ['hung', 'ctrl-alt-delete', context('windows-10'), 'nothing'],
  ])('%s, %s', (phase, input, given, expected) => {
    const taken = transition(phase, input, given)
    const words = taken === undefined ? ['nothing'] : [taken.next, ...(taken.nextDevice ? ['next'] : []), ...taken.effects]
    expect(words.join(' ')).toBe(expected)
  })
})

describe('phase lengths', () => {
  it('follow the boot profiles', () => {
    expect(phaseRange('firmware', context(null, { generation: 1 }))).toEqual([2_000, 4_000])
    expect(phaseRange('boot-prompt', context(null))).toEqual([5_000, 5_000])
    expect(phaseRange('shutting-down', context('windows-server-2022'))).toEqual([8_000, 20_000])
    expect(phaseRange('desktop', context('windows-10'))).toBeNull()
  })

  it('leave a panicked Linux where it is and restart a crashed Windows', () => {
    expect(phaseRange('crashed', context('ubuntu-24.04'))).toBeNull()
    expect(phaseRange('crashed', context('windows-10'))).not.toBeNull()
  })
})

describe('phases in which a system is up', () => {
  it('are phases in which its kernel runs, too', () => {
    expect(isUp('desktop') && kernelRuns('desktop')).toBe(true)
    expect(isUp('services')).toBe(false)
    expect(kernelRuns('services')).toBe(true)
    expect(kernelRuns('loader')).toBe(false)
  })
})
