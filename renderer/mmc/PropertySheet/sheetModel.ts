/** Model of a property sheet's tree: sections of items with two lines. */
import type { IconName } from '../../theme/icons/Icon.tsx'
import type { TreeNode } from '../ConsoleTree/treeModel.ts'

export interface SheetItem {
  /** Also the id of its page. */
  readonly id: string
  readonly icon: IconName
  readonly title: string
  /** Second line: the current value. */
  readonly subtitle?: string
  /** Changed but not applied: both lines bold blue. Default false. */
  readonly changed?: boolean
  /** Items below it, shown indented; can be folded. */
  readonly children?: readonly SheetItem[]
}

export interface SheetSection {
  readonly id: string
  readonly title: string
  readonly items: readonly SheetItem[]
}

function itemNode(item: SheetItem): TreeNode {
  return { id: item.id, text: item.title, icon: item.icon, children: (item.children ?? []).map(itemNode) }
}

/** The sections as a tree, for the keys and rows it shares with the console tree. */
export function sheetNodes(sections: readonly SheetSection[]): readonly TreeNode[] {
  return sections.map((section) => ({
    id: sectionNodeId(section.id),
    text: section.title,
    icon: 'folder',
    children: section.items.map(itemNode),
  }))
}

/** Node id of a section; cannot meet an item's id. */
export function sectionNodeId(id: string): string {
  return `section:${id}`
}

/** All items of a sheet by id. */
export function itemsById(sections: readonly SheetSection[]): ReadonlyMap<string, SheetItem> {
  const map = new Map<string, SheetItem>()
  const add = (items: readonly SheetItem[]): void => {
    for (const item of items) {
      map.set(item.id, item)
      add(item.children ?? [])
    }
  }
  for (const section of sections) add(section.items)
  return map
}

/** Ids of all nodes that can be folded. */
export function foldableIds(nodes: readonly TreeNode[]): readonly string[] {
  return nodes.flatMap((node) => ((node.children?.length ?? 0) > 0 ? [node.id, ...foldableIds(node.children ?? [])] : []))
}
