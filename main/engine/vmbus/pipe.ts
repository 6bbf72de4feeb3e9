/**
 * Pipe mode: every in-band packet starts with {packet type u32, length u32} (hypervisor reference 4.7; core sheet 5.5). Used by video, keyboard, mouse,
 * integration components and hv_sock.
 */
import { viewOf } from './bytes.ts'
import type { PacketInfo, PayloadCodec, PayloadResult } from './packet-codec.ts'

/** Types of pipe packets. */
export const pipePacketType = { data: 1, partial: 2, setUpGpaDirect: 3, tearDownGpaDirect: 4 } as const

export const pipeHeaderBytes = 8

/** Most data bytes of one pipe packet. */
export const pipeDataBytesMax = 16384

/** A pipe packet of type data: what device protocols send. `dataBytes` is the exact length in the pipe header; 0 = end of sending (hv_sock). */
export interface PipeData<T> {
  readonly dataBytes: number
  readonly data: T
}

/** Payload size of a pipe packet, for `inBandPacket`. More than 16,384 data bytes are a fault of the caller. */
export function pipePayloadBytes(dataBytes: number): number {
  if (dataBytes > pipeDataBytesMax) throw new RangeError(`pipe packet of ${dataBytes} bytes`)
  return pipeHeaderBytes + dataBytes
}

/** Wraps the codec of a protocol's messages into that of pipe packets. The inner codec gets exactly the message's bytes. */
export function pipeCodec<T>(inner: PayloadCodec<T>): PayloadCodec<PipeData<T>> {
  return {
    encode(payload: PipeData<T>, packet: PacketInfo): Uint8Array {
      const data = inner.encode(payload.data, packet)
      if (data.length !== payload.dataBytes) throw new RangeError(`pipe data of ${data.length} bytes is declared as ${payload.dataBytes}`)
      const bytes = new Uint8Array(pipePayloadBytes(data.length))
      const view = viewOf(bytes)
      view.setUint32(0, pipePacketType.data, true)
      view.setUint32(4, data.length, true)
      bytes.set(data, pipeHeaderBytes)
      return bytes
    },
    decode(bytes: Uint8Array, packet: PacketInfo): PayloadResult<PipeData<T>> {
      if (bytes.length < pipeHeaderBytes) return { ok: false, reason: 'shorter than a pipe header' }
      const view = viewOf(bytes)
      const dataBytes = view.getUint32(4, true)
      if (view.getUint32(0, true) !== pipePacketType.data) return { ok: false, reason: 'no data packet' }
      if (dataBytes > pipeDataBytesMax || dataBytes > bytes.length - pipeHeaderBytes)
        return { ok: false, reason: 'length beyond the packet' }
      const data = inner.decode(bytes.subarray(pipeHeaderBytes, pipeHeaderBytes + dataBytes), packet)
      return data.ok ? { ok: true, payload: { dataBytes, data: data.payload } } : data
    },
  }
}
