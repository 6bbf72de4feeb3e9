import { describe, expect, it } from 'vitest'
import { crc32c } from './crc32c.ts'
import { seededRandom } from './test-images.ts'

/** Bit by bit, as the definition says. */
function slowly(data: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return ~crc >>> 0
}

describe('CRC-32C', () => {
  it('gives the published values (RFC 3720 B.4)', () => {
    const ascending = Uint8Array.from({ length: 32 }, (_, index) => index)
    expect([Buffer.from('123456789'), Buffer.alloc(32), Buffer.alloc(32, 0xff), ascending].map((data) => crc32c(data))).toEqual([
      0xe3069283, 0x8a9136aa, 0x62a8ab43, 0x46dd794e,
    ])
  })

  it('agrees with the definition at every length and alignment', () => {
    const random = seededRandom(1)
    const data = Buffer.from(Array.from({ length: 100 }, () => random(256)))
    for (let from = 0; from < 9; from++) {
      for (let to = from; to <= 60; to++) expect(crc32c(data.subarray(from, to))).toBe(slowly(data.subarray(from, to)))
    }
  })

  it('counts its own place as zeros', () => {
    const data = Buffer.alloc(64, 7)
    const zeroed = Buffer.from(data).fill(0, 4, 8)
    expect(crc32c(data, 4)).toBe(crc32c(zeroed))
  })
})
