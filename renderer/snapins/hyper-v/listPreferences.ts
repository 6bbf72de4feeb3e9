/** What the list of virtual machines remembers: which columns, how wide, in which order, and the sort. */
import { initialListViewState, type ListColumn, type ListSort, type ListViewState, type ShownColumn } from '../../mmc/index.ts'

export interface RememberedList {
  readonly columns: readonly ShownColumn[]
  readonly sort: ListSort | null
}

/** Greatest remembered width, CSS pixels. */
const WIDTH_MAX = 4000

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isShownColumn(value: unknown): value is ShownColumn {
  return isRecord(value) && typeof value['id'] === 'string' && Number.isFinite(value['width'])
}

function isSort(value: unknown): value is ListSort {
  return (
    isRecord(value) && typeof value['columnId'] === 'string' && (value['direction'] === 'ascending' || value['direction'] === 'descending')
  )
}

/** Whether a parsed preference has the right shape; what it names is checked by `restoreList`. */
export function isRememberedList(value: unknown): value is RememberedList {
  if (!isRecord(value) || !Array.isArray(value['columns'])) return false
  return value['columns'].every(isShownColumn) && (value['sort'] === null || isSort(value['sort']))
}

/** The first state of the list: what is remembered, without columns that are not offered any more; the fixed column is always there. */
export function restoreList<T>(
  columns: readonly ListColumn<T>[],
  defaults: readonly string[],
  fixedId: string,
  remembered: RememberedList | null,
): ListViewState {
  const first = initialListViewState(columns, { columnId: fixedId, direction: 'ascending' }, defaults)
  if (remembered === null) return first
  const shown = remembered.columns.flatMap(({ id, width }, index) => {
    const column = columns.find((each) => each.id === id)
    const repeated = remembered.columns.findIndex((each) => each.id === id) !== index
    if (column === undefined || repeated) return []
    return [{ id, width: Math.min(WIDTH_MAX, Math.max(column.minWidth ?? 24, Math.round(width))) }]
  })
  if (!shown.some(({ id }) => id === fixedId)) return first
  const sort = remembered.sort !== null && columns.some(({ id }) => id === remembered.sort?.columnId) ? remembered.sort : first.sort
  return { ...first, columns: shown, sort }
}

/** Columns after the Add/Remove Columns box: kept ones keep their width, new ones get their first one. */
export function withDisplayed<T>(
  columns: readonly ListColumn<T>[],
  shown: readonly ShownColumn[],
  displayed: readonly string[],
): readonly ShownColumn[] {
  return displayed.flatMap((id) => {
    const present = shown.find((each) => each.id === id)
    if (present !== undefined) return [present]
    return columns.filter((column) => column.id === id).map((column) => ({ id, width: column.width }))
  })
}
