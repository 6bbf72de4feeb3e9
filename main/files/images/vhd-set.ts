/**
 * VHD Sets: a small `.vhds` file that names the `.avhdx` with the data (formats reference 2.9).
 *
 * The inside of the pointer file is not published. What is known is kept: about 260 KB, the name of the backing file, the backing file beside
 * it as `<name>_<GUID>.avhdx`. The arrangement is this library's own and follows VHDX: an identifier, and two records of which the sound one with
 * the higher sequence number counts.
 */
import { basename, dirname, join } from 'node:path'
import { crc32c } from './crc32c.ts'
import { normalGuid, readGuid, writeGuid } from './guid.ts'
import { ImageFile, KIB } from './image-file.ts'
import { refuse } from './refusals.ts'
import type { ResolveParent } from './types.ts'

/** Size of a pointer file. */
export const SET_FILE_BYTES = 260 * KIB
const SIGNATURE = 'vhdsfile'
const RECORD_OFFSETS = [64 * KIB, 128 * KIB] as const
const RECORD_BYTES = 4 * KIB
const NAME_BYTES_MAX = 510

/** What a pointer file says. */
interface SetPointer {
  readonly setId: string
  /** File name of the backing file, beside the pointer. */
  readonly backingName: string
}

interface SetRecord extends SetPointer {
  readonly sequence: bigint
}

/** Whether a path names a VHD Set. */
export function isSetPath(path: string): boolean {
  return path.toLowerCase().endsWith('.vhds')
}

/** Name of the backing file of a set: `<name>_<GUID>.avhdx`, the GUID in upper case. Refuses a name that is too long for the pointer. */
export function backingName(setPath: string, id: string): string {
  const name = `${basename(setPath).replace(/\.vhds$/i, '')}_${(normalGuid(id) ?? id).toUpperCase()}.avhdx`
  if (Buffer.byteLength(name, 'utf16le') > NAME_BYTES_MAX) refuse('name-too-long', setPath)
  return name
}

function encodeRecord(record: SetRecord): Buffer {
  const data = Buffer.alloc(RECORD_BYTES)
  const name = Buffer.from(record.backingName, 'utf16le')
  data.write('vset', 0, 'latin1')
  data.writeBigUInt64LE(record.sequence, 8)
  writeGuid(data, 16, record.setId)
  data.writeUInt16LE(1, 32)
  data.writeUInt16LE(name.length, 34)
  name.copy(data, 64)
  data.writeUInt32LE(crc32c(data, 4), 4)
  return data
}

function decodeRecord(data: Buffer): SetRecord | null {
  if (data.toString('latin1', 0, 4) !== 'vset' || data.readUInt32LE(4) !== crc32c(data, 4)) return null
  const length = data.readUInt16LE(34)
  if (data.readUInt16LE(32) !== 1 || length === 0 || length > NAME_BYTES_MAX || length % 2 !== 0) return null
  return { sequence: data.readBigUInt64LE(8), setId: readGuid(data, 16), backingName: data.toString('utf16le', 64, 64 + length) }
}

/** Writes a pointer file, which must not exist yet. Throws ImageRefused or an error of the system. */
export function createSetPointer(path: string, pointer: SetPointer, creator: string): void {
  const file = ImageFile.open(path, 'create')
  try {
    file.resize(SET_FILE_BYTES)
    RECORD_OFFSETS.forEach((offset, index) => {
      file.write(offset, encodeRecord({ ...pointer, sequence: BigInt(index + 1) }))
    })
    const identifier = Buffer.alloc(520)
    identifier.write(SIGNATURE, 0, 'latin1')
    identifier.write(creator.slice(0, 255), 8, 'utf16le')
    file.write(0, identifier)
    file.sync()
  } finally {
    file.close()
  }
}

/** Reads a pointer file; null when the file is none. Throws ImageRefused when it is damaged. */
function readSet(path: string): SetPointer | null {
  const file = ImageFile.open(path, 'read')
  try {
    if (file.size < 8 || file.read(0, 8).toString('latin1') !== SIGNATURE) return null
    const records = RECORD_OFFSETS.map((offset) => decodeRecord(file.read(offset, RECORD_BYTES)))
    const newest = records.reduce((best, record) => (best === null || (record !== null && record.sequence > best.sequence) ? record : best))
    if (newest === null) return refuse('set-corrupt', path, { detail: 'both of its records have a wrong checksum' })
    const name = newest.backingName
    if (name !== basename(name.replaceAll('\\', '/')) || name.includes('\0') || name === '..' || name === '.') {
      refuse('set-corrupt', path, { detail: 'the backing file does not lie beside it' })
    }
    return { setId: newest.setId, backingName: name }
  } finally {
    file.close()
  }
}

/** Real path of the backing file of a set, found by the resolver beside the pointer; null when the file is no set. */
export function readSetPointer(path: string, resolve: ResolveParent): string | null {
  if (!isSetPath(path)) return null
  const pointer = readSet(path)
  if (pointer === null) return refuse('set-corrupt', path, { detail: 'its signature is missing' })
  const found = resolve({ childFile: join(dirname(path), basename(path)), kind: 'name', path: pointer.backingName })
  return found ?? refuse('parent-not-found', path, { parent: pointer.backingName })
}
