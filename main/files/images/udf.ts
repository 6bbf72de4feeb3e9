/** The label of a UDF volume, which Windows installation media have beside ISO 9660 (ECMA-167 3/8–3/10; OSTA UDF 2.2.4). */
import type { ImageFile } from './image-file.ts'

const SECTOR = 2048
const RECOGNITION_FIRST = 16
const RECOGNITION_SECTORS = 64
const ANCHOR_SECTOR = 256
/** A descriptor sequence has 16 sectors; no more of it is read. */
const SEQUENCE_SECTORS_MAX = 64
const TAG_PRIMARY = 1
const TAG_ANCHOR = 2
const TAG_LOGICAL = 6
const TAG_TERMINATOR = 8

/** The label of the logical volume, or of the primary volume descriptor; null when the file has no UDF volume. */
export function readUdfLabel(file: ImageFile): string | null {
  if (!isRecognised(file)) return null
  const anchor = readSector(file, ANCHOR_SECTOR)
  if (anchor === null || !hasTag(anchor, TAG_ANCHOR)) return null
  const first = anchor.readUInt32LE(20)
  const count = Math.min(Math.floor(anchor.readUInt32LE(16) / SECTOR), SEQUENCE_SECTORS_MAX)
  let primary: string | null = null
  for (let i = 0; i < count; i++) {
    const descriptor = readSector(file, first + i)
    if (descriptor === null || hasTag(descriptor, TAG_TERMINATOR)) break
    if (hasTag(descriptor, TAG_LOGICAL)) return dstring(descriptor.subarray(84, 212))
    if (hasTag(descriptor, TAG_PRIMARY)) primary = dstring(descriptor.subarray(24, 56))
  }
  return primary
}

function isRecognised(file: ImageFile): boolean {
  for (let sector = RECOGNITION_FIRST; sector < RECOGNITION_FIRST + RECOGNITION_SECTORS; sector++) {
    const data = readSector(file, sector)
    if (data === null) return false
    const id = data.toString('latin1', 1, 6)
    if (id === 'NSR02' || id === 'NSR03') return true
    if (id !== 'CD001' && id !== 'BEA01') return false
  }
  return false
}

function readSector(file: ImageFile, sector: number): Buffer | null {
  return (sector + 1) * SECTOR > file.size ? null : file.read(sector * SECTOR, SECTOR)
}

/** Whether a sector begins with a tag of this kind; byte 4 is the sum of the other fifteen. */
function hasTag(data: Buffer, id: number): boolean {
  let sum = 0
  for (let at = 0; at < 16; at++) sum += at === 4 ? 0 : data.readUInt8(at)
  return data.readUInt16LE(0) === id && (sum & 0xff) === data.readUInt8(4)
}

/** A string in a field of fixed length: the first byte tells 8 or 16 bits per character, the last one the length. */
function dstring(field: Buffer): string {
  const used = Math.min(field.readUInt8(field.length - 1), field.length - 1)
  if (used < 2) return ''
  const text = field.subarray(1, used)
  if (field.readUInt8(0) === 8) return text.toString('latin1')
  if (field.readUInt8(0) !== 16) return ''
  return Buffer.from(text.subarray(0, text.length - (text.length % 2)))
    .swap16()
    .toString('utf16le')
}
