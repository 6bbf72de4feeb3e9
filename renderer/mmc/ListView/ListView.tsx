import { type ReactNode, useId, useRef } from 'react'
import { ContextMenu } from '../ContextMenu/ContextMenu.tsx'
import { ListHeader } from './ListHeader.tsx'
import { ListRow } from './ListRow.tsx'
import classes from './ListView.module.css'
import type { ListColumn } from './listViewTypes.ts'
import { type ListViewProps, useListInteraction } from './useListInteraction.ts'
import { listHeaderHeight } from './useListView.ts'

/** The report list of the console: virtual rows, columns that sort, resize and move, Windows selection. */
export function ListView<T>(props: ListViewProps<T>): ReactNode {
  const { label, rows, columns, state, iconOf, menuFor, onRename, emptyText, multiSelect = true } = props
  const list = useListInteraction(props)
  const { scroller, sorted, ids, shown, totalWidth, virtual, dispatch, menu, setMenu, renamingId } = list
  const items = virtual.getVirtualItems()
  const slots = useSlots(items.length)
  const prefix = useId()
  const renameColumnId = props.renameColumnId ?? shown[0]?.column.id
  const menuEntries = menu === null ? [] : (menuFor?.(ids.filter((id) => state.selectedIds.has(id))) ?? [])
  // Only rows near the visible ones exist in the page: of the others there is nothing to point at.
  const focusDrawn = state.focusedId !== null && items.some(({ index }) => ids[index] === state.focusedId)
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
      aria-activedescendant={focusDrawn ? rowDomId(prefix, state.focusedId ?? '') : undefined}
      className={classes.list}
      tabIndex={0}
      data-menu-open={menu !== null || undefined}
      onKeyDown={list.onKeyDown}
      onFocus={props.onFocus}
      onContextMenu={list.onContextMenu}
      onMouseDown={list.onGroundPress}
    >
      <div className={classes.sheet} style={{ minWidth: totalWidth }} data-ground="">
        <ListHeader shown={shown} sort={state.sort} dispatch={dispatch} fitWidth={fit} />
        {sorted.length === 0 && emptyText !== undefined && <div className={classes.empty}>{emptyText}</div>}
        {/* biome-ignore lint/a11y/useSemanticElements: virtual rows cannot be a table */}
        <div role="rowgroup" className={classes.body} style={{ height: virtual.getTotalSize() }} data-ground="">
          {items.map((item) => {
            const row = sorted[item.index]
            const id = ids[item.index]
            if (row === undefined || id === undefined) return null
            return (
              <ListRow
                key={item.index % slots}
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
                onEndEdit={list.endRename}
                onPress={list.press}
                onActivate={list.activate}
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

/**
 * Number of row elements in use. A row that is scrolled out lends its element to the one that comes in: changing a few texts is much quicker than
 * making elements and taking them away.
 */
function useSlots(wanted: number): number {
  const slots = useRef(1)
  slots.current = Math.max(slots.current, wanted)
  return slots.current
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
