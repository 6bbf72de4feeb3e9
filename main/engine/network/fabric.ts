/**
 * Everything that frames travel through: virtual switches, the physical network behind their uplinks, and the stations at the ends.
 *
 * A question such as a ping is carried out frame by frame in a queue of its own, ordered by tick, and comes back as the list of hops with
 * the tick of each, or with the reason why it was lost.
 */
import { invariant } from '../kernel/result.ts'
import { TICKS_PER_SECOND, type Tick } from '../kernel/ticks.ts'
import { BROADCAST_IP, type DhcpPacket, type EthernetFrame, type IcmpPacket, type Ipv4Address, NO_IP } from './frames.ts'
import { IpStation, type StationAnswer, type StationFrame, type StationSettings, TIME_TO_LIVE } from './ip-station.ts'
import { PhysicalNetwork } from './physical-network.ts'
import type { DropReason, FrameDrop } from './port.ts'
import type { VirtualSwitch } from './virtual-switch.ts'

/** Time that Windows' ping waits for an answer: 4 s; data bytes that it sends: 32. */
export const PING_TIMEOUT_TICKS = 4 * TICKS_PER_SECOND
export const PING_DATA_BYTES = 32
/** Frames that one question may cause; more is a loop. */
const FRAMES_MAX = 10_000

/** Where a station's interface is plugged in. */
export type Attachment =
  | { readonly kind: 'port'; readonly switchId: string; readonly portId: string }
  | { readonly kind: 'cable'; readonly cableId: string }

/** One step of a frame. */
export interface Hop {
  readonly tick: Tick
  /** Station, switch port (`switch/port`) or cable. */
  readonly place: string
  readonly event: 'sent' | 'switched' | 'flooded' | 'carried' | 'received' | 'dropped'
  readonly frame: EthernetFrame
  readonly reason: DropReason | null
}

/** Why no answer came, in the words of the program's messages. */
export type PingLoss = 'no-route' | 'not-connected' | 'host-unreachable' | 'time-exceeded' | 'timed-out'

export type PingResult =
  | { readonly answered: true; readonly roundTripTicks: Tick; readonly timeToLive: number; readonly hops: readonly Hop[] }
  /** `drop`: the last frame on the way that a switch dropped, if one did. */
  | { readonly answered: false; readonly loss: PingLoss; readonly drop: FrameDrop | null; readonly hops: readonly Hop[] }

export interface PingOptions {
  readonly timeoutTicks?: Tick
  readonly dataBytes?: number
  readonly sequence?: number
  readonly timeToLive?: number
}

interface Arrival {
  readonly tick: Tick
  readonly frame: EthernetFrame
  readonly to:
    | { readonly stationId: string; readonly interfaceId: string }
    | { readonly switchId: string; readonly portId: string | null }
    | { readonly cableId: string }
}

/** One question on its way. */
interface Journey {
  readonly hops: Hop[]
  readonly queue: Arrival[]
  lastDrop: FrameDrop | null
}

export class Fabric {
  readonly physical: PhysicalNetwork
  readonly #switches = new Map<string, VirtualSwitch>()
  readonly #stations = new Map<string, IpStation>()
  /** By `station interface`. */
  readonly #attachments = new Map<string, Attachment>()
  /** By `switch port`. */
  readonly #behindPort = new Map<string, { stationId: string; interfaceId: string }>()
  #identifier = 0

  constructor(physical: PhysicalNetwork = new PhysicalNetwork()) {
    this.physical = physical
  }

  get switches(): ReadonlyMap<string, VirtualSwitch> {
    return this.#switches
  }

  get stations(): ReadonlyMap<string, IpStation> {
    return this.#stations
  }

  /** Adds a switch; an external one gets its uplink's cable, named `uplink <switch>`. */
  addSwitch(item: VirtualSwitch): void {
    this.#switches.set(item.settings.id, item)
    if (item.settings.kind === 'external') this.physical.plug(`uplink ${item.settings.id}`, { kind: 'uplink', switchId: item.settings.id })
  }

  removeSwitch(id: string): void {
    this.#switches.delete(id)
    this.physical.unplug(`uplink ${id}`)
  }

  addStation(settings: StationSettings): IpStation {
    const station = new IpStation(settings)
    this.#stations.set(settings.id, station)
    return station
  }

  removeStation(id: string): void {
    const station = this.#stations.get(id)
    for (const { id: interfaceId } of station?.settings.interfaces ?? []) this.detach(id, interfaceId)
    this.#stations.delete(id)
  }

  /** Plugs an interface of a station into a port of a switch or, by a cable of its own, into the physical network. */
  attach(stationId: string, interfaceId: string, to: Attachment): void {
    this.detach(stationId, interfaceId)
    this.#attachments.set(`${stationId} ${interfaceId}`, to)
    if (to.kind === 'cable') this.physical.plug(to.cableId, { kind: 'station', stationId, interfaceId })
    else this.#behindPort.set(`${to.switchId} ${to.portId}`, { stationId, interfaceId })
  }

  detach(stationId: string, interfaceId: string): void {
    const there = this.#attachments.get(`${stationId} ${interfaceId}`)
    if (there === undefined) return
    this.#attachments.delete(`${stationId} ${interfaceId}`)
    if (there.kind === 'cable') this.physical.unplug(there.cableId)
    else this.#behindPort.delete(`${there.switchId} ${there.portId}`)
  }

  /** Sends one echo request from a station and follows every frame that it causes. */
  ping(stationId: string, targetIp: Ipv4Address, now: Tick, options: PingOptions = {}): PingResult {
    const station = this.#station(stationId)
    const journey: Journey = { hops: [], queue: [], lastDrop: null }
    const lost = (loss: PingLoss): PingResult => ({ answered: false, loss, drop: journey.lastDrop, hops: journey.hops })
    if (targetIp !== NO_IP && station.settings.interfaces.some((item) => item.ip === targetIp)) {
      return { answered: true, roundTripTicks: 0, timeToLive: TIME_TO_LIVE, hops: [] }
    }
    const route = station.route(targetIp)
    if (route === null) return lost('no-route')
    if (!this.#attachments.has(`${stationId} ${route.via.id}`)) return lost('not-connected')
    this.#identifier = (this.#identifier + 1) & 0xffff
    const identifier = this.#identifier
    const sequence = options.sequence ?? 1
    const request: IcmpPacket = {
      kind: 'icmp',
      type: 'echo-request',
      sourceIp: route.via.ip,
      targetIp,
      timeToLive: options.timeToLive ?? TIME_TO_LIVE,
      identifier,
      sequence,
      dataBytes: options.dataBytes ?? PING_DATA_BYTES,
    }
    this.#sendAll(journey, stationId, station.sendIcmp(request, 0) ?? [], now)
    let answer: { readonly packet: IcmpPacket; readonly tick: Tick } | null = null
    this.#run(journey, now + (options.timeoutTicks ?? PING_TIMEOUT_TICKS), (id, received, tick) => {
      const packet = received.icmp
      if (id !== stationId || packet === null || packet.type === 'echo-request') return
      if (packet.identifier === identifier && packet.sequence === sequence) answer ??= { packet, tick }
    })
    return this.#resultOf(station, journey, answer, now)
  }

  /** Asks for a lease as a client does: discover, offer, request, acknowledge. The station has the address afterwards. Null: nobody offered one. */
  lease(
    stationId: string,
    interfaceId: string,
    now: Tick,
  ): { readonly ip: Ipv4Address | null; readonly tick: Tick; readonly hops: readonly Hop[] } {
    const station = this.#station(stationId)
    const via = station.settings.interfaces.find((item) => item.id === interfaceId)
    invariant(via !== undefined, `station ${stationId} has no interface ${interfaceId}`)
    const journey: Journey = { hops: [], queue: [], lastDrop: null }
    const base = { kind: 'dhcp', sourceIp: NO_IP, targetIp: BROADCAST_IP, timeToLive: TIME_TO_LIVE, yourIp: NO_IP, lease: null } as const
    this.#identifier = (this.#identifier + 1) & 0xffff
    const client = { ...base, transaction: this.#identifier, clientMac: via.macAddress }
    this.#sendAll(journey, stationId, station.sendDhcp(interfaceId, { ...client, type: 'discover', requestedIp: null }), now)
    let given: { readonly packet: DhcpPacket; readonly tick: Tick } | null = null
    this.#run(journey, now + PING_TIMEOUT_TICKS, (id, received, tick) => {
      const packet = received.dhcp
      if (id !== stationId || packet === null || packet.transaction !== client.transaction) return
      if (packet.type === 'offer') {
        this.#sendAll(journey, stationId, station.sendDhcp(interfaceId, { ...client, type: 'request', requestedIp: packet.yourIp }), tick)
      } else if (packet.type === 'acknowledge') given ??= { packet, tick }
    })
    const taken = given as { readonly packet: DhcpPacket; readonly tick: Tick } | null
    if (taken === null) return { ip: null, tick: now + PING_TIMEOUT_TICKS, hops: journey.hops }
    const prefix = prefixOf(taken.packet.lease?.subnetMask ?? NO_IP)
    const interfaces = station.settings.interfaces.map((item) =>
      item.id === interfaceId ? { ...item, ip: taken.packet.yourIp, prefix } : item,
    )
    station.settings = { ...station.settings, interfaces, gateway: taken.packet.lease?.router ?? station.settings.gateway }
    return { ip: taken.packet.yourIp, tick: taken.tick, hops: journey.hops }
  }

  #station(id: string): IpStation {
    const station = this.#stations.get(id)
    invariant(station !== undefined, `no station ${id}`)
    return station
  }

  #resultOf(
    station: IpStation,
    journey: Journey,
    answer: { readonly packet: IcmpPacket; readonly tick: Tick } | null,
    now: Tick,
  ): PingResult {
    const unasked = station.waitsFor()
    station.dropWaiting()
    const { hops, lastDrop: drop } = journey
    if (answer?.packet.type === 'echo-reply') {
      return { answered: true, roundTripTicks: answer.tick - now, timeToLive: answer.packet.timeToLive, hops }
    }
    if (answer?.packet.type === 'time-exceeded') return { answered: false, loss: 'time-exceeded', drop, hops }
    return { answered: false, loss: unasked || answer !== null ? 'host-unreachable' : 'timed-out', drop, hops }
  }

  #run(journey: Journey, until: Tick, received: (stationId: string, answer: StationAnswer, tick: Tick) => void): void {
    for (let frames = 0; journey.queue.length > 0; frames++) {
      invariant(frames < FRAMES_MAX, `more than ${FRAMES_MAX} frames for one question`)
      const next = journey.queue.shift()
      if (next === undefined || next.tick > until) return
      const { to, frame, tick } = next
      if ('cableId' in to) this.#carry(journey, to.cableId, frame, tick)
      else if ('switchId' in to) this.#switch(journey, to.switchId, to.portId, frame, tick)
      else this.#arrive(journey, to.stationId, to.interfaceId, frame, tick, received)
    }
  }

  #arrive(
    journey: Journey,
    stationId: string,
    interfaceId: string,
    frame: EthernetFrame,
    tick: Tick,
    received: (stationId: string, answer: StationAnswer, tick: Tick) => void,
  ): void {
    const station = this.#stations.get(stationId)
    if (station === undefined) return
    const answer = station.receive(interfaceId, frame)
    journey.hops.push({ tick, place: stationId, event: 'received', frame, reason: null })
    received(stationId, answer, tick)
    this.#sendAll(journey, stationId, answer.frames, tick)
  }

  #sendAll(journey: Journey, stationId: string, frames: readonly StationFrame[], now: Tick): void {
    for (const { interfaceId, frame, afterTicks } of frames) {
      const tick = now + afterTicks
      const to = this.#attachments.get(`${stationId} ${interfaceId}`)
      if (to === undefined) continue
      journey.hops.push({ tick, place: stationId, event: 'sent', frame, reason: null })
      this.#put(journey, { tick, frame, to: to.kind === 'cable' ? { cableId: to.cableId } : { switchId: to.switchId, portId: to.portId } })
    }
  }

  #switch(journey: Journey, switchId: string, portId: string | null, frame: EthernetFrame, tick: Tick): void {
    const item = this.#switches.get(switchId)
    if (item === undefined || portId === null || item.portSettings(portId) === undefined) return
    const outcome = item.send(portId, frame, tick)
    const place = `${switchId}/${portId}`
    if (outcome.deliveries.length > 0)
      journey.hops.push({ tick, place, event: outcome.flooded ? 'flooded' : 'switched', frame, reason: null })
    for (const drop of outcome.drops) {
      journey.lastDrop = drop
      journey.hops.push({ tick, place: `${switchId}/${drop.portId}`, event: 'dropped', frame, reason: drop.reason })
    }
    for (const delivery of outcome.deliveries) {
      const behind = this.#behindPort.get(`${switchId} ${delivery.portId}`)
      if (delivery.portId === item.uplinkPortId) this.#put(journey, { ...delivery, to: { cableId: `uplink ${switchId}` } })
      else if (behind !== undefined) this.#put(journey, { ...delivery, to: behind })
    }
  }

  #carry(journey: Journey, cableId: string, frame: EthernetFrame, tick: Tick): void {
    const deliveries = this.physical.send(cableId, frame, tick)
    if (deliveries.length > 0) journey.hops.push({ tick, place: cableId, event: 'carried', frame, reason: null })
    for (const { end, tick: there } of deliveries) {
      const to =
        end.kind === 'uplink'
          ? { switchId: end.switchId, portId: this.#switches.get(end.switchId)?.uplinkPortId ?? null }
          : { stationId: end.stationId, interfaceId: end.interfaceId }
      this.#put(journey, { tick: there, frame, to })
    }
  }

  /** Keeps the queue in order of tick, equal ticks in the order of sending. */
  #put(journey: Journey, arrival: Arrival): void {
    const { tick, frame, to } = arrival
    let at = journey.queue.length
    while (at > 0 && (journey.queue[at - 1]?.tick ?? 0) > tick) at--
    journey.queue.splice(at, 0, { tick, frame, to })
  }
}

function prefixOf(mask: Ipv4Address): number {
  return mask
    .split('.')
    .map((part) => Number(part).toString(2).replaceAll('0', '').length)
    .reduce((sum, bits) => sum + bits, 0)
}
