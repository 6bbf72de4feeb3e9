import { describe, expect, it } from 'vitest'
import { expandedAfter, type TreeNode, treeKey, visibleRows } from './treeModel.ts'

const nodes: readonly TreeNode[] = [
  {
    id: 'root',
    text: 'Hyper-V Manager',
    icon: 'hyper-v-manager',
    children: [
      { id: 'hv01', text: 'HV01', icon: 'server', children: [{ id: 'deep', text: 'Deep', icon: 'folder' }] },
      { id: 'hv02', text: 'HV02', icon: 'server' },
    ],
  },
]
const open = (...ids: readonly string[]) => visibleRows(nodes, new Set(ids))

describe('visibleRows', () => {
  it('shows children of expanded nodes only, with level and place', () => {
    expect(open('root').map((row) => [row.node.id, row.level, row.position, row.siblings, row.expandable, row.expanded])).toEqual([
      ['root', 1, 1, 1, true, true],
      ['hv01', 2, 1, 2, true, false],
      ['hv02', 2, 2, 2, false, false],
    ])
    expect(open('hv01').map((row) => row.node.id)).toEqual(['root'])
  })
})

describe('treeKey', () => {
  it('moves along the visible rows and stops at the ends', () => {
    expect(treeKey(open('root'), 'hv01', 'ArrowDown', 5)).toEqual({ type: 'select', id: 'hv02' })
    expect(treeKey(open('root'), 'hv02', 'ArrowDown', 5)).toEqual({ type: 'select', id: 'hv02' })
    expect(treeKey(open('root'), 'hv02', 'Home', 5)).toEqual({ type: 'select', id: 'root' })
    expect(treeKey(open('root'), 'root', 'PageDown', 5)).toEqual({ type: 'select', id: 'hv02' })
  })
  it('Right expands, then enters; Left collapses, then leaves', () => {
    expect(treeKey(open('root'), 'hv01', 'ArrowRight', 5)).toEqual({ type: 'expand', id: 'hv01' })
    expect(treeKey(open('root', 'hv01'), 'hv01', 'ArrowRight', 5)).toEqual({ type: 'select', id: 'deep' })
    expect(treeKey(open('root', 'hv01'), 'hv01', 'ArrowLeft', 5)).toEqual({ type: 'collapse', id: 'hv01' })
    expect(treeKey(open('root', 'hv01'), 'deep', 'ArrowLeft', 5)).toEqual({ type: 'select', id: 'hv01' })
    expect(treeKey(open('root'), 'hv02', 'ArrowRight', 5)).toBeNull()
  })
  it('+ and - open and close', () => {
    expect(treeKey(open('root'), 'hv01', '+', 5)).toEqual({ type: 'expand', id: 'hv01' })
    expect(treeKey(open('root'), 'root', '-', 5)).toEqual({ type: 'collapse', id: 'root' })
    expect(treeKey(open('root'), 'hv02', '-', 5)).toBeNull()
  })
  it('starts at the first row when nothing is selected', () => {
    expect(treeKey(open('root'), null, 'ArrowDown', 5)).toEqual({ type: 'select', id: 'root' })
    expect(treeKey(open('root'), 'gone', 'End', 5)).toEqual({ type: 'select', id: 'hv02' })
  })
})

describe('expandedAfter', () => {
  it('* opens everything below', () => {
    expect([...expandedAfter(nodes, new Set(), { type: 'expandAll', id: 'root' })]).toEqual(['root', 'hv01', 'deep', 'hv02'])
    expect([...expandedAfter(nodes, new Set(['root', 'hv01']), { type: 'collapse', id: 'root' })]).toEqual(['hv01'])
  })
})
