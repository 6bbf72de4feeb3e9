/** Follows one request through its channel: which packets are its own, and where each of them is (S23). */
import { icFlag } from '../providers/integration/protocol.ts'
import { completionRequested, type Packet, packetType } from '../vmbus/packet.ts'
import type { Direction, VmbusTraceEvent } from '../vmbus/trace.ts'
import type { DevicePair } from './device-pair.ts'
import { packetName } from './packet-names.ts'

type PacketEvent = Extract<VmbusTraceEvent, { readonly kind: 'packet' }>

/** Transaction of an integration message; undefined for packets of other protocols. */
function serviceTransaction(packet: Packet): { readonly id: number; readonly answers: boolean } | undefined {
  const data = (packet.payload as { readonly data?: { readonly transactionId?: number; readonly flags?: number } } | undefined)?.data
  if (data?.transactionId === undefined || data.flags === undefined) return undefined
  return { id: data.transactionId, answers: (data.flags & icFlag.response) !== 0 }
}

/** How many requests were sent, arrived at the other side, and were answered to the side that had asked. */
export interface ChainCounts {
  asked: number
  arrived: number
  answered: number
}

class RequestChain {
  readonly counts: ChainCounts = { asked: 0, arrived: 0, answered: 0 }
  /** What the asking side sends now is the request. */
  starting = true
  readonly #pair: DevicePair
  readonly #id: number
  readonly #toPeer: Direction
  readonly #transactions = new Set<number>()
  readonly #services = new Set<number>()

  constructor(pair: DevicePair, id: number, toPeer: Direction) {
    this.#pair = pair
    this.#id = id
    this.#toPeer = toPeer
  }

  note(event: PacketEvent): void {
    const { packet, step, direction } = event
    const away = direction === this.#toPeer
    if (step === 'sent' && away && this.starting && packet.type !== packetType.completion) this.#begin(packet)
    if (away && this.#isRequest(packet)) this.#noteRequest(packet, step)
    else if (!away && this.#isAnswer(packet)) this.#noteAnswer(packet, step)
  }

  #begin(packet: Packet): void {
    const service = serviceTransaction(packet)
    if (service !== undefined) this.#services.add(service.id)
    else if ((packet.flags & completionRequested) !== 0) this.#transactions.add(packet.transactionId)
    this.counts.asked++
  }

  #isRequest(packet: Packet): boolean {
    if (packet.type === packetType.completion) return false
    const service = serviceTransaction(packet)
    if (service !== undefined) return this.#services.has(service.id) && !service.answers
    if ((packet.flags & completionRequested) !== 0) return this.#transactions.has(packet.transactionId)
    return this.counts.asked > 0
  }

  #isAnswer(packet: Packet): boolean {
    if (packet.type === packetType.completion) return this.#transactions.has(packet.transactionId)
    const service = serviceTransaction(packet)
    return service?.answers === true && this.#services.has(service.id)
  }

  #noteRequest(packet: Packet, step: PacketEvent['step']): void {
    const { log } = this.#pair.owner.context
    const [asker, server] = this.#toPeer === 'toHost' ? (['vsc', 'vsp'] as const) : (['vsp', 'vsc'] as const)
    const name = packetName(this.#pair.device.kind, packet)
    if (step === 'sent') {
      log.step(this.#id, asker, name)
      this.#inRing(packet)
      return
    }
    this.counts.arrived++
    log.step(this.#id, server, `takes ${name}`)
  }

  #noteAnswer(packet: Packet, step: PacketEvent['step']): void {
    const { log } = this.#pair.owner.context
    const name = packetName(this.#pair.device.kind, packet)
    if (step === 'sent') {
      // What a provider does between device and ring is a step of its own; a driver answers at once.
      if (this.#toPeer === 'toHost') log.step(this.#id, 'vsp', `answers ${name}`)
      this.#inRing(packet)
      return
    }
    this.counts.answered++
    log.step(this.#id, this.#toPeer === 'toHost' ? 'vsc' : 'vsp', `completed: ${name}`)
  }

  #inRing(packet: Packet): void {
    const { log } = this.#pair.owner.context
    log.step(this.#id, 'channel', `${packet.ringBytes} bytes in the ring of channel ${this.#pair.channel?.channelId ?? 0}`)
  }
}

/**
 * Watches the channel of `pair` while `work` runs and the host settles, and writes the steps of request `id` into the machine's log. What `from` sends
 * in `work` is the request; what carries its transaction belongs to it.
 */
export function followRequest(pair: DevicePair, id: number, from: 'guest' | 'host', work: () => void): ChainCounts {
  const { channel } = pair
  const chain = new RequestChain(pair, id, from === 'guest' ? 'toHost' : 'toGuest')
  if (channel === undefined) return chain.counts
  const before = channel.trace
  channel.trace = (event) => {
    if (event.kind === 'packet') chain.note(event)
    before?.(event)
  }
  try {
    work()
    chain.starting = false
    pair.owner.context.host.settle()
  } finally {
    channel.trace = before
  }
  return chain.counts
}
