/** What the Edit Virtual Hard Disk Wizard has been told, and what follows from it. */
import type { DiskEdit, DiskFormat, EditKind, HostView } from '../../../../preload/contract/index.ts'
import type { Client } from '../../../client/connection.ts'
import { FORMAT_TEXTS, folderOf, nameOf, TYPE_WORDS, withFormat } from './diskTexts.ts'
import type { DiskOptions, SummaryRow } from './newDraft.ts'

/** A disk that was located, with what can be done with it. */
export type Located = Extract<Awaited<ReturnType<Client['disk']['editable']>>, { readonly ok: true }>

export interface EditDraft {
  readonly host: HostView
  readonly options: DiskOptions
  readonly path: string
  /** null = the first that is offered. */
  readonly action: EditKind | null
  /** null = the disk's own. */
  readonly format: DiskFormat | null
  /** null = the other one than the disk's. */
  readonly type: 'fixed' | 'dynamic' | null
  readonly name: string
  /** null = the folder of the disk. */
  readonly folder: string | null
  readonly sizeGb: number | null
  readonly mergeTo: 'parent' | 'new'
  /** null = the present one. */
  readonly parentPath: string | null
  readonly ignoreIdMismatch: boolean
}

export function initialDraft(host: HostView, options: DiskOptions, path = ''): EditDraft {
  return {
    host,
    options,
    path,
    action: null,
    format: null,
    type: null,
    name: '',
    folder: null,
    sizeGb: null,
    mergeTo: 'parent',
    parentPath: null,
    ignoreIdMismatch: false,
  }
}

export function actionOf(draft: EditDraft, located: Located): EditKind | null {
  return draft.action !== null && located.edits.includes(draft.action) ? draft.action : (located.edits[0] ?? null)
}

export function formatOf(draft: EditDraft, located: Located): DiskFormat {
  const own = located.disk.format
  return draft.format ?? (draft.options.formats.includes(own) ? own : draft.options.defaultFormat)
}

export function newTypeOf(draft: EditDraft, located: Located): 'fixed' | 'dynamic' {
  return draft.type ?? (located.disk.type === 'dynamic' ? 'fixed' : 'dynamic')
}

export function folderOfDraft(draft: EditDraft, located: Located): string {
  return draft.folder ?? folderOf(located.disk.path)
}

export function parentOf(draft: EditDraft, located: Located): string {
  return draft.parentPath ?? located.disk.parentPath ?? ''
}

/** Whether a new file is made: its format, type and name are asked for. */
export function makesFile(draft: EditDraft, located: Located): boolean {
  const action = actionOf(draft, located)
  return action === 'convert' || (action === 'merge' && draft.mergeTo === 'new')
}

/** The command; null while choices are missing. */
export function editOf(draft: EditDraft, located: Located): DiskEdit | null {
  const action = actionOf(draft, located)
  switch (action) {
    case null:
      return null
    case 'compact':
      return { kind: 'compact' }
    case 'convert':
      return { kind: 'convert', ...newFileOf(draft, located) }
    case 'expand':
    case 'shrink':
      return draft.sizeGb === null ? null : { kind: action, sizeGb: draft.sizeGb }
    case 'merge':
      return draft.mergeTo === 'parent' ? { kind: 'merge' } : { kind: 'merge-new', ...newFileOf(draft, located) }
    case 'reconnect': {
      const parentPath = parentOf(draft, located).trim()
      return parentPath === '' ? null : { kind: 'reconnect', parentPath, ignoreIdMismatch: draft.ignoreIdMismatch }
    }
  }
}

function newFileOf(draft: EditDraft, located: Located) {
  return {
    format: formatOf(draft, located),
    type: newTypeOf(draft, located),
    name: draft.name.trim(),
    folder: folderOfDraft(draft, located).trim(),
  }
}

const ACTION_WORDS: Readonly<Record<EditKind, string>> = {
  compact: 'Compact',
  convert: 'Convert',
  expand: 'Expand',
  shrink: 'Shrink',
  merge: 'Merge',
  reconnect: 'Reconnect',
}

/** Rows of the Summary page: the disk, the action, and its choices (2.7). */
export function summaryRows(draft: EditDraft, located: Located): readonly SummaryRow[] {
  const action = actionOf(draft, located)
  const { disk } = located
  const rows: SummaryRow[] = [
    { label: 'Virtual Hard Disk:', value: `${nameOf(disk.path)} (${FORMAT_TEXTS[disk.format]}, ${TYPE_WORDS[disk.type]})` },
    { label: 'Action:', value: action === null ? '' : ACTION_WORDS[action] },
  ]
  if (action === 'merge')
    rows.push({ label: 'Merge to:', value: draft.mergeTo === 'parent' ? (disk.parentPath ?? '') : 'New virtual hard disk' })
  if (makesFile(draft, located)) {
    const format = formatOf(draft, located)
    const name = draft.name.trim().toLowerCase().endsWith(`.${format}`) ? draft.name.trim() : withFormat(draft.name.trim(), format)
    rows.push(
      { label: 'Format:', value: FORMAT_TEXTS[format] },
      { label: 'Type:', value: TYPE_WORDS[newTypeOf(draft, located)] },
      { label: 'Name:', value: name },
      { label: 'Location:', value: folderOfDraft(draft, located).trim() },
    )
  }
  if (action === 'expand' || action === 'shrink') rows.push({ label: 'New size:', value: `${draft.sizeGb ?? 0} GB` })
  if (action === 'reconnect') rows.push({ label: 'Parent:', value: parentOf(draft, located).trim() })
  return rows
}
