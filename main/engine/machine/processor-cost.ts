/**
 * What running a machine costs the host's processors besides the guest's own work.
 *
 * Nothing here is a rate per system: the guest's work becomes operations (context switches, interrupts, requests), a request becomes signals
 * and interrupts where the guest has the synthetic driver and port accesses where it has not, and the hypervisor's cost table prices what of
 * that exits on this processor (hypervisor reference 2.5 to 2.7; rules S22, S28, S63 to S65). Costs are linear in the operations, so each
 * kind of machine is worked out once.
 */
import { type GuestOperations, guestExits, VP_EVENT_COUNT } from '../hypervisor/index.ts'
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
  /** In which its processors only wait for the parent: every emulated access is a round trip. */
  readonly stall: number
}

interface UnitCost extends ProcessorUse {
  /** Counted events of the virtual processors, by `VP_EVENT`. */
  readonly events: Float64Array
}

/** What each unit of a machine's work costs; worked out once for each kind of machine. */
export interface UnitCosts {
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
  readonly #kinds = new Map<string, UnitCosts>()
  /** What was looked up for a row stays right as long as neither it nor the guest's system nor the adapter is replaced. */
  readonly #known = new WeakMap<
    VirtualMachineRow,
    { readonly system: string | null; readonly legacy: boolean; readonly costs: UnitCosts }
  >()

  constructor(world: World) {
    this.#world = world
  }

  /** What the machine takes for this work. */
  use(vm: VirtualMachineRow, work: GuestWork): ProcessorUse {
    const { idle, processor, request, frame } = this.costsOf(vm)
    const { processors, requests, frames } = work
    const count = vm.processorCount
    return {
      guest: processors + count * idle.guest + processors * processor.guest + requests * request.guest + frames * frame.guest,
      hypervisor: count * idle.hypervisor + processors * processor.hypervisor + requests * request.hypervisor + frames * frame.hypervisor,
      root: count * idle.root + processors * processor.root + requests * request.root + frames * frame.root,
      stall: count * idle.stall + processors * processor.stall + requests * request.stall + frames * frame.stall,
    }
  }

  /** Adds the counted events per second of this work, `pace` of it done, to `totals` (by `VP_EVENT`). */
  addEvents(vm: VirtualMachineRow, work: GuestWork, pace: number, totals: Float64Array): void {
    const { idle, processor, request, frame } = this.costsOf(vm)
    for (let event = 0; event < VP_EVENT_COUNT; event++) {
      const busy =
        work.processors * (processor.events[event] ?? 0) +
        work.requests * (request.events[event] ?? 0) +
        work.frames * (frame.events[event] ?? 0)
      totals[event] = (totals[event] ?? 0) + vm.processorCount * (idle.events[event] ?? 0) + pace * busy
    }
  }

  costsOf(vm: VirtualMachineRow): UnitCosts {
    const system = this.#world.tables.guest.get(vm.id)?.productId ?? null
    const legacy = this.#world.by.adaptersOfVm.first(vm.id)?.kind === 'legacy'
    const known = this.#known.get(vm)
    if (known?.system === system && known.legacy === legacy) return known.costs
    const key = `${vm.hostId} ${system ?? 'firmware'} ${vm.generation} ${vm.processorCount} ${legacy}`
    const costs = this.#kinds.get(key) ?? this.#workOut(vm, guestFacts(this.#world, vm), legacy)
    this.#kinds.set(key, costs)
    this.#known.set(vm, { system, legacy, costs })
    return costs
  }

  #workOut(vm: VirtualMachineRow, guest: GuestFacts, legacy: boolean): UnitCosts {
    const { hypervisor } = this.#world.machines.host(vm.hostId)
    const profile = guestProfileOf(guest)
    const { costs } = hypervisor.core
    const price = (operations: Partial<GuestOperations>): UnitCost => {
      const exits = guestExits(hypervisor.platform, costs, profile, operations, vm.processorCount)
      const share = (cycles: number): number => cycles / costs.frequencyHz
      const events = new Float64Array(VP_EVENT_COUNT)
      for (const { event, perSecond } of exits.rates) events[event] = perSecond
      return {
        guest: share(exits.guestCycles),
        hypervisor: share(exits.hypervisorCycles),
        root: share(exits.rootCycles),
        stall: exits.stallNs / 1e9,
        events,
      }
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
