/** New VHDX files: log at 1 MiB, metadata at 2 MiB, block table from 3 MiB on, blocks behind it (formats reference 2.3). */
import { NIL_GUID } from '../guid.ts'
import { ImageFile, MIB, roundUp } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import type { DiskType, ImageEnvironment, ParentLink } from '../types.ts'
import { encodeHeader, encodeIdentifier, type VhdxHeader } from './headers.ts'
import {
  batEntries,
  blockStates,
  chunkRatio,
  HEADER_OFFSETS,
  isVhdxBlockSize,
  isVhdxSize,
  payloadBlocks,
  payloadIndex,
  REGION_TABLE_OFFSETS,
  type VhdxShape,
} from './layout.ts'
import { encodeMetadata, METADATA_REGION_BYTES } from './metadata.ts'
import { openVhdx } from './open-vhdx.ts'
import { encodeRegions } from './regions.ts'
import type { VhdxImage } from './vhdx-image.ts'

const LOG_OFFSET = MIB
const LOG_LENGTH = MIB
const METADATA_OFFSET = 2 * MIB
const BAT_OFFSET = 3 * MIB
/** Room for the longest paths of Windows is far more than this; a longer locator would not fit the region. */
const PATH_CHARACTERS_MAX = 32_767

export interface VhdxPlan {
  readonly path: string
  readonly type: DiskType
  /** Bytes, a multiple of the logical sector size, 3 MiB to 64 TiB. */
  readonly size: number
  /** A power of two from 1 to 256 MiB. */
  readonly blockSize: number
  readonly logicalSectorSize: number
  readonly physicalSectorSize: number
  readonly parent: ParentLink | null
  readonly environment: ImageEnvironment
  /** Take the place of new ids, for a file that stands for the same disk. */
  readonly diskId?: string
  readonly dataWriteGuid?: string
  /** Name of the program that made the file it replaces. */
  readonly creatorText?: string
  readonly durable: boolean
}

/** Writes a new file, which must not exist yet, and opens it. Throws ImageRefused or an error of the system. */
export function createVhdx(plan: VhdxPlan): VhdxImage {
  for (const sectorSize of [plan.logicalSectorSize, plan.physicalSectorSize]) {
    if (sectorSize !== 512 && sectorSize !== 4096) refuse('sector-size-invalid', plan.path, { sectorSize })
  }
  if (!isVhdxSize(plan.size, plan.logicalSectorSize)) refuse('size-invalid', plan.path, { size: plan.size })
  if (!isVhdxBlockSize(plan.blockSize)) refuse('block-size-invalid', plan.path, { blockSize: plan.blockSize })
  checkPaths(plan.parent, plan.path)
  const file = ImageFile.open(plan.path, 'create')
  try {
    writeNew(file, plan)
    if (plan.durable) file.sync()
    return openVhdx(file, plan.environment.newId, plan.durable)
  } catch (error) {
    file.close()
    throw error
  }
}

/** Refuses paths that a locator cannot hold. */
export function checkPaths(parent: ParentLink | null, file: string): void {
  if (parent?.paths.some(({ path }) => path.length >= PATH_CHARACTERS_MAX)) refuse('name-too-long', file)
}

function writeNew(file: ImageFile, plan: VhdxPlan): void {
  const { environment } = plan
  const shape = {
    size: plan.size,
    blockSize: plan.blockSize,
    sectorSize: plan.logicalSectorSize,
    differencing: plan.type === 'differencing',
  }
  const bat = { offset: BAT_OFFSET, length: batRegionBytes(shape) }
  const regions = encodeRegions({ bat, metadata: { offset: METADATA_OFFSET, length: METADATA_REGION_BYTES } })
  const header: VhdxHeader = {
    sequence: 1n,
    fileWriteGuid: environment.newId(),
    dataWriteGuid: plan.dataWriteGuid ?? environment.newId(),
    logGuid: NIL_GUID,
    logOffset: LOG_OFFSET,
    logLength: LOG_LENGTH,
  }
  const metadata = {
    blockSize: plan.blockSize,
    leaveBlocksAllocated: plan.type === 'fixed',
    hasParent: plan.type === 'differencing',
    size: plan.size,
    diskId: plan.diskId ?? environment.newId(),
    logicalSectorSize: plan.logicalSectorSize,
    physicalSectorSize: plan.physicalSectorSize,
    parent: plan.parent,
  }
  file.write(METADATA_OFFSET, encodeMetadata(metadata))
  const end = bat.offset + bat.length
  file.resize(end)
  if (plan.type === 'fixed') {
    // The last block ends with the disk, as in files of the product: size + 4 MiB.
    file.resize(end + roundUp(plan.size, MIB))
    writeFixedEntries(file, bat.offset, shape, end)
  }
  for (const offset of REGION_TABLE_OFFSETS) file.write(offset, regions)
  HEADER_OFFSETS.forEach((offset, index) => {
    file.write(offset, encodeHeader({ ...header, sequence: BigInt(index + 1) }))
  })
  // Last: a file that was not written to its end is not taken for a disk.
  file.write(0, encodeIdentifier(plan.creatorText ?? environment.creator.text))
}

/** Bytes of the region that the block table of such a disk needs. */
export function batRegionBytes(shape: VhdxShape): number {
  return roundUp(batEntries(shape) * 8, MIB)
}

/** Entries of a fixed disk: nothing written yet, places one behind the other from `start` on. */
function writeFixedEntries(file: ImageFile, batOffset: number, shape: VhdxShape, start: number): void {
  const ratio = chunkRatio(shape)
  const blocks = payloadBlocks(shape)
  const units = shape.blockSize / MIB
  const piece = Buffer.alloc(MIB)
  const perPiece = MIB / 8
  for (let block = 0; block < blocks; ) {
    const firstIndex = payloadIndex(block, ratio)
    piece.fill(0)
    let used = 0
    for (; block < blocks; block++) {
      const index = payloadIndex(block, ratio) - firstIndex
      if (index >= perPiece) break
      const unit = start / MIB + block * units
      piece.writeUInt32LE((((unit % 4096) << 20) | blockStates.zero) >>> 0, index * 8)
      piece.writeUInt32LE(Math.floor(unit / 4096), index * 8 + 4)
      used = (index + 1) * 8
    }
    file.write(batOffset + firstIndex * 8, piece.subarray(0, used))
  }
}
