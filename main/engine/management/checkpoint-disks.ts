/**
 * The chains of differencing disks that checkpoints make: a new leaf, what nobody needs any more, and what can be merged
 * (formats-and-mobility 3.3).
 *
 * What is to be merged follows from rows alone: a file that no checkpoint holds, no drive writes to, and that has one differencing child of a
 * checkpoint. So there is no list of merges that could get lost or go stale.
 */
import type { DriveRow, HostFileRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { contentOf, itemsOf } from './checkpoint-items.ts'
import { extensionOf, fileAt, putFile, removeFile, volumeOf } from './paths.ts'

/** A differencing file without any data: header, block table and metadata. */
const EMPTY_BYTES = { avhdx: 4 * 1024 * 1024, avhd: 40 * 1024 } as const

/** Longest chain that is walked; a damaged lab may hold a loop. */
const CHAIN_MAX = 256

type Extension = keyof typeof EMPTY_BYTES

/** Guid with hyphens in upper case at the end of a checkpoint's file name. */
const OWN_NAME = /_[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/i

/** The file behind a hard disk drive that a checkpoint would freeze. */
export function diskFileOf(world: World, vm: VirtualMachineRow, drive: DriveRow): HostFileRow | undefined {
  return drive.kind === 'hard-disk' && drive.path !== null ? fileAt(world, vm.hostId, drive.path) : undefined
}

function leafExtension(parent: HostFileRow): Extension {
  const extension = extensionOf(parent.path)
  return extension === 'vhd' || extension === 'avhd' ? 'avhd' : 'avhdx'
}

/** Bytes that a new leaf on this file takes. */
export function newLeafBytes(parent: HostFileRow): number {
  return EMPTY_BYTES[leafExtension(parent)]
}

/** Puts an empty differencing disk beside its parent, named after the chain's first file. Returns its path. */
export function addLeaf(world: World, parent: HostFileRow): string {
  const extension = leafExtension(parent)
  const stem = parent.path.slice(0, parent.path.lastIndexOf('.'))
  const path = `${parent.kind === 'avhdx' ? stem.replace(OWN_NAME, '') : stem}_${world.random.guid('difference')}.${extension}`
  putFile(world, {
    hostId: parent.hostId,
    path,
    kind: 'avhdx',
    sizeBytes: EMPTY_BYTES[extension],
    capacityBytes: parent.capacityBytes,
    diskType: 'differencing',
    parentPath: parent.path,
    guestProductId: null,
  })
  return path
}

/** Paths, in lower case, that checkpoints of the machine hold. */
function heldPaths(world: World, vmId: string): ReadonlySet<string> {
  const held = new Set<string>()
  for (const checkpoint of world.by.checkpointsOfVm.of(vmId))
    for (const path of frozenPaths(world, checkpoint.id)) held.add(path.toLowerCase())
  return held
}

/** Files of hard disks that a checkpoint froze. */
export function frozenPaths(world: World, checkpointId: string): readonly string[] {
  return itemsOf(world, checkpointId, 'drive').flatMap((item) => {
    const { kind, path } = contentOf<DriveRow>(item)
    return kind === 'hard-disk' && path !== null ? [path] : []
  })
}

function childrenOf(world: World, file: HostFileRow): readonly HostFileRow[] {
  return world.by.filesOfParent.of(`${file.hostId}|${file.path.toLowerCase()}`)
}

function parentOf(world: World, file: HostFileRow): HostFileRow | undefined {
  return file.parentPath === null ? undefined : fileAt(world, file.hostId, file.parentPath)
}

function isAttached(world: World, file: HostFileRow): boolean {
  return world.by.drivesOfPath.of(file.path.toLowerCase()).some((drive) => {
    return world.tables.virtual_machine.get(drive.vmId)?.hostId === file.hostId
  })
}

/** Removes a checkpoint's file that nothing needs, and those below it that only it needed. */
export function dropUnused(world: World, vm: VirtualMachineRow, path: string): void {
  const held = heldPaths(world, vm.id)
  let file = fileAt(world, vm.hostId, path)
  while (file?.kind === 'avhdx' && !held.has(file.path.toLowerCase()) && !isAttached(world, file) && childrenOf(world, file).length === 0) {
    const parent = parentOf(world, file)
    removeFile(world, vm.hostId, file.path)
    file = parent
  }
}

export interface Merge {
  readonly child: HostFileRow
  readonly parent: HostFileRow
}

/** The next merge of the machine's chains, nearest to the base first; undefined when nothing is left to do. */
export function nextMerge(world: World, vm: VirtualMachineRow): Merge | undefined {
  const held = heldPaths(world, vm.id)
  const now = world.by.drivesOfVm.of(vm.id).flatMap((drive) => diskFileOf(world, vm, drive)?.path ?? [])
  for (const path of [...now, ...held]) {
    let found: Merge | undefined
    let child = fileAt(world, vm.hostId, path)
    for (let depth = 0; child?.kind === 'avhdx' && depth < CHAIN_MAX; depth++) {
      const parent = parentOf(world, child)
      if (parent === undefined) break
      const free = !held.has(parent.path.toLowerCase()) && !isAttached(world, parent) && childrenOf(world, parent).length === 1
      if (free) found = { child, parent }
      child = parent
    }
    if (found !== undefined) return found
  }
  return undefined
}

/** Bytes by which the parent grows; what both files hold is not known, so the child's are taken for new ones. */
function growthOf({ child, parent }: Merge): number {
  if (parent.diskType === 'fixed') return 0
  const written = Math.max(0, child.sizeBytes - newLeafBytes(child))
  return Math.max(0, Math.min(written, parent.capacityBytes + newLeafBytes(child) - parent.sizeBytes))
}

/** True when the volume has room for the parent to grow while the child is still there. */
export function hasRoomToMerge(world: World, merge: Merge): boolean {
  const volume = volumeOf(world, merge.parent.hostId, merge.parent.path)
  return volume !== undefined && volume.freeBytes >= growthOf(merge)
}

/** The child's content is in the parent now: everything that named the child names the parent, and the child is gone. */
export function mergeFiles(world: World, vm: VirtualMachineRow, merge: Merge): void {
  const { child, parent } = merge
  const { hostId } = parent
  const { id: _id, modifiedTick: _modified, ...file } = parent
  putFile(world, { ...file, sizeBytes: parent.sizeBytes + growthOf(merge), guestProductId: child.guestProductId ?? parent.guestProductId })
  for (const grandchild of childrenOf(world, child)) world.tables.host_file.patch(grandchild.id, { parentPath: parent.path })
  for (const drive of world.by.drivesOfPath.of(child.path.toLowerCase())) {
    if (world.tables.virtual_machine.get(drive.vmId)?.hostId === hostId) world.tables.drive.patch(drive.id, { path: parent.path })
  }
  for (const checkpoint of world.by.checkpointsOfVm.of(vm.id)) {
    for (const item of itemsOf(world, checkpoint.id, 'drive')) {
      const drive = contentOf<DriveRow>(item)
      if (drive.path?.toLowerCase() !== child.path.toLowerCase()) continue
      world.tables.checkpoint_item.patch(item.id, { content: JSON.stringify({ ...drive, path: parent.path }) })
    }
  }
  removeFile(world, hostId, child.path)
}
