/** One way to write a new image of any format and type, used by all operations that make files. */
import type { OpenedImage } from './open-image.ts'
import { refuse } from './refusals.ts'
import type { DiskType, ImageEnvironment, ImageFormat, ParentLink } from './types.ts'
import { createVhd, VHD_BLOCK_SIZE, type VhdParent } from './vhd/create-vhd.ts'
import { createVhdx } from './vhdx/create-vhdx.ts'
import { BLOCK_SIZE_DEFAULT, BLOCK_SIZE_DIFFERENCING } from './vhdx/layout.ts'

/** What a new image shall be. Fields left out take the product's defaults. */
export interface ImageShape {
  readonly format: ImageFormat
  readonly type: DiskType
  /** Bytes. */
  readonly size: number
  /** VHD: 512 KiB or 2 MiB (default). VHDX: a power of two from 1 to 256 MiB, 32 MiB by default, 2 MiB for differencing disks. */
  readonly blockSize?: number
  /** 512 (default) or 4096; a VHD has only 512. */
  readonly logicalSectorSize?: number
  /** VHDX: 4096 by default. */
  readonly physicalSectorSize?: number
}

/** The block size that the product takes when none is asked for (formats reference 1.4, 2.7). */
export function defaultBlockSize(format: ImageFormat, type: DiskType): number {
  if (format === 'vhd') return VHD_BLOCK_SIZE
  return type === 'differencing' ? BLOCK_SIZE_DIFFERENCING : BLOCK_SIZE_DEFAULT
}

/** Creates the file and opens it. Throws ImageRefused or an error of the system. */
export function createImage(
  path: string,
  shape: ImageShape,
  parent: ParentLink | null,
  environment: ImageEnvironment,
  durable: boolean,
): OpenedImage {
  const blockSize = shape.blockSize ?? defaultBlockSize(shape.format, shape.type)
  const logicalSectorSize = shape.logicalSectorSize ?? 512
  const base = { path, type: shape.type, size: shape.size, blockSize, environment, durable }
  if (shape.format === 'vhdx') {
    return createVhdx({ ...base, logicalSectorSize, physicalSectorSize: shape.physicalSectorSize ?? 4096, parent })
  }
  if (logicalSectorSize !== 512) refuse('sector-size-invalid', path, { sectorSize: logicalSectorSize })
  return createVhd({ ...base, parent: parent === null ? null : vhdParent(parent) })
}

/** A parent as a VHD writes it down; a path that is missing is made from the other one. */
export function vhdParent(link: ParentLink): VhdParent {
  const pathOf = (kind: string) => link.paths.find((path) => path.kind === kind)?.path
  const name = pathOf('name') ?? ''
  const absolutePath = pathOf('absolute') ?? name
  const relativePath = pathOf('relative') ?? `.\\${absolutePath.slice(absolutePath.lastIndexOf('\\') + 1)}`
  return { uniqueId: link.linkage, timestamp: link.timestamp ?? 0, relativePath, absolutePath }
}
