/** What checkpoint jobs do at their steps and at their end. */
import { freezeGuest } from '../guest/guest.ts'
import type { Refusal } from '../kernel/result.ts'
import { hasPartition } from '../machine/host.ts'
import { CHECKPOINTS_MAX } from '../products/checkpoint-features.ts'
import { hostFeatures } from '../products/host-features.ts'
import { hostProduct } from '../products/hosts.ts'
import type { JobRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { beginApply, methodOf, whyNoBackup, whyNoRoom, whyNoRoomToApply } from './checkpoint.ts'
import { capture, discardPresent, removeCheckpoints, restoreCheckpoint, subtreeOf } from './checkpoint-capture.ts'
import { defaultCheckpointName } from './checkpoint-files.ts'
import { type ApplyInput, captureStep, type DeleteInput, jobInput, needsGuest, type TakeInput } from './checkpoint-input.ts'
import { checkSpace } from './critical.ts'
import { writeRecord } from './event-log.ts'
import { completeJob, failJob, restartJob } from './jobs.ts'
import { beginMerge } from './merge.ts'
import { volumeOf } from './paths.ts'
import { thaw } from './power.ts'
import type { RefusalCode } from './refusals.ts'

/** A further step of a checkpoint begins. */
export function stepTake(world: World, job: JobRow): void {
  const vm = world.tables.virtual_machine.get(job.vmId ?? '')
  if (vm === undefined) return
  const input = jobInput<TakeInput>(job)
  if (needsGuest(input, job.step) && whyNoBackup(world, vm) !== undefined) return fallBack(world, job, vm, input)
  if (job.step === captureStep(input)) takeNow(world, job, vm, input)
}

/** The guest answers no more: another way if the settings allow one, from the beginning. */
function fallBack(world: World, job: JobRow, vm: VirtualMachineRow, input: TakeInput): void {
  const method = methodOf(world, vm)
  const refusal = method.ok ? whyNoRoom(world, vm, method.value.method === 'memory') : method.refusal
  if (!method.ok || refusal !== undefined) return failTake(world, job, vm, refusal ?? { code: 'cancelled', values: {} })
  if (method.value.method === 'memory' && vm.state === 'Running') freezeGuest(world, vm.id)
  restartJob(world, job, JSON.stringify({ ...input, ...method.value } satisfies TakeInput))
}

/** The moment of the checkpoint. False when it failed, and the job with it. */
function takeNow(world: World, job: JobRow, vm: VirtualMachineRow, input: TakeInput): boolean {
  const memory = input.method === 'memory'
  const refusal = whyNoRoom(world, vm, memory)
  if (refusal !== undefined) {
    failTake(world, job, vm, refusal)
    return false
  }
  capture(world, vm, { id: input.checkpointId, name: input.name, kind: input.kind, memory })
  world.tables.job.patch(job.id, { input: JSON.stringify({ ...input, taken: true } satisfies TakeInput) })
  goOn(world, vm)
  const volume = volumeOf(world, vm.hostId, vm.checkpointPath)
  if (volume !== undefined) checkSpace(world, volume.id)
  return true
}

/** A machine that stood still for its checkpoint runs on; a paused one stays paused. */
function goOn(world: World, vm: VirtualMachineRow): void {
  if (vm.state === 'Running') thaw(world, vm.id)
}

function failTake(world: World, job: JobRow, vm: VirtualMachineRow, refusal: Refusal<RefusalCode>): void {
  goOn(world, vm)
  failJob(world, job, refusal)
  writeRecord(world, vm.hostId, 'checkpointFailed', vm)
}

export function finishTake(world: World, job: JobRow, vm: VirtualMachineRow): void {
  const input = jobInput<TakeInput>(job)
  if (!input.taken && !takeNow(world, job, vm, input)) return
  completeJob(world, job)
  const wanted = input.thenApply === null ? undefined : world.tables.checkpoint.get(input.thenApply)
  const present = world.tables.virtual_machine.require(vm.id)
  if (input.thenApply === null) return
  const applied = wanted !== undefined && beginApply(world, { checkpoint: wanted, vm: present }).ok
  if (!applied) writeRecord(world, vm.hostId, 'checkpointFailed', vm)
}

/** Takes back what a cancelled checkpoint has made so far. */
export function rollBackTake(world: World, job: JobRow): void {
  const vm = world.tables.virtual_machine.get(job.vmId ?? '')
  if (vm === undefined) return
  const made = world.tables.checkpoint.get(jobInput<TakeInput>(job).checkpointId)
  if (made !== undefined) removeCheckpoints(world, vm, [made])
  goOn(world, vm)
  writeRecord(world, vm.hostId, 'jobRolledBack', vm, 'Checkpoint')
  beginMerge(world, vm.id)
}

export function finishApply(world: World, job: JobRow, vm: VirtualMachineRow): void {
  const checkpoint = world.tables.checkpoint.get(jobInput<ApplyInput>(job).checkpointId)
  const gone: Refusal<RefusalCode> = { code: 'unknown-checkpoint', values: {} }
  // The present state is given up only when there is room for the other one.
  const refusal = checkpoint === undefined ? gone : whyNoRoomToApply(world, vm, checkpoint)
  if (checkpoint === undefined || refusal !== undefined) {
    goOn(world, vm)
    return failJob(world, job, refusal ?? gone)
  }
  completeJob(world, job)
  if (hasPartition(vm)) writeRecord(world, vm.hostId, 'turnedOff', vm)
  discardPresent(world, vm)
  restoreCheckpoint(world, vm, checkpoint)
  beginMerge(world, vm.id)
}

export function finishDeleteCheckpoint(world: World, job: JobRow, vm: VirtualMachineRow): void {
  const { checkpointId, subtree } = jobInput<DeleteInput>(job)
  const checkpoint = world.tables.checkpoint.get(checkpointId)
  completeJob(world, job)
  if (checkpoint === undefined) return
  removeCheckpoints(world, vm, subtree ? subtreeOf(world, checkpoint) : [checkpoint])
  beginMerge(world, vm.id)
}

/** The machine starts from off: with automatic checkpoints switched on, one of its disks takes the place of the one before. */
export function takeAutomatic(world: World, vm: VirtualMachineRow): void {
  const product = hostProduct(world.tables.host.require(vm.hostId).productId)
  if (!vm.automaticCheckpoints || vm.checkpointType === 'disabled' || !hostFeatures(product).automaticCheckpoints) return
  dropAutomatic(world, vm)
  const present = world.tables.virtual_machine.require(vm.id)
  if (world.by.checkpointsOfVm.count(vm.id) >= CHECKPOINTS_MAX || whyNoRoom(world, present, false) !== undefined) {
    return writeRecord(world, vm.hostId, 'checkpointFailed', vm)
  }
  const name = defaultCheckpointName(world, vm, true)
  capture(world, present, { id: world.random.guid('checkpoint'), name, kind: 'automatic', memory: false })
}

/** The machine has stopped: its automatic checkpoint goes, and the disks that wait for it are merged. */
export function dropAutomatic(world: World, vm: VirtualMachineRow): void {
  const automatic = world.by.checkpointsOfVm.of(vm.id).filter(({ kind }) => kind === 'automatic')
  removeCheckpoints(world, vm, automatic)
  beginMerge(world, vm.id)
}
