/** Packets to their ring bytes and back (hypervisor reference 4.7; openvmm: vmbus_ring/src/lib.rs parse_packet). */
import { readU64, viewOf, writeU64 } from './bytes.ts'
import { completionRequested, descriptorBytes, Packet, type PacketExtension, type PacketType, packetType, trailerBytes } from './packet.ts'
import { type GpaRange, rangesToWords, rangeWordCount, wordsToRanges } from './pages.ts'

/** What a payload codec may look at besides the bytes. */
export interface PacketInfo {
  readonly type: PacketType
  readonly transactionId: number
}

export type PayloadResult<P> = { readonly ok: true; readonly payload: P } | { readonly ok: false; readonly reason: string }

/** Turns a device protocol's payloads into bytes and back. Decoding gets the bytes padded to 8, as a reader of the ring does. */
export interface PayloadCodec<P> {
  encode(payload: P, packet: PacketInfo): Uint8Array
  decode(bytes: Uint8Array, packet: PacketInfo): PayloadResult<P>
}

/** For channels whose payloads are bytes already. */
export const rawCodec: PayloadCodec<Uint8Array> = {
  encode: (payload) => payload,
  decode: (bytes) => ({ ok: true, payload: bytes.slice() }),
}

/** Why ring bytes are no packet. */
export type PacketError = 'tooShort' | 'lengths' | 'flags' | 'type' | 'rangeCount' | 'ranges' | 'transactionId' | 'trailer' | 'payload'

export type PacketResult<P> = { readonly ok: true; readonly packet: Packet<P> } | { readonly ok: false; readonly error: PacketError }

/** Ring bytes of a packet that begins at `writeIndex`: descriptor, extension, padded payload, trailer. */
export function encodePacket<P>(packet: Packet<P>, codec: PayloadCodec<P>, writeIndex: number): Uint8Array {
  const payload = codec.encode(packet.payload, packet)
  if (payload.length !== packet.payloadBytes)
    throw new RangeError(`payload of ${payload.length} bytes is declared as ${packet.payloadBytes}`)
  const bytes = new Uint8Array(packet.ringBytes)
  const view = viewOf(bytes)
  view.setUint16(0, packet.type, true)
  view.setUint16(2, packet.dataOffset / 8, true)
  view.setUint16(4, packet.length / 8, true)
  view.setUint16(6, packet.flags, true)
  writeU64(view, 8, packet.transactionId)
  writeExtension(view, packet.extension)
  bytes.set(payload, packet.dataOffset)
  view.setUint32(packet.length + 4, writeIndex, true)
  return bytes
}

function writeExtension(view: DataView, extension: PacketExtension): void {
  switch (extension.kind) {
    case 'none':
      return
    case 'gpaDirect':
      view.setUint32(20, extension.ranges.length, true)
      rangesToWords(extension.ranges).forEach((word, i) => {
        writeU64(view, 24 + 8 * i, word)
      })
      return
    case 'transferPages':
      view.setUint16(16, extension.setId, true)
      view.setUint8(18, extension.senderOwnsSet ? 1 : 0)
      view.setUint32(20, extension.ranges.length, true)
      extension.ranges.forEach((range, i) => {
        view.setUint32(24 + 8 * i, range.byteCount, true)
        view.setUint32(28 + 8 * i, range.byteOffset, true)
      })
      return
    case 'transferPageSet':
      view.setUint32(16, extension.gpadlId, true)
      view.setUint16(20, extension.setId, true)
      return
    case 'gpadl':
      view.setUint32(16, extension.gpadlId, true)
      view.setUint32(20, extension.rangeCount, true)
      return
    case 'additional':
      writeU64(view, 16, extension.totalBytes)
      view.setUint32(24, extension.byteOffset, true)
      view.setUint32(28, extension.byteCount, true)
      return
  }
}

const knownTypes: ReadonlySet<number> = new Set(Object.values(packetType))

/** Length in the ring that a descriptor announces, or an error; `available` = bytes the ring holds from here on. */
export function announcedRingBytes(view: DataView, available: number): number | PacketError {
  if (available < descriptorBytes) return 'tooShort'
  const dataOffset8 = view.getUint16(2, true)
  const length8 = view.getUint16(4, true)
  if (dataOffset8 < descriptorBytes / 8 || length8 < dataOffset8) return 'lengths'
  const ringBytes = length8 * 8 + trailerBytes
  return ringBytes > available ? 'lengths' : ringBytes
}

/**
 * Reads the packet at the start of `bytes`. Hosts refuse flag bits other than bit 0 and lengths that contradict each other; readers skip the trailer,
 * which is checked here only when `writeIndex` is given.
 */
export function decodePacket<P>(bytes: Uint8Array, codec: PayloadCodec<P>, writeIndex?: number): PacketResult<P> {
  const view = viewOf(bytes)
  const ringBytes = announcedRingBytes(view, bytes.length)
  if (typeof ringBytes === 'string') return { ok: false, error: ringBytes }
  const type = view.getUint16(0, true)
  if (!knownTypes.has(type)) return { ok: false, error: 'type' }
  const flags = view.getUint16(6, true)
  if ((flags & ~completionRequested) !== 0) return { ok: false, error: 'flags' }
  const transactionId = readU64(view, 8)
  if (transactionId === Number.POSITIVE_INFINITY) return { ok: false, error: 'transactionId' }
  const dataOffset = view.getUint16(2, true) * 8
  const length = ringBytes - trailerBytes
  const extension = readExtension(view, type as PacketType, dataOffset)
  if (typeof extension === 'string') return { ok: false, error: extension }
  if (writeIndex !== undefined && (view.getUint32(length + 4, true) !== writeIndex || view.getUint32(length, true) !== 0)) {
    return { ok: false, error: 'trailer' }
  }
  const info: PacketInfo = { type: type as PacketType, transactionId }
  const payload = codec.decode(bytes.subarray(dataOffset, length), info)
  if (!payload.ok) return { ok: false, error: 'payload' }
  const packet = new Packet(payload.payload).fill(info.type, flags, transactionId, payload.payload, length - dataOffset, extension)
  return packet.length === length ? { ok: true, packet } : { ok: false, error: 'lengths' }
}

function readExtension(view: DataView, type: PacketType, dataOffset: number): PacketExtension | PacketError {
  const bytes = dataOffset - descriptorBytes
  switch (type) {
    case packetType.gpaDirect:
      return bytes < 8 ? 'lengths' : readGpaRanges(view, dataOffset)
    case packetType.transferPages: {
      if (bytes < 8) return 'lengths'
      const count = view.getUint32(20, true)
      if (bytes !== 8 + 8 * count) return 'rangeCount'
      const ranges = Array.from({ length: count }, (_, i) => ({
        byteCount: view.getUint32(24 + 8 * i, true),
        byteOffset: view.getUint32(28 + 8 * i, true),
      }))
      return { kind: 'transferPages', setId: view.getUint16(16, true), senderOwnsSet: view.getUint8(18) !== 0, ranges }
    }
    case packetType.addTransferPageSet:
    case packetType.removeTransferPageSet:
      return bytes !== 8 ? 'lengths' : { kind: 'transferPageSet', gpadlId: view.getUint32(16, true), setId: view.getUint16(20, true) }
    case packetType.establishGpadl:
    case packetType.teardownGpadl:
    case packetType.dataByGpadl:
      return bytes !== 8 ? 'lengths' : { kind: 'gpadl', gpadlId: view.getUint32(16, true), rangeCount: view.getUint32(20, true) }
    case packetType.additionalPacket:
    case packetType.additionalData: {
      if (bytes !== 16) return 'lengths'
      const totalBytes = readU64(view, 16)
      if (totalBytes === Number.POSITIVE_INFINITY) return 'ranges'
      return { kind: 'additional', totalBytes, byteOffset: view.getUint32(24, true), byteCount: view.getUint32(28, true) }
    }
    default:
      return bytes !== 0 ? 'lengths' : { kind: 'none' }
  }
}

function readGpaRanges(view: DataView, dataOffset: number): PacketExtension | PacketError {
  const count = view.getUint32(20, true)
  if (count === 0) return 'rangeCount'
  const words: number[] = []
  for (let at = 24; at < dataOffset; at += 8) words.push(readU64(view, at))
  const ranges: readonly GpaRange[] | string = wordsToRanges(words, count)
  if (typeof ranges === 'string' || rangeWordCount(ranges) !== words.length) return 'ranges'
  return { kind: 'gpaDirect', ranges }
}
