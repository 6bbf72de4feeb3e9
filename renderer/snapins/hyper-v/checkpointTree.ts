/** The tree of the checkpoints pane (hyper-v-manager 6.1): checkpoints below the one they were taken from, and *Now* below the present one. */
import type { CheckpointView } from '../../../preload/contract/index.ts'
import type { TreeNode } from '../../mmc/index.ts'

/** Id of the node that marks the running position. */
const NOW_ID = 'now'

/**
 * Nodes by parent, oldest first; *Now* is the last leaf under the current checkpoint. No checkpoints, no nodes.
 *
 * `renamable`: names may be changed in place. A checkpoint whose parent is not in the list stands at the first level, so that none can get lost.
 */
export function checkpointTree(checkpoints: readonly CheckpointView[], currentId: string | null, renamable = false): readonly TreeNode[] {
  if (checkpoints.length === 0) return []
  const known = new Set(checkpoints.map(({ id }) => id))
  const parentOf = (checkpoint: CheckpointView): string | null =>
    checkpoint.parentId !== null && known.has(checkpoint.parentId) && checkpoint.parentId !== checkpoint.id ? checkpoint.parentId : null
  const children = new Map<string | null, CheckpointView[]>()
  for (const checkpoint of [...checkpoints].sort((a, b) => a.createdTick - b.createdTick)) {
    const parent = parentOf(checkpoint)
    children.set(parent, [...(children.get(parent) ?? []), checkpoint])
  }
  const nowParent = currentId !== null && known.has(currentId) ? currentId : null
  const below = (id: string | null): readonly TreeNode[] => {
    const nodes = (children.get(id) ?? []).map((checkpoint): TreeNode => {
      const icon = checkpoint.kind === 'production' ? 'checkpoint-production' : 'checkpoint'
      return { id: checkpoint.id, text: checkpoint.name, icon, renamable, children: below(checkpoint.id) }
    })
    return id === nowParent ? [...nodes, { id: NOW_ID, text: 'Now', icon: 'now' }] : nodes
  }
  return below(null)
}

/** Ids of all nodes that have something below them. */
export function parentIds(nodes: readonly TreeNode[]): readonly string[] {
  return nodes.flatMap((node) => {
    const children = node.children ?? []
    return children.length === 0 ? [] : [node.id, ...parentIds(children)]
  })
}
