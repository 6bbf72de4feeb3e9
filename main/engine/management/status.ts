/** Text of the Status column: the running operation with its percentage, or why the state is critical (hyper-v-manager 3.4). */
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
  disk: '',
}

const CRITICAL: Readonly<Record<CriticalReason, string>> = {
  'configuration-storage-lost': 'Cannot connect to virtual machine configuration storage',
  'disk-space': 'Disk(s) running out of space',
  'storage-not-responding': 'Cannot connect to virtual machine storage',
}

export function statusText(world: World, vm: VirtualMachineRow): string {
  const job = world.by.runningJobOfVm.first(vm.id)
  if (job !== undefined) return `${operationText(world, vm, job)} (${job.percent}%)`
  return vm.critical === null ? '' : CRITICAL[vm.critical]
}

function operationText(world: World, vm: VirtualMachineRow, job: JobRow): string {
  if (job.kind !== 'delete' || world.by.checkpointsOfVm.count(vm.id) === 0) return OPERATION[job.kind]
  // Windows Server 2008 and 2008 R2 have this other word for it.
  const product = hostProduct(world.tables.host.require(vm.hostId).productId)
  return product.order <= 2 ? 'Merge in Progress' : 'Merging Disks'
}

/** Text of the step that runs, for the wizard's progress strip. */
export function stepText(world: World, job: JobRow): string {
  return job.status === 'running' ? (planOf(world, job)[job.step]?.text ?? '') : ''
}
