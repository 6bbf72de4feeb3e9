/**
 * Guests that wait for their disk: under a stopped storage provider a step that reads or writes does not end (S26).
 *
 * Such a guest keeps its phase without a pending event until the provider answers again. What goes by the emulated controller does not
 * wait: the worker process serves that by itself.
 */
import { phaseOf } from '../guest/row.ts'
import { hasDriver } from '../machine/guest-facts.ts'
import { guestFacts } from '../machine/specs.ts'
import type { GuestRow, PendingEventRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { isProviderStopped } from './rows.ts'

/** Phases that read or write the system's disk through the driver of a running kernel. */
const KERNEL_DISK_PHASES: ReadonlySet<string> = new Set([
  'devices',
  'services',
  'signing-in',
  'signing-out',
  'setup-copying',
  'setup-features',
  'first-boot',
  'oobe',
  'shutting-down',
  'restarting',
  'hibernating',
  'crashed',
])
/** Phases in which firmware and loader read: by INT 13h on Generation 1, over VMBus on Generation 2. */
const LOADER_PHASES: ReadonlySet<string> = new Set(['boot-attempt', 'loader', 'kernel', 'setup-loading'])

/** A guest's phase would end now. True when it waits for its disk instead; the event is used up. */
export function holdGuest(world: World, event: PendingEventRow): boolean {
  const vm = world.tables.virtual_machine.get(event.target)
  const guest = world.tables.guest.get(event.target)
  if (vm === undefined || guest?.eventId !== event.id || !waits(world, vm, guest)) return false
  world.tables.guest.put({ ...guest, eventId: null })
  return true
}

function waits(world: World, vm: VirtualMachineRow, guest: GuestRow): boolean {
  if (!isProviderStopped(world, vm.hostId, 'storage')) return false
  const phase = phaseOf(guest)
  if (LOADER_PHASES.has(phase)) return vm.generation === 2 && triesDrive(world, guest)
  if (!KERNEL_DISK_PHASES.has(phase)) return false
  return hasDriver(guestFacts(world, vm), vm.generation === 2 ? 'scsi' : 'ide-filter')
}

/** The firmware is at a disk or drive, not at a network adapter. */
function triesDrive(world: World, guest: GuestRow): boolean {
  return guest.bootSource !== null && world.tables.drive.has(guest.bootSource)
}

/** The provider answers again: what was held goes on at once. */
export function releaseGuests(world: World, hostId: string): void {
  for (const vm of world.by.vmsOfHost.of(hostId)) {
    const guest = world.tables.guest.get(vm.id)
    if (guest === undefined || guest.eventId !== null || guest.phaseTicks === null || guest.frozenAfter !== null) continue
    const eventId = world.events.schedule('guest.phase', Math.max(world.now, guest.phaseTick + guest.phaseTicks), vm.id)
    world.tables.guest.put({ ...guest, eventId })
  }
}
