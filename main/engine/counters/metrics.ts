/**
 * What the list's changing columns show: processor share and memory of a running machine in the present simulated second.
 *
 * The processor share is what the hypervisor's scheduler grants the machine in that second (`host-load.ts`).
 */
import { TICKS_PER_SECOND } from '../kernel/ticks.ts'
import { logicalProcessors } from '../machine/host.ts'
import type { ProcessorUse } from '../machine/processor-cost.ts'
import type { VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { HostLoads, type MachineLoad } from './host-load.ts'

export interface VmMetrics {
  /** Whole per cent of the host's total capacity: guest and hypervisor time, as the console's column has it. */
  readonly cpuPercent: number
  readonly assignedMb: number
  /** MB that the guest asks for; -1 when it does not report. */
  readonly demandMb: number
  readonly memoryStatus: '' | 'OK' | 'Low' | 'Warning'
}

/** Reads machines; what a host's scheduler decides is worked out once per second and host. */
export class MetricsReader {
  readonly loads: HostLoads
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    this.loads = new HostLoads(world)
  }

  /** undefined when the machine has no partition. */
  read(vmId: string): VmMetrics | undefined {
    const vm = this.#world.tables.virtual_machine.get(vmId)
    if (vm === undefined || vm.assignedMemoryMb === 0) return undefined
    const load = this.load(vm)
    const processors = logicalProcessors(this.#world.tables.host.require(vm.hostId))
    const cpuPercent = load === undefined ? 0 : Math.min(100, Math.round(((load.guest + load.hypervisor) * 100) / processors))
    const demandMb = vm.dynamicMemory && load !== undefined ? load.demand.memoryMb : -1
    return { cpuPercent, assignedMb: vm.assignedMemoryMb, demandMb, memoryStatus: memoryStatus(vm, demandMb) }
  }

  /** The machine in the present second: values change once a second, as the console refreshes them. undefined unless it runs. */
  load(vm: VirtualMachineRow): MachineLoad | undefined {
    return this.loads.at(vm.hostId, this.#second()).machines.get(vm.id)
  }

  /** Logical processors' worth that the machine would take in this second with the host to itself. */
  processorUse(vm: VirtualMachineRow): ProcessorUse {
    return this.loads.wanted(vm, this.#second()).use
  }

  #second(): number {
    return Math.floor(this.#world.now / TICKS_PER_SECOND)
  }
}

/** What the Memory Status column says. OK: demand and buffer met; Low: demand met, buffer not; Warning: less than the demand (hyper-v-manager 7.2). */
export function memoryStatus(vm: VirtualMachineRow, demandMb: number): VmMetrics['memoryStatus'] {
  if (demandMb < 0) return vm.dynamicMemory ? 'OK' : ''
  if (vm.assignedMemoryMb < demandMb) return 'Warning'
  return vm.assignedMemoryMb < demandMb * (1 + vm.memoryBuffer / 100) && vm.assignedMemoryMb < vm.maximumMemoryMb ? 'Low' : 'OK'
}
