/** Finding parents inside one folder, and nothing outside it. */
import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'
import { attempt, refuse } from './refusals.ts'
import type { Outcome, ResolveParent } from './types.ts'

/**
 * The real path of a file below a folder, with all links followed. Refuses with `outside-folder` what leads out of the folder by `..`, by an
 * absolute path or by a link, and with `not-a-file` what is no ordinary file.
 */
export function insideFolder(root: string, path: string): Outcome<string> {
  return attempt(path, () => {
    const real = realpathSync(path)
    const rest = relative(realpathSync(root), real)
    if (rest === '' || rest === '..' || rest.startsWith(`..${sep}`) || isAbsolute(rest)) refuse('outside-folder', path)
    if (!statSync(real).isFile()) refuse('not-a-file', path)
    return real
  })
}

export interface FolderResolverOptions {
  /** Nothing outside this folder is ever answered. */
  readonly root: string
  /**
   * Turns a path of the simulated Windows (`C:\VHD\base.vhdx`, without `\\?\`) into a real one; null when there is none. Without it, only
   * relative paths and names beside the child are found.
   */
  readonly realPathOf?: (windowsPath: string) => string | null
}

/**
 * Finds parents as the product does: relative to the child's folder, then by volume or absolute path, then by name beside the child
 * (formats reference 1.6, 2.6). Paths of volumes are not known in a lab and are passed over.
 */
export function folderResolver(options: FolderResolverOptions): ResolveParent {
  return ({ childFile, kind, path }) => {
    const candidate = candidatePath(options, childFile, kind, path)
    if (candidate === null || candidate.includes('\0')) return null
    const inside = insideFolder(options.root, candidate)
    return inside.ok ? inside.value : null
  }
}

function candidatePath(options: FolderResolverOptions, childFile: string, kind: string, path: string): string | null {
  // A name is one name: what stands before its last separator is somebody's path.
  if (kind === 'name') return join(dirname(childFile), basename(path.replaceAll('\\', '/')))
  if (kind === 'relative') {
    const below = path.replaceAll('\\', '/')
    return below.startsWith('/') || /^[a-z]:/i.test(below) ? null : join(dirname(childFile), below)
  }
  if (kind === 'volume') return null
  return options.realPathOf?.(path.replace(/^\\\\\?\\(UNC\\)?/i, (_, unc) => (unc === undefined ? '' : '\\\\'))) ?? null
}
