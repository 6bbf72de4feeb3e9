import { describe, expect, it, vi } from 'vitest'
import type { VmView } from '../../../preload/contract/index.ts'
import { flattenCommands, runCommand } from '../../mmc/index.ts'
import { workloadEntry } from './workloads.ts'

const CHOICES = [
  { key: 'idle', name: 'Idle' },
  { key: 'compile', name: 'Software build' },
]
const vm = (id: string, workload: string): VmView => ({ id, workload }) as VmView

describe('the Workload submenu', () => {
  it('checks what the machine has, and chooses another', () => {
    const choose = vi.fn()
    const machine = vm('a', 'idle')
    const entry = workloadEntry(CHOICES, [machine], true, choose)
    const items = entry === null ? [] : flattenCommands(entry.children ?? [])
    expect(items.map(({ label, checked }) => [label, checked])).toEqual([
      ['Idle', true],
      ['Software build', false],
    ])
    if (items[1] !== undefined) runCommand(items[1])
    expect(choose.mock.calls).toEqual([['compile', [machine]]])
  })

  it('checks nothing when the machines differ', () => {
    const entry = workloadEntry(CHOICES, [vm('a', 'idle'), vm('b', 'compile')], true, () => {})
    expect(flattenCommands(entry?.children ?? []).some(({ checked }) => checked)).toBe(false)
  })

  it('is greyed without a connection, and absent without machines or list', () => {
    const entry = workloadEntry(CHOICES, [vm('a', 'idle')], false, () => {})
    expect(flattenCommands(entry?.children ?? []).every(({ enabled }) => enabled === false)).toBe(true)
    expect(workloadEntry(CHOICES, [], true, () => {})).toBeNull()
    expect(workloadEntry([], [vm('a', 'idle')], true, () => {})).toBeNull()
  })
})
