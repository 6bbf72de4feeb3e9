/** Names of the actions on virtual machines; without schemas, so that pages can have them without the validation library. */

/** Actions on a virtual machine, in the order in which the product lists them. */
export const VM_ACTIONS = [
  'connect',
  'start',
  'turn-off',
  'shut-down',
  'save',
  'pause',
  'resume',
  'reset',
  'checkpoint',
  'revert',
  'rename',
  'delete-saved-state',
  'delete',
] as const
export type VmAction = (typeof VM_ACTIONS)[number]

/** Actions that the engine carries out on a list of virtual machines. */
export const VM_COMMANDS = [
  'start',
  'turn-off',
  'shut-down',
  'save',
  'pause',
  'resume',
  'reset',
  'checkpoint',
  'revert',
  'delete-saved-state',
  'delete',
] as const
export type VmCommand = (typeof VM_COMMANDS)[number]

/** Actions on a checkpoint, as bits of `VmDetail.checkpointActions`. */
export const CHECKPOINT_ACTIONS = ['apply-checkpoint', 'rename-checkpoint', 'delete-checkpoint'] as const
export type CheckpointAction = (typeof CHECKPOINT_ACTIONS)[number]
