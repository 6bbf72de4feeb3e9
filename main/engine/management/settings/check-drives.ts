/** Rules for the drives of a draft: where they hang, what they hold, and what may change while the machine is on (hyper-v-manager 5.8 to 5.14). */
import { type Refusal, refuse } from '../../kernel/result.ts'
import { hasPartition } from '../../machine/host.ts'
import type { HostFileKind, HostRow, VirtualMachineRow } from '../../rows.ts'
import type { World } from '../../world.ts'
import { fileAt, normalizePath } from '../paths.ts'
import type { RefusalCode } from '../refusals.ts'
import type { DrivePart, DriveSetting, LockName, SettingsProblem, VmSettings } from './types.ts'

/** What a path that names a drive of the host begins with. */
const PHYSICAL = 'Physical:'
const LOCATIONS = { ide: 2, scsi: 64, floppy: 1 } as const
const IDE_CONTROLLERS = 2

interface Context {
  readonly world: World
  readonly host: HostRow
  readonly vm: VirtualMachineRow
  readonly before: VmSettings
  readonly draft: VmSettings
  readonly locked: ReadonlySet<LockName>
}

/** The first thing that is wrong with a drive of the draft, or with one that it leaves out. */
export function checkDrives(context: Context): SettingsProblem | undefined {
  const { before, draft } = context
  const known = new Map(before.drives.map((drive) => [drive.id, drive]))
  const kept = new Set(draft.drives.map(({ id }) => id))
  const problem = (driveId: string, refusal: Refusal<RefusalCode>): SettingsProblem => ({ field: 'drives', driveId, refusal })
  for (const drive of before.drives) {
    const refusal = kept.has(drive.id) ? undefined : checkRemoval(context, drive)
    if (refusal !== undefined) return problem(drive.id, refusal)
  }
  // What was changed is wrong before what it meets there.
  const changed = (drive: DriveSetting): number => (JSON.stringify(known.get(drive.id)) === JSON.stringify(drive) ? 1 : 0)
  for (const drive of draft.drives.toSorted((a, b) => changed(a) - changed(b))) {
    const old = known.get(drive.id)
    const refusal =
      (old === undefined ? checkAddition(context, drive) : checkChange(context, old, drive)) ??
      checkPlace(context, drive) ??
      (old?.path === drive.path && old !== undefined ? undefined : checkMedium(context, drive))
    if (refusal !== undefined) return problem(drive.id, refusal)
  }
  return undefined
}

function lockRefusal({ vm, locked }: Context, part: DrivePart): Refusal<RefusalCode> | undefined {
  return locked.has(part) ? refuse('setting-locked' as const, { name: vm.name, state: vm.state }).refusal : undefined
}

/** IDE drives come and go with the power off; SCSI ones also while the machine runs. The diskette drive is part of the machine. */
function hanging(context: Context, drive: DriveSetting): Refusal<RefusalCode> | undefined {
  if (drive.controller === 'floppy') return refuse('drive-fixed' as const, {}).refusal
  return lockRefusal(context, drive.controller === 'ide' ? 'ide-drives' : 'scsi-drives')
}

function checkRemoval(context: Context, drive: DriveSetting): Refusal<RefusalCode> | undefined {
  const refusal = hanging(context, drive)
  if (refusal !== undefined) return refusal
  const guest = context.world.tables.guest.get(context.vm.id)
  // The guest does not let go of the disk that holds its running system.
  const runs = guest !== undefined && guest.bootSource === drive.id && guest.productId !== null && drive.kind === 'hard-disk'
  return runs && hasPartition(context.vm) ? refuse('disk-holds-system' as const, { name: context.vm.name }).refusal : undefined
}

function checkAddition(context: Context, drive: DriveSetting): Refusal<RefusalCode> | undefined {
  return hanging(context, drive)
}

function checkChange(context: Context, old: DriveSetting, drive: DriveSetting): Refusal<RefusalCode> | undefined {
  if (old.kind !== drive.kind) return refuse('drive-fixed' as const, {}).refusal
  const moved = old.controller !== drive.controller || old.controllerNumber !== drive.controllerNumber || old.location !== drive.location
  if (moved && old.controller === 'floppy') return refuse('drive-fixed' as const, {}).refusal
  if (moved && context.locked.has('drive-place')) return lockRefusal(context, 'drive-place')
  if (old.path === drive.path) return undefined
  if (drive.kind !== 'hard-disk') return lockRefusal(context, 'media')
  if (context.world.by.checkpointsOfVm.count(context.vm.id) > 0)
    return refuse('checkpoints-exist' as const, { name: context.vm.name }).refusal
  return lockRefusal(context, 'disk-path')
}

function checkPlace({ vm, draft }: Context, drive: DriveSetting): Refusal<RefusalCode> | undefined {
  const { controller, controllerNumber, location } = drive
  const allowed =
    drive.kind === 'floppy'
      ? controller === 'floppy' && vm.generation === 1
      : controller === 'scsi'
        ? drive.kind === 'hard-disk' || vm.generation === 2
        : controller === 'ide' && vm.generation === 1
  const controllers = controller === 'ide' ? IDE_CONTROLLERS : controller === 'scsi' ? draft.scsiControllers : 1
  const place = { controller: placeText(drive), location }
  if (!allowed || controllerNumber < 0 || controllerNumber >= controllers || location < 0 || location >= LOCATIONS[controller]) {
    return refuse('drive-place' as const, place).refusal
  }
  const taken = draft.drives.some(
    (other) =>
      other !== drive && other.controller === controller && other.controllerNumber === controllerNumber && other.location === location,
  )
  return taken ? refuse('location-taken' as const, place).refusal : undefined
}

function placeText({ controller, controllerNumber }: DriveSetting): string {
  if (controller === 'floppy') return 'Diskette Drive'
  return controller === 'ide' ? `IDE Controller ${controllerNumber}` : 'SCSI Controller'
}

const KINDS: Readonly<Record<DriveSetting['kind'], readonly HostFileKind[]>> = {
  'hard-disk': ['vhd', 'vhdx', 'avhdx'],
  dvd: ['iso'],
  floppy: ['vfd'],
}

function checkMedium(context: Context, drive: DriveSetting): Refusal<RefusalCode> | undefined {
  const { world, host, vm, draft } = context
  if (drive.path === null) return drive.kind === 'hard-disk' ? refuse('path-invalid' as const, { path: '' }).refusal : undefined
  if (drive.path.startsWith(PHYSICAL)) return checkPhysical(context, drive, drive.path.slice(PHYSICAL.length))
  const path = normalizePath(world, host.id, drive.path)
  if (!path.ok) return path.refusal
  const file = fileAt(world, host.id, path.value)
  if (file === undefined || file.kind === 'folder') return refuse('attachment-not-found' as const, { path: path.value }).refusal
  if (!KINDS[drive.kind].includes(file.kind)) {
    const needed = drive.kind === 'hard-disk' ? '.vhd, .vhdx' : KINDS[drive.kind].map((kind) => `.${kind}`).join(', ')
    return refuse('image-format' as const, { path: path.value, needed }).refusal
  }
  if (drive.kind === 'hard-disk' && vm.generation === 2 && file.kind === 'vhd') {
    return refuse('disk-format' as const, { path: path.value, needed: 'VHDX' }).refusal
  }
  // An image file is opened for reading only; any number of drives may have it.
  if (drive.kind === 'dvd') return undefined
  const key = path.value.toLowerCase()
  if (draft.drives.some((other) => other !== drive && other.path?.toLowerCase() === key)) {
    return refuse('disk-connected' as const, { path: path.value, name: vm.name }).refusal
  }
  const user = otherUser(world, vm, key)
  return user === undefined ? undefined : refuse('attachment-in-use' as const, { path: path.value, user: user.name }).refusal
}

/** Another machine of the host that is on and has the file or drive. */
function otherUser(world: World, vm: VirtualMachineRow, path: string): VirtualMachineRow | undefined {
  for (const drive of world.by.drivesOfPath.of(path)) {
    const other = drive.vmId === vm.id ? undefined : world.tables.virtual_machine.get(drive.vmId)
    if (other !== undefined && other.hostId === vm.hostId && hasPartition(other)) return other
  }
  return undefined
}

/** S42: a drive of the host is read by one Generation 1 machine at a time. */
function checkPhysical({ world, host, vm, draft }: Context, drive: DriveSetting, letter: string): Refusal<RefusalCode> | undefined {
  if (drive.kind !== 'dvd' || vm.generation !== 1 || !host.opticalDrives.includes(letter)) {
    return refuse('unknown-drive' as const, { drive: letter }, drive.kind === 'dvd' ? 'S42' : undefined).refusal
  }
  const path = `${PHYSICAL}${letter}`
  if (draft.drives.some((other) => other !== drive && other.path === path)) {
    return refuse('drive-captured' as const, { drive: letter, user: vm.name }, 'S42').refusal
  }
  const user = otherUser(world, vm, path.toLowerCase())
  return user === undefined ? undefined : refuse('drive-captured' as const, { drive: letter, user: user.name }, 'S42').refusal
}
