/** New virtual hard disks: blank, as a copy of another one, differencing (product: New and Edit Virtual Hard Disk wizards). */
import { dirname, join } from 'node:path'
import { modifiedMsOf, openChainFiles } from '../chain.ts'
import { createImage, type ImageShape } from '../new-image.ts'
import { type OpenedImage, openImageFile } from '../open-image.ts'
import type {
  DiskFormat,
  ImageEnvironment,
  ImageOperation,
  ImageProgress,
  KeepsRoom,
  OperationControl,
  ParentLink,
  ResolveParent,
} from '../types.ts'
import { vhdTimestamp } from '../vhd/footer.ts'
import { backingName, createSetPointer } from '../vhd-set.ts'
import { copyFlat } from './copy-content.ts'
import { operate, type Pace, UnfinishedFile } from './steps.ts'

/** A disk to be made. For a VHD Set, `path` is the pointer file; the file with the data gets its name beside it. */
export interface NewDisk {
  readonly path: string
  readonly format: DiskFormat
  readonly type: 'fixed' | 'dynamic'
  /** As in `ImageShape`. */
  readonly blockSize?: number
  readonly logicalSectorSize?: number
  readonly physicalSectorSize?: number
}

export interface CreatedDisk {
  readonly path: string
  /** The file with the data; another one than `path` for a VHD Set. */
  readonly dataPath: string
  readonly identifier: string
  /** Bytes of the disk. */
  readonly size: number
  /** Bytes of the file with the data. */
  readonly fileSize: number
}

export interface CreateBlankOptions extends NewDisk, OperationControl {
  /** Bytes; VHD 3 MiB to 2,040 GiB, VHDX 3 MiB to 64 TiB. */
  readonly size: number
  readonly environment: ImageEnvironment
}

/** Makes a blank fixed or dynamic disk. */
export function createBlank(options: CreateBlankOptions): ImageOperation<CreatedDisk> {
  const total = options.size
  return operate(options.path, options, () =>
    writeDisk(options, total, options.environment, async function* () {
      yield { done: total, total }
    }),
  )
}

export interface CreateCopyOptions extends NewDisk, OperationControl {
  /** Real path of the disk whose content is taken, that of its parents included. */
  readonly source: string
  /** Without it, a dynamic disk gets no room for what reads as zeros. */
  readonly keeps?: KeepsRoom
  readonly resolve: ResolveParent
  readonly environment: ImageEnvironment
}

/** Makes a disk with the content and size of another one, which stays as it is. Refuses a size or sector that the new format cannot have. */
export function createCopy(options: CreateCopyOptions): ImageOperation<CreatedDisk> {
  const { environment, resolve } = options
  return operate(options.path, options, async function* (pace: Pace) {
    const source = openChainFiles({ path: options.source, environment, resolve }, () => false)
    try {
      const { logicalSectorSize, physicalSectorSize } = source.leaf
      // A VHD says 512 for want of anything else.
      const sectors = source.leaf.format === 'vhdx' ? { logicalSectorSize, physicalSectorSize } : { logicalSectorSize }
      return yield* writeDisk({ ...sectors, ...options }, source.virtualSize, environment, (target) =>
        copyFlat(source, target, pace, options.keeps),
      )
    } finally {
      source.abandon()
    }
  })
}

export interface CreateDifferencingOptions extends OperationControl {
  readonly path: string
  /** Real path of the parent. */
  readonly parent: string
  /** What the new disk writes down as its parent: Windows paths, such as `.\base.vhdx` and `C:\VHD\base.vhdx`. */
  readonly parentPaths: { readonly relative: string; readonly absolute: string }
  /** VHDX only; 2 MiB by default. */
  readonly blockSize?: number
  readonly environment: ImageEnvironment
}

/** Makes a differencing disk of the parent's format and size. Used for checkpoints as well. */
export function createDifferencing(options: CreateDifferencingOptions): ImageOperation<CreatedDisk> {
  return operate(options.path, options, async function* () {
    const parent = openImageFile({ path: options.parent, writable: false, environment: options.environment })
    let shape: ImageShape
    let link: ParentLink
    try {
      const { format, virtualSize: size, logicalSectorSize, physicalSectorSize } = parent
      const blockSize = options.blockSize === undefined ? {} : { blockSize: options.blockSize }
      shape = { format, type: 'differencing', size, logicalSectorSize, physicalSectorSize, ...blockSize }
      link = linkTo(parent, options.parentPaths, options.environment)
    } finally {
      parent.file.close()
    }
    const { size } = shape
    return yield* writeImage(options.path, shape, link, options.environment, async function* () {
      yield { done: size, total: size }
    })
  })
}

/** What a child records of a parent. */
export function linkTo(parent: OpenedImage, paths: { relative: string; absolute: string }, environment: ImageEnvironment): ParentLink {
  return {
    linkage: parent.linkage,
    linkage2: null,
    timestamp: parent.format === 'vhd' ? vhdTimestamp(modifiedMsOf(parent, environment)) : null,
    paths: [
      { kind: 'relative', path: paths.relative },
      { kind: 'absolute', path: paths.absolute },
    ],
  }
}

type Fill = (target: OpenedImage) => AsyncGenerator<ImageProgress, void, void>

/** Writes a disk of any format; a VHD Set becomes a pointer and its backing file. */
async function* writeDisk(
  disk: NewDisk,
  size: number,
  environment: ImageEnvironment,
  fill: Fill,
): AsyncGenerator<ImageProgress, CreatedDisk, void> {
  const { path, format, ...rest } = disk
  if (format !== 'vhds') return yield* writeImage(path, { ...rest, format, size }, null, environment, fill)
  const pointer = new UnfinishedFile(path, false)
  try {
    const name = backingName(path, environment.newId())
    const created = yield* writeImage(join(dirname(path), name), { ...rest, format: 'vhdx', size }, null, environment, fill)
    createSetPointer(pointer.path, { setId: environment.newId(), backingName: name }, environment.creator.text)
    pointer.finish()
    return { ...created, path }
  } finally {
    pointer.discard()
  }
}

async function* writeImage(
  path: string,
  shape: ImageShape,
  parent: ParentLink | null,
  environment: ImageEnvironment,
  fill: Fill,
): AsyncGenerator<ImageProgress, CreatedDisk, void> {
  const unfinished = new UnfinishedFile(path, false)
  let image: OpenedImage | null = null
  try {
    image = createImage(unfinished.path, shape, parent, environment, false)
    yield* fill(image)
    image.flush()
    await image.file.syncLater()
    const created = { path, dataPath: path, identifier: image.identifier, size: image.virtualSize, fileSize: image.fileSize }
    image.close()
    unfinished.finish()
    return created
  } finally {
    image?.file.close()
    unfinished.discard()
  }
}
