/** The region table, kept twice ([MS-VHDX] 2.2.3; formats reference 2.3). */
import { crc32c } from '../crc32c.ts'
import { readGuid, writeGuid } from '../guid.ts'
import type { ImageFile } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import type { VhdxHeader } from './headers.ts'
import { ALIGNMENT, HEADER_SECTION_BYTES, REGION_TABLE_BYTES, REGION_TABLE_OFFSETS } from './layout.ts'

const BAT_REGION = '2dc27766-f623-4200-9d64-115e9bfd4a08'
const METADATA_REGION = '8b7ca206-4790-4b9a-b8fe-575f050f886e'
const ENTRIES_MAX = 2047

export interface Region {
  readonly offset: number
  readonly length: number
}

export interface VhdxRegions {
  readonly bat: Region
  readonly metadata: Region
}

export function encodeRegions(regions: VhdxRegions): Buffer {
  const data = Buffer.alloc(REGION_TABLE_BYTES)
  data.write('regi', 0, 'latin1')
  data.writeUInt32LE(2, 8)
  const put = (at: number, id: string, { offset, length }: Region) => {
    writeGuid(data, at, id)
    data.writeBigUInt64LE(BigInt(offset), at + 16)
    data.writeUInt32LE(length, at + 24)
    data.writeUInt32LE(1, at + 28)
  }
  put(16, BAT_REGION, regions.bat)
  put(48, METADATA_REGION, regions.metadata)
  data.writeUInt32LE(crc32c(data, 4), 4)
  return data
}

/** Reads the first sound region table, and checks that the regions and the log lie in the file and apart. */
export function readRegions(file: ImageFile, header: VhdxHeader): VhdxRegions {
  const corrupt = (detail: string): never => refuse('region-table-corrupt', file.path, { detail })
  const data = REGION_TABLE_OFFSETS.map((offset) => file.read(offset, REGION_TABLE_BYTES)).find(
    (table) => table.toString('latin1', 0, 4) === 'regi' && table.readUInt32LE(4) === crc32c(table, 4),
  )
  if (data === undefined) return corrupt('both copies have a wrong checksum')
  const count = data.readUInt32LE(8)
  if (count > ENTRIES_MAX) corrupt(`it claims ${count} entries`)
  const found = new Map<string, Region>()
  const areas: Region[] = [{ offset: header.logOffset, length: header.logLength }]
  for (let at = 16; at < 16 + count * 32; at += 32) {
    const id = readGuid(data, at)
    const offset = Number(data.readBigUInt64LE(at + 16))
    const length = data.readUInt32LE(at + 24)
    if (found.has(id)) corrupt(`the region ${id} occurs twice`)
    if (id !== BAT_REGION && id !== METADATA_REGION && (data.readUInt32LE(at + 28) & 1) !== 0) {
      refuse('region-unknown', file.path, { id })
    }
    if (offset < HEADER_SECTION_BYTES || offset % ALIGNMENT !== 0 || length === 0 || length % ALIGNMENT !== 0) {
      corrupt(`the region ${id} cannot have ${length} bytes at ${offset}`)
    }
    if (offset + length > file.size) corrupt(`the region ${id} lies outside the file`)
    found.set(id, { offset, length })
    areas.push({ offset, length })
  }
  areas.sort((a, b) => a.offset - b.offset)
  areas.forEach(({ offset }, index) => {
    const before = areas[index - 1]
    if (before !== undefined && offset < before.offset + before.length) corrupt(`regions overlap at byte ${offset}`)
  })
  const bat = found.get(BAT_REGION) ?? corrupt('the region of the block allocation table is missing')
  const metadata = found.get(METADATA_REGION) ?? corrupt('the metadata region is missing')
  return { bat, metadata }
}
