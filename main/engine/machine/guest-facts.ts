/** From the catalogue of guest systems to what the stack has to know, and which driver serves which device. */
import type { GuestProfile } from '../hypervisor/index.ts'
import type { GuestProduct, IntegrationService, SyntheticDriver } from '../products/guests.ts'
import type { DeviceClassName } from '../vmbus/classes.ts'
import { type VmbusVersion, versionText, vmbusVersion, vmbusVersions } from '../vmbus/versions.ts'
import type { DeviceKind, DeviceSpec, GuestFacts } from './stack-types.ts'

/** What the stack has to know of a system that runs on a machine with `processorCount` virtual processors. */
export function guestFactsOf(
  product: GuestProduct,
  processorCount: number,
  options: { readonly amdOptimizationDriver?: boolean } = {},
): GuestFacts {
  const { integration } = product
  return {
    guestId: product.guestId,
    vmbus: product.vmbus,
    drivers: product.drivers,
    services: integration.kind === 'built-in' || integration.kind === 'installed' ? integration.services : [],
    processors: Math.max(1, Math.min(processorCount, product.maximumProcessors)),
    bits: product.architecture === 'x64' ? 64 : 32,
    writesTprOften: product.writesTprOften,
    amdOptimizationDriver: options.amdOptimizationDriver ?? false,
    family: product.family,
  }
}

/** No system at all: the machine stays in its firmware. */
export const NO_GUEST: GuestFacts = {
  guestId: null,
  vmbus: null,
  drivers: [],
  services: [],
  processors: 1,
  bits: 64,
  writesTprOften: false,
  amdOptimizationDriver: false,
  family: 'dos',
}

/** The version value of a text such as `5.3`. */
export function vmbusVersionOf(text: string): VmbusVersion | undefined {
  return vmbusVersions.find((version) => versionText(version) === text)
}

/** Whether the system uses the hypervisor's own interface: it names itself, or it has a VMBus driver. */
export function isEnlightened(guest: GuestFacts): boolean {
  return guest.guestId !== null || guest.vmbus !== null
}

/** Operating system identity that the installable services write for systems that name none: Microsoft, Windows NT 5.1 (TLFS 2.6). */
export const SERVICES_GUEST_ID = '0001040501030A28'

/** How the system behaves towards its processors. */
export function guestProfileOf(guest: GuestFacts): GuestProfile {
  const enlightened = isEnlightened(guest)
  return {
    bits: guest.bits,
    tpr: guest.writesTprOften ? 'eager' : 'lazy',
    syntheticInterrupts: enlightened,
    enlightenedFlush: enlightened,
    autoEoi: enlightened,
    amdOptimizationDriver: guest.amdOptimizationDriver,
  }
}

interface DeviceRow {
  readonly className: DeviceClassName | null
  /** What the guest needs for it. */
  readonly driver: SyntheticDriver | null
  readonly service: IntegrationService | null
  /** Boot step in which the guest opens its channel. */
  readonly step: 'devices' | 'services' | null
  readonly title: string
}

/** How each device is offered and used (hypervisor reference 5.1, devices 1 and 10). */
export const DEVICE_ROWS: Readonly<Record<DeviceKind, DeviceRow>> = {
  scsi: { className: 'scsi', driver: 'storage', service: null, step: 'devices', title: 'SCSI Controller' },
  'ide-filter': { className: 'ideAccelerator', driver: 'storage', service: null, step: 'devices', title: 'IDE Controller' },
  network: { className: 'network', driver: 'network', service: null, step: 'devices', title: 'Network Adapter' },
  'legacy-network': { className: null, driver: null, service: null, step: null, title: 'Legacy Network Adapter' },
  video: { className: 'video', driver: 'video', service: null, step: 'devices', title: 'Video' },
  keyboard: { className: 'keyboard', driver: 'keyboard', service: null, step: 'devices', title: 'Keyboard' },
  mouse: { className: 'mouse', driver: 'mouse', service: null, step: 'devices', title: 'Mouse' },
  'dynamic-memory': { className: 'dynamicMemory', driver: 'dynamic-memory', service: null, step: 'devices', title: 'Dynamic Memory' },
  heartbeat: { className: 'heartbeat', driver: 'integration', service: 'heartbeat', step: 'services', title: 'Heartbeat' },
  shutdown: { className: 'shutdown', driver: 'integration', service: 'shutdown', step: 'services', title: 'Operating system shutdown' },
  timesync: {
    className: 'timeSync',
    driver: 'integration',
    service: 'time-synchronization',
    step: 'services',
    title: 'Time synchronization',
  },
  kvp: { className: 'kvp', driver: 'integration', service: 'data-exchange', step: 'services', title: 'Data Exchange' },
  vss: { className: 'vss', driver: 'integration', service: 'backup', step: 'services', title: 'Backup (volume checkpoint)' },
  'file-copy': { className: 'guestServices', driver: 'integration', service: 'guest-services', step: 'services', title: 'Guest services' },
  rdv: { className: 'rdpControl', driver: 'integration', service: null, step: 'services', title: 'Remote Desktop Control Channel' },
}

/** Whether the guest has the driver (and runs the service) that a device wants. Enhanced sessions by VMBus are Windows' alone, from 8.1 on. */
export function hasDriver(guest: GuestFacts, kind: DeviceKind): boolean {
  const row = DEVICE_ROWS[kind]
  if (guest.vmbus === null || row.driver === null || !guest.drivers.includes(row.driver)) return false
  if (kind === 'rdv') return guest.family === 'windows' && (vmbusVersionOf(guest.vmbus) ?? 0) >= vmbusVersion.v3_0
  return row.service === null || guest.services.includes(row.service)
}

/** Devices are the same when kind and instance are; specifications may be copies of each other. */
export function isSameDevice(a: DeviceSpec, b: DeviceSpec): boolean {
  return a === b || (a.kind === b.kind && a.instanceId === b.instanceId)
}
