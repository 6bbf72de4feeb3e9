/** Small networks for tests: switches, stations on their ports, stations on cables. */
import { hashText } from '../kernel/random.ts'
import { Fabric, type Hop } from './fabric.ts'
import { plainStation, type StationInterface } from './ip-station.ts'
import { defaultPort, type PortKind, type PortSettings } from './port.ts'
import type { SwitchKind } from './switch-rules.ts'
import { VirtualSwitch } from './virtual-switch.ts'

const macOf = (text: string): string => `02${hashText(text).toString(16).padStart(8, '0')}01`.toUpperCase()

export function testFabric(switches: readonly (readonly [id: string, kind: SwitchKind])[]): Fabric {
  const fabric = new Fabric()
  for (const [id, kind] of switches) {
    const uplink = kind === 'external' ? { bitsPerSecond: 1e9, latencyTicks: 50, up: true } : null
    const item = new VirtualSwitch({ id, kind, minimumMode: 'none', defaultFlowWeight: 10 }, uplink)
    if (kind === 'external') item.connect({ ...defaultPort, id: 'uplink', kind: 'external', macAddress: '' }, 0)
    fabric.addSwitch(item)
  }
  return fabric
}

/** A station with adapters on switches; switch null: an adapter that is not connected. */
export function plugged(
  fabric: Fabric,
  id: string,
  adapters: readonly (readonly [adapter: string, switchId: string | null, ip: string, prefix: number])[],
  kind: PortKind = 'synthetic',
  gateway: string | null = null,
  columns: Partial<PortSettings> = {},
): void {
  const interfaces = adapters.map(
    ([adapter, , ip, prefix]): StationInterface => ({ id: adapter, macAddress: macOf(adapter), ip, prefix, vlan: null }),
  )
  fabric.addStation({ ...plainStation, id, interfaces, gateway })
  for (const [adapter, switchId] of adapters) {
    if (switchId === null) continue
    const made = fabric.switches.get(switchId)?.connect({ ...defaultPort, ...columns, id: adapter, kind, macAddress: macOf(adapter) }, 0)
    if (made?.ok !== true) throw new Error(made?.refusal.code ?? `no switch ${switchId}`)
    fabric.attach(id, adapter, { kind: 'port', switchId, portId: adapter })
  }
}

/** A station on the physical network. */
export function cabled(fabric: Fabric, id: string, ip: string, prefix: number, answersEcho = true): void {
  fabric.addStation({ ...plainStation, id, interfaces: [{ id: 'eth', macAddress: macOf(id), ip, prefix, vlan: null }], answersEcho })
  fabric.attach(id, 'eth', { kind: 'cable', cableId: `cable ${id}` })
}

/** A router at 192.168.1.1 with two leases, a host 20 ms away, and interfaces in VLANs. */
export function addDistantRouter(fabric: Fabric, vlans: readonly (readonly [id: string, ip: string, vlan: number])[] = []): void {
  const lan: StationInterface = { id: 'lan', macAddress: macOf('router lan'), ip: '192.168.1.1', prefix: 24, vlan: null }
  const tagged = vlans.map(([id, ip, vlan]): StationInterface => ({ id, macAddress: macOf(id), ip, prefix: 24, vlan }))
  fabric.addStation({
    ...plainStation,
    id: 'router',
    interfaces: [lan, ...tagged],
    forwards: true,
    remote: new Map([['203.0.113.10', 200_000]]),
    pool: { interfaceId: 'lan', firstIp: '192.168.1.100', count: 2, seconds: 3600 },
  })
  for (const { id } of [lan, ...tagged]) fabric.attach('router', id, { kind: 'cable', cableId: `router ${id}` })
}

/** `place event frame` of a hop. */
export function frameText({ place, event, frame }: Hop): string {
  const { payload } = frame
  return `${place} ${event} ${payload.kind === 'arp' ? `arp ${payload.operation}` : payload.kind === 'icmp' ? payload.type : payload.kind}`
}
