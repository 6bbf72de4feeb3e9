/** Growing the table of a dynamic VHD: blocks that are in its way move to the end of the file (formats reference 3.1). */
import { roundUp } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import { isVhdSize } from './create-vhd.ts'
import { resizedFooter } from './footer.ts'
import { ABSENT, type VhdImage } from './vhd-image.ts'

const SECTOR = 512
const COPY_BYTES = 1024 * 1024

/** Gives a fixed or dynamic disk a larger size. Each step leaves a whole disk of the old or the new size behind. */
export function expandVhd(image: VhdImage, size: number): void {
  if (!isVhdSize(size)) refuse('size-invalid', image.path, { size })
  if (image.type === 'fixed') {
    image.resizeFixed(size)
    return
  }
  const header = image.header
  if (header === null || image.type !== 'dynamic')
    return refuse('not-for-type', image.path, { operation: 'Expanding', detail: 'it is a differencing disk' })
  if ((image.footer.dataOffset ?? 0) > header.tableOffset) {
    refuse('not-for-type', image.path, { operation: 'Expanding', detail: 'its header lies behind its table' })
  }
  const entries = Math.ceil(size / image.blockSize)
  const tableBytes = roundUp(entries * 4, SECTOR)
  image.flush()
  if (tableBytes > image.table.length) growTable(image, header.tableOffset, tableBytes)
  const grown = Buffer.alloc(tableBytes, 0xff)
  image.table.copy(grown)
  // The added entries must be empty on the disk before the header makes them count.
  image.file.write(header.tableOffset + image.table.length, grown.subarray(image.table.length))
  // Entries behind the old last one, in its sector, may hold anything.
  grown.fill(0xff, image.blockCount * 4)
  const lastSector = Math.floor((image.blockCount * 4) / SECTOR) * SECTOR
  if (lastSector < grown.length)
    image.file.write(header.tableOffset + lastSector, grown.subarray(lastSector, Math.min(lastSector + SECTOR, grown.length)))
  image.file.sync()
  image.table = grown
  image.writeHeaders(resizedFooter(image.footer, size), { ...header, tableEntries: Math.max(header.tableEntries, entries) })
}

/** Makes room behind the table. */
function growTable(image: VhdImage, tableOffset: number, tableBytes: number): void {
  const end = tableOffset + tableBytes
  for (let block = 0; block < image.blockCount; block++) {
    const sector = image.tableEntry(block)
    if (sector !== ABSENT && sector * SECTOR < end) moveBlock(image, block)
  }
  // Without any block behind the table the footer itself is in the way.
  if (image.end < end) image.end = end
}

/** Copies a block to the end of the file and points the table to the copy once that is on the disk. */
function moveBlock(image: VhdImage, block: number): void {
  const from = image.tableEntry(block) * SECTOR
  const to = image.appendBlock(block)
  for (let done = 0; done < image.blockBytes; done += COPY_BYTES) {
    const length = Math.min(COPY_BYTES, image.blockBytes - done)
    image.file.writeSparse(to + done, image.file.read(from + done, length))
  }
  image.forgetBitmaps()
  image.flush()
}
