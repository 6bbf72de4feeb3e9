/** The metadata region: what kind of disk this is ([MS-VHDX] 2.6; formats reference 2.6). */
import { normalGuid, readGuid, writeGuid } from '../guid.ts'
import { type ImageFile, KIB, MIB, roundUp } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import type { ParentLink, ParentPath } from '../types.ts'
import { isVhdxBlockSize, VHDX_SIZE_MAX } from './layout.ts'
import type { Region } from './regions.ts'

const METADATA_TABLE_BYTES = 64 * KIB
export const METADATA_REGION_BYTES = MIB
const ENTRIES_MAX = 2047
const ITEM_BYTES_MAX = MIB
/** Paths of Windows have at most 32,767 characters; this is room for five of them. */
const LOCATOR_BYTES_MAX = 512 * KIB
const LOCATOR_TYPE = 'b04aefb7-d19e-4a81-b789-25b8e9445913'

export const metadataItems = {
  fileParameters: 'caa16737-fa36-4d43-b3b6-33f0aa44e76b',
  virtualDiskSize: '2fa54224-cd1b-4876-b211-5dbed83bf4b8',
  virtualDiskId: 'beca12ab-b2e6-4523-93ef-c309e000c746',
  logicalSectorSize: '8141bf1d-a96f-4709-ba47-f233a8faab5f',
  physicalSectorSize: 'cda348c7-445d-4471-9cc9-e9885251c556',
  parentLocator: 'a8d35f2d-b30b-454d-abf7-d3d84834ab0c',
} as const

const known = new Set<string>(Object.values(metadataItems))
const FLAG_REQUIRED = 4
/** Flags in a table entry: 2 = belongs to the virtual disk, 4 = required. */
const flagsOf = (id: string) => (id === metadataItems.fileParameters || id === metadataItems.parentLocator ? 4 : 6)

export interface VhdxMetadata {
  readonly blockSize: number
  /** The disk is fixed. */
  readonly leaveBlocksAllocated: boolean
  readonly hasParent: boolean
  readonly size: number
  readonly diskId: string
  readonly logicalSectorSize: number
  readonly physicalSectorSize: number
  readonly parent: ParentLink | null
}

/** Where an item lies in the file. */
export interface MetadataPlace {
  readonly id: string
  /** Belongs to a program, not to the format. */
  readonly isUser: boolean
  /** Place of its entry in the table. */
  readonly entryAt: number
  readonly offset: number
  readonly length: number
}

interface ReadMetadata {
  readonly metadata: VhdxMetadata
  readonly places: readonly MetadataPlace[]
}

export function readMetadata(file: ImageFile, region: Region): ReadMetadata {
  const places = readTable(file, region)
  const corrupt = (detail: string): never => refuse('metadata-corrupt', file.path, { detail })
  const item = (id: string, length: number): Buffer => {
    const place = places.find((candidate) => candidate.id === id && !candidate.isUser)
    if (place === undefined) return corrupt(`the item ${id} is missing`)
    if (place.length < length) return corrupt(`the item ${id} has ${place.length} bytes`)
    return file.read(place.offset, length)
  }
  const parameters = item(metadataItems.fileParameters, 8)
  const blockSize = parameters.readUInt32LE(0)
  if (!isVhdxBlockSize(blockSize)) refuse('block-size-invalid', file.path, { blockSize })
  const logicalSectorSize = item(metadataItems.logicalSectorSize, 4).readUInt32LE(0)
  const physicalSectorSize = item(metadataItems.physicalSectorSize, 4).readUInt32LE(0)
  for (const sectorSize of [logicalSectorSize, physicalSectorSize]) {
    if (sectorSize !== 512 && sectorSize !== 4096) refuse('sector-size-invalid', file.path, { sectorSize })
  }
  const size = item(metadataItems.virtualDiskSize, 8).readBigUInt64LE(0)
  if (size === 0n || size > BigInt(VHDX_SIZE_MAX) || size % BigInt(logicalSectorSize) !== 0n) {
    refuse('size-invalid', file.path, { size: String(size) })
  }
  const hasParent = (parameters.readUInt32LE(4) & 2) !== 0
  const locator = places.find(({ id, isUser }) => id === metadataItems.parentLocator && !isUser)
  if (hasParent && locator === undefined) corrupt('the parent locator is missing')
  return {
    metadata: {
      blockSize,
      leaveBlocksAllocated: (parameters.readUInt32LE(4) & 1) !== 0,
      hasParent,
      size: Number(size),
      diskId: readGuid(item(metadataItems.virtualDiskId, 16), 0),
      logicalSectorSize,
      physicalSectorSize,
      parent: hasParent && locator !== undefined ? readLocator(file, locator) : null,
    },
    places,
  }
}

function readTable(file: ImageFile, region: Region): MetadataPlace[] {
  const corrupt = (detail: string): never => refuse('metadata-corrupt', file.path, { detail })
  const table = file.read(region.offset, METADATA_TABLE_BYTES)
  if (table.toString('latin1', 0, 8) !== 'metadata') corrupt('its signature is missing')
  const count = table.readUInt16LE(10)
  if (count > ENTRIES_MAX) corrupt(`it claims ${count} items`)
  const places: MetadataPlace[] = []
  const seen = new Set<string>()
  for (let at = 32; at < 32 + count * 32; at += 32) {
    const id = readGuid(table, at)
    const offset = table.readUInt32LE(at + 16)
    const length = table.readUInt32LE(at + 20)
    const flags = table.readUInt32LE(at + 24)
    const isUser = (flags & 1) !== 0
    if ((flags & FLAG_REQUIRED) !== 0 && (isUser || !known.has(id))) refuse('metadata-unknown', file.path, { id })
    // A user's item may have the id of a system item without being it.
    const key = `${id} ${isUser}`
    if (seen.has(key)) corrupt(`the item ${id} occurs twice`)
    seen.add(key)
    if (length > ITEM_BYTES_MAX || (length > 0 && (offset < METADATA_TABLE_BYTES || offset + length > region.length))) {
      corrupt(`the item ${id} cannot have ${length} bytes at ${offset}`)
    }
    places.push({ id, isUser, entryAt: region.offset + at, offset: region.offset + offset, length })
  }
  return places
}

function readLocator(file: ImageFile, place: MetadataPlace): ParentLink {
  const corrupt = (detail: string): never => refuse('locator-corrupt', file.path, { detail })
  if (place.length < 20 || place.length > LOCATOR_BYTES_MAX) corrupt(`it has ${place.length} bytes`)
  const data = file.read(place.offset, place.length)
  if (readGuid(data, 0) !== LOCATOR_TYPE) corrupt('its type is unknown')
  const count = data.readUInt16LE(18)
  if (20 + count * 12 > data.length) corrupt(`it claims ${count} entries`)
  const values = new Map<string, string>()
  for (let at = 20; at < 20 + count * 12; at += 12) {
    const text = (offset: number, length: number): string => {
      if (offset + length > data.length || length % 2 !== 0) corrupt('an entry lies outside it')
      return data.toString('utf16le', offset, offset + length)
    }
    const key = text(data.readUInt32LE(at), data.readUInt16LE(at + 8))
    if (values.has(key)) corrupt(`the key ${key} occurs twice`)
    values.set(key, text(data.readUInt32LE(at + 4), data.readUInt16LE(at + 10)))
  }
  const linkage = normalGuid(values.get('parent_linkage') ?? '') ?? corrupt('the linkage of the parent is missing')
  const paths: ParentPath[] = []
  for (const [kind, key] of pathKeys) {
    const path = values.get(key)
    if (path !== undefined && path !== '') paths.push({ kind, path })
  }
  return { linkage, linkage2: normalGuid(values.get('parent_linkage2') ?? ''), timestamp: null, paths }
}

/** In the order in which they are tried. */
const pathKeys = [
  ['relative', 'relative_path'],
  ['volume', 'volume_path'],
  ['absolute', 'absolute_win32_path'],
] as const

/** A parent locator as a metadata item. */
export function encodeLocator(link: ParentLink): Buffer {
  const pairs: [string, string][] = [['parent_linkage', `{${link.linkage}}`]]
  if (link.linkage2 !== null) pairs.push(['parent_linkage2', `{${link.linkage2}}`])
  for (const [kind, key] of pathKeys) {
    const path = link.paths.find((candidate) => candidate.kind === kind)
    if (path !== undefined) pairs.push([key, path.path])
  }
  const head = Buffer.alloc(20 + pairs.length * 12)
  writeGuid(head, 0, LOCATOR_TYPE)
  head.writeUInt16LE(pairs.length, 18)
  const texts: Buffer[] = []
  let offset = head.length
  pairs.forEach((pair, index) => {
    pair.forEach((text, part) => {
      const bytes = Buffer.from(text, 'utf16le')
      head.writeUInt32LE(offset, 20 + index * 12 + part * 4)
      head.writeUInt16LE(bytes.length, 28 + index * 12 + part * 2)
      texts.push(bytes)
      offset += bytes.length
    })
  })
  return Buffer.concat([head, ...texts])
}

/** The table and the items of a new metadata region, from its start on. */
export function encodeMetadata(metadata: VhdxMetadata): Buffer {
  const items: [string, Buffer][] = [
    [metadataItems.fileParameters, numbers(metadata.blockSize, (metadata.leaveBlocksAllocated ? 1 : 0) | (metadata.hasParent ? 2 : 0))],
    [metadataItems.virtualDiskSize, encodeSize(metadata.size)],
    [metadataItems.virtualDiskId, encodeId(metadata.diskId)],
    [metadataItems.logicalSectorSize, numbers(metadata.logicalSectorSize)],
    [metadataItems.physicalSectorSize, numbers(metadata.physicalSectorSize)],
  ]
  if (metadata.parent !== null) items.push([metadataItems.parentLocator, encodeLocator(metadata.parent)])
  const table = Buffer.alloc(METADATA_TABLE_BYTES)
  table.write('metadata', 0, 'latin1')
  table.writeUInt16LE(items.length, 10)
  let offset = METADATA_TABLE_BYTES
  items.forEach(([id, data], index) => {
    const at = 32 + index * 32
    writeGuid(table, at, id)
    table.writeUInt32LE(offset, at + 16)
    table.writeUInt32LE(data.length, at + 20)
    table.writeUInt32LE(flagsOf(id), at + 24)
    offset += data.length
  })
  return Buffer.concat([table, ...items.map(([, data]) => data)])
}

/** The item of the virtual disk's size. */
export function encodeSize(size: number): Buffer {
  const data = Buffer.alloc(8)
  data.writeBigUInt64LE(BigInt(size))
  return data
}

/** The item of the virtual disk's id. */
function encodeId(id: string): Buffer {
  const data = Buffer.alloc(16)
  writeGuid(data, 0, id)
  return data
}

function numbers(...values: number[]): Buffer {
  const data = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => {
    data.writeUInt32LE(value, index * 4)
  })
  return data
}

/** Where a longer item can go: behind all others, at a multiple of 8; null when the region is full. */
export function freePlace(places: readonly MetadataPlace[], region: Region, length: number): number | null {
  const end = places.reduce((most, place) => Math.max(most, place.offset + place.length), region.offset + METADATA_TABLE_BYTES)
  const offset = roundUp(end, 8)
  return offset + length <= region.offset + region.length ? offset : null
}
