/** The migrations of a lab file in their order, and the one function that runs them. */
import type { Database } from 'better-sqlite3'
import { FIRST } from './0001_first.ts'
import { HYPERVISOR } from './0002_hypervisor.ts'
import { LOAD } from './0004_load.ts'
import { FAULTS } from './0005_faults.ts'
import { DISKS } from './0006_disks.ts'
import { SETTINGS } from './0007_settings.ts'
import { CHECKPOINTS } from './0008_checkpoints.ts'

export interface Migration {
  /** The `user_version` that a file has after it; strictly increasing. */
  readonly version: number
  readonly name: string
  readonly sql: string
}

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: 'first tables', sql: FIRST },
  { version: 2, name: 'hypervisor', sql: HYPERVISOR },
  { version: 4, name: 'load', sql: LOAD },
  { version: 5, name: 'faults', sql: FAULTS },
  { version: 6, name: 'disks', sql: DISKS },
  { version: 7, name: 'settings of virtual machines', sql: SETTINGS },
  { version: 8, name: 'checkpoints', sql: CHECKPOINTS },
]

/** The version that this program reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS[MIGRATIONS.length - 1]?.version ?? 0

/** `application_id` of a lab file: the letters VRDN. */
export const APPLICATION_ID = 0x5652444e

/** The file was written by a later version of the program; it has not been touched. */
export class FutureDatabaseError extends Error {
  readonly version: number

  constructor(version: number) {
    super(`database version ${version} is newer than ${SCHEMA_VERSION}, the newest that this program knows`)
    this.name = 'FutureDatabaseError'
    this.version = version
  }
}

/** The `user_version` of the file. */
export function versionOf(db: Database): number {
  return Number(db.pragma('user_version', { simple: true }))
}

/**
 * Brings a file to `upTo`, one transaction per migration with its version number inside, so that a kill leaves either the old version or
 * the new one. Throws FutureDatabaseError for a file from a later program. Returns the versions that were run.
 */
export function migrate(db: Database, upTo: number = SCHEMA_VERSION): readonly Migration[] {
  const present = versionOf(db)
  if (present > SCHEMA_VERSION) throw new FutureDatabaseError(present)
  const due = MIGRATIONS.filter((migration) => migration.version > present && migration.version <= upTo)
  for (const migration of due) {
    db.transaction(() => {
      db.exec(migration.sql)
      db.pragma(`application_id = ${APPLICATION_ID}`)
      db.pragma(`user_version = ${migration.version}`)
    }).immediate()
  }
  return due
}
