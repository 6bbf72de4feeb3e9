/** What the host learns from a guest's integration services: heartbeat, service versions, network addresses. */
import { isDeaf } from '../faults/rows.ts'
import { hashText } from '../kernel/random.ts'
import type { IntegrationService } from '../products/guests.ts'
import { hostProduct } from '../products/hosts.ts'
import type { GuestRow, NetworkAdapterRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { isUp } from './phases.ts'
import { productOf } from './row.ts'

/** Texts of the Heartbeat field (hyper-v-manager 3.5); empty where the product leaves the row out (off, saved). */
export type HeartbeatText =
  | ''
  | 'OK (Applications Healthy)'
  | 'OK (No Application Data)'
  | 'OK (Applications Critical)'
  | 'No Contact'
  | 'Lost Communication'
  | 'Paused'

export type IntegrationServicesText = '' | 'Up to date' | 'Update required' | 'Not detected'

/** True when that integration service of the guest runs and its processors do. */
export function serviceRuns(guest: GuestRow, service: IntegrationService): boolean {
  return guest.frozenAfter === null && hasService(guest, service) && isUp(guest.phase)
}

function hasService(guest: GuestRow, service: IntegrationService): boolean {
  const integration = productOf(guest)?.integration
  if (integration?.kind !== 'built-in' && integration?.kind !== 'installed') return false
  return integration.services.includes(service)
}

/**
 * Heartbeat as the host words it. A guest that hangs, crashes or ends after it was up has stopped answering (devices 5.2); the host's
 * patience of 5 to 10 s is left out.
 */
export function heartbeat(world: World, vm: VirtualMachineRow, guest: GuestRow | undefined): HeartbeatText {
  if (guest === undefined || vm.state === 'Off' || vm.state === 'Saved') return ''
  if (vm.state === 'Paused') return 'Paused'
  // Its processors stand still: saving, pausing, stopping or resetting.
  if (guest.frozenAfter !== null) return 'Lost Communication'
  if (!hasService(guest, 'heartbeat')) return 'No Contact'
  if (isDeaf(world, vm)) return 'Lost Communication'
  if (isUp(guest.phase)) return productOf(guest)?.heartbeat === 'application' ? 'OK (Applications Healthy)' : 'OK (No Application Data)'
  const stopped = ['hung', 'crashed', 'shutting-down', 'restarting', 'hibernating', 'powered-off'].includes(guest.phase)
  return stopped ? 'Lost Communication' : 'No Contact'
}

/** Releases whose management tools have a 6.x version carry a setup disk and compare with it; later ones leave it to Windows Update (devices 5.8). */
function carriesSetupDisk(toolsVersion: string): boolean {
  return toolsVersion.startsWith('6.')
}

/** Text of the Integration Services field (hyper-v-manager 7.1); empty until the guest is up. */
export function integrationServicesText(world: World, vm: VirtualMachineRow, guest: GuestRow | undefined): IntegrationServicesText {
  const product = guest === undefined ? null : productOf(guest)
  if (guest === undefined || product === null || !isUp(guest.phase)) return ''
  const { integration } = product
  if (integration.kind === 'none' || integration.kind === 'installable') return 'Not detected'
  const { toolsVersion } = hostProduct(world.tables.host.require(vm.hostId).productId)
  const outdated = product.family === 'windows' && carriesSetupDisk(toolsVersion) && compareVersions(integration.version, toolsVersion) < 0
  return outdated ? 'Update required' : 'Up to date'
}

/** Negative when `a` is the older dotted version. */
function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number)
  const right = b.split('.').map(Number)
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** A guest drives the adapter: synthetic ones by its VMBus driver, the emulated 21140 by the driver that systems but DOS bring. */
function drivesAdapter(guest: GuestRow, adapter: NetworkAdapterRow): boolean {
  const product = productOf(guest)
  if (product === null) return false
  return adapter.kind === 'legacy' ? product.family !== 'dos' : product.drivers.includes('network')
}

/** Host parts 20 to 219 of a class C network are leased; the rest is for routers and fixed addresses. */
const LEASE_FIRST = 20
const LEASES = 200

/**
 * Addresses of an adapter as the data exchange service reports them: IPv4 first, then the IPv6 link-local one. Empty while the guest is
 * not up, has no data exchange service, no driver, or no switch. Behind an external switch a DHCP server leases 192.168.1.x (further
 * networks after 200 adapters); elsewhere Windows gives itself an address in 169.254/16 (RFC 3927) and Linux none.
 */
export function ipAddresses(world: World, vmId: string, adapterId: string): string[] {
  const adapter = world.tables.network_adapter.get(adapterId)
  const guest = world.tables.guest.get(vmId)
  if (adapter === undefined || guest === undefined || !isUp(guest.phase)) return []
  if (!hasService(guest, 'data-exchange') || !drivesAdapter(guest, adapter)) return []
  const network = adapter.switchId === null ? undefined : world.tables.virtual_switch.get(adapter.switchId)
  return network === undefined ? [] : addressesOn(world, guest, adapter, network.kind === 'external')
}

/**
 * Addresses of a network stack on a connected adapter, whether or not the host is told of them.
 */
export function addressesOn(world: World, guest: GuestRow, adapter: NetworkAdapterRow, leased: boolean): string[] {
  const windows = productOf(guest)?.family === 'windows'
  const addresses: string[] = []
  if (leased) addresses.push(leaseOf(world, adapter))
  else if (windows) addresses.push(automaticAddress(adapter))
  if (speaksIpv6(guest)) addresses.push(linkLocal(adapter, windows))
  return addresses
}

/** Systems with VMBus drivers of their own came with an IPv6 stack switched on; XP and 2003 did not. */
function speaksIpv6(guest: GuestRow): boolean {
  return productOf(guest)?.integration.kind === 'built-in'
}

/** The lease of an adapter: its preferred host part, or the next that none of the adapters before it has. */
function leaseOf(world: World, adapter: NetworkAdapterRow): string {
  const taken = new Set<number>()
  let rank = 0
  for (const other of world.tables.network_adapter.values()) {
    if (other.switchId !== adapter.switchId) continue
    if (rank >= LEASES) {
      if (other.id === adapter.id) return `192.168.${1 + Math.floor(rank / LEASES)}.${LEASE_FIRST + (rank % LEASES)}`
    } else {
      let slot = hashText(other.id) % LEASES
      while (taken.has(slot)) slot = (slot + 1) % LEASES
      taken.add(slot)
      if (other.id === adapter.id) return `192.168.1.${LEASE_FIRST + slot}`
    }
    rank++
  }
  return `192.168.1.${LEASE_FIRST}`
}

/** Automatic private address: 169.254.1.0 to 169.254.254.255 (RFC 3927 2.1). */
function automaticAddress(adapter: NetworkAdapterRow): string {
  const hash = hashText(`169.254 ${adapter.id}`)
  return `169.254.${1 + (hash % 254)}.${(hash >>> 16) % 256}`
}

/** fe80 and an interface identifier: from the MAC address on Unix (RFC 4291 appendix A), a random constant on Windows. */
function linkLocal(adapter: NetworkAdapterRow, windows: boolean): string {
  const groups = windows ? randomIdentifier(adapter.id) : macIdentifier(adapter.macAddress)
  return `fe80::${groups.map((group) => group.toString(16)).join(':')}`
}

function randomIdentifier(id: string): number[] {
  const high = hashText(`v6 high ${id}`)
  const low = hashText(`v6 low ${id}`)
  return [(high >>> 16) | 0x1000, high & 0xffff, low >>> 16, low & 0xffff]
}

function macIdentifier(macAddress: string): number[] {
  const bytes = Array.from({ length: 6 }, (_, index) => Number.parseInt(macAddress.slice(index * 2, index * 2 + 2), 16) || 0)
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes
  return [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f]
}

/** Texts of the Status column of the Networking tab (hyper-v-manager 7.3); empty when the machine has no partition. */
export type AdapterStatusText = '' | 'OK' | 'Degraded (Integration services upgrade required)' | 'No Contact'

export function adapterStatus(world: World, vmId: string, adapterId: string): AdapterStatusText {
  const guest = world.tables.guest.get(vmId)
  const adapter = world.tables.network_adapter.get(adapterId)
  const vm = world.tables.virtual_machine.get(vmId)
  if (guest === undefined || adapter === undefined || vm === undefined || vm.assignedMemoryMb === 0) return ''
  if (adapter.kind === 'legacy') return 'OK'
  if (!isUp(guest.phase) || !drivesAdapter(guest, adapter)) return 'No Contact'
  const text = integrationServicesText(world, vm, guest)
  return text === 'Update required' ? 'Degraded (Integration services upgrade required)' : 'OK'
}
