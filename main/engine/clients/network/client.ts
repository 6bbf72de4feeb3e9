/**
 * The guest's network driver (netvsc): NVSP and RNDIS start, send sections, receive slots, sub-channels, VF data path
 * (devices reference 3.2–3.5; linux: drivers/net/hyperv/{netvsc,netvsc_drv,rndis_filter}.c).
 */
import { ChannelEnd, type EndRows, guestPort } from '../../providers/channel-end.ts'
import type { DeviceClock } from '../../providers/device-clock.ts'
import { type EthernetFrame, frameBytes, macOfHex } from '../../providers/network/frame.ts'
import {
  type NvspCompletion,
  type NvspMessage,
  type NvspPayload,
  type NvspVersion,
  ndisCapability,
  nvspBytes,
  nvspCodec,
  nvspDefaults,
  nvspPayloadBytes,
  nvspStatus,
  nvspVersion,
  nvspVersions,
  rndisChannel,
} from '../../providers/network/nvsp.ts'
import type { NetworkMemory } from '../../providers/network/ports.ts'
import {
  hexU32,
  oid,
  packetFilter,
  type RndisControl,
  type RndisMessage,
  type RndisPacketInfo,
  rndisDefaults,
  rndisIndication,
  rndisMessages,
  u32Hex,
} from '../../providers/network/rndis.ts'
import type { VmbusDriver } from '../../vmbus/bus-types.ts'
import type { Channel } from '../../vmbus/channel.ts'
import { completionPacket, completionRequested, gpaDirectPacket, inBandPacket, type Packet } from '../../vmbus/packet.ts'
import { pagesSpanned } from '../../vmbus/pages.ts'

/** Steps of the start, in order. `queries`: RNDIS requests `at` of the list. */
export type NetworkClientState =
  | { readonly name: 'closed' }
  | { readonly name: 'init'; readonly at: number }
  | { readonly name: 'receiveGpadl' }
  | { readonly name: 'receiveBuffer' }
  | { readonly name: 'sendGpadl' }
  | { readonly name: 'sendBuffer' }
  | { readonly name: 'rndisInit' }
  | { readonly name: 'queries'; readonly at: number }
  | { readonly name: 'subChannels' }
  | { readonly name: 'filter' }
  | { readonly name: 'up' }
  | { readonly name: 'failed'; readonly reason: string }

/** What the guest knows of its adapter. */
export interface LinkFacts {
  readonly mac: string
  readonly mtu: number
  /** Bits per second. */
  readonly speed: number
  readonly connected: boolean
}

export interface NetworkClientGuest {
  up?(facts: LinkFacts): void
  failed?(reason: string): void
  received?(frame: EthernetFrame, info: RndisPacketInfo, queue: number): void
  linkChanged?(connected: boolean): void
  /** The machine was moved: renew addresses. */
  networkChanged?(): void
  /** A VF with this vPCI serial appeared or went. */
  virtualFunction?(serial: number, allocated: boolean): void
  /** There is room to send again. */
  writable?(): void
}

export interface NetworkClientOptions {
  readonly versions?: readonly NvspVersion[]
  readonly mtu: number
  readonly subChannels: number
  readonly receiveBufferBytes?: number
  readonly sendBufferBytes?: number
  readonly memory: NetworkMemory
  readonly clock: DeviceClock
  /** Shares this many bytes with the host; the GPADL's id, or undefined when it cannot. The driver goes on at `gpadlCreated`. */
  readonly shareMemory: (bytes: number) => number | undefined
  /** First page for control messages and frames that do not fit into a section. */
  readonly dataPage: number
  readonly guest: NetworkClientGuest
}

/** RNDIS requests of the start (devices reference 3.2 step 6). */
const queries: readonly (readonly ['query' | 'set', number])[] = [
  ['query', oid.permanentAddress],
  ['query', oid.maximumFrameSize],
  ['query', oid.mediaConnectStatus],
  ['query', oid.linkSpeed],
  ['query', oid.offloadCapabilities],
  ['set', oid.offloadParameters],
  ['query', oid.rssCapabilities],
]

/** What a send holds until its completion: a section, or pages. */
interface Sending {
  readonly section: number | undefined
  readonly page: number | undefined
  readonly kind: NvspMessage['kind']
}

export const networkClientRowsVersion = 1

export interface NetworkClientRows {
  readonly version: typeof networkClientRowsVersion
  readonly state: NetworkClientState
  readonly protocol: NvspVersion | undefined
  readonly facts: LinkFacts
  readonly sections: number
  readonly gpadls: readonly [receive: number, send: number]
  readonly nextId: number
  readonly table: readonly number[]
  readonly sending: readonly (readonly [id: number, what: Sending])[]
  readonly ends: readonly (readonly [channel: number, rows: EndRows])[]
}

type NetworkChannel = Channel<NvspPayload, NvspPayload>
type End = ChannelEnd<NvspPayload, NvspPayload>

export class NetworkClient implements VmbusDriver<NvspPayload, NvspPayload> {
  readonly #options: NetworkClientOptions
  readonly #versions: readonly NvspVersion[]
  readonly #ends = new Map<number, End>()
  readonly #sending = new Map<number, Sending>()
  #channel: NetworkChannel | undefined
  #freeSections: number[] = []
  #sections = 0
  #state: NetworkClientState = { name: 'closed' }
  #version: NvspVersion | undefined
  #facts: LinkFacts = { mac: '', mtu: 1500, speed: 0, connected: false }
  #receiveGpadl = 0
  #sendGpadl = 0
  #nextId = 1
  #table: readonly number[] = []
  #stopped = false
  readonly counts = { sentFrames: 0, receivedFrames: 0, copied: 0, direct: 0, refused: 0 }

  constructor(options: NetworkClientOptions) {
    this.#options = options
    this.#versions = options.versions ?? nvspVersions
  }

  get state(): NetworkClientState {
    return this.#state
  }

  get version(): NvspVersion | undefined {
    return this.#version
  }

  get facts(): LinkFacts {
    return this.#facts
  }

  get channels(): number {
    return this.#ends.size
  }

  /** Transmit queue → channel as the host sent it; empty before. */
  get sendTable(): readonly number[] {
    return this.#table
  }

  /** Sections of the send buffer that wait for no completion. */
  get freeSections(): number {
    return this.#freeSections.length
  }

  /** Sends without completion. */
  get outstanding(): number {
    return this.#sending.size
  }

  opened(channel: NetworkChannel): void {
    this.#channel = channel
    this.#attach(0, channel)
    this.#init(0)
  }

  openFailed(_channelId: number, status: number): void {
    this.#fail(`the channel was not opened: 0x${status.toString(16)}`)
  }

  event(_channel: NetworkChannel): void {
    this.#pump(0)
  }

  rescinded(): void {
    this.#gone()
  }

  closed(): void {
    this.#gone()
  }

  gpadlCreated(_gpadlId: number, status: number): void {
    if (status !== 0) return this.#fail('the host refused shared memory')
    if (this.#state.name === 'receiveGpadl') {
      this.#state = { name: 'receiveBuffer' }
      this.#request({ kind: 'sendReceiveBuffer', gpadlId: this.#receiveGpadl, id: nvspDefaults.receiveBufferId })
    } else if (this.#state.name === 'sendGpadl') {
      this.#state = { name: 'sendBuffer' }
      this.#request({ kind: 'sendSendBuffer', gpadlId: this.#sendGpadl, id: nvspDefaults.sendBufferId })
    }
  }

  subchannel(index: number): VmbusDriver<NvspPayload, NvspPayload> {
    return {
      opened: (channel) => void this.#attach(index, channel),
      openFailed: () => undefined,
      event: () => this.#pump(index),
      rescinded: () => this.#dropChannel(index),
      closed: () => this.#dropChannel(index),
    }
  }

  wake(): void {
    for (const index of this.#ends.keys()) this.#pump(index)
  }

  /** The guest polls no more (or again): what comes stays in the ring. */
  pauseReceive(paused: boolean): void {
    for (const end of this.#ends.values()) {
      if (paused) end.stop()
      else end.resume()
    }
  }

  /**
   * Sends up to eight frames as one packet. `hash` picks the queue by the host's table. `stopped`: the ring has less than 10 % room or no section is
   * free; wait for `writable`. `refused`: not up.
   */
  send(frames: readonly { readonly frame: EthernetFrame; readonly info?: RndisPacketInfo }[], hash = 0): 'sent' | 'stopped' | 'refused' {
    if (this.#state.name !== 'up' || frames.length === 0 || frames.length > rndisDefaults.packetsPerMessage) return this.#refuse()
    const messages = frames.map(({ frame, info }): RndisMessage => ({ kind: 'packet', frame, info: info ?? {} }))
    const bytes = messages.reduce((sum, message) => sum + rndisMessages.size(message), 0)
    const queue = this.#queue(hash)
    const fits = bytes <= nvspDefaults.sendSectionBytes
    if (!fits && frames.length > 1) return this.#refuse()
    if (this.#isLow(queue) || (fits && this.#freeSections.length === 0)) {
      this.#stopped = true
      return 'stopped'
    }
    if (fits) this.#sendSection(queue, messages, bytes)
    else this.#sendDirect(queue, messages[0] as RndisMessage, rndisChannel.data)
    this.counts.sentFrames += frames.length
    return 'sent'
  }

  /** RNDIS KEEPALIVE. */
  keepAlive(): void {
    this.#control({ kind: 'keepAlive', requestId: this.#nextId })
  }

  /** Interface down: filter 0; frames stop. */
  down(): void {
    if (this.#state.name === 'up') this.#setFilter(0)
  }

  /** Moves the data path to the VF or back. */
  switchDataPath(toVf: boolean): void {
    this.#request({ kind: 'switchDataPath', dataPath: toVf ? 1 : 0 })
  }

  snapshot(): NetworkClientRows {
    return {
      version: networkClientRowsVersion,
      state: this.#state,
      protocol: this.#version,
      facts: this.#facts,
      sections: this.#sections,
      gpadls: [this.#receiveGpadl, this.#sendGpadl],
      nextId: this.#nextId,
      table: this.#table,
      sending: [...this.#sending],
      ends: [...this.#ends].map(([index, end]) => [index, end.snapshot()] as const),
    }
  }

  restore(rows: NetworkClientRows, channels: (index: number) => NetworkChannel | undefined): string | undefined {
    if (rows.version !== networkClientRowsVersion) return `network client rows of version ${rows.version}`
    this.#state = rows.state
    this.#version = rows.protocol
    this.#facts = rows.facts
    this.#sections = rows.sections
    ;[this.#receiveGpadl, this.#sendGpadl] = rows.gpadls
    this.#nextId = rows.nextId
    this.#table = rows.table
    this.#sending.clear()
    for (const [id, what] of rows.sending) this.#sending.set(id, what)
    this.#fillSections()
    for (const [index, endRows] of rows.ends) {
      const channel = channels(index)
      if (channel === undefined) return `channel ${index} is missing`
      if (index === 0) this.#channel = channel
      const fault = this.#attach(index, channel).restore(endRows)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  // ---- start

  #init(at: number): void {
    const version = this.#versions[at]
    if (version === undefined) return this.#fail('no common protocol version')
    this.#state = { name: 'init', at }
    this.#request({ kind: 'init', version, versionMax: version })
  }

  #completed(message: NvspCompletion): void {
    const state = this.#state
    switch (message.kind) {
      case 'initComplete':
        if (state.name !== 'init') return
        if (message.status !== nvspStatus.success) return this.#init(state.at + 1)
        this.#version = this.#versions[state.at]
        return this.#configure(this.#version ?? nvspVersion.v1)
      case 'sendReceiveBufferComplete':
        if (message.status !== nvspStatus.success) return this.#fail('receive buffer refused')
        this.#sendGpadl = this.#share(this.#options.sendBufferBytes ?? nvspDefaults.sendBufferBytes, 'sendGpadl')
        return
      case 'sendSendBufferComplete':
        if (message.status !== nvspStatus.success) return this.#fail('send buffer refused')
        this.#sections = Math.floor((this.#options.sendBufferBytes ?? nvspDefaults.sendBufferBytes) / message.sectionBytes)
        this.#fillSections()
        this.#state = { name: 'rndisInit' }
        return this.#control({
          kind: 'initialize',
          requestId: this.#nextId,
          major: 1,
          minor: 0,
          maxTransferBytes: rndisDefaults.maxTransferBytes,
        })
      case 'subChannelComplete':
        if (state.name === 'subChannels') this.#setFilter(packetFilter.directed | packetFilter.multicast | packetFilter.broadcast)
        return
    }
  }

  #configure(version: NvspVersion): void {
    const newer = version >= nvspVersion.v5
    if (version >= nvspVersion.v2) {
      const sriov = version >= nvspVersion.v4 ? ndisCapability.sriov : 0
      const rsc = version >= nvspVersion.v6_1 ? ndisCapability.rsc : 0
      this.#notify({
        kind: 'sendNdisConfig',
        mtu: this.#options.mtu + 14,
        capabilities: ndisCapability.ieee8021q | sriov | (newer ? ndisCapability.teaming : 0) | rsc,
      })
    }
    this.#notify({ kind: 'sendNdisVersion', major: 6, minor: newer ? 30 : 1 })
    const wanted = this.#options.receiveBufferBytes ?? nvspDefaults.receiveBufferBytes
    const bytes = newer ? wanted : Math.min(wanted, nvspDefaults.receiveBufferBytesMaxOld)
    this.#receiveGpadl = this.#share(bytes, 'receiveGpadl')
  }

  #share(bytes: number, name: 'receiveGpadl' | 'sendGpadl'): number {
    this.#state = { name }
    const gpadlId = this.#options.shareMemory(bytes)
    if (gpadlId === undefined) this.#fail('no memory could be shared')
    return gpadlId ?? 0
  }

  #query(at: number): void {
    const query = queries[at]
    if (query === undefined) return this.#askSubChannels()
    this.#state = { name: 'queries', at }
    const [kind, id] = query
    this.#control({ kind, requestId: this.#nextId, oid: id, buffer: kind === 'set' ? '0101010101010101' : '' })
  }

  #askSubChannels(): void {
    if ((this.#version ?? 0) < nvspVersion.v5 || this.#options.subChannels === 0) {
      return this.#setFilter(packetFilter.directed | packetFilter.multicast | packetFilter.broadcast)
    }
    this.#state = { name: 'subChannels' }
    this.#request({ kind: 'subChannelRequest', operation: 1, count: this.#options.subChannels })
  }

  #setFilter(filter: number): void {
    this.#state = { name: 'filter' }
    this.#control({ kind: 'set', requestId: this.#nextId, oid: oid.packetFilter, buffer: u32Hex(filter) })
  }

  #controlAnswer(message: RndisControl): void {
    const state = this.#state
    switch (message.kind) {
      case 'initializeComplete':
        return message.status === 0 ? this.#query(0) : this.#fail('RNDIS was not initialized')
      case 'queryComplete':
        if (state.name !== 'queries') return
        this.#learn(queries[state.at]?.[1] ?? 0, message.buffer)
        return this.#query(state.at + 1)
      case 'setComplete':
        if (state.name === 'queries') return this.#query(state.at + 1)
        if (state.name === 'filter') {
          this.#state = { name: 'up' }
          this.#options.guest.up?.(this.#facts)
        }
        return
      case 'indicateStatus':
        return this.#indicated(message.status)
    }
  }

  #learn(id: number, buffer: string): void {
    const number = hexU32(buffer) ?? 0
    if (id === oid.permanentAddress) this.#facts = { ...this.#facts, mac: macOfHex(buffer) }
    if (id === oid.maximumFrameSize) this.#facts = { ...this.#facts, mtu: number }
    if (id === oid.mediaConnectStatus) this.#facts = { ...this.#facts, connected: number === 0 }
    if (id === oid.linkSpeed) this.#facts = { ...this.#facts, speed: number * 100 }
  }

  #indicated(status: number): void {
    const { guest } = this.#options
    if (status === rndisIndication.networkChange) return guest.networkChanged?.()
    if (status !== rndisIndication.mediaConnect && status !== rndisIndication.mediaDisconnect) return
    this.#facts = { ...this.#facts, connected: status === rndisIndication.mediaConnect }
    guest.linkChanged?.(this.#facts.connected)
  }

  // ---- packets

  #attach(index: number, channel: NetworkChannel): End {
    const { clock } = this.#options
    const end: End = new ChannelEnd(nvspCodec, (packet, request, tag) => this.#take(index, packet, request !== undefined, tag), {
      onBlind: () => clock.wakeAt(clock.now() + 10_000),
    })
    end.attach(guestPort(channel))
    this.#ends.set(index, end)
    return end
  }

  #pump(index: number): void {
    this.#ends.get(index)?.pump()
    if (!this.#stopped || this.#freeSections.length === 0 || this.#isLow(0, nvspDefaults.startPercent)) return
    this.#stopped = false
    this.#options.guest.writable?.()
  }

  #take(index: number, packet: Packet<NvspPayload>, completes: boolean, id: number): void {
    const { message } = packet.payload
    if (completes) {
      const what = this.#sending.get(id)
      this.#sending.delete(id)
      if (what !== undefined) this.#free(what)
      return this.#completed(message as NvspCompletion)
    }
    if (packet.extension.kind === 'transferPages') return this.#receive(index, packet)
    if (message.kind === 'sendIndirectionTable') this.#table = message.table
    if (message.kind === 'sendVfAssociation') this.#options.guest.virtualFunction?.(message.serial, message.allocated === 1)
  }

  #receive(index: number, packet: Packet<NvspPayload>): void {
    const { memory, guest } = this.#options
    const ranges = packet.extension.kind === 'transferPages' ? packet.extension.ranges : []
    const messages = ranges.map(({ byteOffset }) => memory.slots.get(byteOffset))
    if ((packet.flags & completionRequested) !== 0) {
      const payload = this.#payload({ kind: 'sendRndisPacketComplete', status: nvspStatus.success })
      this.#ends.get(index)?.send(completionPacket(packet.transactionId, payload, nvspPayloadBytes(payload)))
    }
    for (const message of messages) {
      if (message === undefined) continue
      if (message.kind !== 'packet') this.#controlAnswer(message)
      else {
        this.counts.receivedFrames++
        guest.received?.(message.frame, message.info, index)
      }
    }
  }

  #sendSection(queue: number, messages: readonly RndisMessage[], bytes: number): void {
    const section = this.#freeSections.pop() ?? 0
    this.#options.memory.sections.put(section, messages)
    this.counts.copied++
    const payload = this.#payload({ kind: 'sendRndisPacket', channel: rndisChannel.data, sectionIndex: section, sectionBytes: bytes })
    this.#post(queue, inBandPacket(payload, nvspPayloadBytes(payload), true), { section, page: undefined, kind: 'sendRndisPacket' })
  }

  #sendDirect(queue: number, message: RndisMessage, channel: number): void {
    const page = this.#options.dataPage + 32 * (this.#nextId % 65_536)
    this.#options.memory.pages.put(page, message)
    const bytes = message.kind === 'packet' ? 36 + 16 * 4 + frameBytes(message.frame) : rndisMessages.size(message)
    if (channel === rndisChannel.data) this.counts.direct++
    const payload = this.#payload({ kind: 'sendRndisPacket', channel, sectionIndex: nvspDefaults.noSection, sectionBytes: 0 })
    const ranges = [{ byteCount: bytes, byteOffset: 0, pages: [{ first: page, count: pagesSpanned(bytes, 0) }] }]
    this.#post(queue, gpaDirectPacket(payload, nvspPayloadBytes(payload), ranges), { section: undefined, page, kind: 'sendRndisPacket' })
  }

  #control(message: RndisControl): void {
    this.#sendDirect(0, message, rndisChannel.control)
  }

  #request(message: NvspMessage): void {
    const payload = this.#payload(message)
    this.#post(0, inBandPacket(payload, nvspPayloadBytes(payload), true), { section: undefined, page: undefined, kind: message.kind })
  }

  #notify(message: NvspMessage): void {
    const payload = this.#payload(message)
    this.#ends.get(0)?.send(inBandPacket(payload, nvspPayloadBytes(payload)))
  }

  #post(queue: number, packet: Packet<NvspPayload>, what: Sending): void {
    const id = this.#nextId++
    this.#sending.set(id, what)
    if (this.#ends.get(queue)?.send(packet, id) !== 'refused') return
    this.#sending.delete(id)
    this.#free(what)
  }

  #payload(message: NvspMessage): NvspPayload {
    const first = this.#versions[0] ?? nvspVersion.v6_1
    return { message, bytes: nvspBytes(this.#version ?? first) }
  }

  #free(what: Sending): void {
    if (what.section !== undefined) {
      this.#freeSections.push(what.section)
      this.#options.memory.sections.clear(what.section)
    }
    if (what.page !== undefined) this.#options.memory.pages.clear(what.page)
  }

  #fillSections(): void {
    const busy = new Set([...this.#sending.values()].map((what) => what.section))
    this.#freeSections = Array.from({ length: this.#sections }, (_, i) => this.#sections - 1 - i).filter((section) => !busy.has(section))
  }

  #queue(hash: number): number {
    const entry = this.#table[hash % nvspDefaults.sendTableEntries] ?? 0
    return this.#ends.has(entry) ? entry : 0
  }

  #isLow(queue: number, percent: number = nvspDefaults.stopPercent): boolean {
    if ((this.#ends.get(queue)?.waiting ?? 0) > 0) return true
    const ring = this.#channel?.rings.guestToHost
    return queue === 0 && ring !== undefined && ring.bytesToWrite * 100 < ring.size * percent
  }

  #refuse(): 'refused' {
    this.counts.refused++
    return 'refused'
  }

  #dropChannel(index: number): void {
    for (const id of this.#ends.get(index)?.detach() ?? []) {
      const what = this.#sending.get(id)
      this.#sending.delete(id)
      if (what !== undefined) this.#free(what)
    }
    this.#ends.delete(index)
  }

  #gone(): void {
    this.#state = { name: 'closed' }
    for (const index of [...this.#ends.keys()]) this.#dropChannel(index)
    this.#version = undefined
    this.#channel = undefined
    this.#table = []
  }

  #fail(reason: string): void {
    this.#state = { name: 'failed', reason }
    this.#options.guest.failed?.(reason)
  }
}
