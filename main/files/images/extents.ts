/** What both formats do with ranges of a disk. */
import type { ImageFile } from './image-file.ts'
import type { DiskImage } from './types.ts'

/** Throws RangeError unless a range lies within the disk and on its sectors. */
export function checkRange(image: DiskImage, offset: number, length: number): void {
  const sector = image.logicalSectorSize
  const inside = offset >= 0 && length > 0 && offset + length <= image.virtualSize
  if (!inside || offset % sector !== 0 || length % sector !== 0) {
    throw new RangeError(`${length} bytes at ${offset} are not on the sectors of a disk of ${image.virtualSize} bytes`)
  }
}

/** Reads a range of one image; what the parent holds reads as zeros. */
export function readExtents(image: DiskImage & { readonly file: ImageFile }, offset: number, target: Buffer): void {
  for (let done = 0; done < target.length; ) {
    const extent = image.extentAt(offset + done, target.length - done)
    const part = target.subarray(done, done + extent.length)
    if (extent.kind === 'data') image.file.readInto(part, extent.fileOffset)
    else part.fill(0)
    done += extent.length
  }
}
