/** What the New Virtual Hard Disk Wizard has been told, and what follows from it. */
import type { DiskFormat, DiskType, HostView, NewDisk } from '../../../../preload/contract/index.ts'
import type { Client } from '../../../client/connection.ts'
import { FORMAT_TEXTS, folderOf, nameOf, TYPE_WORDS, withFormat } from './diskTexts.ts'

export type DiskOptions = Awaited<ReturnType<Client['disk']['options']>>

export interface NewDraft {
  readonly host: HostView
  readonly options: DiskOptions
  readonly format: DiskFormat
  /** null = the type that is proposed for the format. */
  readonly type: DiskType | null
  /** null = the proposed name, with the format's extension. */
  readonly name: string | null
  readonly proposedName: string
  readonly folder: string
  readonly source: 'blank' | 'physical' | 'virtual'
  readonly sizeGb: number | null
  readonly physical: string
  readonly sourcePath: string
  readonly parentPath: string
}

const DEFAULT_NAME = 'New Virtual Hard Disk'

/** `path` proposes folder and name, as a virtual machine's page does. */
export function initialDraft(host: HostView, options: DiskOptions, path?: string): NewDraft {
  return {
    host,
    options,
    format: options.defaultFormat,
    type: null,
    name: null,
    proposedName: path === undefined ? DEFAULT_NAME : nameOf(path),
    folder: path === undefined ? host.virtualDiskPath : folderOf(path),
    source: 'blank',
    sizeGb: host.defaultDiskSizeGb,
    physical: options.physicalDisks[0]?.name ?? '',
    sourcePath: '',
    parentPath: '',
  }
}

/** Types that a format has: a VHD Set is never a differencing disk. */
export function typesOf(format: DiskFormat): readonly DiskType[] {
  return format === 'vhds' ? ['fixed', 'dynamic'] : ['fixed', 'dynamic', 'differencing']
}

export function typeOf(draft: NewDraft): DiskType {
  return draft.type !== null && typesOf(draft.format).includes(draft.type) ? draft.type : draft.options.defaultType[draft.format]
}

export function fileNameOf(draft: NewDraft): string {
  return draft.name ?? withFormat(draft.proposedName, draft.format)
}

export function newDiskOf(draft: NewDraft): NewDisk {
  const type = typeOf(draft)
  return {
    hostId: draft.host.id,
    format: draft.format,
    type,
    name: fileNameOf(draft).trim(),
    folder: draft.folder.trim(),
    source: type === 'differencing' ? { kind: 'parent', path: draft.parentPath.trim() } : sourceOf(draft),
  }
}

function sourceOf(draft: NewDraft): NewDisk['source'] {
  switch (draft.source) {
    case 'blank':
      return { kind: 'blank', sizeGb: draft.sizeGb ?? 0 }
    case 'physical':
      return { kind: 'physical', name: draft.physical }
    case 'virtual':
      return { kind: 'virtual', path: draft.sourcePath.trim() }
  }
}

export interface SummaryRow {
  readonly label: string
  readonly value: string
}

/** Rows of the Summary page (4.2). */
export function summaryRows(draft: NewDraft): readonly SummaryRow[] {
  const type = typeOf(draft)
  return [
    { label: 'Format:', value: FORMAT_TEXTS[draft.format] },
    { label: 'Type:', value: TYPE_WORDS[type] },
    { label: 'Name:', value: withExtension(fileNameOf(draft).trim(), draft.format) },
    { label: 'Location:', value: draft.folder.trim() },
    type === 'differencing' ? { label: 'Parent:', value: draft.parentPath.trim() } : contentRow(draft),
  ]
}

/** The name as the file will have it. */
function withExtension(name: string, format: DiskFormat): string {
  return name.toLowerCase().endsWith(`.${format}`) ? name : `${name}.${format}`
}

function contentRow(draft: NewDraft): SummaryRow {
  if (draft.source === 'blank') return { label: 'Size:', value: `${draft.sizeGb ?? 0} GB` }
  return { label: 'Contents:', value: draft.source === 'physical' ? draft.physical : draft.sourcePath.trim() }
}
