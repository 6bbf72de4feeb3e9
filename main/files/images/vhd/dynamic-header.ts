/** The dynamic header of growing VHDs with its parent locators (Virtual Hard Disk Image Format Specification 1.0; formats reference 1.4, 1.6). */
import { NIL_GUID, readUuid, writeUuid } from '../guid.ts'
import { type ImageFile, KIB, MIB } from '../image-file.ts'
import { refuse } from '../refusals.ts'
import type { ParentLink, ParentPath, ParentPathKind } from '../types.ts'
import { vhdChecksum } from './footer.ts'

export const DYNAMIC_HEADER_BYTES = 1024
const LOCATOR_COUNT = 8
/** Longest path of Windows: 32,767 characters of two bytes. */
const LOCATOR_BYTES_MAX = 64 * KIB

/** The specification knows 512 KiB and 2 MiB; other programs write other powers of two. */
const BLOCK_SIZE_MIN = 64 * KIB
const BLOCK_SIZE_MAX = 256 * MIB

/** A parent locator: a platform's name of the parent, kept elsewhere in the file. */
export interface VhdLocator {
  readonly code: number
  /** Room that is kept for it, bytes. */
  readonly space: number
  /** Bytes used. */
  readonly length: number
  readonly offset: number
}

export interface VhdDynamicHeader {
  readonly tableOffset: number
  readonly tableEntries: number
  readonly blockSize: number
  readonly parentId: string
  /** Seconds since 2000-01-01 UTC; 0 without a parent. */
  readonly parentTimestamp: number
  /** File name of the parent. */
  readonly parentName: string
  readonly locators: readonly VhdLocator[]
}

/** Relative and absolute path, UTF-16 little-endian. */
export const LOCATOR_RELATIVE = 0x57327275
export const LOCATOR_ABSOLUTE = 0x57326b75

export function encodeDynamicHeader(header: VhdDynamicHeader): Buffer {
  const data = Buffer.alloc(DYNAMIC_HEADER_BYTES)
  data.write('cxsparse', 0, 'latin1')
  data.writeBigUInt64BE(0xffffffffffffffffn, 8)
  data.writeBigUInt64BE(BigInt(header.tableOffset), 16)
  data.writeUInt32BE(0x00010000, 24)
  data.writeUInt32BE(header.tableEntries, 28)
  data.writeUInt32BE(header.blockSize, 32)
  writeUuid(data, 40, header.parentId)
  data.writeUInt32BE(header.parentTimestamp, 56)
  // 512 bytes, the last character stays zero.
  Buffer.from(header.parentName.slice(0, 255), 'utf16le').swap16().copy(data, 64)
  header.locators.forEach((locator, index) => {
    const at = 576 + index * 24
    data.writeUInt32BE(locator.code, at)
    data.writeUInt32BE(locator.space, at + 4)
    data.writeUInt32BE(locator.length, at + 8)
    data.writeBigUInt64BE(BigInt(locator.offset), at + 16)
  })
  data.writeUInt32BE(vhdChecksum(data, 36), 36)
  return data
}

/** Parses and checks a header; the sizes of the table and of the disk are compared by the caller. */
export function decodeDynamicHeader(data: Buffer, file: string): VhdDynamicHeader {
  const corrupt = (detail: string): never => refuse('dynamic-header-corrupt', file, { detail })
  if (data.toString('latin1', 0, 8) !== 'cxsparse') corrupt('its cookie is missing')
  if (vhdChecksum(data, 36) !== data.readUInt32BE(36)) refuse('dynamic-header-checksum', file)
  const version = data.readUInt32BE(24)
  if (version >>> 16 !== 1) refuse('version-unsupported', file, { version: `${version >>> 16}.${version & 0xffff}` })
  const blockSize = data.readUInt32BE(32)
  if (blockSize < BLOCK_SIZE_MIN || blockSize > BLOCK_SIZE_MAX || (blockSize & (blockSize - 1)) !== 0) {
    refuse('block-size-invalid', file, { blockSize })
  }
  const tableOffset = data.readBigUInt64BE(16)
  if (tableOffset < 512n || tableOffset % 512n !== 0n || tableOffset > BigInt(Number.MAX_SAFE_INTEGER)) {
    corrupt(`the block allocation table cannot be at ${tableOffset}`)
  }
  return {
    tableOffset: Number(tableOffset),
    tableEntries: data.readUInt32BE(28),
    blockSize,
    parentId: readUuid(data, 40),
    parentTimestamp: data.readUInt32BE(56),
    parentName: untilZero(Buffer.from(data.subarray(64, 576)).swap16().toString('utf16le')),
    locators: decodeLocators(data),
  }
}

function decodeLocators(data: Buffer): VhdLocator[] {
  const locators: VhdLocator[] = []
  for (let index = 0; index < LOCATOR_COUNT; index++) {
    const at = 576 + index * 24
    const code = data.readUInt32BE(at)
    if (code === 0) continue
    const space = data.readUInt32BE(at + 4)
    locators.push({
      code,
      // The specification says sectors, but programs write bytes; a small number can only be sectors.
      space: space < 512 || space % 512 !== 0 ? space * 512 : space,
      length: data.readUInt32BE(at + 8),
      offset: Math.min(Number(data.readBigUInt64BE(at + 16)), Number.MAX_SAFE_INTEGER),
    })
  }
  return locators
}

/** What a child says about its parent. Refuses locators that do not lie in the file. */
export function readParentLink(header: VhdDynamicHeader, file: ImageFile): ParentLink {
  const paths: ParentPath[] = []
  const add = (code: number, kind: ParentPathKind) => {
    for (const locator of header.locators) {
      if (locator.code !== code) continue
      if (locator.length > LOCATOR_BYTES_MAX || locator.offset + locator.length > file.size) {
        refuse('locator-corrupt', file.path, { detail: `it claims ${locator.length} bytes at ${locator.offset}` })
      }
      const path = untilZero(file.read(locator.offset, locator.length - (locator.length % 2)).toString('utf16le'))
      if (path !== '') paths.push({ kind, path })
    }
  }
  add(LOCATOR_RELATIVE, 'relative')
  add(LOCATOR_ABSOLUTE, 'absolute')
  if (header.parentName !== '') paths.push({ kind: 'name', path: header.parentName })
  return { linkage: header.parentId, linkage2: null, timestamp: header.parentTimestamp, paths }
}

function untilZero(text: string): string {
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

/** Fields of a header without a parent. */
export const noParent = { parentId: NIL_GUID, parentTimestamp: 0, parentName: '', locators: [] } as const
