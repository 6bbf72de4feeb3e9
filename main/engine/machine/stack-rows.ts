/** The rows of partitions, processors and channels: what inspectors and SQLite tools read of the stacks. */
import type { ChannelRow, PartitionRow, VirtualMachineRow, VirtualProcessorRow } from '../rows.ts'
import type { World } from '../world.ts'
import type { HostStack } from './host-stack.ts'
import type { MachineStack } from './machine-stack.ts'
import type { ChannelView } from './stack-types.ts'

/** Partition id of the root: the first that a hypervisor gives. */
export const ROOT_NUMBER = 1

/** The row of a host's root partition, once (S16). */
export function writeRootRow(world: World, hostId: string, stack: HostStack): void {
  const host = world.tables.host.require(hostId)
  const root = stack.hypervisor.partition(stack.hypervisor.rootId)
  const id = `root ${hostId}`
  if (root === undefined || world.tables.partition.has(id)) return
  world.tables.partition.put({
    id,
    hostId,
    vmId: null,
    number: ROOT_NUMBER,
    parentNumber: 0,
    state: root.state,
    processorCount: root.vps.length,
    memoryMb: host.memoryMb,
    guestOsId: '0'.repeat(16),
    vmbusVersion: null,
    suspended: false,
    createdTick: world.now,
  })
}

/** Puts down what the stack shows; rows that are the same stay as they are. */
export function writeStackRows(world: World, vm: VirtualMachineRow, stack: MachineStack): void {
  const { tables, by } = world
  const view = stack.partitionView()
  const partition: PartitionRow = {
    id: vm.id,
    hostId: vm.hostId,
    vmId: vm.id,
    number: view.partitionId,
    parentNumber: view.parentId,
    state: view.state,
    processorCount: view.virtualProcessors,
    memoryMb: vm.assignedMemoryMb,
    guestOsId: view.guestOsId,
    vmbusVersion: view.vmbusVersion,
    suspended: view.suspended,
    createdTick: tables.partition.get(vm.id)?.createdTick ?? vm.startedTick ?? world.now,
  }
  putChanged(tables.partition, partition)
  for (const { vpIndex, started, synicEnabled } of stack.vpViews()) {
    const row: VirtualProcessorRow = { id: `${vm.id}/${vpIndex}`, partitionId: vm.id, number: vpIndex, started, synicEnabled }
    putChanged(tables.virtual_processor, row)
  }
  const channels = stack.channelViews().map((channel) => channelRow(vm.id, channel))
  const present = new Set(channels.map(({ id }) => id))
  for (const gone of by.channelsOfPartition.of(vm.id)) if (!present.has(gone.id)) tables.vmbus_channel.delete(gone.id)
  for (const row of channels) putChanged(tables.vmbus_channel, row)
}

/** The machine has no partition any more. */
export function dropStackRows({ tables, by }: World, vmId: string): void {
  for (const channel of by.channelsOfPartition.of(vmId)) tables.vmbus_channel.delete(channel.id)
  for (const processor of by.processorsOfPartition.of(vmId)) tables.virtual_processor.delete(processor.id)
  tables.partition.delete(vmId)
}

function channelRow(vmId: string, view: ChannelView): ChannelRow {
  return {
    id: `${vmId}/${view.channelId}`,
    partitionId: vmId,
    number: view.channelId,
    className: view.className,
    instanceId: view.instanceId,
    subchannel: view.subchannelIndex,
    state: view.state,
    guestToHostBytes: view.guestToHost?.sizeBytes ?? 0,
    hostToGuestBytes: view.hostToGuest?.sizeBytes ?? 0,
    protocolVersion: view.protocolVersion,
    targetProcessor: view.targetVp,
  }
}

/** Replaces a row only when a column differs: an untouched row is not written again. */
function putChanged<R extends { readonly id: string }>(table: { get(id: string): R | undefined; put(row: R): void }, row: R): void {
  const before = table.get(row.id)
  const same = before !== undefined && (Object.keys(row) as (keyof R)[]).every((key) => before[key] === row[key])
  if (!same) table.put(row)
}
