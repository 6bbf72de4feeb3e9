/** The present settings of a virtual machine, and what belongs to them. */
import { type FirmwareEntry, firmwareList } from '../../guest/firmware-list.ts'
import { logicalProcessors } from '../../machine/host.ts'
import { hostFeatures } from '../../products/host-features.ts'
import { hostProduct } from '../../products/hosts.ts'
import type { DriveRow, VirtualMachineRow } from '../../rows.ts'
import type { World } from '../../world.ts'
import { stateText } from '../actions.ts'
import { lockedSettings } from './locks.ts'
import type { BootEntry, DriveSetting, SettingsFacts, VmSettings } from './types.ts'

const CONTROLLERS = ['ide', 'scsi', 'floppy'] as const

/** Order of drives in a sheet: IDE, SCSI, diskette; by controller and location. */
export function compareDrives(a: DriveSetting, b: DriveSetting): number {
  return (
    CONTROLLERS.indexOf(a.controller) - CONTROLLERS.indexOf(b.controller) ||
    a.controllerNumber - b.controllerNumber ||
    a.location - b.location
  )
}

function driveSetting({ id, kind, controller, controllerNumber, location, path }: DriveRow): DriveSetting {
  return { id, kind, controller, controllerNumber, location, path }
}

export function settingsOf(world: World, vm: VirtualMachineRow): VmSettings {
  return {
    name: vm.name,
    notes: vm.notes,
    bootOrder: vm.generation === 1 ? vm.bootOrder : firmwareList(world, vm).map(({ key }) => key),
    numLock: vm.numLock,
    startupMemoryMb: vm.startupMemoryMb,
    dynamicMemory: vm.dynamicMemory,
    minimumMemoryMb: vm.minimumMemoryMb,
    maximumMemoryMb: vm.maximumMemoryMb,
    memoryBuffer: vm.memoryBuffer,
    memoryWeight: vm.memoryWeight,
    processorCount: vm.processorCount,
    processorReserve: vm.processorReserve,
    processorLimit: vm.processorLimit,
    processorWeight: vm.processorWeight,
    scsiControllers: vm.scsiControllers,
    drives: world.by.drivesOfVm.of(vm.id).map(driveSetting).sort(compareDrives),
    checkpointType: vm.checkpointType,
    checkpointPath: vm.checkpointPath,
    automaticCheckpoints: vm.automaticCheckpoints,
    smartPagingPath: vm.smartPagingPath,
    automaticStart: vm.automaticStart,
    startDelaySeconds: vm.startDelaySeconds,
    automaticStop: vm.automaticStop,
  }
}

export function settingsFacts(world: World, vm: VirtualMachineRow): SettingsFacts {
  const host = world.tables.host.require(vm.hostId)
  const product = hostProduct(host.productId)
  return {
    vmId: vm.id,
    hostId: host.id,
    hostName: host.name,
    generation: vm.generation,
    stateText: stateText(vm),
    locked: lockedSettings(world, vm),
    features: hostFeatures(product),
    checkpointWord: product.checkpointWord,
    hasCheckpoints: world.by.checkpointsOfVm.count(vm.id) > 0,
    logicalProcessors: logicalProcessors(host),
    processorsMaximum: Math.min(product.processorsMaximum[vm.generation], logicalProcessors(host)),
    processorCounts: product.processorCounts,
    memoryMinimumMb: product.memoryMinimumMb,
    memoryMaximumMb: product.vmMemoryMaximumMb[vm.generation],
    opticalDrives: host.opticalDrives,
    virtualDiskPath: host.virtualDiskPath,
    bootEntries: vm.generation === 1 ? [] : firmwareList(world, vm).map((entry) => bootEntry(world, entry)),
  }
}

function bootEntry(world: World, { key, kind, id }: FirmwareEntry): BootEntry {
  if (kind === 'network') {
    const address = world.tables.network_adapter.get(id)?.macAddress ?? ''
    return { key, kind, label: 'Network Adapter', value: address === '' ? '000000000000' : address }
  }
  const drive = world.tables.drive.require(id)
  const place = `(${drive.controllerNumber},${drive.location})`
  return { key, kind, label: `SCSI ${kind === 'dvd' ? 'DVD' : 'Disk'} ${place}`, value: drive.path ?? '' }
}
