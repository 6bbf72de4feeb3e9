/**
 * Building blocks for device protocols' bytes: one description of a message gives its type, its encoder and its decoder, so that the two cannot differ.
 * All numbers are little-endian. Decoding never throws: a reader that runs out of bytes, or meets a value that the field cannot have, notes the failure.
 * Encoding a value that does not fit its field is a fault of the caller and throws a RangeError.
 */
import { fromHex, readU64, toHex, viewOf, writeU64 } from '../vmbus/bytes.ts'
import { type Guid, readGuid, writeGuid } from '../vmbus/guid.ts'

/** What a field looks like, for inspectors and for generators of test values. */
export type WireShape =
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'bigint' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'guid' }
  | { readonly kind: 'padding' }
  | { readonly kind: 'choice'; readonly values: readonly number[] }
  | { readonly kind: 'text'; readonly units: number }
  | { readonly kind: 'hex'; readonly min: number; readonly max: number }
  | { readonly kind: 'list'; readonly max: number; readonly item: WireShape }
  | { readonly kind: 'struct'; readonly fields: readonly (readonly [name: string, shape: WireShape])[] }

/** Writes at a moving position into bytes of the right size. */
export class WireWriter {
  readonly bytes: Uint8Array
  readonly view: DataView
  at = 0

  constructor(size: number) {
    this.bytes = new Uint8Array(size)
    this.view = viewOf(this.bytes)
  }
}

/** Reads at a moving position. After a failure every read gives zero. */
export class WireReader {
  readonly bytes: Uint8Array
  readonly view: DataView
  at = 0
  failure: string | undefined = undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = viewOf(bytes)
  }

  /** Reserves `count` bytes and returns where they start; −1 if there are not so many. */
  take(count: number): number {
    if (this.failure !== undefined) return -1
    if (this.at + count > this.bytes.length) {
      this.fail('too short')
      return -1
    }
    const at = this.at
    this.at += count
    return at
  }

  fail(reason: string): void {
    this.failure ??= reason
  }
}

/** A kind of field. */
export interface WireType<T> {
  readonly shape: WireShape
  /** Bytes of this value. */
  size(value: T): number
  write(writer: WireWriter, value: T): void
  read(reader: WireReader): T
}

export type WireValue<W> = W extends WireType<infer T> ? T : never

export type WireResult<T> =
  | { readonly ok: true; readonly value: T; readonly bytes: number }
  | { readonly ok: false; readonly reason: string }

/** The bytes of a value. */
export function encodeWire<T>(type: WireType<T>, value: T): Uint8Array {
  const writer = new WireWriter(type.size(value))
  type.write(writer, value)
  return writer.bytes
}

/** The value at the start of `bytes` and how many bytes it took. */
export function decodeWire<T>(type: WireType<T>, bytes: Uint8Array): WireResult<T> {
  const reader = new WireReader(bytes)
  const value = type.read(reader)
  return reader.failure === undefined ? { ok: true, value, bytes: reader.at } : { ok: false, reason: reader.failure }
}

type Width = 1 | 2 | 4

function integer(width: Width, signed: boolean): WireType<number> {
  const span = 2 ** (8 * width)
  const min = signed ? -span / 2 : 0
  const max = signed ? span / 2 - 1 : span - 1
  return {
    shape: { kind: 'integer', min, max },
    size: () => width,
    write(writer, value) {
      if (!Number.isInteger(value) || value < min || value > max) throw new RangeError(`${value} is not in ${min}…${max}`)
      const { view, at } = writer
      if (width === 1) view.setUint8(at, value & 0xff)
      else if (width === 2) view.setUint16(at, value & 0xffff, true)
      else view.setUint32(at, value >>> 0, true)
      writer.at += width
    },
    read(reader) {
      const at = reader.take(width)
      if (at < 0) return 0
      const { view } = reader
      if (width === 1) return signed ? view.getInt8(at) : view.getUint8(at)
      if (width === 2) return signed ? view.getInt16(at, true) : view.getUint16(at, true)
      return signed ? view.getInt32(at, true) : view.getUint32(at, true)
    },
  }
}

export const u8 = integer(1, false)
export const u16 = integer(2, false)
export const u32 = integer(4, false)
export const i16 = integer(2, true)
export const i32 = integer(4, true)

/** An unsigned 64-bit number below 2^53; larger ones are refused. */
export const u64: WireType<number> = {
  shape: { kind: 'integer', min: 0, max: Number.MAX_SAFE_INTEGER },
  size: () => 8,
  write(writer, value) {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no u64 below 2^53`)
    writeU64(writer.view, writer.at, value)
    writer.at += 8
  },
  read(reader) {
    const at = reader.take(8)
    const value = at < 0 ? 0 : readU64(reader.view, at)
    if (value !== Number.POSITIVE_INFINITY) return value
    reader.fail('u64 of 2^53 or more')
    return 0
  },
}

/** A full unsigned 64-bit number, such as a time since 1601. */
export const u64Full: WireType<bigint> = {
  shape: { kind: 'bigint' },
  size: () => 8,
  write(writer, value) {
    if (value < 0n || value >= 1n << 64n) throw new RangeError(`${value} is no u64`)
    writer.view.setBigUint64(writer.at, value, true)
    writer.at += 8
  },
  read(reader) {
    const at = reader.take(8)
    return at < 0 ? 0n : reader.view.getBigUint64(at, true)
  },
}

/** A u8 that is 0 or 1; any other value counts as true when read, as C code reads it, and is refused here so that bytes come back unchanged. */
export const boolean8: WireType<boolean> = {
  shape: { kind: 'boolean' },
  size: () => 1,
  write: (writer, value) => u8.write(writer, value ? 1 : 0),
  read(reader) {
    const value = u8.read(reader)
    if (value > 1) reader.fail(`${value} is no boolean`)
    return value === 1
  },
}

/** A number of which only these values are legal. */
export function choice<const V extends number>(type: WireType<number>, values: readonly V[]): WireType<V> {
  return {
    shape: { kind: 'choice', values },
    size: (value) => type.size(value),
    write: (writer, value) => type.write(writer, value),
    read(reader) {
      const value = type.read(reader)
      const found = values.find((one) => one === value)
      if (found === undefined) reader.fail(`${value} is not one of ${values.join(', ')}`)
      return found ?? (value as V)
    },
  }
}

export const guid: WireType<Guid> = {
  shape: { kind: 'guid' },
  size: () => 16,
  write(writer, value) {
    writeGuid(writer.view, writer.at, value)
    writer.at += 16
  },
  read(reader) {
    const at = reader.take(16)
    return at < 0 ? '' : readGuid(reader.view, at)
  },
}

/** Reserved bytes: written as zeros, skipped when read. */
export function padding(bytes: number): WireType<undefined> {
  return {
    shape: { kind: 'padding' },
    size: () => bytes,
    write(writer) {
      writer.at += bytes
    },
    read(reader) {
      reader.take(bytes)
      return undefined
    },
  }
}

/** Exactly `count` bytes, as hex text. */
export function hexBytes(count: number): WireType<string> {
  return {
    shape: { kind: 'hex', min: count, max: count },
    size: () => count,
    write: (writer, value) => writeHex(writer, value, count),
    read: (reader) => readHex(reader, count),
  }
}

/** Bytes of varying length behind their length, as hex text; at most `max`. */
export function hexBlob(length: WireType<number>, max: number): WireType<string> {
  return {
    shape: { kind: 'hex', min: 0, max },
    size: (value) => length.size(0) + value.length / 2,
    write(writer, value) {
      if (value.length / 2 > max) throw new RangeError(`${value.length / 2} bytes exceed ${max}`)
      length.write(writer, value.length / 2)
      writeHex(writer, value, value.length / 2)
    },
    read(reader) {
      const count = length.read(reader)
      if (count > max) reader.fail(`${count} bytes exceed ${max}`)
      return readHex(reader, count)
    },
  }
}

function writeHex(writer: WireWriter, value: string, count: number): void {
  const bytes = fromHex(value)
  if (bytes === undefined || bytes.length !== count) throw new RangeError(`not ${count} bytes of hex text`)
  writer.bytes.set(bytes, writer.at)
  writer.at += count
}

function readHex(reader: WireReader, count: number): string {
  const at = reader.take(count)
  return at < 0 ? '' : toHex(reader.bytes.subarray(at, at + count))
}

/** Zero-terminated UTF-16 in a field of `units` code units: at most units − 1 characters, none of them zero. */
export function text16(units: number): WireType<string> {
  return {
    shape: { kind: 'text', units: units - 1 },
    size: () => 2 * units,
    write(writer, value) {
      if (value.length >= units || value.includes('\0')) throw new RangeError(`text of ${value.length} units in a field of ${units}`)
      for (let i = 0; i < value.length; i++) writer.view.setUint16(writer.at + 2 * i, value.charCodeAt(i), true)
      writer.at += 2 * units
    },
    read(reader) {
      const at = reader.take(2 * units)
      if (at < 0) return ''
      let text = ''
      for (let i = 0; i < units; i++) {
        const code = reader.view.getUint16(at + 2 * i, true)
        if (code === 0) return text
        text += String.fromCharCode(code)
      }
      reader.fail('text without terminator')
      return ''
    },
  }
}

/** Items behind their count; more than `max` are refused. */
export function list<T>(count: WireType<number>, item: WireType<T>, max: number): WireType<readonly T[]> {
  return {
    shape: { kind: 'list', max, item: item.shape },
    size: (values) => values.reduce((sum, value) => sum + item.size(value), count.size(0)),
    write(writer, values) {
      if (values.length > max) throw new RangeError(`${values.length} items exceed ${max}`)
      count.write(writer, values.length)
      for (const value of values) item.write(writer, value)
    },
    read(reader) {
      const length = count.read(reader)
      if (length > max) reader.fail(`${length} items exceed ${max}`)
      const values: T[] = []
      for (let i = 0; i < length && reader.failure === undefined; i++) values.push(item.read(reader))
      return values
    },
  }
}

/** Fields of a structure; names that begin with `_` are reserved bytes and no part of the value. */
export type WireFields = Readonly<Record<string, WireType<unknown>>>
export type StructValue<F extends WireFields> = { readonly [K in keyof F as K extends `_${string}` ? never : K]: WireValue<F[K]> }

/** A packed structure. */
export function struct<const F extends WireFields>(fields: F): WireType<StructValue<F>> {
  const entries = Object.entries(fields)
  return {
    shape: { kind: 'struct', fields: entries.map(([name, type]) => [name, type.shape] as const) },
    size(value) {
      const values = value as Record<string, unknown>
      let sum = 0
      for (const [name, type] of entries) sum += type.size(values[name])
      return sum
    },
    write(writer, value) {
      const values = value as Record<string, unknown>
      for (const [name, type] of entries) type.write(writer, values[name])
    },
    read(reader) {
      const values: Record<string, unknown> = {}
      for (const [name, type] of entries) {
        const value = type.read(reader)
        if (!name.startsWith('_')) values[name] = value
      }
      return values as StructValue<F>
    },
  }
}

/** A structure without fields. */
export const nothing = struct({})

/** A field that is computed from others is left out of the value: maps a wire form to a nicer one. */
export function mapped<T, U>(
  type: WireType<T>,
  shape: WireShape,
  toWire: (value: U) => T,
  fromWire: (value: T) => U | undefined,
): WireType<U> {
  return {
    shape,
    size: (value) => type.size(toWire(value)),
    write: (writer, value) => type.write(writer, toWire(value)),
    read(reader) {
      const wire = type.read(reader)
      const value = reader.failure === undefined ? fromWire(wire) : undefined
      if (value === undefined) reader.fail('illegal value')
      return value as U
    },
  }
}
