/** Boxes that say why an action failed (hyper-v-manager 3.7). */
import { failureHeadline, type RefusalView, refusalText, type VmCommand } from '../../preload/contract/index.ts'
import type { MessageBoxOptions } from '../mmc/index.ts'

/** Where the action was asked for: it decides about caption and headline. */
export type ActionPlace = 'manager' | 'connection'

/** One machine on which an action failed. */
export interface VmFailure {
  readonly vmId: string
  readonly name: string
  readonly refusal: RefusalView
}

/** Machines that the box itself lists; the details list all. */
export const LISTED_FAILURES_MAX = 8

const CAPTIONS: Readonly<Record<ActionPlace, string>> = { manager: 'Hyper-V Manager', connection: 'Virtual Machine Connection' }

const FAILED: Readonly<Record<VmCommand, string>> = {
  start: 'failed to start.',
  'turn-off': 'failed to turn off.',
  'shut-down': 'failed to shut down.',
  save: 'failed to save.',
  pause: 'failed to pause.',
  resume: 'failed to resume.',
  reset: 'failed to reset.',
  checkpoint: 'failed to create a checkpoint.',
  revert: 'failed to revert.',
  'delete-saved-state': 'failed to delete the saved state.',
  delete: 'failed to be deleted.',
}

/** Large text: which action failed. */
export function failureTitle(action: VmCommand, names: readonly string[], place: ActionPlace): string {
  const [name = ''] = names
  if (place === 'connection' && action !== 'checkpoint')
    return `The application encountered an error while attempting to change the state of '${name}'.`
  if (names.length === 1 || action === 'start' || action === 'delete' || action === 'checkpoint') return failureHeadline(action, name)
  return 'An error occurred while attempting to change the state of the selected virtual machines.'
}

/** What went wrong with one machine: a sentence that names it, and the cause. */
export function failureParagraph(action: VmCommand, failure: VmFailure): string {
  const { body } = refusalText(failure.refusal)
  const named = `'${failure.name}'`
  if (action === 'checkpoint') return `Checkpoint operation for ${named} failed. ${body}`
  return body.startsWith(named) ? body : `${named} ${FAILED[action]} ${body}`
}

/** The box for an action that failed on at least one machine. */
export function failureBox(action: VmCommand, failures: readonly VmFailure[], place: ActionPlace): MessageBoxOptions<'close'> {
  const listed = failures.slice(0, LISTED_FAILURES_MAX).map((failure) => failureParagraph(action, failure))
  const more = failures.length - listed.length
  if (more > 0) listed.push(`${more} more virtual machine${more === 1 ? '' : 's'} failed. The details name them.`)
  return {
    ...errorBox(
      failureTitle(
        action,
        failures.map(({ name }) => name),
        place,
      ),
      // Machines may have the same name; what is said twice is read once, and the details tell them apart.
      [...new Set(listed)].join('\n\n'),
      place,
    ),
    details: failures.map((failure) => failureDetails(action, failure)).join('\n\n'),
  }
}

function failureDetails(action: VmCommand, failure: VmFailure): string {
  const lead = `${failureParagraph(action, failure)} (Virtual machine ID ${failure.vmId.toUpperCase()})`
  return [lead, ...refusalText(failure.refusal).details].join('\n')
}

/** A box with a cause that is no refusal, such as a lost connection. */
export function errorBox(headline: string, body: string, place: ActionPlace): MessageBoxOptions<'close'> {
  return { title: CAPTIONS[place], icon: 'error', headline, body, buttons: [{ id: 'close', label: '&Close' }], defaultButton: 'close' }
}
