/** What changes in a machine while it runs: disks behind a controller, memory, its share of the processors. Each arrives in the guest by VMBus. */
import { HvCall, HvStatus, MapFlag, PropertyCode, statusName } from '../hypervisor/index.ts'
import { type Refusal, refuse } from '../kernel/result.ts'
import { workPacket } from './device-pair.ts'
import { isSameDevice } from './guest-facts.ts'
import type { MachineStack } from './machine-stack.ts'
import { CALL_PAGES, gpaRange, mapRest } from './memory-map.ts'
import { PairOp } from './pair-payload.ts'
import type { DeviceSpec, MachineSpec, PowerOnRefusal } from './stack-types.ts'

const PAGES_PER_MB = 256
const PAGES_PER_2M = 512
/** A start sequence that has been gone through, however long that of the controller would be with its present disks. */
const START_DONE = 0xfff
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

/** ENUMERATE_BUS of the storage protocol: the guest asks the controller for its disks again (linux: storvsc_drv.c). */
function changeUnits(machine: MachineStack, device: DeviceSpec): void {
  const devices = machine.spec.devices.map((other) => (isSameDevice(other, device) ? device : other))
  machine.context.spec = { ...machine.spec, devices }
  const pair = machine.vmbus.pairOf(device)
  if (pair?.started !== true) return
  pair.guestAt = START_DONE
  pair.hostAt = START_DONE
  pair.sendFromHost(workPacket(PairOp.EnumerateBus, { id: machine.traffic.nextRequest++ }))
  machine.host.settle()
}

/**
 * Maps more memory into the machine's space, or takes the end of it away; the guest is told by its dynamic memory channel (hot add, balloon).
 * Refused when the host's memory does not suffice; nothing has changed then.
 */
export function applyMemory(machine: MachineStack, memoryMb: number): Refusal<PowerOnRefusal> | undefined {
  const before = machine.spec.memoryMb * PAGES_PER_MB
  const after = memoryMb * PAGES_PER_MB
  if (after === before) return undefined
  const added: { page: number; pages: number }[] = []
  if (after > before) {
    for (const block of gpaRange(before, after)) {
      added.push(block)
      const status = mapRest(machine.context, block)
      if (status === HvStatus.Success) continue
      for (const done of added) unmap(machine, done.page, done.pages)
      return refuse('insufficient-memory' as const, { call: 'MapGpaPages', status: statusName(status) }, 'S34').refusal
    }
  } else for (const block of gpaRange(after, before)) unmap(machine, block.page, block.pages)
  machine.context.spec = { ...machine.spec, memoryMb }
  const pair = machine.vmbus.pairOf({ kind: 'dynamic-memory' })
  if (pair?.started === true) pair.sendFromHost(workPacket(PairOp.MemoryChange, { id: machine.traffic.nextRequest++ }))
  machine.host.settle()
  return undefined
}

function unmap(machine: MachineStack, page: number, pages: number): void {
  for (let done = 0; done < pages; done += CALL_PAGES) {
    const count = Math.min(CALL_PAGES, pages - done) / PAGES_PER_2M
    const input = {
      targetPartitionId: machine.partitionId,
      targetPage: page + done,
      pageCount: count,
      unmapFlags: MapFlag.LargePage,
    }
    machine.context.rootCall(HvCall.UnmapGpaPages, input, machine.partitionId)
  }
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
