/**
 * The phases of a machine from power-on to power-off, and what leads from one to the next.
 *
 * `transition` is the table: (phase, input) gives the next phase and what it brings about; `phaseRange` says how long a phase lasts. Both are
 * pure; `guest.ts` keeps the row and the pending event.
 */
import type { GuestProduct, MsRange } from '../products/guests.ts'
import type { GuestRow } from '../rows.ts'

export type GuestPhase =
  /** Power-on self test of Generation 1, or the logo of the Generation 2 firmware. */
  | 'firmware'
  /** The firmware tries the device at the boot step. */
  | 'boot-attempt'
  /** The boot sector of an installation disc asks for a key for five seconds. */
  | 'boot-prompt'
  /** No device started a system; a key tries again. */
  | 'boot-failed'
  /** The loader found less memory than the system needs, or setup no disk; Enter tries again. */
  | 'boot-error'
  /** The boot manager, GRUB or NTLDR reads the kernel. */
  | 'loader'
  /** The kernel starts: spinner, logo bar or messages. */
  | 'kernel'
  /** Drivers bind to their devices, VMBus among them. */
  | 'devices'
  /** Services start, the integration services among them. */
  | 'services'
  /** The system is up: the page with the clock, or the one that wants Ctrl+Alt+Delete. */
  | 'lock-screen'
  /** The page with the password field. */
  | 'sign-in'
  /** The profile of the user is loaded. */
  | 'signing-in'
  /** A user works on the desktop. */
  | 'desktop'
  /** The page that Ctrl+Alt+Delete opens over the desktop. */
  | 'security-options'
  /** The profile of the user is put away. */
  | 'signing-out'
  /** A text console asks for a user name. */
  | 'console-login'
  /** A text console asks for a password and shows nothing of it. */
  | 'console-password'
  /** A command prompt takes lines. */
  | 'console-shell'
  /** The installation disc loads its small system. */
  | 'setup-loading'
  /** Setup copies and expands files to the disk. */
  | 'setup-copying'
  /** Setup installs features and updates. */
  | 'setup-features'
  /** Setup says that it restarts. */
  | 'setup-restarting'
  /** First start after setup: devices are got ready. */
  | 'first-boot'
  /** Questions of the first start, answered by defaults. */
  | 'oobe'
  /** Services and the system end; then the power goes off. */
  | 'shutting-down'
  /** Services and the system end; then the machine resets itself. */
  | 'restarting'
  /** Memory is written to the disk; then the power goes off. */
  | 'hibernating'
  /** A system without ACPI has ended and asks to turn the power off. */
  | 'halted'
  /** A stop error: the memory dump is written, then the machine restarts; Linux and FreeBSD stay. */
  | 'crashed'
  /** Nothing moves any more. */
  | 'hung'
  /** The guest has switched the power off; its owner takes the partition away. */
  | 'powered-off'

export type PhaseInput =
  | 'elapsed'
  | 'key'
  | 'enter'
  | 'escape'
  | 'ctrl-alt-delete'
  | 'lock'
  | 'sign-out'
  | 'shut-down'
  | 'restart'
  | 'hibernate'
  | 'crash'
  | 'hang'

/** What the guest did by itself and its owner has to carry out. */
export type GuestEffect =
  | { readonly kind: 'powered-off' }
  /** The machine reset itself; its model runs on with the firmware. */
  | { readonly kind: 'restarted' }
  | { readonly kind: 'booted'; readonly productName: string }
  /** `codes`: stop code and its parameters, as the crash record names them. */
  | { readonly kind: 'crashed'; readonly codes: readonly string[] }
  /** Setup has put a system on the disk at `path`; `writtenBytes` is what it wrote. */
  | { readonly kind: 'installed'; readonly path: string; readonly productId: string; readonly writtenBytes: number }

/** What the firmware finds at a boot device. */
export type DeviceAnswer = 'starts' | 'asks-for-key' | 'fails'

export interface PhaseContext {
  /** The system that runs; null in firmware. */
  readonly product: GuestProduct | null
  readonly generation: 1 | 2
  readonly stage: GuestRow['stage']
  /** What the device at the boot step answers, and how long its attempt takes. */
  readonly device: { readonly answer: DeviceAnswer; readonly range: MsRange } | null
  /** Another device stands behind it in the order. */
  readonly moreDevices: boolean
  /** A hard disk stands ready to take a system. */
  readonly hasDisk: boolean
  readonly enoughMemory: boolean
}

export interface Transition {
  readonly next: GuestPhase
  /** Effects that need nothing but the phase; `installed`, `booted` and `crashed` are filled in with the row's facts by `guest.ts`. */
  readonly effects: readonly GuestEffect['kind'][]
  /** The firmware goes to the next device of its order. */
  readonly nextDevice?: true
}

/** Phases in which the kernel runs, so that it can crash or hang. */
const KERNEL_PHASES: ReadonlySet<GuestPhase> = new Set<GuestPhase>([
  'kernel',
  'devices',
  'services',
  'lock-screen',
  'sign-in',
  'signing-in',
  'desktop',
  'security-options',
  'signing-out',
  'console-login',
  'console-password',
  'console-shell',
  'setup-loading',
  'setup-copying',
  'setup-features',
  'first-boot',
  'oobe',
  'shutting-down',
  'restarting',
])

/** Phases in which all services run: integration services answer, the network has addresses. */
const UP_PHASES: ReadonlySet<GuestPhase> = new Set<GuestPhase>([
  'lock-screen',
  'sign-in',
  'signing-in',
  'desktop',
  'security-options',
  'signing-out',
  'console-login',
  'console-password',
  'console-shell',
  'oobe',
])

/** True when all services of the system run. */
export function isUp(phase: string): boolean {
  return (UP_PHASES as ReadonlySet<string>).has(phase)
}

/** True when the system's kernel runs. */
export function kernelRuns(phase: string): boolean {
  return (KERNEL_PHASES as ReadonlySet<string>).has(phase)
}

const to = (next: GuestPhase, ...effects: GuestEffect['kind'][]): Transition => ({ next, effects })

type Rule = Transition | ((context: PhaseContext) => Transition | undefined)

const home = (context: PhaseContext): Transition => to(homePhase(context.product))
const whenDeviceFails = (context: PhaseContext): Transition =>
  context.moreDevices ? { next: 'boot-attempt', effects: [], nextDevice: true } : to('boot-failed')

function attempted(context: PhaseContext): Transition {
  if (context.device?.answer === 'starts') return to('loader')
  return context.device?.answer === 'asks-for-key' ? to('boot-prompt') : whenDeviceFails(context)
}

function loaded(context: PhaseContext): Transition {
  if (!context.enoughMemory) return to('boot-error')
  return context.stage === 'setup' ? to('setup-loading') : to('kernel')
}

const TABLE: Readonly<Record<GuestPhase, Readonly<Partial<Record<PhaseInput, Rule>>>>> = {
  firmware: { elapsed: (context) => (context.device === null ? to('boot-failed') : to('boot-attempt')) },
  'boot-attempt': { elapsed: attempted },
  'boot-prompt': { key: to('loader'), enter: to('loader'), elapsed: whenDeviceFails },
  'boot-failed': { key: to('firmware'), enter: to('firmware') },
  'boot-error': { enter: to('firmware', 'restarted') },
  loader: { elapsed: loaded },
  kernel: { elapsed: to('devices', 'booted') },
  devices: { elapsed: (context) => to(context.stage === 'first-boot' ? 'first-boot' : 'services') },
  services: { elapsed: home },
  'lock-screen': {
    'ctrl-alt-delete': to('sign-in'),
    key: (context) => (context.product?.signIn === 'lock-screen' ? to('sign-in') : undefined),
    enter: (context) => (context.product?.signIn === 'lock-screen' ? to('sign-in') : undefined),
  },
  'sign-in': { enter: to('signing-in'), escape: home },
  'signing-in': { elapsed: to('desktop') },
  desktop: { 'ctrl-alt-delete': to('security-options'), 'sign-out': to('signing-out'), lock: home },
  'security-options': { escape: to('desktop'), 'sign-out': to('signing-out'), lock: home },
  'signing-out': { elapsed: home },
  'console-login': { enter: to('console-password') },
  'console-password': { enter: to('console-shell') },
  'console-shell': { 'sign-out': to('console-login') },
  'setup-loading': { elapsed: (context) => (context.hasDisk ? to('setup-copying', 'booted') : to('boot-error', 'booted')) },
  'setup-copying': { elapsed: to('setup-features') },
  'setup-features': { elapsed: to('setup-restarting', 'installed') },
  'setup-restarting': { elapsed: to('firmware', 'restarted') },
  'first-boot': { elapsed: (context) => (longWelcome(context) ? to('oobe') : to('services')) },
  oobe: { elapsed: home },
  'shutting-down': { elapsed: (context) => (context.product?.powersOff === false ? to('halted') : to('powered-off', 'powered-off')) },
  restarting: { elapsed: to('firmware', 'restarted') },
  hibernating: { elapsed: to('powered-off', 'powered-off') },
  halted: { key: to('firmware', 'restarted'), enter: to('firmware', 'restarted'), 'ctrl-alt-delete': to('firmware', 'restarted') },
  crashed: { elapsed: to('firmware', 'restarted') },
  hung: {},
  'powered-off': {},
}

/** Inputs that end what a running system does, from any phase in which it is up. */
const END_INPUTS: Readonly<Partial<Record<PhaseInput, GuestPhase>>> = {
  'shut-down': 'shutting-down',
  restart: 'restarting',
  hibernate: 'hibernating',
}

/**
 * Where an input leads from a phase; undefined when the phase does not take it.
 *
 * A Windows without a lock screen, a text console under Ctrl+Alt+Delete (which restarts it) and a crash while the kernel runs are
 * rules over many phases and stand here; the rest is the table.
 */
export function transition(phase: GuestPhase, input: PhaseInput, context: PhaseContext): Transition | undefined {
  const rule = TABLE[phase][input]
  if (rule !== undefined) return typeof rule === 'function' ? rule(context) : rule
  const end = END_INPUTS[input]
  if (end !== undefined && isUp(phase)) return to(end)
  if (input === 'crash' && kernelRuns(phase)) return to('crashed', 'crashed')
  if (input === 'hang' && kernelRuns(phase)) return to('hung')
  if (input === 'ctrl-alt-delete') return controlAltDelete(phase, context)
  return undefined
}

/** PC firmware and DOS reset at once; init of Linux and FreeBSD restarts in order; graphical systems have their own rule in the table. */
function controlAltDelete(phase: GuestPhase, context: PhaseContext): Transition | undefined {
  if (context.product === null || phase === 'boot-error') return to('firmware', 'restarted')
  if (context.product.family === 'dos') return to('firmware', 'restarted')
  return context.product.signIn === 'text' && isUp(phase) ? to('restarting') : undefined
}

/** The phase in which a system waits for its first user. */
export function homePhase(product: GuestProduct | null): GuestPhase {
  switch (product?.signIn) {
    case 'lock-screen':
    case 'ctrl-alt-delete':
      return 'lock-screen'
    case 'welcome-list':
      return 'sign-in'
    case 'text':
      return 'console-login'
    default:
      return 'console-shell'
  }
}

function longWelcome(context: PhaseContext): boolean {
  return (context.product?.setup?.welcome[1] ?? 0) > 0
}

/** POST of Generation 1 and UEFI of Generation 2, ms (devices 8.5, "Firmware phases"). */
const FIRMWARE_RANGE: Readonly<Record<1 | 2, MsRange>> = { 1: [2_000, 4_000], 2: [1_000, 2_000] }

/** The prompt of the boot sector waits five seconds (devices 8.5). */
export const PROMPT_MS = 5_000

/** How long a phase lasts, ms; null for a phase that lasts until something is done. */
export function phaseRange(phase: GuestPhase, context: PhaseContext): MsRange | null {
  const durations = context.product?.durations
  const setup = context.product?.setup
  switch (phase) {
    case 'firmware':
      return FIRMWARE_RANGE[context.generation]
    case 'boot-attempt':
      return context.device?.range ?? [100, 100]
    case 'boot-prompt':
      return [PROMPT_MS, PROMPT_MS]
    case 'loader':
    case 'kernel':
    case 'devices':
    case 'services':
      return durations?.[phase] ?? [0, 0]
    case 'signing-in':
      return durations?.signIn ?? [0, 0]
    case 'signing-out':
      return [1_500, 2_500]
    case 'shutting-down':
    case 'restarting':
      return durations?.shutDown ?? [0, 0]
    case 'hibernating':
      return [6_000, 12_000]
    case 'setup-loading':
      return setup?.loading ?? [0, 0]
    case 'setup-copying':
      return setup?.copying ?? [0, 0]
    case 'setup-features':
      return setup?.features ?? [0, 0]
    case 'setup-restarting':
      return [10_000, 10_000]
    case 'first-boot':
      return setup?.firstBoot ?? [0, 0]
    case 'oobe':
      return setup?.welcome ?? [0, 0]
    case 'crashed':
      return context.product?.family === 'windows' ? [18_000, 30_000] : null
    default:
      return null
  }
}

/** Phases whose length is a timer, not work: a faster processor does not shorten them. */
export function isTimer(phase: GuestPhase): boolean {
  return phase === 'boot-attempt' || phase === 'boot-prompt' || phase === 'setup-restarting'
}
