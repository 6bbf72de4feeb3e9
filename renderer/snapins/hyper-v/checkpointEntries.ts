/** What can be done with a checkpoint: the one definition for menus, Actions pane, context menu and keys (hyper-v-manager 6.2). */
import { CHECKPOINT_ACTIONS, type CheckpointAction, type HostView, type VmDetail } from '../../../preload/contract/index.ts'
import type { Command, MenuEntry } from '../../mmc/index.ts'

/** Whether the engine offers the action on the machine's checkpoints now. */
export function offersOnCheckpoint(detail: Pick<VmDetail, 'checkpointActions'>, action: CheckpointAction): boolean {
  return (detail.checkpointActions & (1 << CHECKPOINT_ACTIONS.indexOf(action))) !== 0
}

export interface CheckpointCommandContext {
  readonly detail: Pick<VmDetail, 'checkpointActions'>
  readonly word: HostView['checkpointWord']
  readonly connected: boolean
  readonly apply: () => void
  readonly rename: () => void
  readonly remove: (subtree: boolean) => void
  readonly help: Command
}

/** Entries of a checkpoint; what does not apply is left out. */
export function checkpointEntries(context: CheckpointCommandContext): readonly MenuEntry[] {
  const { detail, word, connected, apply, rename, remove, help } = context
  const entry = (action: CheckpointAction, command: Command): readonly MenuEntry[] =>
    offersOnCheckpoint(detail, action) ? [{ ...command, enabled: connected }] : []
  return [
    ...entry('apply-checkpoint', { id: 'apply-checkpoint', label: '&Apply...', icon: 'revert', run: apply }),
    'separator',
    ...entry('rename-checkpoint', { id: 'rename-checkpoint', label: '&Rename...', icon: 'rename', run: rename }),
    ...entry('delete-checkpoint', {
      id: 'delete-checkpoint',
      label: `&Delete ${word}...`,
      icon: 'delete',
      run: () => remove(false),
    }),
    ...entry('delete-checkpoint', {
      id: 'delete-checkpoint-subtree',
      label: `Delete ${word} &Subtree...`,
      icon: 'delete',
      run: () => remove(true),
    }),
    'separator',
    help,
  ]
}
