/** Types of the report list: its columns and the state that the owner keeps. */
import type { ReactNode } from 'react'

export type SortDirection = 'ascending' | 'descending'
export type SortValue = string | number | boolean | null

export interface ListColumn<T> {
  readonly id: string
  /** Header text. */
  readonly header: string
  /** First width in CSS pixels. */
  readonly width: number
  /** Least width in CSS pixels. Default 24. */
  readonly minWidth?: number
  readonly align?: 'start' | 'end' | 'center'
  /** Cell text: shown unless `render` is given; also what type-ahead, column fit and copying use. */
  readonly text: (row: T) => string
  /** Cell content when plain text is not enough. */
  readonly render?: (row: T) => ReactNode
  /** What sorting compares; null sorts first. Default: `text`. */
  readonly sortValue?: (row: T) => SortValue
  /** Order of two rows when values are not enough; ascending. */
  readonly compare?: (a: T, b: T) => number
  /** False takes the sort click away. Default true. */
  readonly sortable?: boolean
}

export interface ListSort {
  readonly columnId: string
  readonly direction: SortDirection
}

/** A shown column: which, and how wide in CSS pixels. Order in the array is order on screen. */
export interface ShownColumn {
  readonly id: string
  readonly width: number
}

/** Everything of a list that outlives a render; kept by the owner and changed only by `listViewReducer`. */
export interface ListViewState {
  readonly selectedIds: ReadonlySet<string>
  /** Row with the focus rectangle; may be unselected. */
  readonly focusedId: string | null
  /** Row from which Shift extends. */
  readonly anchorId: string | null
  readonly sort: ListSort | null
  readonly columns: readonly ShownColumn[]
}

export type ListMove = 'up' | 'down' | 'home' | 'end' | 'pageUp' | 'pageDown'

export type ListViewAction =
  /** Mouse button or activation on a row. `ids` is the order on screen. */
  | { readonly type: 'press'; readonly id: string; readonly ctrl: boolean; readonly shift: boolean; readonly ids: readonly string[] }
  /** Right button: keeps a selection that holds the row, else selects it alone. */
  | { readonly type: 'pressForMenu'; readonly id: string }
  /** Empty area: clears the selection. */
  | { readonly type: 'clear' }
  | {
      readonly type: 'move'
      readonly move: ListMove
      readonly ctrl: boolean
      readonly shift: boolean
      /** Rows of one page, at least 1. */
      readonly pageSize: number
      readonly ids: readonly string[]
    }
  /** Focus and select one row (type-ahead, programme). */
  | { readonly type: 'select'; readonly id: string }
  | { readonly type: 'toggleFocused' }
  | { readonly type: 'selectAll'; readonly ids: readonly string[] }
  /** Header click: first ascending, then the other way round. */
  | { readonly type: 'sortBy'; readonly columnId: string }
  | { readonly type: 'resizeColumn'; readonly columnId: string; readonly width: number; readonly minWidth: number }
  /** Puts a column before the one at `toIndex` of the present order. */
  | { readonly type: 'moveColumn'; readonly columnId: string; readonly toIndex: number }
  | { readonly type: 'setColumns'; readonly columns: readonly ShownColumn[] }
  /** Rows went: forget them in selection, focus and anchor. */
  | { readonly type: 'retain'; readonly ids: Pick<ReadonlySet<string>, 'has'> }
