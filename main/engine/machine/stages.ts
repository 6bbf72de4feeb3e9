/** How the phases of a guest map onto the steps of its machine's stack. */
import type { GuestPhase } from '../guest/phases.ts'
import type { ChannelRow, GuestRow, PartitionRow } from '../rows.ts'
import { deviceClass } from '../vmbus/classes.ts'
import { DEVICE_ROWS } from './guest-facts.ts'
import type { GuestStep } from './stack-types.ts'

/** How far a stack has been taken: the step done last, or `created`. */
export type Stage = 'created' | GuestStep

const PHASE_STAGES: Readonly<Record<GuestPhase, Stage>> = {
  // Self test and logo: the firmware has not looked at a device yet.
  firmware: 'created',
  'boot-attempt': 'firmware',
  'boot-prompt': 'firmware',
  'boot-failed': 'firmware',
  'boot-error': 'firmware',
  loader: 'firmware',
  kernel: 'kernel',
  devices: 'devices',
  services: 'services',
  'lock-screen': 'services',
  'sign-in': 'services',
  'signing-in': 'services',
  desktop: 'services',
  'security-options': 'services',
  'signing-out': 'services',
  'console-login': 'services',
  'console-password': 'services',
  'console-shell': 'services',
  // The installer's small system has the drivers of the system that it installs, and no services.
  'setup-loading': 'kernel',
  'setup-copying': 'devices',
  'setup-features': 'devices',
  'setup-restarting': 'devices',
  'first-boot': 'services',
  oobe: 'services',
  'shutting-down': 'shutdown',
  restarting: 'shutdown',
  hibernating: 'shutdown',
  halted: 'shutdown',
  crashed: 'crash',
  // A hung system keeps what it has: `staysAt` says so.
  hung: 'services',
  'powered-off': 'shutdown',
}

export function stageOf(guest: GuestRow): Stage {
  return PHASE_STAGES[guest.phase as GuestPhase]
}

/** Whether the phase leaves the stack where it is. */
export function staysAt(guest: GuestRow): boolean {
  return guest.phase === 'hung'
}

const SERVICE_CLASSES: ReadonlySet<string> = new Set(
  Object.values(DEVICE_ROWS).flatMap(({ step, className }) =>
    step === 'services' && className !== null ? [deviceClass(className).title] : [],
  ),
)

/**
 * How far the stack of a system has to be taken that is built again. A system that hangs or has crashed may have come up only in part; its
 * channels tell how far.
 */
export function stepsOfRows(guest: GuestRow, partition: PartitionRow | undefined, channels: readonly ChannelRow[]): readonly Stage[] {
  const stage = stageOf(guest)
  if (!staysAt(guest) && stage !== 'crash') return [stage]
  const reached = partition === undefined ? 'services' : reachedBy(partition, channels)
  return stage === 'crash' ? [reached, stage] : [reached]
}

function reachedBy({ guestOsId }: PartitionRow, channels: readonly ChannelRow[]): Stage {
  const open = channels.filter((channel) => channel.state === 'open')
  if (open.some((channel) => SERVICE_CLASSES.has(channel.className))) return 'services'
  if (open.length > 0) return 'devices'
  // It has taken its name back: it was ending.
  return channels.length === 0 && /^0+$/.test(guestOsId) ? 'shutdown' : 'kernel'
}

/** Steps of a start, in their order. */
const ORDER: readonly Stage[] = ['created', 'firmware', 'kernel', 'devices', 'services']

/** What leads from one stage to another: the missing steps, after a reset where the way leads back. */
export function stepsTo(present: Stage, wanted: Stage): { readonly reset: boolean; readonly steps: readonly GuestStep[] } {
  if (present === wanted) return { reset: false, steps: [] }
  if (wanted === 'shutdown' || wanted === 'crash') {
    // Built again after a reload: a system that ends had come up before.
    return { reset: false, steps: present === 'created' ? ['firmware', 'kernel', 'devices', 'services', wanted] : [wanted] }
  }
  const from = ORDER.indexOf(present)
  const to = ORDER.indexOf(wanted)
  const reset = from < 0 || from > to
  const steps = ORDER.slice(reset ? 1 : from + 1, to + 1).filter((stage): stage is GuestStep => stage !== 'created')
  return { reset, steps }
}
