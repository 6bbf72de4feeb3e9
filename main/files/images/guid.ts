/** GUIDs as text (lower case, no braces) and as the 16 bytes in files. */

export const NIL_GUID = '00000000-0000-0000-0000-000000000000'

const GUID_TEXT = /^\{?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\}?$/i

/** A GUID as this library writes it: lower case, without braces; null when the text is none. */
export function normalGuid(text: string): string | null {
  const match = GUID_TEXT.exec(text)
  return match === null ? null : match.slice(1).join('-').toLowerCase()
}

/** Reads a GUID whose first three groups are little-endian (VHDX and everything else of Windows). */
export function readGuid(data: Buffer, at: number): string {
  const swapped = Buffer.from(data.subarray(at, at + 16))
  swapGroups(swapped)
  return dashed(swapped.toString('hex'))
}

/** Writes a GUID with little-endian groups. Throws TypeError when the text is no GUID. */
export function writeGuid(data: Buffer, at: number, guid: string): void {
  const bytes = guidBytes(guid)
  swapGroups(bytes)
  bytes.copy(data, at)
}

/** Reads 16 bytes in plain order (VHD, whose unique id is opaque). */
export function readUuid(data: Buffer, at: number): string {
  return dashed(data.toString('hex', at, at + 16))
}

/** Writes 16 bytes in plain order. Throws TypeError when the text is no GUID. */
export function writeUuid(data: Buffer, at: number, guid: string): void {
  guidBytes(guid).copy(data, at)
}

function guidBytes(guid: string): Buffer {
  const normal = normalGuid(guid)
  if (normal === null) throw new TypeError(`not a GUID: ${guid}`)
  return Buffer.from(normal.replaceAll('-', ''), 'hex')
}

function dashed(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function swapGroups(bytes: Buffer): void {
  bytes.subarray(0, 4).reverse()
  bytes.subarray(4, 6).reverse()
  bytes.subarray(6, 8).reverse()
}
