import { describe, expect, it, vi } from 'vitest'
import { plainLabel, tidySeparators } from '../../mmc/CommandModel/CommandModel.ts'
import { type CheckpointCommandContext, checkpointEntries } from './checkpointEntries.ts'

const ALL = 0b111
const RENAME_ONLY = 0b010

function context(changes: Partial<CheckpointCommandContext> = {}): CheckpointCommandContext {
  return {
    detail: { checkpointActions: ALL },
    word: 'Checkpoint',
    connected: true,
    apply: () => {},
    rename: () => {},
    remove: () => {},
    help: { id: 'help', label: '&Help' },
    ...changes,
  }
}

const labels = (changes: Partial<CheckpointCommandContext> = {}): readonly string[] =>
  tidySeparators(checkpointEntries(context(changes))).map((entry) => (entry === 'separator' ? '|' : plainLabel(entry.label)))

describe('checkpointEntries', () => {
  it("has the product's entries in its order", () => {
    expect(labels()).toEqual(['Apply...', '|', 'Rename...', 'Delete Checkpoint...', 'Delete Checkpoint Subtree...', '|', 'Help'])
    expect(labels({ word: 'Snapshot' })).toContain('Delete Snapshot Subtree...')
  })

  it('leaves out what the engine does not offer', () => {
    expect(labels({ detail: { checkpointActions: RENAME_ONLY } })).toEqual(['Rename...', '|', 'Help'])
  })

  it('tells one checkpoint from its subtree', () => {
    const remove = vi.fn()
    for (const entry of checkpointEntries(context({ remove }))) if (entry !== 'separator' && entry.id.startsWith('delete')) entry.run?.()
    expect(remove.mock.calls).toEqual([[false], [true]])
  })

  it('greys all but help while the connection is lost', () => {
    const entries = checkpointEntries(context({ connected: false }))
    expect(entries.flatMap((entry) => (entry === 'separator' || entry.enabled === false ? [] : [entry.id]))).toEqual(['help'])
  })
})
