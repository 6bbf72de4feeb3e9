/**
 * SCSI commands of virtual disks and virtual DVD drives: what the provider does with a CDB (devices reference 2.2, 2.5, 2.6; SPC-4, SBC-3, MMC-6).
 * Pure functions: a command and a unit give an action.
 */
import { fromHex, viewOf } from '../../vmbus/bytes.ts'
import type { LogicalUnit } from './ports.ts'

export const scsiCommand = {
  testUnitReady: 0x00,
  requestSense: 0x03,
  formatUnit: 0x04,
  inquiry: 0x12,
  modeSense6: 0x1a,
  startStopUnit: 0x1b,
  preventAllow: 0x1e,
  readCapacity10: 0x25,
  read10: 0x28,
  write10: 0x2a,
  verify10: 0x2f,
  synchronizeCache10: 0x35,
  unmap: 0x42,
  readToc: 0x43,
  getConfiguration: 0x46,
  getEventStatus: 0x4a,
  reserveTrack: 0x53,
  sendOpc: 0x54,
  modeSense10: 0x5a,
  closeTrack: 0x5b,
  read16: 0x88,
  write16: 0x8a,
  synchronizeCache16: 0x91,
  serviceActionIn16: 0x9e,
  reportLuns: 0xa0,
  blank: 0xa1,
  read12: 0xa8,
  write12: 0xaa,
} as const

/** Sense of a check condition: key, additional code, qualifier. */
export interface Sense {
  readonly key: number
  readonly asc: number
  readonly ascq: number
}

export const sense = {
  none: { key: 0, asc: 0, ascq: 0 },
  noMedium: { key: 2, asc: 0x3a, ascq: 0 },
  notReady: { key: 2, asc: 0x04, ascq: 0 },
  unrecoveredRead: { key: 3, asc: 0x11, ascq: 0 },
  writeFault: { key: 3, asc: 0x03, ascq: 0 },
  invalidOpcode: { key: 5, asc: 0x20, ascq: 0 },
  lbaOutOfRange: { key: 5, asc: 0x21, ascq: 0 },
  invalidField: { key: 5, asc: 0x24, ascq: 0 },
  removalPrevented: { key: 5, asc: 0x53, ascq: 2 },
  mediumChanged: { key: 6, asc: 0x28, ascq: 0 },
  capacityChanged: { key: 6, asc: 0x2a, ascq: 9 },
  writeProtected: { key: 7, asc: 0x27, ascq: 0 },
  spaceAllocationFailed: { key: 7, asc: 0x27, ascq: 7 },
} as const satisfies Record<string, Sense>

/** What a command asks for. */
export type ScsiAction =
  | { readonly kind: 'good' }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'transfer'; readonly operation: 'read' | 'write' | 'flush'; readonly offset: number; readonly length: number }
  /** The list of ranges stands in guest memory. */
  | { readonly kind: 'unmap' }
  | { readonly kind: 'eject' }
  | { readonly kind: 'lock'; readonly locked: boolean }
  | { readonly kind: 'sense'; readonly sense: Sense }

/** 20 bytes of fixed-format sense data (response code 70h), as hex. */
export function senseHex(value: Sense): string {
  const bytes = new Uint8Array(20)
  bytes[0] = 0x70
  bytes[2] = value.key
  bytes[7] = 10
  bytes[12] = value.asc
  bytes[13] = value.ascq
  return hex(bytes)
}

/** Sense of 20 (or 18) bytes of hex; undefined when it is none in fixed format. */
export function parseSense(text: string): Sense | undefined {
  const bytes = fromHex(text)
  if (bytes === undefined || bytes.length < 14 || ((bytes[0] ?? 0) & 0x7f) !== 0x70) return undefined
  return { key: (bytes[2] ?? 0) & 15, asc: bytes[12] ?? 0, ascq: bytes[13] ?? 0 }
}

function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += hexPairs[byte] ?? ''
  return text
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Bytes of a request's 20-byte field; on the path of every transfer, so without checks of the text that its codec made. */
export function cdbBytes(field: string): Uint8Array {
  const bytes = new Uint8Array(20)
  for (let i = 0; i < 20; i++) bytes[i] = hexDigit(field.charCodeAt(2 * i)) * 16 + hexDigit(field.charCodeAt(2 * i + 1))
  return bytes
}

function hexDigit(code: number): number {
  return code < 58 ? code - 48 : code - 87
}

/** A CDB of up to 16 bytes as 20 bytes of hex, as the request carries it. */
export function cdbHex(...bytes: readonly number[]): string {
  const field = new Uint8Array(20)
  field.set(bytes)
  return hex(field)
}

function be(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** (bytes - 1 - i)) % 256)
}

/** READ or WRITE: the 10-byte form up to 2^32 blocks, else the 16-byte form. */
export function transferCdb(write: boolean, lba: number, blocks: number): { readonly cdb: string; readonly length: 10 | 16 } {
  const field = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
  if (lba + blocks <= 2 ** 32 && blocks < 2 ** 16) {
    const opcode = write ? '2a' : '28'
    return { cdb: `${opcode}00${field(lba, 8)}00${field(blocks, 4)}00`.padEnd(40, '0'), length: 10 }
  }
  return { cdb: `${write ? '8a' : '88'}00${field(lba, 16)}${field(blocks, 8)}0000`.padEnd(40, '0'), length: 16 }
}

const burnCommands: ReadonlySet<number> = new Set([
  scsiCommand.formatUnit,
  scsiCommand.reserveTrack,
  scsiCommand.sendOpc,
  scsiCommand.closeTrack,
  scsiCommand.blank,
])

/** True for commands that answer whatever the state of the medium, and that leave a pending unit attention alone. */
export function isInquiry(opcode: number): boolean {
  return opcode === scsiCommand.inquiry || opcode === scsiCommand.reportLuns || opcode === scsiCommand.requestSense
}

const failed = (value: Sense): ScsiAction => ({ kind: 'sense', sense: value })

/** Decides about one command of a unit that exists. `cdb` = 16 bytes or more. */
export function scsiAction(cdb: Uint8Array, unit: LogicalUnit, luns: readonly number[]): ScsiAction {
  const opcode = cdb[0] ?? 0
  const view = viewOf(cdb)
  switch (opcode) {
    case scsiCommand.inquiry:
      return inquiry(cdb, unit)
    case scsiCommand.reportLuns:
      return { kind: 'data', bytes: lunList(luns) }
    case scsiCommand.requestSense:
      return { kind: 'data', bytes: fromHex(senseHex(sense.none)) ?? new Uint8Array(20) }
    case scsiCommand.startStopUnit:
      return unit.type === 'dvd' && ((cdb[4] ?? 0) & 3) === 2 ? { kind: 'eject' } : { kind: 'good' }
    case scsiCommand.preventAllow:
      return { kind: 'lock', locked: ((cdb[4] ?? 0) & 1) === 1 }
    case scsiCommand.modeSense6:
      return { kind: 'data', bytes: Uint8Array.of(3, 0, unit.readOnly || unit.type === 'dvd' ? 0x80 : 0, 0) }
    case scsiCommand.modeSense10:
      return { kind: 'data', bytes: Uint8Array.of(0, 6, 0, unit.readOnly || unit.type === 'dvd' ? 0x80 : 0, 0, 0, 0, 0) }
    case scsiCommand.getConfiguration:
    case scsiCommand.getEventStatus:
      return unit.type === 'dvd' ? { kind: 'data', bytes: opticalAnswer(opcode, unit) } : failed(sense.invalidOpcode)
  }
  if (burnCommands.has(opcode)) return failed(sense.invalidOpcode)
  if (unit.sizeBytes === 0) return failed(sense.noMedium)
  switch (opcode) {
    case scsiCommand.testUnitReady:
    case scsiCommand.verify10:
      return { kind: 'good' }
    case scsiCommand.readCapacity10: {
      const last = Math.min(unit.sizeBytes / unit.blockBytes - 1, 0xffffffff)
      return { kind: 'data', bytes: Uint8Array.from([...be(last, 4), ...be(unit.blockBytes, 4)]) }
    }
    case scsiCommand.serviceActionIn16:
      return ((cdb[1] ?? 0) & 31) === 0x10 ? { kind: 'data', bytes: capacity16(unit) } : failed(sense.invalidField)
    case scsiCommand.readToc:
      return unit.type === 'dvd' ? { kind: 'data', bytes: toc(unit) } : failed(sense.invalidOpcode)
    case scsiCommand.read10:
      return transfer('read', view.getUint32(2), view.getUint16(7), unit)
    case scsiCommand.read12:
      return transfer('read', view.getUint32(2), view.getUint32(6), unit)
    case scsiCommand.read16:
      return transfer('read', view.getUint32(2) * 2 ** 32 + view.getUint32(6), view.getUint32(10), unit)
    case scsiCommand.write10:
      return transfer('write', view.getUint32(2), view.getUint16(7), unit)
    case scsiCommand.write12:
      return transfer('write', view.getUint32(2), view.getUint32(6), unit)
    case scsiCommand.write16:
      return transfer('write', view.getUint32(2) * 2 ** 32 + view.getUint32(6), view.getUint32(10), unit)
    case scsiCommand.synchronizeCache10:
    case scsiCommand.synchronizeCache16:
      return { kind: 'transfer', operation: 'flush', offset: 0, length: 0 }
    case scsiCommand.unmap:
      return unit.unmap ? { kind: 'unmap' } : failed(sense.invalidOpcode)
    default:
      return failed(sense.invalidOpcode)
  }
}

function transfer(operation: 'read' | 'write', lba: number, blocks: number, unit: LogicalUnit): ScsiAction {
  if (operation === 'write' && (unit.readOnly || unit.type === 'dvd')) return failed(sense.writeProtected)
  if ((lba + blocks) * unit.blockBytes > unit.sizeBytes) return failed(sense.lbaOutOfRange)
  if (blocks === 0) return { kind: 'good' }
  return { kind: 'transfer', operation, offset: lba * unit.blockBytes, length: blocks * unit.blockBytes }
}

function ascii(text: string, length: number): number[] {
  return Array.from({ length }, (_, i) => (i < text.length ? text.charCodeAt(i) : 0x20))
}

function inquiry(cdb: Uint8Array, unit: LogicalUnit): ScsiAction {
  const type = unit.type === 'dvd' ? 5 : 0
  if (((cdb[1] ?? 0) & 1) === 0) {
    const product = unit.type === 'dvd' ? 'Virtual DVD-ROM' : 'Virtual Disk'
    const head = [type, unit.type === 'dvd' ? 0x80 : 0, 5, 2, 31, 0, 0, 2]
    return { kind: 'data', bytes: Uint8Array.from([...head, ...ascii('Msft', 8), ...ascii(product, 16), ...ascii('1.0', 4)]) }
  }
  const page = cdb[2] ?? 0
  const data = vitalPage(page, unit)
  if (data === undefined) return failed(sense.invalidField)
  return { kind: 'data', bytes: Uint8Array.from([type, page, ...be(data.length, 2), ...data]) }
}

/** Vital product data: supported pages, serial number, identification, block limits, characteristics, thin provisioning. */
function vitalPage(page: number, unit: LogicalUnit): readonly number[] | undefined {
  const id = [...(fromHex(unit.diskId.replaceAll('-', '')) ?? new Uint8Array(16))]
  switch (page) {
    case 0x00:
      return unit.type === 'dvd' ? [0x00, 0x80, 0x83] : [0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2]
    case 0x80:
      return id.flatMap((byte) => ascii(byte.toString(16).padStart(2, '0'), 2))
    case 0x83: {
      // T10 vendor identification with the disk's id, then an NAA 6 name made of it.
      const naa = [0x60, 0x02, 0x24, 0x80, ...id.slice(0, 12)]
      return [2, 1, 0, 24, ...ascii('MSFT', 8), ...id, 1, 3, 0, 16, ...naa]
    }
    case 0xb0: {
      if (unit.type === 'dvd') return undefined
      const granularity = unit.unmap ? 4096 : 0
      const limits = [0, 0, ...be(8, 2), ...be(0xffff, 4), ...be(0, 4), ...be(0, 4), ...be(unit.unmap ? 0xffffffff : 0, 4)]
      return [...limits, ...be(unit.unmap ? 64 : 0, 4), ...be(granularity, 4), ...be(0, 4), ...new Array<number>(28).fill(0)]
    }
    case 0xb1:
      return unit.type === 'dvd' ? undefined : [...be(1, 2), ...new Array<number>(58).fill(0)]
    case 0xb2:
      return unit.type === 'dvd' ? undefined : [0, unit.unmap ? 0x80 : 0, unit.unmap ? 2 : 0, 0]
    default:
      return undefined
  }
}

function lunList(luns: readonly number[]): Uint8Array {
  return Uint8Array.from([...be(luns.length * 8, 4), 0, 0, 0, 0, ...luns.flatMap((lun) => [0, lun, 0, 0, 0, 0, 0, 0])])
}

/** LUNs of a REPORT LUNS answer. */
export function parseLunList(bytes: Uint8Array): readonly number[] {
  const length = bytes.length < 8 ? 0 : Math.min(viewOf(bytes).getUint32(0), bytes.length - 8)
  return Array.from({ length: Math.floor(length / 8) }, (_, i) => bytes[8 + 8 * i + 1] ?? 0)
}

function capacity16(unit: LogicalUnit): Uint8Array {
  const exponent = Math.round(Math.log2(unit.physicalBlockBytes / unit.blockBytes))
  const flags = unit.unmap ? 0x80 : 0
  const bytes = [...be(unit.sizeBytes / unit.blockBytes - 1, 8), ...be(unit.blockBytes, 4), 0, exponent, flags]
  return Uint8Array.from([...bytes, ...new Array<number>(32 - bytes.length).fill(0)])
}

/** Size and block size of a READ CAPACITY answer of 8 or 32 bytes. */
export function parseCapacity(bytes: Uint8Array): { readonly sizeBytes: number; readonly blockBytes: number } | undefined {
  if (bytes.length < 8) return undefined
  const view = viewOf(bytes)
  const long = bytes.length >= 32
  const last = long ? view.getUint32(0) * 2 ** 32 + view.getUint32(4) : view.getUint32(0)
  const blockBytes = view.getUint32(long ? 8 : 4)
  return { sizeBytes: (last + 1) * blockBytes, blockBytes }
}

function toc(unit: LogicalUnit): Uint8Array {
  const leadOut = unit.sizeBytes / unit.blockBytes
  return Uint8Array.from([0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xaa, 0, ...be(leadOut, 4)])
}

/** GET CONFIGURATION: current profile DVD-ROM (10h) or none; GET EVENT STATUS: media class, present or not. */
function opticalAnswer(opcode: number, unit: LogicalUnit): Uint8Array {
  const present = unit.sizeBytes > 0
  if (opcode === scsiCommand.getConfiguration) return Uint8Array.from([...be(4, 4), 0, 0, ...be(present ? 0x10 : 0, 2)])
  return Uint8Array.of(0, 6, 4, 0x10, 0, present ? 2 : 0, 0, 0)
}

/** Ranges (in blocks) of an UNMAP parameter list. */
export function parseUnmapList(bytes: Uint8Array): readonly { readonly lba: number; readonly blocks: number }[] {
  if (bytes.length < 8) return []
  const view = viewOf(bytes)
  const count = Math.floor(Math.min(view.getUint16(2), bytes.length - 8) / 16)
  return Array.from({ length: count }, (_, i) => ({
    lba: view.getUint32(8 + 16 * i) * 2 ** 32 + view.getUint32(12 + 16 * i),
    blocks: view.getUint32(16 + 16 * i),
  }))
}

/** An UNMAP parameter list with one range. */
export function unmapList(lba: number, blocks: number): Uint8Array {
  return Uint8Array.from([...be(22, 2), ...be(16, 2), 0, 0, 0, 0, ...be(lba, 8), ...be(blocks, 4), 0, 0, 0, 0])
}
