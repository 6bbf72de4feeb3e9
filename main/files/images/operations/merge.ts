/** Merging differencing disks into an ancestor or into a new disk (formats reference 3.1, 3.3). */
import { type ImageChain, openChainFiles } from '../chain.ts'
import type { OpenedImage } from '../open-image.ts'
import { refuse } from '../refusals.ts'
import type { ImageEnvironment, ImageOperation, OperationControl, ResolveParent } from '../types.ts'
import { copyDown } from './copy-content.ts'
import { type CreateCopyOptions, type CreatedDisk, createCopy } from './create.ts'
import { rewriteParent } from './reconnect.ts'
import { growImage } from './resize.ts'
import { operate } from './steps.ts'

export interface MergeOptions extends OperationControl {
  /** Real path of the differencing disk. */
  readonly path: string
  /** Real path of the ancestor that takes the content; null for the direct parent. */
  readonly into: string | null
  readonly resolve: ResolveParent
  readonly environment: ImageEnvironment
}

export interface MergedDisk {
  /** The file that now holds everything. */
  readonly path: string
  /** The files that are no longer needed, the leaf first. They are left to the caller to delete. */
  readonly merged: readonly string[]
  /** What disks whose parent was merged away must now record as their parent's id; `reconnect` writes it. */
  readonly linkage: string
}

/**
 * Copies what the disk, and the layers between it and the ancestor, hold into the ancestor. Broken off at any point, by a crash too, the
 * chain still reads the same, and the same call goes on. Other children of the ancestor no longer fit it, as in the product.
 */
export function mergeIntoParent(options: MergeOptions): ImageOperation<MergedDisk> {
  return operate(options.path, options, async function* (pace) {
    const depth = depthOf(options)
    // Every layer that changes is open for writing: the ancestor, and its child, which must accept the ancestor's new id beforehand.
    const chain = openChainFiles(options, (layer) => layer === depth || layer === depth - 1)
    try {
      const target = layerAt(chain, depth)
      prepare(chain, target, depth, options.environment)
      if (target.virtualSize < chain.virtualSize) growImage(target, chain.virtualSize)
      yield* copyDown(chain, depth, target, pace)
      target.flush()
      await target.file.syncLater()
      const merged = chain.layers.slice(0, depth).map(({ path }) => path)
      const result = { path: target.path, merged, linkage: target.linkage }
      for (const layer of chain.layers) layer.close()
      return result
    } finally {
      // What was done stays done: closing brings it onto the disk. Where that fails, the logs do it when the files are opened next.
      try {
        chain.close()
      } finally {
        chain.abandon()
      }
    }
  })
}

/** Writes the whole chain into a new disk; all files of the chain stay as they are. Refused for a disk without a parent. */
export function mergeIntoNew(options: CreateCopyOptions): ImageOperation<CreatedDisk> {
  return operate(options.path, options, async function* () {
    const chain = openChainFiles({ ...options, path: options.source }, () => false)
    const { type } = chain.leaf
    chain.abandon()
    if (type !== 'differencing') refuse('not-differencing', options.source)
    const steps = createCopy(options)
    const end = yield* steps
    return end.ok ? end.value : refuse(end.refusal.code, options.path, end.refusal.values)
  })
}

/** How many layers below the leaf the target lies. */
function depthOf(options: MergeOptions): number {
  const chain = openChainFiles(options, () => false)
  try {
    if (chain.leaf.type !== 'differencing') refuse('not-differencing', options.path)
    const depth = options.into === null ? 1 : chain.layers.findIndex(({ path }) => path === options.into)
    if (depth < 1) refuse('not-in-chain', options.path, { parent: options.into ?? '' })
    return depth
  } finally {
    chain.abandon()
  }
}

function layerAt(chain: ImageChain, depth: number): OpenedImage {
  const layer = chain.layers[depth]
  if (layer === undefined) throw new RangeError(`the chain has no layer ${depth}`)
  return layer
}

/**
 * Gives a VHDX ancestor its new DataWriteGuid, after its child has learnt it as the second one that it accepts ([MS-VHDX] 2.6.2.6.3). When a
 * merge goes on, the child may know one already.
 */
function prepare(chain: ImageChain, target: OpenedImage, depth: number, environment: ImageEnvironment): void {
  const child = layerAt(chain, depth - 1)
  if (target.format !== 'vhdx' || child.format !== 'vhdx' || child.parent === null) return
  const next = child.parent.linkage2 ?? environment.newId().toLowerCase()
  if (child.parent.linkage2 === null) {
    rewriteParent(child, { ...child.parent, linkage2: next })
    child.flush()
  }
  target.journal.announceData(next)
}
