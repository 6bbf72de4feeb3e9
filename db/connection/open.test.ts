import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteDatabase from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { APPLICATION_ID, SCHEMA_VERSION } from '../migrations/index.ts'
import { closeDatabase, createDatabase, type Database, type Opened, openDatabase } from './open.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'viridian-open-'))
  path = join(folder, 'lab.sqlite')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const open = (): Opened => openDatabase({ path, sqliteAddon: null, log: () => {} })

function opened(): Database {
  const result = open()
  if (!result.ok) throw new Error(JSON.stringify(result.fault))
  return result.db
}

function fault(): unknown {
  const result = open()
  if (result.ok) result.db.close()
  return result.ok ? null : result.fault
}

describe('opening a database', () => {
  it('sets every switch that durability and safety rest on', () => {
    createDatabase(path, null).close()
    const db = opened()
    const setting = (name: string) => db.pragma(name, { simple: true })
    expect(setting('journal_mode')).toBe('wal')
    expect(setting('synchronous')).toBe(2)
    expect(setting('foreign_keys')).toBe(1)
    expect(setting('busy_timeout')).toBe(2000)
    expect(setting('trusted_schema')).toBe(0)
    expect(setting('cell_size_check')).toBe(1)
    expect(setting('user_version')).toBe(SCHEMA_VERSION)
    closeDatabase(db)
  })

  it('tells a file that is not SQLite', () => {
    writeFileSync(path, 'Dear diary')
    expect(fault()).toEqual({ kind: 'not-sqlite' })
    writeFileSync(path, '')
    expect(fault()).toEqual({ kind: 'not-sqlite' })
  })

  it('tells a file of another program', () => {
    const other = new SqliteDatabase(path)
    other.exec('CREATE TABLE bookmark (url TEXT)')
    other.pragma('application_id = 252006673')
    other.close()
    expect(fault()).toEqual({ kind: 'foreign', applicationId: 252_006_673 })
  })

  it('tells a file of a later version', () => {
    const later = createDatabase(path, null)
    later.pragma(`user_version = ${SCHEMA_VERSION + 3}`)
    later.close()
    expect(fault()).toEqual({ kind: 'newer', version: SCHEMA_VERSION + 3 })
  })

  it('tells rows that a tool without foreign keys has left dangling', () => {
    const db = createDatabase(path, null)
    db.pragma('foreign_keys = OFF')
    db.exec("INSERT INTO drive VALUES (1, 'd', 'nobody', 'dvd', 'ide', 1, 0, NULL)")
    db.close()
    expect(fault()).toEqual({ kind: 'damaged', detail: 'row 1 of drive refers to a missing row of virtual_machine' })
  })

  it('tells values that a tool without checks has left', () => {
    const db = createDatabase(path, null)
    db.pragma('ignore_check_constraints = ON')
    db.exec("INSERT INTO lab VALUES (1, 'lab', 'x', 1, 0, -5, 1, 1)")
    db.close()
    expect(fault()).toEqual({ kind: 'damaged', detail: 'CHECK constraint failed in lab' })
  })

  it('tells a path that cannot be read', () => {
    expect(fault()).toMatchObject({ kind: 'unreadable' })
  })

  it('refuses a Node on which the addon would end the process without a message', () => {
    const present = Object.getOwnPropertyDescriptor(process, 'versions') ?? {}
    Object.defineProperty(process, 'versions', { ...present, value: { ...process.versions, node: '20.19.5' } })
    try {
      expect(() => createDatabase(path, null)).toThrow('it needs Node 22 or newer, and this is 20.19.5')
    } finally {
      Object.defineProperty(process, 'versions', present)
    }
    createDatabase(path, null).close()
  })

  it('marks a new file as its own', () => {
    const db = createDatabase(path, null)
    expect(db.pragma('application_id', { simple: true })).toBe(APPLICATION_ID)
    db.close()
  })
})
