/**
 * Seeded randomness with one stream per entity.
 *
 * Counter based: value n of a stream is a hash of (seed, stream name, n), in 32-bit integer arithmetic, so that a seed means the same on
 * every machine and for ever. A stream's whole state is its position, which is a row; taking a value in one entity's stream never moves another's.
 */

/** FNV-1a over UTF-16 code units, 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193)
  }
  return hash >>> 0
}

/** Finalizer of MurmurHash3 (public domain, A. Appleby): every input bit reaches every output bit. */
function mix(value: number): number {
  let h = value | 0
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  h ^= h >>> 16
  return h >>> 0
}

/** Value `position` (0, 1, ...) of stream `streamHash` under `seed`: 32 uniform bits. */
export function randomBits(seed: number, streamHash: number, position: number): number {
  const low = mix((position | 0) ^ mix(seed ^ 0x9e3779b9))
  return mix(low ^ mix(streamHash ^ Math.floor(position / 0x100000000)))
}

/** Where a stream's position is kept. */
export interface RandomPositions {
  take(stream: string): number
}

export class Random {
  readonly #seed: number
  readonly #positions: RandomPositions

  constructor(seed: number, positions: RandomPositions) {
    this.#seed = seed >>> 0
    this.#positions = positions
  }

  /** 32 uniform bits of the named stream; moves it by one. */
  bits(stream: string): number {
    return randomBits(this.#seed, hashText(stream), this.#positions.take(stream))
  }

  /** A whole number from `low` to `high`, both included. */
  between(stream: string, low: number, high: number): number {
    const span = high - low + 1
    return low + Math.floor((this.bits(stream) / 0x100000000) * span)
  }

  /** A version-4 GUID in the product's upper case. */
  guid(stream: string): string {
    const hex = [0, 1, 2, 3].map(() => this.bits(stream).toString(16).padStart(8, '0')).join('')
    const variant = '89AB'[Number.parseInt(hex.charAt(16), 16) & 3]
    const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
    return text.toUpperCase()
  }
}
