/**
 * The stacks of all hosts behind the rows: partitions, processors and channels of machines that are on.
 *
 * The live objects (hypervisor, bus, device pairs) are made from rows and can be made again: after a reload a machine's stack is built when it
 * is first needed, by the same calls in the same order, up to where its guest has come. What is durable of them, and what inspectors and
 * SQLite tools read, are the rows of `partition`, `virtual_processor` and `vmbus_channel`; they change only when the machine or its guest
 * takes a step.
 */
import { endFault, isPoweredOff, memoryFaults, type ProviderName, processorOf } from '../faults/rows.ts'
import { STOP_CODES } from '../guest/advance.ts'
import { invariant, type Refusal } from '../kernel/result.ts'
import type { GuestRow, SavedStackRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { HostStack } from './host-stack.ts'
import { applyDevices, applyMemory, applyShares } from './hot-change.ts'
import { keyEvents, keysOf } from './key-codes.ts'
import { LabDevices } from './lab-devices.ts'
import { imposeHostFaults, imposeMachineFaults, isKeptWaiting, providersBefore, stopProvider } from './machine-faults.ts'
import type { MachineStack } from './machine-stack.ts'
import { backMemory, type MemoryMove, moveMemory, recallBalloon } from './memory-moves.ts'
import { guestFacts, hostSpecOf, machineSpecOf } from './specs.ts'
import { dropStackRows, ROOT_NUMBER, writeRootRow, writeStackRows } from './stack-rows.ts'
import type { PowerOnRefusal } from './stack-types.ts'
import { type Stage, stageOf, staysAt, stepsOfRows, stepsTo } from './stages.ts'
import { TraceLogs } from './trace-logs.ts'

/** Machines whose stacks are built while a lab is opened: about a tenth of a second. */
const ADOPTED_AT_ONCE_MAX = 64

export class Machines {
  /** Virtual disks, switches and guests behind the device pairs. */
  readonly devices: LabDevices
  /** Called when a machine's write finds its volume full; set by the owner of the lab. */
  onVolumeFull: (vmId: string, driveId: string) => void = () => undefined
  readonly #world: World
  readonly #hosts = new Map<string, HostStack>()
  /** How far each live stack has been taken. */
  readonly #stages = new Map<string, Stage>()
  readonly traces: TraceLogs

  constructor(world: World) {
    this.#world = world
    this.traces = new TraceLogs(() => Math.max(0, world.now))
    this.devices = new LabDevices(world, (vmId, driveId) => this.onVolumeFull(vmId, driveId))
    world.tables.guest.observe((before, after) => {
      if (before !== undefined && after !== undefined && before.phase !== after.phase) this.#follow(after)
    })
    // A guest tells of its addresses when its link changes.
    world.tables.network_adapter.observe((before, after) => {
      if (before === undefined || after === undefined || before.switchId === after.switchId) return
      this.devices.network.adapterChanged(after)
      this.#exchange(after.vmId)
    })
    world.tables.drive.observe((before, after) => {
      const vm = after === undefined ? undefined : world.tables.virtual_machine.get(after.vmId)
      if (before !== undefined && after !== undefined && vm !== undefined && before.path !== after.path)
        this.devices.disks.driveChanged(vm, after)
    })
  }

  /** The stack of a host; it and its root partition begin when first asked for. */
  host(hostId: string): HostStack {
    const known = this.#hosts.get(hostId)
    if (known) return known
    const host = this.#world.tables.host.require(hostId)
    const stack = new HostStack(hostSpecOf(host), () => Math.max(0, this.#world.now), this.devices)
    // One without power has no hypervisor: what is asked of it are its prices alone.
    if (isPoweredOff(this.#world, hostId)) return stack
    this.#hosts.set(hostId, stack)
    // A computer without power has no hypervisor; readers of its processors get one at rest that no row tells of.
    if (!isPoweredOff(this.#world, hostId)) writeRootRow(this.#world, hostId, stack)
    imposeHostFaults(this.#world, hostId, stack)
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
    for (const host of tables.host.values()) if (!isPoweredOff(this.#world, host.id)) this.host(host.id)
    const without = [...tables.virtual_machine.values()].filter((vm) => this.#isOn(vm) && !tables.partition.has(vm.id))
    if (without.length > ADOPTED_AT_ONCE_MAX) return
    for (const vm of without) this.machine(vm.id)
  }

  /** A machine is switched on: its partition is built (S18). The refusal names the hypercall that failed. */
  powerOn(vm: VirtualMachineRow): Refusal<PowerOnRefusal> | undefined {
    return this.#start(vm, undefined)
  }

  /** A saved machine goes on, in a new partition. */
  restore(vm: VirtualMachineRow): Refusal<PowerOnRefusal> | undefined {
    const row = this.#world.tables.saved_stack.get(vm.id)
    const refusal = this.#start(vm, row === undefined ? undefined : parseSaved(row.stack))
    if (refusal !== undefined) return refusal
    // A sample lab has saved machines whose memory nobody ever wrote: theirs comes to where the guest stands.
    if (row === undefined && this.#reach(vm, this.#requireOf(vm), this.#stageOfGuest(vm.id))) this.#write(vm, this.#requireOf(vm))
    this.#world.tables.saved_stack.delete(vm.id)
    this.#requireOf(vm).services.syncTime()
    this.#exchange(vm.id)
    return undefined
  }

  /**
   * The machine's memory and bus are put away; its partition is gone. What is saved follows from the rows alone: a stack that has lived for a while is
   * built again first, as one of a lab that was reloaded is, because its counters and the times of its periodic messages are no part of the lab.
   */
  save(vm: VirtualMachineRow): void {
    const stack = this.machine(vm.id)
    if (stack === undefined) return
    this.#endMemoryFaults(vm, stack)
    const fresh = this.#fresh(vm, stack)
    fresh.suspend(true)
    this.#world.tables.saved_stack.put({ id: vm.id, stack: JSON.stringify(fresh.save()) })
    fresh.powerOff()
    this.#drop(vm)
  }

  /** The machine's stack as rows, for a checkpoint: it stands still for that moment and stays as it is. */
  capture(vm: VirtualMachineRow): SavedStackRow | undefined {
    const stack = this.machine(vm.id)
    if (stack === undefined) return undefined
    const fresh = this.#fresh(vm, stack)
    const before = fresh.suspended
    fresh.suspend(true)
    const saved = JSON.stringify(fresh.save())
    if (!before) fresh.suspend(false)
    return { id: vm.id, stack: saved }
  }

  /**
   * The stack built anew from the machine's rows. How far its rings have turned and how many messages have passed is known only to a process that
   * was there all along; what is saved must be the same in a lab that was closed in between.
   */
  #fresh(vm: VirtualMachineRow, stack: MachineStack): MachineStack {
    const { log } = stack.context
    const traced = log.on
    log.on = false
    stack.powerOff()
    log.on = traced
    return this.#rebuild(vm)
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
    this.#endMemoryFaults(vm, stack)
    stack.suspend(false)
    stack.reset()
    this.#stages.set(vm.id, 'created')
    this.#write(vm, stack)
  }

  /** Takes the partition down. A machine that has none, or was only saved, is left without any trace here. */
  powerOff(vm: VirtualMachineRow): void {
    if (this.#world.tables.partition.has(vm.id)) {
      const stack = this.machine(vm.id)
      if (stack !== undefined) this.#endMemoryFaults(vm, stack)
      stack?.powerOff()
      this.#drop(vm)
    }
    this.#world.tables.saved_stack.delete(vm.id)
  }

  /** A provider of the host answers again: what it had not said yet to machines that started without it is said now, and shows in their rows. */
  providerAnswers(hostId: string, provider: ProviderName): void {
    stopProvider(this.host(hostId), provider, false)
    for (const vm of this.#world.by.vmsOfHost.of(hostId)) {
      if (!isKeptWaiting(this.#world, vm, provider)) continue
      const stack = this.machine(vm.id)
      if (stack !== undefined) this.#write(vm, stack)
    }
  }

  /** The host has lost its power: its hypervisor and all partitions are gone at once, without a call. Saved machines keep what is on the disk. */
  losePower(hostId: string): void {
    for (const vm of this.#world.by.vmsOfHost.of(hostId)) if (this.#world.tables.partition.has(vm.id)) this.#drop(vm)
    this.#world.tables.partition.delete(`root ${hostId}`)
    this.#hosts.delete(hostId)
  }

  /** The host has been started: a new hypervisor with its root partition. */
  powerUp(hostId: string): void {
    this.#hosts.delete(hostId)
    this.host(hostId)
  }

  /** What was wrong in the memory of a machine goes with it. */
  #endMemoryFaults(vm: VirtualMachineRow, stack: MachineStack): void {
    for (const fault of memoryFaults(this.#world, vm)) {
      endFault(this.#world, fault)
      stack.loseInterrupts(processorOf(fault), false)
    }
  }

  /**
   * Switches the trace of a machine on or off, also of one that is off: its next start is traced then. False when too many machines are traced
   * already. Switching on empties a trace that was off.
   */
  setTrace(vmId: string, on: boolean): boolean {
    const vm = this.#world.tables.virtual_machine.get(vmId)
    // A stack that has not been built again since a reload is not built for this: a trace changes no row.
    const stack = vm === undefined ? undefined : this.#hosts.get(vm.hostId)?.machine(vmId)
    if (!on && this.traces.get(vmId) === undefined) return true
    if (!this.traces.admit(vmId, (id) => this.#world.tables.virtual_machine.has(id))) return false
    const log = this.traces.take(vmId, stack?.context.log)
    if (on && !log.on) log.clear()
    log.on = on
    stack?.vmbus.setTrace(on)
    return true
  }

  /** Settings of a machine that is on have changed: devices, disks behind its controllers, its share of the processors. */
  settingsChanged(vm: VirtualMachineRow): void {
    const stack = this.machine(vm.id)
    if (stack === undefined) return
    const wanted = machineSpecOf(this.#world, vm)
    applyShares(stack, wanted)
    applyDevices(stack, wanted)
    this.#write(vm, stack)
  }

  /** Gives a running machine more memory, or takes some back. Refused when the host cannot; nothing has changed then. */
  resizeMemory(vm: VirtualMachineRow, memoryMb: number): Refusal<PowerOnRefusal> | undefined {
    const stack = this.machine(vm.id)
    return stack === undefined ? undefined : applyMemory(stack, memoryMb)
  }

  /**
   * Asks the guest through its shutdown channel to end (devices 5.3). True when it answered that it will; it ends when its owner lets it act. A
   * machine without that service, or whose provider does not answer, gives false.
   */
  askShutdown(vm: VirtualMachineRow): boolean {
    const stack = this.machine(vm.id)
    stack?.catchUp()
    const answered = stack?.requestShutdown() === true && this.devices.guest(vm.id).inbox.shutdown !== undefined
    this.devices.guest(vm.id).inbox.shutdown = undefined
    return answered
  }

  /**
   * Keys of the connection window, as the guest has read them: by the synthetic keyboard where its driver runs, else by the keyboard of the firmware,
   * which on Generation 1 is the emulated PS/2 controller. Empty when they wait for a guest that does not move.
   */
  typeKeys(vm: VirtualMachineRow, keys: readonly string[], text: string): { readonly keys: readonly string[]; readonly text: string } {
    const stack = this.machine(vm.id)
    if (stack === undefined) return { keys, text }
    stack.catchUp()
    const events = keyEvents(keys, text)
    if (!stack.services.press(events)) {
      if (vm.generation === 1) stack.traffic.emulatedKeys(events.length)
      return { keys, text }
    }
    const { inbox } = this.devices.guest(vm.id)
    return keysOf(inbox.keys.splice(0))
  }

  /** Addresses of an adapter as the guest's data exchange service has told them; undefined when there is no stack to ask, or no such service. */
  reportedAddresses(vm: VirtualMachineRow, adapterId: string): readonly string[] | undefined {
    return this.#hosts.get(vm.hostId)?.machine(vm.id)?.services.addressesOf(adapterId)
  }

  /** A machine has memory from the first moment of its start, its partition from the last. */
  #isOn(vm: VirtualMachineRow): boolean {
    if (this.#world.tables.partition.has(vm.id)) return true
    return vm.assignedMemoryMb > 0 && (vm.state === 'Running' || vm.state === 'Paused')
  }

  #start(vm: VirtualMachineRow, saved: unknown): Refusal<PowerOnRefusal> | undefined {
    const host = this.host(vm.hostId)
    // Ids are never given twice while a lab lives, also not after a reload.
    const number = ROOT_NUMBER + 1 + this.#world.takeNumber(`partition ${vm.hostId}`)
    const refusal = this.#build(vm, host, number, saved)
    if (refusal !== undefined) return refusal
    this.#stages.set(vm.id, 'created')
    if (saved !== undefined) this.#stages.set(vm.id, this.#stageOfGuest(vm.id))
    this.#write(vm, this.#require(host, vm.id))
    return undefined
  }

  #build(vm: VirtualMachineRow, host: HostStack, number: number, saved: unknown): Refusal<PowerOnRefusal> | undefined {
    const { core } = host.hypervisor
    const next = core.nextPartitionId
    core.nextPartitionId = number
    const log = this.traces.get(vm.id)
    const options = log === undefined ? {} : { log }
    const built = saved === undefined ? host.powerOn(machineSpecOf(this.#world, vm), options) : host.restore(saved, options)
    core.nextPartitionId = Math.max(next, number + 1)
    return built.ok ? undefined : built.refusal
  }

  /** The same calls as at the start, up to where the guest stands. */
  #rebuild(vm: VirtualMachineRow): MachineStack {
    const host = this.host(vm.hostId)
    const before = providersBefore(this.#world, vm)
    // What is only done once more is not in the trace once more.
    const log = this.traces.get(vm.id)
    const traced = log?.on === true
    if (log !== undefined) log.on = false
    const stack = host.asBefore(before, () => this.#replay(vm, host))
    for (const kind of before.silent) stack.providerChanged(kind)
    if (log !== undefined && traced) {
      log.on = true
      stack.vmbus.setTrace(true)
    }
    return stack
  }

  #replay(vm: VirtualMachineRow, host: HostStack): MachineStack {
    const row = this.#world.tables.partition.get(vm.id)
    const number = row?.number ?? ROOT_NUMBER + 1 + this.#world.takeNumber(`partition ${vm.hostId}`)
    const refusal = this.#build(vm, host, number, undefined)
    invariant(refusal === undefined, `partition of ${vm.id} cannot be built again: ${refusal?.code}`)
    const stack = this.#require(host, vm.id)
    this.#stages.set(vm.id, 'created')
    const guest = this.#world.tables.guest.get(vm.id)
    const channels = this.#world.by.channelsOfPartition.of(vm.id)
    for (const stage of guest === undefined ? [] : stepsOfRows(guest, row, channels)) this.#reach(vm, stack, stage)
    recallBalloon(stack, this.#world.tables.dynamic_memory.get(vm.id)?.balloonedMb ?? 0)
    this.#exchange(vm.id)
    stack.hung = guest?.phase === 'hung'
    imposeMachineFaults(this.#world, vm, stack)
    // A machine that is being resumed, saved or reset stands still until that is over.
    if (row?.suspended ?? vm.state === 'Paused') stack.suspend(true)
    this.#write(vm, stack)
    return stack
  }

  #requireOf(vm: VirtualMachineRow): MachineStack {
    return this.#require(this.host(vm.hostId), vm.id)
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
    if (!staysAt(guest) && this.#reach(vm, stack, stageOf(guest))) this.#write(vm, stack)
    stack.hung = guest.phase === 'hung'
    this.#exchange(vm.id)
  }

  /** The host asks a guest that has a stack for its data: after each change that it could tell of. */
  #exchange(vmId: string): void {
    const vm = this.#world.tables.virtual_machine.get(vmId)
    const stack = vm === undefined ? undefined : this.#hosts.get(vm.hostId)?.machine(vmId)
    stack?.host.settle()
    stack?.services.exchangeData(this.#world.by.adaptersOfVm.of(vmId).map(({ id }) => id))
  }

  /** True when a step was taken. */
  #reach(vm: VirtualMachineRow, stack: MachineStack, wanted: Stage): boolean {
    const present = this.#stages.get(vm.id) ?? 'created'
    if (present === wanted) return false
    const { reset, steps } = stepsTo(present, wanted)
    if (reset) stack.reset()
    // Which system runs is known only when the loader has found it.
    stack.setGuest(guestFacts(this.#world, vm))
    const stopCode = this.#world.tables.guest.get(vm.id)?.stopCode
    if (stopCode != null) stack.stopCode = BigInt(STOP_CODES[stopCode] ?? 0)
    for (const step of steps) stack.step(step, false)
    // What the guest model has decided is not decided here once more.
    stack.host.takeEffects()
    this.#stages.set(vm.id, wanted)
    return true
  }

  #write(vm: VirtualMachineRow, stack: MachineStack): void {
    writeStackRows(this.#world, vm, stack)
  }

  #drop(vm: VirtualMachineRow): void {
    dropStackRows(this.#world, vm.id)
    this.#stages.delete(vm.id)
    this.devices.forget(vm.id)
  }
}

/** The rows of a saved machine; a text that cannot be read stays a text, which is refused. */
function parseSaved(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
