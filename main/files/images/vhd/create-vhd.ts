/** New VHD files (formats reference 1.4–1.7). */
import { ImageFile, KIB, MIB, roundUp } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import type { DiskType, ImageEnvironment } from '../types.ts'
import {
  encodeDynamicHeader,
  LOCATOR_ABSOLUTE,
  LOCATOR_RELATIVE,
  noParent,
  type VhdDynamicHeader,
  type VhdLocator,
} from './dynamic-header.ts'
import { encodeFooter, FOOTER_BYTES, HOST_WINDOWS, VHD_SIZE_MAX, VHD_SIZE_MIN, type VhdFooter, vhdTimestamp } from './footer.ts'
import { chsGeometry } from './geometry.ts'
import { openVhd } from './open-vhd.ts'
import { TABLE_OFFSET, type VhdImage } from './vhd-image.ts'

export const VHD_BLOCK_SIZE = 2 * MIB

/** Places of the locators in the files of the product: absolute path before the table, relative path behind it (formats reference 1.6). */
const ABSOLUTE_AT = 4 * KIB
const ABSOLUTE_SPACE = 4 * KIB
const TABLE_BEHIND_LOCATOR = 8 * KIB
const RELATIVE_SPACE = 64 * KIB

/** What a new differencing VHD records of its parent. */
export interface VhdParent {
  readonly uniqueId: string
  /** Seconds since 2000-01-01 UTC. */
  readonly timestamp: number
  /** Windows paths, such as `.\base.vhd` and `C:\VHD\base.vhd`. */
  readonly relativePath: string
  readonly absolutePath: string
}

export interface VhdPlan {
  readonly path: string
  readonly type: DiskType
  /** Bytes, a multiple of 512, 3 MiB to 2,040 GiB. */
  readonly size: number
  /** 512 KiB or 2 MiB; nothing for a fixed disk. */
  readonly blockSize: number
  readonly parent: VhdParent | null
  readonly environment: ImageEnvironment
  /** Takes the place of a new unique id, for a file that stands for the same disk. */
  readonly uniqueId?: string
  /** Origin that is kept from the file it replaces. */
  readonly heritage?: Pick<VhdFooter, 'timestamp' | 'originalSize' | 'creatorApplication' | 'creatorVersion' | 'creatorHost'>
  readonly durable: boolean
}

/** Whether a disk of this size can be a VHD. */
export function isVhdSize(size: number): boolean {
  return Number.isInteger(size) && size >= VHD_SIZE_MIN && size <= VHD_SIZE_MAX && size % 512 === 0
}

/** Writes a new file, which must not exist yet, and opens it. Throws ImageRefused or an error of the system. */
export function createVhd(plan: VhdPlan): VhdImage {
  if (!isVhdSize(plan.size)) refuse('size-invalid', plan.path, { size: plan.size })
  if (plan.type !== 'fixed' && plan.blockSize !== 512 * KIB && plan.blockSize !== VHD_BLOCK_SIZE) {
    refuse('block-size-invalid', plan.path, { blockSize: plan.blockSize })
  }
  const { creator } = plan.environment
  const footer: VhdFooter = {
    features: 2,
    dataOffset: plan.type === 'fixed' ? null : FOOTER_BYTES,
    timestamp: vhdTimestamp(plan.environment.nowMs()),
    creatorApplication: creator.application,
    creatorVersion: creator.version,
    creatorHost: HOST_WINDOWS,
    originalSize: plan.size,
    currentSize: plan.size,
    geometry: chsGeometry(plan.size),
    type: plan.type,
    uniqueId: plan.uniqueId ?? plan.environment.newId(),
    savedState: false,
    ...plan.heritage,
  }
  const file = ImageFile.open(plan.path, 'create')
  try {
    if (plan.type === 'fixed') file.write(plan.size, encodeFooter(footer))
    else writeGrowing(file, footer, plan)
    if (plan.durable) file.sync()
    return openVhd(file, plan.durable)
  } catch (error) {
    file.close()
    throw error
  }
}

function writeGrowing(file: ImageFile, footer: VhdFooter, plan: VhdPlan): void {
  const entries = Math.ceil(plan.size / plan.blockSize)
  const table = Buffer.alloc(roundUp(entries * 4, 512), 0xff)
  const tableOffset = plan.parent === null ? TABLE_OFFSET : TABLE_BEHIND_LOCATOR
  const base = { tableOffset, tableEntries: entries, blockSize: plan.blockSize }
  const relativeAt = roundUp(tableOffset + table.length, 4 * KIB)
  let header: VhdDynamicHeader = { ...base, ...noParent }
  if (plan.parent !== null) {
    header = { ...base, ...parentFields(plan.path, plan.parent, locatorPlaces(relativeAt)) }
    writeLocators(file, header, plan.parent)
  }
  file.write(0, encodeFooter(footer))
  file.write(FOOTER_BYTES, encodeDynamicHeader(header))
  file.write(tableOffset, table)
  file.write(plan.parent === null ? tableOffset + table.length : relativeAt + RELATIVE_SPACE, encodeFooter(footer))
}

function locatorPlaces(relativeAt: number): readonly VhdLocator[] {
  return [
    { code: LOCATOR_ABSOLUTE, space: ABSOLUTE_SPACE, length: 0, offset: ABSOLUTE_AT },
    { code: LOCATOR_RELATIVE, space: RELATIVE_SPACE, length: 0, offset: relativeAt },
  ]
}

const isOurs = (code: number) => code === LOCATOR_ABSOLUTE || code === LOCATOR_RELATIVE

/** Fields of a dynamic header for a parent; the locators keep their places. Refuses a path that is longer than its place. */
export function parentFields(file: string, parent: VhdParent, places: readonly VhdLocator[]) {
  const locators = places
    .filter(({ code }) => isOurs(code))
    .map((place) => {
      const length = Buffer.byteLength(locatorText(place.code, parent), 'utf16le')
      if (length > place.space) refuse('name-too-long', file)
      return { ...place, length }
    })
  const name = parent.absolutePath.slice(parent.absolutePath.lastIndexOf('\\') + 1)
  return { parentId: parent.uniqueId, parentTimestamp: parent.timestamp, parentName: name, locators }
}

/** Writes the paths of a parent to the places that a header gives them. */
export function writeLocators(file: ImageFile, header: VhdDynamicHeader, parent: VhdParent): void {
  for (const { code, offset } of header.locators) file.write(offset, Buffer.from(locatorText(code, parent), 'utf16le'))
}

function locatorText(code: number, parent: VhdParent): string {
  return code === LOCATOR_RELATIVE ? parent.relativePath : parent.absolutePath
}
