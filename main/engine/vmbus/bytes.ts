/** Little-endian numbers and hex text, shared by the codecs of this folder. */

/** Writes a non-negative integer below 2^53 as u64. */
export function writeU64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % 2 ** 32, true)
  view.setUint32(offset + 4, Math.floor(value / 2 ** 32), true)
}

/** Reads a u64. Values of 2^53 and more come out as Infinity: no field of the protocol may reach them here. */
export function readU64(view: DataView, offset: number): number {
  const high = view.getUint32(offset + 4, true)
  return high >= 2 ** 21 ? Number.POSITIVE_INFINITY : high * 2 ** 32 + view.getUint32(offset, true)
}

/** Bytes as lower-case hex digits. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** Hex digits as bytes; undefined if the text is no even number of lower-case hex digits. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

/** A view over exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Hex text of `count` zero bytes. */
export function zeroHex(count: number): string {
  return '00'.repeat(count)
}
