/** Expanding and shrinking (formats reference 3.1; product: Edit Virtual Hard Disk wizard). */
import { type ImageChain, openChainFiles } from '../chain.ts'
import type { OpenedImage } from '../open-image.ts'
import { movedGpt, partitionEnd } from '../partitions.ts'
import { refuse } from '../refusals.ts'
import type { ImageEnvironment, ImageOperation, OperationControl, ResolveParent } from '../types.ts'
import { expandVhd } from '../vhd/expand-vhd.ts'
import { expandVhdx, shrinkVhdx } from '../vhdx/resize-vhdx.ts'
import { operate } from './steps.ts'

export interface ResizeOptions extends OperationControl {
  /** A VHD Set resizes its backing file. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  readonly resolve: ResolveParent
  readonly environment: ImageEnvironment
}

export interface ResizedDisk {
  readonly sizeBefore: number
  readonly size: number
  readonly fileSize: number
}

/** Makes a disk larger. What is added reads as zeros and belongs to no partition. Refused for differencing VHDs. */
export function expand(options: ResizeOptions): ImageOperation<ResizedDisk> {
  return resize(options, (chain) => {
    if (options.size <= chain.virtualSize) refuse('not-larger', options.path, { size: chain.virtualSize })
    growImage(chain.leaf, options.size)
  })
}

export interface ShrinkOptions extends ResizeOptions {
  /** The end of the last partition, where the caller knows it better than the file, whose guest data may not be stored. */
  readonly minimumSize?: number
}

/** Makes a VHDX smaller, at most down to the end of its last partition. */
export function shrink(options: ShrinkOptions): ImageOperation<ResizedDisk> {
  return resize(options, (chain) => {
    const { leaf } = chain
    const refuseType = (detail: string): never => refuse('not-for-type', options.path, { operation: 'Shrinking', detail })
    if (leaf.format !== 'vhdx') return refuseType('it has the format VHD')
    if (leaf.type === 'differencing') refuseType('it is a differencing disk')
    if (options.size >= leaf.virtualSize) refuse('not-smaller', options.path, { size: leaf.virtualSize })
    const minimum = options.minimumSize ?? minimumSize(chain)
    if (minimum === null) return refuse('no-partitions', options.path)
    if (options.size < minimum) refuse('below-minimum', options.path, { minimum })
    moveGpt(chain, options.size)
    shrinkVhdx(leaf, options.size)
  })
}

/** The smallest size that a disk can be shrunk to, bytes, by its partition table; null when it has none or is not smaller. */
export function minimumSize(chain: ImageChain): number | null {
  const found = partitionEnd((offset, length) => readDisk(chain, offset, length), chain.virtualSize, chain.logicalSectorSize)
  return found === null ? null : Math.min(found.end + found.trailer, chain.virtualSize)
}

/** Makes an open image larger, in steps of which each leaves a whole disk behind. Throws ImageRefused. */
export function growImage(image: OpenedImage, size: number): void {
  if (image.format === 'vhdx') expandVhdx(image, size)
  else expandVhd(image, size)
}

function resize(options: ResizeOptions, change: (chain: ImageChain) => void): ImageOperation<ResizedDisk> {
  return operate(options.path, options, async function* () {
    const chain = openChainFiles(options, (depth) => depth === 0)
    try {
      const sizeBefore = chain.virtualSize
      change(chain)
      const { leaf } = chain
      leaf.flush()
      yield { done: leaf.virtualSize, total: leaf.virtualSize }
      const result = { sizeBefore, size: leaf.virtualSize, fileSize: leaf.fileSize }
      for (const layer of chain.layers) layer.close()
      return result
    } finally {
      chain.abandon()
    }
  })
}

/** Keeps a GPT in agreement with a disk that becomes smaller. Of one that grows, the guest moves it when it uses the room. */
function moveGpt(chain: ImageChain, size: number): void {
  const read = (offset: number, length: number) => readDisk(chain, offset, length)
  if (partitionEnd(read, chain.virtualSize, chain.logicalSectorSize)?.style !== 'gpt') return
  // The new copy at the end comes first: it lies behind the last partition and hurts nobody when the rest is not reached.
  for (const { offset, data } of movedGpt(read, chain.virtualSize, size, chain.logicalSectorSize)) chain.leaf.write(offset, data)
  chain.leaf.flush()
}

function readDisk(chain: ImageChain, offset: number, length: number): Buffer {
  const target = Buffer.alloc(length)
  chain.readInto(offset, target)
  return target
}
