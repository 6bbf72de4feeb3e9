/** Opening a VHD: everything that the file claims is checked before it is used. */
import { OverlapCheck } from '../block-overlap.ts'
import { type ImageFile, roundUp } from '../image-file.ts'
import { ImageRefused, refuse } from '../refusals.ts'
import { DYNAMIC_HEADER_BYTES, decodeDynamicHeader, readParentLink, type VhdDynamicHeader } from './dynamic-header.ts'
import { decodeFooter, FOOTER_BYTES, hasFooterCookie, OLD_FOOTER_BYTES, type VhdFooter } from './footer.ts'
import { ABSENT, VhdImage } from './vhd-image.ts'

const SECTOR = 512

/** Opens a VHD in an open file. Throws ImageRefused; closing the file is the caller's duty then. */
export function openVhd(file: ImageFile, durable = true): VhdImage {
  const { footer, end } = readFooter(file)
  if (footer.type === 'fixed') {
    if (footer.currentSize > end) refuse('file-too-short', file.path, { needed: footer.currentSize + FOOTER_BYTES, size: file.size })
    return new VhdImage({ file, footer, end: footer.currentSize, header: null, table: Buffer.alloc(0), parent: null, durable })
  }
  const header = decodeDynamicHeader(file.read(footer.dataOffset ?? 0, DYNAMIC_HEADER_BYTES), file.path)
  const parent = footer.type === 'differencing' ? readParentLink(header, file) : null
  const entries = Math.ceil(footer.currentSize / header.blockSize)
  if (header.tableEntries < entries) {
    refuse('dynamic-header-corrupt', file.path, { detail: `its table has ${header.tableEntries} entries, ${entries} are needed` })
  }
  const table = file.read(header.tableOffset, roundUp(entries * 4, SECTOR))
  const blocksEnd = checkTable(file, footer, header, table, entries)
  return new VhdImage({ file, footer, end: Math.max(end, blocksEnd), header, table, parent, durable })
}

/** Whether the file has a footer at its end or a copy of one at its start, sound or not. */
export function looksLikeVhd(file: ImageFile): boolean {
  if (file.size < OLD_FOOTER_BYTES) return false
  const length = Math.min(FOOTER_BYTES, file.size)
  return [0, file.size - length, file.size - OLD_FOOTER_BYTES].some((at) =>
    hasFooterCookie(file.read(at, Math.min(length, file.size - at))),
  )
}

interface FoundFooter {
  readonly footer: VhdFooter
  /** Where it is, or where the next one belongs. */
  readonly end: number
}

/** The trailing footer; for growing disks the copy at the start when that one is missing or damaged, as Windows does (formats reference 1.2). */
function readFooter(file: ImageFile): FoundFooter {
  if (file.size < FOOTER_BYTES) refuse('file-too-short', file.path, { needed: FOOTER_BYTES, size: file.size })
  const last = file.read(file.size - FOOTER_BYTES, FOOTER_BYTES)
  const shortened = last.subarray(1)
  try {
    if (!hasFooterCookie(last) && hasFooterCookie(shortened)) {
      return { footer: decodeFooter(shortened, file.path), end: file.size - OLD_FOOTER_BYTES }
    }
    return { footer: decodeFooter(last, file.path), end: file.size - FOOTER_BYTES }
  } catch (error) {
    const first = file.read(0, FOOTER_BYTES)
    if (!(error instanceof ImageRefused) || !hasFooterCookie(first)) throw error
    const footer = decodeFooter(first, file.path)
    if (footer.type === 'fixed') throw error
    // The damaged footer, if there is one, is overwritten by the next block or footer.
    return { footer, end: hasFooterCookie(last) ? file.size - FOOTER_BYTES : roundUp(file.size, SECTOR) }
  }
}

interface Area {
  readonly from: number
  readonly to: number
}

/** Checks that every block lies in the file, apart from the tables and from every other block. Returns where the last one ends. */
function checkTable(file: ImageFile, footer: VhdFooter, header: VhdDynamicHeader, table: Buffer, entries: number): number {
  const dataOffset = footer.dataOffset ?? 0
  const areas: Area[] = [
    { from: 0, to: FOOTER_BYTES },
    { from: dataOffset, to: dataOffset + DYNAMIC_HEADER_BYTES },
    { from: header.tableOffset, to: header.tableOffset + table.length },
    ...header.locators.map(({ offset, length }) => ({ from: offset, to: offset + length })),
  ]
  const bytes = roundUp(header.blockSize / SECTOR / 8, SECTOR) + header.blockSize
  // The last block of a disk need not be there wholly; other programs cut it off at the end of the disk.
  const lastBytes = bytes - (entries * header.blockSize - footer.currentSize)
  const overlaps = new OverlapCheck(bytes, file.size)
  let end = Math.max(...areas.slice(0, 3).map(({ to }) => to))
  for (let block = 0; block < entries; block++) {
    const sector = table.readUInt32BE(block * 4)
    if (sector === ABSENT) continue
    const offset = sector * SECTOR
    const needed = block === entries - 1 ? lastBytes : bytes
    if (offset + needed > file.size) refuse('bat-outside-file', file.path, { block, offset, size: file.size })
    for (const { from, to } of areas) {
      if (offset < to && offset + needed > from) refuse('blocks-overlap', file.path, { offset })
    }
    if (!overlaps.add(offset)) refuse('blocks-overlap', file.path, { offset })
    end = Math.max(end, offset + bytes)
  }
  const shared = overlaps.firstShared()
  if (shared !== null) refuse('blocks-overlap', file.path, { offset: shared })
  return end
}
