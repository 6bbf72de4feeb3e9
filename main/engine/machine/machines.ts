/**
 * The stacks of all hosts behind the rows: partitions, processors and channels of machines that are on.
 *
 * The live objects (hypervisor, bus, device pairs) are made from rows and can be made again: after a reload a machine's stack is built when it
 * is first needed, by the same calls in the same order, up to where its guest has come. What is durable of them, and what inspectors and
 * SQLite tools read, are the rows of `partition`, `virtual_processor` and `vmbus_channel`; they change only when the machine or its guest
 * takes a step.
 */
import { invariant, type Refusal } from '../kernel/result.ts'
import type { ChannelRow, GuestRow, PartitionRow, VirtualMachineRow, VirtualProcessorRow } from '../rows.ts'
import type { World } from '../world.ts'
import { HostStack } from './host-stack.ts'
import type { MachineStack } from './machine-stack.ts'
import { backMemory, type MemoryMove, moveMemory } from './memory-moves.ts'
import { withoutPast } from './rested-bus.ts'
import { guestFacts, hostSpecOf, machineSpecOf } from './specs.ts'
import type { ChannelView, PowerOnRefusal, SavedStack } from './stack-types.ts'
import { type Stage, stageOf, stepsTo } from './stages.ts'

/** Machines whose stacks are built while a lab is opened: about a tenth of a second. */
const ADOPTED_AT_ONCE_MAX = 64

/** Partition id of the root: the first that a hypervisor gives. */
const ROOT_NUMBER = 1

export class Machines {
  readonly #world: World
  readonly #hosts = new Map<string, HostStack>()
  /** How far each live stack has been taken. */
  readonly #stages = new Map<string, Stage>()

  constructor(world: World) {
    this.#world = world
    world.tables.guest.observe((before, after) => {
      if (before !== undefined && after !== undefined && before.phase !== after.phase) this.#follow(after)
    })
  }

  /** The stack of a host; it and its root partition begin when first asked for. */
  host(hostId: string): HostStack {
    const known = this.#hosts.get(hostId)
    if (known) return known
    const host = this.#world.tables.host.require(hostId)
    const stack = new HostStack(hostSpecOf(host), () => Math.max(0, this.#world.now))
    this.#hosts.set(hostId, stack)
    this.#writeRoot(hostId, stack)
    return stack
  }

  /** The stack of a machine that is on; built when it is not there. undefined for a machine without partition. */
  machine(vmId: string): MachineStack | undefined {
    const vm = this.#world.tables.virtual_machine.get(vmId)
    if (vm === undefined || !this.#isOn(vm)) return undefined
    return this.host(vm.hostId).machine(vmId) ?? this.#rebuild(vm)
  }

  /**
   * Builds the partitions of machines that are on and have no row yet: those of a sample lab, which begins in the middle of its life. In a
   * lab of very many machines each is built when it is first touched instead, so that opening the lab does not wait for all of them.
   */
  adopt(): void {
    const { tables } = this.#world
    for (const host of tables.host.values()) this.host(host.id)
    const without = [...tables.virtual_machine.values()].filter((vm) => this.#isOn(vm) && !tables.partition.has(vm.id))
    if (without.length > ADOPTED_AT_ONCE_MAX) return
    for (const vm of without) this.machine(vm.id)
  }

  /** A machine is switched on: its partition is built (S18). The refusal names the hypercall that failed. */
  powerOn(vm: VirtualMachineRow): Refusal<PowerOnRefusal> | undefined {
    return this.#start(vm, null)
  }

  /** A saved machine goes on, in a new partition. */
  restore(vm: VirtualMachineRow): Refusal<PowerOnRefusal> | undefined {
    const row = this.#world.tables.saved_stack.get(vm.id)
    const refusal = this.#start(vm, row === undefined ? null : (JSON.parse(row.stack) as SavedStack))
    if (refusal === undefined) this.#world.tables.saved_stack.delete(vm.id)
    return refusal
  }

  /** The machine's memory and bus are put away; its partition is gone. */
  save(vm: VirtualMachineRow): void {
    const stack = this.machine(vm.id)
    if (stack === undefined) return
    stack.suspend(true)
    this.#world.tables.saved_stack.put({ id: vm.id, stack: JSON.stringify(withoutPast(stack.save())) })
    stack.powerOff()
    this.#drop(vm)
  }

  /** Freezes the virtual processors, or lets them go on. */
  suspend(vm: VirtualMachineRow, suspended: boolean): void {
    const stack = this.machine(vm.id)
    if (stack === undefined) return
    stack.suspend(suspended)
    this.#write(vm, stack)
  }

  /** Moves memory to or from a running machine with dynamic memory, MB; true when it has moved. The row of the machine is the caller's. */
  moveMemory(vm: VirtualMachineRow, move: MemoryMove | 'back', amountMb: number): boolean {
    const stack = this.machine(vm.id)
    if (stack === undefined) return false
    const moved = move === 'back' ? backMemory(stack, amountMb) : moveMemory(stack, move, amountMb)
    if (moved) this.#write({ ...vm, assignedMemoryMb: stack.spec.memoryMb }, stack)
    return moved
  }

  /** Hard reset: memory is lost, the partition stays. */
  reset(vm: VirtualMachineRow): void {
    const stack = this.machine(vm.id)
    if (stack === undefined) return
    stack.suspend(false)
    stack.reset()
    this.#stages.set(vm.id, 'created')
    this.#write(vm, stack)
  }

  /** Takes the partition down. A machine that has none, or was only saved, is left without any trace here. */
  powerOff(vm: VirtualMachineRow): void {
    if (this.#world.tables.partition.has(vm.id)) {
      this.machine(vm.id)?.powerOff()
      this.#drop(vm)
    }
    this.#world.tables.saved_stack.delete(vm.id)
  }

  /** A machine has memory from the first moment of its start, its partition from the last. */
  #isOn(vm: VirtualMachineRow): boolean {
    if (this.#world.tables.partition.has(vm.id)) return true
    return vm.assignedMemoryMb > 0 && (vm.state === 'Running' || vm.state === 'Paused')
  }

  #start(vm: VirtualMachineRow, saved: SavedStack | null): Refusal<PowerOnRefusal> | undefined {
    const host = this.host(vm.hostId)
    // Ids are never given twice while a lab lives, also not after a reload.
    const number = ROOT_NUMBER + 1 + this.#world.takeNumber(`partition ${vm.hostId}`)
    const refusal = this.#build(vm, host, number, saved)
    if (refusal !== undefined) return refusal
    this.#stages.set(vm.id, 'created')
    if (saved !== null) this.#stages.set(vm.id, this.#stageOfGuest(vm.id))
    this.#write(vm, this.#require(host, vm.id))
    return undefined
  }

  #build(vm: VirtualMachineRow, host: HostStack, number: number, saved: SavedStack | null): Refusal<PowerOnRefusal> | undefined {
    const { core } = host.hypervisor
    const next = core.nextPartitionId
    core.nextPartitionId = number
    const built = saved === null ? host.powerOn(machineSpecOf(this.#world, vm)) : host.restore(saved)
    core.nextPartitionId = Math.max(next, number + 1)
    return built.ok ? undefined : built.refusal
  }

  /** The same calls as at the start, up to where the guest stands. */
  #rebuild(vm: VirtualMachineRow): MachineStack | undefined {
    const host = this.host(vm.hostId)
    const row = this.#world.tables.partition.get(vm.id)
    const number = row?.number ?? ROOT_NUMBER + 1 + this.#world.takeNumber(`partition ${vm.hostId}`)
    const refusal = this.#build(vm, host, number, null)
    invariant(refusal === undefined, `partition of ${vm.id} cannot be built again: ${refusal?.code}`)
    const stack = this.#require(host, vm.id)
    this.#stages.set(vm.id, 'created')
    this.#reach(vm, stack, this.#stageOfGuest(vm.id))
    if (vm.state === 'Paused') stack.suspend(true)
    this.#write(vm, stack)
    return stack
  }

  #require(host: HostStack, vmId: string): MachineStack {
    const stack = host.machine(vmId)
    invariant(stack !== undefined, `no stack of ${vmId}`)
    return stack
  }

  #stageOfGuest(vmId: string): Stage {
    const guest = this.#world.tables.guest.get(vmId)
    return guest === undefined ? 'created' : stageOf(guest)
  }

  /** The guest has gone to another phase: the stack takes the same steps. */
  #follow(guest: GuestRow): void {
    const vm = this.#world.tables.virtual_machine.get(guest.id)
    if (vm === undefined || vm.assignedMemoryMb === 0 || !this.#world.tables.partition.has(vm.id)) return
    const stack = this.machine(vm.id)
    if (stack === undefined) return
    if (this.#reach(vm, stack, stageOf(guest))) this.#write(vm, stack)
  }

  /** True when a step was taken. */
  #reach(vm: VirtualMachineRow, stack: MachineStack, wanted: Stage): boolean {
    const present = this.#stages.get(vm.id) ?? 'created'
    if (present === wanted) return false
    const { reset, steps } = stepsTo(present, wanted)
    if (reset) stack.reset()
    // Which system runs is known only when the loader has found it.
    stack.setGuest(guestFacts(this.#world, vm))
    for (const step of steps) stack.step(step)
    this.#stages.set(vm.id, wanted)
    return true
  }

  #writeRoot(hostId: string, stack: HostStack): void {
    const host = this.#world.tables.host.require(hostId)
    const root = stack.hypervisor.partition(stack.hypervisor.rootId)
    const id = `root ${hostId}`
    if (root === undefined || this.#world.tables.partition.has(id)) return
    this.#world.tables.partition.put({
      id,
      hostId,
      vmId: null,
      number: ROOT_NUMBER,
      parentNumber: 0,
      state: root.state,
      processorCount: root.vps.length,
      memoryMb: host.memoryMb,
      guestOsId: '0'.repeat(16),
      vmbusVersion: null,
      suspended: false,
      createdTick: this.#world.now,
    })
  }

  /** Puts down what the stack shows; rows that are the same stay as they are. */
  #write(vm: VirtualMachineRow, stack: MachineStack): void {
    const { tables, by } = this.#world
    const view = stack.partitionView()
    const partition: PartitionRow = {
      id: vm.id,
      hostId: vm.hostId,
      vmId: vm.id,
      number: view.partitionId,
      parentNumber: view.parentId,
      state: view.state,
      processorCount: view.virtualProcessors,
      memoryMb: vm.assignedMemoryMb,
      guestOsId: view.guestOsId,
      vmbusVersion: view.vmbusVersion,
      suspended: view.suspended,
      createdTick: tables.partition.get(vm.id)?.createdTick ?? vm.startedTick ?? this.#world.now,
    }
    putChanged(tables.partition, partition)
    for (const { vpIndex, started, synicEnabled } of stack.vpViews()) {
      const row: VirtualProcessorRow = { id: `${vm.id}/${vpIndex}`, partitionId: vm.id, number: vpIndex, started, synicEnabled }
      putChanged(tables.virtual_processor, row)
    }
    const channels = stack.channelViews().map((channel) => channelRow(vm.id, channel))
    const present = new Set(channels.map(({ id }) => id))
    for (const gone of by.channelsOfPartition.of(vm.id)) if (!present.has(gone.id)) tables.vmbus_channel.delete(gone.id)
    for (const row of channels) putChanged(tables.vmbus_channel, row)
  }

  #drop(vm: VirtualMachineRow): void {
    const { tables, by } = this.#world
    for (const channel of by.channelsOfPartition.of(vm.id)) tables.vmbus_channel.delete(channel.id)
    for (const processor of by.processorsOfPartition.of(vm.id)) tables.virtual_processor.delete(processor.id)
    tables.partition.delete(vm.id)
    this.#stages.delete(vm.id)
  }
}

function channelRow(vmId: string, view: ChannelView): ChannelRow {
  return {
    id: `${vmId}/${view.channelId}`,
    partitionId: vmId,
    number: view.channelId,
    className: view.className,
    instanceId: view.instanceId,
    subchannel: view.subchannelIndex,
    state: view.state,
    guestToHostBytes: view.guestToHost?.sizeBytes ?? 0,
    hostToGuestBytes: view.hostToGuest?.sizeBytes ?? 0,
    protocolVersion: view.protocolVersion,
    targetProcessor: view.targetVp,
  }
}

/** Replaces a row only when a column differs: an untouched row is not written again. */
function putChanged<R extends { readonly id: string }>(table: { get(id: string): R | undefined; put(row: R): void }, row: R): void {
  const before = table.get(row.id)
  const same = before !== undefined && (Object.keys(row) as (keyof R)[]).every((key) => before[key] === row[key])
  if (!same) table.put(row)
}
