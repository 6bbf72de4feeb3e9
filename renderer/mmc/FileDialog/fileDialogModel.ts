/** Pure rules of the file dialog: Windows paths, filters, sizes. */

export interface FileEntry {
  readonly name: string
  readonly kind: 'drive' | 'folder' | 'file'
  /** Bytes; null for drives and folders. */
  readonly sizeBytes: number | null
  /** Date and time as shown; empty when unknown. */
  readonly modifiedText: string
}

/** Answer of the file system: a folder's entries, or why it cannot be shown. An empty path asks for the drives. */
export type FileListing = { readonly path: string; readonly entries: readonly FileEntry[] } | { readonly error: string }

export interface FileFilter {
  /** Text in the drop-down, e.g. `Virtual hard disk files (*.vhd;*.vhdx)`. */
  readonly label: string
  /** Extensions without dot, in lower case; empty = all files. */
  readonly extensions: readonly string[]
}

const driveRoot = /^[A-Za-z]:\\?$/

/** Folder above a path; empty (the list of drives) above a drive, null when there is none. */
export function parentPath(path: string): string | null {
  if (path === '') return null
  if (driveRoot.test(path)) return ''
  const trimmed = path.replace(/\\+$/, '')
  const at = trimmed.lastIndexOf('\\')
  if (at < 0) return ''
  if (trimmed.startsWith('\\\\') && trimmed.indexOf('\\', 2) === at) return null
  const parent = trimmed.slice(0, at)
  return /^[A-Za-z]:$/.test(parent) ? `${parent}\\` : parent
}

/** A name below a folder. Drives come as `C:\`. */
export function joinPath(folder: string, name: string): string {
  if (folder === '') return /^[A-Za-z]:$/.test(name) ? `${name}\\` : name
  return folder.endsWith('\\') ? `${folder}${name}` : `${folder}\\${name}`
}

export function isAbsolutePath(text: string): boolean {
  return /^[A-Za-z]:(\\|$)/.test(text) || text.startsWith('\\\\')
}

/** Typed text as a full path: slashes turned, quotes dropped, relative to the folder. */
export function resolveTyped(folder: string, text: string): string {
  const clean = text.trim().replaceAll('"', '').replaceAll('/', '\\')
  if (clean === '..') return parentPath(folder) ?? folder
  return isAbsolutePath(clean) ? (/^[A-Za-z]:$/.test(clean) ? `${clean}\\` : clean) : joinPath(folder, clean)
}

/** Last part of a path. */
export function fileName(path: string): string {
  return path.replace(/\\+$/, '').split('\\').at(-1) ?? ''
}

export function matchesFilter(name: string, filter: FileFilter | undefined): boolean {
  if (filter === undefined || filter.extensions.length === 0) return true
  const at = name.lastIndexOf('.')
  return at >= 0 && filter.extensions.includes(name.slice(at + 1).toLowerCase())
}

/** Drives and folders first, then files that the filter lets through; folders alone when a folder is sought. */
export function shownEntries(entries: readonly FileEntry[], filter: FileFilter | undefined, foldersOnly: boolean): readonly FileEntry[] {
  return entries.filter((entry) => entry.kind !== 'file' || (!foldersOnly && matchesFilter(entry.name, filter)))
}

/** A name to save under: the filter's first extension is added when the typed name has none of them. */
export function withExtension(name: string, filter: FileFilter | undefined): string {
  const first = filter?.extensions[0]
  return first === undefined || matchesFilter(name, filter) ? name : `${name}.${first}`
}

const forbidden = /[<>:"/\\|?*]/

/** Why a name cannot be a file's name on Windows; null when it can. Control characters are refused as well. */
export function nameProblem(name: string): string | null {
  const control = [...name].some((character) => character.charCodeAt(0) < 32)
  if (name.trim() === '') return 'Type a file name.'
  return forbidden.test(name) || control ? `${name}\nThe file name is not valid.` : null
}

/** Size as Explorer shows it in a list: whole KB, rounded up, with thousands separators. */
export function sizeText(sizeBytes: number | null): string {
  return sizeBytes === null ? '' : `${Math.ceil(sizeBytes / 1024).toLocaleString('en-US')} KB`
}
