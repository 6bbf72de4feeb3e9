/** Windows paths on a simulated host: what is well formed, which volume they lie on, which files are there. */
import { isVolumeLost } from '../faults/rows.ts'
import { type Result, refuse, succeed } from '../kernel/result.ts'
import type { HostFileKind, HostFileRow, VolumeRow } from '../rows.ts'
import { folderOf, type World } from '../world.ts'
import type { RefusalCode } from './refusals.ts'

/** Longest path that the product's dialogs take (MAX_PATH less the ending null). */
export const PATH_CHARACTERS_MAX = 259

const FORBIDDEN = /[<>:"/|?*]/
const RESERVED = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?$/i

/** True for characters that Windows forbids in a file name: below 32, and `< > : " / | ? *`. */
function hasForbidden(part: string): boolean {
  if (FORBIDDEN.test(part)) return true
  for (let i = 0; i < part.length; i++) if (part.charCodeAt(i) < 32) return true
  return false
}

/** Whether `name` can name a file: not empty, no forbidden characters, no device name, no dot or space at the end. */
export function validFileName(name: string): boolean {
  return (
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    !name.includes('\\') &&
    !hasForbidden(name) &&
    !RESERVED.test(name) &&
    !/[. ]$/.test(name)
  )
}

/** The path in normal form: drive letter upper case, single backslashes, none at the end; or why it is none. */
export function normalizePath(world: World, hostId: string, path: string): Result<string, RefusalCode> {
  const text = path.trim().replace(/\//g, '\\')
  const parts = text.split('\\').filter((part, index) => part !== '' || index === 0)
  const drive = parts[0] ?? ''
  if (!/^[A-Za-z]:$/.test(drive) || text.length > PATH_CHARACTERS_MAX || !parts.slice(1).every(validFileName)) {
    return refuse('path-invalid', { path })
  }
  if (volumeOf(world, hostId, drive) === undefined) {
    return refuse('path-not-found', { path })
  }
  const letter = drive.charAt(0).toUpperCase()
  return succeed(parts.length === 1 ? `${letter}:\\` : `${letter}:\\${parts.slice(1).join('\\')}`)
}

export function joinPath(folder: string, name: string): string {
  return folder.endsWith('\\') ? `${folder}${name}` : `${folder}\\${name}`
}

export function fileAt(world: World, hostId: string, path: string): HostFileRow | undefined {
  return world.by.filesOfPath.first(`${hostId}|${path.toLowerCase()}`)
}

/** The volume of a path; undefined where there is none, or it is lost. */
export function volumeOf(world: World, hostId: string, path: string): VolumeRow | undefined {
  const letter = path.charAt(0).toUpperCase()
  return world.by.volumesOfHost.of(hostId).find((volume) => volume.letter === letter && !isVolumeLost(world, volume))
}

export function extensionOf(path: string): string {
  const cut = path.lastIndexOf('.')
  return cut < 0 ? '' : path.slice(cut + 1).toLowerCase()
}

/** Puts a file down, makes the folders above it, and takes its bytes from the volume. The caller has checked that they are free. */
export function putFile(world: World, file: Omit<HostFileRow, 'id' | 'modifiedTick'>): void {
  ensureFolder(world, file.hostId, folderOf(file.path))
  const there = fileAt(world, file.hostId, file.path)
  takeSpace(world, file.hostId, file.path, file.sizeBytes - (there?.sizeBytes ?? 0))
  const id = there?.id ?? world.random.guid(`file ${file.hostId}`)
  world.tables.host_file.put({ ...file, id, modifiedTick: world.now })
}

/** Removes a file, if it is there, and gives its bytes back. */
export function removeFile(world: World, hostId: string, path: string): void {
  const there = fileAt(world, hostId, path)
  if (there === undefined) return
  takeSpace(world, hostId, path, -there.sizeBytes)
  world.tables.host_file.delete(there.id)
}

export function ensureFolder(world: World, hostId: string, path: string): void {
  if (path === '' || /^[A-Z]:\\$/i.test(path) || fileAt(world, hostId, path)) return
  ensureFolder(world, hostId, folderOf(path))
  const id = world.random.guid(`file ${hostId}`)
  const folder: HostFileKind = 'folder'
  world.tables.host_file.put({
    id,
    hostId,
    path,
    kind: folder,
    sizeBytes: 0,
    capacityBytes: 0,
    diskType: null,
    parentPath: null,
    guestProductId: null,
    modifiedTick: world.now,
  })
}

function takeSpace(world: World, hostId: string, path: string, bytes: number): void {
  const volume = volumeOf(world, hostId, path)
  if (volume && bytes !== 0) world.tables.volume.patch(volume.id, { freeBytes: Math.max(0, volume.freeBytes - bytes) })
}
