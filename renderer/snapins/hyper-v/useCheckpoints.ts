import { type KeyboardEvent, useRef, useState } from 'react'
import type { CheckpointView, HostView, VmDetail } from '../../../preload/contract/index.ts'
import { type Command, type ConsoleTreeHandle, isShortcut, type MenuEntry } from '../../mmc/index.ts'
import { useCheckpointActions } from '../../vm-actions/index.ts'
import type { CheckpointsPaneProps } from './CheckpointsPane.tsx'
import { checkpointEntries, offersOnCheckpoint } from './checkpointEntries.ts'

export interface Checkpoints {
  /** The selected checkpoint; null for none and for *Now*. */
  readonly selected: CheckpointView | null
  /** Entries of the selected checkpoint. */
  readonly entries: readonly MenuEntry[]
  readonly treeProps: Pick<CheckpointsPaneProps, 'selectedId' | 'onSelect' | 'menuFor' | 'onRename' | 'onKey' | 'ref' | 'renamable'>
  readonly focus: () => void
}

interface CheckpointsOptions {
  readonly host: HostView | undefined
  readonly detail: VmDetail | undefined
  readonly connected: boolean
  readonly help: Command
}

/** The selected checkpoint of the selected machine and what can be done with it. */
export function useCheckpoints({ host, detail, connected, help }: CheckpointsOptions): Checkpoints {
  const tree = useRef<ConsoleTreeHandle>(null)
  const word = host?.checkpointWord ?? 'Checkpoint'
  const actions = useCheckpointActions(word)
  const [chosen, setChosen] = useState<{ readonly vmId: string; readonly id: string } | null>(null)
  const selectedId = chosen !== null && chosen.vmId === detail?.id ? chosen.id : null
  const find = (id: string | null): CheckpointView | null => detail?.checkpoints.find((checkpoint) => checkpoint.id === id) ?? null
  const entriesOf = (checkpoint: CheckpointView | null): readonly MenuEntry[] => {
    if (checkpoint === null || detail === undefined) return [help]
    const { id } = checkpoint
    return checkpointEntries({
      detail,
      word,
      connected,
      apply: () => void actions.apply(id),
      rename: () => tree.current?.beginRename(id),
      remove: (subtree) => void actions.remove(id, subtree),
      help,
    })
  }
  const selected = find(selectedId)
  const onKey = (event: KeyboardEvent): boolean => {
    if (!isShortcut(event, 'Del') || selected === null || detail === undefined) return false
    if (connected && offersOnCheckpoint(detail, 'delete-checkpoint')) void actions.remove(selected.id, false)
    return true
  }
  return {
    selected,
    entries: entriesOf(selected),
    focus: () => tree.current?.focus(),
    treeProps: {
      selectedId,
      onSelect: (id) => detail !== undefined && setChosen({ vmId: detail.id, id }),
      menuFor: (id) => entriesOf(find(id)),
      onRename: (id, name) => actions.rename(id, name),
      onKey,
      renamable: connected && detail !== undefined && offersOnCheckpoint(detail, 'rename-checkpoint'),
      ref: tree,
    },
  }
}
