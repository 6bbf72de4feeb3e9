/** Rows of faults: what acts now on a host, a volume, a machine or a drive. Everything that behaves differently under a fault asks here. */
import type { FaultKind, FaultRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'

/** Faults and rules that may act at the same time in one lab. */
export const ACTIVE_FAULTS_MAX = 64
/** Ended faults that are kept to be read. */
export const ENDED_FAULTS_MAX = 200

export type ProviderName = 'storage' | 'network'

type Fault = Omit<FaultRow, 'id' | 'injectedTick' | 'endedTick' | 'state'>

/** Puts a fault down that acts from now on, or has acted already. */
export function putFault(world: World, state: FaultRow['state'], fault: Fault): FaultRow {
  const row: FaultRow = {
    ...fault,
    id: `fault-${world.takeNumber('fault') + 1}`,
    state,
    injectedTick: Math.max(0, world.now),
    endedTick: state === 'ended' ? world.now : null,
  }
  world.tables.fault.put(row)
  dropOldFaults(world)
  return row
}

/** Ends a fault that acts; its pending events are taken back. */
export function endFault(world: World, fault: FaultRow): void {
  if (world.tables.fault.get(fault.id)?.state !== 'active') return
  for (const event of world.by.eventsOfTarget.of(fault.id)) world.events.cancel(event.id)
  world.tables.fault.patch(fault.id, { state: 'ended', endedTick: world.now })
  dropOldFaults(world)
}

/** A machine is deleted: what acted on it ends, and rules for it go. */
export function forgetMachine(world: World, vm: { readonly id: string; readonly hostId: string }): void {
  for (const fault of world.by.faultsOfHost.of(vm.hostId)) {
    if (fault.vmId !== vm.id) continue
    if (fault.state === 'rule') world.tables.fault.delete(fault.id)
    else endFault(world, fault)
  }
}

function dropOldFaults(world: World): void {
  const ended = [...world.tables.fault.values()].filter((row) => row.state === 'ended')
  for (const row of ended.slice(0, Math.max(0, ended.length - ENDED_FAULTS_MAX))) world.tables.fault.delete(row.id)
}

/** The fault of this kind that acts on the host and fits. */
export function activeFault(
  world: World,
  hostId: string,
  kind: FaultKind,
  fits: (fault: FaultRow) => boolean = () => true,
): FaultRow | undefined {
  if (world.by.activeFaultsOfHost.first(hostId) === undefined) return undefined
  return world.by.activeFaultsOfHost.of(hostId).find((fault) => fault.kind === kind && fits(fault))
}

/** The host has no power: nothing of it runs. */
export function isPoweredOff(world: World, hostId: string): boolean {
  return activeFault(world, hostId, 'power-loss') !== undefined
}

export function isVolumeLost(world: World, volume: { readonly id: string; readonly hostId: string }): boolean {
  return activeFault(world, volume.hostId, 'volume-lost', (fault) => fault.volumeId === volume.id) !== undefined
}

/** The volume of a path is lost. */
export function isPathLost(world: World, hostId: string, path: string): boolean {
  const letter = path.charAt(0).toUpperCase()
  const lost = activeFault(
    world,
    hostId,
    'volume-lost',
    ({ volumeId }) => world.tables.volume.get(volumeId ?? '')?.letter.toUpperCase() === letter,
  )
  return lost !== undefined && path.charAt(1) === ':'
}

export function isProviderStopped(world: World, hostId: string, provider: ProviderName): boolean {
  return activeFault(world, hostId, 'provider-stopped', (fault) => fault.device === provider) !== undefined
}

/** Reading and writing this drive fails: its disk has errors, or the volume of its file is lost. */
export function isDriveBroken(world: World, vm: VirtualMachineRow, drive: { readonly id: string; readonly path: string | null }): boolean {
  if (world.by.activeFaultsOfHost.first(vm.hostId) === undefined) return false
  if (activeFault(world, vm.hostId, 'disk-error', (fault) => fault.device === drive.id) !== undefined) return true
  return drive.path !== null && isPathLost(world, vm.hostId, drive.path)
}

/** Faults of what a running machine has in its memory; they end with it. */
export function memoryFaults(world: World, vm: { readonly id: string; readonly hostId: string }): readonly FaultRow[] {
  if (world.by.activeFaultsOfHost.first(vm.hostId) === undefined) return []
  return world.by.activeFaultsOfHost
    .of(vm.hostId)
    .filter((fault) => fault.vmId === vm.id && (fault.kind === 'lost-interrupt' || fault.kind === 'full-ring'))
}

/** The guest does not notice the interrupts of its first processor, so that its integration services do not hear the host. */
export function isDeaf(world: World, vm: VirtualMachineRow): boolean {
  return memoryFaults(world, vm).some((fault) => processorOf(fault) === 0)
}

/** Which provider a fault has stopped. */
export function providerOf(fault: FaultRow): ProviderName {
  return fault.device === 'network' ? 'network' : 'storage'
}

/** Virtual processor whose interrupts a fault takes away. */
export function processorOf(fault: FaultRow): number {
  const detail: unknown = fault.detail === null ? null : JSON.parse(fault.detail)
  return typeof detail === 'object' && detail !== null && 'processor' in detail ? Number(detail.processor) : 0
}
