/**
 * What the VMBus needs of the hypervisor's SynIC, as a port: the hypervisor module implements it, {@link DirectTransport} stands in for it in tests
 * (hypervisor reference 3.3–3.5, 4.2).
 */
import type { VmbusMessage } from './messages.ts'

/** Hypercall statuses that PostMessage and SignalEvent can give. */
export type SynicStatus =
  | 'success'
  | 'insufficientBuffers'
  | 'invalidConnectionId'
  | 'invalidPortId'
  | 'invalidParameter'
  | 'invalidSynicState'
  | 'invalidVpIndex'
  | 'accessDenied'

/** A VMBus message on its way: SynIC message type 1. The bytes are made on demand by `encodeMessage`. */
export interface SynicPost {
  readonly message: VmbusMessage
  /** Payload size, at most 240. */
  readonly bytes: number
}

/** The port. Nothing is delivered inside a call: the hypervisor calls the receiver later. */
export interface SynicTransport {
  /** PostMessage by the guest on a connection id that leads to the parent's VMBus. */
  postToHost(connectionId: number, post: SynicPost): SynicStatus
  /** PostMessage by the parent to the message slot (VP, SINT) of the guest. */
  postToGuest(vp: number, sint: number, post: SynicPost): SynicStatus
  /** SignalEvent by the guest. */
  signalHost(connectionId: number, flag: number): SynicStatus
  /** SignalEvent by the parent: event flag in the SIEF page of (VP, SINT). */
  signalGuest(vp: number, sint: number, flag: number): SynicStatus
  /** A monitor page bit went from 0 to 1; `monitorScanned` is to be called within `latency` ticks of 100 ns. */
  monitorPending(monitorId: number, latency: number): void
  /** The guest has copied a message, set the slot's type to 0 and written EOM if needed: the next message may enter the slot. */
  slotFreed(vp: number, sint: number): void
}

/** The bus, as the hypervisor sees it. */
export interface SynicReceiver {
  /** A message of the guest has arrived in the parent. */
  hostMessage(post: SynicPost): void
  /** A message stands in the guest's slot; the bus answers with `slotFreed` when it has copied it. */
  guestMessage(vp: number, sint: number, post: SynicPost): void
  /** The parent got an event on a connection. */
  hostEvent(connectionId: number, flag: number): void
  /** The guest got an event flag. */
  guestEvent(vp: number, sint: number, flag: number): void
  /** The hypervisor scanned the trigger group and found this bit set; it is clear now. */
  monitorScanned(monitorId: number): void
  /** A port that had no buffer has one again. */
  buffersFree(): void
}

/** Message buffers of a port. */
export const portBuffers = 16

interface Slot {
  readonly vp: number
  readonly sint: number
  occupied: boolean
  readonly queue: SynicPost[]
}

/**
 * A SynIC without time: posts queue up, `step` delivers one thing, `run` all of it. Keeps the product's rules that matter to the VMBus: 16 buffers a
 * port, one message at a time in a slot, events that coalesce while they are pending.
 */
export class DirectTransport implements SynicTransport {
  readonly #receiver: () => SynicReceiver
  readonly #connections: ReadonlySet<number>
  #work: (() => void)[] = []
  #slots: Slot[] = []
  #toHost = 0
  #starved = false
  readonly #pendingEvents = new Set<string>()
  /** Counts for tests: guest hypercalls and interrupts. */
  hypercalls = 0
  interrupts = 0

  /** `messageConnections`: ids on which this host's generation takes messages, such as [1] or [1, 4]. */
  constructor(receiver: () => SynicReceiver, messageConnections: readonly number[]) {
    this.#receiver = receiver
    this.#connections = new Set(messageConnections)
  }

  postToHost(connectionId: number, post: SynicPost): SynicStatus {
    this.hypercalls++
    if (!this.#connections.has(connectionId)) return 'invalidConnectionId'
    if (this.#toHost >= portBuffers) return this.#starve()
    this.#toHost++
    this.#work.push(() => {
      this.#toHost--
      this.#receiver().hostMessage(post)
      this.#feed()
    })
    return 'success'
  }

  postToGuest(vp: number, sint: number, post: SynicPost): SynicStatus {
    let slot = this.#slots.find((entry) => entry.vp === vp && entry.sint === sint)
    if (slot === undefined) {
      slot = { vp, sint, occupied: false, queue: [] }
      this.#slots.push(slot)
    }
    if (slot.queue.length + (slot.occupied ? 1 : 0) >= portBuffers) return this.#starve()
    slot.queue.push(post)
    this.#deliver(slot)
    return 'success'
  }

  signalHost(connectionId: number, flag: number): SynicStatus {
    this.hypercalls++
    this.#once(`h${connectionId}.${flag}`, () => this.#receiver().hostEvent(connectionId, flag))
    return 'success'
  }

  signalGuest(vp: number, sint: number, flag: number): SynicStatus {
    this.#once(`g${vp}.${sint}.${flag}`, () => {
      this.interrupts++
      this.#receiver().guestEvent(vp, sint, flag)
    })
    return 'success'
  }

  monitorPending(monitorId: number, _latency: number): void {
    this.#work.push(() => this.#receiver().monitorScanned(monitorId))
  }

  slotFreed(vp: number, sint: number): void {
    const slot = this.#slots.find((entry) => entry.vp === vp && entry.sint === sint)
    if (slot === undefined || !slot.occupied) throw new Error('a slot was freed that holds no message')
    slot.occupied = false
    this.#deliver(slot)
    this.#feed()
  }

  /** Delivers the next thing. False when nothing waits. */
  step(): boolean {
    const next = this.#work.shift()
    next?.()
    return next !== undefined
  }

  /** Delivers until nothing waits. */
  run(limit = 1_000_000): void {
    for (let i = 0; i < limit; i++) if (!this.step()) return
    throw new Error('the transport does not come to rest')
  }

  /** The partition was reset: messages and events on the way are gone. */
  clear(): void {
    this.#work = []
    this.#slots = []
    this.#toHost = 0
    this.#starved = false
    this.#pendingEvents.clear()
  }

  #deliver(slot: Slot): void {
    if (slot.occupied) return
    const post = slot.queue.shift()
    if (post === undefined) return
    slot.occupied = true
    this.#work.push(() => this.#receiver().guestMessage(slot.vp, slot.sint, post))
  }

  #once(key: string, action: () => void): void {
    if (this.#pendingEvents.has(key)) return
    this.#pendingEvents.add(key)
    this.#work.push(() => {
      this.#pendingEvents.delete(key)
      action()
    })
  }

  #starve(): SynicStatus {
    this.#starved = true
    return 'insufficientBuffers'
  }

  #feed(): void {
    if (!this.#starved) return
    this.#starved = false
    this.#receiver().buffersFree()
  }
}
