import type { Virtualizer } from '@tanstack/react-virtual'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type RefObject, useEffect, useMemo, useRef } from 'react'
import { listViewReducer } from './listViewReducer.ts'
import type { ListColumn, ListMove, ListViewAction, ListViewState } from './listViewTypes.ts'
import { sortRows, typeAheadIndex } from './sortRows.ts'
import { useTypeAhead } from './useTypeAhead.ts'

export interface ListControllerOptions<T> {
  readonly rows: readonly T[]
  readonly getId: (row: T) => string
  readonly columns: readonly ListColumn<T>[]
  readonly state: ListViewState
  readonly onStateChange: (state: ListViewState) => void
  readonly onActivate?: ((id: string) => void) | undefined
  readonly onVisibleRange?: ((ids: readonly string[]) => void) | undefined
  readonly rowHeight: number
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly beginRename: (id: string) => void
  readonly openMenuByKey: (id: string | null) => void
  readonly multiSelect: boolean
}

export interface ListController<T> {
  /** Rows in the order on screen. */
  readonly sorted: readonly T[]
  readonly ids: readonly string[]
  /** Place of each id on screen. */
  readonly places: ReadonlyMap<string, number>
  /** Shown columns in their order. */
  readonly shown: readonly { readonly column: ListColumn<T>; readonly width: number }[]
  readonly totalWidth: number
  readonly virtual: Virtualizer<HTMLDivElement, Element>
  readonly dispatch: (action: ListViewAction) => void
  /** Handles a key of the list; returns whether it had a meaning. */
  readonly handleKey: (event: KeyboardEvent) => boolean
}

const moves: Readonly<Record<string, ListMove>> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  Home: 'home',
  End: 'end',
  PageUp: 'pageUp',
  PageDown: 'pageDown',
}

/** Keeps the state's ids true to the rows that exist and tells which rows are on screen. */
function useListEffects<T>(
  options: ListControllerOptions<T>,
  ids: readonly string[],
  places: ReadonlyMap<string, number>,
  virtual: Virtualizer<HTMLDivElement, Element>,
): void {
  const { state, onStateChange, onVisibleRange } = options
  useEffect(() => {
    const next = listViewReducer(state, { type: 'retain', ids: places })
    if (next !== state) onStateChange(next)
  }, [places, state, onStateChange])
  const items = virtual.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? -1
  useEffect(() => {
    onVisibleRange?.(ids.slice(first, last + 1))
  }, [ids, first, last, onVisibleRange])
}

/** Behaviour of the report list: sorting, selection, keys, virtual rows. */
export function useListView<T>(options: ListControllerOptions<T>): ListController<T> {
  const { rows, getId, columns, state, onStateChange, rowHeight, scroller } = options
  const typed = useTypeAhead()
  const sortColumn = columns.find((column) => column.id === state.sort?.columnId)
  const direction = state.sort?.direction ?? 'ascending'
  const sorted = useMemo(() => sortRows(rows, sortColumn, direction), [rows, sortColumn, direction])
  const ids = useMemo(() => sorted.map(getId), [sorted, getId])
  // Thousands of rows are looked up with every key and click.
  const places = useMemo(() => new Map(ids.map((id, index) => [id, index])), [ids])
  const shown = state.columns.flatMap(({ id, width }) => columns.filter((column) => column.id === id).map((column) => ({ column, width })))
  const totalWidth = shown.reduce((sum, { width }) => sum + width, 0)
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    scrollMargin: listHeaderHeight,
    scrollPaddingStart: listHeaderHeight,
  })
  useListEffects(options, ids, places, virtual)
  const latest = useRef(state)
  useEffect(() => {
    latest.current = state
  }, [state])
  const scrollTo = (id: string | null): void => {
    const index = id === null ? -1 : (places.get(id) ?? -1)
    if (index >= 0) virtual.scrollToIndex(index, { align: 'auto' })
  }
  const dispatch = (action: ListViewAction): void => {
    const next = listViewReducer(latest.current, action)
    if (next === latest.current) return
    latest.current = next
    onStateChange(next)
    if (action.type === 'move' || action.type === 'select') scrollTo(next.focusedId)
  }
  const handleKey = (event: KeyboardEvent): boolean => {
    const pageSize = Math.floor(((scroller.current?.clientHeight ?? rowHeight) - listHeaderHeight) / rowHeight) - 1
    const command = listKey(event, options, state.focusedId)
    if (command !== null) {
      command(dispatch, ids, pageSize)
      return true
    }
    if (event.key.length !== 1 || event.ctrlKey || event.altKey || event.metaKey) return false
    const texts = sorted.map(columns.find((column) => column.id === shown[0]?.column.id)?.text ?? getId)
    const found = ids[typeAheadIndex(texts, typed(event.key), state.focusedId === null ? -1 : (places.get(state.focusedId) ?? -1))]
    if (found !== undefined) dispatch({ type: 'select', id: found })
    return true
  }
  return { sorted, ids, places, shown, totalWidth, virtual, dispatch, handleKey }
}

/** Height of the header in CSS pixels, as in `tokens.css`. */
export const listHeaderHeight = 24

type ListCommand = (dispatch: (action: ListViewAction) => void, ids: readonly string[], pageSize: number) => void

/** What a key means in the list; null = nothing, perhaps type-ahead. */
function listKey<T>(event: KeyboardEvent, options: ListControllerOptions<T>, focusedId: string | null): ListCommand | null {
  const { multiSelect, onActivate, beginRename, openMenuByKey } = options
  const move = moves[event.key]
  if (move !== undefined && !event.altKey) {
    const modifiers = { ctrl: multiSelect && event.ctrlKey, shift: multiSelect && event.shiftKey }
    return (dispatch, ids, pageSize) => dispatch({ type: 'move', move, ...modifiers, pageSize, ids })
  }
  if (event.ctrlKey && !event.altKey && event.key.toLowerCase() === 'a')
    return multiSelect ? (dispatch, ids) => dispatch({ type: 'selectAll', ids }) : null
  if (event.key === ' ') {
    if (focusedId === null) return null
    return event.ctrlKey && multiSelect
      ? (dispatch) => dispatch({ type: 'toggleFocused' })
      : (dispatch) => dispatch({ type: 'select', id: focusedId })
  }
  if (event.ctrlKey || event.altKey) return null
  if (event.key === 'Enter' && onActivate !== undefined && focusedId !== null) return () => onActivate(focusedId)
  if (event.key === 'F2' && focusedId !== null) return () => beginRename(focusedId)
  if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) return () => openMenuByKey(focusedId)
  return null
}
