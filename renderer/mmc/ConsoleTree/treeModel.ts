/** Pure model of the console tree: its nodes, the rows they make, and where keys lead. */
import type { IconName } from '../../theme/icons/Icon.tsx'

export interface TreeNode {
  readonly id: string
  readonly text: string
  readonly icon: IconName
  readonly children?: readonly TreeNode[]
  /** Has children that are not loaded yet: shows the expander. Default: whether there are children. */
  readonly expandable?: boolean
  /** May be renamed in place. Default false. */
  readonly renamable?: boolean
}

export interface TreeRow {
  readonly node: TreeNode
  /** 1 for roots, as in aria-level. */
  readonly level: number
  readonly parentId: string | null
  readonly position: number
  readonly siblings: number
  readonly expandable: boolean
  readonly expanded: boolean
}

/** The visible rows of a tree from top to bottom. */
export function visibleRows(nodes: readonly TreeNode[], expandedIds: ReadonlySet<string>): readonly TreeRow[] {
  const rows: TreeRow[] = []
  const add = (list: readonly TreeNode[], level: number, parentId: string | null): void => {
    list.forEach((node, index) => {
      const expandable = node.expandable ?? (node.children?.length ?? 0) > 0
      const expanded = expandable && expandedIds.has(node.id)
      rows.push({ node, level, parentId, position: index + 1, siblings: list.length, expandable, expanded })
      if (expanded) add(node.children ?? [], level + 1, node.id)
    })
  }
  add(nodes, 1, null)
  return rows
}

/** What a key asks of the tree. */
export type TreeIntent =
  | { readonly type: 'select'; readonly id: string }
  | { readonly type: 'expand'; readonly id: string }
  | { readonly type: 'collapse'; readonly id: string }
  | { readonly type: 'expandAll'; readonly id: string }

/** Meaning of a key in the tree, after the Windows tree-view: null = none. */
export function treeKey(rows: readonly TreeRow[], selectedId: string | null, key: string, pageSize: number): TreeIntent | null {
  const index = rows.findIndex((row) => row.node.id === selectedId)
  const row = rows[index]
  const to = (at: number): TreeIntent | null => {
    const target = rows[Math.max(0, Math.min(rows.length - 1, at))]
    return target === undefined ? null : { type: 'select', id: target.node.id }
  }
  if (row === undefined) return ['ArrowDown', 'ArrowUp', 'Home', 'End'].includes(key) ? to(key === 'End' ? rows.length - 1 : 0) : null
  const { id } = row.node
  switch (key) {
    case 'ArrowDown':
      return to(index + 1)
    case 'ArrowUp':
      return to(index - 1)
    case 'Home':
      return to(0)
    case 'End':
      return to(rows.length - 1)
    case 'PageDown':
      return to(index + pageSize)
    case 'PageUp':
      return to(index - pageSize)
    case 'ArrowRight':
      if (!row.expandable) return null
      return row.expanded ? (rows[index + 1]?.parentId === id ? to(index + 1) : null) : { type: 'expand', id }
    case 'ArrowLeft':
    case 'Backspace':
      if (key === 'ArrowLeft' && row.expanded) return { type: 'collapse', id }
      return row.parentId === null ? null : { type: 'select', id: row.parentId }
    case '+':
      return row.expandable && !row.expanded ? { type: 'expand', id } : null
    case '-':
      return row.expanded ? { type: 'collapse', id } : null
    case '*':
      return row.expandable ? { type: 'expandAll', id } : null
    default:
      return null
  }
}

/** Ids of a node and all nodes below it. */
export function subtreeIds(nodes: readonly TreeNode[], id: string): readonly string[] {
  const all = (node: TreeNode): readonly string[] => [node.id, ...(node.children ?? []).flatMap(all)]
  for (const node of nodes) {
    if (node.id === id) return all(node)
    const below = subtreeIds(node.children ?? [], id)
    if (below.length > 0) return below
  }
  return []
}

/** The expanded set after an intent. */
export function expandedAfter(nodes: readonly TreeNode[], expandedIds: ReadonlySet<string>, intent: TreeIntent): ReadonlySet<string> {
  const next = new Set(expandedIds)
  if (intent.type === 'expand') next.add(intent.id)
  if (intent.type === 'collapse') next.delete(intent.id)
  if (intent.type === 'expandAll') for (const id of subtreeIds(nodes, intent.id)) next.add(id)
  return next
}
