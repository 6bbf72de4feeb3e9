/** The simulated physical computer: what of its processors and memory is free. */
import type { HostRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'

/** Logical processors: sockets × cores × hardware threads. */
export function logicalProcessors(host: HostRow): number {
  return host.sockets * host.coresPerSocket * host.threadsPerCore
}

/** Memory given to partitions of this host, MB. */
export function assignedMemoryMb(world: World, hostId: string): number {
  return world.usage.memoryMb(hostId)
}

/** Memory that a further partition can get, MB: all of it, less what the parent keeps (S34) and what partitions have. */
export function availableMemoryMb(world: World, host: HostRow): number {
  return Math.max(0, host.memoryMb - host.reserveMb - assignedMemoryMb(world, host.id))
}

/** Machines that have a partition: they count towards the limit of running machines (S37). */
export function runningCount(world: World, hostId: string): number {
  return world.usage.partitions(hostId)
}

/** Whether the virtual machine has a partition in its present state. */
export function hasPartition(vm: VirtualMachineRow): boolean {
  return vm.assignedMemoryMb > 0
}
