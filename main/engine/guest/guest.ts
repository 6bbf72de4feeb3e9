/**
 * The life of a guest: power-on, freezing and thawing, shutdown, reset.
 *
 * Works on the rows of the world and on pending events of kind `guest.phase`, one per guest at the most; a guest that is up has none, so
 * that thousands of idle machines cost nothing. `speedFactor` is the share of full speed that the virtual processors get (1 = all they ask).
 */
import { invariant, type Result, refuse, succeed } from '../kernel/result.ts'
import type { Tick } from '../kernel/ticks.ts'
import { guestProduct, keyWithServices } from '../products/guests.ts'
import type { GuestRow, PendingEventRow } from '../rows.ts'
import type { World } from '../world.ts'
import { advanceGuest } from './advance.ts'
import { fileOfDrive } from './firmware.ts'
import { type GuestEffect, homePhase } from './phases.ts'
import { blankGuest, enterPhase, PHASE_EVENT } from './row.ts'
import { serviceRuns } from './status.ts'

export { consoleFrame, guestFrame } from './console.ts'
export { cpuDemand, type GuestDemand, guestDemand, memoryDemandMb } from './demand.ts'
export { guestHasDriver, isGuestUp } from './driver.ts'
export { sendKeys } from './keys.ts'
export type { GuestEffect, GuestPhase } from './phases.ts'
export { adapterStatus, heartbeat, integrationServicesText, ipAddresses } from './status.ts'

/** Power-on: the guest row is made and the firmware starts. The boot order is looked at when the firmware comes to it. */
export function powerOnGuest(world: World, vmId: string, speedFactor = 1): void {
  const vm = world.tables.virtual_machine.require(vmId)
  // A reset replaces the row in its place: rows keep the order in which they were first put.
  const before = world.tables.guest.get(vmId)
  if (before?.eventId != null) world.events.cancel(before.eventId)
  enterPhase(world, vm, blankGuest(vmId, world.now), 'firmware', speedFactor)
}

/** A pending event whose kind begins with `guest.` is due. */
export function handleGuestEvent(world: World, event: PendingEventRow, speedFactor = 1): GuestEffect[] {
  invariant(event.kind === PHASE_EVENT, `guest event of kind ${event.kind}`)
  // An event that was overtaken is not pending any more; a row without this event belongs to another life of the machine.
  if (world.tables.guest.get(event.target)?.eventId !== event.id) return []
  return advanceGuest(world, event.target, 'elapsed', speedFactor)
}

/** Stops the virtual processors: nothing of the guest moves until it is thawed. Freezing a frozen guest changes nothing. */
export function freezeGuest(world: World, vmId: string): void {
  const guest = world.tables.guest.require(vmId)
  if (guest.frozenAfter !== null) return
  if (guest.eventId !== null) world.events.cancel(guest.eventId)
  world.tables.guest.put({ ...guest, eventId: null, frozenAfter: world.now - guest.phaseTick })
}

/** Lets the guest go on exactly where it was frozen. */
export function thawGuest(world: World, vmId: string): void {
  const guest = world.tables.guest.require(vmId)
  if (guest.frozenAfter === null) return
  const phaseTick = world.now - guest.frozenAfter
  // A guest that was waiting for its disk when it was frozen is past the end of its phase.
  const eventId =
    guest.phaseTicks === null ? null : world.events.schedule(PHASE_EVENT, Math.max(world.now, phaseTick + guest.phaseTicks), vmId)
  world.tables.guest.put({ ...guest, phaseTick, eventId, frozenAfter: null })
}

/**
 * Asks the guest to shut down through its shutdown integration service (devices 5.3). Refused with the guest's name and phase when that
 * service does not run. The end comes as the effect `powered-off`.
 */
export function requestShutdown(world: World, vmId: string, speedFactor = 1): Result<void, 'shutdown-service-missing'> {
  const guest = world.tables.guest.get(vmId)
  const vm = world.tables.virtual_machine.get(vmId)
  // The request and its answer go through the machine's shutdown channel.
  const answered = guest !== undefined && vm !== undefined && serviceRuns(guest, 'shutdown') && world.machines.askShutdown(vm)
  if (!answered) {
    const name = guest?.productId == null ? 'no operating system' : guestProduct(guest.productId).name
    return refuse('shutdown-service-missing', { guest: name, phase: guest?.phase ?? 'powered-off' })
  }
  advanceGuest(world, vmId, 'shut-down', speedFactor)
  return succeed(undefined)
}

/** Hard reset: everything in memory is gone and the firmware starts anew, frozen or not. An installation that waits for its first start still does. */
export function resetGuest(world: World, vmId: string, speedFactor = 1): void {
  const vm = world.tables.virtual_machine.require(vmId)
  const before = world.tables.guest.get(vmId)
  removeGuest(world, vmId)
  const stage = before?.stage === 'first-boot' ? 'first-boot' : 'normal'
  enterPhase(world, vm, { ...blankGuest(vmId, world.now), stage }, 'firmware', speedFactor)
}

/** Takes the guest's row and its pending event away: the partition is gone. A machine without guest row stays as it is. */
export function removeGuest(world: World, vmId: string): void {
  const guest = world.tables.guest.get(vmId)
  if (guest === undefined) return
  if (guest.eventId !== null) world.events.cancel(guest.eventId)
  world.tables.guest.delete(vmId)
}

/** A fault of the lab: a stop error with this name, or a kernel panic. Nothing happens while no kernel runs. */
export function crashGuest(world: World, vmId: string, stopCode = 'CRITICAL_PROCESS_DIED', speedFactor = 1): GuestEffect[] {
  return advanceGuest(world, vmId, 'crash', speedFactor, { stopCode })
}

/** A fault of the lab: the guest stops moving and stops answering. */
export function hangGuest(world: World, vmId: string): void {
  advanceGuest(world, vmId, 'hang', 1)
}

/**
 * Installs the integration services of the host's setup disk on the guest's system disk; they work from the next start on. False when the
 * running system has them already or cannot have them.
 */
export function installIntegrationServices(world: World, vmId: string): boolean {
  const guest = world.tables.guest.get(vmId)
  const vm = world.tables.virtual_machine.require(vmId)
  const drive = guest?.bootSource == null ? undefined : world.tables.drive.get(guest.bootSource)
  const key = guest?.productId == null ? null : keyWithServices(guest.productId)
  const file = drive === undefined ? undefined : fileOfDrive(world, vm, drive)
  if (key === null || file === undefined) return false
  world.tables.host_file.patch(file.id, { guestProductId: key, modifiedTick: world.now })
  return true
}

/** Row of a guest that came up long ago and waits for its user; `phaseTick` may lie before the lab's start. */
export function settledGuest(vmId: string, productKey: string, phaseTick: Tick, bootSource: string | null = null): GuestRow {
  const product = guestProduct(productKey)
  return { ...blankGuest(vmId, phaseTick), productId: product.key, phase: homePhase(product), bootSource }
}
