/** Sorting and type-ahead of list rows, quick enough for thousands of them. */
import type { ListColumn, SortDirection, SortValue } from './listViewTypes.ts'

const collator = new Intl.Collator('en', { sensitivity: 'base' })

function plainAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 126) return false
  return true
}

function compareValues(a: SortValue, b: SortValue): number {
  if (a === b) return 0
  if (a === null) return -1
  if (b === null) return 1
  if (typeof a === 'string' && typeof b === 'string') return collator.compare(a, b)
  return Number(a) - Number(b)
}

/** Order of two rows by their indexes. */
type CompareIndexes = (a: number, b: number) => number

/**
 * The quickest comparison that is right for these values: numbers as numbers, plain ASCII texts in lower case by code,
 * anything else by the slower, language-aware order. Null comes first.
 */
function comparison(values: readonly SortValue[]): CompareIndexes {
  if (values.every((value) => typeof value === 'number' || value === null)) {
    const keys = Float64Array.from(values, (value) => (value === null ? Number.NEGATIVE_INFINITY : Number(value)))
    return (a, b) => {
      const first = keys[a] ?? 0
      const second = keys[b] ?? 0
      return first < second ? -1 : first > second ? 1 : 0
    }
  }
  if (values.every((value) => typeof value === 'string' && plainAscii(value))) {
    const keys = values.map((value) => String(value).toLowerCase())
    return (a, b) => {
      const first = keys[a] ?? ''
      const second = keys[b] ?? ''
      return first < second ? -1 : first > second ? 1 : 0
    }
  }
  return (a, b) => compareValues(values[a] ?? null, values[b] ?? null)
}

/** Rows in the order of a column; stable, so equal rows keep the order they came in. */
export function sortRows<T>(rows: readonly T[], column: ListColumn<T> | undefined, direction: SortDirection): readonly T[] {
  if (column === undefined) return rows
  const sign = direction === 'ascending' ? 1 : -1
  const { compare } = column
  if (compare !== undefined) return [...rows].sort((a, b) => sign * compare(a, b))
  const { sortValue = column.text } = column
  const compareIndexes = comparison(rows.map(sortValue))
  const order = rows.map((_, index) => index).sort((a, b) => sign * compareIndexes(a, b))
  const sorted: T[] = []
  for (const index of order) {
    const row = rows[index]
    if (row !== undefined) sorted.push(row)
  }
  return sorted
}

/**
 * Index of the row that typed text leads to, or -1.
 *
 * One repeated character walks on from the focused row; a longer text may stay on it. Search wraps around.
 */
export function typeAheadIndex(texts: readonly string[], typed: string, focusedIndex: number): number {
  const wanted = typed.toLowerCase()
  if (wanted === '' || texts.length === 0) return -1
  const first = wanted.charAt(0)
  const repeated = [...wanted].every((character) => character === first)
  const prefix = repeated ? first : wanted
  const start = repeated ? focusedIndex + 1 : Math.max(0, focusedIndex)
  for (let offset = 0; offset < texts.length; offset += 1) {
    const index = (start + offset) % texts.length
    if (texts[index]?.toLowerCase().startsWith(prefix)) return index
  }
  return -1
}
