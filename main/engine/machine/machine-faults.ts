/** Faults of the lab as the stacks of hosts and machines feel them; imposed anew when a stack is built again after a reload. */
import { isProviderStopped, memoryFaults, type ProviderName, processorOf, providerOf } from '../faults/rows.ts'
import type { ChannelRow, VirtualMachineRow } from '../rows.ts'
import { deviceClass } from '../vmbus/classes.ts'
import type { World } from '../world.ts'
import { DEVICE_ROWS } from './guest-facts.ts'
import type { HostStack } from './host-stack.ts'
import type { MachineStack } from './machine-stack.ts'
import type { DeviceKind, DeviceSpec } from './stack-types.ts'

/** Devices that a provider of the root serves. */
const PROVIDER_DEVICES: Readonly<Record<ProviderName, readonly DeviceKind[]>> = { storage: ['scsi', 'ide-filter'], network: ['network'] }
/** Frames with which a ring is filled at the most; the rings of the known systems hold fewer. */
const FRAMES_MAX = 40_000
const FRAME_BYTES = 1514

/** A provider of the root stops answering, or goes on (S26). */
export function stopProvider(host: HostStack, provider: ProviderName, stopped: boolean): void {
  for (const kind of PROVIDER_DEVICES[provider]) host.setProviderStalled(kind, stopped)
}

/** What acts on a host that has just been built. */
export function imposeHostFaults(world: World, hostId: string, host: HostStack): void {
  for (const fault of world.by.activeFaultsOfHost.of(hostId)) {
    if (fault.kind === 'provider-stopped') stopProvider(host, providerOf(fault), true)
  }
}

/** An open channel of a stopped provider, and whether both ends have agreed on a protocol. */
function channelsOf(world: World, vm: VirtualMachineRow, provider: ProviderName): readonly ChannelRow[] {
  const classes = PROVIDER_DEVICES[provider].map((kind) => deviceClass(DEVICE_ROWS[kind].className ?? 'scsi').title)
  return world.by.channelsOfPartition.of(vm.id).filter((channel) => channel.state === 'open' && classes.includes(channel.className))
}

const PROVIDERS = Object.keys(PROVIDER_DEVICES) as readonly ProviderName[]

/**
 * How a machine met the providers of its devices, told by its channels: it may have come to know one that has stopped since; and one that was
 * cleared while the machine stood still has not been heard yet.
 */
export function providersBefore(
  world: World,
  vm: VirtualMachineRow,
): { readonly spoken: readonly DeviceKind[]; readonly silent: readonly DeviceKind[] } {
  const phase = world.tables.guest.get(vm.id)?.phase
  const standsStill = world.tables.partition.get(vm.id)?.suspended === true || phase === 'crashed' || phase === 'hung'
  const devices = (providers: readonly ProviderName[]): readonly DeviceKind[] => providers.flatMap((name) => PROVIDER_DEVICES[name])
  const stopped = PROVIDERS.filter((provider) => isProviderStopped(world, vm.hostId, provider))
  return {
    spoken: devices(stopped.filter((provider) => channelsOf(world, vm, provider).some((row) => row.protocolVersion !== null))),
    silent: devices(PROVIDERS.filter((provider) => standsStill && !stopped.includes(provider) && isKeptWaiting(world, vm, provider))),
  }
}

/** The machine waits for the first words of this provider. */
export function isKeptWaiting(world: World, vm: VirtualMachineRow, provider: ProviderName): boolean {
  return channelsOf(world, vm, provider).some((row) => row.protocolVersion === null)
}

/** What acts on a machine whose stack has just been built again. */
export function imposeMachineFaults(world: World, vm: VirtualMachineRow, stack: MachineStack): void {
  for (const fault of memoryFaults(world, vm)) {
    stack.loseInterrupts(processorOf(fault), true)
    if (fault.kind === 'full-ring') fillReceiveRing(stack)
  }
}

/** Whether frames can come by a synthetic adapter: it is connected, and guest and provider have come to terms by the rows of its channels. */
export function hasWorkingAdapter(world: World, vm: VirtualMachineRow): boolean {
  const connected = world.by.adaptersOfVm.of(vm.id).some((adapter) => adapter.kind === 'synthetic' && adapter.switchId !== null)
  return connected && channelsOf(world, vm, 'network').some((row) => row.protocolVersion !== null)
}

/** The first synthetic adapter whose driver works. */
function workingAdapter(stack: MachineStack): DeviceSpec | undefined {
  return stack.spec.devices.find((device) => device.kind === 'network' && stack.vmbus.pairOf(device)?.started === true)
}

/** Virtual processor that takes the interrupts of the adapter's channel. */
export function processorOfAdapter(stack: MachineStack): number {
  const adapter = workingAdapter(stack)
  const channel = stack.channelViews().find((view) => view.instanceId === adapter?.instanceId && view.subchannelIndex === 0)
  return channel?.targetVp ?? 0
}

/** Frames for a guest that does not take them, until its ring takes no more. The number of packets that wait then. */
export function fillReceiveRing(stack: MachineStack): number {
  const adapter = workingAdapter(stack)
  if (adapter === undefined) return 0
  const ring = stack.vmbus.pairOf(adapter)?.channel?.rings.hostToGuest
  if (ring === undefined) return 0
  for (let sent = 0; sent < FRAMES_MAX; sent++) {
    const before = ring.bytesToRead
    stack.traffic.receiveFrame(adapter, FRAME_BYTES)
    if (ring.bytesToRead <= before) break
  }
  return ring.packets().length
}
