/**
 * The list of a Generation 2 firmware: one line per disk, DVD drive and network adapter, and one for the boot loader that a system has
 * written. The user's order (`bootDevices`) comes first; devices that it does not name follow by their classes (`bootOrder`).
 */
import { findGuestProduct } from '../products/guests.ts'
import type { BootDevice, DriveRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'

/** Key of the line that a system's boot loader has in the list. */
export const FILE_KEY = 'file'

export interface FirmwareEntry {
  /** Id of the drive or adapter; `file` for the boot loader. */
  readonly key: string
  readonly kind: 'file' | 'hard-drive' | 'dvd' | 'network'
  /** Drive or adapter that is tried. */
  readonly id: string
}

export function firmwareList(world: World, vm: VirtualMachineRow): readonly FirmwareEntry[] {
  const entries = vm.bootOrder.flatMap((device) => entriesOf(world, vm, device))
  const place = new Map(vm.bootDevices.map((key, index) => [key, index]))
  const rank = ({ key }: FirmwareEntry): number => place.get(key) ?? vm.bootDevices.length
  return entries.toSorted((a, b) => rank(a) - rank(b))
}

function entriesOf(world: World, vm: VirtualMachineRow, device: BootDevice): readonly FirmwareEntry[] {
  switch (device) {
    case 'file': {
      // The entry starts the first disk that has a loader on it.
      const disk = scsiDrives(world, vm, 'hard-disk').find((drive) => hasLoader(world, vm, drive))
      return disk === undefined ? [] : [{ key: FILE_KEY, kind: 'file', id: disk.id }]
    }
    case 'hard-drive':
      return scsiDrives(world, vm, 'hard-disk').map(({ id }) => ({ key: id, kind: 'hard-drive', id }))
    case 'dvd':
      return scsiDrives(world, vm, 'dvd').map(({ id }) => ({ key: id, kind: 'dvd', id }))
    case 'network':
      return world.by.adaptersOfVm
        .of(vm.id)
        .filter((adapter) => adapter.kind === 'synthetic')
        .sort((a, b) => a.position - b.position)
        .map(({ id }) => ({ key: id, kind: 'network', id }))
    default:
      return []
  }
}

function scsiDrives(world: World, vm: VirtualMachineRow, kind: DriveRow['kind']): DriveRow[] {
  return world.by.drivesOfVm
    .of(vm.id)
    .filter((drive) => drive.kind === kind && drive.controller === 'scsi')
    .sort((a, b) => a.controllerNumber - b.controllerNumber || a.location - b.location)
}

/** Whether a system that UEFI can start lies on the drive's file or on one of its parents. A chain longer than this is a circle. */
function hasLoader(world: World, vm: VirtualMachineRow, drive: DriveRow): boolean {
  let path = drive.path
  for (let depth = 0; path !== null && depth < 64; depth++) {
    const file = world.by.filesOfPath.first(`${vm.hostId}|${path.toLowerCase()}`)
    if (file === undefined) return false
    if (file.guestProductId !== null) return findGuestProduct(file.guestProductId)?.generation2 === true
    path = file.parentPath
  }
  return false
}
