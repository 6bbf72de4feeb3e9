/** The actions on a virtual machine as commands: label, access key and icon (hyper-v-manager 1.5, 3.1). */
import { VM_ACTIONS, type VmAction, type VmView } from '../../preload/contract/index.ts'
import type { Command } from '../mmc/index.ts'
import type { CheckpointWord } from './checkpoint-texts.ts'

const LOOKS: Readonly<Record<VmAction, Pick<Command, 'label' | 'icon'>>> = {
  connect: { label: '&Connect...', icon: 'connect' },
  settings: { label: 'Settin&gs...', icon: 'settings' },
  start: { label: '&Start', icon: 'start' },
  'turn-off': { label: '&Turn Off...', icon: 'turn-off' },
  'shut-down': { label: 'Shut &Down...', icon: 'shut-down' },
  save: { label: 'S&ave', icon: 'save' },
  pause: { label: '&Pause', icon: 'pause' },
  resume: { label: 'Res&ume', icon: 'resume' },
  reset: { label: 'R&eset', icon: 'reset' },
  checkpoint: { label: 'Chec&kpoint', icon: 'checkpoint' },
  revert: { label: '&Revert...', icon: 'revert' },
  rename: { label: 'Rena&me...', icon: 'rename' },
  'delete-saved-state': { label: 'Delete Sa&ved State...', icon: 'delete' },
  delete: { label: 'De&lete...', icon: 'delete' },
}

/** The command of an action; its id is the action's name. `word` is what the host calls a checkpoint. */
export function vmActionCommand(action: VmAction, run: () => void, word: CheckpointWord = 'Checkpoint'): Command {
  const named = action === 'checkpoint' && word === 'Snapshot' ? { label: 'S&napshot' } : {}
  return { id: action, ...LOOKS[action], ...named, run }
}

/** Whether the engine offers the action on this machine now. */
export function offersAction(vm: Pick<VmView, 'actions'>, action: VmAction): boolean {
  return (vm.actions & (1 << VM_ACTIONS.indexOf(action))) !== 0
}
