/** The rows that a checkpoint holds: putting them down, reading them, and bringing them back. */
import type { CheckpointItemRow, DriveRow, GuestRow, NetworkAdapterRow, SavedStackRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'

/** Tables of devices that a machine's checkpoint holds as a set: those that came later go when it is applied. */
const DEVICE_TABLES = ['network_adapter', 'drive'] as const
type ItemTable = 'virtual_machine' | (typeof DEVICE_TABLES)[number] | 'guest' | 'saved_stack' | 'screen'

export function itemsOf(world: World, checkpointId: string, table: ItemTable): readonly CheckpointItemRow[] {
  return world.by.itemsOfCheckpoint.of(checkpointId).filter(({ tableName }) => tableName === table)
}

/** The row that an item holds. What a later version added to its table may be missing. */
export function contentOf<R>(item: CheckpointItemRow): R {
  return JSON.parse(item.content) as R
}

export function putItem(world: World, checkpointId: string, table: ItemTable, row: { readonly id: string }): void {
  const id = `${checkpointId}/${table}/${row.id}`
  world.tables.checkpoint_item.put({ id, checkpointId, tableName: table, content: JSON.stringify(row) })
}

export function dropItems(world: World, checkpointId: string): void {
  for (const item of world.by.itemsOfCheckpoint.of(checkpointId)) world.tables.checkpoint_item.delete(item.id)
}

function firstContent<R>(world: World, checkpointId: string, table: ItemTable): R | undefined {
  const [item] = itemsOf(world, checkpointId, table)
  return item === undefined ? undefined : contentOf<R>(item)
}

/** The machine with the settings that it had. */
export function keptMachine(world: World, vm: VirtualMachineRow, checkpointId: string): VirtualMachineRow {
  return { ...vm, ...firstContent<Partial<VirtualMachineRow>>(world, checkpointId, 'virtual_machine'), id: vm.id, hostId: vm.hostId }
}

/** The guest of a saved state; undefined for a checkpoint of disks only. */
export function keptGuest(world: World, checkpointId: string): GuestRow | undefined {
  return firstContent<GuestRow>(world, checkpointId, 'guest')
}

/** The guest as the checkpoint's thumbnail shows it; undefined when the machine was off. */
export function shownGuest(world: World, checkpointId: string): GuestRow | undefined {
  return keptGuest(world, checkpointId) ?? firstContent<GuestRow>(world, checkpointId, 'screen')
}

export function keptStack(world: World, checkpointId: string): SavedStackRow | undefined {
  return firstContent<SavedStackRow>(world, checkpointId, 'saved_stack')
}

/** Brings back adapters and drives; `diskPath` says which file a hard disk of the checkpoint writes to from now on. */
export function restoreDevices(world: World, vm: VirtualMachineRow, checkpointId: string, diskPath: (frozen: string) => string): void {
  const { drive: drives, network_adapter: adapters } = world.tables
  const kept = new Set(DEVICE_TABLES.flatMap((table) => itemsOf(world, checkpointId, table).map((item) => contentOf<DriveRow>(item).id)))
  for (const row of world.by.drivesOfVm.of(vm.id)) if (!kept.has(row.id)) drives.delete(row.id)
  for (const row of world.by.adaptersOfVm.of(vm.id)) if (!kept.has(row.id)) adapters.delete(row.id)
  for (const item of itemsOf(world, checkpointId, 'network_adapter')) {
    const row = contentOf<NetworkAdapterRow>(item)
    // A switch may be gone by now: the adapter is not connected then.
    const switchId = row.switchId !== null && world.tables.virtual_switch.has(row.switchId) ? row.switchId : null
    adapters.put({ ...adapters.get(row.id), ...row, switchId })
  }
  for (const item of itemsOf(world, checkpointId, 'drive')) {
    const row = contentOf<DriveRow>(item)
    const path = row.kind === 'hard-disk' && row.path !== null ? diskPath(row.path) : row.path
    drives.put({ ...drives.get(row.id), ...row, path })
  }
}
