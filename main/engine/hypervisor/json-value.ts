/** Payloads as plain JSON values: bytes and 64-bit numbers are wrapped, everything else must be JSON already. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** Wraps `Uint8Array` and `bigint`; `undefined` inside objects is left out. Functions and symbols are a mistake of the sender. */
export function packJson(value: unknown): JsonValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return { $u64: `0x${value.toString(16)}` }
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value
  if (value instanceof Uint8Array) return { $bytes: [...value] }
  if (Array.isArray(value)) return value.map(packJson)
  if (typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, part]) => part !== undefined)
        .map(([name, part]) => [name, packJson(part)]),
    )
  }
  throw new TypeError(`a message payload cannot hold a ${typeof value}`)
}

/** The value that was packed. */
export function unpackJson(value: JsonValue): unknown {
  if (value === null || typeof value !== 'object') return value
  if (isArray(value)) return value.map(unpackJson)
  const { $u64, $bytes } = value
  if (typeof $u64 === 'string') return BigInt($u64)
  if ($bytes !== undefined && $bytes !== null && typeof $bytes === 'object' && isArray($bytes)) return Uint8Array.from($bytes, Number)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, unpackJson(part)]))
}

function isArray(value: object): value is readonly JsonValue[] {
  return Array.isArray(value)
}
