/** The stack of one running machine: its partition, what its guest has done with it, its VMBus and devices. Made by `HostStack`. */
import {
  createChildPartition,
  DEFAULT_SPEC,
  HvCall,
  HvStatus,
  type InterceptMessage,
  type PartitionId,
  type PartitionSpec,
  type RegisterValue,
  removePartition,
  runPartition,
  statusName,
  suspendPartition,
} from '../hypervisor/index.ts'
import { invariant, type Result, refuse, succeed } from '../kernel/result.ts'
import { vmbusSint } from '../vmbus/versions.ts'
import { startedVps } from './guest-boot.ts'
import { DEVICE_ROWS, isEnlightened, isSameDevice } from './guest-facts.ts'
import { takeStep } from './guest-steps.ts'
import type { HostStack } from './host-stack.ts'
import { LostInterrupts } from './lost-interrupts.ts'
import { MachineBus } from './machine-bus.ts'
import { MachineContext } from './machine-context.ts'
import { PortCallFailed } from './machine-ports.ts'
import { MachineServices } from './machine-services.ts'
import { MachineTraffic } from './machine-traffic.ts'
import { MachineViews } from './machine-views.ts'
import { guestMemory, mapRest } from './memory-map.ts'
import { resetGuest, restoreGuest, saveGuest } from './saved-guest.ts'
import { StackLog, StackTally } from './stack-log.ts'
import type {
  AchievedLoad,
  ChannelView,
  CounterRow,
  DeviceKind,
  DeviceSpec,
  DeviceView,
  GuestFacts,
  GuestStage,
  GuestStep,
  MachineLoad,
  MachineSpec,
  PartitionView,
  PowerOnRefusal,
  SavedStack,
  StackTraceRow,
  StepReport,
  VpView,
} from './stack-types.ts'

/** Pages for shadow page tables on hosts without second-level translation (model). */
const VIRTUAL_TLB_PAGES = 512
/** First registers of a Generation 2 machine: protected mode with paging, entry of the firmware image (core sheet 1.2, row 11). */
const FLAT_ENTRY: readonly RegisterValue[] = [
  { name: 'Cr0', value: 0x8000_0011n },
  { name: 'Rip', value: 0x10_0000n },
]
/** Root calls that one start or end may write to the trace. */
const ROOT_TRACE_ROWS = 5000

export class MachineStack {
  readonly host: HostStack
  readonly context: MachineContext
  readonly vmbus: MachineBus
  readonly traffic: MachineTraffic
  readonly views: MachineViews
  readonly services: MachineServices
  stage: GuestStage = 'off'
  /** What the guest writes to its first crash register: MANUALLY_INITIATED_CRASH unless it says otherwise. */
  stopCode = 0xe2n
  /** The guest's kernel has stopped moving: it takes no interrupt. */
  hung = false
  #suspended = false
  readonly #interrupts = new LostInterrupts()

  constructor(host: HostStack, spec: MachineSpec, log = new StackLog(() => host.now())) {
    this.host = host
    this.context = new MachineContext(host, spec, new StackTally(), log)
    this.vmbus = new MachineBus(this.context)
    this.traffic = new MachineTraffic(this)
    this.views = new MachineViews(this)
    this.services = new MachineServices(this)
  }

  get spec(): MachineSpec {
    return this.context.spec
  }

  get partitionId(): PartitionId {
    return this.context.partitionId
  }

  get suspended(): boolean {
    return this.#suspended
  }

  /** True from `powerOn` to `powerOff`. */
  get isOn(): boolean {
    return this.stage !== 'off'
  }

  get enlightened(): boolean {
    return isEnlightened(this.spec.guest)
  }

  // Life

  /** Builds the partition in the order of S18; `register` is told its id before anything in it runs. For `HostStack`. */
  build(register: (partitionId: PartitionId) => void, saved: SavedStack | undefined): Result<undefined, PowerOnRefusal> {
    const { hypervisor } = this.host
    const created = this.#traced(() => createChildPartition(hypervisor, this.#partitionSpec()))
    if (!created.ok) {
      const code =
        /Deposit|Map/.test(created.call) || statusName(created.status).includes('MEMORY') ? 'insufficient-memory' : 'insufficient-resources'
      return refuse(code, { call: created.call, status: statusName(created.status) }, code === 'insufficient-memory' ? 'S34' : undefined)
    }
    this.context.partitionId = created.partitionId
    this.stage = 'created'
    register(created.partitionId)
    const refused = this.#connect(saved)
    if (refused !== undefined) {
      this.powerOff()
      return refused
    }
    this.#traced(() => runPartition(hypervisor, this.partitionId))
    if (saved !== undefined) {
      // Interrupts that were asked for while nothing could run.
      for (const vp of startedVps(this.context)) hypervisor.setInterruptFlag(this.partitionId, vp, true)
      this.vmbus.bus?.signalAll()
    }
    return succeed(undefined)
  }

  /** Takes the machine down as it stands: providers close, ports and connections go, the partition is removed. */
  powerOff(): void {
    if (!this.isOn) return
    this.traffic.stop()
    this.vmbus.end()
    this.vmbus.ports.close()
    this.#traced(() => removePartition(this.host.hypervisor, this.partitionId))
    this.stage = 'off'
    this.#suspended = false
    this.host.forget(this)
    this.host.settle()
  }

  /** The same partition starts over: VMBus forgotten, processors reset. */
  reset(): void {
    if (!this.isOn) return
    this.traffic.stop()
    this.suspend(true)
    this.vmbus.end()
    this.#interrupts.clear()
    resetGuest(this.context)
    this.stage = 'created'
    this.hung = false
    this.suspend(false)
  }

  /** Freezes or continues all processors; what arrived meanwhile is taken then. */
  suspend(on: boolean): void {
    if (!this.isOn || this.#suspended === on) return
    this.traffic.catchUp()
    this.#traced(() => suspendPartition(this.host.hypervisor, this.partitionId, on))
    this.#suspended = on
    if (!on && this.stage !== 'crashed')
      for (const vp of startedVps(this.context)) this.host.hypervisor.setInterruptFlag(this.partitionId, vp, true)
    this.#serveMissed()
    this.host.settle()
    if (!on && !this.hung && this.stage === 'services') this.services.syncTime()
  }

  /** Everything of the machine as rows; the machine goes on (suspend it before, power it off after). */
  save(): SavedStack {
    this.traffic.catchUp()
    this.host.settle()
    return {
      version: 2,
      spec: this.spec,
      savedTick: this.host.now(),
      stage: this.stage,
      guest: saveGuest(this.context),
      bus: this.vmbus.save(),
      nextRequest: this.traffic.nextRequest,
    }
  }

  // Guest

  /** The system that the loader has found. Call it before the step `kernel`; what already runs keeps its drivers. */
  setGuest(guest: GuestFacts): void {
    this.context.spec = { ...this.spec, guest: { ...guest, processors: Math.min(guest.processors, this.spec.processorCount) } }
  }

  /** The guest's next step, with everything that it brings about in the same tick. `asked` false: it shuts down without a request of the host. */
  step(step: GuestStep, asked = true): StepReport {
    const mark = this.context.tally.mark()
    const done = this.isOn && !this.#suspended && this.stage !== 'crashed' && takeStep(this, step, asked)
    this.host.settle()
    return { step, done, costs: this.context.tally.since(mark) }
  }

  /** Sends the shutdown message of the integration service; whether the guest answered that it will. */
  requestShutdown(): boolean {
    return this.services.requestShutdown()
  }

  // Devices

  /** A device that comes while the machine runs (hot add, an integration service switched on). The guest opens it if it has the driver. */
  addDevice(device: DeviceSpec): void {
    this.context.spec = { ...this.spec, devices: [...this.spec.devices, device] }
    this.vmbus.add(device)
    this.host.settle()
    const reached = this.stage === 'services' || (this.stage === 'devices' && DEVICE_ROWS[device.kind].step === 'devices')
    if (reached) this.vmbus.openDevices((candidate) => isSameDevice(candidate, device) && this.vmbus.usedBy(device))
    this.host.settle()
  }

  /** A device that is taken away while the machine runs. */
  removeDevice(device: DeviceSpec): void {
    this.vmbus.remove(device)
    this.context.spec = { ...this.spec, devices: this.spec.devices.filter((candidate) => !isSameDevice(candidate, device)) }
    this.host.settle()
  }

  /** The guest closes the channel of a device (its driver is disabled); `openDevice` is the way back. S24. */
  closeDevice(device: DeviceSpec): void {
    const channelId = this.vmbus.pairOf(device)?.channel?.channelId
    if (channelId !== undefined) this.vmbus.bus?.closeChannel(channelId)
    this.host.settle()
  }

  openDevice(device: DeviceSpec): void {
    this.vmbus.openDevices((candidate) => isSameDevice(candidate, device) && this.vmbus.usedBy(device))
    this.host.settle()
  }

  // Called by the host

  interrupted(vp: number, vector: number, sint: number): void {
    const { tally, log } = this.context
    if (sint >= 0) tally.guestInterrupts++
    if (log.on) log.add('interrupt', 'guest', vp, `vector ${vector.toString(16)}${sint >= 0 ? `, SINT ${sint}` : ''}`)
    if (sint !== vmbusSint) return
    if (this.#interrupts.lost(vp)) {
      if (log.on) log.add('interrupt', 'guest', vp, 'lost')
      return
    }
    this.host.defer(() => this.#serveInterrupt(vp))
  }

  /**
   * A fault: from now on the guest misses the VMBus interrupts of this processor, so that messages and packets stay where they are. With
   * `lost` false its driver looks by itself, as after a time-out, and takes what has gathered.
   */
  loseInterrupts(vp: number, lost: boolean): void {
    this.#interrupts.set(vp, lost)
    this.#serveMissed()
  }

  #serveMissed(): void {
    if (!this.isOn || this.#suspended) return
    for (const vp of this.#interrupts.takeMissed()) this.host.defer(() => this.#serveInterrupt(vp))
    this.host.settle()
  }

  #serveInterrupt(vp: number): void {
    const { bus } = this.vmbus
    if (!this.isOn || this.stage === 'crashed' || this.hung) return
    if (bus !== undefined) this.vmbus.transport.guestInterrupt(vp, bus)
    else this.host.hypervisor.endOfInterrupt(this.partitionId, vp)
  }

  intercepted(intercept: InterceptMessage): void {
    const { tally, log } = this.context
    tally.intercepts++
    tally.hostInterrupts++
    if (log.on) log.add('intercept', 'hypervisor', intercept.vpIndex, `${intercept.access} ${JSON.stringify(intercept.fields)}`)
  }

  /** The worker process has emulated an access: the processor goes on. */
  emulate(intercept: InterceptMessage): void {
    if (!this.isOn || intercept.partitionId !== this.partitionId) return
    const registers = [{ name: 'InterceptSuspend', value: 0n }] as const
    this.host.rootCall(HvCall.SetVpRegisters, { partitionId: this.partitionId, vpIndex: intercept.vpIndex, registers })
  }

  providerChanged(kind: DeviceKind): void {
    this.traffic.catchUp()
    if (!this.host.isStalled(kind)) {
      for (const pair of this.vmbus.pairs) {
        if (pair.device.kind !== kind || pair.channel === undefined) continue
        pair.provider.event(pair.channel)
        if (pair.subchannelIndex === 0) pair.ends.resume()
      }
    }
    this.traffic.resumeAfterFault()
  }

  /** Does what devices were to do by the clock up to now; nothing happens while the processors stand still. */
  catchUp(): void {
    if (this.isOn && !this.#suspended && this.stage !== 'crashed') {
      this.vmbus.time.catchUp()
      this.host.settle()
    }
  }

  /** What contradicts itself; empty for a sound machine. */
  violations(): readonly string[] {
    return (this.vmbus.bus?.invariantViolations() ?? []).map((text) => `${this.spec.id}: ${text}`)
  }

  // Views and traffic by the names that tables use

  /** The machine must be on. */
  partitionView(): PartitionView {
    const view = this.views.partition()
    invariant(view !== null, `machine ${this.spec.id} has no partition`)
    return view
  }

  vpViews(): readonly VpView[] {
    return this.views.vps()
  }

  channelViews(): readonly ChannelView[] {
    return this.views.channels()
  }

  deviceView(): readonly DeviceView[] {
    return this.views.devices()
  }

  counters(name: string): readonly CounterRow[] {
    return this.views.counters(name)
  }

  /** Sets the machine's steady work from now on. */
  load(load: MachineLoad): void {
    this.traffic.load(load)
  }

  achieved(): AchievedLoad {
    return this.traffic.achieved()
  }

  // Trace

  /** The rows since the trace was switched on, oldest first; the last 20,000. */
  trace(): readonly StackTraceRow[] {
    return this.context.log.rows()
  }

  /** One ordered list of hypercalls, MSRs, intercepts, messages, packets and interrupts. */
  setTrace(on: boolean): void {
    if (on && !this.context.log.on) this.context.log.clear()
    this.context.log.on = on
    this.vmbus.setTrace(on)
  }

  /** Copies what the root does in one go into the machine's trace. */
  #traced<T>(work: () => T): T {
    const { log } = this.context
    if (!log.on) return work()
    const { trace, rootId } = this.host.hypervisor
    trace.enable(rootId, ROOT_TRACE_ROWS)
    const result = work()
    for (const { vpIndex, fields } of trace.events(rootId, { kinds: ['hypercall'] }))
      log.add('hypercall', 'root', vpIndex, `${fields.call}: ${fields.status}`)
    trace.disable(rootId)
    return result
  }

  // Building

  #connect(saved: SavedStack | undefined): ReturnType<typeof refuse<PowerOnRefusal>> | undefined {
    const mapped = mapRest(this.context, guestMemory(this.spec.memoryMb).rest)
    if (mapped !== HvStatus.Success) return refuse('insufficient-memory', { call: 'MapGpaPages', status: statusName(mapped) }, 'S34')
    try {
      this.vmbus.ports.open()
      if (saved === undefined) return undefined
      restoreGuest(this.context, saved.guest)
      const reason = saved.bus === null ? undefined : this.vmbus.restore(saved.bus)
      if (reason !== undefined) return refuse('saved-state-refused', { reason })
    } catch (error) {
      if (error instanceof PortCallFailed)
        return refuse('insufficient-memory', { call: error.call, status: statusName(error.status) }, 'S34')
      // Damaged rows may fail anywhere while they are read; the machine stays saved, and the sentence tells why.
      if (saved !== undefined && error instanceof Error) return refuse('saved-state-refused', { reason: error.message })
      throw error
    }
    this.stage = saved.stage
    this.traffic.nextRequest = saved.nextRequest
    this.vmbus.setTrace(this.context.log.on)
    return undefined
  }

  #partitionSpec(): PartitionSpec {
    const { spec, host } = this
    return {
      ...DEFAULT_SPEC,
      vpCount: spec.processorCount,
      memory: guestMemory(spec.memoryMb).first,
      node: spec.node ?? 0,
      numaSpanning: spec.numaSpanning ?? true,
      reservePercent: spec.reservePercent,
      limitPercent: spec.limitPercent,
      weight: spec.weight,
      smt: host.release.smtGuests && host.spec.threadsPerCore === 2,
      generation: spec.generation,
      virtualTlbPages: host.spec.slat ? 0 : VIRTUAL_TLB_PAGES,
      registers: spec.generation === 2 ? FLAT_ENTRY : [],
    }
  }
}
