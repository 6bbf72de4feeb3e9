/**
 * What each kind of job does when: its steps with their percentages and durations.
 *
 * Durations follow from amounts (memory to write, metadata to make) and from the host's volumes; fixed parts are of the order seen on
 * ordinary servers and stand here in one place. The percentages of a start are the jumps that the product shows (2, 10, 50, 78).
 */
import { ticksOfMs } from '../kernel/ticks.ts'
import type { JobRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { applyPlan, deletePlan as deleteCheckpointPlan, jobInput, mergePlan, takePlan } from './checkpoint-input.ts'
import { makesDisk } from './create-input.ts'
import { diskPlan } from './disks/disk-jobs.ts'
import { timedPlan } from './job-timing.ts'
import { volumeOf } from './paths.ts'

export interface Step {
  /** Per cent shown while the step runs. */
  readonly percent: number
  readonly ticks: number
  /** Shown by the wizard; empty where only the Status column speaks. */
  readonly text: string
}

const BYTES_PER_MB = 1024 * 1024

/** Memory that the parent zeroes and maps per second while a partition is built, MB. */
const MEMORY_SETUP_MB_PER_SECOND = 8192

/** Steps of the job; at least one. A pure function of rows, so that a resumed job goes on with the same plan. */
export function planOf(world: World, job: JobRow): readonly Step[] {
  return timedPlan(world, job, usualPlan(world, job))
}

function usualPlan(world: World, job: JobRow): readonly Step[] {
  const vm = job.vmId === null ? undefined : world.tables.virtual_machine.get(job.vmId)
  switch (job.kind) {
    case 'start':
      return startPlan(vm)
    case 'restore':
      return vm ? streamPlan(vm.savedStateMb, throughput(world, vm, 'readBytesPerSecond'), 600) : single(0, 600)
    case 'save':
      return vm ? streamPlan(vm.assignedMemoryMb, throughput(world, vm, 'writeBytesPerSecond'), 400) : single(0, 400)
    case 'turn-off':
      return single(10, 450)
    case 'shut-down':
      return shutDownPlan()
    case 'pause':
    case 'resume':
      return single(10, 120)
    case 'reset':
      return single(10, 350)
    case 'delete-saved-state':
      return single(0, 300)
    case 'delete':
      return vm ? deletePlan(world, vm) : single(0, 300)
    case 'create':
      return createPlan(makesDisk(job))
    case 'start-service':
      return single(0, 2500)
    case 'stop-service':
      return single(0, 1500)
    case 'checkpoint':
      return takePlan(jobInput(job))
    case 'apply-checkpoint':
      return applyPlan(jobInput(job))
    case 'delete-checkpoint':
      return deleteCheckpointPlan(jobInput(job))
    case 'merge':
      return mergePlan(jobInput(job))
    case 'disk':
      return diskPlan(world, job)
  }
}

/** Making a machine: its disk first, where one is made. */
function createPlan(disk: boolean): readonly Step[] {
  const machine = { ticks: ticksOfMs(700), text: 'Creating virtual machine' }
  if (!disk) return [{ percent: 0, ...machine }]
  return [
    { percent: 0, ticks: ticksOfMs(900), text: 'Creating virtual hard disk' },
    { percent: 50, ...machine },
  ]
}

function single(percent: number, ms: number): readonly Step[] {
  return [{ percent, ticks: ticksOfMs(ms), text: '' }]
}

function startPlan(vm: VirtualMachineRow | undefined): readonly Step[] {
  const memoryMs = ((vm?.startupMemoryMb ?? 0) / MEMORY_SETUP_MB_PER_SECOND) * 1000
  return [
    { percent: 2, ticks: ticksOfMs(300), text: '' },
    { percent: 10, ticks: ticksOfMs(500 + memoryMs), text: '' },
    { percent: 50, ticks: ticksOfMs(400), text: '' },
    { percent: 78, ticks: ticksOfMs(300), text: '' },
  ]
}

/** Memory streamed to or from a file: equal steps of at most half a second, percentages by amount. */
function streamPlan(memoryMb: number, bytesPerSecond: number, fixedMs: number): readonly Step[] {
  const totalMs = fixedMs + ((memoryMb * BYTES_PER_MB) / bytesPerSecond) * 1000
  const count = Math.min(100, Math.max(2, Math.ceil(totalMs / 500)))
  return Array.from({ length: count }, (_, index) => ({
    percent: Math.floor((index * 100) / count),
    ticks: ticksOfMs(totalMs / count),
    text: '',
  }))
}

/** The guest decides when it is down; these steps only count the time until the service gives up (5 minutes). */
function shutDownPlan(): readonly Step[] {
  const rising = Array.from({ length: 9 }, (_, index) => ({ percent: 10 * (index + 1), ticks: ticksOfMs(2000), text: '' }))
  return [...rising, { percent: 95, ticks: ticksOfMs(282_000), text: '' }]
}

/** Deleting a machine merges its checkpoints first; the amount is what their disks hold. */
function deletePlan(world: World, vm: VirtualMachineRow): readonly Step[] {
  const merged = world.by.checkpointsOfVm.count(vm.id)
  if (merged === 0) return single(0, 300)
  let bytes = 0
  for (const drive of world.by.drivesOfVm.of(vm.id)) {
    if (drive.kind !== 'hard-disk' || drive.path === null) continue
    bytes += world.by.filesOfPath.first(`${vm.hostId}|${drive.path.toLowerCase()}`)?.sizeBytes ?? 0
  }
  const bytesPerSecond = throughput(world, vm, 'writeBytesPerSecond')
  return streamPlan(Math.min(bytes, 4096 * BYTES_PER_MB) / BYTES_PER_MB, bytesPerSecond, 600)
}

/** Where a machine's volume is gone its files cannot be read either; the slowest plausible disk stands in for the duration. */
function throughput(world: World, vm: VirtualMachineRow, column: 'readBytesPerSecond' | 'writeBytesPerSecond'): number {
  return volumeOf(world, vm.hostId, vm.configurationPath)?.[column] ?? 50 * BYTES_PER_MB
}
