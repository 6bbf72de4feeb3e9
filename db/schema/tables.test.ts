import SqliteDatabase from 'better-sqlite3'
import { getTableConfig } from 'drizzle-orm/sqlite-core'
import { afterAll, describe, expect, it } from 'vitest'
import { TABLE_NAMES } from '../../main/engine/rows.ts'
import { migrate } from '../migrations/index.ts'
import { SCHEMA } from './tables.ts'

const db = new SqliteDatabase(':memory:')
migrate(db)
afterAll(() => {
  db.close()
})

interface ColumnInfo {
  readonly name: string
  readonly type: string
  readonly notnull: number
  readonly pk: number
}

interface KeyInfo {
  readonly table: string
  readonly from: string
  readonly to: string
  readonly on_update: string
  readonly on_delete: string
}

const sqlOf = (table: string): string =>
  db.prepare<[string], { sql: string }>("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table)?.sql ?? ''

describe('schema definitions and migrated database', () => {
  it('have the same tables', () => {
    const migrated = db.prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
    expect(migrated.map((row) => row.name)).toEqual(TABLE_NAMES.toSorted())
    expect(Object.keys(SCHEMA).toSorted()).toEqual(TABLE_NAMES.toSorted())
  })

  it.each(TABLE_NAMES)('agree on the columns of %s', (name) => {
    const migrated = db
      .prepare<[], ColumnInfo>(`PRAGMA table_info(${name})`)
      .all()
      .map((column) => [column.name, column.type, column.notnull === 1, column.pk === 1])
    const defined = getTableConfig(SCHEMA[name]).columns.map((column) => [
      column.name,
      column.getSQLType().toUpperCase(),
      column.notNull,
      column.primary,
    ])
    expect(migrated).toEqual(defined)
  })

  it.each(TABLE_NAMES)('agree on the foreign keys of %s, none of which acts on its own', (name) => {
    const migrated = db.prepare<[], KeyInfo>(`PRAGMA foreign_key_list(${name})`).all()
    const defined = getTableConfig(SCHEMA[name]).foreignKeys.map((key) => {
      const { columns, foreignColumns, foreignTable } = key.reference()
      return `${columns[0]?.name} -> ${getTableConfig(foreignTable).name}.${foreignColumns[0]?.name}`
    })
    expect(migrated.map((key) => `${key.from} -> ${key.table}.${key.to}`).toSorted()).toEqual(defined.toSorted())
    for (const key of migrated) expect([key.on_update, key.on_delete]).toEqual(['NO ACTION', 'NO ACTION'])
    expect(sqlOf(name).match(/DEFERRABLE INITIALLY DEFERRED/g)?.length ?? 0).toBe(migrated.length)
  })

  it.each(TABLE_NAMES)('agree on the words that columns of %s may hold', (name) => {
    for (const column of getTableConfig(SCHEMA[name]).columns) {
      if (column.enumValues === undefined) continue
      const words = column.enumValues.map((word: string) => `'${word}'`).join(', ')
      expect(sqlOf(name)).toContain(`CHECK (${column.name} IN (${words}))`)
    }
  })

  it('is strict in every table and names rows by a unique id', () => {
    for (const name of TABLE_NAMES) {
      const flags = db.prepare<[string], { strict: number }>('SELECT strict FROM pragma_table_list WHERE name = ?').get(name)
      expect(flags?.strict).toBe(1)
      const unique = db.prepare<[], { origin: string; name: string }>(`PRAGMA index_list(${name})`).all()
      expect(unique.some((index) => index.origin === 'u')).toBe(true)
    }
  })
})
