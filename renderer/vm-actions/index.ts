/** Actions on virtual machines: commands, questions, failure boxes; for the console and for connection windows. */
export type { CheckpointWord } from './checkpoint-texts.ts'
export { offersAction, vmActionCommand } from './commands.ts'
export { type ActionPlace, errorBox, type VmFailure } from './failures.ts'
export { type CheckpointActions, useCheckpointActions } from './useCheckpointActions.ts'
export { type ActionTarget, useVmActions, type VmActions, type VmActionsOptions } from './useVmActions.ts'
