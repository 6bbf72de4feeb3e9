/** The Virtual Machine Management service (vmms) of a host, renaming, and breaking off jobs. */
import { isPoweredOff } from '../faults/rows.ts'
import { type Result, refuse, succeed } from '../kernel/result.ts'
import type { JobRow } from '../rows.ts'
import type { World } from '../world.ts'
import { whyNot } from './actions.ts'
import { rollBackTake } from './checkpoint-jobs.ts'
import { checkName, rollBackCreate } from './create.ts'
import { cancelDisk, isDiskCancellable } from './disks/disk-jobs.ts'
import { beginJob, cancelJobRow } from './jobs.ts'
import type { JobResult } from './power.ts'
import type { RefusalCode } from './refusals.ts'

/** Starts the service; a few seconds later the host answers again. */
export function startService(world: World, hostId: string): JobResult {
  const host = world.tables.host.get(hostId)
  if (host === undefined) return refuse('unknown-host', { id: hostId })
  if (host.serviceState !== 'stopped')
    return refuse('wrong-state', { name: host.name, state: host.serviceState, action: 'start-service', states: 'stopped' })
  if (isPoweredOff(world, hostId)) return refuse('host-powered-off', { host: host.name })
  world.tables.host.patch(hostId, { serviceState: 'starting' })
  return succeed(beginJob(world, 'start-service', hostId, null))
}

/** Stops the service. Virtual machines keep running; nothing can be managed until it runs again. */
export function stopService(world: World, hostId: string): JobResult {
  const host = world.tables.host.get(hostId)
  if (host === undefined) return refuse('unknown-host', { id: hostId })
  if (host.serviceState !== 'running')
    return refuse('wrong-state', { name: host.name, state: host.serviceState, action: 'stop-service', states: 'running' })
  world.tables.host.patch(hostId, { serviceState: 'stopping' })
  return succeed(beginJob(world, 'stop-service', hostId, null))
}

/** Gives the machine another name; files and folders keep theirs. Surrounding spaces are dropped, as the list's edit field does. */
export function rename(world: World, vmId: string, name: string): Result<null, RefusalCode> {
  const vm = world.tables.virtual_machine.get(vmId)
  if (vm === undefined) return refuse('unknown-virtual-machine', { id: vmId })
  const refusal = whyNot(world, vm, 'rename') ?? checkName(name)
  if (refusal !== undefined) return { ok: false, refusal }
  world.tables.virtual_machine.patch(vmId, { name: name.trim() })
  return succeed(null)
}

/** Breaks off a job that can be: making a machine or a checkpoint. What it made so far is taken back. */
export function cancelJob(world: World, jobId: string): Result<JobRow, RefusalCode> {
  const job = world.tables.job.get(jobId)
  if (job === undefined || job.status !== 'running') return refuse('not-cancellable', { job: jobId })
  if (!isCancellable(job)) return refuse('not-cancellable', { job: jobId, operation: job.kind })
  if (job.kind === 'disk') {
    cancelDisk(world, job)
    return succeed(world.tables.job.require(jobId))
  }
  cancelJobRow(world, job)
  if (job.kind === 'create') rollBackCreate(world, job)
  else rollBackTake(world, job)
  return succeed(world.tables.job.require(jobId))
}

export function isCancellable(job: JobRow): boolean {
  if (job.status !== 'running') return false
  return job.kind === 'create' || job.kind === 'checkpoint' || (job.kind === 'disk' && isDiskCancellable(job))
}
