/** Opening a VHDX: everything that the file claims is checked before it is used. */
import { NIL_GUID } from '../guid.ts'
import type { ImageFile } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import { checkTable } from './bat.ts'
import { decodeCreator, readHeader, writeHeader } from './headers.ts'
import { Journal } from './journal.ts'
import { HEADER_SECTION_BYTES } from './layout.ts'
import { readLog, replayLog } from './log.ts'
import { readMetadata } from './metadata.ts'
import { readRegions } from './regions.ts'
import { VhdxImage } from './vhdx-image.ts'

/** Whether the file begins as a VHDX does. */
export function looksLikeVhdx(file: ImageFile): boolean {
  return file.size >= 8 && file.read(0, 8).toString('latin1') === 'vhdxfile'
}

/**
 * Opens a VHDX in an open file; a log that was left behind is replayed, or refused when the file is open for reading only. Throws ImageRefused;
 * closing the file is the caller's duty then.
 */
export function openVhdx(file: ImageFile, newId: () => string, durable = true): VhdxImage {
  if (file.size < HEADER_SECTION_BYTES) refuse('file-too-short', file.path, { needed: HEADER_SECTION_BYTES, size: file.size })
  let current = readHeader(file)
  if (current.header.logGuid !== NIL_GUID) {
    // Checked before it is refused, so that a damaged log is told apart from one that only waits.
    const replay = readLog(file, current.header)
    if (!file.writable) refuse('log-dirty', file.path)
    replayLog(file, replay)
    current = writeHeader(file, current, { fileWriteGuid: newId(), logGuid: NIL_GUID }, durable)
  }
  const regions = readRegions(file, current.header)
  const { metadata, places } = readMetadata(file, regions.metadata)
  const shape = {
    size: metadata.size,
    blockSize: metadata.blockSize,
    sectorSize: metadata.logicalSectorSize,
    differencing: metadata.hasParent,
  }
  const log = { offset: current.header.logOffset, length: current.header.logLength }
  const end = checkTable(file, regions.bat, shape, metadata.leaveBlocksAllocated, [log, regions.bat, regions.metadata])
  const journal = new Journal(file, current, newId, durable)
  return new VhdxImage({ file, journal, regions, metadata, places, end, creator: decodeCreator(file.read(0, 520)) })
}
