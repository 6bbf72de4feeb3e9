/** Chains of differencing disks: finding and checking the parents, reading through them, writing at the leaf. */
import { isAbsolute } from 'node:path'
import { type OpenedImage, openImageFile } from './open-image.ts'
import { attempt, type ImageRefusal, ImageRefused, refusalOf, refusalSentence, refuse } from './refusals.ts'
import type { DiskChain, ImageEnvironment, Outcome, ResolveParent } from './types.ts'
import { unixMsOfVhd } from './vhd/footer.ts'
import { readSetPointer } from './vhd-set.ts'

/** Files of one chain, leaf and base included. The product has at most 50 checkpoints, and chains of its own making beside them. */
export const CHAIN_LENGTH_MAX = 128

/** VHD time stamps are whole seconds, and volumes round the times of files up to two. */
const TIMESTAMP_TOLERANCE_MS = 2000

export interface OpenChainOptions {
  readonly path: string
  /** Opens the leaf for writing. Parents are opened for reading. */
  readonly writable: boolean
  readonly environment: ImageEnvironment
  readonly resolve: ResolveParent
}

/** Opens a disk with all its parents. A VHD Set opens as its backing file. */
export function openChain(options: OpenChainOptions): Outcome<DiskChain> {
  return attempt(options.path, () => openChainFiles(options, (depth) => depth === 0 && options.writable, options.writable))
}

/**
 * As `openChain`, for callers inside this folder: throws ImageRefused. `writableAt` tells for each file, counted from the leaf, whether it is
 * opened for writing; `repair` allows logs to be replayed in the others.
 */
export function openChainFiles(
  options: Omit<OpenChainOptions, 'writable'>,
  writableAt: (depth: number) => boolean,
  repair = true,
): ImageChain {
  const layers: OpenedImage[] = []
  const warnings: ImageRefusal[] = []
  const openLayer = (path: string) => openAs(path, writableAt(layers.length), repair, options.environment)
  try {
    const leafPath = readSetPointer(options.path, options.resolve) ?? options.path
    let image = openLayer(leafPath)
    layers.push(image)
    while (image.type === 'differencing') {
      if (layers.length >= CHAIN_LENGTH_MAX) refuse('chain-too-deep', leafPath, { limit: CHAIN_LENGTH_MAX })
      const child: OpenedImage = image
      image = openParent(child, options.resolve, openLayer)
      layers.push(image)
      const again = layers.find((layer) => layer !== image && layer.file.identity === image.file.identity)
      if (again !== undefined) refuse('chain-cycle', leafPath, { parent: image.path })
      checkParent(child, image, options.environment, warnings)
    }
    return new ImageChain(layers, warnings)
  } catch (error) {
    for (const layer of layers) layer.file.close()
    throw error
  }
}

/** Opens a layer. Where the chain is going to be used, a log that a crash has left in a parent is replayed first. */
function openAs(path: string, writable: boolean, repair: boolean, environment: ImageEnvironment): OpenedImage {
  try {
    return openImageFile({ path, writable, environment })
  } catch (error) {
    if (!repair || writable || refusalOf(error, path)?.code !== 'log-dirty') throw error
  }
  openImageFile({ path, writable: true, environment }).close()
  return openImageFile({ path, writable, environment })
}

function openParent(child: OpenedImage, resolve: ResolveParent, open: (path: string) => OpenedImage): OpenedImage {
  const path = findParent(child, resolve)
  try {
    return open(path)
  } catch (error) {
    const refusal = refusalOf(error, path)
    if (refusal === null || refusal.code === 'log-dirty') throw error
    throw new ImageRefused({ code: 'parent-error', values: { file: child.path, detail: refusalSentence(refusal) } }, error)
  }
}

/** The real file of an image's parent. Refuses when no path that the image has written down leads to one. */
export function findParent(child: OpenedImage, resolve: ResolveParent): string {
  const paths = child.parent?.paths ?? []
  for (const { kind, path } of paths) {
    const found = resolve({ childFile: child.path, kind, path })
    if (found === null) continue
    if (!isAbsolute(found)) throw new TypeError(`a resolver must answer absolute paths, not ${found}`)
    return found
  }
  return refuse('parent-not-found', child.path, { parent: paths.at(-1)?.path ?? '' })
}

/** Refuses a parent that is not the one that the child was made from; what the product tolerates becomes a warning. */
export function checkParent(child: OpenedImage, parent: OpenedImage, environment: ImageEnvironment, warnings: ImageRefusal[]): void {
  const names = { parent: parent.path }
  if (child.format !== parent.format) refuse('parent-format-mismatch', child.path, names)
  const link = child.parent
  if (link === null || (link.linkage !== parent.linkage && link.linkage2 !== parent.linkage))
    refuse('parent-id-mismatch', child.path, names)
  if (child.logicalSectorSize !== parent.logicalSectorSize) {
    refuse('sector-size-invalid', child.path, { sectorSize: child.logicalSectorSize })
  }
  // A VHDX child may be of another size: it can be expanded by itself.
  if (child.format === 'vhd' && child.virtualSize !== parent.virtualSize) refuse('parent-size-mismatch', child.path, names)
  const modifiedMs = modifiedMsOf(parent, environment)
  if (link.timestamp !== null && Math.abs(unixMsOfVhd(link.timestamp) - modifiedMs) > TIMESTAMP_TOLERANCE_MS) {
    warnings.push({ code: 'parent-timestamp-mismatch', values: { file: child.path, ...names } })
  }
}

/** When an image was last modified, milliseconds since 1970-01-01 UTC. */
export function modifiedMsOf(image: OpenedImage, environment: ImageEnvironment): number {
  return environment.modifiedMsOf?.(image.path) ?? image.file.modifiedMs
}

/** An open chain. */
export class ImageChain implements DiskChain {
  readonly layers: readonly [OpenedImage, ...OpenedImage[]]
  readonly warnings: readonly ImageRefusal[]

  constructor(layers: readonly OpenedImage[], warnings: readonly ImageRefusal[]) {
    const [leaf, ...parents] = layers
    if (leaf === undefined) throw new RangeError('a chain has at least one file')
    this.layers = [leaf, ...parents]
    this.warnings = warnings
  }

  get leaf(): OpenedImage {
    return this.layers[0]
  }

  get virtualSize(): number {
    return this.leaf.virtualSize
  }

  get logicalSectorSize(): number {
    return this.leaf.logicalSectorSize
  }

  read(offset: number, target: Buffer): Outcome<void> {
    return attempt(this.leaf.path, () => this.readInto(offset, target))
  }

  write(offset: number, source: Buffer): Outcome<void> {
    return attempt(this.leaf.path, () => this.leaf.write(offset, source))
  }

  allocate(offset: number, length: number): Outcome<void> {
    return attempt(this.leaf.path, () => this.leaf.allocate(offset, length))
  }

  unmap(offset: number, length: number): Outcome<void> {
    return attempt(this.leaf.path, () => this.leaf.unmap(offset, length))
  }

  flush(): Outcome<void> {
    return attempt(this.leaf.path, () => {
      for (const layer of this.layers) layer.flush()
    })
  }

  close(): Outcome<void> {
    return attempt(this.leaf.path, () => {
      for (const layer of this.layers) layer.close()
    })
  }

  /** Closes without writing anything more: for files that are to be thrown away. */
  abandon(): void {
    for (const layer of this.layers) layer.file.close()
  }

  /** As `read`, throwing. */
  readInto(offset: number, target: Buffer): void {
    for (let done = 0; done < target.length; ) {
      const run = this.runAt(offset + done, target.length - done)
      const part = target.subarray(done, done + run.length)
      if (run.layer === null) part.fill(0)
      else run.layer.file.readInto(part, run.fileOffset)
      done += run.length
    }
  }

  /** The run that begins at `offset`, at most `length` long, as the layers from the leaf up to but not including `last` hold it. */
  runAt(offset: number, length: number, last = this.layers.length): ChainRun {
    let most = length
    for (const layer of this.layers.slice(0, last)) {
      // A smaller parent reads as zeros behind its end.
      if (offset >= layer.virtualSize) return { held: true, layer: null, length: most, fileOffset: 0 }
      const extent = layer.extentAt(offset, Math.min(most, layer.virtualSize - offset))
      if (extent.kind !== 'parent') {
        return { held: true, layer: extent.kind === 'data' ? layer : null, length: extent.length, fileOffset: extent.fileOffset }
      }
      most = extent.length
    }
    // Below the base of a whole chain there are zeros; a differencing disk that was opened alone has an end that is none.
    const isBase = last >= this.layers.length && this.layers.at(-1)?.type !== 'differencing'
    return { held: isBase, layer: null, length: most, fileOffset: 0 }
  }
}

/** Where a run of a chain's bytes is kept. */
export interface ChainRun {
  /** False when none of the layers that were asked holds it. */
  readonly held: boolean
  /** The file with the bytes, at `fileOffset`; null for zeros. */
  readonly layer: OpenedImage | null
  readonly length: number
  readonly fileOffset: number
}
