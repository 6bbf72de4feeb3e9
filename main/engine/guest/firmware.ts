/**
 * What the firmware tries, in which order, and what it says about each device.
 *
 * Generation 1: a PC BIOS with device classes, disks by INT 13h on IDE only. Generation 2: UEFI with a list of SCSI disks, SCSI DVD drives
 * and network adapters. Texts: hyper-v-manager 8.3; PXE messages as the boot ROM and the UEFI network stack print them.
 */
import { isDriveBroken } from '../faults/rows.ts'
import { findGuestProduct, type GuestProduct, type MsRange } from '../products/guests.ts'
import { hostProduct } from '../products/hosts.ts'
import type { BootDevice, DriveRow, HostFileRow, NetworkAdapterRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { firmwareList } from './firmware-list.ts'
import type { DeviceAnswer } from './phases.ts'

/** A device of the boot order and what trying it gives. */
export interface BootCandidate {
  /** Id of the drive or adapter row. */
  readonly id: string
  readonly kind: 'disk' | 'dvd' | 'floppy' | 'network'
  /** `SCSI DVD (0,1)`, `Network Adapter (00155D006403)`. */
  readonly label: string
  readonly answer: DeviceAnswer
  /** How long the firmware takes over it, ms. */
  readonly range: MsRange
  /** The system that it starts; null when it starts none. */
  readonly product: GuestProduct | null
  /** True when the device carries an installer, not an installed system. */
  readonly installer: boolean
  /** Lines that a failed attempt leaves. */
  readonly failure: readonly string[]
}

/** Disks behind a disk in a chain of differencing disks at the most; more is a circle. */
const CHAIN_MAX = 64

/** All devices in the order in which the firmware tries them. */
export function bootCandidates(world: World, vm: VirtualMachineRow): BootCandidate[] {
  const seen = new Set<string>()
  return inListOrder(world, vm).filter((candidate) => {
    if (seen.has(candidate.id)) return false
    seen.add(candidate.id)
    return true
  })
}

/** Generation 1 goes through its device classes, Generation 2 through the firmware's list of devices. */
function inListOrder(world: World, vm: VirtualMachineRow): readonly BootCandidate[] {
  const classes = vm.bootOrder.flatMap((device) => candidatesOf(world, vm, device))
  if (vm.generation === 1) return classes
  const byId = new Map(classes.map((candidate) => [candidate.id, candidate]))
  return firmwareList(world, vm).flatMap(({ id }) => byId.get(id) ?? [])
}

function candidatesOf(world: World, vm: VirtualMachineRow, device: BootDevice): BootCandidate[] {
  const drives = sortedDrives(world, vm.id)
  switch (device) {
    case 'floppy':
      return drives.filter((drive) => drive.kind === 'floppy').map((drive) => driveCandidate(world, vm, drive))
    case 'cd':
      return drives.filter((drive) => drive.kind === 'dvd' && drive.controller === 'ide').map((drive) => driveCandidate(world, vm, drive))
    case 'ide':
      // INT 13h starts from the first disk only; a PC BIOS does not go on to the second.
      return drives
        .filter((drive) => drive.kind === 'hard-disk' && drive.controller === 'ide')
        .slice(0, 1)
        .map((drive) => driveCandidate(world, vm, drive))
    case 'legacy-network':
      return adapters(world, vm.id, 'legacy').map((adapter) => networkCandidate(vm, adapter))
    case 'file':
      // A file entry stands for the boot loader that a system has written into the firmware's list: it starts the disk that has one.
      return scsi(drives, 'hard-disk')
        .map((drive) => driveCandidate(world, vm, drive))
        .filter((candidate) => candidate.product !== null)
        .slice(0, 1)
    case 'hard-drive':
      return scsi(drives, 'hard-disk').map((drive) => driveCandidate(world, vm, drive))
    case 'dvd':
      return scsi(drives, 'dvd').map((drive) => driveCandidate(world, vm, drive))
    case 'network':
      return adapters(world, vm.id, 'synthetic').map((adapter) => networkCandidate(vm, adapter))
  }
}

function scsi(drives: readonly DriveRow[], kind: DriveRow['kind']): DriveRow[] {
  return drives.filter((drive) => drive.kind === kind && drive.controller === 'scsi')
}

function sortedDrives(world: World, vmId: string): DriveRow[] {
  return world.by.drivesOfVm.of(vmId).sort((a, b) => a.controllerNumber - b.controllerNumber || a.location - b.location)
}

function adapters(world: World, vmId: string, kind: NetworkAdapterRow['kind']): NetworkAdapterRow[] {
  return world.by.adaptersOfVm
    .of(vmId)
    .filter((adapter) => adapter.kind === kind)
    .sort((a, b) => a.position - b.position)
}

/** The file that a drive has open; undefined for an empty drive or a file that is gone. */
export function fileOfDrive(world: World, vm: VirtualMachineRow, drive: DriveRow): HostFileRow | undefined {
  return drive.path === null ? undefined : world.by.filesOfPath.of(`${vm.hostId}|${drive.path.toLowerCase()}`)[0]
}

/** The system on a file: its own, or for a differencing disk that has none of its own the one of its parents. */
export function productOfFile(world: World, file: HostFileRow): GuestProduct | null {
  let at: HostFileRow | undefined = file
  for (let depth = 0; at !== undefined && depth < CHAIN_MAX; depth++) {
    if (at.guestProductId !== null) return findGuestProduct(at.guestProductId) ?? null
    at = at.parentPath === null ? undefined : world.by.filesOfPath.of(`${at.hostId}|${at.parentPath.toLowerCase()}`)[0]
  }
  return null
}

/** First hard disk in controller order: where setup puts the system. Undefined when the machine has none. */
export function installationDisk(world: World, vm: VirtualMachineRow): HostFileRow | undefined {
  for (const drive of sortedDrives(world, vm.id)) {
    const file = drive.kind === 'hard-disk' ? fileOfDrive(world, vm, drive) : undefined
    if (file !== undefined) return file
  }
  return undefined
}

function driveCandidate(world: World, vm: VirtualMachineRow, drive: DriveRow): BootCandidate {
  const file = fileOfDrive(world, vm, drive)
  const found = file === undefined ? null : productOfFile(world, file)
  const product = found !== null && (vm.generation === 1 ? found.generation1 : found.generation2) ? found : null
  const dvd = drive.kind === 'dvd'
  const place = `(${drive.controllerNumber},${drive.location})`
  const label = vm.generation === 2 ? `SCSI ${dvd ? 'DVD' : 'Disk'} ${place}` : `${drive.kind} ${place}`
  return {
    id: drive.id,
    kind: drive.kind === 'hard-disk' ? 'disk' : drive.kind,
    label,
    answer: isDriveBroken(world, vm, drive) ? 'fails' : answerOf(world, vm, dvd, product),
    range: file === undefined ? [150, 250] : [250, 500],
    product,
    installer: dvd,
    failure: driveFailure(world, vm, file !== undefined, found !== null),
  }
}

/** A Windows disc asks for a key: from UEFI always, from a BIOS only when the disk could start, too (bootfix.bin). */
function answerOf(world: World, vm: VirtualMachineRow, dvd: boolean, product: GuestProduct | null): DeviceAnswer {
  if (product === null) return 'fails'
  if (!dvd || product.family !== 'windows') return 'starts'
  if (vm.generation === 2) return 'asks-for-key'
  const disk = installationDisk(world, vm)
  return disk !== undefined && productOfFile(world, disk) !== null ? 'asks-for-key' : 'starts'
}

function hasSummaryPage(world: World, vm: VirtualMachineRow): boolean {
  return hostProduct(world.tables.host.require(vm.hostId).productId).bootSummaryPage
}

function driveFailure(world: World, vm: VirtualMachineRow, hasMedium: boolean, hasLoader: boolean): readonly string[] {
  if (vm.generation === 1) return []
  if (!hasSummaryPage(world, vm)) return ['Boot Failed. EFI SCSI Device.']
  if (hasLoader) return ['The boot loader failed.']
  return [hasMedium ? 'The boot loader did not load an operating system.' : 'A boot image was not found.']
}

function networkCandidate(vm: VirtualMachineRow, adapter: NetworkAdapterRow): BootCandidate {
  const connected = adapter.switchId !== null
  const legacy = vm.generation === 1
  return {
    id: adapter.id,
    kind: 'network',
    label: `Network Adapter (${adapter.macAddress === '' ? '000000000000' : adapter.macAddress})`,
    answer: 'fails',
    range: networkRange(legacy, connected),
    product: null,
    installer: false,
    failure: ['A boot image was not found.'],
  }
}

/** Option ROM and DHCP retries, 10 to 60 s when connected (devices 8.5); without a link the ROM gives up at once. */
function networkRange(legacy: boolean, connected: boolean): MsRange {
  if (legacy) return connected ? [32_000, 40_000] : [4_000, 6_000]
  return connected ? [12_000, 16_000] : [1_500, 2_500]
}

/** Lines that the firmware leaves when a device fails, in the wording of the host's release. */
export function failureLines(world: World, vm: VirtualMachineRow, candidate: BootCandidate): readonly string[] {
  if (candidate.kind !== 'network') return vm.generation === 2 && hasSummaryPage(world, vm) ? summaryLine(candidate) : candidate.failure
  if (vm.generation === 2) return hasSummaryPage(world, vm) ? summaryLine(candidate) : ['Boot Failed. EFI Network.']
  const adapter = world.tables.network_adapter.get(candidate.id)
  return [pxeRefusal(world, adapter), 'PXE-M0F: Exiting PXE ROM.']
}

/** Two texts: the device, and its result. The drawing numbers them. */
function summaryLine(candidate: BootCandidate): readonly string[] {
  return [candidate.label, candidate.failure[0] ?? 'The boot loader failed.']
}

/** Without a link: media test. Behind an external switch a router answers DHCP but offers no boot file; elsewhere nothing answers. */
export function pxeRefusal(world: World, adapter: NetworkAdapterRow | undefined): string {
  const network = adapter?.switchId ? world.tables.virtual_switch.get(adapter.switchId) : undefined
  if (network === undefined) return 'PXE-E61: Media test failure, check cable'
  return network.kind === 'external' ? 'PXE-E53: No boot filename received' : 'PXE-E51: No DHCP or proxyDHCP offers were received.'
}

/** Whether a boot that failed everywhere shows the numbered summary page (Generation 2 on hosts from 2016 on). */
export function showsSummaryPage(world: World, vm: VirtualMachineRow): boolean {
  return vm.generation === 2 && hasSummaryPage(world, vm)
}
