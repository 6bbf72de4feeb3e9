/**
 * The networks of a lab from its rows: a switch per `virtual_switch`, an adapter of the host on every external and internal one, a port per
 * adapter of a running machine, and a network with a router, a DHCP server and a distant host behind the uplinks.
 */
import { isUp } from '../guest/phases.ts'
import { addressesOn } from '../guest/status.ts'
import { hashText } from '../kernel/random.ts'
import { TICKS_PER_MS, TICKS_PER_US, type Tick } from '../kernel/ticks.ts'
import type { HostRow, NetworkAdapterRow, SwitchRow } from '../rows.ts'
import type { World } from '../world.ts'
import { isMac } from './addresses.ts'
import type { LinkSettings } from './bandwidth.ts'
import { Fabric } from './fabric.ts'
import { NO_IP } from './frames.ts'
import { plainStation, type StationInterface } from './ip-station.ts'
import { defaultPort, type PortSettings } from './port.ts'
import { VirtualSwitch } from './virtual-switch.ts'

/** Link of a physical adapter unless another is given: 10 Gbit/s, some metres of cable and the adapters at both ends. */
export const defaultUplink: LinkSettings = { bitsPerSecond: 10_000_000_000, latencyTicks: 5 * TICKS_PER_US, up: true }

/** The network behind every uplink: 192.168.0.0/16, with leases from 192.168.1.20 on as the guests report them. */
export const outside = {
  routerId: 'router',
  routerMac: '0200C0A80101',
  routerIp: '192.168.1.1',
  prefix: 16,
  firstLease: '192.168.1.20',
  leases: 60_000,
  leaseSeconds: 8 * 86_400,
  /** A host far away (RFC 5737 documentation address) and the time to it and back. */
  distantIp: '203.0.113.10',
  distantTicks: 20 * TICKS_PER_MS,
} as const

/** Bits of the network part of automatic private addresses (RFC 3927). */
const AUTOMATIC_PREFIX = 16

/** Id of a host's station: it has an interface per switch that the host is on, named by the switch. */
export function hostStationId(hostId: string): string {
  return `host ${hostId}`
}

/** Id of a machine's station: it has an interface per connected adapter, named by the adapter. */
export function machineStationId(vmId: string): string {
  return `vm ${vmId}`
}

/** Builds the whole network as it is now. `uplinkOf` tells link rates and states; ports of machines exist while these have a partition. */
export function fabricOf(world: World, uplinkOf: (item: SwitchRow) => LinkSettings = () => defaultUplink): Fabric {
  const fabric = new Fabric()
  addOutside(fabric)
  for (const host of world.tables.host.values()) addHost(world, fabric, host, uplinkOf)
  for (const vm of world.tables.virtual_machine.values()) {
    if (vm.assignedMemoryMb > 0) addMachine(world, fabric, vm.id)
  }
  return fabric
}

function addOutside(fabric: Fabric): void {
  const cable: StationInterface = { id: 'lan', macAddress: outside.routerMac, ip: outside.routerIp, prefix: outside.prefix, vlan: null }
  fabric.addStation({
    ...plainStation,
    id: outside.routerId,
    interfaces: [cable],
    answerTicks: 20 * TICKS_PER_US,
    forwards: true,
    remote: new Map<string, Tick>([[outside.distantIp, outside.distantTicks]]),
    pool: { interfaceId: 'lan', firstIp: outside.firstLease, count: outside.leases, seconds: outside.leaseSeconds },
  })
  fabric.attach(outside.routerId, 'lan', { kind: 'cable', cableId: 'router lan' })
}

function addHost(world: World, fabric: Fabric, host: HostRow, uplinkOf: (item: SwitchRow) => LinkSettings): void {
  const interfaces: StationInterface[] = []
  const switches = world.by.switchesOfHost.of(host.id)
  for (const row of switches) {
    const item = new VirtualSwitch(
      { id: row.id, kind: row.kind, minimumMode: 'weight', defaultFlowWeight: 10 },
      row.kind === 'external' ? uplinkOf(row) : null,
    )
    if (row.kind === 'external') item.connect({ ...defaultPort, id: 'uplink', kind: 'external', macAddress: '' }, world.now)
    fabric.addSwitch(item)
    if (row.kind !== 'private') interfaces.push(hostInterface(host, row, item, world.now))
  }
  fabric.addStation({ ...plainStation, id: hostStationId(host.id), interfaces, gateway: outside.routerIp, answerTicks: 20 * TICKS_PER_US })
  for (const { id } of interfaces) fabric.attach(hostStationId(host.id), id, { kind: 'port', switchId: id, portId: 'host' })
}

/** The host's own adapter: 192.168.1.2 and up on external switches, an automatic address on internal ones. */
function hostInterface(host: HostRow, row: SwitchRow, item: VirtualSwitch, now: Tick): StationInterface {
  const hash = hashText(`host adapter ${row.id}`)
  const macAddress = `02${hash.toString(16).padStart(8, '0')}${(host.position & 0xff).toString(16).padStart(2, '0')}`.toUpperCase()
  item.connect({ ...defaultPort, id: 'host', kind: 'internal', macAddress }, now)
  const external = row.kind === 'external'
  const ip = external ? `192.168.0.${10 + host.position * 8 + (hash % 8)}` : `169.254.255.${1 + (hash % 254)}`
  return { id: row.id, macAddress, ip, prefix: external ? outside.prefix : AUTOMATIC_PREFIX, vlan: null }
}

function addMachine(world: World, fabric: Fabric, vmId: string): void {
  const interfaces: StationInterface[] = []
  const attached: { readonly adapterId: string; readonly switchId: string }[] = []
  for (const adapter of world.by.adaptersOfVm.of(vmId)) {
    const item = adapter.switchId === null ? undefined : fabric.switches.get(adapter.switchId)
    if (item === undefined || !isMac(adapter.macAddress)) continue
    const connected = item.connect(portOf(adapter), world.now)
    if (!connected.ok) continue
    const ip = addressOf(world, adapter, item.settings.kind === 'external')
    const prefix = ip?.startsWith('169.254.') ? AUTOMATIC_PREFIX : outside.prefix
    interfaces.push({ id: adapter.id, macAddress: adapter.macAddress, ip: ip ?? NO_IP, prefix, vlan: null })
    attached.push({ adapterId: adapter.id, switchId: item.settings.id })
  }
  const leased = interfaces.some(({ ip }) => ip.startsWith('192.168.'))
  fabric.addStation({ ...plainStation, id: machineStationId(vmId), interfaces, gateway: leased ? outside.routerIp : null })
  for (const { adapterId, switchId } of attached) {
    fabric.attach(machineStationId(vmId), adapterId, { kind: 'port', switchId, portId: adapterId })
  }
}

function portOf(adapter: NetworkAdapterRow): PortSettings {
  return { ...defaultPort, id: adapter.id, kind: adapter.kind, macAddress: adapter.macAddress }
}

/** IPv4 address of an adapter while its guest is up; null otherwise. */
function addressOf(world: World, adapter: NetworkAdapterRow, leased: boolean): string | null {
  const guest = world.tables.guest.get(adapter.vmId)
  if (guest === undefined || !isUp(guest.phase)) return null
  return addressesOn(world, guest, adapter, leased).find((ip) => ip.includes('.')) ?? null
}
