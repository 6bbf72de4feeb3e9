/**
 * Real files follow rows. Whoever puts, changes or deletes a row of a virtual disk orders work on its real file in the same transaction; after
 * the commit the keeper of the files carries it out, one after another, and its answer comes back here as an input of the engine.
 */
import { TICKS_PER_MS } from '../../kernel/ticks.ts'
import { hostProduct } from '../../products/hosts.ts'
import type { FileWorkKind, FileWorkRow, HostFileRow } from '../../rows.ts'
import type { World } from '../../world.ts'
import { fileAt } from '../paths.ts'
import { isDiskFile, specsOf } from './disk-rows.ts'
import { taskOf } from './disk-task.ts'
import type { DiskTask, FileRequest, FileTask, MadeFile } from './file-port.ts'

/** Makes work out of every change of a disk's row from now on. */
export function followFiles(world: World): void {
  let loading = true
  world.tables.host_file.observe((before, after) => {
    if (!loading) follow(world, before, after)
  })
  loading = false
}

function follow(world: World, before: HostFileRow | undefined, after: HostFileRow | undefined): void {
  if (before !== undefined && isDiskFile(before)) {
    if (after === undefined) {
      world.tables.made_file.delete(before.id)
      world.tables.disk_layout.delete(before.id)
      return orderSync(world, before.hostId, before.path)
    }
    if (after.path.toLowerCase() !== before.path.toLowerCase()) orderMove(world, before.hostId, before.path, after.path)
  }
  if (after === undefined || !isDiskFile(after)) return
  const same =
    before !== undefined && before.path === after.path && before.sizeBytes === after.sizeBytes && before.parentPath === after.parentPath
  if (!same) orderSync(world, after.hostId, after.path)
}

/** Orders that the file at a path is made to agree with its row. One order is enough while it waits. */
export function orderSync(world: World, hostId: string, path: string): void {
  for (const work of world.tables.file_work.values()) {
    if (work.kind === 'sync' && work.hostId === hostId && work.path.toLowerCase() === path.toLowerCase()) return
  }
  order(world, 'sync', hostId, path, null, null)
}

function orderMove(world: World, hostId: string, path: string, toPath: string): void {
  order(world, 'move', hostId, path, null, toPath)
}

export function orderForJob(world: World, kind: 'disk' | 'check', hostId: string, path: string, jobId: string): void {
  order(world, kind, hostId, path, jobId, null)
}

function order(world: World, kind: FileWorkKind, hostId: string, path: string, jobId: string | null, toPath: string | null): void {
  const id = `work-${world.takeNumber('file work')}`
  world.tables.file_work.put({ id, hostId, kind, path, jobId, toPath })
}

/** Work that a job waits for; undefined when there is none. */
export function workOfJob(world: World, jobId: string): FileWorkRow | undefined {
  for (const work of world.tables.file_work.values()) if (work.jobId === jobId) return work
  return undefined
}

/** Forgets what was ordered for a path: its file agrees with its row already. */
export function settleSync(world: World, hostId: string, path: string): void {
  for (const work of world.tables.file_work.values()) {
    if (work.kind === 'sync' && work.hostId === hostId && work.path.toLowerCase() === path.toLowerCase()) {
      world.tables.file_work.delete(work.id)
    }
  }
}

/** The work that comes next, as a request; undefined when there is none. */
export function nextRequest(world: World): FileRequest | undefined {
  const work = world.tables.file_work.values().next().value
  if (work === undefined) return undefined
  const task = taskOfWork(world, work)
  return request(world, work.hostId, work.id, task, pathsOf(task))
}

function taskOfWork(world: World, work: FileWorkRow): FileTask {
  switch (work.kind) {
    case 'sync':
      return { kind: 'sync', path: work.path, wanted: fileAt(world, work.hostId, work.path) !== undefined }
    case 'move':
      return { kind: 'move', path: work.path, toPath: work.toPath ?? work.path }
    case 'check':
      return { kind: 'check', paths: [work.path] }
    case 'disk': {
      const job = world.tables.job.get(work.jobId ?? '')
      // The job is gone with its input: nothing is left to be done.
      return job === undefined ? { kind: 'check', paths: [] } : taskOf(job)
    }
  }
}

function pathsOf(task: FileTask): readonly string[] {
  switch (task.kind) {
    case 'check':
      return task.paths
    case 'create-differencing':
      return [task.parentPath]
    case 'copy':
      return [task.source]
    case 'reconnect':
      return [task.parentPath, task.path]
    case 'create':
    case 'move':
      return []
    default:
      return [task.path]
  }
}

/** A question about a disk's real file, asked outside of all jobs. */
export function inspectRequest(world: World, hostId: string, path: string): FileRequest {
  return request(world, hostId, 'inspect', { kind: 'inspect', path }, [path])
}

/** The next disk whose file has not been made, as a request that makes it; undefined when all are there. */
export function layRequest(world: World, unmade: Iterator<HostFileRow>): FileRequest | undefined {
  for (let next = unmade.next(); next.done !== true; next = unmade.next()) {
    const file = next.value
    if (!isDiskFile(file) || world.tables.made_file.has(file.id) || !world.tables.host_file.has(file.id)) continue
    return request(world, file.hostId, `lay-${file.id}`, { kind: 'sync', path: file.path, wanted: true }, [file.path])
  }
  return undefined
}

/** How many disks have no real file yet, counted up to `limit`. */
export function unmadeCount(world: World, limit: number): number {
  let count = 0
  for (const file of world.tables.host_file.values()) {
    if (isDiskFile(file) && !world.tables.made_file.has(file.id) && ++count >= limit) break
  }
  return count
}

function request(world: World, hostId: string, id: string, task: FileTask, paths: readonly string[]): FileRequest {
  const host = world.tables.host.require(hostId)
  const { toolsVersion } = hostProduct(host.productId)
  const [major = 0, minor = 0] = toolsVersion.split('.').map(Number)
  return {
    id,
    host: host.name,
    seed: `${world.lab.seed}`,
    nowMs: world.lab.startTimeMs + Math.floor(world.now / TICKS_PER_MS),
    creator: { version: major * 0x10000 + minor, text: `Microsoft Windows ${toolsVersion}` },
    disks: specsOf(world, hostId, paths),
    task,
  }
}

/** Notes which real files there are now. */
export function noteMade(world: World, made: readonly MadeFile[]): void {
  for (const { id, realBytes } of made) {
    if (world.tables.host_file.has(id)) world.tables.made_file.put({ id, realBytes })
  }
}

/** The target of a task that makes a new file; null for the others. */
export function targetOf(task: DiskTask): string | null {
  return task.kind === 'create' || task.kind === 'create-differencing' || task.kind === 'copy' ? task.path : null
}
