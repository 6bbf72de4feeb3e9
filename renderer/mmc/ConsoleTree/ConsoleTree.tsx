import { type ReactNode, useId } from 'react'
import { Icon } from '../../theme/icons/Icon.tsx'
import { ContextMenu } from '../ContextMenu/ContextMenu.tsx'
import { InlineEdit } from '../InlineEdit/InlineEdit.tsx'
import classes from './ConsoleTree.module.css'
import type { TreeRow } from './treeModel.ts'
import { type ConsoleTreeProps, useConsoleTree } from './useConsoleTree.ts'

/** A tree with icons and one tab stop, after the console's left pane; also used for checkpoints. */
export function ConsoleTree(props: ConsoleTreeProps): ReactNode {
  const { onSelect, label, menuFor, onActivate, onRename, emptyText, onFocus, rootExpanders = false } = props
  const { root, rows, activeId, menu, renamingId, setMenu, setRenamingId, toggle, onKeyDown, onContextMenu } = useConsoleTree(props)
  const prefix = useId()
  const rowId = (id: string): string => `${prefix}-${id.replaceAll(/[^\w-]/g, '_')}`
  return (
    <div
      ref={root}
      role="tree"
      aria-label={label}
      className={classes.tree}
      tabIndex={0}
      aria-activedescendant={activeId === null ? undefined : rowId(activeId)}
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
          id={rowId(row.node.id)}
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
