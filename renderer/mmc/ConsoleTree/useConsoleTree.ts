import { type KeyboardEvent, type MouseEvent, type Ref, type RefObject, useEffect, useImperativeHandle, useRef, useState } from 'react'
import type { MenuEntry } from '../CommandModel/CommandModel.ts'
import type { RenameAnswer } from '../InlineEdit/InlineEdit.tsx'
import { typeAheadIndex } from '../ListView/sortRows.ts'
import { useTypeAhead } from '../ListView/useTypeAhead.ts'
import type { Point } from '../Menu/menuModel.ts'
import { expandedAfter, type TreeNode, type TreeRow, treeKey, visibleRows } from './treeModel.ts'

export interface ConsoleTreeHandle {
  readonly focus: () => void
  /** Starts renaming a node in place. */
  readonly beginRename: (id: string) => void
}

export interface ConsoleTreeProps {
  readonly nodes: readonly TreeNode[]
  readonly selectedId: string | null
  readonly onSelect: (id: string) => void
  readonly expandedIds: ReadonlySet<string>
  readonly onExpandedChange: (expandedIds: ReadonlySet<string>) => void
  /** Accessible name of the tree. */
  readonly label: string
  /** Entries of the context menu of a node. */
  readonly menuFor?: (id: string) => readonly MenuEntry[]
  /** Enter or double click on a node without children. */
  readonly onActivate?: (id: string) => void
  /** Makes renamable nodes renamable by F2. */
  readonly onRename?: (id: string, text: string) => RenameAnswer
  /** Shown when there are no nodes. */
  readonly emptyText?: string
  /** Expanders at the first level too (checkpoints); the console tree has none there. Default false. */
  readonly rootExpanders?: boolean
  /** The tree gained the focus, for the console's focused item. */
  readonly onFocus?: () => void
  /** Keys the tree does not use, e.g. for shortcuts. */
  readonly onKeyDown?: (event: KeyboardEvent) => void
  readonly ref?: Ref<ConsoleTreeHandle>
}

export interface OpenTreeMenu {
  readonly id: string
  readonly at: Point
  readonly byKey: boolean
}

export interface ConsoleTreeController {
  readonly root: RefObject<HTMLDivElement | null>
  /** Visible rows from top to bottom. */
  readonly rows: readonly TreeRow[]
  /** The selected node if it is visible. */
  readonly activeId: string | null
  readonly menu: OpenTreeMenu | null
  readonly renamingId: string | null
  readonly setMenu: (menu: OpenTreeMenu | null) => void
  readonly setRenamingId: (id: string | null) => void
  readonly toggle: (row: TreeRow) => void
  readonly onKeyDown: (event: KeyboardEvent) => void
  readonly onContextMenu: (event: MouseEvent, id: string) => void
}

/** Behaviour of the console tree: selection, expanding, keys, menu, renaming. */
export function useConsoleTree(props: ConsoleTreeProps): ConsoleTreeController {
  const { nodes, selectedId, onSelect, expandedIds, onExpandedChange, menuFor, onActivate, onRename } = props
  const root = useRef<HTMLDivElement>(null)
  const [menu, setMenu] = useState<OpenTreeMenu | null>(null)
  const [renamingId, setRenamingId] = useState<string | null>(null)
  const typed = useTypeAhead()
  const rows = visibleRows(nodes, expandedIds)
  const activeId = rows.some((row) => row.node.id === selectedId) ? selectedId : null
  const rowElement = (id: string | null): HTMLElement | null =>
    id === null ? null : (root.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`) ?? null)
  useEffect(() => {
    if (activeId !== null) root.current?.querySelector(`[data-id="${CSS.escape(activeId)}"]`)?.scrollIntoView({ block: 'nearest' })
  }, [activeId])
  useImperativeHandle(props.ref, () => ({ focus: () => root.current?.focus(), beginRename: setRenamingId }))

  const toggle = (row: TreeRow): void =>
    onExpandedChange(expandedAfter(nodes, expandedIds, { type: row.expanded ? 'collapse' : 'expand', id: row.node.id }))
  const openMenuAt = (id: string, at: Point, byKey: boolean): void => {
    if (menuFor !== undefined && menuFor(id).length > 0) setMenu({ id, at, byKey })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows.find((each) => each.node.id === activeId)
    const pageSize = Math.max(1, Math.floor((root.current?.clientHeight ?? 0) / 18) - 1)
    const intent = event.ctrlKey || event.altKey ? null : treeKey(rows, activeId, event.key, pageSize)
    if (intent !== null) {
      if (intent.type === 'select') onSelect(intent.id)
      else onExpandedChange(expandedAfter(nodes, expandedIds, intent))
    } else if (event.key === 'Enter' && row !== undefined) {
      if (row.expandable) toggle(row)
      else onActivate?.(row.node.id)
    } else if (event.key === 'F2' && row?.node.renamable === true && onRename !== undefined) setRenamingId(row.node.id)
    else if ((event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) && row !== undefined) {
      const box = rowElement(row.node.id)?.getBoundingClientRect()
      openMenuAt(row.node.id, { x: (box?.left ?? 0) + 30, y: box?.bottom ?? 0 }, true)
    } else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.altKey) {
      const texts = rows.map((each) => each.node.text)
      const index = typeAheadIndex(
        texts,
        typed(event.key),
        rows.findIndex((each) => each.node.id === activeId),
      )
      const found = rows[index]
      if (found !== undefined) onSelect(found.node.id)
    } else {
      props.onKeyDown?.(event)
      return
    }
    event.preventDefault()
    event.stopPropagation()
  }
  const onContextMenu = (event: MouseEvent, id: string): void => {
    event.preventDefault()
    event.stopPropagation()
    onSelect(id)
    openMenuAt(id, { x: event.clientX, y: event.clientY }, false)
  }
  return { root, rows, activeId, menu, renamingId, setMenu, setRenamingId, toggle, onKeyDown, onContextMenu }
}
