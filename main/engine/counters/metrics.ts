/**
 * What the list's changing columns show: processor share and memory of a running machine in the present simulated second.
 *
 * The processor share follows from what the guest wants and from what the host's processors can give: when all guests together want more
 * than there is, everyone gets the same part of what it wants.
 */
import { cpuDemand, memoryDemandMb } from '../guest/guest.ts'
import { TICKS_PER_SECOND, type Tick } from '../kernel/ticks.ts'
import { logicalProcessors } from '../machine/host.ts'
import type { VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'

export interface VmMetrics {
  /** Whole per cent of the host's total capacity. */
  readonly cpuPercent: number
  readonly assignedMb: number
  /** MB that the guest asks for; -1 when it does not report. */
  readonly demandMb: number
  readonly memoryStatus: '' | 'OK' | 'Low' | 'Warning'
}

/** The second that counters of `tick` belong to: values change once a second, as the console refreshes them. */
export function secondOf(tick: Tick): Tick {
  return Math.floor(tick / TICKS_PER_SECOND) * TICKS_PER_SECOND
}

/** Logical processors' worth of work that all guests of a host want in this second. */
function wantedProcessors(world: World, hostId: string, second: Tick): number {
  let wanted = 0
  for (const vm of world.by.vmsOfHost.of(hostId)) wanted += wantedBy(world, vm, second)
  return wanted
}

function wantedBy(world: World, vm: VirtualMachineRow, second: Tick): number {
  return vm.state === 'Running' ? cpuDemand(world, vm.id, second) * vm.processorCount : 0
}

/** Reads machines of one host; the contention factor is worked out once per second and host. */
export class MetricsReader {
  readonly #world: World
  readonly #factors = new Map<string, { readonly second: Tick; readonly factor: number }>()

  constructor(world: World) {
    this.#world = world
  }

  /** undefined when the machine has no partition. */
  read(vmId: string): VmMetrics | undefined {
    const vm = this.#world.tables.virtual_machine.get(vmId)
    if (vm === undefined || vm.assignedMemoryMb === 0) return undefined
    const second = secondOf(this.#world.now)
    const host = this.#world.tables.host.require(vm.hostId)
    const share = (wantedBy(this.#world, vm, second) * this.#factor(vm.hostId, second)) / logicalProcessors(host)
    const demandMb = vm.dynamicMemory && vm.state === 'Running' ? memoryDemandMb(this.#world, vm.id, second) : -1
    return { cpuPercent: Math.round(share * 100), assignedMb: vm.assignedMemoryMb, demandMb, memoryStatus: memoryStatus(vm, demandMb) }
  }

  #factor(hostId: string, second: Tick): number {
    const known = this.#factors.get(hostId)
    if (known?.second === second) return known.factor
    const capacity = logicalProcessors(this.#world.tables.host.require(hostId))
    const wanted = wantedProcessors(this.#world, hostId, second)
    const factor = wanted > capacity ? capacity / wanted : 1
    this.#factors.set(hostId, { second, factor })
    return factor
  }
}

/** OK: demand and buffer met; Low: demand met, buffer not; Warning: less than the demand (hyper-v-manager 7.2). */
function memoryStatus(vm: VirtualMachineRow, demandMb: number): VmMetrics['memoryStatus'] {
  if (demandMb < 0) return vm.dynamicMemory ? 'OK' : ''
  if (vm.assignedMemoryMb < demandMb) return 'Warning'
  return vm.assignedMemoryMb < demandMb * (1 + vm.memoryBuffer / 100) && vm.assignedMemoryMb < vm.maximumMemoryMb ? 'Low' : 'OK'
}
