/** From rows to what the stack is told: the host's hardware and release, a machine's processors, memory and devices. */
import { findGuestProduct } from '../products/guests.ts'
import { hostProduct } from '../products/hosts.ts'
import type { DriveRow, HostRow, NetworkAdapterRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { guestFactsOf, NO_GUEST } from './guest-facts.ts'
import type { DeviceSpec, GuestFacts, HostSpec, MachineSpec } from './stack-types.ts'

export function hostSpecOf(host: HostRow): HostSpec {
  return {
    release: hostProduct(host.productId).release,
    vendor: host.processorVendor,
    slat: host.slat,
    frequencyMhz: host.processorMhz,
    sockets: host.sockets,
    coresPerSocket: host.coresPerSocket,
    threadsPerCore: host.threadsPerCore === 1 ? 1 : 2,
    memoryMb: host.memoryMb,
  }
}

/** The system that the machine runs, or would start from its disk; none for an empty or foreign disk. */
export function guestFacts(world: World, vm: VirtualMachineRow): GuestFacts {
  const key = world.tables.guest.get(vm.id)?.productId ?? null
  const product = key === null ? undefined : findGuestProduct(key)
  return product === undefined ? NO_GUEST : guestFactsOf(product, vm.processorCount)
}

export function machineSpecOf(world: World, vm: VirtualMachineRow): MachineSpec {
  return {
    id: vm.id,
    generation: vm.generation,
    processorCount: vm.processorCount,
    reservePercent: vm.processorReserve,
    limitPercent: vm.processorLimit,
    weight: vm.processorWeight,
    memoryMb: vm.assignedMemoryMb,
    devices: devicesOf(world, vm),
    guest: guestFacts(world, vm),
  }
}

/** Offered in this order: storage and input first, as a start needs them; then network, then the integration components. */
function devicesOf(world: World, vm: VirtualMachineRow): readonly DeviceSpec[] {
  const fixed = (kind: DeviceSpec['kind']): DeviceSpec => ({ kind })
  const services = (['heartbeat', 'shutdown', 'timesync', 'kvp', 'vss', 'dynamic-memory', 'rdv'] as const).map(fixed)
  const input = (['video', 'keyboard', 'mouse'] as const).map(fixed)
  const adapters = world.by.adaptersOfVm.of(vm.id).map(adapterSpec)
  return [...storageOf(world, vm), ...input, ...adapters, ...services]
}

function adapterSpec(adapter: NetworkAdapterRow): DeviceSpec {
  return { kind: adapter.kind === 'legacy' ? 'legacy-network' : 'network', instanceId: adapter.id.toLowerCase() }
}

function storageOf(world: World, vm: VirtualMachineRow): readonly DeviceSpec[] {
  const drives = world.by.drivesOfVm.of(vm.id)
  const filters = drives.filter((drive) => drive.controller === 'ide' && drive.kind === 'hard-disk').map(filterSpec)
  const controllers = new Map<number, number[]>()
  for (const drive of drives) {
    if (drive.controller !== 'scsi') continue
    const units = controllers.get(drive.controllerNumber) ?? []
    units.push(drive.location)
    controllers.set(drive.controllerNumber, units)
  }
  // Controllers are there with or without disks.
  for (let number = 0; number < vm.scsiControllers; number++) if (!controllers.has(number)) controllers.set(number, [])
  const scsi = [...controllers]
    .sort(([a], [b]) => a - b)
    .map(
      ([number, units]): DeviceSpec => ({
        kind: 'scsi',
        instanceId: controllerId(vm.id, number),
        units,
        boot: vm.generation === 2 && number === 0,
      }),
    )
  return [...filters, ...scsi]
}

function filterSpec(drive: DriveRow): DeviceSpec {
  return { kind: 'ide-filter', instanceId: drive.id.toLowerCase(), units: [0], boot: drive.controllerNumber === 0 && drive.location === 0 }
}

/** Instance of a SCSI controller: the machine's id with the controller's number in its last two digits. */
export function controllerId(vmId: string, number: number): string {
  return `${vmId.slice(0, -2)}${number.toString(16).padStart(2, '0')}`.toLowerCase()
}
