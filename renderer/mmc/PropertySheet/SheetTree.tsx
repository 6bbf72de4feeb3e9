import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from 'react'
import { Icon } from '../../theme/icons/Icon.tsx'
import { type TreeRow, treeKey, visibleRows } from '../ConsoleTree/treeModel.ts'
import classes from './PropertySheet.module.css'
import { foldableIds, itemsById, type SheetItem, type SheetSection, sheetNodes } from './sheetModel.ts'

export interface SheetTreeProps {
  readonly sections: readonly SheetSection[]
  readonly pageId: string
  readonly onSelect: (pageId: string) => void
}

/** The left side of a property sheet: section bands and items with their current values. */
export function SheetTree({ sections, pageId, onSelect }: SheetTreeProps): ReactNode {
  const root = useRef<HTMLDivElement>(null)
  const prefix = useId()
  const [foldedIds, setFoldedIds] = useState<ReadonlySet<string>>(new Set())
  const [activeId, setActiveId] = useState(pageId)
  const nodes = sheetNodes(sections)
  const items = itemsById(sections)
  const expandedIds = new Set(foldableIds(nodes).filter((id) => !foldedIds.has(id)))
  const rows = visibleRows(nodes, expandedIds)
  const cursor = rows.some((row) => row.node.id === activeId) ? activeId : pageId
  const fold = (id: string, folded: boolean): void => {
    const next = new Set(foldedIds)
    if (folded) next.add(id)
    else next.delete(id)
    setFoldedIds(next)
  }
  const go = (id: string): void => {
    setActiveId(id)
    if (items.has(id)) onSelect(id)
    root.current?.querySelector(`[data-id="${CSS.escape(id)}"]`)?.scrollIntoView({ block: 'nearest' })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey) return
    const intent = treeKey(rows, cursor, event.key, 10)
    const row = rows.find((each) => each.node.id === cursor)
    if (intent?.type === 'select') go(intent.id)
    else if (intent?.type === 'collapse') fold(intent.id, true)
    else if (intent !== null) fold(intent.id, false)
    else if ((event.key === 'Enter' || event.key === ' ') && row !== undefined && row.expandable && row.level === 1)
      fold(row.node.id, row.expanded)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const domId = (id: string): string => `${prefix}-${id.replaceAll(/[^\w-]/g, '_')}`
  return (
    <div
      ref={root}
      role="tree"
      aria-label="Settings"
      className={classes.tree}
      tabIndex={0}
      data-autofocus=""
      aria-activedescendant={domId(cursor)}
      onKeyDown={onKeyDown}
    >
      {rows.map((row) => {
        const item = items.get(row.node.id)
        const common = { id: domId(row.node.id), row, cursor: row.node.id === cursor }
        return item === undefined ? (
          <SectionBand key={row.node.id} {...common} onToggle={() => fold(row.node.id, row.expanded)} />
        ) : (
          <ItemRow
            key={row.node.id}
            {...common}
            item={item}
            selected={item.id === pageId}
            onSelect={() => go(item.id)}
            onToggle={() => fold(item.id, row.expanded)}
          />
        )
      })}
    </div>
  )
}

interface RowProps {
  readonly id: string
  readonly row: TreeRow
  /** Has the tree's focus. */
  readonly cursor: boolean
  readonly onToggle: () => void
}

function SectionBand({ id, row, cursor, onToggle }: RowProps): ReactNode {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the tree holds the one tab stop and names its active item
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree handles the keys of all its rows
    <div
      id={id}
      role="treeitem"
      className={classes.band}
      data-id={row.node.id}
      data-cursor={cursor || undefined}
      aria-level={1}
      aria-selected={false}
      aria-expanded={row.expanded}
      onClick={onToggle}
    >
      <Icon name={row.expanded ? 'triangle-up' : 'triangle-down'} size={11} />
      {row.node.text}
    </div>
  )
}

interface ItemRowProps extends RowProps {
  readonly item: SheetItem
  readonly selected: boolean
  readonly onSelect: () => void
}

function ItemRow({ id, row, item, cursor, selected, onSelect, onToggle }: ItemRowProps): ReactNode {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the tree holds the one tab stop and names its active item
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree handles the keys of all its rows
    <div
      id={id}
      role="treeitem"
      className={classes.item}
      style={{ paddingInlineStart: 8 + (row.level - 2) * 14 }}
      data-id={item.id}
      data-selected={selected || undefined}
      data-cursor={cursor || undefined}
      data-changed={item.changed || undefined}
      aria-level={row.level}
      aria-selected={selected}
      aria-expanded={row.expandable ? row.expanded : undefined}
      onClick={onSelect}
      onDoubleClick={() => row.expandable && onToggle()}
    >
      {row.expandable && (
        <span
          className={classes.fold}
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation()
            onToggle()
          }}
        >
          <Icon name={row.expanded ? 'tree-expanded' : 'tree-collapsed'} size={9} />
        </span>
      )}
      <Icon name={item.icon} />
      <span className={classes.lines}>
        <span className={classes.itemTitle}>
          {item.title}
          {item.changed === true && <span className={classes.unseen}> (changed)</span>}
        </span>
        {item.subtitle !== undefined && <span className={classes.subtitle}>{item.subtitle}</span>}
      </span>
    </div>
  )
}
