import { type KeyboardEvent, type MouseEvent, type Ref, type RefObject, useImperativeHandle, useRef, useState } from 'react'
import type { IconName } from '../../theme/icons/Icon.tsx'
import type { MenuEntry } from '../CommandModel/CommandModel.ts'
import type { RenameAnswer } from '../InlineEdit/InlineEdit.tsx'
import type { Point } from '../Menu/menuModel.ts'
import { useStable } from '../useStable.ts'
import type { ListColumn, ListViewState } from './listViewTypes.ts'
import { type ListController, listHeaderHeight, useListView } from './useListView.ts'

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

export interface OpenListMenu {
  readonly at: Point
  readonly byKey: boolean
}

/** Height of a row in CSS pixels, as in `tokens.css`. */
const rowHeight = 19

export interface ListInteraction<T> extends Omit<ListController<T>, 'handleKey'> {
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly menu: OpenListMenu | null
  readonly setMenu: (menu: OpenListMenu | null) => void
  readonly renamingId: string | null
  readonly endRename: (byKey: boolean) => void
  readonly press: (event: MouseEvent, id: string) => void
  readonly activate: (id: string) => void
  readonly onKeyDown: (event: KeyboardEvent) => void
  readonly onContextMenu: (event: MouseEvent) => void
  /** A press beside the rows clears the selection. */
  readonly onGroundPress: (event: MouseEvent) => void
}

/** What mouse, keys and programme do to the list: selection, menu, renaming, scrolling. */
export function useListInteraction<T>(props: ListViewProps<T>): ListInteraction<T> {
  const { rows, getId, columns, state, onStateChange, onActivate, menuFor, onRename, multiSelect = true } = props
  const scroller = useRef<HTMLDivElement>(null)
  const [menu, setMenu] = useState<OpenListMenu | null>(null)
  const [renamingId, setRenamingId] = useState<string | null>(null)
  const beginRename = (id: string): void => {
    if (onRename !== undefined) setRenamingId(id)
  }
  const openMenuByKey = (id: string | null): void => {
    const box = scroller.current?.getBoundingClientRect()
    const index = id === null ? -1 : (places.get(id) ?? -1)
    const top = listHeaderHeight + (index + 1) * rowHeight - (scroller.current?.scrollTop ?? 0)
    setMenu({ at: { x: (box?.left ?? 0) + 30, y: (box?.top ?? 0) + Math.max(0, top) }, byKey: true })
  }
  const { handleKey, ...list } = useListView({
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
  const { ids, places, virtual, dispatch } = list
  const scrollTo = (id: string): void => {
    const index = places.get(id) ?? -1
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
  const onGroundPress = (event: MouseEvent): void => {
    const onGround = event.target === event.currentTarget || (event.target instanceof Element && event.target.matches('[data-ground]'))
    if (onGround) dispatch({ type: 'clear' })
  }
  const endRename = (byKey: boolean): void => {
    setRenamingId(null)
    if (byKey) scroller.current?.focus()
  }
  return { ...list, scroller, menu, setMenu, renamingId, endRename, press, activate, onKeyDown, onContextMenu, onGroundPress }
}
