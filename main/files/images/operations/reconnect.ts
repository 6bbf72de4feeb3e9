/** Reconnecting a differencing disk to its parent: new paths and, when asked for, a new identity of the parent (formats reference 3.1). */
import { KIB, roundUp } from '../image-file.ts'
import { vhdParent } from '../new-image.ts'
import { type OpenedImage, openImageFile } from '../open-image.ts'
import { refuse } from '../refusals.ts'
import type { ImageEnvironment, ImageOperation, OperationControl, ParentLink } from '../types.ts'
import { parentFields, type VhdParent, writeLocators } from '../vhd/create-vhd.ts'
import { LOCATOR_ABSOLUTE, LOCATOR_RELATIVE, type VhdLocator } from '../vhd/dynamic-header.ts'
import type { VhdImage } from '../vhd/vhd-image.ts'
import { checkPaths } from '../vhdx/create-vhdx.ts'
import { encodeLocator, freePlace, metadataItems } from '../vhdx/metadata.ts'
import type { VhdxImage } from '../vhdx/vhdx-image.ts'
import { linkTo } from './create.ts'
import { operate } from './steps.ts'

export interface ReconnectOptions extends OperationControl {
  readonly path: string
  /** Real path of the parent. */
  readonly parent: string
  /** What the disk writes down: Windows paths. */
  readonly parentPaths: { readonly relative: string; readonly absolute: string }
  /** Takes any parent of the same format (product: ignore the ID mismatch); the content may then make no sense. */
  readonly ignoreIdMismatch: boolean
  readonly environment: ImageEnvironment
}

/** Writes a new parent into a differencing disk. Refuses one with another identity, format, sector or (VHD) size. */
export function reconnect(options: ReconnectOptions): ImageOperation<{ readonly linkage: string }> {
  const { environment } = options
  return operate(options.path, options, async function* () {
    const child = openImageFile({ path: options.path, writable: true, environment })
    let parent: OpenedImage | null = null
    try {
      if (child.parent === null) refuse('not-differencing', options.path)
      parent = openImageFile({ path: options.parent, writable: false, environment })
      checkCandidate(child, parent, options)
      rewriteParent(child, linkTo(parent, options.parentPaths, environment))
      child.close()
      yield { done: 1, total: 1 }
      return { linkage: parent.linkage }
    } finally {
      child.file.close()
      parent?.file.close()
    }
  })
}

function checkCandidate(child: OpenedImage, parent: OpenedImage, options: ReconnectOptions): void {
  const names = { parent: options.parent }
  if (child.file.identity === parent.file.identity) refuse('chain-cycle', options.path, names)
  if (child.format !== parent.format) refuse('parent-format-mismatch', options.path, names)
  if (child.logicalSectorSize !== parent.logicalSectorSize) {
    refuse('sector-size-invalid', options.path, { sectorSize: parent.logicalSectorSize })
  }
  if (child.format === 'vhd' && child.virtualSize !== parent.virtualSize) refuse('parent-size-mismatch', options.path, names)
  const fits = child.parent?.linkage === parent.linkage || child.parent?.linkage2 === parent.linkage
  if (!fits && !options.ignoreIdMismatch) refuse('parent-id-mismatch', options.path, names)
}

/** Replaces what an open differencing image says of its parent, in one step that a crash does not tear. */
export function rewriteParent(image: OpenedImage, link: ParentLink): void {
  if (image.format === 'vhdx') rewriteVhdx(image, link)
  else rewriteVhd(image, link)
}

function rewriteVhdx(image: VhdxImage, link: ParentLink): void {
  checkPaths(link, image.path)
  const item = encodeLocator(link)
  const place = image.places.find(({ id, isUser }) => id === metadataItems.parentLocator && !isUser)
  if (place === undefined) throw new Error(`${image.path} has no parent locator`)
  const region = image.regions.metadata
  const offset = item.length <= place.length ? place.offset : freePlace(image.places, region, item.length)
  if (offset === null) return refuse('metadata-full', image.path)
  const numbers = Buffer.alloc(8)
  numbers.writeUInt32LE(offset - region.offset, 0)
  numbers.writeUInt32LE(item.length, 4)
  // One commit for the table and the item, so that they change together.
  image.flush()
  image.journal.write(offset, item)
  image.journal.write(place.entryAt + 16, numbers)
  image.flush()
  image.places = image.places.map((other) => (other === place ? { ...place, offset, length: item.length } : other))
  image.metadata = { ...image.metadata, parent: link }
}

/** Room for a path that did not have any. */
const LOCATOR_SPACE = 64 * KIB

function rewriteVhd(image: VhdImage, link: ParentLink): void {
  const header = image.header
  if (header === null) throw new Error(`${image.path} has no dynamic header`)
  const parent = vhdParent(link)
  image.flush()
  let places = presentPlaces(header.locators, parent)
  if (places === null) {
    const first = roundUp(image.end, 4 * KIB)
    places = [
      { code: LOCATOR_ABSOLUTE, space: LOCATOR_SPACE, length: 0, offset: first },
      { code: LOCATOR_RELATIVE, space: LOCATOR_SPACE, length: 0, offset: first + LOCATOR_SPACE },
    ]
    image.end = first + 2 * LOCATOR_SPACE
  }
  const next = { ...header, ...parentFields(image.path, parent, places) }
  writeLocators(image.file, next, parent)
  image.writeHeaders(image.footer, next)
  image.parent = link
}

/** The places of the present paths, when both new ones fit in. */
function presentPlaces(locators: readonly VhdLocator[], parent: VhdParent): VhdLocator[] | null {
  const place = (code: number, path: string) => locators.find((locator) => locator.code === code && locator.space >= path.length * 2)
  const absolute = place(LOCATOR_ABSOLUTE, parent.absolutePath)
  const relative = place(LOCATOR_RELATIVE, parent.relativePath)
  return absolute === undefined || relative === undefined ? null : [absolute, relative]
}
