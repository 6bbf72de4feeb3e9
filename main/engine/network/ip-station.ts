/**
 * The network stack of a guest, of a host's own adapter, or of a router and server behind the uplink, as far as ping and DHCP need it:
 * addresses, ARP, ICMP echo, forwarding between interfaces, leases (RFC 826, 792, 1812, 2131).
 */
import { TICKS_PER_US, type Tick } from '../kernel/ticks.ts'
import { ipNumber, ipText, maskOf, sameNetwork } from './addresses.ts'
import {
  BROADCAST_IP,
  BROADCAST_MAC,
  castOf,
  type DhcpPacket,
  type EthernetFrame,
  type FramePayload,
  type IcmpPacket,
  type Ipv4Address,
  type MacAddress,
  NO_IP,
  NO_MAC,
} from './frames.ts'

/** An adapter of a station with its address. */
export interface StationInterface {
  readonly id: string
  readonly macAddress: MacAddress
  /** 0.0.0.0 while it has none. */
  readonly ip: Ipv4Address
  /** Bits of the network part. */
  readonly prefix: number
  /** Tag that the station puts on its frames itself; null: untagged. */
  readonly vlan: number | null
}

/** Leases given out on an interface. */
export interface DhcpPool {
  readonly interfaceId: string
  readonly firstIp: Ipv4Address
  readonly count: number
  readonly seconds: number
}

export interface StationSettings {
  readonly id: string
  readonly interfaces: readonly StationInterface[]
  readonly gateway: Ipv4Address | null
  /** Answers echo requests; a firewall may say no. */
  readonly answersEcho: boolean
  /** Time from a frame to its answer, ticks. */
  readonly answerTicks: Tick
  /** Passes packets on between its interfaces. */
  readonly forwards: boolean
  /** Hosts beyond a router and the time to them and back, ticks. */
  readonly remote: ReadonlyMap<Ipv4Address, Tick>
  readonly pool: DhcpPool | null
}

/** Guest stack there and back: 2 × 5 µs and the wake-up of an idle processor (devices reference 9.1). */
export const GUEST_ANSWER_TICKS = 50 * TICKS_PER_US
/** Time to live of a fresh packet: Windows sends 128. */
export const TIME_TO_LIVE = 128

export const plainStation = {
  gateway: null,
  answersEcho: true,
  answerTicks: GUEST_ANSWER_TICKS,
  forwards: false,
  remote: new Map<Ipv4Address, Tick>(),
  pool: null,
} as const satisfies Omit<StationSettings, 'id' | 'interfaces'>

/** A frame that a station sends, after a time. */
export interface StationFrame {
  readonly interfaceId: string
  readonly frame: EthernetFrame
  readonly afterTicks: Tick
}

/** What a station makes of a frame. */
export interface StationAnswer {
  readonly frames: readonly StationFrame[]
  /** An ICMP packet that was for the station itself. */
  readonly icmp: IcmpPacket | null
  /** A server's DHCP message that was for the station itself. */
  readonly dhcp: DhcpPacket | null
}

const NOTHING: StationAnswer = { frames: [], icmp: null, dhcp: null }

export class IpStation {
  settings: StationSettings
  readonly #neighbours = new Map<string, MacAddress>()
  readonly #waiting = new Map<string, IcmpPacket[]>()
  readonly #leases = new Map<MacAddress, Ipv4Address>()

  constructor(settings: StationSettings) {
    this.settings = settings
  }

  /** Neighbours that the station has an address of (its ARP table), as pairs in the order in which they were learned. */
  get neighbours(): (readonly [Ipv4Address, MacAddress])[] {
    return [...this.#neighbours].map(([key, mac]) => [key.slice(key.indexOf(' ') + 1), mac] as const)
  }

  get leases(): ReadonlyMap<MacAddress, Ipv4Address> {
    return this.#leases
  }

  /** Whether a packet to `ip` is being held until its neighbour answers. */
  waitsFor(): boolean {
    return this.#waiting.size > 0
  }

  /** Forgets neighbours and held packets, as after a restart of the adapter. */
  reset(): void {
    this.#neighbours.clear()
    this.#waiting.clear()
  }

  /** The interface by which an address is reached, and its next hop; null without a route. */
  route(ip: Ipv4Address): { readonly via: StationInterface; readonly hop: Ipv4Address } | null {
    const direct = this.settings.interfaces.find((item) => item.ip !== NO_IP && sameNetwork(item.ip, ip, item.prefix))
    if (direct !== undefined) return { via: direct, hop: ip }
    const { gateway } = this.settings
    const via =
      gateway === null
        ? undefined
        : this.settings.interfaces.find((item) => item.ip !== NO_IP && sameNetwork(item.ip, gateway, item.prefix))
    return gateway === null || via === undefined ? null : { via, hop: gateway }
  }

  /** Sends an ICMP packet: at once when the next hop's address is known, otherwise the question for it. Null without a route. */
  sendIcmp(packet: IcmpPacket, afterTicks: Tick): StationFrame[] | null {
    const route = this.route(packet.targetIp)
    if (route === null) return null
    const { via, hop } = route
    const known = this.#neighbours.get(`${via.id} ${hop}`)
    if (known !== undefined) return [this.#frame(via, known, packet, afterTicks)]
    const key = `${via.id} ${hop}`
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), packet])
    const question: FramePayload = {
      kind: 'arp',
      operation: 'request',
      senderMac: via.macAddress,
      senderIp: via.ip,
      targetMac: NO_MAC,
      targetIp: hop,
    }
    return [this.#frame(via, BROADCAST_MAC, question, afterTicks)]
  }

  /** A client's DHCP message on an interface. */
  sendDhcp(interfaceId: string, packet: DhcpPacket): StationFrame[] {
    const via = this.settings.interfaces.find((item) => item.id === interfaceId)
    return via === undefined ? [] : [this.#frame(via, BROADCAST_MAC, packet, 0)]
  }

  /** Gives up what waits for neighbours that did not answer. */
  dropWaiting(): void {
    this.#waiting.clear()
  }

  receive(interfaceId: string, frame: EthernetFrame): StationAnswer {
    const via = this.settings.interfaces.find((item) => item.id === interfaceId && item.vlan === (frame.tag?.vlan ?? null))
    if (via === undefined || (castOf(frame.destination) === 'directed' && frame.destination !== via.macAddress)) return NOTHING
    const { payload } = frame
    switch (payload.kind) {
      case 'arp':
        return payload.targetIp === via.ip ? this.#arp(via, payload) : NOTHING
      case 'icmp':
        return this.#icmp(payload)
      case 'dhcp':
        return payload.lease === null
          ? this.#serve(via, payload)
          : payload.clientMac === via.macAddress
            ? { ...NOTHING, dhcp: payload }
            : NOTHING
      case 'opaque':
        return NOTHING
    }
  }

  #frame(via: StationInterface, destination: MacAddress, payload: FramePayload, afterTicks: Tick): StationFrame {
    const tag = via.vlan === null ? null : { vlan: via.vlan, priority: 0 }
    return { interfaceId: via.id, frame: { destination, source: via.macAddress, tag, payload }, afterTicks }
  }

  #arp(via: StationInterface, packet: FramePayload & { readonly kind: 'arp' }): StationAnswer {
    const key = `${via.id} ${packet.senderIp}`
    this.#neighbours.set(key, packet.senderMac)
    const { answerTicks } = this.settings
    const frames = (this.#waiting.get(key) ?? []).map((held) => this.#frame(via, packet.senderMac, held, answerTicks))
    this.#waiting.delete(key)
    if (packet.operation === 'request') {
      const reply: FramePayload = {
        kind: 'arp',
        operation: 'reply',
        senderMac: via.macAddress,
        senderIp: via.ip,
        targetMac: packet.senderMac,
        targetIp: packet.senderIp,
      }
      frames.unshift(this.#frame(via, packet.senderMac, reply, answerTicks))
    }
    return { ...NOTHING, frames }
  }

  #icmp(packet: IcmpPacket): StationAnswer {
    const { answersEcho, answerTicks, forwards, remote } = this.settings
    if (this.settings.interfaces.some((item) => item.ip === packet.targetIp)) {
      const frames = packet.type === 'echo-request' && answersEcho ? this.#echo(packet, answerTicks) : []
      return { ...NOTHING, frames, icmp: packet }
    }
    if (!forwards) return NOTHING
    if (packet.timeToLive <= 1) return { ...NOTHING, frames: this.#report(packet, 'time-exceeded') }
    const away = remote.get(packet.targetIp)
    if (away !== undefined) return { ...NOTHING, frames: packet.type === 'echo-request' ? this.#echo(packet, answerTicks + away) : [] }
    const frames = this.sendIcmp({ ...packet, timeToLive: packet.timeToLive - 1 }, answerTicks)
    return { ...NOTHING, frames: frames ?? this.#report(packet, 'unreachable') }
  }

  #echo(packet: IcmpPacket, afterTicks: Tick): StationFrame[] {
    const answer = {
      ...packet,
      type: 'echo-reply',
      sourceIp: packet.targetIp,
      targetIp: packet.sourceIp,
      timeToLive: TIME_TO_LIVE,
    } as const
    return this.sendIcmp(answer, afterTicks) ?? []
  }

  #report(packet: IcmpPacket, type: 'time-exceeded' | 'unreachable'): StationFrame[] {
    const back = this.route(packet.sourceIp)
    if (back === null || packet.type !== 'echo-request') return []
    const report = { ...packet, type, sourceIp: back.via.ip, targetIp: packet.sourceIp, timeToLive: TIME_TO_LIVE } as const
    return this.sendIcmp(report, this.settings.answerTicks) ?? []
  }

  #serve(via: StationInterface, packet: DhcpPacket): StationAnswer {
    const { pool, answerTicks } = this.settings
    if (pool === null || pool.interfaceId !== via.id) return NOTHING
    const ip = this.#leases.get(packet.clientMac) ?? this.#freeLease(pool)
    if (ip === null) return NOTHING
    if (packet.type === 'request') this.#leases.set(packet.clientMac, ip)
    const lease = { serverIp: via.ip, subnetMask: maskOf(via.prefix), router: via.ip, seconds: pool.seconds }
    const asked = packet.type === 'request' && packet.requestedIp !== ip
    const type = packet.type === 'discover' ? 'offer' : asked ? 'refuse' : 'acknowledge'
    const answer: DhcpPacket = {
      ...packet,
      type,
      sourceIp: via.ip,
      targetIp: BROADCAST_IP,
      yourIp: asked ? NO_IP : ip,
      requestedIp: null,
      lease,
    }
    return { ...NOTHING, frames: [this.#frame(via, packet.clientMac, answer, answerTicks)] }
  }

  #freeLease(pool: DhcpPool): Ipv4Address | null {
    const first = ipNumber(pool.firstIp)
    const taken = new Set(this.#leases.values())
    for (let i = 0; first !== null && i < pool.count; i++) {
      const ip = ipText(first + i)
      if (!taken.has(ip)) return ip
    }
    return null
  }
}
