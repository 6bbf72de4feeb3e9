import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from 'react'
import { Icon } from '../../theme/icons/Icon.tsx'
import classes from './ListView.module.css'
import type { ListColumn, ListSort, ListViewAction } from './listViewTypes.ts'

export interface ListHeaderProps<T> {
  readonly shown: readonly { readonly column: ListColumn<T>; readonly width: number }[]
  readonly sort: ListSort | null
  readonly dispatch: (action: ListViewAction) => void
  /** Width in CSS pixels that fits a column's contents. */
  readonly fitWidth: (columnId: string) => number
}

interface Drag {
  readonly columnId: string
  readonly startX: number
  /** Column border of each gap between headers, in viewport pixels. */
  readonly borders: readonly number[]
}

/** Index of the gap between headers nearest to a position: 0 = before the first. */
export function nearestGap(borders: readonly number[], x: number): number {
  let best = 0
  borders.forEach((border, index) => {
    if (Math.abs(border - x) < Math.abs((borders[best] ?? 0) - x)) best = index
  })
  return best
}

/** The header row: sort by click, resize at the dividers, reorder by dragging. */
export function ListHeader<T>({ shown, sort, dispatch, fitWidth }: ListHeaderProps<T>): ReactNode {
  const row = useRef<HTMLDivElement>(null)
  const drag = useRef<Drag | null>(null)
  const [gap, setGap] = useState<number | null>(null)
  const [stop, setStop] = useState<string | null>(null)
  const stopId = shown.some(({ column }) => column.id === stop) ? stop : shown[0]?.column.id

  const start = (event: PointerEvent<HTMLElement>, columnId: string): void => {
    if (event.button !== 0) return
    const cells = [...(row.current?.querySelectorAll('[role="columnheader"]') ?? [])].map((cell) => cell.getBoundingClientRect())
    const borders = [cells[0]?.left ?? 0, ...cells.map((cell) => cell.right)]
    drag.current = { columnId, startX: event.clientX, borders }
    event.currentTarget.setPointerCapture(event.pointerId)
  }
  const move = (event: PointerEvent): void => {
    if (drag.current === null || (gap === null && Math.abs(event.clientX - drag.current.startX) < 6)) return
    setGap(nearestGap(drag.current.borders, event.clientX))
  }
  const end = (column: ListColumn<T>): void => {
    if (drag.current === null) return
    if (gap !== null) dispatch({ type: 'moveColumn', columnId: drag.current.columnId, toIndex: gap })
    else if (column.sortable !== false) dispatch({ type: 'sortBy', columnId: column.id })
    drag.current = null
    setGap(null)
  }
  const onKeyDown = (event: KeyboardEvent<HTMLElement>, column: ListColumn<T>, index: number, width: number): void => {
    const minWidth = column.minWidth ?? 24
    const resize = (by: number): void => dispatch({ type: 'resizeColumn', columnId: column.id, width: width + by, minWidth })
    const focusAt = (at: number): void => row.current?.querySelectorAll<HTMLElement>('[role="columnheader"]')[at]?.focus()
    const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0
    if (step !== 0) {
      if (event.ctrlKey && event.shiftKey) dispatch({ type: 'moveColumn', columnId: column.id, toIndex: step < 0 ? index - 1 : index + 2 })
      else if (event.shiftKey) resize(step * 10)
      else focusAt(index + step)
    } else if (event.key === 'Enter' || event.key === ' ') {
      if (column.sortable !== false) dispatch({ type: 'sortBy', columnId: column.id })
    } else if (event.key === '+' && event.ctrlKey)
      dispatch({ type: 'resizeColumn', columnId: column.id, width: fitWidth(column.id), minWidth })
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const markerAt = gap === null ? null : shown.slice(0, gap).reduce((sum, { width }) => sum + width, 0)
  return (
    // biome-ignore lint/a11y/useSemanticElements: virtual rows cannot be a table
    // biome-ignore lint/a11y/useFocusableInteractive: the header cells take the focus
    <div ref={row} role="row" aria-rowindex={1} className={classes.header}>
      {shown.map(({ column, width }, index) => (
        // biome-ignore lint/a11y/useSemanticElements: virtual rows cannot be a table
        <div
          key={column.id}
          role="columnheader"
          className={classes.headerCell}
          style={{ width }}
          tabIndex={column.id === stopId ? 0 : -1}
          data-sorted={sort?.columnId === column.id || undefined}
          data-align={column.align}
          aria-sort={sort?.columnId === column.id ? sort.direction : column.sortable === false ? undefined : 'none'}
          onFocus={() => setStop(column.id)}
          onPointerDown={(event) => start(event, column.id)}
          onPointerMove={move}
          onPointerUp={() => end(column)}
          onPointerCancel={() => {
            drag.current = null
            setGap(null)
          }}
          onKeyDown={(event) => onKeyDown(event, column, index, width)}
        >
          {sort?.columnId === column.id && (
            <span className={classes.sortArrow}>
              <Icon name={sort.direction === 'ascending' ? 'triangle-up' : 'triangle-down'} size={10} />
            </span>
          )}
          <span className={classes.headerText}>{column.header}</span>
          <ColumnDivider column={column} width={width} dispatch={dispatch} fitWidth={fitWidth} />
        </div>
      ))}
      {markerAt !== null && <span className={classes.dropMarker} style={{ left: markerAt }} />}
    </div>
  )
}

interface ColumnDividerProps<T> {
  readonly column: ListColumn<T>
  readonly width: number
  readonly dispatch: (action: ListViewAction) => void
  readonly fitWidth: (columnId: string) => number
}

function ColumnDivider<T>({ column, width, dispatch, fitWidth }: ColumnDividerProps<T>): ReactNode {
  const from = useRef<{ readonly x: number; readonly width: number } | null>(null)
  const minWidth = column.minWidth ?? 24
  return (
    <span
      className={classes.divider}
      data-divider={column.id}
      aria-hidden="true"
      onPointerDown={(event) => {
        event.stopPropagation()
        event.currentTarget.setPointerCapture(event.pointerId)
        from.current = { x: event.clientX, width }
      }}
      onPointerMove={(event) => {
        if (from.current === null) return
        dispatch({ type: 'resizeColumn', columnId: column.id, width: from.current.width + event.clientX - from.current.x, minWidth })
      }}
      onPointerUp={(event) => {
        event.stopPropagation()
        from.current = null
      }}
      onDoubleClick={() => dispatch({ type: 'resizeColumn', columnId: column.id, width: fitWidth(column.id), minWidth })}
    />
  )
}
