/** The wizards' operations on real files. */
import { rmSync } from 'node:fs'
import type { DiskTask, FileFacts } from '../../engine/management/disks/file-port.ts'
import { openImageFile } from '../images/open-image.ts'
import { compact } from '../images/operations/compact.ts'
import { type CreatedDisk, createBlank, createCopy, createDifferencing } from '../images/operations/create.ts'
import { mergeIntoNew, mergeIntoParent } from '../images/operations/merge.ts'
import { reconnect } from '../images/operations/reconnect.ts'
import { expand, shrink } from '../images/operations/resize.ts'
import { attempt } from '../images/refusals.ts'
import { readSetPointer, SET_FILE_BYTES } from '../images/vhd-set.ts'
import { finish, parentPathsOf, type WorkPlace } from './disk-keeper.ts'
import { environmentOf } from './environment.ts'
import type { WorkJournal } from './journal.ts'

/** Carries out a task; a second attempt at the same one ends as the first would have. Throws ImageRefused. */
export async function runDiskTask(place: WorkPlace, journal: WorkJournal, task: DiskTask): Promise<FileFacts> {
  const { folder, resolve, signal, request } = place
  const environment = environmentOf(request, request.id)
  const path = folder.pathOf(task.path, true)
  const begun = journal.begin(request.id)
  const common = { path, environment, resolve, signal }
  switch (task.kind) {
    case 'create':
    case 'copy':
    case 'create-differencing':
      if (begun) removeOwn(place, path)
      return createNew(place, task, path)
    case 'compact':
      await finish(compact({ path: dataPathOf(place, path), keeps: keeper(task.keepBytes), environment, signal }))
      return factsOf(place, path)
    case 'expand':
      if (!(begun && sizeOf(place, path) === task.capacityBytes)) await finish(expand({ ...common, size: task.capacityBytes }))
      return factsOf(place, path)
    case 'shrink':
      if (!(begun && sizeOf(place, path) === task.capacityBytes))
        await finish(shrink({ ...common, size: task.capacityBytes, minimumSize: task.minimumBytes }))
      return factsOf(place, path)
    case 'merge': {
      const merged = await finish(mergeIntoParent({ ...common, into: null }))
      return { ...factsOf(place, merged.path), merged: merged.merged.map((each) => folder.windowsPathOf(each)) }
    }
    case 'reconnect': {
      const parentPaths = parentPathsOf(task.path, task.parentPath)
      const { ignoreIdMismatch } = task
      await finish(reconnect({ path, parent: folder.pathOf(task.parentPath), parentPaths, ignoreIdMismatch, environment, signal }))
      return factsOf(place, path)
    }
  }
}

type NewTask = Extract<DiskTask, { readonly kind: 'create' | 'copy' | 'create-differencing' }>

async function createNew(place: WorkPlace, task: NewTask, path: string): Promise<FileFacts> {
  const { folder, resolve, signal, request } = place
  const environment = environmentOf(request, request.id)
  let created: CreatedDisk
  if (task.kind === 'create-differencing') {
    const parentPaths = parentPathsOf(task.path, task.parentPath)
    created = await finish(createDifferencing({ path, parent: folder.pathOf(task.parentPath), parentPaths, environment, signal }))
  } else if (task.kind === 'create') {
    const { format, type } = task
    created = await finish(createBlank({ path, format, type, size: task.capacityBytes, environment, signal }))
    if (task.filledBytes > 0 && type === 'dynamic') fill(place, created.dataPath, task.filledBytes)
  } else {
    const { format, type } = task
    const source = folder.pathOf(task.source)
    const options = { path, format, type, source, keeps: keeper(task.keepBytes), environment, resolve, signal }
    created = await finish(task.merges ? mergeIntoNew(options) : createCopy(options))
  }
  return factsOf(place, path)
}

/** Room for content that is not stored. */
function fill(place: WorkPlace, dataPath: string, bytes: number): void {
  const image = openImageFile({ path: dataPath, writable: true, environment: environmentOf(place.request, 'fill') })
  try {
    image.allocate(0, Math.min(image.virtualSize, Math.ceil(bytes / image.logicalSectorSize) * image.logicalSectorSize))
  } finally {
    image.close()
  }
}

/** Guest data lies at the beginning of a disk. */
function keeper(keepBytes: number): (offset: number) => boolean {
  return (offset) => offset < keepBytes
}

/** Removes what an earlier attempt at the same work has left under its target's name, a VHD Set with its data. */
function removeOwn(place: WorkPlace, path: string): void {
  const data = attempt(path, () => readSetPointer(path, place.resolve))
  if (data.ok && data.value !== null) rmSync(data.value, { force: true })
  rmSync(path, { force: true })
}

function dataPathOf(place: WorkPlace, path: string): string {
  return readSetPointer(path, place.resolve) ?? path
}

function sizeOf(place: WorkPlace, path: string): number {
  return factsOf(place, path).capacityBytes
}

/** What the real file is now. */
function factsOf(place: WorkPlace, path: string): FileFacts {
  const dataPath = dataPathOf(place, path)
  const image = openImageFile({ path: dataPath, writable: false, environment: environmentOf(place.request, 'facts') })
  try {
    return {
      fileBytes: image.fileSize,
      capacityBytes: image.virtualSize,
      type: image.type,
      dataPath: place.folder.windowsPathOf(dataPath),
      pointerBytes: dataPath === path ? null : SET_FILE_BYTES,
      merged: [],
    }
  } finally {
    image.close()
  }
}
