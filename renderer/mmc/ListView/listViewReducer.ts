/** Pure state changes of the report list, after the Windows list-view's behaviour. */
import type { ListColumn, ListMove, ListViewAction, ListViewState, ShownColumn } from './listViewTypes.ts'

/** First state: nothing selected, the given columns at their first widths. */
export function initialListViewState<T>(
  columns: readonly ListColumn<T>[],
  sort: ListViewState['sort'] = null,
  shownIds?: readonly string[],
): ListViewState {
  const shown = shownIds === undefined ? columns : shownIds.flatMap((id) => columns.filter((column) => column.id === id))
  return {
    selectedIds: new Set(),
    focusedId: null,
    anchorId: null,
    sort,
    columns: shown.map((column) => ({ id: column.id, width: column.width })),
  }
}

function range(ids: readonly string[], from: string | null, to: string): readonly string[] {
  const end = ids.indexOf(to)
  const start = from === null ? end : ids.indexOf(from)
  if (end < 0) return []
  const first = start < 0 ? end : start
  return ids.slice(Math.min(first, end), Math.max(first, end) + 1)
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set)
  if (!next.delete(id)) next.add(id)
  return next
}

function press(state: ListViewState, action: Extract<ListViewAction, { type: 'press' }>): ListViewState {
  const { id, ctrl, shift, ids } = action
  if (shift) {
    const anchorId = state.anchorId ?? state.focusedId ?? id
    const span = range(ids, anchorId, id)
    return { ...state, selectedIds: new Set(ctrl ? [...state.selectedIds, ...span] : span), focusedId: id, anchorId }
  }
  if (ctrl) return { ...state, selectedIds: toggled(state.selectedIds, id), focusedId: id, anchorId: id }
  return selectOnly(state, id)
}

function selectOnly(state: ListViewState, id: string): ListViewState {
  const same = state.selectedIds.size === 1 && state.selectedIds.has(id) && state.focusedId === id && state.anchorId === id
  return same ? state : { ...state, selectedIds: new Set([id]), focusedId: id, anchorId: id }
}

function target(index: number, move: ListMove, pageSize: number, count: number): number {
  const last = count - 1
  const page = Math.max(1, pageSize)
  if (move === 'home') return 0
  if (move === 'end') return last
  if (index < 0) return 0
  const step = { up: -1, down: 1, pageUp: -page, pageDown: page }[move]
  return Math.min(last, Math.max(0, index + step))
}

function moveFocus(state: ListViewState, action: Extract<ListViewAction, { type: 'move' }>): ListViewState {
  const { ids, move, ctrl, shift, pageSize } = action
  const index = state.focusedId === null ? -1 : ids.indexOf(state.focusedId)
  const id = ids[target(index, move, pageSize, ids.length)]
  if (id === undefined) return state
  if (shift) {
    const anchorId = state.anchorId ?? state.focusedId ?? id
    const span = range(ids, anchorId, id)
    return { ...state, selectedIds: new Set(ctrl ? [...state.selectedIds, ...span] : span), focusedId: id, anchorId }
  }
  return ctrl ? { ...state, focusedId: id } : selectOnly(state, id)
}

function moveColumn(columns: readonly ShownColumn[], columnId: string, toIndex: number): readonly ShownColumn[] {
  const from = columns.findIndex((column) => column.id === columnId)
  const moved = columns[from]
  if (moved === undefined) return columns
  const rest = columns.filter((column) => column.id !== columnId)
  const at = Math.max(0, Math.min(rest.length, toIndex > from ? toIndex - 1 : toIndex))
  return at === from ? columns : [...rest.slice(0, at), moved, ...rest.slice(at)]
}

function retain(state: ListViewState, ids: Pick<ReadonlySet<string>, 'has'>): ListViewState {
  const kept = (id: string | null): string | null => (id !== null && ids.has(id) ? id : null)
  const focusedId = kept(state.focusedId)
  const anchorId = kept(state.anchorId)
  const gone = [...state.selectedIds].some((id) => !ids.has(id))
  if (!gone && focusedId === state.focusedId && anchorId === state.anchorId) return state
  const selectedIds = gone ? new Set([...state.selectedIds].filter((id) => ids.has(id))) : state.selectedIds
  return { ...state, selectedIds, focusedId, anchorId }
}

/** Next state of a list; returns the same object when nothing changes. */
export function listViewReducer(state: ListViewState, action: ListViewAction): ListViewState {
  switch (action.type) {
    case 'press':
      return press(state, action)
    case 'pressForMenu':
      return state.selectedIds.has(action.id) ? { ...state, focusedId: action.id } : selectOnly(state, action.id)
    case 'clear':
      return state.selectedIds.size === 0 ? state : { ...state, selectedIds: new Set() }
    case 'move':
      return moveFocus(state, action)
    case 'select':
      return selectOnly(state, action.id)
    case 'toggleFocused':
      return state.focusedId === null
        ? state
        : { ...state, selectedIds: toggled(state.selectedIds, state.focusedId), anchorId: state.focusedId }
    case 'selectAll':
      return { ...state, selectedIds: new Set(action.ids), focusedId: state.focusedId ?? action.ids[0] ?? null }
    case 'sortBy': {
      const again = state.sort?.columnId === action.columnId && state.sort.direction === 'ascending'
      return { ...state, sort: { columnId: action.columnId, direction: again ? 'descending' : 'ascending' } }
    }
    case 'resizeColumn': {
      const width = Math.max(action.minWidth, Math.round(action.width))
      return { ...state, columns: state.columns.map((column) => (column.id === action.columnId ? { ...column, width } : column)) }
    }
    case 'moveColumn':
      return { ...state, columns: moveColumn(state.columns, action.columnId, action.toIndex) }
    case 'setColumns':
      return { ...state, columns: action.columns }
    case 'retain':
      return retain(state, action.ids)
  }
}
