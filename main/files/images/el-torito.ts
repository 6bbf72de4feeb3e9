/** The boot catalogue of a CD or DVD image (El Torito 1.0; UEFI specification 13.3.2.1). */
import type { ImageFile } from './image-file.ts'

const SECTOR = 2048
const ENTRY = 32
/** A catalogue has one sector; section headers promise more than that only when they lie. */
const CATALOGUE_BYTES = SECTOR

export type BootPlatform = 'bios' | 'powerpc' | 'mac' | 'uefi' | 'other'
export type BootEmulation = 'none' | 'floppy-1.2' | 'floppy-1.44' | 'floppy-2.88' | 'hard-disk' | 'other'

export interface BootEntry {
  readonly platform: BootPlatform
  readonly bootable: boolean
  readonly emulation: BootEmulation
  /** Real-mode segment that the boot sectors are loaded to; 0 stands for 0x7C0. */
  readonly loadSegment: number
  /** Sectors of 512 bytes to load. */
  readonly sectors: number
  /** Byte in the file where they begin. */
  readonly offset: number
}

const platforms: Readonly<Record<number, BootPlatform>> = { 0: 'bios', 1: 'powerpc', 2: 'mac', 239: 'uefi' }
const emulations: readonly BootEmulation[] = ['none', 'floppy-1.2', 'floppy-1.44', 'floppy-2.88', 'hard-disk']

/** The entries of the catalogue that a boot record names; empty when there is none or it is damaged, as firmware then boots nothing. */
export function readBootCatalogue(file: ImageFile, descriptors: readonly Buffer[]): BootEntry[] {
  const record = descriptors.find(
    (descriptor) => descriptor.readUInt8(0) === 0 && descriptor.toString('latin1', 7, 30) === 'EL TORITO SPECIFICATION',
  )
  if (record === undefined) return []
  const start = record.readUInt32LE(0x47) * SECTOR
  if (start + CATALOGUE_BYTES > file.size) return []
  const catalogue = file.read(start, CATALOGUE_BYTES)
  return isValidation(catalogue) ? readEntries(catalogue, file.size) : []
}

/** The first entry: its 16-bit words sum up to zero. */
function isValidation(catalogue: Buffer): boolean {
  if (catalogue.readUInt8(0) !== 1 || catalogue.readUInt16BE(30) !== 0x55aa) return false
  let sum = 0
  for (let at = 0; at < ENTRY; at += 2) sum += catalogue.readUInt16LE(at)
  return (sum & 0xffff) === 0
}

function readEntries(catalogue: Buffer, fileSize: number): BootEntry[] {
  const entries: BootEntry[] = []
  const add = (at: number, platform: number) => {
    const entry = readEntry(catalogue, at, platform)
    // An entry that points out of the file boots nothing.
    if (entry.offset < fileSize) entries.push(entry)
  }
  add(ENTRY, catalogue.readUInt8(1))
  let at = 2 * ENTRY
  while (at + ENTRY <= catalogue.length) {
    const kind = catalogue.readUInt8(at)
    if (kind !== 0x90 && kind !== 0x91) break
    const platform = catalogue.readUInt8(at + 1)
    const count = catalogue.readUInt16LE(at + 2)
    at += ENTRY
    for (let i = 0; i < count && at + ENTRY <= catalogue.length; i++, at += ENTRY) {
      // Extensions of an entry (0x44) count among its section's room, not among its entries.
      while (catalogue.readUInt8(at) === 0x44 && at + 2 * ENTRY <= catalogue.length) at += ENTRY
      add(at, platform)
    }
    if (kind === 0x91) break
  }
  return entries
}

function readEntry(catalogue: Buffer, at: number, platform: number): BootEntry {
  return {
    platform: platforms[platform] ?? 'other',
    bootable: catalogue.readUInt8(at) === 0x88,
    emulation: emulations[catalogue.readUInt8(at + 1) & 0x0f] ?? 'other',
    loadSegment: catalogue.readUInt16LE(at + 2),
    sectors: catalogue.readUInt16LE(at + 6),
    offset: catalogue.readUInt32LE(at + 8) * SECTOR,
  }
}
