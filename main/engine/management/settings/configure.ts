/**
 * Applying a draft: one command, all or nothing. Every value is checked against the machine's state, the host's release and the other
 * machines first; the first problem is the answer, and then nothing has changed.
 */
import { type Refusal, refuse } from '../../kernel/result.ts'
import type { BootDevice, DriveRow, VirtualMachineRow } from '../../rows.ts'
import type { World } from '../../world.ts'
import { whyNot } from '../actions.ts'
import { normalizePath } from '../paths.ts'
import type { RefusalCode } from '../refusals.ts'
import { checkValues } from './check.ts'
import { checkDrives } from './check-drives.ts'
import { lockedSettings } from './locks.ts'
import { compareDrives, settingsOf } from './read.ts'
import type { DriveSetting, LockName, SettingField, SettingsProblem, VmSettings } from './types.ts'

export type ConfigureResult =
  | { readonly ok: true; readonly settings: VmSettings }
  | { readonly ok: false; readonly field: SettingField | null; readonly driveId: string | null; readonly refusal: Refusal<RefusalCode> }

/** `base`: what the sheet was opened with; when the machine has other settings by now, the draft is refused. */
export function configureVm(world: World, vmId: string, base: VmSettings, wanted: VmSettings): ConfigureResult {
  const vm = world.tables.virtual_machine.get(vmId)
  if (vm === undefined) return refused(null, refuse('unknown-virtual-machine' as const, { id: vmId }).refusal)
  const impossible = whyNot(world, vm, 'settings')
  if (impossible !== undefined) return refused(null, impossible)
  const before = settingsOf(world, vm)
  const other = changedFields(base, before)[0]
  if (other !== undefined) return refused(other, refuse('settings-changed' as const, { name: vm.name, setting: other }).refusal)
  const draft = tidied(world, vm, before, wanted)
  const problem = problemOf(world, vm, before, draft)
  if (problem !== undefined) return { ok: false, ...problem }
  const memory = resizeMemory(world, vm, before, draft)
  if (memory !== undefined) return refused('startupMemoryMb', memory)
  write(world, vm, before, draft)
  const after = world.tables.virtual_machine.require(vmId)
  if (after.assignedMemoryMb > 0) world.machines.settingsChanged(after)
  return { ok: true, settings: settingsOf(world, after) }
}

function refused(field: SettingField | null, refusal: Refusal<RefusalCode>): ConfigureResult {
  return { ok: false, field, driveId: null, refusal }
}

/** Fields in which two sets of settings differ; the order of drives means nothing. */
export function changedFields(a: VmSettings, b: VmSettings): readonly SettingField[] {
  const text = (settings: VmSettings, field: SettingField): string =>
    JSON.stringify(field === 'drives' ? settings.drives.toSorted(compareDrives).map(driveText) : settings[field])
  return (Object.keys(b) as SettingField[]).filter((field) => text(a, field) !== text(b, field))
}

function driveText({ id, kind, controller, controllerNumber, location, path }: DriveSetting): readonly (string | number | null)[] {
  return [id, kind, controller, controllerNumber, location, path]
}

/** The draft with the name without surrounding spaces, and paths in normal form where they have one. */
function tidied(world: World, vm: VirtualMachineRow, before: VmSettings, draft: VmSettings): VmSettings {
  const path = (text: string): string => {
    const found = normalizePath(world, vm.hostId, text)
    return found.ok ? found.value : text
  }
  const kept = new Map(before.drives.map((drive) => [drive.id, drive.path]))
  const drivePath = (drive: DriveSetting): string | null =>
    drive.path === null || drive.path === kept.get(drive.id) || drive.path.startsWith('Physical:') ? drive.path : path(drive.path)
  return {
    ...draft,
    name: draft.name === before.name ? draft.name : draft.name.trim(),
    checkpointPath: draft.checkpointPath === before.checkpointPath ? draft.checkpointPath : path(draft.checkpointPath),
    smartPagingPath: draft.smartPagingPath === before.smartPagingPath ? draft.smartPagingPath : path(draft.smartPagingPath),
    drives: draft.drives.map((drive) => ({ ...drive, path: drivePath(drive) })),
  }
}

function problemOf(world: World, vm: VirtualMachineRow, before: VmSettings, draft: VmSettings): SettingsProblem | undefined {
  const host = world.tables.host.require(vm.hostId)
  const locked: ReadonlySet<LockName> = new Set(lockedSettings(world, vm))
  for (const field of changedFields(before, draft)) {
    // Devices that come and go change the list of the firmware without changing its order.
    if (field === 'drives' || (field === 'bootOrder' && !isReordered(before.bootOrder, draft.bootOrder))) continue
    if (!locked.has(field)) continue
    const checkpoints = field === 'checkpointPath' && world.by.checkpointsOfVm.count(vm.id) > 0 && vm.state === 'Off'
    const code = checkpoints ? ('checkpoints-exist' as const) : ('setting-locked' as const)
    return { field, driveId: null, refusal: refuse(code, { name: vm.name, state: vm.state }).refusal }
  }
  const context = { world, host, vm, before, draft }
  return checkValues(context) ?? checkDrives({ ...context, locked })
}

function isReordered(before: readonly string[], after: readonly string[]): boolean {
  const common = before.filter((key) => after.includes(key))
  return after.filter((key) => before.includes(key)).some((key, index) => key !== common[index])
}

/** A running machine gets or gives memory before anything is written: it is the one change that the hypervisor can still refuse. */
function resizeMemory(world: World, vm: VirtualMachineRow, before: VmSettings, draft: VmSettings): Refusal<RefusalCode> | undefined {
  if (vm.assignedMemoryMb === 0 || draft.startupMemoryMb === before.startupMemoryMb) return undefined
  const refusal = world.machines.resizeMemory(vm, draft.startupMemoryMb)
  if (refusal === undefined) return undefined
  const values = { name: vm.name, presentMb: vm.assignedMemoryMb, ...refusal.values }
  return refuse('memory-not-added' as const, values, 'S34').refusal
}

function write(world: World, vm: VirtualMachineRow, before: VmSettings, draft: VmSettings): void {
  const { drives, bootOrder, ...columns } = draft
  const ids = writeDrives(world, vm.id, before.drives, drives)
  const known = new Set(before.bootOrder)
  const keys = bootOrder.flatMap((key) => ids.get(key) ?? (known.has(key) || vm.generation === 1 ? key : []))
  const order: Partial<VirtualMachineRow> = vm.generation === 1 ? { bootOrder: keys as readonly BootDevice[] } : { bootDevices: keys }
  const resized = vm.assignedMemoryMb > 0 && draft.startupMemoryMb !== before.startupMemoryMb
  world.tables.virtual_machine.patch(vm.id, {
    ...columns,
    ...(JSON.stringify(bootOrder) === JSON.stringify(before.bootOrder) ? {} : order),
    ...(resized ? { assignedMemoryMb: draft.startupMemoryMb } : {}),
  })
}

/** Returns the ids that new drives have got, by the ids of the draft. */
function writeDrives(
  world: World,
  vmId: string,
  before: readonly DriveSetting[],
  draft: readonly DriveSetting[],
): ReadonlyMap<string, string> {
  const known = new Map(before.map((drive) => [drive.id, drive]))
  const kept = new Set(draft.map(({ id }) => id))
  const ids = new Map<string, string>()
  for (const { id } of before) if (!kept.has(id)) world.tables.drive.delete(id)
  for (const drive of draft) {
    const old = known.get(drive.id)
    const id = old === undefined ? world.random.guid('device') : drive.id
    if (old === undefined) ids.set(drive.id, id)
    const row: DriveRow = { ...drive, id, vmId }
    if (old === undefined || JSON.stringify(driveText(old)) !== JSON.stringify(driveText(drive))) world.tables.drive.put(row)
  }
  return ids
}
