/**
 * Rows of one table between memory and file. Statements are prepared once; rows come and go as arrays, which is the fastest that
 * better-sqlite3 offers, and are put together by the column list of the schema.
 */
import type { Database } from 'better-sqlite3'
import { getTableColumns } from 'drizzle-orm'
import type { RowTypes, TableName } from '../../main/engine/rows.ts'
import { SCHEMA } from '../schema/tables.ts'

type SqlValue = string | number | null

interface StoredColumn {
  /** Property of the row. */
  readonly property: string
  /** Column in the file. */
  readonly name: string
  readonly form: 'plain' | 'boolean' | 'json'
}

export interface TableStore<Name extends TableName> {
  /** All rows in the order in which they were first written. */
  load(): RowTypes[Name][]
  /** Inserts the row, or replaces its columns and keeps its place. */
  write(row: RowTypes[Name]): void
  /** Deletes the row if it is there. */
  remove(id: string): void
}

/** The columns of a table's rows, `id` first; `place` belongs to the file alone. */
export function storedColumns(name: TableName): readonly StoredColumn[] {
  return Object.entries(getTableColumns(SCHEMA[name]))
    .filter(([property]) => property !== 'place')
    .map(([property, column]) => ({ property, name: column.name, form: formOf(column.dataType) }))
}

function formOf(dataType: string): StoredColumn['form'] {
  return dataType === 'boolean' || dataType === 'json' ? dataType : 'plain'
}

export function openTableStore<Name extends TableName>(db: Database, table: Name): TableStore<Name> {
  const columns = storedColumns(table)
  const names = columns.map((column) => `"${column.name}"`)
  const updates = names.filter((name) => name !== '"id"').map((name) => `${name} = excluded.${name}`)
  const select = db.prepare<[], SqlValue[]>(`SELECT ${names.join(', ')} FROM ${table} ORDER BY place`).raw()
  const upsert = db.prepare<SqlValue[]>(
    `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')}) ON CONFLICT (id) DO UPDATE SET ${updates.join(', ')}`,
  )
  const remove = db.prepare<[string]>(`DELETE FROM ${table} WHERE id = ?`)
  return {
    load: () => select.all().map((values) => decode(columns, values) as unknown as RowTypes[Name]),
    write: (row) => {
      upsert.run(...encode(columns, row))
    },
    remove: (id) => {
      remove.run(id)
    },
  }
}

/** The schema's compile-time check and the CHECKs of the file together make the result a row of the table. */
function decode(columns: readonly StoredColumn[], values: readonly SqlValue[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (let at = 0; at < columns.length; at++) {
    const column = columns[at]
    if (column === undefined) break
    const value = values[at]
    if (column.form === 'plain') row[column.property] = value
    else if (column.form === 'boolean') row[column.property] = value === 1
    else row[column.property] = JSON.parse(String(value))
  }
  return row
}

function encode(columns: readonly StoredColumn[], row: object): SqlValue[] {
  const given = row as Readonly<Record<string, unknown>>
  return columns.map((column) => {
    const value = given[column.property]
    if (column.form === 'boolean') return value ? 1 : 0
    if (column.form === 'json') return JSON.stringify(value)
    if (typeof value === 'string' || typeof value === 'number' || value === null) return value
    throw new TypeError(`column ${column.name} cannot hold ${String(value)}`)
  })
}
