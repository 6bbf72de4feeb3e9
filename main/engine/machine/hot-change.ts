/** What changes in a machine while it runs: disks behind a controller, memory, its share of the processors. Each arrives in the guest by VMBus. */
import { HvCall, PropertyCode } from '../hypervisor/index.ts'
import { type Refusal, refuse } from '../kernel/result.ts'
import { StorageEnds } from './ends/storage-ends.ts'
import { isSameDevice } from './guest-facts.ts'
import type { MachineStack } from './machine-stack.ts'
import { moveMemory, resize } from './memory-moves.ts'
import type { DeviceSpec, MachineSpec, PowerOnRefusal } from './stack-types.ts'

const FULL_SHARE = 0x1_0000

/** Devices that came, went, or have other disks behind them: the machine becomes what `wanted` says. */
export function applyDevices(machine: MachineStack, wanted: MachineSpec): void {
  const present = machine.spec.devices
  for (const device of present) if (!wanted.devices.some((other) => isSameDevice(other, device))) machine.removeDevice(device)
  for (const device of wanted.devices) {
    const before = present.find((other) => isSameDevice(other, device))
    if (before === undefined) machine.addDevice(device)
    else if (unitsOf(before) !== unitsOf(device)) changeUnits(machine, device)
  }
}

function unitsOf(device: DeviceSpec): string {
  return [...(device.units ?? [])].sort((a, b) => a - b).join()
}

/** The provider says that its bus has changed (ENUMERATE_BUS), and the guest asks the controller for its disks again (linux: storvsc_drv.c). */
function changeUnits(machine: MachineStack, device: DeviceSpec): void {
  const devices = machine.spec.devices.map((other) => (isSameDevice(other, device) ? device : other))
  machine.context.spec = { ...machine.spec, devices }
  const ends = machine.vmbus.pairOf(device)?.ends
  if (ends instanceof StorageEnds) ends.changeUnits(device)
  machine.host.settle()
}

/**
 * Maps more memory into the machine's space, or takes the end of it away; the guest is told by its dynamic memory channel (hot add, balloon).
 * Refused when the host's memory does not suffice; nothing has changed then.
 */
export function applyMemory(machine: MachineStack, memoryMb: number): Refusal<PowerOnRefusal> | undefined {
  const before = machine.spec.memoryMb
  if (memoryMb === before) return undefined
  if (moveMemory(machine, memoryMb > before ? 'hotAdd' : 'balloon', Math.abs(memoryMb - before))) return undefined
  // A guest that takes no part in it finds the change when it looks.
  if (resize(machine, before, memoryMb)) return undefined
  return refuse('insufficient-memory' as const, { call: 'MapGpaPages', status: 'HV_STATUS_INSUFFICIENT_MEMORY' }, 'S34').refusal
}

/** Reserve, limit and weight of a machine that runs. */
export function applyShares(machine: MachineStack, { reservePercent, limitPercent, weight }: MachineSpec): void {
  const { spec, context } = machine
  const share = (percent: number): bigint => BigInt(Math.round((percent * FULL_SHARE) / 100))
  const set = (name: 'CpuReserve' | 'CpuCap' | 'CpuWeight', value: bigint): void => {
    context.rootCall(HvCall.SetPartitionProperty, { partitionId: machine.partitionId, code: PropertyCode[name], value })
  }
  if (reservePercent < spec.reservePercent) set('CpuReserve', share(reservePercent))
  if (limitPercent !== spec.limitPercent) set('CpuCap', share(limitPercent))
  // A reserve goes up only below the limit that stands by then.
  if (reservePercent > spec.reservePercent) set('CpuReserve', share(reservePercent))
  if (weight !== spec.weight) set('CpuWeight', BigInt(weight))
  context.spec = { ...machine.spec, reservePercent, limitPercent, weight }
}
