/**
 * The whole lab between memory and file: load once, then one transaction for each command's changes.
 */
import type { Database } from 'better-sqlite3'
import type { ChangeLog } from '../../main/engine/kernel/table.ts'
import { TABLE_NAMES, type TableName } from '../../main/engine/rows.ts'
import type { LabRows, Tables } from '../../main/engine/world.ts'
import { openTableStore, type TableStore } from './table-store.ts'

type Stores = { readonly [Name in TableName]: TableStore<Name> }

/** The changes of one command could not be written; nothing of them is in the file. Committing the same changes again is allowed. */
export class CommitError extends Error {
  /** SQLite's name of the failure, such as `SQLITE_FULL`. */
  readonly code: string

  constructor(sentence: string, code: string, cause: unknown) {
    super(sentence, { cause })
    this.name = 'CommitError'
    this.code = code
  }
}

export interface LabStore {
  /** All rows, table by table in the order of TABLE_NAMES, rows in the order in which they were first written. */
  load(): LabRows
  /** Writes a whole lab into an empty file, in one transaction. */
  fill(rows: LabRows): void
  /**
   * Makes changes durable in one transaction: deletes in reverse table order, then inserts and updates in table order. When it returns, they
   * are on the disk; when it throws CommitError, none of them is.
   */
  commit(world: { readonly tables: Tables }, changes: ChangeLog): void
}

export function openLabStore(db: Database): LabStore {
  const stores = openStores(db)
  const transaction = openTransaction(db)
  return {
    load: () => Object.fromEntries(TABLE_NAMES.map((name) => [name, stores[name].load()])),
    fill: (rows) =>
      transaction(() => {
        for (const name of TABLE_NAMES) fillTable(stores, rows, name)
      }),
    commit: (world, changes) => {
      for (const name of changes.keys()) if (!isTableName(name)) throw new TypeError(`no table ${name} in a lab`)
      transaction(() => {
        for (const name of TABLE_NAMES.toReversed()) removeGone(stores, world.tables, changes, name)
        for (const name of TABLE_NAMES) writePresent(stores, world.tables, changes, name)
      })
    },
  }
}

function openStores(db: Database): Stores {
  return {
    lab: openTableStore(db, 'lab'),
    random_stream: openTableStore(db, 'random_stream'),
    pending_event: openTableStore(db, 'pending_event'),
    host: openTableStore(db, 'host'),
    volume: openTableStore(db, 'volume'),
    host_file: openTableStore(db, 'host_file'),
    virtual_switch: openTableStore(db, 'virtual_switch'),
    virtual_machine: openTableStore(db, 'virtual_machine'),
    network_adapter: openTableStore(db, 'network_adapter'),
    drive: openTableStore(db, 'drive'),
    checkpoint: openTableStore(db, 'checkpoint'),
    checkpoint_item: openTableStore(db, 'checkpoint_item'),
    guest: openTableStore(db, 'guest'),
    partition: openTableStore(db, 'partition'),
    virtual_processor: openTableStore(db, 'virtual_processor'),
    vmbus_channel: openTableStore(db, 'vmbus_channel'),
    saved_stack: openTableStore(db, 'saved_stack'),
    job: openTableStore(db, 'job'),
    log_record: openTableStore(db, 'log_record'),
    preference: openTableStore(db, 'preference'),
    fault: openTableStore(db, 'fault'),
    job_timing: openTableStore(db, 'job_timing'),
    dynamic_memory: openTableStore(db, 'dynamic_memory'),
    counter_watch: openTableStore(db, 'counter_watch'),
    counter_sample: openTableStore(db, 'counter_sample'),
    file_work: openTableStore(db, 'file_work'),
    made_file: openTableStore(db, 'made_file'),
    disk_layout: openTableStore(db, 'disk_layout'),
  }
}

function isTableName(name: string): name is TableName {
  return TABLE_NAMES.some((known) => known === name)
}

function fillTable<Name extends TableName>(stores: Stores, rows: LabRows, name: Name): void {
  const store: TableStore<Name> = stores[name]
  for (const row of rows[name] ?? []) store.write(row)
}

function removeGone(stores: Stores, tables: Tables, changes: ChangeLog, name: TableName): void {
  for (const id of changes.get(name) ?? []) if (!tables[name].has(id)) stores[name].remove(id)
}

function writePresent<Name extends TableName>(stores: Stores, tables: Tables, changes: ChangeLog, name: Name): void {
  const ids = changes.get(name)
  if (ids === undefined) return
  const store: TableStore<Name> = stores[name]
  for (const id of ids) {
    const row = tables[name].get(id)
    if (row !== undefined) store.write(row)
  }
}

/** One transaction around a synchronous piece of work; failures come out as CommitError. */
function openTransaction(db: Database): (work: () => void) => void {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  return (work) => {
    try {
      begin.run()
      work()
      commit.run()
    } catch (error) {
      const failure = commitErrorOf(db, error)
      // SQLite has already rolled back by itself after some failures, a full disk among them.
      if (db.inTransaction) rollback.run()
      throw failure
    }
  }
}

function commitErrorOf(db: Database, error: unknown): CommitError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'BUG'
  const message = error instanceof Error ? error.message : String(error)
  if (code === 'SQLITE_FULL') return new CommitError('The lab could not be saved: the disk is full.', code, error)
  if (code.startsWith('SQLITE_IOERR'))
    return new CommitError(`The lab could not be saved: the disk reported an error (${code}).`, code, error)
  if (code.startsWith('SQLITE_BUSY')) {
    return new CommitError('The lab could not be saved: another program holds the lab file.', code, error)
  }
  if (code === 'SQLITE_CONSTRAINT_FOREIGNKEY') {
    return new CommitError(`The lab could not be saved: rows refer to missing rows (${danglingReferences(db)}).`, code, error)
  }
  return new CommitError(`The lab could not be saved: ${message} (${code}).`, code, error)
}

/** Which rows break a foreign key, as `table → parent`; asked while the failed transaction is still open. */
function danglingReferences(db: Database): string {
  if (!db.inTransaction) return 'unknown'
  const rows = db.prepare<[], { table: string; parent: string }>('PRAGMA foreign_key_check').all()
  return [...new Set(rows.map((row) => `${row.table} to ${row.parent}`))].join(', ')
}
