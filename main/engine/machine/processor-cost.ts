/**
 * What running a machine costs the host's processors besides the guest's own work.
 *
 * Nothing here is a rate per system: the guest's work becomes operations (context switches, interrupts, requests), a request becomes signals
 * and interrupts where the guest has the synthetic driver and port accesses where it has not, and the hypervisor's cost table prices what of
 * that exits on this processor (hypervisor reference 2.5 to 2.7; rules S22, S28, S63 to S65). Costs are linear in the operations, so each
 * kind of machine is worked out once.
 */
import { type GuestOperations, guestExits } from '../hypervisor/index.ts'
import type { VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { IDE_DMA, TULIP_RECEIVE, TULIP_SEND } from './emulated-io.ts'
import { guestProfileOf, hasDriver } from './guest-facts.ts'
import { guestFacts } from './specs.ts'
import type { GuestFacts } from './stack-types.ts'

/** Work of a guest in one second. */
export interface GuestWork {
  /** Logical processors' worth of its own code. */
  readonly processors: number
  /** Disk requests. */
  readonly requests: number
  readonly frames: number
}

/** Logical processors' worth that a machine takes. */
export interface ProcessorUse {
  readonly guest: number
  readonly hypervisor: number
  /** Of the parent partition, on the machine's behalf. */
  readonly root: number
}

interface UnitCost {
  readonly guest: number
  readonly hypervisor: number
  readonly root: number
}

interface UnitCosts {
  /** A virtual processor that only ticks. */
  readonly idle: UnitCost
  readonly processor: UnitCost
  readonly request: UnitCost
  readonly frame: UnitCost
}

/** Timer interrupts of a virtual processor per second: the 15.6 ms clock of Windows; Linux without ticks has fewer. */
const TIMER_INTERRUPTS = 64
/** Operations per second of one busy processor (model of a mixed server load; IRQL changes as measured for Windows XP). */
const BUSY: Partial<GuestOperations> = {
  contextSwitches: 4000,
  pageFaults: 1500,
  tlbMisses: 200_000,
  remoteFlushes: 300,
  irqlChanges: 150_000,
  halts: 500,
}
/** Requests that one signal and one interrupt carry, on average, under load (batching of the rings). */
const REQUESTS_PER_SIGNAL = 2
const FRAMES_PER_INTERRUPT = 4

export class ProcessorCosts {
  readonly #world: World
  readonly #known = new Map<string, UnitCosts>()

  constructor(world: World) {
    this.#world = world
  }

  /** What the machine takes for this work. */
  use(vm: VirtualMachineRow, work: GuestWork): ProcessorUse {
    const { idle, processor, request, frame } = this.#costsOf(vm)
    const sum = (part: keyof UnitCost): number =>
      vm.processorCount * idle[part] + work.processors * processor[part] + work.requests * request[part] + work.frames * frame[part]
    return { guest: work.processors + sum('guest'), hypervisor: sum('hypervisor'), root: sum('root') }
  }

  #costsOf(vm: VirtualMachineRow): UnitCosts {
    const system = this.#world.tables.guest.get(vm.id)?.productId ?? 'firmware'
    const legacy = this.#world.by.adaptersOfVm.first(vm.id)?.kind === 'legacy'
    const key = `${vm.hostId} ${system} ${vm.generation} ${vm.processorCount} ${legacy}`
    const known = this.#known.get(key)
    if (known) return known
    const costs = this.#workOut(vm, guestFacts(this.#world, vm), legacy)
    this.#known.set(key, costs)
    return costs
  }

  #workOut(vm: VirtualMachineRow, guest: GuestFacts, legacy: boolean): UnitCosts {
    const { hypervisor } = this.#world.machines.host(vm.hostId)
    const profile = guestProfileOf(guest)
    const { costs } = hypervisor.core
    const price = (operations: Partial<GuestOperations>): UnitCost => {
      const exits = guestExits(hypervisor.platform, costs, profile, operations, vm.processorCount)
      const share = (cycles: number): number => cycles / costs.frequencyHz
      return { guest: share(exits.guestCycles), hypervisor: share(exits.hypervisorCycles), root: share(exits.rootCycles) }
    }
    const synthetic = {
      disk: hasDriver(guest, vm.generation === 1 ? 'ide-filter' : 'scsi'),
      network: !legacy && hasDriver(guest, 'network'),
    }
    return {
      idle: price({ timerInterrupts: TIMER_INTERRUPTS }),
      processor: price(BUSY),
      request: price(synthetic.disk ? bySignal(REQUESTS_PER_SIGNAL) : byPorts(IDE_DMA.length)),
      frame: price(synthetic.network ? bySignal(FRAMES_PER_INTERRUPT) : byPorts((TULIP_SEND.length + TULIP_RECEIVE.length) / 2)),
    }
  }
}

/** A request through a channel: its part of a signal to the parent and of an interrupt back. */
function bySignal(batch: number): Partial<GuestOperations> {
  return { signalEvents: 1 / batch, deviceInterrupts: 1 / batch }
}

/** A request to an emulated device: every access goes to the worker process and back. */
function byPorts(accesses: number): Partial<GuestOperations> {
  return { ioPorts: accesses, deviceInterrupts: 1 }
}
