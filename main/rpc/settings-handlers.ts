/** Handlers of the settings' procedures. */
import type { Configured, ReadSettings, RefusalView } from '../../preload/contract/index.ts'
import type { Refusal } from '../engine/kernel/result.ts'
import { whyNot } from '../engine/management/actions.ts'
import type { RefusalCode } from '../engine/management/refusals.ts'
import { configureVm } from '../engine/management/settings/configure.ts'
import { settingsFacts, settingsOf } from '../engine/management/settings/read.ts'
import type { VmSettings } from '../engine/management/settings/types.ts'
import type { VirtualMachineRow } from '../engine/rows.ts'
import type { World } from '../engine/world.ts'

function view(refusal: Refusal<RefusalCode>): RefusalView {
  return { ...refusal, values: { ...refusal.values } }
}

function read(world: World, vm: VirtualMachineRow): Extract<ReadSettings, { ok: true }> {
  const settings = settingsOf(world, vm)
  return {
    ok: true,
    settings: { ...settings, bootOrder: [...settings.bootOrder], drives: [...settings.drives] },
    facts: settingsFacts(world, vm),
  }
}

export function readSettings(world: World, vmId: string): ReadSettings {
  const vm = world.tables.virtual_machine.get(vmId)
  if (vm === undefined) return { ok: false, refusal: { code: 'unknown-virtual-machine', values: { id: vmId } } }
  const refusal = whyNot(world, vm, 'settings')
  return refusal === undefined ? read(world, vm) : { ok: false, refusal: view(refusal) }
}

export function configure(world: World, vmId: string, base: VmSettings, draft: VmSettings): Configured {
  const done = configureVm(world, vmId, base, draft)
  if (done.ok) return read(world, world.tables.virtual_machine.require(vmId))
  return { ok: false, field: done.field, driveId: done.driveId, refusal: view(done.refusal) }
}
