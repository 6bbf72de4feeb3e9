/** Sets of messages that begin with a type number, as all device protocols of the VMBus do. One table gives types, sizes, encoder and decoder. */
import type { PayloadCodec, PayloadResult } from '../vmbus/packet-codec.ts'
import { WireReader, type WireShape, type WireType, type WireValue, WireWriter } from './wire.ts'

/** Number and body of each message, by name. */
export type MessageTable = Readonly<Record<string, readonly [number: number, body: WireType<object>]>>

/** The union of a table's messages; `kind` is the name. */
export type MessageOf<T extends MessageTable> = { [K in keyof T & string]: { readonly kind: K } & WireValue<T[K][1]> }[keyof T & string]

/** How the header of a protocol looks: type, then perhaps a size. */
export interface MessageHeader {
  readonly typeBytes: 2 | 4
  /** 0 = no size field. */
  readonly sizeBytes: 0 | 2 | 4
  /** What the size counts. `either`: written with the header, read both ways (the product's parts differ). */
  readonly sizeOf?: 'message' | 'body' | 'either'
  /** Messages are filled with zeros up to this many bytes. */
  readonly fixedBytes?: number
}

export interface MessageSet<M> extends PayloadCodec<M> {
  /** Bytes of a message with its header. */
  size(message: M): number
  /** Bytes without a packet around them. */
  bytes(message: M): Uint8Array
  parse(bytes: Uint8Array): PayloadResult<M>
  /** Names and shapes of all messages. */
  readonly shapes: readonly { readonly kind: string; readonly number: number; readonly shape: WireShape }[]
  /** Number of a message on the wire. */
  numberOf(kind: string): number
}

/** Builds the codec. Unknown numbers, wrong sizes and bytes left over (beyond padding to 8) are refused with a sentence. */
export function messageSet<const T extends MessageTable>(header: MessageHeader, table: T): MessageSet<MessageOf<T>> {
  type M = MessageOf<T>
  const headerBytes = header.typeBytes + header.sizeBytes
  const byNumber = new Map<number, readonly [kind: string, body: WireType<object>]>()
  for (const [kind, [number, body]] of Object.entries(table)) byNumber.set(number, [kind, body])

  const row = (kind: string): readonly [number, WireType<object>] => {
    const found = table[kind]
    if (found === undefined) throw new RangeError(`no message ${kind}`)
    return found
  }
  const size = (message: M): number => Math.max(headerBytes + row(message.kind)[1].size(message), header.fixedBytes ?? 0)

  const bytes = (message: M): Uint8Array => {
    const [number, body] = row(message.kind)
    const total = size(message)
    const writer = new WireWriter(total)
    if (header.typeBytes === 2) writer.view.setUint16(0, number, true)
    else writer.view.setUint32(0, number, true)
    const counted = header.sizeOf === 'body' ? total - headerBytes : total
    if (header.sizeBytes === 2) writer.view.setUint16(header.typeBytes, counted, true)
    else if (header.sizeBytes === 4) writer.view.setUint32(header.typeBytes, counted, true)
    writer.at = headerBytes
    body.write(writer, message)
    return writer.bytes
  }

  const parse = (input: Uint8Array): PayloadResult<M> => {
    if (input.length < headerBytes) return refusal('shorter than its header')
    const reader = new WireReader(input)
    const number = header.typeBytes === 2 ? reader.view.getUint16(0, true) : reader.view.getUint32(0, true)
    const found = byNumber.get(number)
    if (found === undefined) return refusal(`unknown message ${number}`)
    const [kind, body] = found
    reader.at = headerBytes
    const value = body.read(reader)
    if (reader.failure !== undefined) return refusal(`${kind}: ${reader.failure}`)
    const used = Math.max(reader.at, header.fixedBytes ?? 0)
    if (header.sizeBytes > 0) {
      const stated = header.sizeBytes === 2 ? reader.view.getUint16(header.typeBytes, true) : reader.view.getUint32(header.typeBytes, true)
      const legal = header.sizeOf === 'body' ? [used - headerBytes] : header.sizeOf === 'either' ? [used, used - headerBytes] : [used]
      if (!legal.includes(stated)) return refusal(`${kind}: size ${stated} instead of ${used}`)
    }
    if (used > input.length || input.length - used >= 8) return refusal(`${kind}: ${input.length} bytes instead of ${used}`)
    return { ok: true, payload: { kind, ...value } as M }
  }

  return {
    size,
    bytes,
    parse,
    encode: (message) => bytes(message),
    decode: (input) => parse(input),
    shapes: Object.entries(table).map(([kind, [number, body]]) => ({ kind, number, shape: body.shape })),
    numberOf: (kind) => row(kind)[0],
  }
}

function refusal(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason }
}
