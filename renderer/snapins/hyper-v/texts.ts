/** Texts of the snap-in in one place. Those of the product stand in hyper-v-manager 1, 2.9, 6.1 and 7; the others are ours. */

/** Longest name that can be typed; the engine decides what is taken. */
export const NAME_LENGTH_MAX = 1000

export const MANAGER = 'Hyper-V Manager'

export const TEXTS = {
  noMachines: 'No virtual machines were found on this server.',
  noneSelected: 'No virtual machine selected.',
  noItem: 'No item selected.',
  severalSelected: 'Selected Virtual Machines',
  details: 'Details',
  noAdapters: 'No network adapters are attached to this virtual machine.',
  serviceNotRunning: 'The Virtual Machine Management service is not running on this server.',
  serviceStarting: 'Starting the Virtual Machine Management service...',
  serviceStopping: 'Stopping the Virtual Machine Management service...',
  connecting: (host: string) => `Connecting to Virtual Machine Management service on ${host}...`,
  refreshing: 'Refreshing...',
  connectionLost: 'The connection to the simulation was lost. Nothing was changed.',
} as const

/** Heading of the checkpoints pane: `Checkpoints` or, on older hosts, `Snapshots`. */
export function checkpointsTitle(word: 'Checkpoint' | 'Snapshot'): string {
  return `${word}s`
}

export function noCheckpoints(word: 'Checkpoint' | 'Snapshot'): string {
  return `The selected virtual machine has no ${word.toLowerCase()}s.`
}

/** Question before the management service is stopped (2.9; wording ours). */
export const STOP_SERVICE = {
  title: 'Stop Virtual Machine Management Service',
  headline: 'Are you sure you want to stop the Virtual Machine Management service?',
  body: 'Virtual machines that are running keep running, but they cannot be managed until the service is started again.',
  confirm: '&Turn Off',
  cancel: 'Cancel',
} as const

/** Headline of the box that says why a shortcut did nothing. */
export function renameHeadline(name: string): string {
  return `An error occurred while attempting to rename virtual machine ${name}.`
}
