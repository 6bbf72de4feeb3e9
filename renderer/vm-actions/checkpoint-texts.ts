/** Questions and notices about checkpoints (hyper-v-manager 3.6, 6.3); wordings that the reference does not give are ours. */
import type { HostView } from '../../preload/contract/index.ts'
import type { MessageBoxOptions } from '../mmc/index.ts'

/** What the host calls it. */
export type CheckpointWord = HostView['checkpointWord']

/** A word in the middle of a sentence. */
function inner(word: CheckpointWord): string {
  return word.toLowerCase()
}

export type ApplyButton = 'take' | 'apply' | 'cancel'

/** Preference of the Apply question: the button that is pressed without asking. */
export const APPLY_PREFERENCE = 'prompt.apply-checkpoint'

export function applyBox(word: CheckpointWord): MessageBoxOptions<ApplyButton> {
  return {
    title: `Apply ${word}`,
    icon: 'question',
    headline: `Are you sure you want to apply the selected ${inner(word)}?`,
    body: "The virtual machine's current state will be lost.",
    verification: "Please don't ask me again",
    buttons: [
      { id: 'take', label: `${word === 'Snapshot' ? '&Take' : 'C&reate'} ${word} and Apply` },
      { id: 'apply', label: '&Apply' },
      { id: 'cancel', label: '&Cancel' },
    ],
    defaultButton: 'cancel',
  }
}

export type DeleteButton = 'do' | 'do-not'

export function deletePreference(subtree: boolean): string {
  return subtree ? 'prompt.delete-checkpoint-subtree' : 'prompt.delete-checkpoint'
}

export function deleteBox(word: CheckpointWord, subtree: boolean): MessageBoxOptions<DeleteButton> {
  return {
    title: subtree ? `Delete ${word} Subtree` : `Delete ${word}`,
    icon: 'question',
    headline: `Are you sure you want to delete the selected ${inner(word)}${subtree ? ' and its subtree' : ''}?`,
    verification: "Please don't ask me again",
    buttons: [
      { id: 'do', label: 'D&elete' },
      { id: 'do-not', label: "&Don't Delete" },
    ],
    defaultButton: 'do-not',
  }
}

type Made = 'production' | 'standard'

export function madePreference(made: Made): string {
  return `prompt.${made}-checkpoint-created`
}

const MADE_BODIES: Readonly<Record<Made, string>> = {
  production:
    'Backup technology inside the guest operating system was used to create the checkpoint. Information about running applications was not included.\n\n' +
    'You can choose between production and standard checkpoints in the settings of the virtual machine.',
  standard:
    'The current state of running applications was included in the checkpoint.\n\n' +
    'You can choose between production and standard checkpoints in the settings of the virtual machine.',
}

/** Told after a checkpoint of a running machine, on hosts that have both kinds. */
export function madeBox(made: Made): MessageBoxOptions<'ok'> {
  return {
    title: 'Virtual Machine Checkpoint',
    icon: 'info',
    headline: made === 'production' ? 'Production checkpoint created.' : 'Standard checkpoint created.',
    body: MADE_BODIES[made],
    verification: "Please don't show me this again",
    buttons: [{ id: 'ok', label: '&OK' }],
    defaultButton: 'ok',
  }
}

export type CheckpointRequest = 'apply' | 'delete'

export function checkpointFailure(request: CheckpointRequest, word: CheckpointWord): string {
  return `An error occurred while attempting to ${request} the selected ${inner(word)}.`
}
