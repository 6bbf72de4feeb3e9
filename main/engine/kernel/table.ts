/**
 * Tables of immutable rows, and the record of what changed in them.
 *
 * All durable state of the simulation is rows; a row is replaced as a whole, never edited in place. The change log is what the service
 * writes in one transaction after each command, and what patches to the pages are made of.
 */
import { invariant } from './result.ts'

export interface Row {
  readonly id: string
}

/** Which ids of which tables changed since the log was last taken; net of puts that were deleted again. */
export type ChangeLog = Map<string, Set<string>>

export class Table<R extends Row> {
  readonly name: string
  readonly #rows = new Map<string, R>()
  readonly #observers: ((before: R | undefined, after: R | undefined) => void)[] = []
  readonly #changed: () => Set<string>

  constructor(name: string, changed: () => Set<string>) {
    this.name = name
    this.#changed = changed
  }

  get size(): number {
    return this.#rows.size
  }

  get(id: string): R | undefined {
    return this.#rows.get(id)
  }

  /** The row of that id, which must exist: asking for an unknown id is a bug of the caller. */
  require(id: string): R {
    const row = this.#rows.get(id)
    invariant(row !== undefined, `no row ${id} in ${this.name}`)
    return row
  }

  has(id: string): boolean {
    return this.#rows.has(id)
  }

  /** Rows in the order in which they were first put: a defined order, the same on every run and after a reload. */
  values(): IterableIterator<R> {
    return this.#rows.values()
  }

  put(row: R): void {
    const before = this.#rows.get(row.id)
    if (before === row) return
    this.#rows.set(row.id, row)
    for (const observe of this.#observers) observe(before, row)
    this.#changed().add(row.id)
  }

  /** Replaces some columns of an existing row. */
  patch(id: string, columns: Partial<Omit<R, 'id'>>): R {
    const next = { ...this.require(id), ...columns }
    this.put(next)
    return next
  }

  delete(id: string): void {
    const before = this.#rows.get(id)
    if (before === undefined) return
    this.#rows.delete(id)
    for (const observe of this.#observers) observe(before, undefined)
    this.#changed().add(id)
  }

  /** An index by a column; kept up to date from then on. */
  index(key: (row: R) => string | null): RowIndex<R> {
    const index = new RowIndex<R>(key)
    this.observe((before, after) => index.replace(before, after))
    return index
  }

  /** Calls `observe` for every row that is there and for every change from then on. */
  observe(observe: (before: R | undefined, after: R | undefined) => void): void {
    for (const row of this.#rows.values()) observe(undefined, row)
    this.#observers.push(observe)
  }
}

/** Rows of a table grouped by a key; a row whose key is null is left out. */
export class RowIndex<R extends Row> {
  readonly #key: (row: R) => string | null
  /** Most groups hold one row: it stands there by itself, without a map around it. */
  readonly #groups = new Map<string, R | Map<string, R>>()

  constructor(key: (row: R) => string | null) {
    this.#key = key
  }

  /** Rows of that key in the order in which they entered the group. */
  of(key: string): R[] {
    const group = this.#groups.get(key)
    if (group === undefined) return []
    return group instanceof Map ? [...group.values()] : [group]
  }

  /** The row that has been in the group longest. */
  first(key: string): R | undefined {
    const group = this.#groups.get(key)
    return group instanceof Map ? group.values().next().value : group
  }

  count(key: string): number {
    const group = this.#groups.get(key)
    if (group === undefined) return 0
    return group instanceof Map ? group.size : 1
  }

  replace(before: R | undefined, after: R | undefined): void {
    const oldKey = before ? this.#key(before) : null
    const newKey = after ? this.#key(after) : null
    if (before && oldKey !== null && oldKey !== newKey) this.#remove(oldKey, before.id)
    if (after && newKey !== null) this.#put(newKey, after)
  }

  #put(key: string, row: R): void {
    const group = this.#groups.get(key)
    if (group instanceof Map) group.set(row.id, row)
    else if (group === undefined || group.id === row.id) this.#groups.set(key, row)
    else {
      this.#groups.set(
        key,
        new Map([
          [group.id, group],
          [row.id, row],
        ]),
      )
    }
  }

  #remove(key: string, id: string): void {
    const group = this.#groups.get(key)
    if (group instanceof Map) {
      group.delete(id)
      if (group.size === 0) this.#groups.delete(key)
    } else if (group?.id === id) this.#groups.delete(key)
  }
}
