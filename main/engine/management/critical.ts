/**
 * The critical forms of the states: what happens to machines when a volume of the host is lost, full or back.
 *
 * A machine whose configuration lies on a lost volume becomes -Critical in the state that it has; one whose dynamic disk lies on a full
 * volume is paused (Paused-Critical) until it is resumed with space to go on (hyper-v-manager 3.3).
 */
import { freezeGuest } from '../guest/guest.ts'
import { hasPartition } from '../machine/host.ts'
import type { VirtualMachineRow } from '../rows.ts'
import { folderOf, type World } from '../world.ts'
import { writeRecord } from './event-log.ts'
import { fileAt, volumeOf } from './paths.ts'

/** Free space below which a guest's writes are stopped, bytes (about 200 MB on the product). */
export const FREE_BYTES_MIN = 200 * 1024 * 1024

/** The volume's files cannot be read any more. */
export function loseVolume(world: World, volumeId: string): void {
  const volume = world.tables.volume.require(volumeId)
  for (const vm of world.by.vmsOfHost.of(volume.hostId)) {
    if (vm.critical !== null || !liesOn(volume.letter, vm.configurationPath)) continue
    world.tables.virtual_machine.patch(vm.id, { critical: 'configuration-storage-lost' })
    writeRecord(world, vm.hostId, 'configurationLost', vm, vm.configurationPath)
  }
}

/** The volume is back: machines that were critical for its sake go on as they were. */
export function regainVolume(world: World, volumeId: string): void {
  const volume = world.tables.volume.require(volumeId)
  for (const vm of world.by.vmsOfHost.of(volume.hostId)) {
    if (vm.critical === 'configuration-storage-lost' && liesOn(volume.letter, vm.configurationPath)) {
      world.tables.virtual_machine.patch(vm.id, { critical: null })
    }
  }
}

/** Pauses the running machines whose growing disks lie on a volume that has no space left for them. */
export function checkSpace(world: World, volumeId: string): void {
  const volume = world.tables.volume.require(volumeId)
  if (volume.freeBytes >= FREE_BYTES_MIN) return
  for (const vm of world.by.vmsOfHost.of(volume.hostId)) {
    if (vm.state !== 'Running' || !hasPartition(vm) || !growsOn(world, vm, volume.letter)) continue
    pauseForSpace(world, vm, volume.letter)
  }
}

/** A guest's write found no room: the machine is paused as above, even when a little space is left (hyper-v-manager 3.3). */
export function writeFoundNoRoom(world: World, vmId: string, driveId: string): void {
  const vm = world.tables.virtual_machine.get(vmId)
  const path = world.tables.drive.get(driveId)?.path ?? null
  const volume = vm === undefined || path === null ? undefined : volumeOf(world, vm.hostId, path)
  if (vm === undefined || volume === undefined || vm.state !== 'Running' || !hasPartition(vm)) return
  pauseForSpace(world, vm, volume.letter)
}

function pauseForSpace(world: World, vm: VirtualMachineRow, letter: string): void {
  freezeGuest(world, vm.id)
  world.machines.suspend(vm, true)
  world.tables.virtual_machine.patch(vm.id, { state: 'Paused', critical: 'disk-space' })
  writeRecord(world, vm.hostId, 'outOfSpace', vm, `${letter}:`)
  writeRecord(world, vm.hostId, 'pausedCritical', vm)
}

function growsOn(world: World, vm: VirtualMachineRow, letter: string): boolean {
  return world.by.drivesOfVm.of(vm.id).some((drive) => {
    if (drive.kind !== 'hard-disk' || drive.path === null || !liesOn(letter, drive.path)) return false
    return fileAt(world, vm.hostId, drive.path)?.diskType !== 'fixed' && volumeOf(world, vm.hostId, drive.path) !== undefined
  })
}

function liesOn(letter: string, path: string): boolean {
  return folderOf(path).toUpperCase().startsWith(`${letter}:`)
}
