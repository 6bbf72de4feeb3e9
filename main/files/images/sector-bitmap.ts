/**
 * Sector bitmaps of differencing (and growing VHD) blocks. A VHD counts bits from the most significant one of each byte, a VHDX from the least
 * significant one (formats reference 1.5, 2.5).
 */

export type BitOrder = 'msb-first' | 'lsb-first'

function mask(bit: number, order: BitOrder): number {
  return order === 'msb-first' ? 0x80 >>> (bit & 7) : 1 << (bit & 7)
}

export interface BitRun {
  readonly set: boolean
  /** Number of equal bits, at least 1. */
  readonly length: number
}

/** The run of equal bits that begins at `from`, not beyond `to`; `from` is below `to`. */
export function bitRun(bitmap: Uint8Array, from: number, to: number, order: BitOrder): BitRun {
  const set = ((bitmap[from >>> 3] ?? 0) & mask(from, order)) !== 0
  const whole = set ? 0xff : 0
  let at = from + 1
  while (at < to) {
    const byte = bitmap[at >>> 3] ?? 0
    if ((at & 7) === 0 && byte === whole) at += 8
    else if (((byte & mask(at, order)) !== 0) === set) at++
    else break
  }
  return { set, length: Math.min(at, to) - from }
}

/** Sets or clears the bits from `from` up to but not including `to`. */
export function fillBits(bitmap: Uint8Array, from: number, to: number, value: boolean, order: BitOrder): void {
  let at = from
  while (at < to) {
    const index = at >>> 3
    if ((at & 7) === 0 && to - at >= 8) {
      const bytes = (to - at) >>> 3
      bitmap.fill(value ? 0xff : 0, index, index + bytes)
      at += bytes * 8
      continue
    }
    const bits = mask(at, order)
    bitmap[index] = value ? (bitmap[index] ?? 0) | bits : (bitmap[index] ?? 0) & ~bits
    at++
  }
}
