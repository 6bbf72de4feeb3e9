/**
 * What jobs and guests bring about: the settled state at the end of a job, and the answer to what a guest system did by itself.
 */
import { forgetMachine } from '../faults/rows.ts'
import { announceRun } from '../faults/rules.ts'
import { holdGuest } from '../faults/waiting.ts'
import { type GuestEffect, handleGuestEvent, powerOnGuest, removeGuest, resetGuest } from '../guest/guest.ts'
import { assertNever, type Refusal } from '../kernel/result.ts'
import type { PowerOnRefusal } from '../machine/stack-types.ts'
import type { HostFileRow, JobRow, PendingEventRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { machineFolder } from './checkpoint-capture.ts'
import { putFiles, removeFiles, savedStateFiles } from './checkpoint-files.ts'
import { dropAutomatic, finishApply, finishDeleteCheckpoint, finishTake, stepTake, takeAutomatic } from './checkpoint-jobs.ts'
import { createStep, finishCreate } from './create.ts'
import { checkSpace } from './critical.ts'
import { endDiskSteps } from './disks/disk-jobs.ts'
import { formatOf, geometryFor, wholeBlocks } from './disks/disk-rows.ts'
import { writeRecord } from './event-log.ts'
import { cancelJobRow, completeJob, failJob, stepJob } from './jobs.ts'
import { restartMemory } from './memory-balance.ts'
import { beginMerge, collapseChains, finishMerge, interruptMerges } from './merge.ts'
import { fileAt, joinPath, removeFile, volumeOf } from './paths.ts'
import { start, thaw } from './power.ts'
import type { RefusalCode } from './refusals.ts'

/** A pending event of kind `job.step` is due. */
export function handleJobEvent(world: World, event: PendingEventRow): void {
  const moved = stepJob(world, event.target, event.argument)
  if (moved === undefined) return
  if (!moved.ended) {
    if (moved.job.kind === 'create') createStep(world, moved.job)
    if (moved.job.kind === 'checkpoint') stepTake(world, moved.job)
    return
  }
  finish(world, moved.job)
}

function finish(world: World, job: JobRow): void {
  if (job.kind === 'start-service' || job.kind === 'stop-service') return finishService(world, job)
  if (job.kind === 'create') return finishCreate(world, job)
  if (job.kind === 'disk') return endDiskSteps(world, job)
  const vm = job.vmId === null ? undefined : world.tables.virtual_machine.get(job.vmId)
  if (vm === undefined) return cancelJobRow(world, job)
  if (job.kind === 'shut-down') return giveUpShutDown(world, job, vm)
  if (job.kind === 'save' && volumeOf(world, vm.hostId, vm.configurationPath) === undefined) return abandonSave(world, job, vm)
  if (job.kind === 'checkpoint') return finishTake(world, job, vm)
  if (job.kind === 'apply-checkpoint') return finishApply(world, job, vm)
  if (job.kind === 'delete-checkpoint') return finishDeleteCheckpoint(world, job, vm)
  if (job.kind === 'merge') return finishMerge(world, job, vm)
  if ((job.kind === 'start' || job.kind === 'restore') && !buildPartition(world, job, vm)) return
  completeJob(world, job)
  switch (job.kind) {
    case 'start':
      takeAutomatic(world, vm)
      settle(world, vm, { state: 'Running' })
      writeRecord(world, vm.hostId, 'started', vm)
      powerOnGuest(world, vm.id)
      return announceRun(world, vm)
    case 'restore':
      removeStateFiles(world, vm)
      settle(world, vm, { state: 'Running', savedStateMb: 0 })
      writeRecord(world, vm.hostId, 'restored', vm)
      thaw(world, vm.id)
      return announceRun(world, vm)
    case 'turn-off':
      becomeOff(world, vm)
      return writeRecord(world, vm.hostId, 'turnedOff', vm)
    case 'save':
      return finishSave(world, vm)
    case 'pause':
      world.machines.suspend(vm, true)
      settle(world, vm, { state: 'Paused' })
      return writeRecord(world, vm.hostId, 'paused', vm)
    case 'resume':
      world.machines.suspend(vm, false)
      settle(world, vm, { state: 'Running' })
      thaw(world, vm.id)
      writeRecord(world, vm.hostId, 'resumed', vm)
      return announceRun(world, vm)
    case 'reset':
      world.machines.reset(vm)
      // Up time counts from the last reset, too (Msvm_ComputerSystem.OnTimeInMilliseconds).
      settle(world, vm, { state: 'Running', startedTick: world.now })
      restartMemory(world, vm.id)
      writeRecord(world, vm.hostId, 'reset', vm)
      resetGuest(world, vm.id)
      return announceRun(world, vm)
    case 'delete-saved-state':
      removeStateFiles(world, vm)
      world.machines.powerOff(vm)
      removeGuest(world, vm.id)
      settle(world, vm, { state: 'Off', savedStateMb: 0, critical: null })
      return dropAutomatic(world, vm)
    case 'delete':
      return finishDelete(world, vm)
    default:
      return assertNever(job.kind)
  }
}

/** What the machine layer's refusals are to the user; rule and values stay those of the layer that refused. */
const PARTITION_REFUSALS: Readonly<Record<PowerOnRefusal, RefusalCode>> = {
  'insufficient-memory': 'not-enough-memory',
  'insufficient-resources': 'partition-refused',
  'already-on': 'partition-refused',
  'saved-state-refused': 'saved-state-refused',
}

/** The hypervisor's part of a start. A refusal fails the job, and the machine is as it was before. */
function buildPartition(world: World, job: JobRow, vm: VirtualMachineRow): boolean {
  const refusal = job.kind === 'start' ? world.machines.powerOn(vm) : world.machines.restore(vm)
  if (refusal === undefined) return true
  const values = { name: vm.name, requiredMb: vm.assignedMemoryMb, ...refusal.values }
  failJob(world, job, { ...refusal, code: PARTITION_REFUSALS[refusal.code], values } satisfies Refusal<RefusalCode>)
  settle(world, vm, { state: job.kind === 'start' ? 'Off' : 'Saved', assignedMemoryMb: 0, startedTick: null })
  writeRecord(world, vm.hostId, 'failedToStart', vm)
  return false
}

function settle(world: World, vm: VirtualMachineRow, columns: Partial<Omit<VirtualMachineRow, 'id'>>): void {
  world.tables.virtual_machine.patch(vm.id, columns)
}

export function becomeOff(world: World, vm: VirtualMachineRow): void {
  world.machines.powerOff(vm)
  removeGuest(world, vm.id)
  settle(world, vm, { state: 'Off', assignedMemoryMb: 0, startedTick: null, critical: null })
  dropAutomatic(world, vm)
}

function removeStateFiles(world: World, vm: VirtualMachineRow): void {
  removeFiles(world, vm.hostId, savedStateFiles(world, vm, machineFolder(vm), vm.id, vm.savedStateMb))
}

/** The volume of the saved state has gone meanwhile: the machine runs on, and the job has failed. */
function abandonSave(world: World, job: JobRow, vm: VirtualMachineRow): void {
  const values = { name: vm.name, requiredMb: vm.assignedMemoryMb, freeMb: 0, volume: vm.configurationPath.slice(0, 2) }
  failJob(world, job, { code: 'volume-full', values } satisfies Refusal<RefusalCode>)
  settle(world, vm, { state: 'Running' })
  world.machines.suspend(vm, false)
  thaw(world, vm.id)
  announceRun(world, vm)
}

function finishSave(world: World, vm: VirtualMachineRow): void {
  world.machines.save(vm)
  putFiles(world, vm.hostId, savedStateFiles(world, vm, machineFolder(vm), vm.id, vm.assignedMemoryMb))
  settle(world, vm, { state: 'Saved', savedStateMb: vm.assignedMemoryMb, assignedMemoryMb: 0, startedTick: null, critical: null })
  writeRecord(world, vm.hostId, 'saved', vm)
  const volume = volumeOf(world, vm.hostId, vm.configurationPath)
  if (volume !== undefined) checkSpace(world, volume.id)
  beginMerge(world, vm.id)
}

function finishDelete(world: World, vm: VirtualMachineRow): void {
  collapseChains(world, vm)
  for (const drive of world.by.drivesOfVm.of(vm.id)) world.tables.drive.delete(drive.id)
  for (const adapter of world.by.adaptersOfVm.of(vm.id)) world.tables.network_adapter.delete(adapter.id)
  world.machines.powerOff(vm)
  forgetMachine(world, vm)
  removeGuest(world, vm.id)
  removeStateFiles(world, vm)
  removeFile(world, vm.hostId, joinPath(machineFolder(vm), `${vm.id}.vmcx`))
  writeRecord(world, vm.hostId, 'deleted', vm)
  world.tables.virtual_machine.delete(vm.id)
}

/** The guest did not go down in time: the machine runs on and the job failed. */
function giveUpShutDown(world: World, job: JobRow, vm: VirtualMachineRow): void {
  const refusal: Refusal<RefusalCode> = { code: 'shutdown-service-missing', values: { name: vm.name, phase: 'no answer' } }
  failJob(world, job, refusal)
  settle(world, vm, { state: 'Running' })
  writeRecord(world, vm.hostId, 'failedToShutDown', vm)
}

function finishService(world: World, job: JobRow): void {
  completeJob(world, job)
  const running = job.kind === 'start-service'
  world.tables.host.patch(job.hostId, { serviceState: running ? 'running' : 'stopped' })
  writeRecord(world, job.hostId, running ? 'serviceStarted' : 'serviceStopped', null)
  if (!running) return interruptMerges(world, job.hostId)
  for (const vm of world.by.vmsOfHost.of(job.hostId)) beginMerge(world, vm.id)
  if (job.input !== null) startAutomatically(world, job.hostId, JSON.parse(job.input).wasRunning)
}

/** The host has been switched on: machines follow their Automatic Start Action. What cannot start leaves its records in the event log. */
function startAutomatically(world: World, hostId: string, wasRunning: readonly string[]): void {
  for (const vm of world.by.vmsOfHost.of(hostId)) {
    const wanted = vm.automaticStart === 'always' || (vm.automaticStart === 'if-running' && wasRunning.includes(vm.id))
    if (wanted && (vm.state === 'Off' || vm.state === 'Saved')) start(world, vm.id)
  }
}

/** A pending event of a guest is due. */
export function handleGuest(world: World, event: PendingEventRow): void {
  if (holdGuest(world, event)) return
  applyEffects(world, event.target, handleGuestEvent(world, event))
}

/** Carries out what the guest system did by itself. */
export function applyEffects(world: World, vmId: string, effects: readonly GuestEffect[]): void {
  for (const effect of effects) {
    const vm = world.tables.virtual_machine.get(vmId)
    if (vm === undefined) return
    applyEffect(world, vm, effect)
  }
}

/** Setup has written a system onto the disk: a dynamic file grows by that, as far as its volume has room. */
function growDisk(world: World, vm: VirtualMachineRow, path: string, writtenBytes: number): void {
  const file = fileAt(world, vm.hostId, path)
  const volume = volumeOf(world, vm.hostId, path)
  if (file === undefined || volume === undefined || file.diskType === 'fixed') return
  const room = Math.min(writtenBytes, volume.freeBytes, Math.max(0, file.capacityBytes - file.sizeBytes))
  const bytes = wholeGrowth(file, room)
  world.tables.host_file.patch(file.id, { sizeBytes: file.sizeBytes + bytes, modifiedTick: world.now })
  world.tables.volume.patch(volume.id, { freeBytes: volume.freeBytes - bytes })
  checkSpace(world, volume.id)
}

/** A growing file gets whole blocks; one whose length is none that a real file can have grows by the byte. */
function wholeGrowth(file: HostFileRow, room: number): number {
  const geometry = geometryFor(formatOf(file) ?? 'vhdx', file.diskType ?? 'dynamic', file.capacityBytes)
  if (wholeBlocks(geometry, file.sizeBytes) !== file.sizeBytes) return room
  return wholeBlocks(geometry, file.sizeBytes + room) - file.sizeBytes
}

function applyEffect(world: World, vm: VirtualMachineRow, effect: GuestEffect): void {
  switch (effect.kind) {
    case 'powered-off': {
      const job = world.by.runningJobOfVm.first(vm.id)
      // A checkpoint of before is written to its end.
      if (job !== undefined && job.kind !== 'checkpoint') completeJob(world, job)
      becomeOff(world, vm)
      return writeRecord(world, vm.hostId, job?.kind === 'shut-down' ? 'shutDownByService' : 'shutDownByGuest', vm)
    }
    case 'restarted':
      restartMemory(world, vm.id)
      return writeRecord(world, vm.hostId, 'resetByGuest', vm)
    case 'booted':
      return writeRecord(world, vm.hostId, 'booted', vm)
    case 'crashed':
      return writeRecord(world, vm.hostId, 'crashed', vm, effect.codes.join(', '))
    case 'installed':
      return growDisk(world, vm, effect.path, effect.writtenBytes)
  }
}
