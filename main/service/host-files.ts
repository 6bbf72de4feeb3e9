/** The simulated host's drives and folders, for file dialogs. */

import type { HostFileView } from '../../preload/contract/index.ts'
import { type Result, refuse, succeed } from '../engine/kernel/result.ts'
import { extensionOf, fileAt, joinPath, normalizePath } from '../engine/management/paths.ts'
import type { RefusalCode } from '../engine/management/refusals.ts'
import type { World } from '../engine/world.ts'

export interface FileListing {
  readonly path: string
  readonly entries: HostFileView[]
}

/** Folders first, then files of the wanted extensions (all when none are named), each by name. An empty path lists the drives. */
export function listHostFiles(
  world: World,
  wanted: { readonly hostId: string; readonly path: string; readonly extensions: readonly string[] },
): Result<FileListing, RefusalCode> {
  if (!world.tables.host.has(wanted.hostId)) return refuse('unknown-host', { id: wanted.hostId })
  if (wanted.path.trim() === '') return succeed({ path: '', entries: drives(world, wanted.hostId) })
  const path = normalizePath(world, wanted.hostId, wanted.path)
  if (!path.ok) return path
  const isRoot = /^[A-Z]:\\$/.test(path.value)
  if (!isRoot && fileAt(world, wanted.hostId, path.value)?.kind !== 'folder') return refuse('path-not-found', { path: path.value })
  const extensions = new Set(wanted.extensions.map((extension) => extension.toLowerCase()))
  const entries: HostFileView[] = []
  for (const file of world.by.filesOfFolder.of(`${wanted.hostId}|${path.value.toLowerCase()}`)) {
    const folder = file.kind === 'folder'
    if (!folder && extensions.size > 0 && !extensions.has(extensionOf(file.path))) continue
    const name = file.path.slice(joinPath(path.value, '').length)
    entries.push({ name, path: file.path, kind: folder ? 'folder' : 'file', sizeBytes: file.sizeBytes, modifiedTick: file.modifiedTick })
  }
  const rank = (entry: HostFileView): number => (entry.kind === 'folder' ? 0 : 1)
  entries.sort((a, b) => rank(a) - rank(b) || (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
  return succeed({ path: path.value, entries })
}

function drives(world: World, hostId: string): HostFileView[] {
  return world.by.volumesOfHost
    .of(hostId)
    .map((volume) => ({
      name: `${volume.label} (${volume.letter}:)`,
      path: `${volume.letter}:\\`,
      kind: 'drive' as const,
      sizeBytes: volume.sizeBytes,
      modifiedTick: 0,
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}
