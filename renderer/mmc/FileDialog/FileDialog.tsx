import { type KeyboardEvent, type ReactNode, useMemo, useState } from 'react'
import { Icon, type IconName } from '../../theme/icons/Icon.tsx'
import { ClassicButton } from '../ClassicButton/ClassicButton.tsx'
import { DialogWindow } from '../DialogWindow/DialogWindow.tsx'
import { Note, SelectField, TextField } from '../Field/Field.tsx'
import { ListView } from '../ListView/ListView.tsx'
import { initialListViewState } from '../ListView/listViewReducer.ts'
import type { ListColumn } from '../ListView/listViewTypes.ts'
import classes from './FileDialog.module.css'
import { type FileEntry, type FileFilter, type FileListing, joinPath, shownEntries, sizeText } from './fileDialogModel.ts'
import { useFileDialog } from './useFileDialog.ts'

export interface FileDialogProps {
  /** Text of the caption bar. Default `Open`, `Save As` or `Select Folder`. */
  readonly title?: string
  /** Text of the button that accepts. Default `&Open`, `&Save` or `Select Folder`. */
  readonly acceptLabel?: string
  readonly mode: 'open' | 'folder' | 'save'
  /** Entries of a folder, or why it cannot be shown; an empty path asks for the drives. Must be a stable function. */
  readonly list: (path: string) => Promise<FileListing>
  /** Folder shown first. */
  readonly startPath: string
  /** Name in the box at first. Default empty. */
  readonly startName?: string
  /** Choices of the drop-down; the first is active. Default: all files. */
  readonly filters?: readonly FileFilter[]
  readonly onChoose: (path: string) => void
  readonly onCancel: () => void
}

const kindOrder: Readonly<Record<FileEntry['kind'], number>> = { drive: 0, folder: 1, file: 2 }

function byName(a: FileEntry, b: FileEntry): number {
  return kindOrder[a.kind] - kindOrder[b.kind] || a.name.localeCompare(b.name, 'en', { sensitivity: 'base', numeric: true })
}

const columns: readonly ListColumn<FileEntry>[] = [
  { id: 'name', header: 'Name', width: 300, text: (entry) => entry.name, compare: byName },
  { id: 'modified', header: 'Date modified', width: 160, text: (entry) => entry.modifiedText },
  {
    id: 'size',
    header: 'Size',
    width: 110,
    align: 'end',
    text: (entry) => sizeText(entry.sizeBytes),
    sortValue: (entry) => entry.sizeBytes,
  },
]

const extensionIcons: Readonly<Record<string, IconName>> = {
  vhd: 'file-vhdx',
  vhdx: 'file-vhdx',
  avhd: 'file-vhdx',
  avhdx: 'file-vhdx',
  vhds: 'file-vhdx',
  iso: 'file-iso',
  vfd: 'file-floppy',
}

function iconOf(entry: FileEntry): IconName {
  if (entry.kind === 'drive') return 'disk'
  if (entry.kind === 'folder') return 'folder'
  return extensionIcons[entry.name.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'file'
}

const entryId = (entry: FileEntry): string => entry.name
const titles: Readonly<Record<FileDialogProps['mode'], string>> = { open: 'Open', save: 'Save As', folder: 'Select Folder' }
const acceptLabels: Readonly<Record<FileDialogProps['mode'], string>> = { open: '&Open', save: '&Save', folder: 'Select Folder' }
const allFiles: readonly FileFilter[] = [{ label: 'All files (*.*)', extensions: [] }]

/** Opens a file, chooses a folder or names a new file on a computer that is asked for its folders. */
export function FileDialog(props: FileDialogProps): ReactNode {
  const {
    mode,
    title = titles[mode],
    acceptLabel = acceptLabels[mode],
    list,
    startPath,
    startName = '',
    filters = allFiles,
    onChoose,
    onCancel,
  } = props
  const [filterIndex, setFilterIndex] = useState(0)
  const filter = filters[filterIndex]
  const dialog = useFileDialog({ mode, list, startPath, startName, filter, onChoose })
  const { path, entries, name, error, loading } = dialog
  const [state, setState] = useState(() => initialListViewState(columns, { columnId: 'name', direction: 'ascending' }))
  const rows = useMemo(() => shownEntries(entries, filter, mode === 'folder'), [entries, filter, mode])
  const pick = (next: typeof state): void => {
    setState(next)
    const [id] = next.selectedIds
    const entry = rows.find((row) => row.name === id)
    if (entry !== undefined && id !== state.focusedId && (entry.kind === 'file') === (mode !== 'folder')) dialog.setName(entry.name)
  }
  const activate = (id: string): void => {
    const entry = rows.find((row) => row.name === id)
    if (entry === undefined) return
    if (entry.kind === 'file') onChoose(joinPath(path, entry.name))
    else dialog.go(joinPath(path, entry.name))
  }
  const onListKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Backspace') return
    event.preventDefault()
    dialog.up()
  }
  return (
    <DialogWindow title={title} icon="folder" width={640} height={440} resizable minSize={{ width: 420, height: 300 }} onClose={onCancel}>
      <div className={classes.top}>
        <button type="button" className={classes.up} aria-label="Up One Level" disabled={!dialog.canGoUp} onClick={dialog.up}>
          <Icon name="up" dimmed={!dialog.canGoUp} />
        </button>
        <PathBox key={path} path={path} onGo={dialog.go} />
      </div>
      <div className={classes.list}>
        <ListView
          label="Files and folders"
          rows={rows}
          getId={entryId}
          columns={columns}
          state={state}
          onStateChange={pick}
          iconOf={iconOf}
          multiSelect={false}
          emptyText={loading ? 'Working on it...' : error === null ? 'No items match your search.' : ''}
          onActivate={activate}
          onKeyDown={onListKey}
        />
      </div>
      <div className={classes.bottom}>
        {error !== null && (
          <div role="alert" className={classes.error}>
            <Note kind="error">{error}</Note>
          </div>
        )}
        <div className={classes.fields}>
          <TextField
            label={mode === 'folder' ? 'Folder:' : 'File &name:'}
            labelWidth={70}
            value={name}
            onChange={dialog.setName}
            autoFocus
          />
          {mode !== 'folder' && (
            <SelectField
              ariaLabel="File type"
              width={220}
              value={String(filterIndex)}
              options={filters.map((each, index) => ({ value: String(index), label: each.label }))}
              onChange={(value) => setFilterIndex(Number(value))}
            />
          )}
        </div>
        <div className={classes.buttons}>
          <ClassicButton label={acceptLabel} isDefault disabled={loading && entries.length === 0} onClick={dialog.accept} />
          <ClassicButton label="Cancel" onClick={onCancel} />
        </div>
      </div>
    </DialogWindow>
  )
}

/** The path box on top: Enter goes where it says, Escape brings back the present folder. */
function PathBox({ path, onGo }: { readonly path: string; readonly onGo: (path: string) => void }): ReactNode {
  const shown = path === '' ? 'This PC' : path
  const [text, setText] = useState(shown)
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') onGo(text === 'This PC' ? '' : text.trim())
    else if (event.key === 'Escape' && text !== shown) setText(shown)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <input
      className={classes.path}
      aria-label="Path"
      spellCheck={false}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={onKeyDown}
      onFocus={(event) => event.target.select()}
    />
  )
}
