/**
 * The virtual switch of a host (hypervisor reference 7.3; devices reference 9.2).
 *
 * It knows the addresses of its ports from their configuration and learns others only on ports that may spoof. A directed frame to an
 * address of its own goes to that port alone; to any other address it goes to the uplink and to the ports that may have more addresses
 * than the configured one. Broadcast and multicast go to all members of the VLAN. Each copy is delivered or dropped with a reason; nothing
 * disappears otherwise. Extensions and private VLANs are left out.
 */
import { invariant, type Result, refuse, succeed } from '../kernel/result.ts'
import { TICKS_PER_US, type Tick } from '../kernel/ticks.ts'
import { type BucketRow, Link, type LinkRow, type LinkSettings, QUEUE_TICKS_MAX, sendingTicks, TokenBucket } from './bandwidth.ts'
import { castOf, type EthernetFrame, frameBytes } from './frames.ts'
import { type MacEntryRow, MacTable } from './mac-table.ts'
import {
  type DropDirection,
  type DropReason,
  emptyTraffic,
  type FrameDelivery,
  type FrameDrop,
  type FrameOutcome,
  type PortSettings,
  type SwitchPort,
  type TrafficCounters,
} from './port.ts'
import { guardReason, isMember, type PortRefusal, type SwitchKind, settingsFault, taggedFor, takesPort, vlanOf } from './switch-rules.ts'

/** Work of the switch on a frame: 1 µs, and 0.3 µs for each 1,500 bytes that are copied (devices reference 9.1). */
export const SWITCH_TICKS = TICKS_PER_US
/** What the way through the parent partition adds to a frame from or to the physical adapter: 30 µs (hypervisor reference 7.3). */
export const UPLINK_TICKS = 30 * TICKS_PER_US
const COPY_TICKS_PER_BYTE = 3 / 1500

export interface SwitchSettings {
  readonly id: string
  readonly kind: SwitchKind
  /** How minimum bandwidth is given; fixed when the switch is made. */
  readonly minimumMode: 'none' | 'absolute' | 'weight'
  /** Weight of all ports that have none of their own. */
  readonly defaultFlowWeight: number
  /** Learned addresses at the most; default 4,096. */
  readonly learnedMax?: number
}

/** Saved form of a port. */
export interface PortStateRow {
  readonly id: string
  readonly traffic: TrafficCounters
  readonly drops: readonly PortDrops[]
  readonly bucket: BucketRow | null
  readonly reservedTick: Tick
}

/** Saved form of what a switch has counted and learned; `id` is that of the `virtual_switch` row. */
export interface SwitchStateRow {
  readonly id: string
  readonly traffic: TrafficCounters
  readonly flooded: number
  readonly learned: readonly MacEntryRow[]
  readonly ports: readonly PortStateRow[]
  readonly uplink: LinkRow | null
}

export interface PortDrops {
  readonly direction: DropDirection
  readonly reason: DropReason
  readonly count: number
}

/** A steady stream of directed frames from a port to another. */
export interface FrameLoad {
  readonly frames: number
  readonly bytes: number
}

interface Port {
  settings: PortSettings
  readonly traffic: TrafficCounters
  readonly drops: Map<string, PortDrops>
  bucket: TokenBucket | null
  /** When the port's reservation lets its next frame out. */
  reservedTick: Tick
  receive: ((frame: EthernetFrame, tick: Tick) => void) | null
}

/** What happened to the copies of one frame. */
interface Work {
  readonly deliveries: FrameDelivery[]
  readonly drops: FrameDrop[]
}

export class VirtualSwitch {
  readonly settings: SwitchSettings
  readonly traffic: TrafficCounters = emptyTraffic()
  readonly #ports = new Map<string, Port>()
  readonly #byMac = new Map<string, Port>()
  readonly #learned: MacTable
  #uplinkPort: Port | null = null
  #uplink: Link | null
  #flooded = 0

  /** @param uplink link of the bound physical adapter; external switches only. */
  constructor(settings: SwitchSettings, uplink: LinkSettings | null) {
    invariant((settings.kind === 'external') === (uplink !== null), 'external switches and only they have an uplink')
    this.settings = settings
    this.#learned = new MacTable(settings.learnedMax)
    this.#uplink = uplink === null ? null : new Link(uplink)
  }

  /** Directed frames that went to more than one port because nobody knew their destination: `Packets Flooded`. */
  get flooded(): number {
    return this.#flooded
  }

  get learnedAddresses(): number {
    return this.#learned.learned
  }

  get purgedAddresses(): number {
    return this.#learned.purged
  }

  get portIds(): string[] {
    return [...this.#ports.keys()]
  }

  get uplinkPortId(): string | null {
    return this.#uplinkPort?.settings.id ?? null
  }

  portSettings(id: string): PortSettings | undefined {
    return this.#ports.get(id)?.settings
  }

  portTraffic(id: string): Readonly<TrafficCounters> | undefined {
    return this.#ports.get(id)?.traffic
  }

  portDrops(id: string): PortDrops[] {
    return [...(this.#ports.get(id)?.drops.values() ?? [])]
  }

  /** Makes a port. A machine's port exists while the machine runs. */
  connect(settings: PortSettings, now: Tick): Result<SwitchPort, PortRefusal> {
    if (this.#ports.has(settings.id)) return refuse('port-exists', { port: settings.id })
    const fault = this.#fault(settings)
    if (fault !== null) return refuse(fault, { port: settings.id })
    const port: Port = { settings, traffic: emptyTraffic(), drops: new Map(), bucket: null, reservedTick: 0, receive: null }
    this.#ports.set(settings.id, port)
    this.#apply(port, now)
    return succeed({
      id: settings.id,
      send: (frame, tick) => this.send(settings.id, frame, tick),
      onReceive: (receive) => {
        port.receive = receive
      },
    })
  }

  /** Changes a port's settings while it is connected. */
  change(settings: PortSettings, now: Tick): Result<null, PortRefusal> {
    const port = this.#port(settings.id)
    const fault = this.#fault(settings)
    if (fault !== null) return refuse(fault, { port: settings.id })
    this.#byMac.delete(port.settings.macAddress)
    port.settings = settings
    this.#apply(port, now)
    return succeed(null)
  }

  disconnect(id: string): void {
    const port = this.#ports.get(id)
    if (port === undefined) return
    this.#ports.delete(id)
    this.#byMac.delete(port.settings.macAddress)
    this.#learned.forgetPort(id)
    if (this.#uplinkPort === port) this.#uplinkPort = null
  }

  /** Changes rate, latency or state of the physical link. */
  setUplink(settings: LinkSettings): void {
    invariant(this.#uplink !== null, `switch ${this.settings.id} has no uplink`)
    this.#uplink.settings = settings
  }

  /** Takes a frame from a port's adapter and delivers or drops every copy of it. Receivers are called before it returns. */
  send(portId: string, frame: EthernetFrame, now: Tick): FrameOutcome {
    const port = this.#port(portId)
    const work: Work = { deliveries: [], drops: [] }
    const vlan = vlanOf(port.settings, frame.tag)
    const reason = guardReason(port.settings, frame) ?? this.#uplinkReason(port, frame) ?? (typeof vlan === 'string' ? vlan : null)
    if (reason !== null || typeof vlan === 'string') {
      this.#drop(work, port, 'outgoing', reason ?? 'UnauthorizedVLAN')
      return { ...work, vlan: 0, flooded: false }
    }
    const bytes = frameBytes(frame)
    const outTick = port.bucket === null ? now : port.bucket.take(bytes, now)
    if (outTick === null) {
      this.#drop(work, port, 'outgoing', 'Qos')
      return { ...work, vlan, flooded: false }
    }
    this.#learn(port, frame, vlan, now)
    const { targets, flooded } = this.#targets(port, frame, vlan, now)
    count(port.traffic, 'Sent', frame, bytes)
    count(this.traffic, 'Received', frame, bytes)
    if (targets.length === 0 && castOf(frame.destination) === 'directed') this.#drop(work, port, 'outgoing', 'InvalidDestMac')
    if (flooded) this.#flooded++
    for (const target of targets) this.#deliver(work, port, target, frame, vlan, outTick)
    this.#mirror(work, port, targets, frame, vlan, outTick)
    for (const { portId: to, frame: copy, tick } of work.deliveries) this.#ports.get(to)?.receive?.(copy, tick)
    return { ...work, vlan, flooded }
  }

  /**
   * Counts a steady stream of directed frames as {@link send} would one by one, whatever their number.
   *
   * A limit, or a full uplink, holds a stream back instead of dropping from it, since its sender slows down.
   *
   * @param peerId port that the frames go to, or come from when `portId` is the uplink.
   * @param ticks length of the stretch; `now` is its end.
   * @returns what was carried; 0 when a rule drops the frames, which are counted under its reason then.
   */
  advanceLoad(portId: string, load: FrameLoad, peerId: string, ticks: Tick, now: Tick): FrameLoad {
    const [port, peer] = [this.#port(portId), this.#port(peerId)]
    if (load.frames <= 0) return { frames: 0, bytes: 0 }
    const vlan = vlanOf(port.settings, null)
    const link = port === this.#uplinkPort || peer === this.#uplinkPort ? this.#uplink : null
    if (typeof vlan === 'string' || (link !== null && port === this.#uplinkPort && !link.settings.up)) {
      this.#countDrops(port, 'outgoing', typeof vlan === 'string' ? vlan : 'Disconnected', load.frames)
      return { frames: 0, bytes: 0 }
    }
    let bytes = port.bucket === null ? load.bytes : port.bucket.takeSteady(load.bytes, ticks, now)
    if (link?.settings.up && peer === this.#uplinkPort) bytes = link.sendSteady(bytes, ticks, now, this.#reservedRate(port))
    const frames = bytes === load.bytes ? load.frames : Math.floor((load.frames * bytes) / load.bytes)
    port.traffic.bytesSent += bytes
    port.traffic.directedSent += frames
    this.traffic.bytesReceived += bytes
    this.traffic.directedReceived += frames
    const lost = !isMember(peer.settings, vlan) ? 'FilteredVLAN' : link !== null && !link.settings.up ? 'Disconnected' : null
    if (lost !== null) {
      this.#countDrops(peer, 'incoming', lost, frames)
      return { frames: 0, bytes: 0 }
    }
    peer.traffic.bytesReceived += bytes
    peer.traffic.directedReceived += frames
    this.traffic.bytesSent += bytes
    this.traffic.directedSent += frames
    return { frames, bytes }
  }

  toRow(): SwitchStateRow {
    const ports = [...this.#ports.values()].map((port) => ({
      id: port.settings.id,
      traffic: { ...port.traffic },
      drops: [...port.drops.values()],
      bucket: port.bucket?.toRow() ?? null,
      reservedTick: port.reservedTick,
    }))
    const { id } = this.settings
    return {
      id,
      traffic: { ...this.traffic },
      flooded: this.#flooded,
      learned: this.#learned.toRows(),
      ports,
      uplink: this.#uplink?.toRow() ?? null,
    }
  }

  /** Goes on from a saved row; the ports have been connected with their settings before. Rows of ports that are not there are left out. */
  restore(row: SwitchStateRow, now: Tick): void {
    Object.assign(this.traffic, row.traffic)
    this.#flooded = row.flooded
    this.#learned.restore(row.learned.filter(({ portId }) => this.#ports.has(portId)))
    if (this.#uplink !== null && row.uplink !== null) this.#uplink = new Link(this.#uplink.settings, row.uplink)
    for (const saved of row.ports) {
      const port = this.#ports.get(saved.id)
      if (port === undefined) continue
      Object.assign(port.traffic, saved.traffic)
      for (const drop of saved.drops) port.drops.set(`${drop.direction} ${drop.reason}`, drop)
      if (port.bucket !== null && saved.bucket !== null) port.bucket = new TokenBucket(port.bucket.bitsPerSecond, now, saved.bucket)
      port.reservedTick = saved.reservedTick
    }
  }

  #port(id: string): Port {
    const port = this.#ports.get(id)
    invariant(port !== undefined, `no port ${id} on switch ${this.settings.id}`)
    return port
  }

  #fault(settings: PortSettings): PortRefusal | null {
    if (!takesPort(this.settings.kind, settings.kind)) return 'port-kind-refused'
    if (settings.kind === 'external' && this.#uplinkPort !== null && this.#uplinkPort.settings.id !== settings.id)
      return 'port-kind-refused'
    const fault = settingsFault(settings)
    if (fault !== null) return fault
    const owner = settings.kind === 'external' ? undefined : this.#byMac.get(settings.macAddress)
    if (owner !== undefined && owner.settings.id !== settings.id) return 'mac-in-use'
    if (this.settings.minimumMode !== 'absolute' || this.#uplink === null) return null
    let reserved = settings.minimumBitsPerSecond
    for (const port of this.#ports.values()) if (port.settings.id !== settings.id) reserved += port.settings.minimumBitsPerSecond
    return reserved > this.#uplink.settings.bitsPerSecond ? 'bandwidth-oversubscribed' : null
  }

  #apply(port: Port, now: Tick): void {
    const { settings } = port
    if (settings.kind === 'external') this.#uplinkPort = port
    else this.#byMac.set(settings.macAddress, port)
    if (port.bucket?.bitsPerSecond !== settings.maximumBitsPerSecond) {
      port.bucket = settings.maximumBitsPerSecond === 0 ? null : new TokenBucket(settings.maximumBitsPerSecond, now)
    }
    if (!settings.macSpoofing) this.#learned.forgetPort(settings.id)
  }

  /** Why the uplink gives no frame in: its link is down, or the frame carries an address of a port of this switch. */
  #uplinkReason(port: Port, frame: EthernetFrame): DropReason | null {
    if (port !== this.#uplinkPort) return null
    if (this.#uplink?.settings.up !== true) return 'Disconnected'
    return this.#byMac.has(frame.source) ? 'InvalidSourceMac' : null
  }

  #learn(port: Port, frame: EthernetFrame, vlan: number, now: Tick): void {
    if (port === this.#uplinkPort) this.#learned.forget(vlan, frame.source)
    else if (port.settings.macSpoofing && frame.source !== port.settings.macAddress)
      this.#learned.learn(vlan, frame.source, port.settings.id, now)
  }

  #targets(from: Port, frame: EthernetFrame, vlan: number, now: Tick): { targets: Port[]; flooded: boolean } {
    if (castOf(frame.destination) !== 'directed') {
      return { targets: [...this.#ports.values()].filter((port) => port !== from && isMember(port.settings, vlan)), flooded: false }
    }
    const owner = this.#byMac.get(frame.destination)
    if (owner === from) return { targets: [], flooded: false }
    // Without an uplink a port of another VLAN is the only one that could be meant: its drop tells why.
    if (owner !== undefined && (isMember(owner.settings, vlan) || this.#uplinkPort === null)) return { targets: [owner], flooded: false }
    const heard = this.#ports.get(this.#learned.portOf(vlan, frame.destination, now) ?? '')
    if (heard !== undefined) return { targets: heard === from ? [] : [heard], flooded: false }
    const targets: Port[] = []
    for (const port of this.#ports.values()) {
      const may = port === this.#uplinkPort || (port.settings.macSpoofing && isMember(port.settings, vlan))
      if (may && port !== from) targets.push(port)
    }
    return { targets, flooded: targets.some((port) => port !== this.#uplinkPort) }
  }

  #deliver(work: Work, from: Port, to: Port, frame: EthernetFrame, vlan: number, now: Tick): void {
    if (!isMember(to.settings, vlan)) {
      this.#drop(work, to, 'incoming', 'FilteredVLAN')
      return
    }
    const copy = taggedFor(to.settings, frame, vlan)
    const bytes = frameBytes(copy)
    let tick = now + SWITCH_TICKS + Math.ceil(bytes * COPY_TICKS_PER_BYTE) + (from === this.#uplinkPort ? UPLINK_TICKS : 0)
    if (to === this.#uplinkPort && this.#uplink !== null) {
      const sent = this.#sendOut(this.#uplink, from, bytes, tick + UPLINK_TICKS)
      if (typeof sent === 'string') {
        this.#drop(work, to, 'incoming', sent)
        return
      }
      tick = sent
    }
    count(to.traffic, 'Received', copy, bytes)
    count(this.traffic, 'Sent', copy, bytes)
    work.deliveries.push({ portId: to.settings.id, frame: copy, tick, mirrored: false })
  }

  #sendOut(link: Link, from: Port, bytes: number, now: Tick): Tick | DropReason {
    if (!link.settings.up) return 'Disconnected'
    const rate = this.#reservedRate(from)
    const reserved = rate === 0 ? null : Math.max(now, from.reservedTick)
    if (link.freeTick - now > QUEUE_TICKS_MAX && (reserved === null || reserved - now > QUEUE_TICKS_MAX)) return 'Resources'
    if (reserved !== null) from.reservedTick = reserved + sendingTicks(bytes, rate)
    return link.send(bytes, now, reserved)
  }

  /** Bits per second of the uplink that are kept for a port. */
  #reservedRate(port: Port): number {
    const { minimumMode, defaultFlowWeight } = this.settings
    if (minimumMode === 'none' || this.#uplink === null) return 0
    if (minimumMode === 'absolute') return port.settings.minimumBitsPerSecond
    if (port.settings.minimumWeight === 0) return 0
    let weights = defaultFlowWeight
    for (const other of this.#ports.values()) weights += other.settings.minimumWeight
    return Math.floor((this.#uplink.settings.bitsPerSecond * port.settings.minimumWeight) / weights)
  }

  /** Copies of what mirrored ports send and receive go to every port that is a mirroring destination. */
  #mirror(work: Work, from: Port, targets: readonly Port[], frame: EthernetFrame, vlan: number, now: Tick): void {
    if (from.settings.mirroring !== 'source' && !targets.some((port) => port.settings.mirroring === 'source')) return
    for (const port of this.#ports.values()) {
      if (port.settings.mirroring !== 'destination' || port === from || targets.includes(port)) continue
      const copy = taggedFor(port.settings, frame, vlan)
      const bytes = frameBytes(copy)
      count(port.traffic, 'Received', copy, bytes)
      count(this.traffic, 'Sent', copy, bytes)
      const tick = now + SWITCH_TICKS + Math.ceil(bytes * COPY_TICKS_PER_BYTE)
      work.deliveries.push({ portId: port.settings.id, frame: copy, tick, mirrored: true })
    }
  }

  #drop(work: Work, port: Port, direction: DropDirection, reason: DropReason): void {
    work.drops.push({ portId: port.settings.id, direction, reason })
    this.#countDrops(port, direction, reason, 1)
  }

  #countDrops(port: Port, direction: DropDirection, reason: DropReason, frames: number): void {
    const key = direction === 'outgoing' ? 'droppedOutgoing' : 'droppedIncoming'
    port.traffic[key] += frames
    this.traffic[key] += frames
    const known = port.drops.get(`${direction} ${reason}`)?.count ?? 0
    port.drops.set(`${direction} ${reason}`, { direction, reason, count: known + frames })
  }
}

function count(traffic: TrafficCounters, way: 'Sent' | 'Received', frame: EthernetFrame, bytes: number): void {
  traffic[`bytes${way}`] += bytes
  traffic[`${castOf(frame.destination)}${way}`] += 1
}
