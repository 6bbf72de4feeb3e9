/**
 * What the New Virtual Machine Wizard has been told, and what follows from it.
 *
 * The draft holds fields as the user typed them; `newVmOf` turns it into the command. Values that the user has not touched follow from others:
 * the disk's name from the machine's, its folder from the location.
 */
import type { HostView, NewVm } from '../../../../preload/contract/index.ts'

export interface Draft {
  readonly host: HostView
  readonly name: string
  readonly elsewhere: boolean
  readonly location: string
  readonly generation: 1 | 2
  /** null while the field is empty or no number. */
  readonly memoryMb: number | null
  readonly dynamicMemory: boolean
  readonly switchId: string | null
  readonly disk: 'new' | 'existing' | 'later'
  /** null = follows the machine's name. */
  readonly diskName: string | null
  /** null = follows the location. */
  readonly diskFolder: string | null
  readonly diskSizeGb: number | null
  readonly existingPath: string
  readonly install: 'later' | 'image' | 'physical-drive' | 'floppy' | 'network'
  readonly drive: string
  readonly imagePath: string
  readonly floppyPath: string
}

export const DEFAULT_NAME = 'New Virtual Machine'

export function initialDraft(host: HostView): Draft {
  return {
    host,
    name: DEFAULT_NAME,
    elsewhere: false,
    location: host.virtualMachinePath,
    generation: host.generationOffered ? host.defaultGeneration : 1,
    memoryMb: host.defaultMemoryMb,
    dynamicMemory: false,
    switchId: null,
    disk: 'new',
    diskName: null,
    diskFolder: null,
    diskSizeGb: host.defaultDiskSizeGb,
    existingPath: '',
    install: 'later',
    drive: host.opticalDrives[0] ?? '',
    imagePath: '',
    floppyPath: '',
  }
}

/** Name of the new disk's file: the user's, or the machine's name with the characters that no file name may have left out. */
export function diskNameOf(draft: Draft): string {
  if (draft.diskName !== null) return draft.diskName
  const name = draft.name.replace(/[<>:"/\\|?*]/g, '').trim()
  return `${name === '' ? DEFAULT_NAME : name}.${draft.host.diskExtension}`
}

/** Folder of the new disk: the user's, or below the machine's own folder when it has one, or the host's. */
export function diskFolderOf(draft: Draft): string {
  if (draft.diskFolder !== null) return draft.diskFolder
  if (!draft.elsewhere) return draft.host.virtualDiskPath
  return `${draft.location.replace(/\\+$/, '')}\\${draft.name.trim()}\\Virtual Hard Disks\\`
}

/** The installation choice that counts: none unless a new disk is made, and never one that the generation does not have. */
export function installOf(draft: Draft): Draft['install'] {
  if (draft.disk !== 'new') return 'later'
  if (draft.generation === 2 && (draft.install === 'physical-drive' || draft.install === 'floppy')) return 'later'
  if (draft.install === 'network' && draft.switchId === null) return 'later'
  return draft.install
}

export function newVmOf(draft: Draft): NewVm {
  return {
    hostId: draft.host.id,
    name: draft.name.trim(),
    location: draft.elsewhere ? draft.location.trim() : null,
    generation: draft.generation,
    startupMemoryMb: draft.memoryMb ?? 0,
    dynamicMemory: draft.dynamicMemory,
    switchId: draft.switchId,
    disk: diskChoice(draft),
    install: installChoice(draft),
  }
}

function diskChoice(draft: Draft): NewVm['disk'] {
  switch (draft.disk) {
    case 'new':
      return { kind: 'new', name: diskNameOf(draft).trim(), folder: diskFolderOf(draft).trim(), sizeGb: draft.diskSizeGb ?? 0 }
    case 'existing':
      return { kind: 'existing', path: draft.existingPath.trim() }
    case 'later':
      return { kind: 'later' }
  }
}

function installChoice(draft: Draft): NewVm['install'] {
  const kind = installOf(draft)
  switch (kind) {
    case 'image':
      return { kind, path: draft.imagePath.trim() }
    case 'physical-drive':
      return { kind, drive: draft.drive }
    case 'floppy':
      return { kind, path: draft.floppyPath.trim() }
    default:
      return { kind }
  }
}

export interface SummaryRow {
  readonly label: string
  readonly value: string
}

/** Rows of the Summary page (hyper-v-manager 4.1, "Summary rows and values"). */
export function summaryRows(draft: Draft, switchName: string | null): readonly SummaryRow[] {
  const generation = draft.host.generationOffered ? [{ label: 'Generation:', value: `Generation ${draft.generation}` }] : []
  const rows = [
    { label: 'Name:', value: draft.name.trim() },
    ...generation,
    { label: 'Memory:', value: `${draft.memoryMb ?? 0} MB` },
    { label: 'Network:', value: switchName ?? 'Not Connected' },
    { label: 'Hard Disk:', value: diskText(draft) },
  ]
  return draft.disk === 'new' ? [...rows, { label: 'Operating System:', value: systemText(draft) }] : rows
}

function diskText(draft: Draft): string {
  if (draft.disk === 'later') return 'None'
  if (draft.disk === 'existing') return draft.existingPath.trim()
  const name = diskNameOf(draft).trim()
  const file = /\.vhdx?$/i.test(name) ? name : `${name}.${draft.host.diskExtension}`
  const format = /\.vhd$/i.test(file) ? 'VHD' : 'VHDX'
  return `${diskFolderOf(draft).trim().replace(/\\+$/, '')}\\${file} (${format}, dynamically expanding)`
}

function systemText(draft: Draft): string {
  switch (installOf(draft)) {
    case 'later':
      return 'Will be installed at a later time'
    case 'image':
      return `Will be installed from ${draft.imagePath.trim()}`
    case 'physical-drive':
      return `Will be installed from ${draft.drive}`
    case 'floppy':
      return `Will be installed from ${draft.floppyPath.trim()}`
    case 'network':
      return 'Will be installed from network'
  }
}
