/**
 * The folder of a lab on the real disk:
 *
 *     lab.sqlite     everything simulated, as rows
 *     lab.lock       held while a process has the lab open
 *     backups/       the last five states at a clean close (lab-7.sqlite), and labs that a fresh one has replaced
 *     disks/         virtual disk files
 *
 * No file is ever overwritten or deleted because it could not be read: it stays where it is, or gets another name, and the user is told.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type LabLock, takeLock } from '../../db/connection/lock.ts'
import { closeDatabase, connect, createDatabase, type Database, type Fault, openDatabase } from '../../db/connection/open.ts'
import { SCHEMA_VERSION } from '../../db/migrations/index.ts'
import { openLabStore } from '../../db/stores/lab-store.ts'
import type { ChangeLog } from '../engine/kernel/table.ts'
import type { LabRows, World } from '../engine/world.ts'
import { flushFolder, keepBackup, newestBackup } from './backups.ts'

export interface OpenLabOptions {
  readonly folder: string
  /** True puts the present lab, whatever its condition, into `backups` and makes a new one. */
  readonly fresh: boolean
  /** Path of the better-sqlite3 addon; null takes the one that comes with the package. */
  readonly sqliteAddon: string | null
  /** The rows of a new lab; called only when one is made. */
  readonly createRows: () => LabRows
  /** The real clock, for names of files that are put aside. */
  readonly now: () => Date
  readonly log: (line: string) => void
}

export interface Lab {
  readonly folder: string
  /** Folder of the virtual disk files. */
  readonly disksFolder: string
  /** All rows as they were loaded. */
  readonly rows: LabRows
  /**
   * Makes one command's changes durable, in one transaction. When it returns they are on the disk. Throws CommitError when they are not; then
   * none of them is, and the same changes may be committed again.
   */
  commit(world: Pick<World, 'tables'>, changes: ChangeLog): void
  /** Keeps a backup, closes the file and gives the lab free. Never throws; what went wrong is logged. A second call does nothing. */
  close(): void
}

export type OpenedLab = { readonly ok: true; readonly lab: Lab } | { readonly ok: false; readonly sentence: string }

interface Paths {
  readonly folder: string
  readonly file: string
  readonly lock: string
  readonly backups: string
  readonly disks: string
}

/** Endings of the files that belong to a SQLite database. The first is the database itself. */
const COMPANIONS = ['', '-wal', '-shm', '-journal']

/** Opens the lab in a folder, and makes it first where there is none. A refusal is one or more sentences for the user. */
export function openLab(options: OpenLabOptions): OpenedLab {
  const paths: Paths = {
    folder: options.folder,
    file: join(options.folder, 'lab.sqlite'),
    lock: join(options.folder, 'lab.lock'),
    backups: join(options.folder, 'backups'),
    disks: join(options.folder, 'disks'),
  }
  const obstacle = prepareFolder(paths)
  if (obstacle !== null) return { ok: false, sentence: obstacle }
  const locked = takeLock(paths.lock, options.sqliteAddon)
  if (!locked.ok) return { ok: false, sentence: lockSentence(paths, locked.reason, locked.detail) }
  try {
    const opened = openLocked(paths, options, locked.lock)
    if (!opened.ok) locked.lock.release()
    return opened
  } catch (error) {
    locked.lock.release()
    // Errors of the operating system and of SQLite carry a code; anything else is a bug and ends visibly.
    if (!(error instanceof Error && 'code' in error)) throw error
    return { ok: false, sentence: folderSentence(paths, messageOf(error)) }
  }
}

function openLocked(paths: Paths, options: OpenLabOptions, lock: LabLock): OpenedLab {
  if (options.fresh || !existsSync(paths.file)) createLab(paths, options)
  const opened = openDatabase({ path: paths.file, sqliteAddon: options.sqliteAddon, log: options.log })
  if (!opened.ok) return { ok: false, sentence: faultSentence(paths, opened.fault, options.now()) }
  const db = opened.db
  try {
    const store = openLabStore(db)
    const rows = store.load()
    if (!hasLabRow(rows)) {
      db.close()
      return { ok: false, sentence: faultSentence(paths, { kind: 'damaged', detail: 'the table lab is empty' }, options.now()) }
    }
    return {
      ok: true,
      lab: { folder: paths.folder, disksFolder: paths.disks, rows, commit: store.commit, close: closer(db, lock, paths, options.log) },
    }
  } catch (error) {
    db.close()
    throw error
  }
}

/** Makes a new lab under another name, puts the present one aside, and only then gives the new one its name. */
function createLab(paths: Paths, options: OpenLabOptions): void {
  const unfinished = `${paths.file}.new`
  for (const ending of COMPANIONS) rmSync(unfinished + ending, { force: true })
  const db = createDatabase(unfinished, options.sqliteAddon)
  try {
    openLabStore(db).fill(options.createRows())
  } finally {
    db.close()
  }
  if (existsSync(paths.file)) {
    carryOverLog(paths.file, options)
    const kept = freeName(join(paths.backups, `lab-before-${stamp(options.now())}.sqlite`))
    moveWithCompanions(paths.file, kept)
    // Its disks go with it: the new lab must not take them for its own.
    if (readdirSync(paths.disks).length > 0) {
      renameSync(paths.disks, freeName(kept.replace(/\.sqlite$/, '.disks')))
      makeFolder(paths.disks)
    }
    options.log(`the present lab is kept as ${kept}`)
  } else if (COMPANIONS.some((ending) => existsSync(paths.file + ending))) {
    // A write-ahead log without its database would be taken for the new lab's own.
    moveWithCompanions(paths.file, freeName(`${paths.file}.damaged-${stamp(options.now())}`))
  }
  renameSync(unfinished, paths.file)
  flushFolder(paths.folder)
  options.log(`a new lab was made in ${paths.folder}`)
}

/** After a kill, commits stand in the write-ahead log: carry them into the file before it moves. A file that cannot be opened moves as it is. */
function carryOverLog(path: string, options: OpenLabOptions): void {
  if (!existsSync(`${path}-wal`)) return
  try {
    const db = connect(path, options.sqliteAddon, true)
    try {
      db.pragma('wal_checkpoint(TRUNCATE)')
    } finally {
      db.close()
    }
  } catch (error) {
    options.log(`the present lab is put aside as it is: ${messageOf(error)}`)
  }
}

function closer(db: Database, lock: LabLock, paths: Paths, log: (line: string) => void): () => void {
  let open = true
  return () => {
    if (!open) return
    open = false
    attempt('the backup', log, () => log(`backup kept as ${keepBackup(db, paths.backups)}`))
    attempt('closing the lab', log, () => closeDatabase(db))
    attempt('releasing the lab', log, () => lock.release())
  }
}

function attempt(what: string, log: (line: string) => void, work: () => void): void {
  try {
    work()
  } catch (error) {
    log(`${what} failed: ${messageOf(error)}`)
  }
}

function prepareFolder(paths: Paths): string | null {
  try {
    if (existsSync(paths.folder) && !statSync(paths.folder).isDirectory())
      return `${paths.folder} is a file. A lab needs a folder of its own.`
    makeFolder(paths.backups)
    makeFolder(paths.disks)
    return null
  } catch (error) {
    return folderSentence(paths, messageOf(error))
  }
}

/** Makes a folder and those above it. Node's own recursive form never returns where a system answers ENOENT below a folder that is there. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  const above = dirname(path)
  if (above !== path) makeFolder(above)
  mkdirSync(path)
}

function hasLabRow(rows: LabRows): boolean {
  return [...(rows.lab ?? [])].length === 1
}

/** Moves a database with its companions, itself first: what stays behind after a kill can then never be applied to another database. */
function moveWithCompanions(from: string, to: string): void {
  for (const ending of COMPANIONS) if (existsSync(from + ending)) renameSync(from + ending, to + ending)
}

/** The path, or the path with a number behind it where that name is taken. */
function freeName(path: string): string {
  let name = path
  for (let number = 2; existsSync(name); number++) name = `${path}-${number}`
  return name
}

/** `20261123-094100`, on the real computer's clock. */
function stamp(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`
  return `${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function lockSentence(paths: Paths, reason: 'held' | 'addon' | 'file', detail: string): string {
  if (reason === 'held') return `The lab in ${paths.folder} is open in another process. Close that one first, or name another folder.`
  if (reason === 'addon') return `SQLite could not be loaded: ${detail}.`
  return folderSentence(paths, detail)
}

function folderSentence(paths: Paths, detail: string): string {
  return `The lab folder ${paths.folder} cannot be used: ${detail}.`
}

/** What is wrong with the file, what was done with it, and what the user can do. A damaged file is set aside here. */
function faultSentence(paths: Paths, fault: Fault, now: Date): string {
  switch (fault.kind) {
    case 'not-sqlite':
      return `${paths.file} is not a SQLite database and was left as it is. ${backupSentence(paths)}`
    case 'foreign':
      return `${paths.file} belongs to another program (application id ${hexadecimal(fault.applicationId)}) and was left as it is. Name another folder for the lab.`
    case 'newer':
      return `${paths.file} was written by a later version of Viridian (database version ${fault.version}; this one knows up to ${SCHEMA_VERSION}) and was left as it is.`
    case 'unreadable':
      return `${paths.file} cannot be opened: ${fault.detail}. It was left as it is.`
    case 'damaged': {
      const aside = freeName(`${paths.file}.damaged-${stamp(now)}`)
      moveWithCompanions(paths.file, aside)
      flushFolder(paths.folder)
      return `${paths.file} is damaged (${fault.detail}). It was set aside as ${aside}. ${backupSentence(paths)} While ${paths.file} is missing, the next start makes a new lab.`
    }
  }
}

function backupSentence(paths: Paths): string {
  const backup = newestBackup(paths.backups)
  if (backup === null) return 'There is no backup of this lab.'
  return `The newest backup is ${backup}: copy it to ${paths.file} to go on from there.`
}

function hexadecimal(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`
}
