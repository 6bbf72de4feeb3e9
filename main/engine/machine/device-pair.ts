/**
 * One synthetic device: its provider in the root (VSP) and its client in the guest (VSC), by their messages' names, order and sizes. What a message
 * means inside is left out; `pair-scripts.ts` has the start sequences.
 */
import type { ProviderAnswer, VmbusDriver, VmbusProvider } from '../vmbus/bus-types.ts'
import type { Channel, SendResult } from '../vmbus/channel.ts'
import { completionPacket, gpaDirectPacket, inBandPacket, type Packet, packetType, transferPagesPacket } from '../vmbus/packet.ts'
import { type GpaRange, pageBytes } from '../vmbus/pages.ts'
import type { OfferId, OpenParameters } from '../vmbus/server-types.ts'
import { DEVICE_ROWS } from './guest-facts.ts'
import type { MachineContext } from './machine-context.ts'
import { PAIR_CODECS, PairOp, type PairPayload, pairPayload } from './pair-payload.ts'
import type { PairScript } from './pair-scripts.ts'
import type { DeviceSpec } from './stack-types.ts'

/** Payload sizes: storage requests and answers, network requests, their short completions. */
export const STORAGE_BYTES = 64
export const NETWORK_BYTES = 40
export const NETWORK_DONE_BYTES = 8
/** Frames up to this go through the send buffer; larger ones lie in guest pages (core sheet 6.4). */
export const SEND_SECTION_BYTES = 6144
/** Heartbeat: pipe and message headers, sequence number and reserve (linux: hv_util.c). */
const HEARTBEAT_BYTES = 68
const MOUSE_BYTES = 24
/** Shutdown request with its text; the answer has the header alone (linux: hv_util.c shutdown_msg_data). */
const SHUTDOWN_BYTES = 2088
const RECEIVE_SET = 0xcafe
/** First guest page of data buffers. */
const DATA_PAGE = 0x8000
/** NTSTATUS: insufficient system resources. */
const STATUS_INSUFFICIENT_RESOURCES = 0xc000_009a
const DRAIN_MAX = 100_000

/** What a pair needs of its machine. */
export interface PairOwner {
  readonly context: MachineContext
  /** Makes the channel's event paths; false when the root has no memory for them. */
  channelOpened(parameters: OpenParameters): boolean
  channelClosed(channelId: number): void
  retarget(channelId: number, vp: number): void
  /** Shares guest memory; `gpadlCreated` of the driver follows. */
  share(channelId: number, pages: number): void
  offerSubchannels(pair: DevicePair): void
  shutdownAnswered(): void
}

/** Saved form. */
export interface PairRow {
  readonly guestAt: number
  readonly hostAt: number
  readonly waits: boolean
}

type PairChannel = Channel<PairPayload, PairPayload>

/** Data of `bytes` in guest pages. */
export function dataRanges(bytes: number): readonly GpaRange[] {
  return [{ byteCount: bytes, byteOffset: 0, pages: [{ first: DATA_PAGE, count: Math.max(1, Math.ceil(bytes / pageBytes)) }] }]
}

export class DevicePair {
  readonly device: DeviceSpec
  readonly owner: PairOwner
  readonly script: PairScript
  readonly subchannelIndex: number
  readonly provider: HostEnd
  readonly driver: GuestEnd
  offerId: OfferId = 0
  /** The open channel; undefined while it is not open. */
  channel: PairChannel | undefined
  /** Next exchange of each side; equal to the script's length once its part is done. */
  guestAt = 0
  hostAt = 0
  /** The guest waits for its memory to be shared. */
  waits = false

  constructor(owner: PairOwner, device: DeviceSpec, script: PairScript, subchannelIndex = 0) {
    this.owner = owner
    this.device = device
    this.script = script
    this.subchannelIndex = subchannelIndex
    this.provider = new HostEnd(this)
    this.driver = new GuestEnd(this)
  }

  /** The start sequence is over: the device works. */
  get started(): boolean {
    return this.channel?.isOpen === true && this.guestAt >= this.script.exchanges.length && this.hostAt >= this.script.exchanges.length
  }

  get stalled(): boolean {
    return this.owner.context.host.isStalled(this.device.kind)
  }

  row(): PairRow {
    return { guestAt: this.guestAt, hostAt: this.hostAt, waits: this.waits }
  }

  load(row: PairRow, channel: PairChannel | undefined): void {
    this.guestAt = row.guestAt
    this.hostAt = row.hostAt
    this.waits = row.waits
    this.channel = channel
  }

  begin(channel: PairChannel): void {
    this.channel = channel
    this.guestAt = 0
    this.hostAt = 0
    this.waits = false
  }

  end(): void {
    this.channel = undefined
    this.guestAt = 0
    this.hostAt = 0
    this.waits = false
  }

  sendFromGuest(packet: Packet<PairPayload>): SendResult {
    const before = this.channel?.hostMonitorSignals ?? 0
    const result = this.channel?.sendFromGuest(packet) ?? 'refused'
    return this.#sent(packet, result, (this.channel?.hostMonitorSignals ?? 0) > before ? 'monitor page' : 'SignalEvent')
  }

  sendFromHost(packet: Packet<PairPayload>): SendResult {
    return this.#sent(packet, this.channel?.sendFromHost(packet) ?? 'refused', 'event flag')
  }

  #sent(packet: Packet<PairPayload>, result: SendResult, signal: string): SendResult {
    if (result !== 'sent' && result !== 'sentAndSignal') return result
    const { tally, log } = this.owner.context
    tally.packets++
    const { id } = packet.payload
    if (id !== 0 && log.follows(id)) {
      log.step(
        id,
        'channel',
        `${packet.ringBytes} bytes in the ring of channel ${this.channel?.channelId ?? 0}${result === 'sent' ? '' : `, ${signal}`}`,
      )
    }
    return result
  }

  nameOf(payload: PairPayload): string {
    const scripted = this.script.exchanges[payload.op]
    if (scripted !== undefined) return scripted.name
    switch (payload.op) {
      case PairOp.Read:
        return `EXECUTE_SRB READ lun ${payload.unit} at ${payload.offset}, ${payload.bytes} bytes`
      case PairOp.Write:
        return `EXECUTE_SRB WRITE lun ${payload.unit} at ${payload.offset}, ${payload.bytes} bytes`
      case PairOp.Send:
        return `NVSP SEND_RNDIS_PACKET, frame of ${payload.bytes} bytes`
      case PairOp.Receive:
        return `NVSP SEND_RNDIS_PACKET (receive), frame of ${payload.bytes} bytes`
      case PairOp.Heartbeat:
        return 'HEARTBEAT'
      case PairOp.Mouse:
        return 'INPUT_REPORT'
      case PairOp.Shutdown:
        return 'SHUTDOWN'
      case PairOp.EnumerateBus:
        return 'ENUMERATE_BUS'
      case PairOp.ReportLuns:
        return 'EXECUTE_SRB REPORT LUNS'
      case PairOp.MemoryChange:
        return 'DM_MEM_CHANGE'
      default:
        return 'message'
    }
  }
}

/** The provider in the root partition. */
export class HostEnd implements VmbusProvider<PairPayload, PairPayload> {
  readonly codecs = PAIR_CODECS
  readonly #pair: DevicePair

  constructor(pair: DevicePair) {
    this.#pair = pair
  }

  open(channel: PairChannel, parameters: OpenParameters): ProviderAnswer {
    if (!this.#pair.owner.channelOpened(parameters)) return STATUS_INSUFFICIENT_RESOURCES
    this.#pair.begin(channel)
    this.#next()
    return 0
  }

  close(channel: PairChannel): 'closed' {
    this.#pair.owner.channelClosed(channel.channelId)
    this.#pair.end()
    return 'closed'
  }

  event(channel: PairChannel): void {
    if (this.#pair.stalled) return
    channel.drainAtHost(DRAIN_MAX, (packet, request) => this.#take(packet, request))
  }

  targetVp(vp: number): ProviderAnswer {
    const channelId = this.#pair.channel?.channelId
    if (channelId !== undefined) this.#pair.owner.retarget(channelId, vp)
    return 0
  }

  /** Sends its exchanges as long as they need no answer. */
  #next(): void {
    const pair = this.#pair
    for (;;) {
      const exchange = pair.script.exchanges[pair.hostAt]
      if (exchange === undefined || exchange.from !== 'host') return
      pair.sendFromHost(inBandPacket(pairPayload(pair.hostAt, false, exchange.bytes), exchange.bytes))
      if (exchange.answer !== 'none') return
      pair.hostAt++
    }
  }

  /** False leaves the request in the ring until its answer fits. */
  #take(packet: Packet<PairPayload>, request: Packet<PairPayload> | undefined): boolean {
    const pair = this.#pair
    const { payload } = packet
    const { log } = pair.owner.context
    if (packet.type === packetType.completion) {
      const of = request?.payload ?? payload
      log.step(of.id, 'vsp', `completed: ${pair.nameOf(of)}`)
      return true
    }
    if (payload.isAnswer) return this.#answered(payload)
    const exchange = pair.script.exchanges[payload.op]
    if (exchange === undefined) return this.#serve(packet)
    if (
      exchange.answer === 'completion' &&
      !this.#sent(completionPacket(packet.transactionId, answerOf(payload, exchange.answerBytes), exchange.answerBytes))
    )
      return false
    if (exchange.answer === 'packet' && !this.#sent(inBandPacket(answerOf(payload, exchange.answerBytes), exchange.answerBytes)))
      return false
    if (exchange.offersSubchannels === true) pair.owner.offerSubchannels(pair)
    pair.hostAt = payload.op + 1
    this.#next()
    return true
  }

  #sent(packet: Packet<PairPayload>): boolean {
    return this.#pair.sendFromHost(packet) !== 'full'
  }

  #answered(payload: PairPayload): boolean {
    const pair = this.#pair
    const { log } = pair.owner.context
    if (payload.op === PairOp.Shutdown) pair.owner.shutdownAnswered()
    log.step(payload.id, 'vsp', `answer: ${pair.nameOf(payload)}`)
    if (pair.script.exchanges[payload.op] === undefined) return true
    pair.hostAt = payload.op + 1
    this.#next()
    return true
  }

  /** A request of work: the device below does it, then it is completed. */
  #serve(packet: Packet<PairPayload>): boolean {
    const pair = this.#pair
    const { payload } = packet
    const { log } = pair.owner.context
    const network = payload.op === PairOp.Send
    const size = network ? NETWORK_DONE_BYTES : STORAGE_BYTES
    if (pair.channel?.canSendFromHost(size + 24) === false) return false
    if (log.follows(payload.id)) {
      log.step(payload.id, 'vsp', pair.nameOf(payload))
      log.step(payload.id, 'device', network ? 'virtual switch port' : 'virtual disk, file on the host volume')
      log.step(payload.id, 'vsp', `completes ${pair.nameOf(payload)}`)
    }
    return this.#sent(completionPacket(packet.transactionId, answerOf(payload, size), size))
  }
}

function answerOf(payload: PairPayload, size: number): PairPayload {
  return pairPayload(payload.op, true, size, payload)
}

/** The client driver in the guest. */
export class GuestEnd implements VmbusDriver<PairPayload, PairPayload> {
  readonly #pair: DevicePair

  constructor(pair: DevicePair) {
    this.#pair = pair
  }

  opened(channel: PairChannel): void {
    this.#next()
    this.event(channel)
  }

  openFailed(): void {
    this.#pair.end()
  }

  event(channel: PairChannel): void {
    channel.drainAtGuest(DRAIN_MAX, (packet, request) => this.#take(packet, request))
  }

  rescinded(): void {
    this.#pair.end()
  }

  closed(): void {
    this.#pair.end()
  }

  gpadlCreated(_gpadlId: number, status: number): void {
    const pair = this.#pair
    if (!pair.waits || status !== 0) return
    pair.waits = false
    this.#send(pair.guestAt)
  }

  /** Sends its exchanges as long as they need no answer. */
  #next(): void {
    const pair = this.#pair
    for (;;) {
      const exchange = pair.script.exchanges[pair.guestAt]
      if (exchange === undefined || exchange.from !== 'guest' || pair.waits || pair.channel === undefined) return
      if (exchange.sharePages !== undefined) {
        pair.waits = true
        pair.owner.share(pair.channel.channelId, exchange.sharePages)
        return
      }
      this.#send(pair.guestAt)
      if (exchange.answer !== 'none') return
      pair.guestAt++
    }
  }

  #send(at: number): void {
    const exchange = this.#pair.script.exchanges[at]
    if (exchange === undefined) return
    this.#pair.sendFromGuest(inBandPacket(pairPayload(at, false, exchange.bytes), exchange.bytes, exchange.answer === 'completion'))
  }

  #take(packet: Packet<PairPayload>, request: Packet<PairPayload> | undefined): boolean {
    const pair = this.#pair
    const { log } = pair.owner.context
    const payload = packet.type === packetType.completion ? (request?.payload ?? packet.payload) : packet.payload
    const exchange = pair.script.exchanges[payload.op]
    if (packet.type === packetType.completion || payload.isAnswer) {
      if (exchange === undefined) log.step(payload.id, 'vsc', `completed: ${pair.nameOf(payload)}`)
      else this.#finished(payload.op)
      return true
    }
    if (exchange === undefined) return this.#serve(packet)
    if (exchange.answer === 'packet') {
      pair.sendFromGuest(inBandPacket(pairPayload(payload.op, true, exchange.answerBytes), exchange.answerBytes))
    }
    this.#finished(payload.op)
    return true
  }

  #finished(op: number): void {
    this.#pair.guestAt = op + 1
    this.#next()
  }

  /** Something that the host began: a frame, a heartbeat, an input report, a shutdown. */
  #serve(packet: Packet<PairPayload>): boolean {
    const pair = this.#pair
    const { payload } = packet
    pair.owner.context.log.step(payload.id, 'vsc', pair.nameOf(payload))
    if (payload.op === PairOp.Receive) {
      return (
        pair.sendFromGuest(completionPacket(packet.transactionId, answerOf(payload, NETWORK_DONE_BYTES), NETWORK_DONE_BYTES)) !== 'full'
      )
    }
    if (payload.op === PairOp.Mouse) return true
    if (payload.op === PairOp.EnumerateBus) return pair.sendFromGuest(workPacket(PairOp.ReportLuns, { id: payload.id })) !== 'full'
    const size = payload.op === PairOp.Shutdown ? 28 : HEARTBEAT_BYTES
    return pair.sendFromGuest(inBandPacket(pairPayload(payload.op, true, size, payload), size)) !== 'full'
  }
}

/** The packet that begins a request of work. */
export function workPacket(
  op: number,
  fields: { readonly id: number; readonly unit?: number; readonly offset?: number; readonly bytes?: number },
): Packet<PairPayload> {
  const bytes = fields.bytes ?? 0
  switch (op) {
    case PairOp.Read:
    case PairOp.Write:
    case PairOp.ReportLuns:
      return gpaDirectPacket(pairPayload(op, false, STORAGE_BYTES, fields), STORAGE_BYTES, dataRanges(bytes))
    case PairOp.Send:
      return bytes <= SEND_SECTION_BYTES
        ? inBandPacket(pairPayload(op, false, NETWORK_BYTES, fields), NETWORK_BYTES, true)
        : gpaDirectPacket(pairPayload(op, false, NETWORK_BYTES, fields), NETWORK_BYTES, dataRanges(bytes))
    case PairOp.Receive:
      return transferPagesPacket(pairPayload(op, false, NETWORK_BYTES, fields), NETWORK_BYTES, RECEIVE_SET, [
        { byteCount: bytes, byteOffset: 0 },
      ])
    case PairOp.EnumerateBus:
      return inBandPacket(pairPayload(op, false, STORAGE_BYTES, fields), STORAGE_BYTES)
    case PairOp.Mouse:
      return inBandPacket(pairPayload(op, false, MOUSE_BYTES, fields), MOUSE_BYTES)
    case PairOp.Shutdown:
      return inBandPacket(pairPayload(op, false, SHUTDOWN_BYTES, fields), SHUTDOWN_BYTES)
    default:
      return inBandPacket(pairPayload(op, false, HEARTBEAT_BYTES, fields), HEARTBEAT_BYTES)
  }
}

/** Title of the device as inspectors show it. */
export function deviceTitle(device: DeviceSpec): string {
  return DEVICE_ROWS[device.kind].title
}
