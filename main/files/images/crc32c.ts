/** CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, initial value and final XOR 0xFFFFFFFF ([MS-VHDX] 2.2.2; RFC 3720 appendix B.4). */

/** Eight tables of 256 entries: the byte at distance n from the end of a group of eight is looked up in table n ("slicing by eight"). */
const tables = makeTables()

function makeTables(): Uint32Array {
  const table = new Uint32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
    table[byte] = crc >>> 0
  }
  for (let i = 256; i < table.length; i++) {
    const previous = table[i - 256] ?? 0
    table[i] = ((previous >>> 8) ^ (table[previous & 0xff] ?? 0)) >>> 0
  }
  return table
}

/** CRC-32C of `data`, where the four bytes at `zeroAt` count as zeros (the place of the checksum itself); -1 leaves all bytes as they are. */
export function crc32c(data: Uint8Array, zeroAt = -1): number {
  if (zeroAt < 0) return ~update(-1, data, 0, data.length) >>> 0
  let crc = update(-1, data, 0, zeroAt)
  crc = update(crc, fourZeros, 0, 4)
  return ~update(crc, data, zeroAt + 4, data.length) >>> 0
}

const fourZeros = new Uint8Array(4)

function update(start: number, data: Uint8Array, from: number, to: number): number {
  let crc = start
  let at = from
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  // Indexes are masked to the tables, so that no entry is ever missing.
  for (; at + 8 <= to; at += 8) {
    const low = crc ^ view.getInt32(at, true)
    const high = view.getInt32(at + 4, true)
    crc =
      (tables[1792 + (low & 0xff)] as number) ^
      (tables[1536 + ((low >>> 8) & 0xff)] as number) ^
      (tables[1280 + ((low >>> 16) & 0xff)] as number) ^
      (tables[1024 + (low >>> 24)] as number) ^
      (tables[768 + (high & 0xff)] as number) ^
      (tables[512 + ((high >>> 8) & 0xff)] as number) ^
      (tables[256 + ((high >>> 16) & 0xff)] as number) ^
      (tables[high >>> 24] as number)
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ (tables[(crc ^ (data[at] as number)) & 0xff] as number)
  return crc
}
