/**
 * The one function that opens a lab's database file, and the one that closes it.
 *
 * What is in the way is a value (`Fault`), not an exception: the caller decides what happens to the file. Nothing is written to a file before
 * it has been recognised as a lab of a version that this program knows.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import SqliteDatabase from 'better-sqlite3'
import { APPLICATION_ID, FutureDatabaseError, migrate, SCHEMA_VERSION, versionOf } from '../migrations/index.ts'

export type Database = SqliteDatabase.Database

/** How long a statement waits for another program's lock on the file, ms. better-sqlite3 would wait 5 s without saying so. */
const BUSY_TIMEOUT_MS = 2000

/** Size to which the write-ahead log is cut back after a checkpoint, bytes. */
const WAL_SIZE_LIMIT_BYTES = 16 * 1024 * 1024

const SQLITE_MAGIC = 'SQLite format 3\0'

export type Fault =
  /** The file does not begin as a SQLite file does. */
  | { readonly kind: 'not-sqlite' }
  /** A SQLite file of another program. */
  | { readonly kind: 'foreign'; readonly applicationId: number }
  /** A lab that a later version of the program has written. */
  | { readonly kind: 'newer'; readonly version: number }
  /** The integrity check found something, or the file could not be read to its end. */
  | { readonly kind: 'damaged'; readonly detail: string }
  /** The operating system or a lock does not let us in. */
  | { readonly kind: 'unreadable'; readonly detail: string }

export type Opened = { readonly ok: true; readonly db: Database } | { readonly ok: false; readonly fault: Fault }

export interface OpenOptions {
  readonly path: string
  /** Path of the better-sqlite3 addon; null takes the one that comes with the package. */
  readonly sqliteAddon: string | null
  /** Migrations that were run are told here. */
  readonly log: (line: string) => void
}

/** The addon of the package cannot be loaded by this Node. The code is that of Node's own failures to load an addon. */
class AddonError extends Error {
  readonly code = 'ERR_DLOPEN_FAILED'
}

/** The oldest Node that runs the package's own addon; an older one ends without a message instead of refusing it. */
const NODE_MIN = 22

/** Opens a connection without touching the file's content. Throws what better-sqlite3 throws, and AddonError. */
export function connect(path: string, sqliteAddon: string | null, mustExist: boolean): Database {
  if (sqliteAddon === null && Number.parseInt(process.versions.node, 10) < NODE_MIN) {
    throw new AddonError(`it needs Node ${NODE_MIN} or newer, and this is ${process.versions.node}`)
  }
  return new SqliteDatabase(path, {
    fileMustExist: mustExist,
    timeout: BUSY_TIMEOUT_MS,
    ...(sqliteAddon === null ? {} : { nativeBinding: sqliteAddon }),
  })
}

/**
 * Creates a database file with the tables of a lab, in rollback-journal mode: one file without companions, which may be renamed once it is
 * closed. Throws when the file is there already with tables in it, or cannot be written.
 */
export function createDatabase(path: string, sqliteAddon: string | null): Database {
  const db = connect(path, sqliteAddon, false)
  db.pragma('journal_mode = DELETE')
  db.pragma('synchronous = FULL')
  db.pragma('foreign_keys = ON')
  migrate(db)
  return db
}

/** Opens a lab's database that exists: recognised, checked, migrated, and set up for durable writing. */
export function openDatabase(options: OpenOptions): Opened {
  let db: Database | null = null
  try {
    if (!looksLikeSqlite(options.path)) return { ok: false, fault: { kind: 'not-sqlite' } }
    db = connect(options.path, options.sqliteAddon, true)
    const fault = recognise(db) ?? setUp(db, options.log)
    if (fault === null) return { ok: true, db }
    db.close()
    return { ok: false, fault }
  } catch (error) {
    db?.close()
    return { ok: false, fault: faultOf(error) }
  }
}

/** Lets SQLite tend its statistics and closes; the last connection carries the write-ahead log over into the file. */
export function closeDatabase(db: Database): void {
  db.pragma('optimize')
  db.close()
}

/** True for a file that begins with SQLite's first 16 bytes (sqlite.org/fileformat2.html 1.3). Throws when it cannot be read. */
function looksLikeSqlite(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(SQLITE_MAGIC.length)
    const length = readSync(file, head, 0, head.length, 0)
    return length === head.length && head.toString('latin1') === SQLITE_MAGIC
  } finally {
    closeSync(file)
  }
}

/** Whose file is it? Only reads. */
function recognise(db: Database): Fault | null {
  const applicationId = Number(db.pragma('application_id', { simple: true }))
  if (applicationId !== APPLICATION_ID) return { kind: 'foreign', applicationId }
  const version = versionOf(db)
  if (version > SCHEMA_VERSION) return { kind: 'newer', version }
  return null
}

function setUp(db: Database, log: (line: string) => void): Fault | null {
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
  const complaint = check(db)
  if (complaint !== null) return { kind: 'damaged', detail: complaint }
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
  db.pragma(`journal_size_limit = ${WAL_SIZE_LIMIT_BYTES}`)
  db.pragma('foreign_keys = OFF')
  for (const migration of migrate(db)) log(`database migrated to version ${migration.version} (${migration.name})`)
  const dangling = firstDanglingReference(db)
  if (dangling !== null) return { kind: 'damaged', detail: dangling }
  db.pragma('foreign_keys = ON')
  return null
}

/** SQLite's own check of pages, types, NOT NULL and CHECK constraints; null when all is well. */
function check(db: Database): string | null {
  const first = db.pragma('quick_check(1)', { simple: true })
  // A heading that names the database may stand before what was found.
  const lines = String(first).split('\n')
  return first === 'ok' ? null : (lines.find((line) => !line.startsWith('***')) ?? String(lines[0]))
}

/** A row whose reference leads nowhere, as a tool that does not enforce foreign keys can leave it. */
function firstDanglingReference(db: Database): string | null {
  const row = db.prepare<[], { table: string; rowid: number; parent: string }>('PRAGMA foreign_key_check').get()
  return row === undefined ? null : `row ${row.rowid} of ${row.table} refers to a missing row of ${row.parent}`
}

function faultOf(error: unknown): Fault {
  if (error instanceof FutureDatabaseError) return { kind: 'newer', version: error.version }
  const detail = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'SQLITE_NOTADB') return { kind: 'damaged', detail }
  if (code.startsWith('SQLITE_CORRUPT')) return { kind: 'damaged', detail }
  return { kind: 'unreadable', detail }
}
