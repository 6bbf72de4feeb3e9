/**
 * Checkpoints as a user asks for them: take, apply, revert, rename, delete (hyper-v-manager 6; hypervisor reference 8.5).
 *
 * A command checks and begins a job; what the job does at its steps stands in `checkpoint-jobs.ts`.
 */
import { freezeGuest } from '../guest/guest.ts'
import { serviceRuns } from '../guest/status.ts'
import { type Refusal, type Result, refuse, succeed } from '../kernel/result.ts'
import { CHECKPOINTS_MAX, checkpointFeatures } from '../products/checkpoint-features.ts'
import { findGuestProduct } from '../products/guests.ts'
import { hostProduct } from '../products/hosts.ts'
import type { CheckpointRow, VirtualMachineRow, VolumeRow } from '../rows.ts'
import type { World } from '../world.ts'
import { whyNot } from './actions.ts'
import { machineFolder, memoryToWriteMb } from './checkpoint-capture.ts'
import { diskFileOf, frozenPaths, newLeafBytes } from './checkpoint-disks.ts'
import { checkpointFiles, defaultCheckpointName, savedStateFiles } from './checkpoint-files.ts'
import type { ApplyInput, DeleteInput, TakeInput } from './checkpoint-input.ts'
import { keptGuest, keptMachine } from './checkpoint-items.ts'
import { checkName } from './create.ts'
import { writeRecord } from './event-log.ts'
import { beginJob } from './jobs.ts'
import { fileAt, volumeOf } from './paths.ts'
import type { JobResult } from './power.ts'
import type { RefusalCode } from './refusals.ts'

const BYTES_PER_MB = 1024 * 1024
const SLOW_BYTES_PER_SECOND = 50 * BYTES_PER_MB

/** How long a guest takes to stop its writes, ms: Windows asks all its writers, Linux freezes file systems (devices 5.7). */
const FREEZE_MS = { application: 2600, fileSystem: 350 } as const

/** Why the guest cannot be asked for a consistent disk now; undefined when it can. */
export function whyNoBackup(world: World, vm: VirtualMachineRow): Refusal<RefusalCode> | undefined {
  const guest = world.tables.guest.get(vm.id)
  const product = guest?.productId == null ? undefined : findGuestProduct(guest.productId)
  const values = { name: vm.name, guest: product?.name ?? 'no operating system', phase: guest?.phase ?? vm.state }
  if (vm.state !== 'Running' || guest === undefined || !serviceRuns(guest, 'backup')) {
    return refuse('production-checkpoint' as const, { ...values, reason: 'The backup service does not run.' }).refusal
  }
  const channels = world.machines.machine(vm.id)?.channelViews() ?? []
  if (channels.some(({ device, state }) => device === 'vss' && state === 'open')) return undefined
  return refuse('production-checkpoint' as const, { ...values, reason: 'The channel of the backup service is not open.' }).refusal
}

type Method = Pick<TakeInput, 'kind' | 'method' | 'background' | 'memoryMs' | 'freezeMs' | 'told'>

/** How a checkpoint of the machine is made now: by its settings, its state and what its guest can do. */
export function methodOf(world: World, vm: VirtualMachineRow): Result<Method, RefusalCode> {
  const features = checkpointFeatures(hostProduct(world.tables.host.require(vm.hostId).productId))
  const type = features.production ? vm.checkpointType : 'standard'
  const timing = { background: features.backgroundWrite && vm.state !== 'Saved', memoryMs: 0, freezeMs: 0 }
  if (vm.state === 'Off') return succeed({ ...timing, kind: type === 'standard' ? 'standard' : 'production', method: 'disks', told: null })
  if (type !== 'standard') {
    const refusal = whyNoBackup(world, vm)
    if (refusal === undefined) {
      const guest = findGuestProduct(world.tables.guest.get(vm.id)?.productId ?? '')
      const freezeMs = FREEZE_MS[guest?.family === 'windows' ? 'application' : 'fileSystem']
      return succeed({ ...timing, freezeMs, kind: 'production', method: 'backup', told: 'production' })
    }
    if (type === 'production-only') return { ok: false, refusal }
  }
  const bytes = memoryToWriteMb(vm) * BYTES_PER_MB
  const memoryMs = Math.round(
    (bytes / (volumeOf(world, vm.hostId, vm.checkpointPath)?.writeBytesPerSecond ?? SLOW_BYTES_PER_SECOND)) * 1000,
  )
  const told = features.production && vm.state === 'Running' ? 'standard' : null
  return succeed({ ...timing, memoryMs, kind: 'standard', method: 'memory', told })
}

/** Why the machine's disks cannot be frozen, or its volumes have no room; undefined when all is well. */
export function whyNoRoom(world: World, vm: VirtualMachineRow, memory: boolean): Refusal<RefusalCode> | undefined {
  const needed = new Map<VolumeRow | string, number>()
  for (const drive of world.by.drivesOfVm.of(vm.id)) {
    if (drive.kind !== 'hard-disk' || drive.path === null) continue
    if (drive.path.startsWith('Physical:')) return refuse('checkpoint-not-supported' as const, { name: vm.name, path: drive.path }).refusal
    const file = diskFileOf(world, vm, drive)
    if (file === undefined) return refuse('path-not-found' as const, { path: drive.path }).refusal
    need(world, needed, vm.hostId, file.path, newLeafBytes(file))
  }
  for (const file of checkpointFiles(world, vm, vm.id, memory ? memoryToWriteMb(vm) : 0)) {
    need(world, needed, vm.hostId, file.path, file.sizeBytes)
  }
  return fullVolume(vm, needed)
}

function need(world: World, needed: Map<VolumeRow | string, number>, hostId: string, path: string, bytes: number): void {
  const volume = volumeOf(world, hostId, path) ?? path.slice(0, 2)
  needed.set(volume, (needed.get(volume) ?? 0) + bytes)
}

function fullVolume(vm: VirtualMachineRow, needed: ReadonlyMap<VolumeRow | string, number>): Refusal<RefusalCode> | undefined {
  for (const [volume, bytes] of needed) {
    const free = typeof volume === 'string' ? 0 : volume.freeBytes
    if (free >= bytes) continue
    const letter = typeof volume === 'string' ? volume : `${volume.letter}:`
    const values = { name: vm.name, requiredMb: Math.ceil(bytes / BYTES_PER_MB), freeMb: Math.floor(free / BYTES_PER_MB), volume: letter }
    return refuse('volume-full' as const, values).refusal
  }
  return undefined
}

function checkedMethod(world: World, vm: VirtualMachineRow): Result<Method, RefusalCode> {
  if (world.by.checkpointsOfVm.count(vm.id) >= CHECKPOINTS_MAX) {
    return refuse('checkpoint-limit', { name: vm.name, maximum: CHECKPOINTS_MAX })
  }
  const method = methodOf(world, vm)
  const refusal = method.ok ? whyNoRoom(world, vm, method.value.method === 'memory') : undefined
  return refusal === undefined ? method : { ok: false, refusal }
}

/** Takes a checkpoint; without a name it gets the default one. `thenApply` names a checkpoint to apply when it is done. */
export function takeCheckpoint(world: World, vmId: string, name: string | null = null, thenApply: string | null = null): JobResult {
  const vm = world.tables.virtual_machine.get(vmId)
  if (vm === undefined) return refuse('unknown-virtual-machine', { id: vmId })
  const refusal = whyNot(world, vm, 'checkpoint') ?? (name === null ? undefined : checkName(name, 'checkpoint'))
  if (refusal !== undefined) return { ok: false, refusal }
  const method = checkedMethod(world, vm)
  if (!method.ok) {
    writeRecord(world, vm.hostId, 'checkpointFailed', vm)
    return method
  }
  const input: TakeInput = {
    ...method.value,
    checkpointId: world.random.guid('checkpoint'),
    name: name?.trim() ?? defaultCheckpointName(world, vm),
    taken: false,
    thenApply,
  }
  if (input.method === 'memory' && vm.state === 'Running') freezeGuest(world, vmId)
  return succeed(beginJob(world, 'checkpoint', vm.hostId, vmId, JSON.stringify(input)))
}

interface Found {
  readonly checkpoint: CheckpointRow
  readonly vm: VirtualMachineRow
}

function find(world: World, checkpointId: string): Result<Found, RefusalCode> {
  const checkpoint = world.tables.checkpoint.get(checkpointId)
  if (checkpoint === undefined) return refuse('unknown-checkpoint', { id: checkpointId })
  return succeed({ checkpoint, vm: world.tables.virtual_machine.require(checkpoint.vmId) })
}

/** Puts the machine back to the checkpoint; a running one is turned off for it. `takeFirst` keeps the present state as another checkpoint. */
export function applyCheckpoint(world: World, checkpointId: string, takeFirst: boolean): JobResult {
  const found = find(world, checkpointId)
  if (!found.ok) return found
  const { vm } = found.value
  const refusal = whyNot(world, vm, 'apply-checkpoint')
  if (refusal !== undefined) return { ok: false, refusal }
  return takeFirst ? takeCheckpoint(world, vm.id, null, checkpointId) : beginApply(world, found.value)
}

/** Applies the checkpoint that *Now* descends from. */
export function revert(world: World, vmId: string): JobResult {
  const vm = world.tables.virtual_machine.get(vmId)
  if (vm === undefined) return refuse('unknown-virtual-machine', { id: vmId })
  const refusal = whyNot(world, vm, 'revert')
  if (refusal !== undefined) return { ok: false, refusal }
  const found = find(world, vm.currentCheckpointId ?? '')
  return found.ok ? beginApply(world, found.value) : found
}

/** Begins the job without asking the state table: the caller has. */
export function beginApply(world: World, { checkpoint, vm }: Found): JobResult {
  const memoryMb = memoryToCopyMb(world, vm, checkpoint)
  const against = whyNoRoomToApply(world, vm, checkpoint)
  if (against !== undefined) return { ok: false, refusal: against }
  if (vm.state === 'Running' && world.tables.guest.has(vm.id)) freezeGuest(world, vm.id)
  const bytesPerSecond = volumeOf(world, vm.hostId, vm.configurationPath)?.writeBytesPerSecond ?? SLOW_BYTES_PER_SECOND
  const input: ApplyInput = { checkpointId: checkpoint.id, copyMs: Math.round(((memoryMb * BYTES_PER_MB) / bytesPerSecond) * 1000) }
  return succeed(beginJob(world, 'apply-checkpoint', vm.hostId, vm.id, JSON.stringify(input)))
}

/** Size of the checkpoint's saved state, MB; 0 without one. */
function memoryToCopyMb(world: World, vm: VirtualMachineRow, checkpoint: CheckpointRow): number {
  return keptGuest(world, checkpoint.id) === undefined ? 0 : keptMachine(world, vm, checkpoint.id).savedStateMb
}

/** What is put down before the present state is given up has to find room; what the present state takes is free by then. */
export function whyNoRoomToApply(world: World, vm: VirtualMachineRow, checkpoint: CheckpointRow): Refusal<RefusalCode> | undefined {
  const memoryMb = memoryToCopyMb(world, vm, checkpoint)
  const needed = new Map<VolumeRow | string, number>()
  for (const path of frozenPaths(world, checkpoint.id)) {
    const file = fileAt(world, vm.hostId, path)
    if (file !== undefined) need(world, needed, vm.hostId, path, newLeafBytes(file))
  }
  for (const [sign, megabytes] of [[1, memoryMb] as const, [-1, vm.savedStateMb] as const]) {
    if (megabytes === 0) continue
    for (const file of savedStateFiles(world, vm, machineFolder(vm), vm.id, megabytes)) {
      need(world, needed, vm.hostId, file.path, sign * file.sizeBytes)
    }
  }
  return fullVolume(vm, needed)
}

/** Gives the checkpoint another name. */
export function renameCheckpoint(world: World, checkpointId: string, name: string): Result<null, RefusalCode> {
  const found = find(world, checkpointId)
  if (!found.ok) return found
  const refusal = whyNot(world, found.value.vm, 'rename-checkpoint') ?? checkName(name, 'checkpoint')
  if (refusal !== undefined) return { ok: false, refusal }
  world.tables.checkpoint.patch(checkpointId, { name: name.trim() })
  return succeed(null)
}

/** Removes the checkpoint, or it and all below it; disks are merged afterwards. */
export function deleteCheckpoint(world: World, checkpointId: string, subtree: boolean): JobResult {
  const found = find(world, checkpointId)
  if (!found.ok) return found
  const { vm } = found.value
  const refusal = whyNot(world, vm, 'delete-checkpoint')
  if (refusal !== undefined) return { ok: false, refusal }
  const input: DeleteInput = { checkpointId, subtree }
  return succeed(beginJob(world, 'delete-checkpoint', vm.hostId, vm.id, JSON.stringify(input)))
}
