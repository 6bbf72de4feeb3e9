/**
 * The bytes of a ring: control page and data area as a guest's memory would hold them (hypervisor reference 4.7).
 * {@link ByteRing} works on such bytes alone and obeys the same rules as {@link Ring}, so each checks the other.
 */
import { viewOf } from './bytes.ts'
import type { Packet } from './packet.ts'
import { announcedRingBytes, decodePacket, encodePacket, type PacketError, type PayloadCodec } from './packet-codec.ts'
import { featurePendingSendSize, type Ring, type RingWrite, ringFree, ringWrite } from './ring.ts'

/** Offsets in the control page, bytes. */
export const ringControl = { writeIndex: 0, readIndex: 4, interruptMask: 8, pendingSendSize: 12, featureBits: 64, data: 4096 } as const

/** Why bytes are no ring. */
export type RingError = 'size' | 'index' | PacketError

/** One ring in bytes: a 4 KiB control page, then the data area. */
export class ByteRing {
  readonly bytes: Uint8Array
  readonly size: number
  readonly #view: DataView
  #nextRead: number

  /** Takes bytes as they are; `4096 + data` long. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.size = bytes.length - ringControl.data
    this.#view = viewOf(bytes)
    this.#nextRead = this.field('readIndex')
  }

  /** An empty ring of `dataBytes`. */
  static empty(dataBytes: number, featureBits: number = featurePendingSendSize): ByteRing {
    const ring = new ByteRing(new Uint8Array(ringControl.data + dataBytes))
    ring.setField('featureBits', featureBits)
    return ring
  }

  field(name: 'writeIndex' | 'readIndex' | 'interruptMask' | 'pendingSendSize' | 'featureBits'): number {
    return this.#view.getUint32(ringControl[name], true)
  }

  setField(name: 'writeIndex' | 'readIndex' | 'interruptMask' | 'pendingSendSize' | 'featureBits', value: number): void {
    this.#view.setUint32(ringControl[name], value, true)
  }

  /** Copies an encoded packet in and publishes the write index. */
  write(packet: Uint8Array): RingWrite {
    const old = this.field('writeIndex')
    const read = this.field('readIndex')
    const features = this.field('featureBits')
    if (ringFree(this.size, old, read) < packet.length) {
      if ((features & featurePendingSendSize) !== 0) this.setField('pendingSendSize', packet.length)
      return ringWrite.full
    }
    this.#copyIn(old, packet)
    this.setField('writeIndex', (old + packet.length) % this.size)
    const pending = this.field('pendingSendSize')
    if (pending !== 0 && packet.length >= pending) this.setField('pendingSendSize', 0)
    return this.field('interruptMask') === 0 && read === old ? ringWrite.sentAndSignal : ringWrite.sent
  }

  /** The next packet's bytes, trailer included; undefined = empty; a text = corrupt. */
  read(): Uint8Array | undefined | PacketError {
    const write = this.field('writeIndex')
    const at = this.#nextRead
    if (at === write) return undefined
    const available = write > at ? write - at : this.size - at + write
    const ringBytes = announcedRingBytes(viewOf(this.copyOut(at, Math.min(16, available))), available)
    if (typeof ringBytes === 'string') return ringBytes
    this.#nextRead = (at + ringBytes) % this.size
    return this.copyOut(at, ringBytes)
  }

  /** Offset of the next packet to read. */
  get nextReadIndex(): number {
    return this.#nextRead
  }

  /** Publishes the read index; true if the blocked producer must be signalled. */
  commitRead(): boolean {
    const old = this.field('readIndex')
    const write = this.field('writeIndex')
    this.setField('readIndex', this.#nextRead)
    const pending = this.field('pendingSendSize') & ~7
    if (old === this.#nextRead || pending === 0 || (this.field('featureBits') & featurePendingSendSize) === 0) return false
    return ringFree(this.size, write, old) < pending && ringFree(this.size, write, this.#nextRead) >= pending
  }

  /** Bytes from a data offset on, around the end if needed. */
  copyOut(offset: number, length: number): Uint8Array {
    const out = new Uint8Array(length)
    const first = Math.min(length, this.size - offset)
    out.set(this.bytes.subarray(ringControl.data + offset, ringControl.data + offset + first))
    out.set(this.bytes.subarray(ringControl.data, ringControl.data + length - first), first)
    return out
  }

  #copyIn(offset: number, packet: Uint8Array): void {
    const first = Math.min(packet.length, this.size - offset)
    this.bytes.set(packet.subarray(0, first), ringControl.data + offset)
    this.bytes.set(packet.subarray(first), ringControl.data)
  }
}

/** The bytes of a ring's control page and unread packets; what was read before is zero. Not to be called inside a sink. */
export function encodeRing<P>(ring: Ring<P>, codec: PayloadCodec<P>): Uint8Array {
  const out = ByteRing.empty(ring.size, ring.featureBits)
  out.setField('readIndex', ring.readIndex)
  out.setField('writeIndex', ring.readIndex)
  let at = ring.readIndex
  for (const packet of ring.packets()) {
    out.write(encodePacket(packet, codec, at))
    at = (at + packet.ringBytes) % ring.size
  }
  out.setField('interruptMask', ring.interruptMask)
  out.setField('pendingSendSize', ring.pendingSendSize)
  return out.bytes
}

export interface DecodedRing<P> {
  readonly size: number
  readonly writeIndex: number
  readonly readIndex: number
  readonly interruptMask: number
  readonly pendingSendSize: number
  readonly featureBits: number
  readonly packets: readonly Packet<P>[]
}

/** Reads a ring's bytes. Refuses sizes, indices and packets that no sound ring has. */
export function decodeRing<P>(bytes: Uint8Array, codec: PayloadCodec<P>): DecodedRing<P> | RingError {
  const size = bytes.length - ringControl.data
  if (size <= 0 || size % 4096 !== 0) return 'size'
  const ring = new ByteRing(bytes)
  const writeIndex = ring.field('writeIndex')
  const readIndex = ring.field('readIndex')
  if (writeIndex >= size || readIndex >= size || writeIndex % 8 !== 0 || readIndex % 8 !== 0) return 'index'
  const packets: Packet<P>[] = []
  for (;;) {
    const at = ring.nextReadIndex
    const next = ring.read()
    if (next === undefined) break
    if (typeof next === 'string') return next
    const result = decodePacket(next, codec, at)
    if (!result.ok) return result.error
    packets.push(result.packet)
  }
  return {
    size,
    writeIndex,
    readIndex,
    interruptMask: ring.field('interruptMask'),
    pendingSendSize: ring.field('pendingSendSize'),
    featureBits: ring.field('featureBits'),
    packets,
  }
}
