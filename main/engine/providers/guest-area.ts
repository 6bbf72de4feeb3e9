/**
 * Guest memory that both sides of a device can see: buffers named by their first page, sections of a send buffer, slots of a receive buffer.
 * The value lives here as the protocol's own object; its bytes are made when the machine is saved. Only pieces in use take room.
 */
import { fromHex, toHex } from '../vmbus/bytes.ts'
import { packetType } from '../vmbus/packet.ts'
import type { PayloadCodec } from '../vmbus/packet-codec.ts'

/** Saved form: key and bytes of each piece. */
export type AreaRows = readonly (readonly [key: number, bytes: string])[]

const noPacket = { type: packetType.inBand, transactionId: 0 } as const

export class GuestArea<T> {
  readonly #values = new Map<number, T>()
  readonly #codec: PayloadCodec<T>

  constructor(codec: PayloadCodec<T>) {
    this.#codec = codec
  }

  get size(): number {
    return this.#values.size
  }

  /** Stores a value at a page number, section or offset. */
  put(key: number, value: T): void {
    this.#values.set(key, value)
  }

  /** What stands there; undefined when nothing was written since it was cleared. */
  get(key: number): T | undefined {
    return this.#values.get(key)
  }

  /** The owner uses the memory for something else. */
  clear(key: number): void {
    this.#values.delete(key)
  }

  clearAll(): void {
    this.#values.clear()
  }

  snapshot(): AreaRows {
    return [...this.#values].map(([key, value]) => [key, toHex(this.#codec.encode(value, noPacket))] as const)
  }

  /** Puts saved pieces in place; a sentence when they are refused. */
  restore(rows: AreaRows): string | undefined {
    this.#values.clear()
    for (const [key, hex] of rows) {
      const bytes = fromHex(hex)
      const value = bytes === undefined ? undefined : this.#codec.decode(bytes, noPacket)
      if (value?.ok !== true) return `memory at ${key}: ${value?.reason ?? 'no hex text'}`
      this.#values.set(key, value.payload)
    }
    return undefined
  }
}
