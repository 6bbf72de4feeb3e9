/** Which settings can be changed in which state of the machine (hyper-v-manager 5.14; what that marks as unsure is decided here). */
import { isUp } from '../../guest/phases.ts'
import { guestProduct } from '../../products/guests.ts'
import { hostFeatures } from '../../products/host-features.ts'
import { hostProduct } from '../../products/hosts.ts'
import type { VirtualMachineRow } from '../../rows.ts'
import type { World } from '../../world.ts'
import type { LockName } from './types.ts'

type Column = 'Off' | 'Running' | 'Paused' | 'Saved' | 'Other'

const ALWAYS: readonly Column[] = ['Off', 'Running', 'Paused', 'Saved', 'Other']
const SETTLED: readonly Column[] = ['Off', 'Running', 'Paused', 'Saved']
const WITH_PARTITION: readonly Column[] = ['Off', 'Running', 'Paused']
const OFF: readonly Column[] = ['Off']

const CHANGEABLE: Readonly<Record<LockName, readonly Column[]>> = {
  name: ALWAYS,
  notes: ALWAYS,
  bootOrder: OFF,
  numLock: OFF,
  startupMemoryMb: ['Off', 'Running'],
  dynamicMemory: OFF,
  minimumMemoryMb: ['Off', 'Running'],
  maximumMemoryMb: ['Off', 'Running'],
  memoryBuffer: ['Off', 'Running'],
  memoryWeight: ['Off', 'Running'],
  processorCount: OFF,
  processorReserve: WITH_PARTITION,
  processorLimit: WITH_PARTITION,
  processorWeight: WITH_PARTITION,
  scsiControllers: OFF,
  checkpointType: SETTLED,
  checkpointPath: OFF,
  automaticCheckpoints: SETTLED,
  smartPagingPath: OFF,
  automaticStart: ALWAYS,
  startDelaySeconds: ALWAYS,
  automaticStop: OFF,
  'ide-drives': OFF,
  'scsi-drives': WITH_PARTITION,
  'drive-place': OFF,
  'disk-path': OFF,
  media: WITH_PARTITION,
}

function columnOf(vm: VirtualMachineRow, busy: boolean): Column {
  if (busy) return 'Other'
  return vm.state === 'Off' || vm.state === 'Running' || vm.state === 'Paused' || vm.state === 'Saved' ? vm.state : 'Other'
}

/** Settings that cannot be changed now. */
export function lockedSettings(world: World, vm: VirtualMachineRow): readonly LockName[] {
  const column = columnOf(vm, world.by.runningJobOfVm.count(vm.id) > 0)
  const locked = new Set((Object.keys(CHANGEABLE) as LockName[]).filter((name) => !CHANGEABLE[name].includes(column)))
  const features = hostFeatures(hostProduct(world.tables.host.require(vm.hostId).productId))
  if (column !== 'Off') {
    if (vm.dynamicMemory || !features.runtimeMemory || !guestResizes(world, vm)) locked.add('startupMemoryMb')
    if (!vm.dynamicMemory) for (const name of ['minimumMemoryMb', 'maximumMemoryMb', 'memoryBuffer'] as const) locked.add(name)
    if (!features.scsiHotAdd) locked.add('scsi-drives')
  }
  if (world.by.checkpointsOfVm.count(vm.id) > 0) {
    locked.add('checkpointPath')
    locked.add('disk-path')
  }
  return [...locked]
}

/** Systems that take memory while they run: Windows 10 and Server 2016 on, recent Linux; those with VMBus 5 and the driver. */
function guestResizes(world: World, vm: VirtualMachineRow): boolean {
  const guest = world.tables.guest.get(vm.id)
  if (guest === undefined || guest.productId === null || !isUp(guest.phase)) return false
  const { vmbus, drivers } = guestProduct(guest.productId)
  return drivers.includes('dynamic-memory') && vmbus !== null && Number.parseFloat(vmbus) >= 5
}
