/**
 * What the list's changing columns show: processor share and memory of a running machine in the present simulated second.
 *
 * The processor share follows from what the guest wants, from what its exits cost the hypervisor, and from what the host's processors can
 * give: what the parent partition spends for its machines comes off first, and when all machines together want more than is left, everyone
 * gets the same part of what it wants.
 */
import { cpuDemand, demandOf, memoryDemandMb } from '../guest/guest.ts'
import { TICKS_PER_SECOND, type Tick } from '../kernel/ticks.ts'
import { logicalProcessors } from '../machine/host.ts'
import { ProcessorCosts, type ProcessorUse } from '../machine/processor-cost.ts'
import type { VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'

export interface VmMetrics {
  /** Whole per cent of the host's total capacity: guest and hypervisor time, as the console's column has it. */
  readonly cpuPercent: number
  readonly assignedMb: number
  /** MB that the guest asks for; -1 when it does not report. */
  readonly demandMb: number
  readonly memoryStatus: '' | 'OK' | 'Low' | 'Warning'
}

/** Bytes of an ordinary Ethernet frame's payload. */
const FRAME_BYTES = 1500
const NOTHING: ProcessorUse = { guest: 0, hypervisor: 0, root: 0 }

/** The second that counters of `tick` belong to: values change once a second, as the console refreshes them. */
function secondOf(tick: Tick): Tick {
  return Math.floor(tick / TICKS_PER_SECOND) * TICKS_PER_SECOND
}

/** Reads machines of one host; the contention factor is worked out once per second and host. */
export class MetricsReader {
  readonly #world: World
  readonly #costs: ProcessorCosts
  readonly #factors = new Map<string, { readonly second: Tick; readonly factor: number }>()

  constructor(world: World) {
    this.#world = world
    this.#costs = new ProcessorCosts(world)
  }

  /** undefined when the machine has no partition. */
  read(vmId: string): VmMetrics | undefined {
    const vm = this.#world.tables.virtual_machine.get(vmId)
    if (vm === undefined || vm.assignedMemoryMb === 0) return undefined
    const second = secondOf(this.#world.now)
    const host = this.#world.tables.host.require(vm.hostId)
    const { guest, hypervisor } = this.processorUse(vm)
    const share = ((guest + hypervisor) * this.#factor(vm.hostId, second)) / logicalProcessors(host)
    const demandMb = vm.dynamicMemory && vm.state === 'Running' ? memoryDemandMb(this.#world, vm.id, second) : -1
    const cpuPercent = Math.min(100, Math.round(share * 100))
    return { cpuPercent, assignedMb: vm.assignedMemoryMb, demandMb, memoryStatus: memoryStatus(vm, demandMb) }
  }

  /** Logical processors' worth that the machine wants in this second. */
  processorUse(vm: VirtualMachineRow): ProcessorUse {
    if (vm.state !== 'Running') return NOTHING
    const second = secondOf(this.#world.now)
    const demand = demandOf(this.#world, vm.id, second)
    return this.#costs.use(vm, {
      processors: cpuDemand(this.#world, vm.id, second) * vm.processorCount,
      requests: demand ? demand.readsPerSecond + demand.writesPerSecond : 0,
      frames: demand ? (demand.receivedBytesPerSecond + demand.sentBytesPerSecond) / FRAME_BYTES : 0,
    })
  }

  #factor(hostId: string, second: Tick): number {
    const known = this.#factors.get(hostId)
    if (known?.second === second) return known.factor
    let wanted = 0
    let root = 0
    for (const vm of this.#world.by.vmsOfHost.of(hostId)) {
      const use = this.processorUse(vm)
      wanted += use.guest + use.hypervisor
      root += use.root
    }
    const capacity = Math.max(0, logicalProcessors(this.#world.tables.host.require(hostId)) - root)
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
