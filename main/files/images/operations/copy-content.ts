/** Moving a disk's content between images, leaving out what need not be written. */
import type { ImageChain } from '../chain.ts'
import { isZero, nonZeroParts } from '../image-file.ts'
import type { OpenedImage } from '../open-image.ts'
import type { ImageProgress, KeepsRoom } from '../types.ts'
import { type Pace, STEP_BYTES } from './steps.ts'

/**
 * Copies all that a chain reads as into a new image that still reads as zeros everywhere. Only parts that are not zero are written, and room is
 * given to those that must keep it.
 */
export async function* copyFlat(
  source: ImageChain,
  target: OpenedImage,
  pace: Pace,
  keeps: KeepsRoom = () => false,
): AsyncGenerator<ImageProgress, void, void> {
  const total = Math.min(source.virtualSize, target.virtualSize)
  const buffer = Buffer.allocUnsafe(STEP_BYTES)
  for (let at = 0; at < total; ) {
    const run = source.runAt(at, total - at)
    if (run.layer === null) {
      at += run.length
    } else {
      // Steps end at multiples of their size, so that they do not straddle more blocks than they must.
      const part = buffer.subarray(0, Math.min(STEP_BYTES - (at % STEP_BYTES), total - at))
      source.readInto(at, part)
      if (keeps(at, part.length)) target.allocate(at, part.length)
      for (const [from, to] of nonZeroParts(part, at)) target.write(at + from, part.subarray(from, to))
      at += part.length
    }
    yield { done: at, total }
    await pace.turn()
  }
}

/**
 * Copies what the image alone holds, sector for sector, into a new differencing image with the same parent. Blocks that hold only zeros take no
 * room in a VHDX; a VHD cannot say so.
 */
export async function* copyOwn(
  source: ImageChain,
  target: OpenedImage,
  pace: Pace,
  keeps: KeepsRoom = () => false,
): AsyncGenerator<ImageProgress, void, void> {
  const total = source.virtualSize
  const buffer = Buffer.allocUnsafe(STEP_BYTES)
  for (let at = 0; at < total; ) {
    const run = source.runAt(at, total - at, 1)
    let length = run.length
    if (run.held && run.layer === null && target.format === 'vhdx') target.markZero(at, length)
    if (run.layer !== null) {
      length = Math.min(run.length, STEP_BYTES)
      const part = buffer.subarray(0, length)
      run.layer.file.readInto(part, run.fileOffset)
      putOwn(target, at, part, keeps(at, part.length))
    }
    at += length
    yield { done: at, total }
    await pace.turn()
  }
}

function putOwn(target: OpenedImage, offset: number, data: Buffer, keepsRoom: boolean): void {
  const wholeBlock = offset % target.blockSize === 0 && data.length === Math.min(target.blockSize, target.virtualSize - offset)
  if (target.format === 'vhdx' && wholeBlock && !keepsRoom && isZero(data)) {
    target.markZero(offset, data.length)
    return
  }
  target.allocate(offset, data.length)
  for (const [from, to] of nonZeroParts(data, offset)) target.write(offset + from, data.subarray(from, to))
}

/**
 * Copies what the layers before `depth` hold into the layer at `depth`. Doing it again changes nothing more, so that it can be repeated after
 * a crash.
 */
export async function* copyDown(
  chain: ImageChain,
  depth: number,
  target: OpenedImage,
  pace: Pace,
): AsyncGenerator<ImageProgress, void, void> {
  const total = chain.virtualSize
  const buffer = Buffer.allocUnsafe(STEP_BYTES)
  for (let at = 0; at < total; ) {
    const run = chain.runAt(at, total - at, depth)
    let length = run.length
    if (run.layer !== null) {
      length = Math.min(length, STEP_BYTES)
      const part = buffer.subarray(0, length)
      run.layer.file.readInto(part, run.fileOffset)
      target.write(at, part)
    } else if (run.held) {
      length = zeroDown(target, at, length, buffer)
    }
    at += length
    yield { done: at, total }
    await pace.turn()
  }
}

/** Makes the beginning of a range read as zeros in the target; answers how much of it was done. */
function zeroDown(target: OpenedImage, offset: number, length: number, buffer: Buffer): number {
  const extent = target.extentAt(offset, length)
  if (extent.kind === 'zero') return extent.length
  const part = buffer.subarray(0, Math.min(extent.length, STEP_BYTES))
  target.write(offset, part.fill(0))
  return part.length
}
