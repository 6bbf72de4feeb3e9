/** What a snap-in gives to the console around it. */
import type { KeyboardEvent, ReactNode } from 'react'
import type { ActionGroup, Command, MenuEntry, TreeNode } from '../../mmc/index.ts'

/** What the console gives to its snap-in. */
export interface ConsoleContext {
  readonly selectedNodeId: string | null
  readonly selectNode: (nodeId: string) => void
  /** The console's own entry of the View menu. */
  readonly customize: Command
  readonly connected: boolean
}

export interface SnapInContribution {
  /** Nodes of the console tree. */
  readonly nodes: readonly TreeNode[]
  /** The node to select when none is remembered, or the remembered one is gone. */
  readonly defaultNodeId: string
  /** The middle of the console for the selected node. */
  readonly content: ReactNode
  readonly groups: readonly ActionGroup[]
  /** Entries for the focused item. */
  readonly actionMenu: readonly MenuEntry[]
  /** Entries of the View menu above the console's own. */
  readonly viewMenu: readonly MenuEntry[]
  readonly helpMenu: readonly MenuEntry[]
  readonly help: Command
  readonly nodeMenu: (nodeId: string) => readonly MenuEntry[]
  /** Short progress text. */
  readonly status: string
  /** Open windows of the snap-in. */
  readonly dialogs: ReactNode
  readonly onTreeFocus: () => void
  /** Gives the focus to the part of the middle that had it last; false when that was the tree. */
  readonly restoreFocus: () => boolean
  /** Keys that mean something wherever the focus is; true = taken. */
  readonly onKey: (event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey'>) => boolean
}
