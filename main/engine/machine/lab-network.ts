/** The virtual switches of a lab as the adapters of machines with a stack are plugged into them. */
import { adapterFrameOf, adapterPort } from '../network/adapter-port.ts'
import { isMac } from '../network/addresses.ts'
import { defaultPort } from '../network/port.ts'
import { defaultUplink } from '../network/topology.ts'
import { VirtualSwitch } from '../network/virtual-switch.ts'
import type { NetworkAdapterRow, SwitchRow } from '../rows.ts'
import type { World } from '../world.ts'
import type { AdapterPlug, AdapterWorld } from './device-world.ts'

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

/** What an adapter is plugged into now. */
interface Cable {
  readonly plug: AdapterPlug
  switch: VirtualSwitch | undefined
  port: AdapterWorld['port'] | undefined
}

export class LabNetwork {
  readonly #world: World
  readonly #switches = new Map<string, VirtualSwitch>()
  readonly #cables = new Map<string, Cable>()

  constructor(world: World) {
    this.#world = world
  }

  /** The switch of a row as far as frames have come to it; undefined when nobody has been plugged in. */
  switchOf(id: string): VirtualSwitch | undefined {
    return this.#switches.get(id)
  }

  /** Plugs an adapter in. Without a switch, or with an address that another adapter has there, its cable is out. */
  adapter(row: NetworkAdapterRow, plug: AdapterPlug): AdapterWorld {
    const mac = (row.macAddress.match(/../g) ?? ['00', '00', '00', '00', '00', '00']).join('-')
    const cable: Cable = { plug, switch: undefined, port: undefined }
    this.#cables.set(row.id, cable)
    this.#connect(row, cable)
    return {
      facts: { ...NO_CABLE.facts, mac, connected: cable.port !== undefined },
      port: { send: (frame, info) => (cable.port ?? NO_CABLE.port).send(frame, info) },
      unplug: () => {
        this.#disconnect(row.id, cable)
        if (this.#cables.get(row.id) === cable) this.#cables.delete(row.id)
      },
    }
  }

  /** The cable of an adapter of a machine that is on goes into another switch, or out: the guest sees its link go and come. */
  adapterChanged(row: NetworkAdapterRow): void {
    const cable = this.#cables.get(row.id)
    if (cable === undefined) return
    const before = cable.port !== undefined
    this.#disconnect(row.id, cable)
    if (before) cable.plug.linkChanged(false)
    this.#connect(row, cable)
    if (cable.port !== undefined) cable.plug.linkChanged(true)
  }

  #connect(row: NetworkAdapterRow, cable: Cable): void {
    const { plug } = cable
    const item = row.switchId === null || !isMac(row.macAddress) ? undefined : this.#switch(row.switchId)
    const port = item?.connect({ ...defaultPort, id: row.id, kind: row.kind, macAddress: row.macAddress }, plug.now())
    if (item === undefined || port?.ok !== true) return
    port.value.onReceive((frame) => {
      const copy = adapterFrameOf(frame)
      if (copy !== undefined) plug.deliver([copy])
    })
    cable.switch = item
    cable.port = adapterPort(port.value, () => plug.now())
  }

  #disconnect(id: string, cable: Cable): void {
    cable.switch?.disconnect(id)
    cable.switch = undefined
    cable.port = undefined
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
