import { describe, expect, it } from 'vitest'
import type { CheckpointView } from '../../../preload/contract/index.ts'
import type { TreeNode } from '../../mmc/index.ts'
import { checkpointTree, parentIds } from './checkpointTree.ts'

const checkpoint = (id: string, parentId: string | null, createdTick: number): CheckpointView => ({
  id,
  parentId,
  createdTick,
  name: `name of ${id}`,
  kind: 'standard',
  notes: '',
  configurationVersion: '10.0',
})

/** `a(b(now))`: ids with what is below them in brackets. */
const drawn = (nodes: readonly TreeNode[]): string =>
  nodes.map((node) => ((node.children?.length ?? 0) > 0 ? `${node.id}(${drawn(node.children ?? [])})` : node.id)).join(' ')

describe('checkpointTree', () => {
  it('shows no Now without checkpoints', () => {
    expect(checkpointTree([], null)).toEqual([])
  })

  it('hangs Now below the current checkpoint, after its other children', () => {
    const checkpoints = [checkpoint('c', 'a', 3), checkpoint('b', 'a', 2), checkpoint('a', null, 1)]
    expect(drawn(checkpointTree(checkpoints, 'a'))).toBe('a(b c now)')
    expect(drawn(checkpointTree(checkpoints, 'b'))).toBe('a(b(now) c)')
  })

  it('orders each level by creation time', () => {
    expect(drawn(checkpointTree([checkpoint('y', null, 5), checkpoint('x', null, 4)], null))).toBe('x y now')
  })

  it('keeps a checkpoint whose parent is missing or itself', () => {
    expect(drawn(checkpointTree([checkpoint('a', 'gone', 1), checkpoint('b', 'b', 2)], 'b'))).toBe('a b(now)')
  })

  it('names texts and icons', () => {
    const now: TreeNode = { id: 'now', text: 'Now', icon: 'now' }
    expect(checkpointTree([checkpoint('a', null, 1)], 'a')).toEqual([
      { id: 'a', text: 'name of a', icon: 'checkpoint', renamable: false, children: [now] },
    ])
    expect(checkpointTree([{ ...checkpoint('a', null, 1), kind: 'production' }], 'a', true)).toEqual([
      { id: 'a', text: 'name of a', icon: 'checkpoint-production', renamable: true, children: [now] },
    ])
  })

  it('names the nodes that can be opened', () => {
    expect(parentIds(checkpointTree([checkpoint('a', null, 1), checkpoint('b', 'a', 2)], 'b'))).toEqual(['a', 'b'])
  })
})
