/** Opening one image file by what it contains, whatever it is called. */
import { ImageFile } from './image-file.ts'
import { attempt, refuse } from './refusals.ts'
import type { ImageEnvironment, Outcome } from './types.ts'
import { looksLikeVhd, openVhd } from './vhd/open-vhd.ts'
import type { VhdImage } from './vhd/vhd-image.ts'
import { looksLikeVhdx, openVhdx } from './vhdx/open-vhdx.ts'
import type { VhdxImage } from './vhdx/vhdx-image.ts'

/** An open image of either format; `format` tells which. */
export type OpenedImage = VhdImage | VhdxImage

export interface OpenImageOptions {
  readonly path: string
  readonly writable: boolean
  readonly environment: ImageEnvironment
}

/** Opens a VHD or VHDX alone, without its parents. A VHD Set is refused as `not-an-image`; its backing file is what can be opened. */
export function openImage(options: OpenImageOptions): Outcome<OpenedImage> {
  return attempt(options.path, () => openImageFile(options))
}

/** As `openImage`, for callers inside this folder: throws ImageRefused. */
export function openImageFile({ path, writable, environment }: OpenImageOptions, durable = true): OpenedImage {
  const file = ImageFile.open(path, writable ? 'write' : 'read')
  try {
    if (looksLikeVhdx(file)) return openVhdx(file, environment.newId, durable)
    // A fixed disk has only its end to tell what it is.
    if (looksLikeVhd(file)) return openVhd(file, durable)
    return refuse('not-an-image', path)
  } catch (error) {
    file.close()
    throw error
  }
}
