/** The folder that holds the lab: found or made, and checked before anything is started on it. */
import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { defaultDataFolder } from './options.ts'

export type DataFolder = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly sentence: string }

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'access is denied',
  EPERM: 'access is denied',
  EROFS: 'the volume is read-only',
  ENOSPC: 'the volume is full',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'it is a file',
  ENAMETOOLONG: 'the path is too long',
  ENOENT: 'the volume or a part of the path does not exist',
}

/** Makes the folder where needed; `given` null = the default of this computer. Refuses with one sentence. */
export function prepareDataFolder(given: string | null): DataFolder {
  const path = given === null ? defaultDataFolder(process.platform, homedir(), process.env) : resolve(given)
  try {
    mkdirSync(path, { recursive: true })
    if (!statSync(path).isDirectory()) return refused(path, 'it is a file')
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return { ok: true, path }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return refused(path, REASONS[code] ?? (code === '' ? String(error) : code))
  }
}

function refused(path: string, reason: string): DataFolder {
  return { ok: false, sentence: `The data folder ${path} cannot be used: ${reason}.` }
}
