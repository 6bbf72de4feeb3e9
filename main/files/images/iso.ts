/**
 * Reading CD and DVD images: label, size, and what they boot (ECMA-119, ECMA-167, El Torito 1.0, UEFI specification 13.3.2; formats reference 5,
 * hypervisor reference 10.5).
 */
import { type BootEntry, readBootCatalogue } from './el-torito.ts'
import { ImageFile } from './image-file.ts'
import { attempt, refuse } from './refusals.ts'
import type { Outcome } from './types.ts'
import { readUdfLabel } from './udf.ts'

const ISO_SECTOR = 2048
const FIRST_DESCRIPTOR = 16
/** A disc has a handful; no more than these are looked at. */
const DESCRIPTORS_MAX = 64

export interface InspectedIso {
  /** The label that Windows shows: of UDF, else of Joliet, else of ISO 9660. */
  readonly label: string
  readonly isoLabel: string
  readonly jolietLabel: string | null
  readonly udfLabel: string | null
  /** Bytes that the volume says it has. */
  readonly volumeSize: number
  /** Bytes of the file. */
  readonly fileSize: number
  readonly bootEntries: readonly BootEntry[]
  /** Generation 1 machines can boot it. */
  readonly bootsBios: boolean
  /** Generation 2 machines can boot it. */
  readonly bootsUefi: boolean
}

/** Reads a CD or DVD image. */
export function inspectIso(path: string): Outcome<InspectedIso> {
  return attempt(path, () => {
    const file = ImageFile.open(path, 'read')
    try {
      return readIso(file)
    } finally {
      file.close()
    }
  })
}

function readIso(file: ImageFile): InspectedIso {
  const descriptors = readDescriptors(file)
  const primary = descriptors.find((descriptor) => descriptor.readUInt8(0) === 1)
  const udfLabel = readUdfLabel(file)
  if (primary === undefined) {
    // Some media have UDF only.
    if (udfLabel === null) refuse('iso-invalid', file.path, { detail: 'it has no volume descriptor' })
    const none = { isoLabel: '', jolietLabel: null, bootEntries: [], bootsBios: false, bootsUefi: false }
    return { ...none, label: udfLabel ?? '', udfLabel, volumeSize: file.size, fileSize: file.size }
  }
  const blockSize = primary.readUInt16LE(128)
  if (![512, 1024, ISO_SECTOR].includes(blockSize)) refuse('iso-invalid', file.path, { detail: `its blocks have ${blockSize} bytes` })
  const volumeSize = primary.readUInt32LE(80) * blockSize
  // Writing programs pad discs, or leave the padding away; a tenth of the volume missing is a broken download.
  if (volumeSize === 0 || file.size < volumeSize * 0.9) refuse('file-too-short', file.path, { needed: volumeSize, size: file.size })
  const isoLabel = primary.toString('latin1', 40, 72).replace(/[\0 ]+$/, '')
  const joliet = descriptors.find(isJoliet)
  const jolietLabel = joliet === undefined ? null : utf16Be(joliet.subarray(40, 72)).replace(/[\0 ]+$/, '')
  const bootEntries = readBootCatalogue(file, descriptors)
  return {
    label: [udfLabel, jolietLabel, isoLabel].find((label) => label !== null && label !== '') ?? '',
    isoLabel,
    jolietLabel,
    udfLabel,
    volumeSize,
    fileSize: file.size,
    bootEntries,
    bootsBios: bootEntries.some(({ platform, bootable }) => bootable && platform === 'bios'),
    bootsUefi: bootEntries.some(({ platform, bootable }) => bootable && platform === 'uefi'),
  }
}

function readDescriptors(file: ImageFile): Buffer[] {
  const descriptors: Buffer[] = []
  for (let sector = FIRST_DESCRIPTOR; sector < FIRST_DESCRIPTOR + DESCRIPTORS_MAX; sector++) {
    if ((sector + 1) * ISO_SECTOR > file.size) break
    const descriptor = file.read(sector * ISO_SECTOR, ISO_SECTOR)
    if (descriptor.toString('latin1', 1, 6) !== 'CD001' || descriptor.readUInt8(0) === 255) break
    descriptors.push(descriptor)
  }
  return descriptors
}

/** Escape sequences of the three levels of Joliet. */
function isJoliet(descriptor: Buffer): boolean {
  return descriptor.readUInt8(0) === 2 && ['%/@', '%/C', '%/E'].includes(descriptor.toString('latin1', 88, 91))
}

function utf16Be(data: Buffer): string {
  return Buffer.from(data).swap16().toString('utf16le')
}
