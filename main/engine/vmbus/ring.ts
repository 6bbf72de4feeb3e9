/**
 * One direction of a VMBus ring buffer at the level of packets: the control page's fields and the index arithmetic are the product's to the byte,
 * the data area holds packet objects instead of bytes (hypervisor reference 4.7, 4.8; core sheet 5.1–5.3; openvmm: vmbus_ring/src/lib.rs;
 * linux: drivers/hv/ring_buffer.c). `ring-codec.ts` turns the content into its real bytes and back.
 *
 * Memory barriers of the real code have no counterpart: each call is one instant.
 */
import { type Packet, packetType } from './packet.ts'

/** Feature bit 0: the producer of this ring writes its pending send size and wants a signal when that much is free. */
export const featurePendingSendSize = 1

/** What {@link Ring.write} did. */
export const ringWrite = { full: 0, sent: 1, sentAndSignal: 2 } as const
export type RingWrite = (typeof ringWrite)[keyof typeof ringWrite]

/** Counts of one ring since it was opened. `signals + maskedSignals + notEmptySignals` equals the packets written. */
export interface RingCounts {
  readonly packetsWritten: number
  readonly bytesWritten: number
  readonly packetsRead: number
  readonly bytesRead: number
  readonly inBand: number
  readonly gpaDirect: number
  readonly transferPages: number
  readonly completions: number
  readonly others: number
  /** Writes that called for a signal to the reader. */
  readonly signals: number
  /** Writes without a signal because the reader's interrupt mask was set. */
  readonly maskedSignals: number
  /** Writes without a signal because the ring was not empty before. */
  readonly notEmptySignals: number
  /** Reads that told a blocked producer about space. */
  readonly spaceSignals: number
  /** Times the ring became full for its producer (linux: out_full_first). */
  readonly fullFirst: number
  /** Refused writes in all (linux: out_full_total). */
  readonly fullTotal: number
}

/** Bytes free to write, 8 less than the hole, because equal indices mean empty (openvmm: ring_free). */
export function ringFree(size: number, writeIndex: number, readIndex: number): number {
  return readIndex > writeIndex ? readIndex - writeIndex - 8 : size - (writeIndex - readIndex) - 8
}

export class Ring<P = unknown> {
  /** Data area in bytes: a multiple of 4096. */
  readonly size: number
  /** Byte offset where the next packet will begin ("in"). */
  writeIndex = 0
  /** Byte offset of the first unread packet ("out"), as published by the reader. */
  readIndex = 0
  /** 1 while the reader polls and wants no signals. */
  interruptMask = 0
  /** Bytes for which the producer waits; 0 = it does not wait. */
  pendingSendSize = 0
  featureBits: number

  packetsWritten = 0
  bytesWritten = 0
  packetsRead = 0
  bytesRead = 0
  inBand = 0
  gpaDirect = 0
  transferPages = 0
  completions = 0
  others = 0
  signals = 0
  maskedSignals = 0
  notEmptySignals = 0
  spaceSignals = 0
  fullFirst = 0
  fullTotal = 0

  /** Set from the first refused write until one succeeds. */
  #blocked = false
  /** Reader's position inside a batch; published by {@link commitRead}. */
  #nextRead = 0
  /** Circular store of unread packets, a power of two long, grown when needed. */
  #slots: (Packet<P> | undefined)[] = []
  #head = 0
  #count = 0

  /** `dataBytes` must be a positive multiple of 4096. */
  constructor(dataBytes: number, featureBits: number = featurePendingSendSize) {
    if (!Number.isInteger(dataBytes) || dataBytes <= 0 || dataBytes % 4096 !== 0) {
      throw new RangeError(`ring of ${dataBytes} bytes is not whole pages`)
    }
    this.size = dataBytes
    this.featureBits = featureBits
  }

  /** Bytes in unread packets. */
  get bytesToRead(): number {
    const used = this.writeIndex - this.readIndex
    return used >= 0 ? used : used + this.size
  }

  /** Bytes a producer may still write. */
  get bytesToWrite(): number {
    return ringFree(this.size, this.writeIndex, this.readIndex)
  }

  /** Unread packets. */
  get length(): number {
    return this.#count
  }

  /** Offset of the reader's next packet; differs from {@link readIndex} only inside a batch. */
  get nextReadIndex(): number {
    return this.#nextRead
  }

  /** True if a packet of this many ring bytes can be written now. */
  canWrite(ringBytes: number): boolean {
    return ringBytes <= ringFree(this.size, this.writeIndex, this.readIndex)
  }

  /**
   * Puts a packet in and decides about the signal. When full, the producer's pending send size is set (if it supports that) and nothing else changes.
   * A packet that could not fit into the empty ring is a fault of the caller.
   */
  write(packet: Packet<P>): RingWrite {
    const bytes = packet.ringBytes
    const old = this.writeIndex
    const size = this.size
    const read = this.readIndex
    const free = read > old ? read - old - 8 : size - (old - read) - 8
    if (bytes > free) return this.#refuse(bytes)
    let next = old + bytes
    if (next >= size) next -= size
    this.#push(packet)
    this.writeIndex = next
    if (this.#blocked) this.#blocked = false
    // A smaller packet that slips through leaves the larger one waiting for its signal.
    if (this.pendingSendSize !== 0 && bytes >= this.pendingSendSize) this.pendingSendSize = 0
    this.packetsWritten++
    this.bytesWritten += bytes
    this.#countType(packet.type)
    if (this.interruptMask !== 0) {
      this.maskedSignals++
      return ringWrite.sent
    }
    if (read !== old) {
      this.notEmptySignals++
      return ringWrite.sent
    }
    this.signals++
    return ringWrite.sentAndSignal
  }

  /** The next unread packet, without taking it. */
  peek(): Packet<P> | undefined {
    return this.#count === 0 ? undefined : this.#slots[this.#head]
  }

  /** Takes the next packet. The space is given back by {@link commitRead}. */
  read(): Packet<P> | undefined {
    if (this.#count === 0) return undefined
    const head = this.#head
    const packet = this.#slots[head]
    if (packet === undefined) throw new Error('ring store is inconsistent')
    this.#slots[head] = undefined
    this.#head = (head + 1) & (this.#slots.length - 1)
    this.#count--
    let next = this.#nextRead + packet.ringBytes
    if (next >= this.size) next -= this.size
    this.#nextRead = next
    this.packetsRead++
    this.bytesRead += packet.ringBytes
    return packet
  }

  /** Puts the packet back that {@link read} returned last, before anything was published. */
  unread(packet: Packet<P>): void {
    if (this.#count === this.#slots.length) this.#grow()
    this.#head = (this.#head - 1) & (this.#slots.length - 1)
    this.#slots[this.#head] = packet
    this.#count++
    let next = this.#nextRead - packet.ringBytes
    if (next < 0) next += this.size
    this.#nextRead = next
    this.packetsRead--
    this.bytesRead -= packet.ringBytes
  }

  /** Publishes the read index after a batch. True if a blocked producer must be signalled: its pending size did not fit before and fits now. */
  commitRead(): boolean {
    const old = this.readIndex
    const next = this.#nextRead
    if (old === next) return false
    this.readIndex = next
    // Some producers store the ring size minus 1; the low bits are dropped as the server does (openvmm: commit_read).
    const pending = this.pendingSendSize & ~7
    if (pending === 0 || (this.featureBits & featurePendingSendSize) === 0) return false
    if (ringFree(this.size, this.writeIndex, old) >= pending || ringFree(this.size, this.writeIndex, next) < pending) return false
    this.spaceSignals++
    return true
  }

  /** Unread packets in order, for inspectors and saving. */
  packets(): Packet<P>[] {
    const list: Packet<P>[] = []
    for (let i = 0; i < this.#count; i++) {
      const packet = this.#slots[(this.#head + i) & (this.#slots.length - 1)]
      if (packet !== undefined) list.push(packet)
    }
    return list
  }

  /** A copy of the counts. */
  counts(): RingCounts {
    return {
      packetsWritten: this.packetsWritten,
      bytesWritten: this.bytesWritten,
      packetsRead: this.packetsRead,
      bytesRead: this.bytesRead,
      inBand: this.inBand,
      gpaDirect: this.gpaDirect,
      transferPages: this.transferPages,
      completions: this.completions,
      others: this.others,
      signals: this.signals,
      maskedSignals: this.maskedSignals,
      notEmptySignals: this.notEmptySignals,
      spaceSignals: this.spaceSignals,
      fullFirst: this.fullFirst,
      fullTotal: this.fullTotal,
    }
  }

  /** Puts a saved state in place. The caller has checked it (see `channel-rows.ts`). */
  load(state: {
    readonly readIndex: number
    readonly interruptMask: number
    readonly pendingSendSize: number
    readonly featureBits: number
    readonly blocked: boolean
    readonly packets: readonly Packet<P>[]
    readonly counts: RingCounts
  }): void {
    this.readIndex = state.readIndex
    this.#nextRead = state.readIndex
    this.#slots = []
    this.#head = 0
    this.#count = 0
    let at = state.readIndex
    for (const packet of state.packets) {
      this.#push(packet)
      at = (at + packet.ringBytes) % this.size
    }
    this.writeIndex = at
    this.interruptMask = state.interruptMask
    this.pendingSendSize = state.pendingSendSize
    this.featureBits = state.featureBits
    this.#blocked = state.blocked
    Object.assign(this, state.counts)
  }

  /** True between a refused write and the next one that succeeds. */
  get blocked(): boolean {
    return this.#blocked
  }

  #refuse(bytes: number): RingWrite {
    if (bytes > this.size - 8) throw new RangeError(`packet of ${bytes} ring bytes can never fit a ring of ${this.size}`)
    this.fullTotal++
    if (!this.#blocked) {
      this.#blocked = true
      this.fullFirst++
    }
    if ((this.featureBits & featurePendingSendSize) !== 0) this.pendingSendSize = bytes
    return ringWrite.full
  }

  #push(packet: Packet<P>): void {
    if (this.#count === this.#slots.length) this.#grow()
    this.#slots[(this.#head + this.#count) & (this.#slots.length - 1)] = packet
    this.#count++
  }

  #grow(): void {
    const old = this.#slots
    const slots: (Packet<P> | undefined)[] = []
    for (let i = 0; i < this.#count; i++) slots.push(old[(this.#head + i) & (old.length - 1)])
    const length = old.length === 0 ? 8 : old.length * 2
    while (slots.length < length) slots.push(undefined)
    this.#slots = slots
    this.#head = 0
  }

  #countType(type: number): void {
    if (type === packetType.inBand) this.inBand++
    else if (type === packetType.completion) this.completions++
    else if (type === packetType.gpaDirect) this.gpaDirect++
    else if (type === packetType.transferPages) this.transferPages++
    else this.others++
  }
}

/** The two rings of a channel: guest to host first in the GPADL, host to guest from the downstream page offset on. */
export class RingPair<G = unknown, H = unknown> {
  readonly guestToHost: Ring<G>
  readonly hostToGuest: Ring<H>

  /** Data bytes of each direction, without the control pages. */
  constructor(guestToHostBytes: number, hostToGuestBytes: number, featureBits: number = featurePendingSendSize) {
    this.guestToHost = new Ring(guestToHostBytes, featureBits)
    this.hostToGuest = new Ring(hostToGuestBytes, featureBits)
  }
}
