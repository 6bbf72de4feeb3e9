/**
 * The network provider of one adapter (in vmswitch): NVSP start, RNDIS control, frames both ways, sub-channels, VF association
 * (devices reference 3; openvmm: netvsp/src/lib.rs). Frames go to a {@link SwitchPort}; frames of the switch come by {@link NetworkProvider.deliver}.
 */
import type { ProviderAnswer, VmbusProvider } from '../../vmbus/bus-types.ts'
import type { Channel } from '../../vmbus/channel.ts'
import {
  completionPacket,
  completionRequested,
  inBandPacket,
  type Packet,
  type TransferRange,
  transferPagesPacket,
} from '../../vmbus/packet.ts'
import { ChannelEnd, hostPort } from '../channel-end.ts'
import { DueList } from '../device-clock.ts'
import { type AgreementMessage, agreementStep, networkStart } from './agreement.ts'
import type { EthernetFrame } from './frame.ts'
import {
  type NvspCompletion,
  type NvspMessage,
  type NvspPayload,
  nvspBytes,
  nvspCodec,
  nvspDefaults,
  nvspPayloadBytes,
  nvspStatus,
  nvspVersion,
  rndisChannel,
} from './nvsp.ts'
import {
  type LateCompletion,
  type NetworkCounts,
  type NetworkProviderOptions,
  type NetworkProviderRows,
  type NetworkState,
  networkRowsVersion,
} from './provider-types.ts'
import { ReceiveSlots } from './receive-slots.ts'
import { largeSendMss, type RndisMessage, type RndisPacketInfo, rndisIndication, rndisMessages } from './rndis.ts'
import { type AdapterFacts, filterAccepts, rndisStep } from './rndis-device.ts'

export * from './provider-types.ts'

type NetworkChannel = Channel<NvspPayload, NvspPayload>
type End = ChannelEnd<NvspPayload, NvspPayload>

export class NetworkProvider implements VmbusProvider<NvspPayload, NvspPayload> {
  readonly codecs = { toHost: nvspCodec, toGuest: nvspCodec }
  readonly #options: NetworkProviderOptions
  #facts: AdapterFacts
  #state: NetworkState = networkStart
  readonly #ends = new Map<number, End>()
  readonly #slots: ReceiveSlots
  readonly #late = new DueList<LateCompletion>()
  readonly #gpadls = new Map<number, number>()
  readonly counts: NetworkCounts = {
    sentFrames: 0,
    sentBytes: 0,
    receivedFrames: 0,
    receivedBytes: 0,
    segments: 0,
    droppedNoSlot: 0,
    droppedByFilter: 0,
    droppedBySwitch: 0,
  }

  constructor(options: NetworkProviderOptions, facts: AdapterFacts) {
    this.#options = options
    this.#facts = facts
    this.#slots = new ReceiveSlots(options.memory)
  }

  get state(): NetworkState {
    return this.#state
  }

  get facts(): AdapterFacts {
    return this.#facts
  }

  /** Free slots of the receive buffer. */
  get freeSlots(): number {
    return this.#slots.free
  }

  /** Whether frames flow: filter set. */
  get isUp(): boolean {
    return this.#state.rndis.filter !== 0 && this.#facts.connected
  }

  open(channel: NetworkChannel): ProviderAnswer {
    this.#state = networkStart
    this.#attach(0, channel)
    return 0
  }

  close(): 'closed' {
    for (const end of this.#ends.values()) end.detach()
    this.#ends.clear()
    this.#late.remove(() => true)
    this.#slots.clear()
    this.#state = networkStart
    return 'closed'
  }

  event(_channel: NetworkChannel): void {
    this.#ends.get(0)?.pump()
  }

  gpadl(gpadlId: number, ranges: readonly { readonly byteCount: number }[]): ProviderAnswer {
    this.#gpadls.set(
      gpadlId,
      ranges.reduce((sum, range) => sum + range.byteCount, 0),
    )
    return 0
  }

  gpadlTeardown(gpadlId: number): void {
    this.#gpadls.delete(gpadlId)
  }

  subchannel(index: number): VmbusProvider<NvspPayload, NvspPayload> {
    return {
      codecs: this.codecs,
      open: (channel) => {
        this.#attach(index, channel)
        if (this.#ends.size - 1 === this.#state.subChannels) this.sendIndirectionTable()
        return 0
      },
      close: () => {
        for (const tag of this.#ends.get(index)?.detach() ?? []) this.#slots.release(tag)
        this.#ends.delete(index)
        return 'closed'
      },
      event: () => this.#ends.get(index)?.pump(),
    }
  }

  wake(): void {
    const now = this.#options.clock.now()
    for (let late = this.#late.take(now); late !== undefined; late = this.#late.take(now)) this.#done(late.channel, late.transactionId)
    for (const end of this.#ends.values()) if (end.waiting > 0) end.pump()
    this.#late.arm(this.#options.clock)
  }

  stop(): void {
    for (const end of this.#ends.values()) end.stop()
  }

  resume(): void {
    for (const end of this.#ends.values()) end.resume()
  }

  // ---- the switch

  /** Frames for the guest, as one packet to the queue (channel) given; frames without a slot are dropped. Returns how many were put into the ring. */
  deliver(frames: readonly { readonly frame: EthernetFrame; readonly info?: RndisPacketInfo }[], queue = 0): number {
    const { receiveBuffer, rndis } = this.#state
    if (receiveBuffer === undefined || !this.#facts.connected) return 0
    const messages: RndisMessage[] = []
    for (const { frame, info } of frames) {
      if (!filterAccepts(rndis.filter, frame, this.#facts.mac)) this.counts.droppedByFilter++
      else messages.push({ kind: 'packet', frame, info: info ?? {} })
    }
    let taken = 0
    for (let at = 0; at < messages.length; at += nvspDefaults.receiveRangesMax) {
      taken += this.#push(messages.slice(at, at + nvspDefaults.receiveRangesMax), rndisChannel.data, this.#ends.has(queue) ? queue : 0)
    }
    return taken
  }

  /** Lets `count` equal frames on the primary channel have passed one by one; false when none can, because no slot is long enough. */
  pass(count: number, toGuest: boolean, frame: EthernetFrame): boolean {
    const bytes = count * (frame.payloadBytes + 14)
    if (toGuest && rndisMessages.size({ kind: 'packet', frame, info: {} }) > (this.#state.receiveBuffer?.slotBytes ?? 0)) {
      this.counts.droppedNoSlot += count
      return false
    }
    this.#ends.get(0)?.passed(count, count)
    if (toGuest) {
      this.#slots.pass(count)
      this.counts.receivedFrames += count
      this.counts.receivedBytes += bytes
    } else {
      this.counts.sentFrames += count
      this.counts.sentBytes += bytes
      this.counts.segments += count
    }
    return true
  }

  /** The port is connected to a switch or not: the guest is told. */
  setConnected(connected: boolean): void {
    if (this.#facts.connected === connected) return
    this.#facts = { ...this.#facts, connected }
    this.#indicate(connected ? rndisIndication.mediaConnect : rndisIndication.mediaDisconnect, '')
  }

  /** The machine was moved: guests renew their addresses. */
  networkChanged(): void {
    this.#indicate(rndisIndication.networkChange, '')
  }

  setLinkSpeed(linkSpeed: number): void {
    this.#facts = { ...this.#facts, linkSpeed }
    this.#indicate(rndisIndication.linkSpeedChange, '')
  }

  /** A virtual function was given to the guest (its vPCI serial), or taken: undefined. Needs NVSP 4. */
  setVirtualFunction(serial: number | undefined): void {
    if ((this.#state.version ?? 0) < nvspVersion.v4) return
    const known = serial ?? this.#state.vf?.serial ?? 0
    this.#state = { ...this.#state, vf: serial === undefined ? undefined : { serial, active: false } }
    this.#send({ kind: 'sendVfAssociation', allocated: serial === undefined ? 0 : 1, serial: known })
  }

  /** Transmit queue → channel, 16 entries in turn. */
  sendIndirectionTable(): void {
    const channels = this.#ends.size
    this.#send({ kind: 'sendIndirectionTable', table: Array.from({ length: nvspDefaults.sendTableEntries }, (_, i) => i % channels) })
  }

  snapshot(): NetworkProviderRows {
    return {
      version: networkRowsVersion,
      state: this.#state,
      facts: this.#facts,
      ...this.#slots.rows(),
      late: this.#late.snapshot(),
      ends: [...this.#ends].map(([index, end]) => [index, end.snapshot()] as const),
      counts: { ...this.counts },
    }
  }

  restore(rows: NetworkProviderRows, channels: (index: number) => NetworkChannel | undefined): string | undefined {
    if (rows.version !== networkRowsVersion) return `network rows of version ${rows.version}`
    this.#state = rows.state
    this.#facts = rows.facts
    Object.assign(this.counts, rows.counts)
    this.#slots.restore(rows, rows.state.receiveBuffer)
    for (const [index, endRows] of rows.ends) {
      const channel = channels(index)
      if (channel === undefined) return `channel ${index} is missing`
      const fault = this.#attach(index, channel).restore(endRows)
      if (fault !== undefined) return fault
    }
    this.#late.restore(rows.late, this.#options.clock)
    return undefined
  }

  // ---- packets

  #attach(index: number, channel: NetworkChannel): End {
    const { clock } = this.#options
    const end: End = new ChannelEnd(nvspCodec, (packet, request, tag) => this.#take(index, packet, request !== undefined, tag), {
      onBlind: () => clock.wakeAt(clock.now() + 10_000),
    })
    end.attach(hostPort(channel))
    this.#ends.set(index, end)
    return end
  }

  #take(index: number, packet: Packet<NvspPayload>, completes: boolean, tag: number): void {
    if (completes) return this.#slots.release(tag)
    const { message } = packet.payload
    const answer = this.#answer(index, message, packet)
    if (answer !== undefined && (packet.flags & completionRequested) !== 0) this.#reply(index, packet.transactionId, answer)
    if (message.kind === 'subChannelRequest' && answer?.kind === 'subChannelComplete' && answer.status === nvspStatus.success) {
      this.#options.offerSubchannels(answer.count)
    }
  }

  #answer(index: number, message: NvspMessage, packet: Packet<NvspPayload>): NvspCompletion | undefined {
    switch (message.kind) {
      case 'init':
      case 'sendNdisVersion':
      case 'sendNdisConfig':
      case 'sendReceiveBuffer':
      case 'sendSendBuffer':
        return this.#agree(message)
      case 'revokeReceiveBuffer':
        this.#state = { ...this.#state, receiveBuffer: undefined }
        this.#slots.use(undefined)
        return undefined
      case 'revokeSendBuffer':
        this.#state = { ...this.#state, sendBuffer: undefined }
        return undefined
      case 'sendRndisPacket':
        return this.#rndis(index, message.sectionIndex, message.channel, packet)
      case 'subChannelRequest': {
        const count = Math.min(message.count, this.#options.maxSubChannels)
        const allowed = (this.#state.version ?? 0) >= nvspVersion.v5 && message.operation === 1 && count > 0
        if (allowed) this.#state = { ...this.#state, subChannels: count }
        return { kind: 'subChannelComplete', status: allowed ? nvspStatus.success : nvspStatus.failure, count: allowed ? count : 0 }
      }
      case 'switchDataPath': {
        const { vf } = this.#state
        const toVf = message.dataPath === 1
        if (vf === undefined && toVf) return { kind: 'switchDataPathComplete', status: nvspStatus.failure }
        if (vf !== undefined) this.#state = { ...this.#state, vf: { ...vf, active: toVf } }
        this.#options.dataPathSwitched?.(toVf)
        return { kind: 'switchDataPathComplete', status: nvspStatus.success }
      }
      default:
        return { kind: 'sendRndisPacketComplete', status: nvspStatus.unsupported }
    }
  }

  #agree(message: AgreementMessage): NvspCompletion | undefined {
    const gpadlBytes = 'gpadlId' in message ? (this.#gpadls.get(message.gpadlId) ?? 0) : 0
    const { state, answer } = agreementStep(this.#state, message, this.#options.versionMax, gpadlBytes)
    const buffer = state.receiveBuffer
    if (buffer !== undefined && buffer !== this.#state.receiveBuffer) this.#slots.use(buffer)
    this.#state = state
    return answer
  }

  #rndis(index: number, section: number, channel: number, packet: Packet<NvspPayload>): NvspCompletion | undefined {
    const failed: NvspCompletion = { kind: 'sendRndisPacketComplete', status: nvspStatus.invalidRndisPacket }
    if (this.#state.version === undefined) return failed
    const messages = this.#messages(section, packet)
    if (messages.length === 0) return failed
    let latency = 0
    for (const message of messages) {
      if (message.kind !== 'packet') this.#control(message)
      else if (channel === rndisChannel.data && this.#state.rndis.filter !== 0)
        latency = Math.max(latency, this.#transmit(message.frame, message.info))
      else return failed
    }
    if (latency === 0) return { kind: 'sendRndisPacketComplete', status: nvspStatus.success }
    this.#late.add(this.#options.clock.now() + latency, { channel: index, transactionId: packet.transactionId }, this.#options.clock)
    return undefined
  }

  #messages(section: number, packet: Packet<NvspPayload>): readonly RndisMessage[] {
    const { memory } = this.#options
    if (section !== nvspDefaults.noSection)
      return section < (this.#state.sendBuffer?.sections ?? 0) ? (memory.sections.get(section) ?? []) : []
    const page = packet.extension.kind === 'gpaDirect' ? packet.extension.ranges[0]?.pages[0]?.first : undefined
    const message = page === undefined ? undefined : memory.pages.get(page)
    return message === undefined ? [] : [message]
  }

  #transmit(frame: EthernetFrame, info: RndisPacketInfo): number {
    this.counts.sentFrames++
    this.counts.sentBytes += frame.payloadBytes + 14
    this.counts.segments += info.largeSend === undefined ? 1 : Math.ceil(frame.payloadBytes / Math.max(1, largeSendMss(info.largeSend)))
    const { latencyTicks, accepted } = this.#options.port.send(frame, info)
    if (!accepted) this.counts.droppedBySwitch++
    return latencyTicks
  }

  #control(message: Exclude<RndisMessage, { kind: 'packet' }>): void {
    const { state, answer } = rndisStep(this.#state.rndis, message, this.#facts)
    this.#state = { ...this.#state, rndis: state }
    if (answer !== undefined) this.#push([answer], rndisChannel.control, 0)
  }

  #indicate(status: number, buffer: string): void {
    if (this.#state.rndis.initialized) this.#push([{ kind: 'indicateStatus', status, buffer }], rndisChannel.control, 0)
  }

  /** Puts messages into free slots of the receive buffer and names them in one packet. */
  #push(messages: readonly RndisMessage[], channel: number, index: number): number {
    const buffer = this.#state.receiveBuffer
    const end = this.#ends.get(index)
    if (buffer === undefined || end === undefined) return 0
    const ranges: TransferRange[] = []
    const slots: number[] = []
    for (const message of messages) {
      const bytes = rndisMessages.size(message)
      const slot = bytes > buffer.slotBytes ? undefined : this.#slots.take()
      if (slot === undefined) {
        this.counts.droppedNoSlot++
        continue
      }
      slots.push(slot)
      ranges.push({ byteCount: bytes, byteOffset: slot * buffer.slotBytes })
      this.#options.memory.slots.put(slot * buffer.slotBytes, message)
      if (message.kind === 'packet') {
        this.counts.receivedFrames++
        this.counts.receivedBytes += message.frame.payloadBytes + 14
      }
    }
    if (ranges.length === 0) return 0
    const payload = this.#payload({ kind: 'sendRndisPacket', channel, sectionIndex: nvspDefaults.noSection, sectionBytes: 0 })
    const tag = this.#slots.hold(slots)
    if (end.send(transferPagesPacket(payload, nvspPayloadBytes(payload), buffer.id, ranges), tag) === 'refused') {
      this.#slots.release(tag)
      return 0
    }
    return ranges.length
  }

  #done(index: number, transactionId: number): void {
    this.#reply(index, transactionId, { kind: 'sendRndisPacketComplete', status: nvspStatus.success })
  }

  #reply(index: number, transactionId: number, message: NvspCompletion): void {
    const payload = this.#payload(message)
    this.#ends.get(index)?.send(completionPacket(transactionId, payload, nvspPayloadBytes(payload)))
  }

  #send(message: NvspMessage): void {
    const payload = this.#payload(message)
    this.#ends.get(0)?.send(inBandPacket(payload, nvspPayloadBytes(payload)))
  }

  #payload(message: NvspMessage): NvspPayload {
    return { message, bytes: this.#state.version === undefined ? 40 : nvspBytes(this.#state.version) }
  }
}
