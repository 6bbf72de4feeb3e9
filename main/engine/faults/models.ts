/** What each kind of fault hits, when it can happen, and what its beginning and its end bring about. */
import { crashGuest, hangGuest } from '../guest/guest.ts'
import { isUp, kernelRuns } from '../guest/phases.ts'
import { TICKS_PER_SECOND } from '../kernel/ticks.ts'
import { vmbusVersionOf } from '../machine/guest-facts.ts'
import { fillReceiveRing, hasWorkingAdapter, processorOfAdapter, stopProvider } from '../machine/machine-faults.ts'
import { checkSpace, loseVolume, regainVolume } from '../management/critical.ts'
import { applyEffects } from '../management/transitions.ts'
import type { FaultKind, FaultRow, HostRow, VirtualMachineRow, VolumeRow } from '../rows.ts'
import { vmbusVersion } from '../vmbus/versions.ts'
import type { World } from '../world.ts'
import { losePower } from './power-loss.ts'
import { activeFault, memoryFaults, type ProviderName, processorOf, providerOf } from './rows.ts'
import { loseDisksOfVolume, regainDisks, strikeSoon, systemDrive } from './storage.ts'
import { releaseGuests } from './waiting.ts'

/** A driver of the guest looks by itself after this time: time-out of a disk request, seconds (devices 2, "Timeout": 60 s). */
export const TIMEOUT_SECONDS = 60
export const END_EVENT = 'fault.end'

/** What a fault is to hit. */
export interface FaultTarget {
  readonly host: HostRow
  readonly vm: VirtualMachineRow | undefined
  readonly volume: VolumeRow | undefined
  readonly provider: ProviderName | undefined
}

export interface FaultModel {
  readonly target: 'machine' | 'volume' | 'provider' | 'host'
  /** It happens and is over: nothing of it can be cleared. */
  readonly once: boolean
  /** Why it cannot happen now, as the end of "because …"; undefined when it can. */
  hindrance(world: World, target: FaultTarget): string | undefined
  /** Column `device` of the row. */
  device?(world: World, target: FaultTarget): string | null
  begin(world: World, fault: FaultRow): void
  /** The row has ended already. */
  end?(world: World, fault: FaultRow): void
}

const RUNNING_KERNEL = 'no operating system runs in the virtual machine'

function kernelHindrance(world: World, { vm }: FaultTarget): string | undefined {
  const guest = vm === undefined ? undefined : world.tables.guest.get(vm.id)
  if (vm?.state !== 'Running' || guest === undefined || guest.frozenAfter !== null) return 'the virtual machine is not running'
  return kernelRuns(guest.phase) ? undefined : RUNNING_KERNEL
}

function channelHindrance(world: World, target: FaultTarget): string | undefined {
  const refused = kernelHindrance(world, target)
  if (refused !== undefined || target.vm === undefined) return refused
  if (!isUp(world.tables.guest.get(target.vm.id)?.phase ?? '')) return 'its operating system has not come up yet'
  if (world.tables.partition.get(target.vm.id)?.vmbusVersion == null) return 'its operating system does not use the VMBus'
  return memoryFaults(world, target.vm).length > 0 ? 'its interrupts are being lost already' : undefined
}

const volumeId = (fault: FaultRow): string => fault.volumeId ?? ''
const machineOf = (world: World, fault: FaultRow): VirtualMachineRow | undefined => world.tables.virtual_machine.get(fault.vmId ?? '')

const guestCrash: FaultModel = {
  target: 'machine',
  once: true,
  hindrance: kernelHindrance,
  begin(world, fault) {
    const { stopCode } = JSON.parse(fault.detail ?? '{}') as { readonly stopCode?: string }
    const vmId = fault.vmId ?? ''
    applyEffects(world, vmId, crashGuest(world, vmId, stopCode))
  },
}

const guestHang: FaultModel = {
  target: 'machine',
  once: true,
  hindrance: kernelHindrance,
  begin: (world, fault) => hangGuest(world, fault.vmId ?? ''),
}

const lostInterrupt: FaultModel = {
  target: 'machine',
  once: false,
  hindrance: channelHindrance,
  begin(world, fault) {
    world.machines.machine(fault.vmId ?? '')?.loseInterrupts(0, true)
    world.tables.fault.patch(fault.id, { detail: JSON.stringify({ processor: 0 }) })
    world.events.schedule(END_EVENT, world.now + TIMEOUT_SECONDS * TICKS_PER_SECOND, fault.id)
  },
  end: (world, fault) => world.machines.machine(fault.vmId ?? '')?.loseInterrupts(0, false),
}

const fullRing: FaultModel = {
  target: 'machine',
  once: false,
  hindrance(world, target) {
    const refused = channelHindrance(world, target)
    if (refused !== undefined) return refused
    // Before VMBus 2.4 the parent polls a full ring instead of waiting for a signal (core sheet 5.1, feature bit 0): it would never come to rest.
    const version = vmbusVersionOf(world.tables.partition.get(target.vm?.id ?? '')?.vmbusVersion ?? '') ?? 0
    if (version < vmbusVersion.v2_4) return 'its VMBus is older than version 2.4'
    const works = target.vm !== undefined && hasWorkingAdapter(world, target.vm)
    return works ? undefined : 'it has no synthetic network adapter that is connected and works'
  },
  device: () => 'network',
  begin(world, fault) {
    const stack = world.machines.machine(fault.vmId ?? '')
    if (stack === undefined) return
    const processor = processorOfAdapter(stack)
    stack.loseInterrupts(processor, true)
    const packets = fillReceiveRing(stack)
    world.tables.fault.patch(fault.id, { detail: JSON.stringify({ processor, packets }) })
  },
  end: (world, fault) => world.machines.machine(fault.vmId ?? '')?.loseInterrupts(processorOf(fault), false),
}

const providerStopped: FaultModel = {
  target: 'provider',
  once: false,
  hindrance: () => undefined,
  device: (_, target) => target.provider ?? 'storage',
  begin: (world, fault) => stopProvider(world.machines.host(fault.hostId), providerOf(fault), true),
  end(world, fault) {
    world.machines.providerAnswers(fault.hostId, providerOf(fault))
    if (providerOf(fault) === 'storage') releaseGuests(world, fault.hostId)
  },
}

const diskError: FaultModel = {
  target: 'machine',
  once: false,
  hindrance: (world, { vm }) =>
    vm !== undefined && systemDrive(world, vm) !== undefined ? undefined : 'the virtual machine has no virtual hard disk',
  device: (world, { vm }) => (vm === undefined ? null : (systemDrive(world, vm)?.id ?? null)),
  begin(world, fault) {
    const guest = world.tables.guest.get(fault.vmId ?? '')
    if (guest?.bootSource === fault.device && machineOf(world, fault)?.state !== 'Saved') strikeSoon(world, fault.vmId ?? '')
  },
}

const volumeLost: FaultModel = {
  target: 'volume',
  once: false,
  hindrance: () => undefined,
  begin(world, fault) {
    loseVolume(world, volumeId(fault))
    loseDisksOfVolume(world, fault.hostId)
  },
  end(world, fault) {
    regainVolume(world, volumeId(fault))
    regainDisks(world, fault.hostId)
  },
}

const volumeFull: FaultModel = {
  target: 'volume',
  once: false,
  hindrance: (_, { volume }) => ((volume?.freeBytes ?? 0) > 0 ? undefined : 'the volume has no free space already'),
  begin(world, fault) {
    const { freeBytes } = world.tables.volume.require(volumeId(fault))
    world.tables.fault.patch(fault.id, { detail: JSON.stringify({ bytes: freeBytes }) })
    world.tables.volume.patch(volumeId(fault), { freeBytes: 0 })
    checkSpace(world, volumeId(fault))
  },
  end(world, fault) {
    const { bytes } = JSON.parse(fault.detail ?? '{"bytes":0}') as { readonly bytes: number }
    const volume = world.tables.volume.require(volumeId(fault))
    world.tables.volume.patch(volume.id, { freeBytes: Math.min(volume.sizeBytes, volume.freeBytes + bytes) })
  },
}

const powerLoss: FaultModel = {
  target: 'host',
  once: false,
  hindrance: () => undefined,
  begin: losePower,
}

export const FAULT_MODELS: Readonly<Record<FaultKind, FaultModel>> = {
  'guest-crash': guestCrash,
  'guest-hang': guestHang,
  'lost-interrupt': lostInterrupt,
  'full-ring': fullRing,
  'provider-stopped': providerStopped,
  'disk-error': diskError,
  'volume-lost': volumeLost,
  'volume-full': volumeFull,
  'power-loss': powerLoss,
}

export const FAULT_KINDS = Object.keys(FAULT_MODELS) as readonly FaultKind[]

/** The same fault acts there already. */
export function presentFault(world: World, kind: FaultKind, { host, vm, volume, provider }: FaultTarget): FaultRow | undefined {
  return activeFault(world, host.id, kind, (fault) => {
    if (fault.vmId !== (vm?.id ?? null) || fault.volumeId !== (volume?.id ?? null)) return false
    return kind !== 'provider-stopped' || fault.device === (provider ?? 'storage')
  })
}
