/**
 * The guest's network driver (netvsc): NVSP and RNDIS start, send sections, receive slots, sub-channels, VF data path
 * (devices reference 3.2–3.5; linux: drivers/net/hyperv/{netvsc,netvsc_drv,rndis_filter}.c).
 */
import { ChannelEnd, guestPort } from '../../providers/channel-end.ts'
import { type EthernetFrame, frameBytes } from '../../providers/network/frame.ts'
import {
  type NvspCompletion,
  type NvspMessage,
  type NvspPayload,
  type NvspVersion,
  nvspBytes,
  nvspCodec,
  nvspDefaults,
  nvspPayloadBytes,
  nvspStatus,
  rndisChannel,
} from '../../providers/network/nvsp.ts'
import { type RndisControl, type RndisMessage, type RndisPacketInfo, rndisDefaults, rndisMessages } from '../../providers/network/rndis.ts'
import type { VmbusDriver } from '../../vmbus/bus-types.ts'
import type { Channel } from '../../vmbus/channel.ts'
import { completionPacket, completionRequested, gpaDirectPacket, inBandPacket, type Packet } from '../../vmbus/packet.ts'
import { pagesSpanned } from '../../vmbus/pages.ts'
import {
  type LinkFacts,
  type NetworkClientOptions,
  type NetworkClientRows,
  type NetworkClientState,
  networkClientRowsVersion,
  type Sending,
} from './client-types.ts'
import { LinkStart } from './link-start.ts'
import { Sends } from './sends.ts'

export * from './client-types.ts'

type NetworkChannel = Channel<NvspPayload, NvspPayload>
type End = ChannelEnd<NvspPayload, NvspPayload>

/** Guest pages that a frame outside of the send buffer takes: RNDIS header with room for per-packet information, then the frame; bytes. */
export function directBytes(frame: EthernetFrame): number {
  return 36 + 16 * 4 + frameBytes(frame)
}

export class NetworkClient implements VmbusDriver<NvspPayload, NvspPayload> {
  readonly #options: NetworkClientOptions
  readonly #start: LinkStart
  readonly #sends: Sends
  readonly #ends = new Map<number, End>()
  #channel: NetworkChannel | undefined
  #table: readonly number[] = []
  #stopped = false
  readonly counts = { sentFrames: 0, receivedFrames: 0, copied: 0, direct: 0, refused: 0 }

  constructor(options: NetworkClientOptions) {
    this.#options = options
    this.#sends = new Sends(options.memory)
    this.#start = new LinkStart(options, {
      request: (message) => this.#request(message),
      notify: (message) => this.#notify(message),
      control: (message) => this.#control(message),
      nextId: () => this.#sends.nextId,
      sectionsGranted: (sections) => this.#sends.granted(sections),
    })
  }

  get state(): NetworkClientState {
    return this.#start.state
  }

  get version(): NvspVersion | undefined {
    return this.#start.version
  }

  get facts(): LinkFacts {
    return this.#start.facts
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
    return this.#sends.freeSections
  }

  /** Sends without completion. */
  get outstanding(): number {
    return this.#sends.outstanding
  }

  opened(channel: NetworkChannel): void {
    this.#channel = channel
    this.#attach(0, channel)
    this.#start.begin()
  }

  openFailed(_channelId: number, status: number): void {
    this.#start.fail(`the channel was not opened: 0x${status.toString(16)}`)
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
    this.#start.gpadlCreated(status)
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
    if (this.#start.state.name !== 'up' || frames.length === 0 || frames.length > rndisDefaults.packetsPerMessage) return this.#refuse()
    const messages = frames.map(({ frame, info }): RndisMessage => ({ kind: 'packet', frame, info: info ?? {} }))
    const bytes = messages.reduce((sum, message) => sum + rndisMessages.size(message), 0)
    const queue = this.#queue(hash)
    const fits = bytes <= nvspDefaults.sendSectionBytes
    if (!fits && frames.length > 1) return this.#refuse()
    if (this.#isLow(queue) || (fits && this.#sends.freeSections === 0)) {
      this.#stopped = true
      return 'stopped'
    }
    if (fits) this.#sendSection(queue, messages, bytes)
    else this.#sendDirect(queue, messages[0] as RndisMessage, rndisChannel.data)
    this.counts.sentFrames += frames.length
    return 'sent'
  }

  /** Lets `count` equal frames have been sent or received on the primary channel one by one. */
  pass(count: number, toGuest: boolean, frame: EthernetFrame): void {
    this.#ends.get(0)?.passed(count, count)
    if (toGuest) {
      this.counts.receivedFrames += count
      return
    }
    this.#sends.pass(count)
    this.counts.sentFrames += count
    if (this.fitsSection(frame)) this.counts.copied += count
    else this.counts.direct += count
  }

  /** Whether a frame goes through the send buffer instead of guest pages. */
  fitsSection(frame: EthernetFrame): boolean {
    return rndisMessages.size({ kind: 'packet', frame, info: {} }) <= nvspDefaults.sendSectionBytes
  }

  /** RNDIS KEEPALIVE. */
  keepAlive(): void {
    this.#control({ kind: 'keepAlive', requestId: this.#sends.nextId })
  }

  /** Interface down: filter 0; frames stop. */
  down(): void {
    if (this.#start.state.name === 'up') this.#start.setFilter(0)
  }

  /** Moves the data path to the VF or back. */
  switchDataPath(toVf: boolean): void {
    this.#request({ kind: 'switchDataPath', dataPath: toVf ? 1 : 0 })
  }

  snapshot(): NetworkClientRows {
    return {
      version: networkClientRowsVersion,
      ...this.#start.rows(),
      ...this.#sends.rows(),
      table: this.#table,
      ends: [...this.#ends].map(([index, end]) => [index, end.snapshot()] as const),
    }
  }

  restore(rows: NetworkClientRows, channels: (index: number) => NetworkChannel | undefined): string | undefined {
    if (rows.version !== networkClientRowsVersion) return `network client rows of version ${rows.version}`
    this.#start.restore(rows)
    this.#sends.restore(rows)
    this.#table = rows.table
    for (const [index, endRows] of rows.ends) {
      const channel = channels(index)
      if (channel === undefined) return `channel ${index} is missing`
      if (index === 0) this.#channel = channel
      const fault = this.#attach(index, channel).restore(endRows)
      if (fault !== undefined) return fault
    }
    return undefined
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
    if (!this.#stopped || this.#sends.freeSections === 0 || this.#isLow(0, nvspDefaults.startPercent)) return
    this.#stopped = false
    this.#options.guest.writable?.()
  }

  #take(index: number, packet: Packet<NvspPayload>, completes: boolean, id: number): void {
    const { message } = packet.payload
    if (completes) {
      this.#sends.end(id)
      return this.#start.completed(message as NvspCompletion)
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
      if (message.kind !== 'packet') this.#start.controlAnswer(message)
      else {
        this.counts.receivedFrames++
        guest.received?.(message.frame, message.info, index)
      }
    }
  }

  #sendSection(queue: number, messages: readonly RndisMessage[], bytes: number): void {
    const section = this.#sends.takeSection()
    this.#options.memory.sections.put(section, messages)
    this.counts.copied++
    const payload = this.#payload({ kind: 'sendRndisPacket', channel: rndisChannel.data, sectionIndex: section, sectionBytes: bytes })
    this.#post(queue, inBandPacket(payload, nvspPayloadBytes(payload), true), { section, page: undefined, kind: 'sendRndisPacket' })
  }

  #sendDirect(queue: number, message: RndisMessage, channel: number): void {
    const page = this.#options.dataPage + 32 * (this.#sends.nextId % 65_536)
    this.#options.memory.pages.put(page, message)
    const bytes = message.kind === 'packet' ? directBytes(message.frame) : rndisMessages.size(message)
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
    const id = this.#sends.begin(what)
    if (this.#ends.get(queue)?.send(packet, id) === 'refused') this.#sends.end(id)
  }

  #payload(message: NvspMessage): NvspPayload {
    return { message, bytes: nvspBytes(this.#start.sizeVersion) }
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
    for (const id of this.#ends.get(index)?.detach() ?? []) this.#sends.end(id)
    this.#ends.delete(index)
  }

  #gone(): void {
    this.#start.close()
    for (const index of [...this.#ends.keys()]) this.#dropChannel(index)
    this.#channel = undefined
    this.#table = []
  }
}
