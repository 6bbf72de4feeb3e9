import { type ReactNode, useState } from 'react'
import { useLab } from '../client/lab-context.tsx'
import { type CheckpointWord, useCheckpointActions } from '../vm-actions/index.ts'
import { type CheckpointNameAnswer, CheckpointNameDialog } from './CheckpointNameDialog.tsx'

/** Preference that remembers "Always use default name". */
const DEFAULT_NAME_PREFERENCE = 'prompt.checkpoint-name'
const SKIPPED = 'skip'

interface Target {
  readonly id: string
  readonly name: string
}

/** Takes a checkpoint from the connection window: the name is asked for, unless the default one is always wanted. */
export function useCheckpointDialog(word: CheckpointWord): { readonly begin: (vm: Target) => Promise<void>; readonly dialog: ReactNode } {
  const { connection, preferences } = useLab()
  const actions = useCheckpointActions(word, 'connection')
  const [open, setOpen] = useState<{ readonly vm: Target; readonly name: string } | null>(null)
  const begin = async (vm: Target): Promise<void> => {
    // The moment of the question names the checkpoint, as in the product. Without a connection the command says why it cannot be taken.
    const { name } = await connection.client.checkpoint.defaultName({ vmId: vm.id }).catch(() => ({ name: vm.name }))
    if (preferences.get(DEFAULT_NAME_PREFERENCE) === SKIPPED) await actions.take(vm, name)
    else setOpen({ vm, name })
  }
  const onClose = (answer: CheckpointNameAnswer | null): void => {
    setOpen(null)
    if (answer === null || open === null) return
    if (answer.alwaysDefault) preferences.set(DEFAULT_NAME_PREFERENCE, SKIPPED)
    void actions.take(open.vm, answer.name)
  }
  const dialog = open === null ? null : <CheckpointNameDialog word={word} vmName={open.vm.name} defaultName={open.name} onClose={onClose} />
  return { begin, dialog }
}
