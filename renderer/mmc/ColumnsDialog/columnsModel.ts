/** Pure state of the Add/Remove Columns box. */
export interface ColumnChoice {
  readonly id: string
  readonly title: string
  /** Cannot be removed, e.g. the name. Default false. */
  readonly fixed?: boolean
}

export interface ColumnsState {
  /** Ids of the displayed columns in their order. */
  readonly displayed: readonly string[]
  readonly availableId: string | null
  readonly displayedId: string | null
}

export type ColumnsAction =
  | { readonly type: 'pickAvailable' | 'pickDisplayed'; readonly id: string }
  | { readonly type: 'add' | 'remove' | 'moveUp' | 'moveDown' }
  | { readonly type: 'restore'; readonly defaults: readonly string[] }

/** Columns not displayed, in the order of the list of all. */
export function availableColumns(all: readonly ColumnChoice[], displayed: readonly string[]): readonly ColumnChoice[] {
  return all.filter((column) => !displayed.includes(column.id))
}

/** Which buttons answer. */
export function columnsButtons(all: readonly ColumnChoice[], state: ColumnsState) {
  const index = state.displayedId === null ? -1 : state.displayed.indexOf(state.displayedId)
  const fixed = all.find((column) => column.id === state.displayedId)?.fixed === true
  return {
    add: state.availableId !== null,
    remove: index >= 0 && !fixed,
    moveUp: index > 0,
    moveDown: index >= 0 && index < state.displayed.length - 1,
  }
}

function swapped(ids: readonly string[], index: number, by: 1 | -1): readonly string[] {
  const next = [...ids]
  const [moved] = next.splice(index, 1)
  if (moved !== undefined) next.splice(index + by, 0, moved)
  return next
}

export function columnsReducer(all: readonly ColumnChoice[], state: ColumnsState, action: ColumnsAction): ColumnsState {
  const buttons = columnsButtons(all, state)
  const index = state.displayedId === null ? -1 : state.displayed.indexOf(state.displayedId)
  switch (action.type) {
    case 'pickAvailable':
      return { ...state, availableId: action.id }
    case 'pickDisplayed':
      return { ...state, displayedId: action.id }
    case 'add': {
      if (!buttons.add || state.availableId === null) return state
      const at = index < 0 ? state.displayed.length : index + 1
      const displayed = [...state.displayed.slice(0, at), state.availableId, ...state.displayed.slice(at)]
      const before = availableColumns(all, state.displayed)
      const place = before.findIndex((column) => column.id === state.availableId)
      const left = availableColumns(all, displayed)
      return { displayed, displayedId: state.availableId, availableId: left[Math.min(place, left.length - 1)]?.id ?? null }
    }
    case 'remove': {
      if (!buttons.remove || state.displayedId === null) return state
      const displayed = state.displayed.filter((id) => id !== state.displayedId)
      return { displayed, availableId: state.displayedId, displayedId: displayed[Math.min(index, displayed.length - 1)] ?? null }
    }
    case 'moveUp':
      return buttons.moveUp ? { ...state, displayed: swapped(state.displayed, index, -1) } : state
    case 'moveDown':
      return buttons.moveDown ? { ...state, displayed: swapped(state.displayed, index, 1) } : state
    case 'restore':
      return { displayed: action.defaults, availableId: null, displayedId: action.defaults[0] ?? null }
  }
}
