/**
 * The lock that lets one process at a time use a lab.
 *
 * It is an exclusive transaction on an empty side database. SQLite holds it as a lock of the operating system, which ends with the process
 * however the process ends: no stale lock after a kill, no process number to compare, on Windows as on Unix. The lab's own file is not locked
 * this way, so that any SQLite tool can read it while the program runs.
 */
import { connect, type Database } from './open.ts'

export type Locked =
  | { readonly ok: true; readonly lock: LabLock }
  /** `held`: someone else has it. `addon`: SQLite itself could not be loaded. `file`: the lock file cannot be made or opened. */
  | { readonly ok: false; readonly reason: 'held' | 'addon' | 'file'; readonly detail: string }

export interface LabLock {
  release(): void
}

/** Takes the lock, or tells at once that another process (or another lab of this process) holds it. */
export function takeLock(path: string, sqliteAddon: string | null): Locked {
  let db: Database | null = null
  try {
    db = connect(path, sqliteAddon, false)
    db.pragma('busy_timeout = 0')
    // Nothing is ever written to it: no journal file beside it.
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
    const held = db
    return { ok: true, lock: { release: () => held.close() } }
  } catch (error) {
    db?.close()
    return { ok: false, reason: reasonOf(error), detail: error instanceof Error ? error.message : String(error) }
  }
}

function reasonOf(error: unknown): 'held' | 'addon' | 'file' {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code.startsWith('SQLITE_BUSY')) return 'held'
  return code === 'ERR_DLOPEN_FAILED' || code === 'MODULE_NOT_FOUND' ? 'addon' : 'file'
}
