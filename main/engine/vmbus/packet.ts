/**
 * VMBus ring packets as typed objects with their exact sizes in the ring (hypervisor reference 4.7; linux: include/linux/hyperv.h).
 * A packet holds its payload as the device protocol's own object; bytes are made on demand by `ring-codec.ts`.
 */
import { countPages, type GpaRange } from './pages.ts'

/** Packet types of the descriptor's first field. */
export const packetType = {
  synch: 1,
  addTransferPageSet: 2,
  removeTransferPageSet: 3,
  establishGpadl: 4,
  teardownGpadl: 5,
  inBand: 6,
  transferPages: 7,
  dataByGpadl: 8,
  gpaDirect: 9,
  cancel: 0xa,
  completion: 0xb,
  additionalPacket: 0xc,
  additionalData: 0xd,
} as const

export type PacketType = (typeof packetType)[keyof typeof packetType]

/** Descriptor flag bit 0: the receiver owes a completion packet with the same transaction id. */
export const completionRequested = 1

/** Sizes in bytes: descriptor, trailer (low u32 zero, high u32 start offset of the packet). */
export const descriptorBytes = 16
export const trailerBytes = 8

/** Largest packet a descriptor can express: length is a u16 in units of 8 bytes. */
export const packetBytesMax = 0xffff * 8

/** A piece of the receiver's transfer-page buffer, in bytes. */
export interface TransferRange {
  readonly byteCount: number
  readonly byteOffset: number
}

/** What stands between descriptor and payload, by packet type. */
export type PacketExtension =
  | { readonly kind: 'none' }
  | { readonly kind: 'gpaDirect'; readonly ranges: readonly GpaRange[] }
  | { readonly kind: 'transferPages'; readonly setId: number; readonly senderOwnsSet: boolean; readonly ranges: readonly TransferRange[] }
  | { readonly kind: 'transferPageSet'; readonly gpadlId: number; readonly setId: number }
  | { readonly kind: 'gpadl'; readonly gpadlId: number; readonly rangeCount: number }
  | { readonly kind: 'additional'; readonly totalBytes: number; readonly byteOffset: number; readonly byteCount: number }

const noExtension: PacketExtension = { kind: 'none' }

/** Bytes of an extension as it stands in the ring. Always a multiple of 8. */
export function extensionBytes(extension: PacketExtension): number {
  switch (extension.kind) {
    case 'none':
      return 0
    case 'gpaDirect': {
      let bytes = 8
      for (const range of extension.ranges) bytes += 8 + 8 * countPages(range.pages)
      return bytes
    }
    case 'transferPages':
      return 8 + 8 * extension.ranges.length
    case 'transferPageSet':
    case 'gpadl':
      return 8
    case 'additional':
      return 16
  }
}

/** Ring bytes of an in-band, completion or cancel packet with this payload. */
export function inBandRingBytes(payloadBytes: number): number {
  return descriptorBytes + ((payloadBytes + 7) & ~7) + trailerBytes
}

/**
 * One packet. Once sent it belongs to the ring until the reader's sink has returned; a request that wants a completion belongs to the channel
 * until its completion was read. After that its owner may fill and send the same object again (see {@link PacketPool}).
 */
export class Packet<P = unknown> {
  type: PacketType = packetType.inBand
  /** Descriptor flags: 0 or {@link completionRequested}. */
  flags = 0
  /** Given by the channel when a request with completion is sent; otherwise free for the protocol. 0 to 2^53−1. */
  transactionId = 0
  payload: P
  /** Payload size before padding, bytes. */
  payloadBytes = 0
  extension: PacketExtension = noExtension
  /** Offset of the payload from the descriptor's start, bytes. */
  dataOffset = descriptorBytes
  /** Descriptor + extension + padded payload, bytes: what `length8` says. */
  length = descriptorBytes
  /** Bytes the packet takes in the ring: length + trailer. */
  ringBytes = descriptorBytes + trailerBytes

  constructor(payload: P) {
    this.payload = payload
  }

  /** Makes this object an in-band packet. */
  asInBand(payload: P, payloadBytes: number, wantsCompletion: boolean): this {
    return this.fill(packetType.inBand, wantsCompletion ? completionRequested : 0, 0, payload, payloadBytes, noExtension)
  }

  /** Makes this object the completion of a request of the other side. */
  asCompletion(transactionId: number, payload: P, payloadBytes: number): this {
    return this.fill(packetType.completion, 0, transactionId, payload, payloadBytes, noExtension)
  }

  /** Fills every field and computes the sizes. A packet longer than a descriptor can say is a fault of the caller. */
  fill(type: PacketType, flags: number, transactionId: number, payload: P, payloadBytes: number, extension: PacketExtension): this {
    this.type = type
    this.flags = flags
    this.transactionId = transactionId
    this.payload = payload
    this.payloadBytes = payloadBytes
    this.extension = extension
    this.dataOffset = extension === noExtension ? descriptorBytes : descriptorBytes + extensionBytes(extension)
    this.length = this.dataOffset + ((payloadBytes + 7) & ~7)
    this.ringBytes = this.length + trailerBytes
    if (this.length > packetBytesMax)
      throw new RangeError(`packet of ${this.length} bytes exceeds the descriptor's limit of ${packetBytesMax}`)
    return this
  }
}

/** Data in the ring itself. `wantsCompletion` makes it a transaction. */
export function inBandPacket<P>(payload: P, payloadBytes: number, wantsCompletion = false): Packet<P> {
  return new Packet(payload).asInBand(payload, payloadBytes, wantsCompletion)
}

/** A request whose data lies in guest pages named by the packet (guest to host only, in today's use). Always wants a completion. */
export function gpaDirectPacket<P>(payload: P, payloadBytes: number, ranges: readonly GpaRange[]): Packet<P> {
  if (ranges.length === 0) throw new RangeError('a GPA direct packet needs at least one range')
  return new Packet(payload).fill(packetType.gpaDirect, completionRequested, 0, payload, payloadBytes, { kind: 'gpaDirect', ranges })
}

/** Data in a buffer that both sides share (network receive, host to guest). Wants a completion unless told otherwise. */
export function transferPagesPacket<P>(
  payload: P,
  payloadBytes: number,
  setId: number,
  ranges: readonly TransferRange[],
  options: { readonly senderOwnsSet?: boolean; readonly wantsCompletion?: boolean } = {},
): Packet<P> {
  const flags = (options.wantsCompletion ?? true) ? completionRequested : 0
  const extension: PacketExtension = { kind: 'transferPages', setId, senderOwnsSet: options.senderOwnsSet ?? false, ranges }
  return new Packet(payload).fill(packetType.transferPages, flags, 0, payload, payloadBytes, extension)
}

/** The answer to a request of the other side; `transactionId` is the request's. */
export function completionPacket<P>(transactionId: number, payload: P, payloadBytes: number): Packet<P> {
  return new Packet(payload).asCompletion(transactionId, payload, payloadBytes)
}

/** Asks the other side to give up a request; the request is still completed once. */
export function cancelPacket<P>(transactionId: number, payload: P): Packet<P> {
  return new Packet(payload).fill(packetType.cancel, 0, transactionId, payload, 0, noExtension)
}

/** Keeps used packet objects for the next send, so that steady traffic allocates nothing. */
export class PacketPool<P> {
  readonly #free: Packet<P>[] = []
  readonly #blank: P
  readonly #limit: number

  /** `blank` stands in a pooled packet's payload; at most `limit` objects are kept. */
  constructor(blank: P, limit = 1024) {
    this.#blank = blank
    this.#limit = limit
  }

  /** A packet to fill with `asInBand`, `asCompletion` or `fill`. */
  acquire(): Packet<P> {
    return this.#free.pop() ?? new Packet(this.#blank)
  }

  /** Gives a packet back. It must be in no ring and in no transaction table. */
  release(packet: Packet<P>): void {
    if (this.#free.length >= this.#limit) return
    packet.payload = this.#blank
    packet.extension = noExtension
    this.#free.push(packet)
  }
}
