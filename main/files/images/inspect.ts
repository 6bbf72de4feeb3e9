/** What Inspect Disk shows of an image file, in the product's words (user interface reference 2.8). */
import { basename } from 'node:path'
import { checkParent, findParent } from './chain.ts'
import { GIB, KIB, MIB, TIB } from './image-file.ts'
import { type OpenedImage, openImageFile } from './open-image.ts'
import { attempt, type ImageRefusal } from './refusals.ts'
import type { DiskFormat, DiskType, ImageEnvironment, Outcome, ResolveParent } from './types.ts'
import { unixMsOfVhd } from './vhd/footer.ts'
import type { ChsGeometry } from './vhd/geometry.ts'
import { isSetPath, readSetPointer } from './vhd-set.ts'

export const formatTexts = { vhd: 'VHD', vhdx: 'VHDX', vhds: 'VHD Set' } as const satisfies Record<DiskFormat, string>

export const typeTexts = {
  fixed: 'Fixed size virtual hard disk',
  dynamic: 'Dynamically expanding virtual hard disk',
  differencing: 'Differencing virtual hard disk',
} as const satisfies Record<DiskType, string>

export interface InspectedParent {
  /** As the disk says it, a Windows path; the absolute one when there is one. */
  readonly path: string
  readonly linkage: string
  /** Real path of the file that was found; null when there is none. */
  readonly found: string | null
  /** Why the parent cannot be used; null when it fits. */
  readonly refusal: ImageRefusal | null
}

export interface ImageInspection {
  readonly format: DiskFormat
  readonly type: DiskType
  readonly fileName: string
  /** File with the data; another one than the inspected for a VHD Set. */
  readonly dataPath: string
  /** Apparent size of the file with the data, bytes. */
  readonly fileSize: number
  /** Bytes that it takes on the real disk. */
  readonly allocatedSize: number
  readonly maximumSize: number
  /** 0 for a fixed VHD. */
  readonly blockSize: number
  readonly logicalSectorSize: number
  readonly physicalSectorSize: number
  readonly identifier: string
  /** What a child must record of it. */
  readonly linkage: string
  readonly parent: InspectedParent | null
  /** Name of the program that made it. */
  readonly creator: string
  /** VHD only: milliseconds since 1970-01-01 UTC. */
  readonly createdMs: number | null
  /** VHD only. */
  readonly geometry: ChsGeometry | null
}

export interface InspectOptions {
  readonly path: string
  readonly environment: ImageEnvironment
  readonly resolve: ResolveParent
}

/** Reads what a file is. A parent that is missing or does not fit is told in the result and does not refuse the file itself. */
export function inspectImage(options: InspectOptions): Outcome<ImageInspection> {
  return attempt(options.path, () => {
    const dataPath = readSetPointer(options.path, options.resolve) ?? options.path
    const image = openImageFile({ path: dataPath, writable: false, environment: options.environment })
    try {
      return inspectOpen(image, options)
    } finally {
      image.file.close()
    }
  })
}

function inspectOpen(image: OpenedImage, options: InspectOptions): ImageInspection {
  const vhd = image.format === 'vhd' ? image : null
  return {
    format: isSetPath(options.path) ? 'vhds' : image.format,
    type: image.type,
    fileName: basename(options.path),
    dataPath: image.path,
    fileSize: image.fileSize,
    allocatedSize: image.file.allocatedSize,
    maximumSize: image.virtualSize,
    blockSize: image.blockSize,
    logicalSectorSize: image.logicalSectorSize,
    physicalSectorSize: image.physicalSectorSize,
    identifier: image.identifier,
    linkage: image.linkage,
    parent: image.parent === null ? null : inspectParent(image, options),
    creator: image.format === 'vhd' ? image.footer.creatorApplication.trim() : image.creator,
    createdMs: vhd === null ? null : unixMsOfVhd(vhd.footer.timestamp),
    geometry: vhd?.footer.geometry ?? null,
  }
}

function inspectParent(image: OpenedImage, options: InspectOptions): InspectedParent {
  const paths = image.parent?.paths ?? []
  const shown = paths.find(({ kind }) => kind === 'absolute') ?? paths[0]
  const base = { path: shown?.path ?? '', linkage: image.parent?.linkage ?? '' }
  const found = attempt(image.path, () => findParent(image, options.resolve))
  if (!found.ok) return { ...base, found: null, refusal: found.refusal }
  const checked = attempt(found.value, () => {
    const parent = openImageFile({ path: found.value, writable: false, environment: options.environment })
    try {
      checkParent(image, parent, options.environment, [])
    } finally {
      parent.file.close()
    }
  })
  return { ...base, found: found.value, refusal: checked.ok ? null : checked.refusal }
}

/** A size as the product writes it, with at most two decimals: `4 MB`, `9.12 GB`, `127 GB`. */
export function sizeText(bytes: number): string {
  const units: [number, string][] = [
    [TIB, 'TB'],
    [GIB, 'GB'],
    [MIB, 'MB'],
    [KIB, 'KB'],
  ]
  const [unit, name] = units.find(([least]) => bytes >= least) ?? [1, 'bytes']
  return `${Number((bytes / unit).toFixed(2))} ${name}`
}

/** A row of the window. */
export interface InspectionRow {
  readonly label: string
  readonly value: string
}

/** The rows of the window `Virtual Hard Disk Properties`, in its order. `folder` is the folder as the simulated host sees it. */
export function inspectionRows(inspection: ImageInspection, folder: string): InspectionRow[] {
  const rows = [
    { label: 'Format:', value: formatTexts[inspection.format] },
    { label: 'Type:', value: typeTexts[inspection.type] },
    { label: 'Location:', value: folder },
    { label: 'File Name:', value: inspection.fileName },
    { label: 'Current File Size:', value: sizeText(inspection.fileSize) },
    { label: 'Maximum Disk Size:', value: sizeText(inspection.maximumSize) },
  ]
  return inspection.parent === null ? rows : [...rows, { label: 'Parent:', value: inspection.parent.path }]
}
