/** Changing the size of a VHDX ([MS-VHDX] 2.5, 2.6.2.2; formats reference 3.1). */
import { MIB, roundUp } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import { BlockTable, hasData, keepsPlace } from './bat.ts'
import { batRegionBytes } from './create-vhdx.ts'
import { COMMIT_PAGES } from './journal.ts'
import { blockStates, isVhdxSize, payloadBlocks, REGION_TABLE_OFFSETS } from './layout.ts'
import { encodeSize, metadataItems } from './metadata.ts'
import { encodeRegions } from './regions.ts'
import type { VhdxImage } from './vhdx-image.ts'

const COPY_BYTES = MIB

/** Gives the disk a larger size. The new size and the place of a larger table become true in one step. */
export function expandVhdx(image: VhdxImage, size: number): void {
  if (!isVhdxSize(size, image.logicalSectorSize)) refuse('size-invalid', image.path, { size })
  const shape = { ...image.shape, size }
  const before = payloadBlocks(image.shape)
  image.flush()
  image.journal.announceData()
  completeLastBlock(image, before - 1)
  const needed = batRegionBytes(shape)
  if (needed > image.regions.bat.length) moveTable(image, needed)
  if (image.type === 'fixed') appendFixedBlocks(image, before, payloadBlocks(shape), size)
  writeSize(image, size)
  image.flush()
}

/** Gives the disk a smaller size; what lies behind it is given up, and the end of the file with it. */
export function shrinkVhdx(image: VhdxImage, size: number): void {
  if (!isVhdxSize(size, image.logicalSectorSize)) refuse('size-invalid', image.path, { size })
  const before = payloadBlocks(image.shape)
  const after = payloadBlocks({ ...image.shape, size })
  image.flush()
  image.journal.announceData()
  writeSize(image, size)
  image.flush()
  // From here on the disk has its new size; a crash leaves blocks behind that only take room.
  clearTail(image, size)
  for (let block = after; block < before; block++) {
    const entry = image.entry(block)
    if (entry.state === blockStates.notPresent && entry.offset === 0) continue
    image.setEntry(block, { state: blockStates.notPresent, offset: 0 })
    if (image.journal.changedPages >= COMMIT_PAGES) image.flush()
  }
  image.flush()
  truncate(image)
}

function writeSize(image: VhdxImage, size: number): void {
  const place = image.places.find(({ id, isUser }) => id === metadataItems.virtualDiskSize && !isUser)
  if (place === undefined) throw new Error(`${image.path} has no size`)
  image.journal.write(place.offset, encodeSize(size))
  image.metadata = { ...image.metadata, size }
}

/** The last block of a fixed disk may end with the disk; a larger disk needs it whole. */
function completeLastBlock(image: VhdxImage, block: number): void {
  const entry = image.entry(block)
  if (!hasData(entry.state) && !keepsPlace(entry, image.type === 'fixed')) return
  const end = entry.offset + image.blockSize
  if (end <= image.end) return
  // The block ends the file, or it would have had to share bytes with something.
  image.file.extend(end)
  image.end = end
}

/** Moves the table to the end of the file, where it has `length` bytes. */
function moveTable(image: VhdxImage, length: number): void {
  const old = image.regions.bat
  const offset = image.append(length)
  for (let done = 0; done < old.length; done += COPY_BYTES) {
    image.file.writeSparse(offset + done, image.file.read(old.offset + done, Math.min(COPY_BYTES, old.length - done)))
  }
  image.regions = { ...image.regions, bat: { offset, length } }
  image.table = new BlockTable(image.journal, offset)
  // Both copies go with the next commit.
  const table = encodeRegions(image.regions)
  for (const place of REGION_TABLE_OFFSETS) image.journal.write(place, table.subarray(0, 4096))
}

function appendFixedBlocks(image: VhdxImage, from: number, to: number, size: number): void {
  for (let block = from; block < to; block++) {
    // The last block ends with the disk.
    const length = Math.min(image.blockSize, roundUp(size - block * image.blockSize, MIB))
    image.setEntry(block, { state: blockStates.zero, offset: image.append(length) })
    // Entries behind the old size count for nothing yet, so that they may be committed before it.
    if (image.journal.changedPages >= COMMIT_PAGES) image.flush()
  }
}

/** What lies behind the end of the disk in its last block must read as zeros when the disk grows again. */
function clearTail(image: VhdxImage, size: number): void {
  const block = Math.floor(size / image.blockSize)
  const within = size - block * image.blockSize
  const entry = image.entry(block)
  if (within > 0 && hasData(entry.state)) image.file.clear(entry.offset + within, image.blockSize - within)
}

/** Cuts the file behind the last thing in it. */
function truncate(image: VhdxImage): void {
  const { logOffset, logLength } = image.journal.header
  const areas = [image.regions.bat, image.regions.metadata, { offset: logOffset, length: logLength }]
  let end = Math.max(...areas.map(({ offset, length }) => offset + length))
  const blocks = payloadBlocks(image.shape)
  for (let block = 0; block < blocks; block++) {
    const entry = image.entry(block)
    if (hasData(entry.state) || keepsPlace(entry, image.type === 'fixed')) end = Math.max(end, entry.offset + image.blockSize)
  }
  end = Math.max(end, image.bitmapEnd())
  if (end < image.file.size) {
    // The log may hold an entry that was written when the file was longer; it must be empty before the file is cut.
    image.journal.finish()
    image.file.resize(end)
    image.end = end
  }
}
