/** GUIDs as lower-case strings with hyphens, and their mixed-endian bytes on the wire. */

/** A GUID such as `ba6163d9-04a1-4d29-b605-72e2ffb1dc7f`: 36 characters, lower case. */
export type Guid = string

export const zeroGuid: Guid = '00000000-0000-0000-0000-000000000000'

const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** True for a GUID in the form used here. */
export function isGuid(text: string): boolean {
  return shape.test(text)
}

/** Position of each byte of the text form in the 16 wire bytes: the first three groups are little-endian. */
const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const

/** Writes the 16 wire bytes at `offset`. A text that is no GUID is a fault of the caller. */
export function writeGuid(view: DataView, offset: number, guid: Guid): void {
  if (!isGuid(guid)) throw new RangeError(`not a GUID: ${guid}`)
  const digits = guid.replaceAll('-', '')
  order.forEach((place, i) => {
    view.setUint8(offset + place, Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
  })
}

/** Reads 16 wire bytes at `offset`. */
export function readGuid(view: DataView, offset: number): Guid {
  const hex = order.map((place) =>
    view
      .getUint8(offset + place)
      .toString(16)
      .padStart(2, '0'),
  )
  return [hex.slice(0, 4), hex.slice(4, 6), hex.slice(6, 8), hex.slice(8, 10), hex.slice(10)].map((part) => part.join('')).join('-')
}

/** Order of GUIDs as the server sorts its offers: by the text form. Negative, 0 or positive. */
export function compareGuids(a: Guid, b: Guid): number {
  return a < b ? -1 : a > b ? 1 : 0
}
