/** Compacting: a new file with the same identity holds only what is needed, and takes the place of the old one (formats reference 3.1). */
import { ImageChain } from '../chain.ts'
import { vhdParent } from '../new-image.ts'
import { type OpenedImage, openImageFile } from '../open-image.ts'
import { refuse } from '../refusals.ts'
import type { ImageEnvironment, ImageOperation, KeepsRoom, OperationControl } from '../types.ts'
import { createVhd } from '../vhd/create-vhd.ts'
import { createVhdx } from '../vhdx/create-vhdx.ts'
import { copyFlat, copyOwn } from './copy-content.ts'
import { operate, UnfinishedFile } from './steps.ts'

export interface CompactOptions extends OperationControl {
  readonly path: string
  /** Without it, everything that reads as zeros is dropped. */
  readonly keeps?: KeepsRoom
  readonly environment: ImageEnvironment
}

export interface CompactedDisk {
  readonly fileSizeBefore: number
  readonly fileSize: number
}

/**
 * Drops blocks that hold only zeros. Size, identifiers, linkage and parent stay, so that children and parents still fit. Refused for fixed disks.
 * Needs room for the new file beside the old one.
 */
export function compact(options: CompactOptions): ImageOperation<CompactedDisk> {
  return operate(options.path, options, async function* (pace) {
    // Opening for writing replays a log that was left behind, and shows that the file may be changed.
    const source = openImageFile({ path: options.path, writable: true, environment: options.environment })
    const unfinished = new UnfinishedFile(options.path, true)
    let target: OpenedImage | null = null
    try {
      if (source.type === 'fixed') refuse('not-for-type', options.path, { operation: 'Compacting', detail: 'its size is fixed' })
      target = createTwin(source, unfinished.path, options.environment)
      const chain = new ImageChain([source], [])
      yield* source.type === 'differencing' ? copyOwn(chain, target, pace, options.keeps) : copyFlat(chain, target, pace, options.keeps)
      target.flush()
      await target.file.syncLater()
      const sizes = { fileSizeBefore: source.fileSize, fileSize: target.fileSize }
      target.close()
      source.close()
      unfinished.finish()
      return sizes
    } finally {
      target?.file.close()
      source.file.close()
      unfinished.discard()
    }
  })
}

/** A new, empty file that stands for the same disk. */
function createTwin(source: OpenedImage, path: string, environment: ImageEnvironment): OpenedImage {
  const base = { path, type: source.type, size: source.virtualSize, blockSize: source.blockSize, environment, durable: false }
  if (source.format === 'vhd') {
    const { timestamp, originalSize, creatorApplication, creatorVersion, creatorHost, uniqueId } = source.footer
    const heritage = { timestamp, originalSize, creatorApplication, creatorVersion, creatorHost }
    return createVhd({ ...base, uniqueId, heritage, parent: source.parent === null ? null : vhdParent(source.parent) })
  }
  const { logicalSectorSize, physicalSectorSize, parent } = source
  const twin = createVhdx({
    ...base,
    logicalSectorSize,
    physicalSectorSize,
    parent,
    diskId: source.identifier,
    dataWriteGuid: source.linkage,
    creatorText: source.creator,
  })
  // Children know the disk by this id; moving blocks does not change it ([MS-VHDX] 2.2.2).
  twin.journal.announceData(source.linkage)
  return twin
}
