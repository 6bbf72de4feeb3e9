/** Actions on virtual machines: commands, questions, failure boxes; for the console and for connection windows. */
export { offersAction, vmActionCommand } from './commands.ts'
export { type ActionPlace, errorBox, failureBox, type VmFailure } from './failures.ts'
export { PROMPT_SKIPPED, promptPreference } from './prompts.ts'
export { type ActionTarget, useVmActions, type VmActions, type VmActionsOptions } from './useVmActions.ts'
