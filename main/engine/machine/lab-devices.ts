/** What lies behind the devices of a lab's machines: its virtual disks, its switches, its guests. */
import { TICKS_PER_MS } from '../kernel/ticks.ts'
import type { VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import type { AdapterPlug, AdapterWorld, ControllerWorld, DeviceWorld, UnitChanged } from './device-world.ts'
import { LabDisks } from './lab-disks.ts'
import { LabGuest } from './lab-guest.ts'
import { LabNetwork, NO_CABLE } from './lab-network.ts'
import type { DeviceSpec } from './stack-types.ts'

/** 1 January 1970 in ms since 1601. */
const UNIX_EPOCH_MS = 11_644_473_600_000

export class LabDevices implements DeviceWorld {
  readonly network: LabNetwork
  readonly disks: LabDisks
  readonly #world: World
  readonly #guests = new Map<string, LabGuest>()

  constructor(world: World, volumeFull: (vmId: string, driveId: string) => void) {
    this.#world = world
    this.disks = new LabDisks(world, volumeFull)
    this.network = new LabNetwork(world)
  }

  utc(): bigint {
    const { startTimeMs } = this.#world.lab
    return BigInt(startTimeMs + UNIX_EPOCH_MS) * BigInt(TICKS_PER_MS) + BigInt(Math.max(0, this.#world.now))
  }

  controller(machineId: string, device: DeviceSpec, now: () => number, changed: UnitChanged): ControllerWorld {
    return this.disks.controller(this.#machine(machineId), device, now, changed)
  }

  adapter(machineId: string, device: DeviceSpec, plug: AdapterPlug): AdapterWorld {
    const row = this.#world.by.adaptersOfVm.of(machineId).find(({ id }) => id.toLowerCase() === device.instanceId)
    // A saved machine may have lost an adapter since: nothing is plugged into it.
    return row === undefined ? NO_CABLE : this.network.adapter(row, plug)
  }

  guest(machineId: string): LabGuest {
    const known = this.#guests.get(machineId)
    if (known !== undefined) return known
    const guest = new LabGuest(this.#world, machineId)
    this.#guests.set(machineId, guest)
    return guest
  }

  /** The machine has no stack any more. */
  forget(machineId: string): void {
    this.#guests.delete(machineId)
    this.disks.forget(machineId)
  }

  #machine(machineId: string): VirtualMachineRow {
    return this.#world.tables.virtual_machine.require(machineId)
  }
}
