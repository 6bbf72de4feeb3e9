/** What a packet of a device pair says, and its bytes. */
import { viewOf } from '../vmbus/bytes.ts'
import type { ChannelCodecs } from '../vmbus/channel-rows.ts'
import type { PacketInfo, PayloadCodec, PayloadResult } from '../vmbus/packet-codec.ts'

/** Payloads of work after the start: numbers above every start sequence. */
export const PairOp = {
  Read: 0x1000,
  Write: 0x1001,
  Send: 0x1002,
  Receive: 0x1003,
  Heartbeat: 0x1004,
  Mouse: 0x1005,
  Shutdown: 0x1006,
  /** The disks behind a controller have changed; the guest asks for them anew. */
  EnumerateBus: 0x1007,
  ReportLuns: 0x1008,
  /** The host adds memory or takes some back. */
  MemoryChange: 0x1009,
} as const

export interface PairPayload {
  /** Index in the start sequence, or one of `PairOp`. */
  readonly op: number
  readonly isAnswer: boolean
  /** Id of the request; 0 in the start sequence. */
  readonly id: number
  readonly unit: number
  /** Bytes from the start of the device. */
  readonly offset: number
  readonly bytes: number
  /** Declared size of the payload, bytes. */
  readonly size: number
}

const FULL_BYTES = 32

class PairCodec implements PayloadCodec<PairPayload> {
  encode(payload: PairPayload, _packet: PacketInfo): Uint8Array {
    const bytes = new Uint8Array(payload.size)
    const view = viewOf(bytes)
    view.setUint16(0, payload.op, true)
    view.setUint16(2, (payload.isAnswer ? 0x8000 : 0) + payload.size, true)
    view.setUint32(4, payload.id, true)
    if (payload.size < FULL_BYTES) return bytes
    view.setUint32(8, payload.unit, true)
    view.setUint32(12, payload.bytes, true)
    view.setFloat64(16, payload.offset, true)
    return bytes
  }

  decode(bytes: Uint8Array, _packet: PacketInfo): PayloadResult<PairPayload> {
    if (bytes.length < 8) return { ok: false, reason: `payload of ${bytes.length} bytes` }
    const view = viewOf(bytes)
    const sizes = view.getUint16(2, true)
    const size = sizes & 0x7fff
    if (size > bytes.length) return { ok: false, reason: `payload of ${bytes.length} bytes says ${size}` }
    const full = size >= FULL_BYTES
    return {
      ok: true,
      payload: {
        op: view.getUint16(0, true),
        isAnswer: sizes >= 0x8000,
        id: view.getUint32(4, true),
        unit: full ? view.getUint32(8, true) : 0,
        bytes: full ? view.getUint32(12, true) : 0,
        offset: full ? view.getFloat64(16, true) : 0,
        size,
      },
    }
  }
}

const codec = new PairCodec()
export const PAIR_CODECS: ChannelCodecs<PairPayload, PairPayload> = { toHost: codec, toGuest: codec }

export function pairPayload(op: number, isAnswer: boolean, size: number, request: Partial<PairPayload> = {}): PairPayload {
  return { op, isAnswer, id: request.id ?? 0, unit: request.unit ?? 0, offset: request.offset ?? 0, bytes: request.bytes ?? 0, size }
}
