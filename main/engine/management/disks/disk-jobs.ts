/**
 * Disk jobs: how long they take, when the real file is touched, and what their result does to the rows.
 *
 * All of a job's simulated time passes first; then its last step orders the work on the real file and waits for the answer. Until then nothing
 * has been touched, so that a cancelled job leaves everything as it was.
 */
import { type Refusal, refuse } from '../../kernel/result.ts'
import { ticksOfMs } from '../../kernel/ticks.ts'
import type { FileWorkRow, HostFileRow, JobRow } from '../../rows.ts'
import type { World } from '../../world.ts'
import { cancelJobRow, completeJob, failJob } from '../jobs.ts'
import { fileAt, putFile, removeFile, volumeOf } from '../paths.ts'
import type { Step } from '../plans.ts'
import type { RefusalCode } from '../refusals.ts'
import { checkRoom, dataFileOf } from './disk-checks.ts'
import { kindOfPath, partitionEnd, SET_POINTER_BYTES, systemOf, userOf } from './disk-rows.ts'
import { diskInputOf, taskOf } from './disk-task.ts'
import { BLANK_FILE, bytesOf } from './disk-wizards.ts'
import type { DiskTask, FileAnswer, FileFacts, FileProblem, InspectedDisk } from './file-port.ts'
import { noteMade, orderForJob, orderSync, settleSync, targetOf, workOfJob } from './file-work.ts'

/** Opening files and writing their tables, ms. */
const FIXED_MS = 600
/** Per cent shown while the real file is worked on. */
const WORKING_PERCENT = 99
const BYTES_PER_SECOND_DEFAULT = 50 * 1024 * 1024

/** Equal steps of at most half a second over the time that the volume needs for the bytes. */
export function diskPlan(world: World, job: JobRow): readonly Step[] {
  const { task, bytes, text } = diskInputOf(job)
  const volume = volumeOf(world, job.hostId, task.path)
  const perSecond = Math.min(volume?.readBytesPerSecond ?? Infinity, volume?.writeBytesPerSecond ?? Infinity)
  const totalMs = FIXED_MS + (bytes / (Number.isFinite(perSecond) ? perSecond : BYTES_PER_SECOND_DEFAULT)) * 1000
  const count = Math.min(98, Math.max(2, Math.ceil(totalMs / 500)))
  const ticks = ticksOfMs(totalMs / count)
  return Array.from({ length: count }, (_, index) => ({ percent: Math.floor((index * 98) / count), ticks, text }))
}

/** The simulated time of the job is over: what it was asked for is checked once more, then the real file's turn comes. */
export function endDiskSteps(world: World, job: JobRow): void {
  const task = taskOf(job)
  const refusal = recheck(world, job, task)
  if (refusal !== undefined) return failJob(world, job, refusal)
  world.tables.job.patch(job.id, { percent: WORKING_PERCENT })
  orderForJob(world, 'disk', job.hostId, task.path, job.id)
}

function recheck(world: World, job: JobRow, task: DiskTask): Refusal<RefusalCode> | undefined {
  const { hostId } = job
  const target = targetOf(task)
  if (target !== null && fileAt(world, hostId, target) !== undefined) return refuse('path-exists' as const, { path: target }).refusal
  const used = task.kind === 'copy' ? task.source : task.kind === 'create-differencing' ? task.parentPath : task.path
  if (task.kind !== 'create') {
    if (fileAt(world, hostId, used) === undefined) return refuse('file-not-found' as const, { path: used }).refusal
    const user = task.kind === 'create-differencing' ? undefined : userOf(world, hostId, used)
    if (user !== undefined) return refuse('disk-busy' as const, { path: used, user: user.name }).refusal
  }
  return checkRoom(world, hostId, task.path, bytesOf(world, hostId, task))
}

/** Whether a running disk job can still be broken off: always, unless its file is being changed in place at this moment. */
export function isDiskCancellable(job: JobRow): boolean {
  if (job.percent < WORKING_PERCENT) return true
  const task = taskOf(job)
  return targetOf(task) !== null || task.kind === 'compact'
}

/** Breaks a disk job off; what its real work has left is removed. */
export function cancelDisk(world: World, job: JobRow): void {
  cancelJobRow(world, job)
  const work = workOfJob(world, job.id)
  if (work === undefined) return
  world.tables.file_work.delete(work.id)
  const target = targetOf(taskOf(job))
  if (target !== null) orderSync(world, job.hostId, target)
}

export function refusalOfProblem(problem: FileProblem): Refusal<RefusalCode> {
  const status = `0x${problem.status.toString(16).toUpperCase().padStart(8, '0')}`
  return refuse('disk-refused' as const, { sentence: problem.sentence, status, reason: problem.reason }).refusal
}

/** The answer to a disk job's work. */
export function applyDiskAnswer(world: World, work: FileWorkRow, answer: FileAnswer): void {
  const job = world.tables.job.get(work.jobId ?? '')
  if (job === undefined || job.status !== 'running') return
  if (!answer.ok) return failJob(world, job, refusalOfProblem(answer.problem))
  if (answer.facts !== null) applyFacts(world, job, taskOf(job), answer.facts)
  completeJob(world, job)
}

function applyFacts(world: World, job: JobRow, task: DiskTask, facts: FileFacts): void {
  switch (task.kind) {
    case 'create':
      return putNew(world, job.hostId, task.path, null, null, facts)
    case 'create-differencing':
      return putNew(world, job.hostId, task.path, task.parentPath, null, facts)
    case 'copy': {
      const system = systemOf(world, job.hostId, task.source)
      const end = system === undefined ? null : partitionEnd(world, system)
      putNew(world, job.hostId, task.path, null, system?.guestProductId ?? null, facts)
      const made = fileAt(world, job.hostId, facts.dataPath)
      if (made !== undefined && end !== null) setPartitioned(world, made, end)
      return
    }
    case 'merge':
      return applyMerge(world, job.hostId, task.path, facts)
    case 'reconnect': {
      const file = fileAt(world, job.hostId, task.path)
      if (file === undefined) return
      world.tables.host_file.patch(file.id, { parentPath: task.parentPath, modifiedTick: world.now })
      return settleSync(world, job.hostId, task.path)
    }
    case 'expand':
    case 'shrink':
    case 'compact':
      return applyResize(world, job.hostId, task.path, facts)
  }
}

/** Rows of a new disk; a VHD Set has one for its pointer and one for the file with the data. */
function putNew(world: World, hostId: string, path: string, parentPath: string | null, guest: string | null, facts: FileFacts): void {
  const data = { hostId, capacityBytes: facts.capacityBytes, diskType: facts.type, guestProductId: guest }
  put(world, { ...data, path: facts.dataPath, kind: kindOfPath(facts.dataPath) ?? 'vhdx', sizeBytes: facts.fileBytes, parentPath })
  if (facts.pointerBytes === null) return
  const pointer = { ...BLANK_FILE, ...data, guestProductId: null, path, parentPath: facts.dataPath }
  put(world, { ...pointer, kind: 'vhds', sizeBytes: facts.pointerBytes ?? SET_POINTER_BYTES })
}

function put(world: World, file: Omit<HostFileRow, 'id' | 'modifiedTick'>): void {
  putFile(world, file)
  agree(world, file.hostId, file.path, file.sizeBytes)
}

/** The real file is as the row says already. */
function agree(world: World, hostId: string, path: string, realBytes: number): void {
  const row = fileAt(world, hostId, path)
  if (row !== undefined) noteMade(world, [{ id: row.id, realBytes }])
  settleSync(world, hostId, path)
}

function applyResize(world: World, hostId: string, path: string, facts: FileFacts): void {
  const named = fileAt(world, hostId, path)
  if (named === undefined) return
  const file = dataFileOf(world, named)
  // Partitions stay where they are; what a disk has gained belongs to none.
  const end = partitionEnd(world, file)
  if (end !== null) setPartitioned(world, file, end)
  put(world, { ...file, sizeBytes: facts.fileBytes, capacityBytes: facts.capacityBytes })
  if (named !== file) put(world, { ...named, capacityBytes: facts.capacityBytes })
}

function setPartitioned(world: World, file: HostFileRow, partitionedBytes: number): void {
  world.tables.disk_layout.put({ id: file.id, partitionedBytes })
}

/** The parent has taken everything over; the differencing file is gone, as in the product (2.7). */
function applyMerge(world: World, hostId: string, path: string, facts: FileFacts): void {
  const leaf = fileAt(world, hostId, path)
  const parent = leaf?.parentPath === null || leaf === undefined ? undefined : fileAt(world, hostId, leaf.parentPath)
  if (leaf === undefined || parent === undefined) return
  const layout = world.tables.disk_layout.get(leaf.id)
  if (layout !== undefined) setPartitioned(world, parent, layout.partitionedBytes)
  const guestProductId = leaf.guestProductId ?? parent.guestProductId
  put(world, { ...parent, sizeBytes: facts.fileBytes, capacityBytes: facts.capacityBytes, guestProductId })
  removeFile(world, hostId, path)
}

/** An answer of the keeper of the files: an input of the engine. Answers to work that is not wanted any more change nothing. */
export function finishFileWork(world: World, workId: string, answer: FileAnswer): void {
  noteMade(world, answer.made)
  const work = world.tables.file_work.get(workId)
  if (work === undefined) return
  world.tables.file_work.delete(workId)
  if (work.kind === 'disk') applyDiskAnswer(world, work, answer)
}

/** A real file was changed from outside: its row says what it is now, so that whoever reads rows is told the same. */
export function adoptFile(world: World, fileId: string, real: InspectedDisk): void {
  const file = world.tables.host_file.get(fileId)
  if (file === undefined || file.kind === 'vhds') return
  const { fileBytes: sizeBytes, capacityBytes, type: diskType } = real
  if (file.sizeBytes === sizeBytes && file.capacityBytes === capacityBytes && file.diskType === diskType) return
  put(world, { ...file, sizeBytes, capacityBytes, diskType })
}
