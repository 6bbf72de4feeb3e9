/** The virtual switches of a lab as the adapters of machines with a stack are plugged into them. */
import { adapterFrameOf, adapterPort } from '../network/adapter-port.ts'
import { isMac } from '../network/addresses.ts'
import { defaultPort } from '../network/port.ts'
import { defaultUplink } from '../network/topology.ts'
import { VirtualSwitch } from '../network/virtual-switch.ts'
import type { EthernetFrame } from '../providers/network/frame.ts'
import type { NetworkAdapterRow, SwitchRow } from '../rows.ts'
import type { World } from '../world.ts'
import type { AdapterWorld } from './device-world.ts'

/** Speed that a synthetic adapter tells its guest, bits per second. */
const LINK_BITS = 10_000_000_000
const MTU = 1500

/** An adapter that is not connected: what its guest sends is dropped. */
export const NO_CABLE: AdapterWorld = {
  facts: {
    mac: '00-00-00-00-00-00',
    mtu: MTU,
    linkSpeed: LINK_BITS,
    connected: false,
    friendlyName: 'Microsoft Hyper-V Network Adapter',
  },
  port: { send: () => ({ latencyTicks: 0, accepted: false }) },
}

export class LabNetwork {
  readonly #world: World
  readonly #switches = new Map<string, VirtualSwitch>()

  constructor(world: World) {
    this.#world = world
  }

  /** The switch of a row as far as frames have come to it; undefined when nobody has been plugged in. */
  switchOf(id: string): VirtualSwitch | undefined {
    return this.#switches.get(id)
  }

  /** Plugs an adapter in. Without a switch, or with an address that another adapter has there, its cable is out. */
  adapter(row: NetworkAdapterRow, now: () => number, deliver: (frames: readonly EthernetFrame[]) => void): AdapterWorld {
    const mac = (row.macAddress.match(/../g) ?? ['00', '00', '00', '00', '00', '00']).join('-')
    const unplugged: AdapterWorld = { ...NO_CABLE, facts: { ...NO_CABLE.facts, mac } }
    const item = row.switchId === null || !isMac(row.macAddress) ? undefined : this.#switch(row.switchId)
    if (item === undefined) return unplugged
    item.disconnect(row.id)
    const port = item.connect({ ...defaultPort, id: row.id, kind: row.kind, macAddress: row.macAddress }, now())
    if (!port.ok) return unplugged
    port.value.onReceive((frame) => {
      const copy = adapterFrameOf(frame)
      if (copy !== undefined) deliver([copy])
    })
    return { facts: { ...unplugged.facts, connected: true }, port: adapterPort(port.value, now), unplug: () => item.disconnect(row.id) }
  }

  #switch(id: string): VirtualSwitch | undefined {
    const known = this.#switches.get(id)
    if (known !== undefined) return known
    const row = this.#world.tables.virtual_switch.get(id)
    if (row === undefined) return undefined
    const item = newSwitch(row, this.#world.now)
    this.#switches.set(id, item)
    return item
  }
}

function newSwitch(row: SwitchRow, now: number): VirtualSwitch {
  const external = row.kind === 'external'
  const item = new VirtualSwitch(
    { id: row.id, kind: row.kind, minimumMode: 'weight', defaultFlowWeight: 10 },
    external ? defaultUplink : null,
  )
  if (external) item.connect({ ...defaultPort, id: 'uplink', kind: 'external', macAddress: '' }, now)
  return item
}
