/** Words of the disk wizards (hyper-v-manager 2.7, 2.8, 4.2); explaining texts are ours. */
import type { DiskFormat, DiskType, EditKind } from '../../../../preload/contract/index.ts'
import type { FileFilter } from '../../../mmc/index.ts'

export const FORMAT_TEXTS: Readonly<Record<DiskFormat, string>> = { vhd: 'VHD', vhdx: 'VHDX', vhds: 'VHD Set' }

export const FORMAT_NOTES: Readonly<Record<DiskFormat, string>> = {
  vhd: 'Supports virtual hard disks up to 2,040 GB in size.',
  vhdx: 'Supports virtual hard disks up to 64 TB in size and withstands power failures. Operating systems before Windows 8 and Windows Server 2012 cannot use it.',
  vhds: 'For virtual hard disks that several virtual machines share. Operating systems before Windows 10 and Windows Server 2016 cannot use it.',
}

/** Values of the row `Type:`; of the Summary pages in small letters. */
export const TYPE_TEXTS: Readonly<Record<DiskType, string>> = {
  fixed: 'Fixed size virtual hard disk',
  dynamic: 'Dynamically expanding virtual hard disk',
  differencing: 'Differencing virtual hard disk',
}

export const TYPE_WORDS: Readonly<Record<DiskType, string>> = {
  fixed: 'fixed size',
  dynamic: 'dynamically expanding',
  differencing: 'differencing',
}

export const TYPE_LABELS: Readonly<Record<DiskType, string>> = {
  fixed: '&Fixed size',
  dynamic: '&Dynamically expanding',
  differencing: 'D&ifferencing',
}

export const TYPE_NOTES: Readonly<Record<DiskType, string>> = {
  fixed:
    'The file has the size of the disk from the beginning and does not change it while data is written. Suits workloads with much disk activity.',
  dynamic: 'The file is small at first and grows while data is written. Uses the physical storage better.',
  differencing: 'Holds the changes to a parent disk, which stays as it is. The parent must not be changed from then on.',
}

export const EDIT_LABELS: Readonly<Record<EditKind, string>> = {
  compact: '&Compact',
  convert: 'Con&vert',
  expand: '&Expand',
  shrink: '&Shrink',
  merge: '&Merge',
  reconnect: '&Reconnect',
}

export const EDIT_NOTES: Readonly<Record<EditKind, string>> = {
  compact: 'Makes the file smaller by leaving out what is empty. The size that a virtual machine sees stays the same.',
  convert: 'Copies the contents to a new virtual hard disk, which may have another format and type.',
  expand: 'Makes the disk larger for the virtual machine.',
  shrink: 'Makes the disk smaller by the space at its end that belongs to no partition.',
  merge: 'Puts the changes of the differencing disk into its parent or into a new disk.',
  reconnect: 'Connects the differencing disk with its parent again.',
}

export const DISK_FILTERS: readonly FileFilter[] = [
  { label: 'Virtual hard disk files (*.vhd;*.avhd;*.vhdx;*.avhdx;*.vhds)', extensions: ['vhd', 'avhd', 'vhdx', 'avhdx', 'vhds'] },
]
export const FLOPPY_FILTERS: readonly FileFilter[] = [{ label: 'Virtual floppy disk files (*.vfd)', extensions: ['vfd'] }]

const UNITS: readonly (readonly [number, string])[] = [
  [1024 ** 4, 'TB'],
  [1024 ** 3, 'GB'],
  [1024 ** 2, 'MB'],
  [1024, 'KB'],
]

/** A size with at most two decimals: `4 MB`, `9.12 GB`, `127 GB`. */
export function sizeText(bytes: number): string {
  const [unit, name] = UNITS.find(([least]) => bytes >= least) ?? [1, 'bytes']
  return `${Number((bytes / unit).toFixed(2))} ${name}`
}

/** `64 TB` or `2040 GB`, as the product writes the limit. */
export function limitText(gigabytes: number): string {
  return gigabytes % 1024 === 0 ? `${gigabytes / 1024} TB` : `${gigabytes} GB`
}

/** Folder of a Windows path, with a backslash only at a drive's root. */
export function folderOf(path: string): string {
  const cut = path.lastIndexOf('\\')
  return cut <= 2 ? path.slice(0, 3) : path.slice(0, cut)
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('\\') + 1)
}

/** A name with the extension of a format in the place of another disk's, or added. */
export function withFormat(name: string, format: DiskFormat): string {
  return `${name.replace(/\.(a?vhdx?|vhds)$/i, '')}.${format}`
}
