import { type KeyboardEvent, type MouseEvent, type ReactNode, type Ref, useEffect, useImperativeHandle, useRef, useState } from 'react'
import { Icon } from '../../theme/icons/Icon.tsx'
import type { MenuEntry } from '../CommandModel/CommandModel.ts'
import { ContextMenu } from '../ContextMenu/ContextMenu.tsx'
import { InlineEdit, type RenameAnswer } from '../InlineEdit/InlineEdit.tsx'
import { typeAheadIndex } from '../ListView/sortRows.ts'
import { useTypeAhead } from '../ListView/useTypeAhead.ts'
import type { Point } from '../Menu/menuModel.ts'
import classes from './ConsoleTree.module.css'
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

interface OpenMenu {
  readonly id: string
  readonly at: Point
  readonly byKey: boolean
}

/** A tree with icons and one tab stop, after the console's left pane; also used for checkpoints. */
export function ConsoleTree(props: ConsoleTreeProps): ReactNode {
  const { nodes, selectedId, onSelect, expandedIds, onExpandedChange, label, menuFor, onActivate, onRename, emptyText, onFocus, ref } =
    props
  const { rootExpanders = false } = props
  const root = useRef<HTMLDivElement>(null)
  const [menu, setMenu] = useState<OpenMenu | null>(null)
  const [renamingId, setRenamingId] = useState<string | null>(null)
  const typed = useTypeAhead()
  const rows = visibleRows(nodes, expandedIds)
  const activeId = rows.some((row) => row.node.id === selectedId) ? selectedId : null
  const rowElement = (id: string | null): HTMLElement | null =>
    id === null ? null : (root.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`) ?? null)
  useEffect(() => {
    if (activeId !== null) root.current?.querySelector(`[data-id="${CSS.escape(activeId)}"]`)?.scrollIntoView({ block: 'nearest' })
  }, [activeId])
  useImperativeHandle(ref, () => ({ focus: () => root.current?.focus(), beginRename: setRenamingId }))

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
  return (
    <div
      ref={root}
      role="tree"
      aria-label={label}
      className={classes.tree}
      tabIndex={0}
      aria-activedescendant={activeId === null ? undefined : rowId(label, activeId)}
      data-menu-open={menu !== null || undefined}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
    >
      {rows.length === 0 && emptyText !== undefined && <div className={classes.empty}>{emptyText}</div>}
      {rows.map((row) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the tree holds the one tab stop and names its active item
        // biome-ignore lint/a11y/useKeyWithClickEvents: the tree handles the keys of all its rows
        <div
          key={row.node.id}
          id={rowId(label, row.node.id)}
          role="treeitem"
          className={classes.row}
          style={{ paddingInlineStart: (rootExpanders ? 17 : 2) + (row.level - 1) * 18 }}
          data-id={row.node.id}
          aria-level={row.level}
          aria-setsize={row.siblings}
          aria-posinset={row.position}
          aria-expanded={row.expandable ? row.expanded : undefined}
          aria-selected={row.node.id === activeId}
          onPointerDown={(event) => event.button === 0 && onSelect(row.node.id)}
          onClick={() => root.current?.focus({ preventScroll: true })}
          onDoubleClick={() => (row.expandable ? toggle(row) : onActivate?.(row.node.id))}
          onContextMenu={(event) => onContextMenu(event, row.node.id)}
        >
          {(row.level > 1 || rootExpanders) && <TreeExpander row={row} onToggle={() => toggle(row)} />}
          <span className={classes.item} data-selected={(row.node.id === activeId && renamingId !== row.node.id) || undefined}>
            <Icon name={row.node.icon} />
            {renamingId === row.node.id ? (
              <InlineEdit
                value={row.node.text}
                label={`New name of ${row.node.text}`}
                onCommit={(text) => onRename?.(row.node.id, text) ?? null}
                onEnd={(byKey) => {
                  setRenamingId(null)
                  if (byKey) root.current?.focus()
                }}
              />
            ) : (
              <span className={classes.text}>{row.node.text}</span>
            )}
          </span>
        </div>
      ))}
      {menu !== null && menuFor !== undefined && (
        <ContextMenu
          entries={menuFor(menu.id)}
          at={menu.at}
          byKey={menu.byKey}
          label={rows.find((row) => row.node.id === menu.id)?.node.text ?? label}
          onClose={() => setMenu(null)}
        />
      )}
    </div>
  )
}

function rowId(label: string, id: string): string {
  return `tree-${label}-${id}`.replaceAll(/[^\w-]/g, '_')
}

interface TreeExpanderProps {
  readonly row: TreeRow
  readonly onToggle: () => void
}

function TreeExpander({ row, onToggle }: TreeExpanderProps): ReactNode {
  return (
    <span
      className={classes.expander}
      aria-hidden="true"
      data-shown={row.expandable || undefined}
      onPointerDown={(event) => {
        if (!row.expandable || event.button !== 0) return
        event.stopPropagation()
        onToggle()
      }}
      onDoubleClick={(event) => event.stopPropagation()}
    >
      {row.expandable && <Icon name={row.expanded ? 'tree-expanded' : 'tree-collapsed'} size={14} />}
    </span>
  )
}
