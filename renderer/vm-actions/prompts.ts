/** Questions that come before an action (hyper-v-manager 3.6). */
import type { VmCommand } from '../../preload/contract/index.ts'
import type { MessageBoxOptions } from '../mmc/index.ts'
import type { CheckpointWord } from './checkpoint-texts.ts'

/** Commands that are asked about. */
export type PromptedCommand = Extract<VmCommand, 'turn-off' | 'shut-down' | 'reset' | 'revert' | 'delete' | 'delete-saved-state'>
export type PromptButton = 'do' | 'do-not'

interface Wording {
  readonly caption: string
  readonly one: string
  readonly several: string
  readonly body?: readonly [one: string, several: string]
  readonly yes: string
  readonly no: string
}

const WORDINGS: Readonly<Record<PromptedCommand, Wording>> = {
  'turn-off': {
    caption: 'Turn Off Machine',
    one: 'Are you sure you want to turn off the selected virtual machine?',
    several: 'Are you sure you want to turn off the selected virtual machines?',
    yes: '&Turn Off',
    no: "&Don't Turn Off",
  },
  'shut-down': {
    caption: 'Shut Down Machine',
    one: 'Are you sure you want to shut down the operating system in the selected virtual machine?',
    several: 'Are you sure you want to shut down the operating system in the selected virtual machines?',
    yes: '&Shut Down',
    no: "&Don't Shut Down",
  },
  reset: {
    caption: 'Reset Machine',
    one: 'Are you sure you want to reset the selected virtual machine?',
    several: 'Are you sure you want to reset the selected virtual machines?',
    yes: '&Reset',
    no: "&Don't Reset",
  },
  revert: {
    caption: 'Revert Virtual Machine',
    one: 'Are you sure you want to revert the selected virtual machine to the previous checkpoint?',
    several: 'Are you sure you want to revert the selected virtual machines to their previous checkpoints?',
    body: ["The virtual machine's current state will be lost.", "The virtual machines' current state will be lost."],
    yes: '&Revert',
    no: "&Don't Revert",
  },
  delete: {
    caption: 'Delete Selected Virtual Machines',
    one: 'Are you sure you want to delete the selected virtual machine?',
    several: 'Are you sure you want to delete the selected virtual machines?',
    body: [
      'The virtual hard disks of the virtual machine are not deleted.',
      'The virtual hard disks of the virtual machines are not deleted.',
    ],
    yes: 'D&elete',
    no: "&Don't Delete",
  },
  'delete-saved-state': {
    caption: 'Delete Saved State',
    one: 'Are you sure you want to delete the saved state?',
    several: 'Are you sure you want to delete the saved states?',
    yes: 'D&elete',
    no: "&Don't Delete",
  },
}

/** Whether a question comes before the command. */
export function isPrompted(action: VmCommand): action is PromptedCommand {
  return action in WORDINGS
}

/** Preference that remembers "Please don't ask me again"; forgotten by `Reset Check Boxes`. */
export function promptPreference(action: PromptedCommand): string {
  return `prompt.${action}`
}

/** Value of the preference when the question is not asked any more. */
export const PROMPT_SKIPPED = 'skip'

/** The question for a command on `count` machines. `word` is what the host calls a checkpoint. */
export function promptBox(action: PromptedCommand, count: number, word: CheckpointWord = 'Checkpoint'): MessageBoxOptions<PromptButton> {
  const { caption, one, several, body, yes, no } = WORDINGS[action]
  const text = body?.[count === 1 ? 0 : 1]
  return {
    title: caption,
    icon: 'question',
    headline: (count === 1 ? one : several).replace('checkpoint', word.toLowerCase()),
    ...(text === undefined ? {} : { body: text }),
    verification: "Please don't ask me again",
    buttons: [
      { id: 'do', label: yes },
      { id: 'do-not', label: no },
    ],
    defaultButton: 'do-not',
  }
}
