/** Handlers of the disk procedures: the engine decides by its rows, the keeper of the files says what the real file is. */
import { ORPCError } from '@orpc/server'
import type { DiskEdit, DiskInspection, NewDisk, RefusalView } from '../../preload/contract/index.ts'
import type { Refusal, Result } from '../engine/kernel/result.ts'
import { checkFree, diskAt, editsOf, managedHost, shrinkMinimumGb, sizeMaximumGb } from '../engine/management/disks/disk-checks.ts'
import { adoptFile, refusalOfProblem } from '../engine/management/disks/disk-jobs.ts'
import { taskOf } from '../engine/management/disks/disk-task.ts'
import { createDisk, createFloppy, diskOptions, editDisk, planEdit, planNewDisk } from '../engine/management/disks/disk-wizards.ts'
import { inspectRequest } from '../engine/management/disks/file-work.ts'
import type { RefusalCode } from '../engine/management/refusals.ts'
import type { HostFileRow, JobRow } from '../engine/rows.ts'
import type { LabService } from '../service/lab-service.ts'

type View = (refusal: Refusal<RefusalCode>) => RefusalView
type Place = { readonly hostId: string; readonly path: string }

export function diskHandlers(service: LabService, view: View) {
  const begun = (result: Result<JobRow, RefusalCode>) =>
    result.ok
      ? { ok: true as const, jobId: result.value.id, path: taskOf(result.value).path }
      : { ok: false as const, refusal: view(result.refusal) }
  const checked = (result: Result<unknown, RefusalCode>) => ({ refusal: result.ok ? null : view(result.refusal) })
  return {
    options: ({ hostId }: { readonly hostId: string }) =>
      service.query((world) => {
        if (!world.tables.host.has(hostId)) throw new ORPCError('NOT_FOUND', { message: 'There is no such host.' })
        const sizes = { vhd: sizeMaximumGb('vhd'), vhdx: sizeMaximumGb('vhdx'), vhds: sizeMaximumGb('vhds') }
        return { ...diskOptions(world, hostId), sizeMaximumGb: sizes }
      }),
    checkNew: (wanted: NewDisk) => checked(service.query((world) => planNewDisk(world, wanted))),
    create: (wanted: NewDisk) => begun(service.command((world) => createDisk(world, wanted))),
    inspect: async (place: Place) => {
      const found = await inspected(service, place)
      return found.ok ? { ok: true as const, disk: inspectionOf(found.value, view) } : { ok: false as const, refusal: view(found.refusal) }
    },
    editable: async (place: Place) => {
      const free = service.query((world) => {
        const file = diskAt(world, place.hostId, place.path)
        return file.ok ? checkFree(world, file.value) : file.refusal
      })
      if (free !== undefined) return { ok: false as const, refusal: view(free) }
      const found = await inspected(service, place)
      if (!found.ok) return { ok: false as const, refusal: view(found.refusal) }
      const disk = inspectionOf(found.value, view)
      return service.query((world) => {
        const file = diskAt(world, place.hostId, place.path)
        if (!file.ok) return { ok: false as const, refusal: view(file.refusal) }
        const edits = editsOf(world, file.value, disk.parentRefusal !== null)
        return { ok: true as const, disk, edits, shrinkMinimumGb: edits.includes('shrink') ? shrinkMinimumGb(world, file.value) : null }
      })
    },
    checkEdit: ({ hostId, path, edit }: Place & { readonly edit: DiskEdit }) =>
      checked(service.query((world) => planEdit(world, hostId, path, edit))),
    edit: ({ hostId, path, edit }: Place & { readonly edit: DiskEdit }) =>
      begun(service.command((world) => editDisk(world, hostId, path, edit))),
    createFloppy: ({ hostId, path }: Place) => {
      const made = service.command((world) => createFloppy(world, hostId, path))
      return made.ok ? { ok: true as const, path: made.value } : { ok: false as const, refusal: view(made.refusal) }
    },
  }
}

interface Inspected {
  readonly file: HostFileRow
  readonly disk: NonNullable<Extract<Awaited<ReturnType<NonNullable<LabService['files']>['ask']>>, { readonly ok: true }>['inspected']>
}

/** What the real file of a disk is, after all work on it that was ordered before. */
async function inspected(service: LabService, { hostId, path }: Place): Promise<Result<Inspected, RefusalCode>> {
  const { files } = service
  if (files === null) throw new ORPCError('SERVICE_UNAVAILABLE', { message: 'This lab keeps no disk files.' })
  const file = service.query((world) => {
    const host = managedHost(world, hostId)
    return host.ok ? diskAt(world, hostId, path) : host
  })
  if (!file.ok) return file
  await files.settled()
  const answer = await files.ask(service.query((world) => inspectRequest(world, hostId, file.value.path)))
  if (!answer.ok) return { ok: false, refusal: refusalOfProblem(answer.problem) }
  const disk = answer.inspected
  if (disk === null) throw new Error('an inspection without an answer')
  service.command((world) => adoptFile(world, file.value.id, disk))
  return { ok: true, value: { file: file.value, disk } }
}

function inspectionOf({ file, disk }: Inspected, view: View): DiskInspection {
  const { parentProblem, ...rest } = disk
  return { ...rest, path: file.path, parentRefusal: parentProblem === null ? null : view(refusalOfProblem(parentProblem)) }
}
