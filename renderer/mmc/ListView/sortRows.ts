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
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  return Number(a) - Number(b)
}

/** Sort keys: texts without regard to case. Only when a text is not plain ASCII is the slower, language-aware order used. */
function prepare(values: readonly SortValue[]): {
  readonly keys: readonly SortValue[]
  readonly compare: (a: SortValue, b: SortValue) => number
} {
  if (values.every((value) => typeof value !== 'string' || plainAscii(value)))
    return { keys: values.map((value) => (typeof value === 'string' ? value.toLowerCase() : value)), compare: compareValues }
  return {
    keys: values,
    compare: (a, b) => (typeof a === 'string' && typeof b === 'string' ? collator.compare(a, b) : compareValues(a, b)),
  }
}

/** Rows in the order of a column; stable, so equal rows keep the order they came in. */
export function sortRows<T>(rows: readonly T[], column: ListColumn<T> | undefined, direction: SortDirection): readonly T[] {
  if (column === undefined) return rows
  const sign = direction === 'ascending' ? 1 : -1
  const { compare } = column
  if (compare !== undefined) return [...rows].sort((a, b) => sign * compare(a, b))
  const { sortValue = column.text } = column
  const { keys, compare: compareKeys } = prepare(rows.map(sortValue))
  const order = rows.map((_, index) => index)
  order.sort((a, b) => sign * compareKeys(keys[a] ?? null, keys[b] ?? null) || a - b)
  return order.flatMap((index) => {
    const row = rows[index]
    return row === undefined ? [] : [row]
  })
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
