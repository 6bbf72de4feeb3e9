/** The moment of a checkpoint: what it holds is put down and the disks go on in new files; and the way back into it. */
import { removeGuest } from '../guest/guest.ts'
import type { CheckpointRow, GuestRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { addLeaf, diskFileOf, dropUnused, frozenPaths } from './checkpoint-disks.ts'
import { checkpointFiles, putFiles, removeFiles, savedStateFiles } from './checkpoint-files.ts'
import { dropItems, keptGuest, keptMachine, keptStack, putItem, restoreDevices } from './checkpoint-items.ts'
import { fileAt, joinPath } from './paths.ts'

export interface Capture {
  readonly id: string
  readonly name: string
  readonly kind: CheckpointRow['kind']
  /** With memory, devices and guest. The guest is frozen. */
  readonly memory: boolean
}

/** Memory that a checkpoint of the machine would write, MB. */
export function memoryToWriteMb(vm: VirtualMachineRow): number {
  return vm.state === 'Saved' ? vm.savedStateMb : vm.assignedMemoryMb
}

/** Puts the checkpoint below the present one; *Now* descends from it from here on. */
export function capture(world: World, vm: VirtualMachineRow, wanted: Capture): void {
  const { id, name, kind, memory } = wanted
  const memoryMb = memory ? memoryToWriteMb(vm) : 0
  world.tables.checkpoint.put({ id, vmId: vm.id, parentId: vm.currentCheckpointId, name, kind, createdTick: world.now })
  const kept: VirtualMachineRow = { ...vm, savedStateMb: memoryMb }
  putItem(world, id, 'virtual_machine', kept)
  for (const adapter of world.by.adaptersOfVm.of(vm.id)) putItem(world, id, 'network_adapter', adapter)
  const drives = world.by.drivesOfVm.of(vm.id)
  for (const drive of drives) putItem(world, id, 'drive', drive)
  keepGuest(world, vm, id, memory)
  putFiles(world, vm.hostId, checkpointFiles(world, vm, id, memoryMb))
  for (const drive of drives) {
    const file = diskFileOf(world, vm, drive)
    if (file !== undefined) world.tables.drive.patch(drive.id, { path: addLeaf(world, file) })
  }
  world.tables.virtual_machine.patch(vm.id, { currentCheckpointId: id })
}

function keepGuest(world: World, vm: VirtualMachineRow, id: string, memory: boolean): void {
  const guest = world.tables.guest.get(vm.id)
  if (guest === undefined) return
  // No event of the running guest belongs to the kept one; it stands still at this moment.
  const still: GuestRow = { ...guest, eventId: null, frozenAfter: guest.frozenAfter ?? world.now - guest.phaseTick }
  putItem(world, id, memory ? 'guest' : 'screen', still)
  if (!memory) return
  const stack = vm.state === 'Saved' ? world.tables.saved_stack.get(vm.id) : world.machines.capture(vm)
  if (stack !== undefined) putItem(world, id, 'saved_stack', stack)
}

/** Folder of the machine's own configuration and saved state. */
export function machineFolder(vm: VirtualMachineRow): string {
  return joinPath(vm.configurationPath, 'Virtual Machines')
}

/** The machine becomes what the checkpoint holds: Saved where it holds memory, Off otherwise. It has no partition and no saved state now. */
export function restoreCheckpoint(world: World, vm: VirtualMachineRow, checkpoint: CheckpointRow): void {
  const leaves = world.by.drivesOfVm.of(vm.id).flatMap((drive) => diskFileOf(world, vm, drive)?.path ?? [])
  restoreDevices(world, vm, checkpoint.id, (frozen) => {
    const file = fileAt(world, vm.hostId, frozen)
    // A file that is gone is missed at the next start, by its name.
    return file === undefined ? frozen : addLeaf(world, file)
  })
  const kept = keptMachine(world, vm, checkpoint.id)
  const guest = keptGuest(world, checkpoint.id)
  world.tables.virtual_machine.put({
    ...kept,
    name: vm.name,
    createdTick: vm.createdTick,
    configurationPath: vm.configurationPath,
    checkpointPath: vm.checkpointPath,
    state: guest === undefined ? 'Off' : 'Saved',
    critical: null,
    assignedMemoryMb: 0,
    startedTick: null,
    currentCheckpointId: checkpoint.id,
  })
  for (const path of leaves) dropUnused(world, vm, path)
  if (guest === undefined) return
  putFiles(world, vm.hostId, savedStateFiles(world, vm, machineFolder(vm), vm.id, kept.savedStateMb))
  world.tables.guest.put(guest)
  const stack = keptStack(world, checkpoint.id)
  if (stack !== undefined) world.tables.saved_stack.put(stack)
}

/** Takes partition, guest and saved state away, so that a checkpoint can be put in their place. */
export function discardPresent(world: World, vm: VirtualMachineRow): void {
  if (vm.savedStateMb > 0) removeFiles(world, vm.hostId, savedStateFiles(world, vm, machineFolder(vm), vm.id, vm.savedStateMb))
  world.machines.powerOff(vm)
  removeGuest(world, vm.id)
}

/** Takes checkpoints out of the tree with their files; what stood below them goes one up. The disks are left for merging. */
export function removeCheckpoints(world: World, vm: VirtualMachineRow, gone: readonly CheckpointRow[]): void {
  const frozen = gone.flatMap((checkpoint) => frozenPaths(world, checkpoint.id))
  for (const checkpoint of gone) {
    const { savedStateMb } = keptMachine(world, vm, checkpoint.id)
    removeFiles(world, vm.hostId, checkpointFiles(world, vm, checkpoint.id, savedStateMb))
    const parentId = world.tables.checkpoint.require(checkpoint.id).parentId
    for (const other of world.by.checkpointsOfVm.of(vm.id)) {
      if (other.parentId === checkpoint.id) world.tables.checkpoint.patch(other.id, { parentId })
    }
    if (world.tables.virtual_machine.require(vm.id).currentCheckpointId === checkpoint.id) {
      world.tables.virtual_machine.patch(vm.id, { currentCheckpointId: parentId })
    }
    dropItems(world, checkpoint.id)
    world.tables.checkpoint.delete(checkpoint.id)
  }
  for (const path of frozen) dropUnused(world, vm, path)
}

/** The checkpoint and all that were taken after it on its branches. */
export function subtreeOf(world: World, root: CheckpointRow): readonly CheckpointRow[] {
  const all = world.by.checkpointsOfVm.of(root.vmId)
  const found = [root]
  for (const each of found) found.push(...all.filter(({ parentId, id }) => parentId === each.id && !found.some((known) => known.id === id)))
  return found
}
