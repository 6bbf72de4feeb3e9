/** The disks and drives of a lab's machines as their controllers find them: chains of virtual disk files, ISO images, captured drives. */
import { hashText } from '../kernel/random.ts'
import type { LogicalUnit } from '../providers/storage/ports.ts'
import type { DriveRow, VirtualMachineRow } from '../rows.ts'
import type { BlockDevice } from '../storage/block-device.ts'
import { ControllerBackend, logicalUnitOf } from '../storage/controller-backend.ts'
import { worldFiles } from '../storage/disk-files.ts'
import { DiskStore } from '../storage/disk-store.ts'
import { OpticalDrive, type OpticalMedium } from '../storage/optical-drive.ts'
import type { World } from '../world.ts'
import type { ControllerWorld, UnitChanged } from './device-world.ts'
import { controllerId } from './specs.ts'
import type { DeviceSpec } from './stack-types.ts'

const PHYSICAL = 'Physical:'

interface AttachedDrive {
  readonly backend: ControllerBackend
  readonly lun: number
  readonly changed: UnitChanged
}

export class LabDisks {
  readonly #world: World
  readonly #store: DiskStore
  readonly #volumeFull: (vmId: string, driveId: string) => void
  /** Drives that stand behind a controller now, by id. */
  readonly #attached = new Map<string, AttachedDrive>()

  /** `volumeFull`: a write of a machine's disk found no room on its volume. */
  constructor(world: World, volumeFull: (vmId: string, driveId: string) => void) {
    this.#world = world
    this.#store = new DiskStore(worldFiles(world))
    this.#volumeFull = volumeFull
  }

  controller(vm: VirtualMachineRow, device: DeviceSpec, now: () => number, changed: UnitChanged): ControllerWorld {
    let byLun = new Map<number, DriveRow>()
    const backend = new ControllerBackend({
      now,
      volumeFull: (lun) => {
        const drive = byLun.get(lun)
        if (drive !== undefined) this.#volumeFull(vm.id, drive.id)
      },
    })
    const refresh = (present: DeviceSpec): readonly LogicalUnit[] => {
      const drives = this.#drivesOf(vm, present)
      for (const [lun, drive] of byLun) {
        if (drives.some((other) => other.id === drive.id && lunOf(present, other) === lun)) continue
        backend.detach(lun)
        this.#attached.delete(drive.id)
      }
      byLun = new Map(drives.map((drive) => [lunOf(present, drive), drive]))
      return drives.flatMap((drive) => {
        const opened = this.#open(vm, drive)
        if (opened === undefined) return []
        const lun = lunOf(present, drive)
        backend.attach(lun, opened)
        this.#attached.set(drive.id, { backend, lun, changed })
        return [logicalUnitOf(lun, opened, diskIdOf(drive), this.#givesBlocksBack(vm, drive))]
      })
    }
    return { units: refresh(device), backend, refresh }
  }

  /** A drive of a machine that is on has another file in it, or none: its controller is told. */
  driveChanged(vm: VirtualMachineRow, drive: DriveRow): void {
    const attached = this.#attached.get(drive.id)
    if (attached === undefined) return
    const opened = this.#open(vm, drive)
    if (opened === undefined) attached.backend.detach(attached.lun)
    else attached.backend.attach(attached.lun, opened)
    attached.changed(attached.lun, opened?.capacityBytes ?? 0)
  }

  /** The machine's controllers are gone. */
  forget(vmId: string): void {
    for (const drive of this.#world.by.drivesOfVm.of(vmId)) this.#attached.delete(drive.id)
  }

  #drivesOf(vm: VirtualMachineRow, device: DeviceSpec): readonly DriveRow[] {
    const drives = this.#world.by.drivesOfVm.of(vm.id)
    if (device.kind === 'ide-filter') return drives.filter((drive) => drive.id.toLowerCase() === device.instanceId)
    return drives.filter((drive) => drive.controller === 'scsi' && controllerId(vm.id, drive.controllerNumber) === device.instanceId)
  }

  /** Undefined for a disk whose chain cannot be opened: the controller has nothing there. */
  #open(vm: VirtualMachineRow, drive: DriveRow): BlockDevice | undefined {
    if (drive.kind === 'dvd') return new OpticalDrive(drive.id, this.#medium(vm, drive.path))
    if (drive.path === null || drive.path.startsWith(PHYSICAL)) return undefined
    const opened = this.#store.open(vm.hostId, drive.path, { id: drive.id })
    return opened.ok ? opened.value : undefined
  }

  #medium(vm: VirtualMachineRow, path: string | null): OpticalMedium | null {
    if (path === null) return null
    // What lies in the drives of a simulated host is not modelled: a captured drive is empty.
    if (path.startsWith(PHYSICAL)) return { kind: 'host-drive', letter: path.slice(PHYSICAL.length), disc: null }
    const file = this.#world.by.filesOfPath.first(`${vm.hostId}|${path.toLowerCase()}`)
    const queue = file === undefined ? undefined : this.#store.volumeQueue(file)
    return file === undefined || queue === undefined ? null : { kind: 'image', file, queue }
  }

  #givesBlocksBack(vm: VirtualMachineRow, drive: DriveRow): boolean {
    const file = drive.path === null ? undefined : this.#world.by.filesOfPath.first(`${vm.hostId}|${drive.path.toLowerCase()}`)
    return drive.kind === 'hard-disk' && file?.diskType !== 'fixed' && file?.kind !== 'vhd'
  }
}

function lunOf(device: DeviceSpec, drive: DriveRow): number {
  return device.kind === 'ide-filter' ? 0 : drive.location
}

/** Identity that the disk shows to its guest, made of the drive's own. */
function diskIdOf(drive: DriveRow): string {
  const hex = [0, 1, 2, 3].map((part) => hashText(`disk ${part} ${drive.id}`).toString(16).padStart(8, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
