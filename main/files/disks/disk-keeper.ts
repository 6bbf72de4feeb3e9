/**
 * Carries out what the engine asks of the real files of its disks, one request after another: makes files that rows speak of, lets them grow,
 * moves and removes them, and runs the wizards' operations. Whatever a file contains, the answer is a value.
 */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type {
  DiskSpec,
  FileAnswer,
  FileFacts,
  FilePort,
  FileProblem,
  FileRequest,
  InspectedDisk,
  MadeFile,
} from '../../engine/management/disks/file-port.ts'
import { openChain } from '../images/chain.ts'
import { createFloppy } from '../images/floppy.ts'
import { ImageFile } from '../images/image-file.ts'
import { inspectImage } from '../images/inspect.ts'
import { openImageFile } from '../images/open-image.ts'
import { createBlank, createDifferencing } from '../images/operations/create.ts'
import { reconnect } from '../images/operations/reconnect.ts'
import { attempt, type ImageRefusal, ImageRefused, refusalOf, refusalSentence, refusalStatus } from '../images/refusals.ts'
import { folderResolver } from '../images/resolver.ts'
import type { DiskImage, ImageOperation, ResolveParent } from '../images/types.ts'
import { readSetPointer } from '../images/vhd-set.ts'
import { runDiskTask } from './disk-operations.ts'
import { environmentOf } from './environment.ts'
import { WorkJournal } from './journal.ts'
import { HostFolder } from './real-paths.ts'

/** One request with all that its steps need. */
export interface WorkPlace {
  readonly request: FileRequest
  readonly folder: HostFolder
  readonly resolve: ResolveParent
  readonly signal: AbortSignal
}

/** Runs an operation to its end; a refusal is thrown, so that the steps after it are left out. */
export async function finish<T>(operation: ImageOperation<T>): Promise<T> {
  for (;;) {
    const step = await operation.next()
    if (step.done !== true) continue
    if (step.value.ok) return step.value.value
    throw new ImageRefused(step.value.refusal)
  }
}

/** A keeper of the files below `disksFolder`. */
export function openDiskKeeper(disksFolder: string): FilePort {
  const journal = new WorkJournal(disksFolder)
  const running = new Map<string, AbortController>()
  let last: Promise<unknown> = Promise.resolve()
  return {
    run(request) {
      const control = new AbortController()
      running.set(request.id, control)
      const answer = last.then(() => carryOut(disksFolder, journal, request, control.signal))
      last = answer.finally(() => running.delete(request.id)).catch(() => undefined)
      return answer
    },
    abort: (id) => running.get(id)?.abort(),
  }
}

async function carryOut(disksFolder: string, journal: WorkJournal, request: FileRequest, signal: AbortSignal): Promise<FileAnswer> {
  const made: MadeFile[] = []
  let folder: HostFolder | null = null
  try {
    folder = new HostFolder(disksFolder, request.host)
    const place = placeOf(request, folder, signal)
    for (const spec of request.disks) await ensure(place, spec, made)
    return { ok: true, made, ...(await runTask(place, journal, made)) }
  } catch (error) {
    const refusal = refusalOf(error, 'path' in request.task ? request.task.path : '')
    if (refusal === null) throw error
    return { ok: false, made, problem: problemOf(refusal, folder) }
  }
}

function placeOf(request: FileRequest, folder: HostFolder, signal: AbortSignal): WorkPlace {
  const realPathOf = (windowsPath: string): string | null => {
    const found = attempt(windowsPath, () => folder.pathOf(windowsPath))
    return found.ok ? found.value : null
  }
  return { request, folder, signal, resolve: folderResolver({ root: folder.root, realPathOf }) }
}

/** A refusal in the words of the product, with the paths that the simulated computer knows. */
export function problemOf(refusal: ImageRefusal, folder: HostFolder | null): FileProblem {
  const values = Object.entries(refusal.values).map(([key, value]) => {
    const real = folder !== null && typeof value === 'string' && value.includes(folder.root)
    return [key, real ? translate(value, folder) : value]
  })
  const told: ImageRefusal = { ...refusal, values: Object.fromEntries(values) }
  return { reason: refusal.code, sentence: refusalSentence(told), status: refusalStatus(refusal) }
}

/** Real paths inside a text, which may be a sentence about a parent. They end at the next line, comma, or at ` of`, ` was`, ` is`, ` has`. */
function translate(text: string, folder: HostFolder): string {
  if (text.startsWith(folder.root) && existsSync(text)) return folder.windowsPathOf(text)
  return text.split(folder.root).reduce((done, rest, index) => {
    if (index === 0) return rest
    const end = /\.(?:a?vhdx?|vhds|vfd)/i.exec(rest)
    const cut = end === null ? rest.length : end.index + end[0].length
    return done + folder.windowsPathOf(folder.root + rest.slice(0, cut)) + rest.slice(cut)
  }, '')
}

type Done = { readonly facts: FileFacts | null; readonly inspected: InspectedDisk | null }
const NOTHING: Done = { facts: null, inspected: null }

async function runTask(place: WorkPlace, journal: WorkJournal, made: MadeFile[]): Promise<Done> {
  const { request, folder } = place
  const { task } = request
  switch (task.kind) {
    case 'sync': {
      if (!task.wanted) removeDisk(place, task.path)
      const spec = request.disks.find(({ path }) => path.toLowerCase() === task.path.toLowerCase())
      if (spec?.made) await ensure(place, spec, made, true)
      return NOTHING
    }
    case 'move': {
      const from = folder.pathOf(task.path)
      const to = folder.pathOf(task.toPath, true)
      if (existsSync(from) && !existsSync(to)) renameSync(from, to)
      return NOTHING
    }
    case 'check':
      for (const path of task.paths) check(place, path)
      return NOTHING
    case 'inspect':
      return { facts: null, inspected: inspect(place, task.path) }
    default:
      return { facts: await runDiskTask(place, journal, task), inspected: null }
  }
}

/** Makes a file that has not been made; lets one that is there grow to what its row says. One that has disappeared stays away. */
async function ensure(place: WorkPlace, spec: DiskSpec, made: MadeFile[], again = false): Promise<void> {
  if (spec.made && !again) return
  const path = place.folder.pathOf(spec.path, true)
  if (!existsSync(path)) {
    if (spec.made || spec.format === 'vhds') return
    await make(place, spec, path)
  }
  if (spec.format === 'vfd' || spec.format === 'vhds') made.push({ id: spec.id, realBytes: spec.fileBytes })
  else made.push({ id: spec.id, realBytes: await agree(place, spec, path) })
}

async function make(place: WorkPlace, spec: DiskSpec, path: string): Promise<void> {
  const environment = environmentOf(place.request, spec.id)
  if (spec.format === 'vfd') {
    const floppy = createFloppy(path)
    if (!floppy.ok) throw new ImageRefused(floppy.refusal)
  } else if (spec.type === 'differencing') {
    const parentPath = spec.parentPath ?? ''
    const parent = place.folder.pathOf(parentPath)
    await finish(createDifferencing({ path, parent, parentPaths: parentPathsOf(spec.path, parentPath), environment }))
  } else if (spec.format !== 'vhds') {
    await finish(createBlank({ path, format: spec.format, type: spec.type, size: spec.capacityBytes, environment }))
  }
}

/** Brings a file that is there to its row's parent and length; answers its length. A file that is no such disk is left as it is. */
async function agree(place: WorkPlace, spec: DiskSpec, path: string): Promise<number> {
  const parentPath = spec.parentPath
  const opened = attempt(path, () => openImageFile({ path, writable: true, environment: environmentOf(place.request, spec.id) }))
  if (!opened.ok) return realBytes(path)
  const image = opened.value
  let told: string | undefined
  try {
    if (image.type === spec.type && image.type !== 'fixed') growTo(image, spec.fileBytes)
    told = image.parent?.paths.find(({ kind }) => kind === 'absolute')?.path
  } finally {
    image.close()
  }
  if (spec.type === 'differencing' && told !== undefined && parentPath !== null && told.toLowerCase() !== parentPath.toLowerCase()) {
    const environment = environmentOf(place.request, `${spec.id} parent`)
    const paths = parentPathsOf(spec.path, parentPath)
    // The rows say that the layers between were merged away: the new parent holds what they held.
    await finish(reconnect({ path, parent: place.folder.pathOf(parentPath), parentPaths: paths, ignoreIdMismatch: true, environment }))
  }
  return realBytes(path)
}

/** Gives blocks that have no place one, from the beginning on, as long as the file stays within `fileBytes`. */
export function growTo(image: DiskImage, fileBytes: number): void {
  for (let at = 0; at < image.virtualSize && image.fileSize < fileBytes; ) {
    const extent = image.extentAt(at, image.virtualSize - at)
    if (extent.kind !== 'data') {
      const blocks = Math.floor((fileBytes - image.fileSize) / image.blockSize)
      if (blocks === 0) break
      image.allocate(at, Math.min(extent.length, blocks * image.blockSize))
    }
    at += extent.length
  }
  image.flush()
}

function removeDisk(place: WorkPlace, windowsPath: string): void {
  const path = place.folder.pathOf(windowsPath)
  // A VHD Set that a broken-off job has left takes its data along.
  const data = attempt(path, () => readSetPointer(path, place.resolve))
  if (data.ok && data.value !== null && place.request.disks.length === 0) rmSync(data.value, { force: true })
  rmSync(path, { force: true })
  rmSync(`${path}.unfinished`, { force: true })
}

function check(place: WorkPlace, windowsPath: string): void {
  const environment = environmentOf(place.request, place.request.id)
  const chain = openChain({ path: place.folder.pathOf(windowsPath), writable: false, environment, resolve: place.resolve })
  if (!chain.ok) throw new ImageRefused(chain.refusal)
  chain.value.close()
}

function inspect(place: WorkPlace, windowsPath: string): InspectedDisk {
  const path = place.folder.pathOf(windowsPath)
  const found = inspectImage({ path, environment: environmentOf(place.request, 'inspect'), resolve: place.resolve })
  if (!found.ok) throw new ImageRefused(found.refusal)
  const image = found.value
  const problem = image.parent?.refusal ?? null
  return {
    format: image.format,
    type: image.type,
    fileBytes: image.fileSize,
    capacityBytes: image.maximumSize,
    blockBytes: image.blockSize,
    logicalSectorBytes: image.logicalSectorSize,
    physicalSectorBytes: image.physicalSectorSize,
    identifier: image.identifier.toUpperCase(),
    parentPath: image.parent?.path ?? null,
    parentProblem: problem === null ? null : problemOf(problem, place.folder),
  }
}

function realBytes(path: string): number {
  const opened = attempt(path, () => {
    const file = ImageFile.open(path, 'read')
    file.close()
    return file.size
  })
  return opened.ok ? opened.value : 0
}

/** What a differencing disk writes down as its parent: the way from its own folder, and the whole path. */
export function parentPathsOf(childPath: string, parentPath: string): { readonly relative: string; readonly absolute: string } {
  const child = childPath.split('\\').slice(0, -1)
  const parent = parentPath.split('\\')
  let common = 0
  while (common < child.length && common < parent.length - 1 && child[common]?.toLowerCase() === parent[common]?.toLowerCase()) common++
  const up = child.slice(common).map(() => '..')
  const way = [...(up.length === 0 ? ['.'] : up), ...parent.slice(common)].join('\\')
  // Between drives there is no such way: the bare name stands in for it.
  return { relative: common === 0 ? join('.', parent.at(-1) ?? '') : way, absolute: parentPath }
}
