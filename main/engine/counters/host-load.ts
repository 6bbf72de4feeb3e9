/**
 * How a host's processors are divided in one simulated second.
 *
 * Every guest's work becomes what its virtual processors want: its own code, the hypervisor's time for its exits, and the time of the parent
 * for its requests. The hypervisor's scheduler then gives out shares: reserves first, weights on contended processors, caps always, each
 * virtual processor on the NUMA node of its machine where there is room (hypervisor reference 2.2, 2.4). Demands are constant within a second,
 * so the shares of one accounting window hold for all of it.
 *
 * A second follows from the rows and its number alone: nothing is carried over from the second before. So a lab that was reloaded, or that
 * passed time in larger steps, has the same shares.
 */
import { type GuestDemand, guestDemand } from '../guest/guest.ts'
import { Scheduler, WINDOW_TICKS } from '../hypervisor/index.ts'
import { hashText } from '../kernel/random.ts'
import { TICKS_PER_SECOND, type Tick } from '../kernel/ticks.ts'
import type { HostStack } from '../machine/host-stack.ts'
import { type GuestWork, ProcessorCosts, type ProcessorUse } from '../machine/processor-cost.ts'
import type { VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'

/** Bytes of an ordinary Ethernet frame's payload. */
const FRAME_BYTES = 1500
const NO_WORK: GuestWork = { processors: 0, requests: 0, frames: 0 }
export const NO_USE: ProcessorUse = { guest: 0, hypervisor: 0, root: 0, stall: 0 }

/** One running machine in one second. */
export interface MachineLoad {
  readonly vm: VirtualMachineRow
  readonly demand: GuestDemand
  readonly work: GuestWork
  /** What it would take with the host to itself, logical processors' worth. */
  readonly wanted: ProcessorUse
  /** Slot of its first virtual processor in the scheduler; the others follow. */
  readonly slot: number
  /** Granted by the scheduler, logical processors' worth. */
  readonly guest: number
  readonly hypervisor: number
  /** Of the granted time, what lies outside the ideal NUMA node. */
  readonly remote: number
  /** Part of its work that gets done, 0 to 1: waits for the parent, and its share of the processors. */
  readonly pace: number
}

/** The same while it is worked out. */
type Granted = { -readonly [Key in keyof MachineLoad]: MachineLoad[Key] }

/** A host in one second. */
export interface HostLoad {
  /** Whole seconds since the lab's start instant. */
  readonly second: number
  readonly machines: ReadonlyMap<string, MachineLoad>
  /** Each processor's share, until the host's next second is worked out. */
  readonly scheduler: Scheduler
  /** Virtual processors of the parent: slots 0 to this. */
  readonly rootProcessors: number
  /** Logical processors' worth that the parent wants for its machines, and gets. */
  readonly rootWanted: number
  readonly rootGranted: number
}

/** Works out hosts' seconds; the last one of each host is kept until a row that it hangs on changes. */
export class HostLoads {
  readonly costs: ProcessorCosts
  readonly #world: World
  readonly #kept = new Map<string, { readonly load: HostLoad; readonly version: number }>()
  readonly #schedulers = new Map<string, Scheduler>()
  #version = 0

  constructor(world: World) {
    this.#world = world
    this.costs = new ProcessorCosts(world)
    const changed = (): void => {
      this.#version += 1
    }
    world.tables.virtual_machine.observe(changed)
    world.tables.guest.observe(changed)
    world.tables.network_adapter.observe(changed)
    world.tables.host.observe(changed)
  }

  /** The host in that second. */
  at(hostId: string, second: number): HostLoad {
    const kept = this.#kept.get(hostId)
    if (kept?.version === this.#version && kept.load.second === second) return kept.load
    const load = this.#workOut(hostId, second)
    this.#kept.set(hostId, { load, version: this.#version })
    return load
  }

  /** What the machine wants in the second of `tick`. */
  wanted(vm: VirtualMachineRow, second: number): { readonly demand: GuestDemand; readonly work: GuestWork; readonly use: ProcessorUse } {
    const demand = guestDemand(this.#world, vm, this.#world.tables.guest.get(vm.id), second * TICKS_PER_SECOND)
    if (vm.state !== 'Running') return { demand, work: NO_WORK, use: NO_USE }
    const { io } = demand
    const work: GuestWork = {
      processors: demand.processors * demand.part,
      requests: io === undefined ? 0 : io.readsPerSecond + io.writesPerSecond,
      frames: io === undefined ? 0 : (io.receivedBytesPerSecond + io.sentBytesPerSecond) / FRAME_BYTES,
    }
    return { demand, work, use: this.costs.use(vm, work) }
  }

  #workOut(hostId: string, second: number): HostLoad {
    const stack = this.#world.machines.host(hostId)
    const start = Math.max(0, second * TICKS_PER_SECOND)
    const scheduler = this.#scheduler(hostId, stack, start)
    const rootProcessors = scheduler.slotEnd
    const machines = new Map<string, Granted>()
    let rootWanted = 0
    for (const vm of this.#world.by.vmsOfHost.of(hostId)) {
      if (vm.state !== 'Running' || vm.assignedMemoryMb === 0) continue
      const { demand, work, use } = this.wanted(vm, second)
      const { slot, possible } = addMachine(scheduler, stack, vm, demand, use, start)
      rootWanted += use.root * possible
      machines.set(vm.id, { vm, demand, work, wanted: use, slot, guest: 0, hypervisor: 0, remote: 0, pace: possible })
    }
    scheduler.advance(start + WINDOW_TICKS)
    for (const machine of machines.values()) takeGrants(machine, scheduler)
    const { vps } = scheduler
    let rootGranted = 0
    for (let slot = 0; slot < rootProcessors; slot++) rootGranted += (vps.guest[slot] ?? 0) + (vps.hypervisor[slot] ?? 0)
    return { second, machines, scheduler, rootProcessors, rootWanted, rootGranted }
  }

  /** The host's scheduler with the virtual processors of the parent alone, each on its own logical processor. */
  #scheduler(hostId: string, { hypervisor }: HostStack, start: Tick): Scheduler {
    const { platform, core } = hypervisor
    const { lps } = core.scheduler
    const scheduler = this.#schedulers.get(hostId) ?? new Scheduler(platform, lps, start)
    this.#schedulers.set(hostId, scheduler)
    scheduler.restart(start)
    const controls = { weight: platform.rootWeight, cap: 1, reserve: 0 }
    const count = hypervisor.partition(hypervisor.rootId)?.vps.length ?? 0
    for (let index = 0; index < count; index++) {
      scheduler.addVp({ controls, node: lps[index]?.node ?? 0, pinnedTo: index, smt: true }, start)
      scheduler.setRunnable(index, true)
    }
    return scheduler
  }
}

/** Adds up what a machine's processors were granted; until then its pace is what waits for the parent leave possible. */
function takeGrants(machine: Granted, { vps }: Scheduler): void {
  let fastest = 0
  for (let slot = machine.slot; slot < machine.slot + machine.vm.processorCount; slot++) {
    machine.guest += vps.guest[slot] ?? 0
    machine.hypervisor += vps.hypervisor[slot] ?? 0
    machine.remote += vps.remote[slot] ?? 0
    fastest = Math.max(fastest, vps.pace[slot] ?? 0)
  }
  machine.pace *= fastest
}

/** Adds a machine's virtual processors with what they want. `possible` is the part of it that waits for the parent leave possible. */
function addMachine(
  scheduler: Scheduler,
  { release, spec }: HostStack,
  vm: VirtualMachineRow,
  demand: GuestDemand,
  use: ProcessorUse,
  start: Tick,
): { slot: number; possible: number } {
  const count = vm.processorCount
  const busy = Math.max(1, demand.processors)
  const needed = (use.guest + use.hypervisor + use.stall) / busy
  const possible = needed > 1 && use.stall > 0 ? 1 / needed : 1
  const share = possible / busy
  const wish = { guest: use.guest * share, hypervisor: use.hypervisor * share, induced: use.root * share, wakesPerSecond: 0 }
  const controls = { weight: vm.processorWeight, cap: vm.processorLimit / 100, reserve: vm.processorReserve / 100 }
  const smt = release.smtGuests && spec.threadsPerCore === 2
  const { lps } = scheduler
  const nodes = (lps.at(-1)?.node ?? 0) + 1
  const first = idealNode(vm.id, nodes)
  const perNode = Math.max(1, Math.floor(lps.length / nodes))
  let slot = -1
  for (let index = 0; index < count; index++) {
    const node = (first + Math.floor(index / perNode)) % nodes
    // Those of one node take its processors in turn: the last node has what does not divide evenly.
    const home = Math.min(lps.length - 1, node * perNode + (scheduler.slotEnd % perNode))
    const added = scheduler.addVp({ controls, node, home, smt }, start)
    if (index === 0) slot = added
    scheduler.setRunnable(added, true)
    if (index < busy) scheduler.setDemand(added, wish)
  }
  return { slot, possible }
}

/** Node that a machine's processors prefer: machines are spread over the nodes by their identity, and stay there. */
function idealNode(vmId: string, nodes: number): number {
  return nodes === 1 ? 0 : hashText(vmId) % nodes
}
