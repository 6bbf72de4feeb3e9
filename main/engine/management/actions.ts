/**
 * Which actions a virtual machine offers in which state, and why not.
 *
 * The table is the product's (hyper-v-manager 3.2). Actions that do not apply are hidden by the pages, so the engine answers both: which
 * ones show, and for the others the state that forbids them.
 */
import { type Refusal, refuse } from '../kernel/result.ts'
import type { VirtualMachineRow, VmState } from '../rows.ts'
import type { World } from '../world.ts'
import type { RefusalCode } from './refusals.ts'

/** In the order in which the product lists them. */
export const ACTIONS = [
  'connect',
  'settings',
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

export type Action = (typeof ACTIONS)[number]

/** Actions on a checkpoint of the machine. */
export const CHECKPOINT_ACTIONS = ['apply-checkpoint', 'rename-checkpoint', 'delete-checkpoint'] as const
export type CheckpointAction = (typeof CHECKPOINT_ACTIONS)[number]

/** Columns of the state table: the states, with the transitions as one, and the critical forms. */
type Column =
  | 'Off'
  | 'Running'
  | 'Paused'
  | 'Saved'
  | 'Transition'
  | 'Off-Critical'
  | 'Saved-Critical'
  | 'Paused-Critical'
  | 'Running-Critical'

const EVERYWHERE: readonly Column[] = [
  'Off',
  'Running',
  'Paused',
  'Saved',
  'Transition',
  'Off-Critical',
  'Saved-Critical',
  'Paused-Critical',
  'Running-Critical',
]

const SETTLED_COLUMNS: readonly Column[] = ['Off', 'Running', 'Paused', 'Saved', 'Running-Critical']

const OFFERED: Readonly<Record<Action | CheckpointAction, readonly Column[]>> = {
  connect: EVERYWHERE,
  settings: ['Off', 'Running', 'Paused', 'Saved', 'Transition', 'Paused-Critical', 'Running-Critical'],
  start: ['Off', 'Saved'],
  'turn-off': ['Running', 'Paused', 'Transition', 'Paused-Critical', 'Running-Critical'],
  'shut-down': ['Running', 'Running-Critical'],
  save: ['Running', 'Paused', 'Paused-Critical', 'Running-Critical'],
  pause: ['Running', 'Running-Critical'],
  resume: ['Paused', 'Paused-Critical'],
  reset: ['Running', 'Paused', 'Paused-Critical', 'Running-Critical'],
  rename: ['Off', 'Running', 'Paused', 'Saved', 'Transition', 'Paused-Critical', 'Running-Critical'],
  'delete-saved-state': ['Saved', 'Saved-Critical'],
  delete: ['Off', 'Saved', 'Off-Critical', 'Saved-Critical'],
  checkpoint: SETTLED_COLUMNS,
  revert: SETTLED_COLUMNS,
  'apply-checkpoint': SETTLED_COLUMNS,
  'rename-checkpoint': EVERYWHERE,
  'delete-checkpoint': SETTLED_COLUMNS,
}

const SETTLED: readonly VmState[] = ['Off', 'Running', 'Paused', 'Saved']

function columnOf(vm: VirtualMachineRow): Column {
  if (!SETTLED.includes(vm.state)) return 'Transition'
  const state = vm.state as 'Off' | 'Running' | 'Paused' | 'Saved'
  return vm.critical === null ? state : `${state}-Critical`
}

/** Text of the State column. */
export function stateText(vm: VirtualMachineRow): string {
  return vm.critical === null ? vm.state : `${vm.state}-Critical`
}

/** Why the action is not possible now; undefined when it is. */
export function whyNot(world: World, vm: VirtualMachineRow, action: Action | CheckpointAction): Refusal<RefusalCode> | undefined {
  const host = world.tables.host.require(vm.hostId)
  if (host.serviceState !== 'running' && action !== 'connect') {
    return refuse('service-stopped' as const, { host: host.name, state: host.serviceState }).refusal
  }
  const column = columnOf(vm)
  const offered = OFFERED[action]
  if (!offered.includes(column)) {
    const states = offered.filter((each) => each !== 'Transition').join(', ')
    return refuse('wrong-state' as const, { name: vm.name, state: stateText(vm), action, states }).refusal
  }
  if (action === 'checkpoint' && vm.checkpointType === 'disabled') return refuse('checkpoints-disabled' as const, { name: vm.name }).refusal
  if (action === 'revert' && vm.currentCheckpointId === null) return refuse('no-checkpoint' as const, { name: vm.name }).refusal
  return jobConflict(world, vm, action)
}

/** What a background merge of the machine's disks keeps out (3.2); everything else goes on beside it. */
const NOT_WHILE_MERGING: ReadonlySet<Action | CheckpointAction> = new Set(['checkpoint', 'revert', 'delete', 'apply-checkpoint'])

/** A running job keeps other changes of state out; turning off is the way out of those that a user may break off. */
function jobConflict(world: World, vm: VirtualMachineRow, action: Action | CheckpointAction): Refusal<RefusalCode> | undefined {
  if (action === 'connect' || action === 'rename' || action === 'rename-checkpoint') return undefined
  if (NOT_WHILE_MERGING.has(action) && world.by.mergeOfVm.count(vm.id) > 0) {
    return refuse('other-operation' as const, { name: vm.name, operation: 'merge', action }).refusal
  }
  const job = world.by.runningJobOfVm.first(vm.id)
  if (job === undefined || (action === 'settings' && job.kind !== 'delete')) return undefined
  if (action === 'turn-off' && BREAKABLE.has(job.kind)) return undefined
  return refuse('other-operation' as const, { name: vm.name, operation: job.kind, action }).refusal
}

const BREAKABLE: ReadonlySet<string> = new Set(['start', 'restore', 'shut-down', 'save', 'pause', 'resume', 'reset'])

/** Bits of the actions that a column offers: bit i stands for ACTIONS[i]. */
const COLUMN_BITS: ReadonlyMap<Column, number> = new Map(
  EVERYWHERE.map((column) => [column, bitsOf((action) => OFFERED[action].includes(column))]),
)
const CONNECT_BIT = bitsOf((action) => action === 'connect')
const BUSY_BITS = bitsOf((action) => action === 'connect' || action === 'rename')
const SETTINGS_BIT = bitsOf((action) => action === 'settings')
const MERGE_BITS = bitsOf((action) => NOT_WHILE_MERGING.has(action))
const CHECKPOINT_BIT = bitsOf((action) => action === 'checkpoint')
const REVERT_BIT = bitsOf((action) => action === 'revert')
const BREAKABLE_BITS = BUSY_BITS | bitsOf((action) => action === 'turn-off')

function bitsOf(has: (action: Action) => boolean): number {
  return ACTIONS.reduce((bits, action, index) => (has(action) ? bits | (1 << index) : bits), 0)
}

/**
 * The actions that show for the machine now, as bits: bit i stands for ACTIONS[i]. The same answer as `whyNot` for each, without the reasons:
 * it is asked for every machine of a lab that is opened.
 */
export function offeredActions(world: World, vm: VirtualMachineRow): number {
  if (world.tables.host.require(vm.hostId).serviceState !== 'running') return CONNECT_BIT
  let bits = COLUMN_BITS.get(columnOf(vm)) ?? 0
  if (vm.checkpointType === 'disabled') bits &= ~CHECKPOINT_BIT
  if (vm.currentCheckpointId === null) bits &= ~REVERT_BIT
  if (world.by.mergeOfVm.count(vm.id) > 0) bits &= ~MERGE_BITS
  const job = world.by.runningJobOfVm.first(vm.id)
  if (job === undefined) return bits
  const busy = BREAKABLE.has(job.kind) ? BREAKABLE_BITS : BUSY_BITS
  return bits & (job.kind === 'delete' ? busy : busy | SETTINGS_BIT)
}
