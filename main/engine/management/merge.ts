/**
 * Background merges of the disks that deleted checkpoints leave behind: one after another per machine, beside everything else that the machine
 * does. What is next follows from rows (`checkpoint-disks.ts`), so that nothing has to be remembered over a kill.
 */
import { checkpointFeatures } from '../products/checkpoint-features.ts'
import { hostProduct } from '../products/hosts.ts'
import type { JobRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { removeCheckpoints } from './checkpoint-capture.ts'
import { hasRoomToMerge, mergeFiles, nextMerge } from './checkpoint-disks.ts'
import { jobInput, type MergeInput } from './checkpoint-input.ts'
import { writeRecord } from './event-log.ts'
import { beginJob, cancelJobRow, completeJob } from './jobs.ts'
import { volumeOf } from './paths.ts'

const BYTES_PER_MB = 1024 * 1024
const SLOW_BYTES_PER_SECOND = 50 * BYTES_PER_MB

function mergesWhileRunning(world: World, vm: VirtualMachineRow): boolean {
  return checkpointFeatures(hostProduct(world.tables.host.require(vm.hostId).productId)).liveMerge
}

/** Begins the machine's next merge, if there is one and the host can do it now. */
export function beginMerge(world: World, vmId: string): void {
  const vm = world.tables.virtual_machine.get(vmId)
  if (vm === undefined || world.by.mergeOfVm.count(vmId) > 0) return
  // Merging is the management service's work: what is left is found again when it starts.
  if (world.tables.host.require(vm.hostId).serviceState !== 'running') return
  if (vm.state !== 'Off' && vm.state !== 'Saved' && !mergesWhileRunning(world, vm)) return
  const next = nextMerge(world, vm)
  if (next === undefined) return
  const { child, parent } = next
  const volume = volumeOf(world, vm.hostId, parent.path)
  if (!hasRoomToMerge(world, next)) {
    return writeRecord(
      world,
      vm.hostId,
      'mergeFailed',
      vm,
      `There is not enough space on the disk '${volume?.letter ?? ''}:'. (0x80070070)`,
    )
  }
  const read = volume?.readBytesPerSecond ?? SLOW_BYTES_PER_SECOND
  const write = volume?.writeBytesPerSecond ?? SLOW_BYTES_PER_SECOND
  const totalMs = 400 + Math.round((child.sizeBytes / read + child.sizeBytes / write) * 1000)
  const input: MergeInput = { childId: child.id, parentId: parent.id, totalMs }
  beginJob(world, 'merge', vm.hostId, vm.id, JSON.stringify(input))
  writeRecord(world, vm.hostId, 'mergeStarted', vm)
}

/** The last step of a merge is over. */
export function finishMerge(world: World, job: JobRow, vm: VirtualMachineRow): void {
  const { childId, parentId } = jobInput<MergeInput>(job)
  const child = world.tables.host_file.get(childId)
  const parent = world.tables.host_file.get(parentId)
  // A branch that was deleted meanwhile has taken the file with it.
  const still = child !== undefined && parent !== undefined && child.parentPath?.toLowerCase() === parent.path.toLowerCase()
  if (still && !hasRoomToMerge(world, { child, parent })) {
    cancelJobRow(world, job)
    return writeRecord(world, vm.hostId, 'mergeFailed', vm, 'There is not enough space on the disk. (0x80070070)')
  }
  if (still) mergeFiles(world, vm, { child, parent })
  completeJob(world, job)
  writeRecord(world, vm.hostId, 'mergeFinished', vm)
  beginMerge(world, vm.id)
}

/** A machine is started: hosts that merge only idle disks break off, and begin anew when the machine stops. */
export function interruptMerge(world: World, vm: VirtualMachineRow): void {
  const job = world.by.mergeOfVm.first(vm.id)
  if (job === undefined || mergesWhileRunning(world, vm)) return
  cancelJobRow(world, job)
  writeRecord(world, vm.hostId, 'mergeInterrupted', vm)
}

/** The management service has stopped: its merges break off, and begin anew when it starts. */
export function interruptMerges(world: World, hostId: string): void {
  for (const vm of world.by.vmsOfHost.of(hostId)) {
    const job = world.by.mergeOfVm.first(vm.id)
    if (job === undefined) continue
    cancelJobRow(world, job)
    writeRecord(world, hostId, 'mergeInterrupted', vm)
  }
}

/** All checkpoints go and all chains become one file each: what the deletion of a machine does before its end. */
export function collapseChains(world: World, vm: VirtualMachineRow): void {
  removeCheckpoints(world, vm, world.by.checkpointsOfVm.of(vm.id))
  for (let merge = nextMerge(world, vm); merge !== undefined; merge = nextMerge(world, vm)) mergeFiles(world, vm, merge)
}
