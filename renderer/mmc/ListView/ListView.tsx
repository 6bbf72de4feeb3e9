import { type KeyboardEvent, type MouseEvent, type ReactNode, type Ref, useId, useImperativeHandle, useRef, useState } from 'react'
import { Icon, type IconName } from '../../theme/icons/Icon.tsx'
import type { MenuEntry } from '../CommandModel/CommandModel.ts'
import { ContextMenu } from '../ContextMenu/ContextMenu.tsx'
import type { RenameAnswer } from '../InlineEdit/InlineEdit.tsx'
import type { Point } from '../Menu/menuModel.ts'
import { useStable } from '../useStable.ts'
import { ListHeader } from './ListHeader.tsx'
import { ListRow } from './ListRow.tsx'
import classes from './ListView.module.css'
import type { ListColumn, ListViewState } from './listViewTypes.ts'
import { listHeaderHeight, useListView } from './useListView.ts'

export interface ListViewHandle {
  readonly focus: () => void
  /** Starts renaming a row in place; scrolls it into view. */
  readonly beginRename: (id: string) => void
  readonly scrollTo: (id: string) => void
}

export interface ListViewProps<T> {
  /** Accessible name of the list. */
  readonly label: string
  /** All rows in any order; a new array when something changed, unchanged rows as the same objects. */
  readonly rows: readonly T[]
  /** Must be a stable function. */
  readonly getId: (row: T) => string
  /** All columns, shown or not; must be a stable array. */
  readonly columns: readonly ListColumn<T>[]
  readonly state: ListViewState
  readonly onStateChange: (state: ListViewState) => void
  /** Icon before the first column's text. */
  readonly iconOf?: (row: T) => IconName
  /** Enter or double click. */
  readonly onActivate?: (id: string) => void
  /** Entries of the context menu for the selected ids; with none selected, of the empty area. */
  readonly menuFor?: (ids: readonly string[]) => readonly MenuEntry[]
  /** Renames in place (F2 or `beginRename`); a text refuses. Without it nothing can be renamed. */
  readonly onRename?: (id: string, text: string) => RenameAnswer
  /** Column that is renamed. Default: the first shown one. */
  readonly renameColumnId?: string
  /** Greatest length of a new name, in characters. */
  readonly renameMaxLength?: number
  /** Ids of the rows on screen (and a few around them), whenever they change; must be a stable function. */
  readonly onVisibleRange?: (ids: readonly string[]) => void
  /** Shown when there are no rows. */
  readonly emptyText?: string
  /** False = one row at most is selected. Default true. */
  readonly multiSelect?: boolean
  /** The list gained the focus, for the console's focused item. */
  readonly onFocus?: () => void
  /** Keys the list does not use, e.g. for shortcuts. */
  readonly onKeyDown?: (event: KeyboardEvent) => void
  readonly ref?: Ref<ListViewHandle>
}

interface OpenMenu {
  readonly at: Point
  readonly byKey: boolean
}

const rowHeight = 19

/** The report list of the console: virtual rows, columns that sort, resize and move, Windows selection. */
export function ListView<T>(props: ListViewProps<T>): ReactNode {
  const { label, rows, getId, columns, state, onStateChange, iconOf, onActivate, menuFor, onRename, emptyText, multiSelect = true } = props
  const scroller = useRef<HTMLDivElement>(null)
  const prefix = useId()
  const [menu, setMenu] = useState<OpenMenu | null>(null)
  const [renamingId, setRenamingId] = useState<string | null>(null)
  const beginRename = (id: string): void => {
    if (onRename !== undefined) setRenamingId(id)
  }
  const openMenuByKey = (id: string | null): void => {
    const box = scroller.current?.getBoundingClientRect()
    const index = id === null ? -1 : ids.indexOf(id)
    const top = listHeaderHeight + (index + 1) * rowHeight - (scroller.current?.scrollTop ?? 0)
    setMenu({ at: { x: (box?.left ?? 0) + 30, y: (box?.top ?? 0) + Math.max(0, top) }, byKey: true })
  }
  const { sorted, ids, shown, totalWidth, virtual, dispatch, handleKey } = useListView({
    rows,
    getId,
    columns,
    state,
    onStateChange,
    onActivate,
    onVisibleRange: props.onVisibleRange,
    rowHeight,
    scroller,
    beginRename,
    openMenuByKey,
    multiSelect,
  })
  const scrollTo = (id: string): void => {
    const index = ids.indexOf(id)
    if (index >= 0) virtual.scrollToIndex(index, { align: 'auto' })
  }
  useImperativeHandle(props.ref, () => ({
    focus: () => scroller.current?.focus(),
    beginRename: (id) => {
      scrollTo(id)
      beginRename(id)
    },
    scrollTo,
  }))
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!handleKey(event)) {
      props.onKeyDown?.(event)
      return
    }
    event.preventDefault()
    event.stopPropagation()
  }
  const press = useStable((event: MouseEvent, id: string): void => {
    scroller.current?.focus({ preventScroll: true })
    if (event.button === 0) dispatch({ type: 'press', id, ctrl: multiSelect && event.ctrlKey, shift: multiSelect && event.shiftKey, ids })
    else if (event.button === 2) dispatch({ type: 'pressForMenu', id })
  })
  const activate = useStable((id: string): void => onActivate?.(id))
  const onContextMenu = (event: MouseEvent): void => {
    event.preventDefault()
    if (menuFor !== undefined) setMenu({ at: { x: event.clientX, y: event.clientY }, byKey: false })
  }
  const renameColumnId = props.renameColumnId ?? shown[0]?.column.id
  const menuEntries = menu === null ? [] : (menuFor?.(ids.filter((id) => state.selectedIds.has(id))) ?? [])
  const focusIndex = state.focusedId === null ? -1 : ids.indexOf(state.focusedId)
  const fit = (columnId: string): number => widthThatFits(scroller.current, rows, columns, columnId, columnId === shown[0]?.column.id)
  return (
    // biome-ignore lint/a11y/useSemanticElements: virtual rows cannot be a table
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={shown.length}
      aria-multiselectable={multiSelect}
      aria-activedescendant={focusIndex < 0 ? undefined : rowDomId(prefix, state.focusedId ?? '')}
      className={classes.list}
      tabIndex={0}
      data-menu-open={menu !== null || undefined}
      onKeyDown={onKeyDown}
      onFocus={props.onFocus}
      onContextMenu={onContextMenu}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget || (event.target instanceof Element && event.target.matches('[data-ground]')))
          dispatch({ type: 'clear' })
      }}
    >
      <div className={classes.sheet} style={{ minWidth: totalWidth }} data-ground="">
        <ListHeader shown={shown} sort={state.sort} dispatch={dispatch} fitWidth={fit} />
        {sorted.length === 0 && emptyText !== undefined && <div className={classes.empty}>{emptyText}</div>}
        {/* biome-ignore lint/a11y/useSemanticElements: virtual rows cannot be a table */}
        <div role="rowgroup" className={classes.body} style={{ height: virtual.getTotalSize() }} data-ground="">
          {virtual.getVirtualItems().map((item) => {
            const row = sorted[item.index]
            const id = ids[item.index]
            if (row === undefined || id === undefined) return null
            return (
              <ListRow
                key={id}
                domId={rowDomId(prefix, id)}
                row={row}
                id={id}
                index={item.index}
                top={item.start - listHeaderHeight}
                shown={shown}
                widths={shown.map(({ column, width }) => `${column.id}:${width}`).join(' ')}
                sortedId={state.sort?.columnId ?? null}
                selected={state.selectedIds.has(id)}
                focused={id === state.focusedId}
                icon={iconOf?.(row)}
                editor={
                  renamingId === id && onRename !== undefined
                    ? { columnId: renameColumnId ?? '', maxLength: props.renameMaxLength, commit: (text) => onRename(id, text) }
                    : null
                }
                onEndEdit={(byKey) => {
                  setRenamingId(null)
                  if (byKey) scroller.current?.focus()
                }}
                onPress={press}
                onActivate={activate}
              />
            )
          })}
        </div>
      </div>
      {menu !== null && menuEntries.length > 0 && (
        <ContextMenu entries={menuEntries} at={menu.at} byKey={menu.byKey} label={label} onClose={() => setMenu(null)} />
      )}
    </div>
  )
}

function rowDomId(prefix: string, id: string): string {
  return `${prefix}-${id.replaceAll(/[^\w-]/g, '_')}`
}

const fitSampleRows = 2000

/** Width that holds a column's header and its longest text; of very long lists the first 2,000 rows are measured. */
function widthThatFits<T>(
  element: HTMLElement | null,
  rows: readonly T[],
  columns: readonly ListColumn<T>[],
  columnId: string,
  withIcon: boolean,
): number {
  const column = columns.find((each) => each.id === columnId)
  const context = document.createElement('canvas').getContext('2d')
  if (column === undefined || context === null || element === null) return column?.width ?? 0
  const style = getComputedStyle(element)
  context.font = `${style.fontSize} ${style.fontFamily}`
  const widest = rows.slice(0, fitSampleRows).reduce((width, row) => Math.max(width, context.measureText(column.text(row)).width), 0)
  return Math.ceil(Math.max(widest + (withIcon ? 21 : 0), context.measureText(column.header).width) + 14)
}
