/**
 * The product's sentences for refusals, in one place.
 *
 * A refusal carries a code and the values that decided; here they become what a Hyper-V Manager message box says: the cause, and as details the
 * rule and the values. Sources: hyper-v-manager 3.7 (failure boxes), 4.1 (wizard), 5.6; texts that are not known for sure are ours and stand
 * nowhere else.
 */

import type { VmCommand } from './actions.ts'
import type { RefusalCode, RefusalView } from './refusals.ts'
import { SETTINGS_BODIES } from './settings-texts.ts'

export interface RefusalText {
  /** What went wrong, one or two sentences. */
  readonly body: string
  /** What decided: shown under 'See details'. */
  readonly details: readonly string[]
}

type Values = RefusalView['values']

const OPERATIONS: Readonly<Record<string, string>> = {
  create: 'creating',
  start: 'starting',
  restore: 'restoring',
  'turn-off': 'turning off',
  'shut-down': 'shutting down',
  save: 'saving',
  pause: 'pausing',
  resume: 'resuming',
  reset: 'resetting',
  delete: 'deleting',
  'delete-saved-state': 'deleting the saved state',
  checkpoint: 'creating a checkpoint',
  'apply-checkpoint': 'applying a checkpoint',
  'delete-checkpoint': 'deleting a checkpoint',
  merge: 'merging disks',
}

/** Sentences by code. `v` reads a value as text. */
const BODIES: Readonly<Record<RefusalCode, (v: (key: string) => string, values: Values) => string>> = {
  'wrong-state': (v) =>
    v('name') === ''
      ? 'The operation cannot be performed while the object is in its current state.'
      : `'${v('name')}' failed to perform the operation. The virtual machine is not in a valid state to perform the operation.`,
  'other-operation': (v) =>
    `'${v('name')}' failed to perform the '${v('action')}' operation. The virtual machine is currently ${OPERATIONS[v('operation')] ?? v('operation')}.`,
  'service-stopped': (v) => `The Virtual Machine Management service is not running on '${v('host')}'.`,
  'unknown-host': () => 'The computer is not known to this console.',
  'unknown-virtual-machine': () => 'The virtual machine could not be found. It may have been deleted.',
  'unknown-switch': () => 'The virtual switch could not be found. It may have been removed.',
  'unknown-drive': (v) => `The drive '${v('drive')}' is not available on this computer.`,
  'not-enough-memory': (v) => `Not enough memory in the system to start the virtual machine ${v('name')}.`,
  'partition-refused': (v) => `'${v('name')}' failed to initialize. The hypervisor could not create its partition.`,
  'saved-state-refused': (v) => `'${v('name')}' failed to restore virtual machine state.`,
  'too-many-running': (v) =>
    `'${v('name')}' could not be started because ${v('running')} virtual machines are running, the most that ${v('product')} supports.`,
  'processor-count': (v) =>
    `'${v('name')}' could not be started because it has ${v('count')} virtual processors. This computer supports at most ${v('maximum')} of them${v('counts') === '' ? '' : `, and only the numbers ${v('counts')}`}.`,
  'memory-range': (v) => `The amount of memory must be between ${v('minimumMb')} MB and ${v('maximumMb')} MB.`,
  'memory-multiple': (v) => `The amount of memory must be a multiple of ${v('multipleMb')} MB.`,
  'memory-order': () => 'The startup memory must be at least the minimum memory and at most the maximum memory.',
  'name-empty': (v) => `A name must be specified for the ${v('what') || 'virtual machine'}.`,
  'name-too-long': (v) => `The name has ${v('characters')} characters. It cannot have more than ${v('maximum')}.`,
  'name-characters': () => 'The name contains characters that cannot be used here. A folder name cannot contain any of \\ / : * ? " < > |.',
  'generation-not-offered': (v) => `Generation ${v('generation')} virtual machines are not supported by ${v('product')}.`,
  'path-invalid': (v) =>
    v('path').trim() === ''
      ? 'A path must be specified.'
      : `The specified path '${v('path')}' is not valid. Specify a full path such as C:\\Folder\\File.`,
  'path-not-found': (v) => `The system cannot find the path '${v('path')}'.`,
  'path-exists': (v) => `Failed to create the virtual hard disk. The file '${v('path')}' already exists.`,
  'disk-format': (v) => `'${v('path')}' cannot be used with a generation 2 virtual machine. Specify a file in the ${v('needed')} format.`,
  'disk-size': (v) => `The size must be between ${v('minimumGb')} GB and ${v('maximumGb')} GB.`,
  'disk-in-use': (v) =>
    `'${v('name')}' ${v('controller')}: Failed to Power on with Error 'The process cannot access the file because it is being used by another process.' (0x80070020).`,
  'disk-missing': (v) =>
    `'${v('name')}' ${v('controller')}: Failed to Power on with Error 'The system cannot find the file specified.' (0x80070002). Attachment '${v('path')}' not found.`,
  'volume-full': (v) => `There is not enough space on the disk '${v('volume')}'.`,
  'image-format': (v) => `'${v('path')}' is not a file of the type ${v('needed')}.`,
  'network-required': () => 'To install the operating system from the network, connect the virtual machine to a virtual switch first.',
  'switch-missing': (v) => `'${v('name')}' Synthetic Ethernet Port: the virtual switch could not be found.`,
  'shutdown-service-missing': (v) =>
    `'${v('name')}' failed to shut down. The shutdown integration service is not available in the guest operating system. The device is not ready for use. (0x80070015).`,
  'no-saved-state': (v) => `'${v('name')}' has no saved state.`,
  'not-cancellable': () => 'The operation has ended or cannot be cancelled.',
  'root-partition': () => 'The parent partition cannot be changed.',
  'console-not-running': (v) => `'${v('name')}' is not running.`,
  'notes-too-long': (v) => `The notes cannot have more than ${v('maximum')} characters.`,
  cancelled: () => 'The operation was cancelled.',
  'host-powered-off': (v) => `The computer '${v('host')}' has no power.`,
  'unknown-volume': () => 'The volume could not be found on this computer.',
  'unknown-job-kind': (v) => `'${v('kind')}' is not a kind of job.`,
  'unknown-fault': () => 'The fault could not be found. It may have been removed.',
  'fault-present': (v) => `The fault '${v('fault')}' acts there already.`,
  'fault-limit': (v) => `No more than ${v('maximum')} faults and rules can act at the same time.`,
  'fault-not-possible': (v) => `The fault '${v('fault')}' is not possible now, because ${v('reason')}.`,
  'fault-ended': (v) => `The fault '${v('fault')}' is over and cannot be cleared.`,
  'trace-limit': (v) => `No more than ${v('maximum')} virtual machines can be traced at the same time.`,
  ...SETTINGS_BODIES,
  'unknown-checkpoint': () => 'The checkpoint could not be found. It may have been deleted.',
  'checkpoints-disabled': (v) => `Checkpoints have been disabled for '${v('name')}'.`,
  'no-checkpoint': (v) => `'${v('name')}' has no checkpoint to go back to.`,
  'checkpoint-limit': (v) => `'${v('name')}' has ${v('maximum')} checkpoints, the most that a virtual machine can have.`,
  'production-checkpoint': (v) => `Production checkpoints cannot be created for '${v('name')}'.`,
  'checkpoint-not-supported': (v) => `Checkpoints are not supported for virtual machines with the disk '${v('path')}'.`,
  'disk-busy': (v) => `The process cannot access the file '${v('path')}' because it is being used by another process. (0x80070020)`,
  'disk-refused': (v) => `${v('sentence')} (${v('status')})`,
  'disk-action': (v) => `The operation '${v('action')}' is not available for the virtual hard disk '${v('path')}'.`,
  'disk-parent-format': (v) => `The parent '${v('path')}' must have the same format as the differencing disk, ${v('format')}.`,
  'disk-format-host': (v) => `The format ${v('format')} is not supported by ${v('product')}.`,
  'file-not-found': (v) => `The system cannot find the file specified. (0x80070002) File: '${v('path')}'.`,
  'not-a-disk': (v) => `The file '${v('path')}' is not a virtual hard disk. (0xC03A0015)`,
  'unknown-workload': (v) => `There is no workload '${v('workload')}'.`,
  'unknown-counter': (v) => `The counter '${v('object')}(${v('instance')})' does not exist.`,
  'too-many-counters': (v) => `No more than ${v('maximum')} counters of one computer can be recorded.`,
}

/** Words for the values, in the order in which details show them. */
const VALUE_WORDS: readonly (readonly [string, (value: string) => string])[] = [
  ['state', (value) => `Current state: ${value}`],
  ['states', (value) => `Possible in: ${value}`],
  ['requiredMb', (value) => `Required: ${value} MB`],
  ['availableMb', (value) => `Available: ${value} MB`],
  ['freeMb', (value) => `Free: ${value} MB`],
  ['hostMb', (value) => `Physical memory: ${value} MB`],
  ['reserveMb', (value) => `Kept for the parent partition: ${value} MB`],
  ['running', (value) => `Running virtual machines: ${value}`],
  ['maximum', (value) => `Maximum: ${value}`],
  ['counts', (value) => `Possible numbers: ${value}`],
  ['user', (value) => `Used by: ${value}`],
  ['guest', (value) => `Guest: ${value}`],
  ['phase', (value) => `Guest state: ${value}`],
  ['call', (value) => `Hypercall: ${value}`],
  ['status', (value) => `Result: ${value}`],
  ['reason', (value) => `Reason: ${value}`],
  ['path', (value) => `Path: ${value}`],
  ['presentMb', (value) => `Memory of the virtual machine: ${value} MB`],
  ['usedMb', (value) => `In use by the guest: ${value} MB`],
]

/** The sentences for a refusal. Never fails: a value that is missing leaves a gap in the sentence. */
export function refusalText(refusal: RefusalView): RefusalText {
  const text = (key: string): string => String(refusal.values[key] ?? '')
  const details = VALUE_WORDS.flatMap(([key, words]) => (refusal.values[key] === undefined ? [] : [words(text(key))]))
  if (refusal.rule !== undefined) details.push(`Rule: ${refusal.rule}`)
  return { body: BODIES[refusal.code](text, refusal.values), details }
}

/** Headline of the failure box for an action on one or several machines (hyper-v-manager 3.7). */
export function failureHeadline(action: VmCommand, name: string): string {
  switch (action) {
    case 'start':
      return 'An error occurred while attempting to start the selected virtual machine(s).'
    case 'delete':
      return 'An error occurred while attempting to delete the selected virtual machine(s).'
    case 'checkpoint':
      return 'An error occurred while attempting to checkpoint the selected virtual machine(s).'
    case 'turn-off':
    case 'shut-down':
    case 'save':
    case 'pause':
    case 'resume':
    case 'reset':
    case 'revert':
    case 'delete-saved-state':
      return `An error occurred while attempting to change the state of virtual machine ${name}.`
  }
}
