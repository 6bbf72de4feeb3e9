import { type MouseEvent, memo, type ReactNode } from 'react'
import { Icon, type IconName } from '../../theme/icons/Icon.tsx'
import { InlineEdit, type RenameAnswer } from '../InlineEdit/InlineEdit.tsx'
import classes from './ListView.module.css'
import type { ListColumn } from './listViewTypes.ts'

export interface RowEditor {
  readonly columnId: string
  readonly maxLength: number | undefined
  readonly commit: (text: string) => RenameAnswer
}

export interface ListRowProps<T> {
  readonly domId: string
  readonly row: T
  readonly id: string
  readonly index: number
  readonly top: number
  readonly shown: readonly { readonly column: ListColumn<T>; readonly width: number }[]
  /** Identity of `shown`, which is a new array each time. */
  readonly widths: string
  readonly sortedId: string | null
  readonly selected: boolean
  readonly focused: boolean
  readonly icon: IconName | undefined
  readonly editor: RowEditor | null
  readonly onEndEdit: (byKey: boolean) => void
  readonly onPress: (event: MouseEvent, id: string) => void
  readonly onActivate: (id: string) => void
}

function PlainListRow<T>(props: ListRowProps<T>): ReactNode {
  const { row, id, index, top, shown, sortedId, selected, focused, icon, editor, onEndEdit, onPress, onActivate } = props
  return (
    // biome-ignore lint/a11y/useSemanticElements: virtual rows cannot be a table
    // biome-ignore lint/a11y/useFocusableInteractive: the grid holds the one tab stop and names its active row
    <div
      id={props.domId}
      role="row"
      className={classes.row}
      style={{ transform: `translateY(${top}px)` }}
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-selected={selected || undefined}
      data-focused={focused || undefined}
      data-editing={editor !== null || undefined}
      data-row={id}
      onMouseDown={(event) => onPress(event, id)}
      onDoubleClick={() => onActivate(id)}
    >
      {shown.map(({ column, width }, at) => (
        // biome-ignore lint/a11y/useSemanticElements: virtual rows cannot be a table
        // biome-ignore lint/a11y/useFocusableInteractive: cells are read with their row
        <div
          key={column.id}
          role="gridcell"
          className={classes.cell}
          style={{ width }}
          data-align={column.align}
          data-sorted={column.id === sortedId || undefined}
        >
          {at === 0 && icon !== undefined && <Icon name={icon} className={classes.icon} />}
          {editor?.columnId === column.id ? (
            <InlineEdit
              key={id}
              value={column.text(row)}
              label={column.header}
              maxLength={editor.maxLength}
              onCommit={editor.commit}
              onEnd={onEndEdit}
            />
          ) : (
            <span className={classes.text}>{column.render?.(row) ?? column.text(row)}</span>
          )}
        </div>
      ))}
    </div>
  )
}

/** Rows are drawn anew only when what they show changed; the handlers of an older render do the same as those of a newer one. */
export const ListRow = memo(PlainListRow, (before, after) => {
  const { row, index, top, widths, sortedId, selected, focused, icon, editor } = before
  return (
    row === after.row &&
    index === after.index &&
    top === after.top &&
    widths === after.widths &&
    sortedId === after.sortedId &&
    selected === after.selected &&
    focused === after.focused &&
    icon === after.icon &&
    editor === after.editor
  )
}) as typeof PlainListRow
