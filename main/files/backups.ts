/** The `backups` folder of a lab: copies kept at each clean close, numbered, and labs that were put aside for a new one. */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../../db/connection/open.ts'

/** How many backups are kept. */
export const BACKUPS_KEPT = 5

const BACKUP_NAME = /^lab-(\d{1,9})\.sqlite$/

/** Numbers of the backups, oldest first. */
export function backupNumbers(folder: string): number[] {
  return readdirSync(folder)
    .map((name) => BACKUP_NAME.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .toSorted((a, b) => a - b)
}

/** Path of the newest backup; null when there is none. */
export function newestBackup(folder: string): string | null {
  const newest = backupNumbers(folder).at(-1)
  return newest === undefined ? null : backupPath(folder, newest)
}

/**
 * Writes a compact copy of the open database as the next backup and removes the oldest beyond five. The copy gets its name only when it is
 * whole and on the disk. Throws when it cannot be written; no half copy is left then. Returns its path.
 */
export function keepBackup(db: Database, folder: string): string {
  const unfinished = join(folder, 'unfinished.sqlite')
  const path = backupPath(folder, (backupNumbers(folder).at(-1) ?? 0) + 1)
  rmSync(unfinished, { force: true })
  try {
    db.prepare('VACUUM INTO ?').run(unfinished)
    flush(unfinished)
    renameSync(unfinished, path)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
  flushFolder(folder)
  for (const number of backupNumbers(folder).slice(0, -BACKUPS_KEPT)) rmSync(backupPath(folder, number))
  return path
}

function backupPath(folder: string, number: number): string {
  return join(folder, `lab-${number}.sqlite`)
}

/** Makes sure that a file's content is on the disk. */
function flush(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Makes sure that names in a folder are on the disk; Windows does this by itself and cannot open folders. */
export function flushFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
