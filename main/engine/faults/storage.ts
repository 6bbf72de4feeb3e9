/** What lost and full volumes and bad disks do to the machines on them. */
import { crashGuest, freezeGuest } from '../guest/guest.ts'
import { kernelRuns } from '../guest/phases.ts'
import { TICKS_PER_MINUTE, TICKS_PER_SECOND } from '../kernel/ticks.ts'
import { hasPartition } from '../machine/host.ts'
import { checkSpace } from '../management/critical.ts'
import { writeRecord } from '../management/event-log.ts'
import { volumeOf } from '../management/paths.ts'
import { thaw } from '../management/power.ts'
import { applyEffects, becomeOff } from '../management/transitions.ts'
import { hostProduct } from '../products/hosts.ts'
import { STORAGE_RESILIENCE_MINUTES } from '../products/resilience.ts'
import type { DriveRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { isDriveBroken, isPathLost } from './rows.ts'

/** How long a system lives on what it has in memory after its disk has begun to fail, seconds (model). */
const CACHE_SECONDS: readonly [number, number] = [2, 20]
/** A system whose processors stand still or that is not up yet is looked at again after this time, seconds. */
const AGAIN_SECONDS = 5
export const STRIKE_EVENT = 'fault.strike'
export const POWER_OFF_EVENT = 'fault.power-off'

/** The drive that the system runs from, or would start from: the firmware's choice, else the first hard disk. */
export function systemDrive(world: World, vm: VirtualMachineRow): DriveRow | undefined {
  const source = world.tables.guest.get(vm.id)?.bootSource
  const chosen = source == null ? undefined : world.tables.drive.get(source)
  if (chosen?.kind === 'hard-disk') return chosen
  return world.by.drivesOfVm
    .of(vm.id)
    .filter((drive) => drive.kind === 'hard-disk' && drive.path !== null)
    .sort((a, b) => a.controllerNumber - b.controllerNumber || a.location - b.location)[0]
}

/** A machine has begun to run: its volumes may be lost or full. */
export function recheckStorage(world: World, vmId: string): void {
  const vm = world.tables.virtual_machine.get(vmId)
  if (vm === undefined || vm.state !== 'Running') return
  if (hasLostDisk(world, vm)) return loseDisks(world, vm)
  for (const drive of world.by.drivesOfVm.of(vm.id)) {
    const volume = drive.path === null ? undefined : volumeOf(world, vm.hostId, drive.path)
    if (volume !== undefined) checkSpace(world, volume.id)
  }
}

function hasLostDisk(world: World, vm: VirtualMachineRow): boolean {
  return world.by.drivesOfVm
    .of(vm.id)
    .some((drive) => drive.kind === 'hard-disk' && drive.path !== null && isPathLost(world, vm.hostId, drive.path))
}

/** Running machines of the host with disks on the volume that has just been lost. */
export function loseDisksOfVolume(world: World, hostId: string): void {
  for (const vm of world.by.vmsOfHost.of(hostId)) {
    if (vm.state === 'Running' && hasPartition(vm) && hasLostDisk(world, vm)) loseDisks(world, vm)
  }
}

/** Paused-Critical where the release has storage resilience; elsewhere the guest gets the errors of its disk. */
function loseDisks(world: World, vm: VirtualMachineRow): void {
  const minutes = STORAGE_RESILIENCE_MINUTES[hostProduct(world.tables.host.require(vm.hostId).productId).release]
  if (minutes === null) return strikeSoon(world, vm.id)
  freezeGuest(world, vm.id)
  world.machines.suspend(vm, true)
  world.tables.virtual_machine.patch(vm.id, { state: 'Paused', critical: 'storage-not-responding' })
  writeRecord(world, vm.hostId, 'pausedCritical', vm)
  cancelPowerOff(world, vm.id)
  world.events.schedule(POWER_OFF_EVENT, world.now + minutes * TICKS_PER_MINUTE, vm.id)
}

function cancelPowerOff(world: World, vmId: string): void {
  for (const event of world.by.eventsOfTarget.of(vmId)) if (event.kind === POWER_OFF_EVENT) world.events.cancel(event.id)
}

/** The storage is back: machines that wait for it go on where they were. */
export function regainDisks(world: World, hostId: string): void {
  for (const vm of world.by.vmsOfHost.of(hostId)) {
    if (vm.critical !== 'storage-not-responding' || vm.state !== 'Paused' || hasLostDisk(world, vm)) continue
    cancelPowerOff(world, vm.id)
    world.machines.suspend(vm, false)
    world.tables.virtual_machine.patch(vm.id, { state: 'Running', critical: null })
    thaw(world, vm.id)
    writeRecord(world, vm.hostId, 'resumed', vm)
  }
}

/** The time of storage resilience is over. */
export function powerOffLost(world: World, vmId: string): void {
  const vm = world.tables.virtual_machine.get(vmId)
  if (vm === undefined || vm.state !== 'Paused' || vm.critical !== 'storage-not-responding') return
  becomeOff(world, vm)
  writeRecord(world, vm.hostId, 'turnedOff', vm)
}

/** The system of a machine will meet the error of its disk. */
export function strikeSoon(world: World, vmId: string): void {
  const seconds = world.random.between(`disk error ${vmId}`, ...CACHE_SECONDS)
  world.events.schedule(STRIKE_EVENT, world.now + seconds * TICKS_PER_SECOND, vmId)
}

/**
 * A system needs a page of its own from a disk that fails: Windows stops with KERNEL_DATA_INPAGE_ERROR, Linux loses init and panics
 * (Microsoft bug check 0x7A; linux: kernel/exit.c).
 */
export function strikeDisk(world: World, vmId: string): void {
  const vm = world.tables.virtual_machine.get(vmId)
  const guest = world.tables.guest.get(vmId)
  const drive = guest?.bootSource == null ? undefined : world.tables.drive.get(guest.bootSource)
  if (vm === undefined || guest === undefined || drive === undefined || !isDriveBroken(world, vm, drive)) return
  if (guest.frozenAfter !== null || guest.phase === 'loader' || guest.phase === 'boot-attempt') {
    world.events.schedule(STRIKE_EVENT, world.now + AGAIN_SECONDS * TICKS_PER_SECOND, vmId)
  } else if (kernelRuns(guest.phase)) {
    applyEffects(world, vmId, crashGuest(world, vmId, 'KERNEL_DATA_INPAGE_ERROR'))
  }
}
