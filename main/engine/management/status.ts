/** Text of the Status column: the running operation with its percentage, or why the state is critical (hyper-v-manager 3.4). */
import { checkpointFeatures } from '../products/checkpoint-features.ts'
import { hostProduct } from '../products/hosts.ts'
import type { CriticalReason, JobKind, JobRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { planOf } from './plans.ts'

const OPERATION: Readonly<Record<JobKind, string>> = {
  create: 'Creating',
  start: 'Starting',
  restore: 'Restoring',
  'turn-off': 'Stopping',
  'shut-down': 'Shutting Down',
  save: 'Saving',
  pause: 'Pausing',
  resume: 'Resuming',
  reset: 'Resetting',
  delete: 'Deleting',
  'delete-saved-state': 'Deleting Saved State',
  'start-service': '',
  'stop-service': '',
  checkpoint: 'Creating Checkpoint',
  'apply-checkpoint': 'Applying Checkpoint',
  'delete-checkpoint': 'Deleting Checkpoint',
  merge: 'Merging Disks',
  disk: '',
}

/** On hosts that call a checkpoint a snapshot. */
const SNAPSHOT_OPERATION: Partial<Readonly<Record<JobKind, string>>> = {
  checkpoint: 'Taking Snapshot',
  'apply-checkpoint': 'Applying Snapshot',
  'delete-checkpoint': 'Deleting Snapshot',
}

/** Operations whose progress is not shown. */
const WITHOUT_PERCENT: ReadonlySet<JobKind> = new Set(['apply-checkpoint', 'delete-checkpoint'])

const CRITICAL: Readonly<Record<CriticalReason, string>> = {
  'configuration-storage-lost': 'Cannot connect to virtual machine configuration storage',
  'disk-space': 'Disk(s) running out of space',
  'storage-not-responding': 'Cannot connect to virtual machine storage',
}

/** Whether a text names a kind of job. */
export function isJobKind(text: string): text is JobKind {
  return Object.hasOwn(OPERATION, text)
}

export function statusText(world: World, vm: VirtualMachineRow): string {
  const job = world.by.runningJobOfVm.first(vm.id) ?? world.by.mergeOfVm.first(vm.id)
  if (job !== undefined) {
    const text = operationText(world, vm, job)
    return WITHOUT_PERCENT.has(job.kind) ? text : `${text} (${job.percent}%)`
  }
  return vm.critical === null ? '' : CRITICAL[vm.critical]
}

function operationText(world: World, vm: VirtualMachineRow, job: JobRow): string {
  const product = hostProduct(world.tables.host.require(vm.hostId).productId)
  const merges = job.kind === 'merge' || (job.kind === 'delete' && world.by.checkpointsOfVm.count(vm.id) > 0)
  // Windows Server 2008 and 2008 R2 have this other word for it.
  if (merges) return checkpointFeatures(product).liveMerge ? 'Merging Disks' : 'Merge in Progress'
  return (product.checkpointWord === 'Snapshot' ? SNAPSHOT_OPERATION[job.kind] : undefined) ?? OPERATION[job.kind]
}

/** Text of the step that runs, for the wizard's progress strip. */
export function stepText(world: World, job: JobRow): string {
  return job.status === 'running' ? (planOf(world, job)[job.step]?.text ?? '') : ''
}
