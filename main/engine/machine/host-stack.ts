/**
 * The virtualization stack of one simulated host: its hypervisor, the root's side of the SynIC, and a stack for each running machine.
 *
 * Every public operation of a host or machine carries its consequences out before it returns, within the same tick: messages, signals, interrupts
 * and intercepts are deferred work that `settle` does in order. Time passes by `advance` alone.
 */
import {
  HvCall,
  type HvCallCode,
  HvStatus,
  type HypercallInput,
  type HypercallMap,
  type HypercallOutput,
  type HypercallResult,
  Hypervisor,
  type HypervisorNotifier,
  type InterceptMessage,
  Msr,
  type PartitionId,
  SintBit,
} from '../hypervisor/index.ts'
import { invariant, type Result, refuse, succeed } from '../kernel/result.ts'
import type { Tick } from '../kernel/ticks.ts'
import type { DeviceTime } from './device-time.ts'
import { type DeviceWorld, plainWorld } from './device-world.ts'
import type { FlagTarget, RootFlag, StackHost } from './machine-context.ts'
import { ROOT_MESSAGE_SINT } from './machine-ports.ts'
import { MachineStack } from './machine-stack.ts'
import { type HostRelease, hostRelease, platformOf } from './platform.ts'
import { checkSaved } from './saved-stack.ts'
import type { StackLog } from './stack-log.ts'
import type { CounterRow, DeviceKind, DeviceView, HostSpec, MachineSpec, PowerOnRefusal, SavedStack } from './stack-types.ts'

/** First SINT of the root for events of channels; further ones are taken when its flags are used up. */
const FIRST_EVENT_SINT = 3
const LAST_SINT = 15
const FLAGS_PER_SINT = 2048
/** Root vectors: this and the SINT. */
const ROOT_VECTORS = 0x50
/** Pages that the root deposits into a pool at once (core sheet 1.2). */
const DEPOSIT_PAGES = 511
/** Longest latency of a monitor trigger, 100 ns: 16 bits (hypervisor reference 3.5). */
const LONGEST_POLL = 0xffff
/** Deliveries within one tick; more is a loop. */
const SETTLE_LIMIT = 5_000_000

/** Something that a guest did by itself and its owner has to carry out. */
export type StackEffect =
  | { readonly kind: 'reset-requested'; readonly machineId: string }
  | { readonly kind: 'crashed'; readonly machineId: string }

/** Devices whose providers were in another state when a machine met them. */
export interface ProvidersBefore {
  readonly spoken: readonly string[]
  readonly silent: readonly string[]
}

const NOTHING_BEFORE: ProvidersBefore = { spoken: [], silent: [] }

export interface StartOptions {
  /** Switches the trace on before anything happens. */
  readonly trace?: boolean
  /** Trace that the machine goes on with; a new one when absent. */
  readonly log?: StackLog
}

export class HostStack implements StackHost {
  readonly spec: HostSpec
  readonly release: HostRelease
  readonly hypervisor: Hypervisor
  /** What lies behind the devices of the machines. */
  readonly world: DeviceWorld
  readonly #now: () => Tick
  readonly #machines = new Map<string, MachineStack>()
  readonly #byPartition = new Map<PartitionId, MachineStack>()
  readonly #ports = new Map<number, (payload: unknown) => void>()
  readonly #flags: (FlagTarget | undefined)[] = []
  readonly #freeFlags: number[] = []
  readonly #freePorts: number[] = []
  readonly #freeConnections: number[] = []
  readonly #stalled = new Set<string>()
  #before: ProvidersBefore = NOTHING_BEFORE
  readonly #effects: StackEffect[] = []
  #nextPort = 1
  #nextConnection = 1
  #lastEventSint = FIRST_EVENT_SINT - 1
  #work: (() => void)[] = []
  #settling = false
  #monitorsWait = false
  #waiting: DeviceTime[] = []
  readonly #ahead = new Set<DeviceTime>()

  /** A host that has just started: only the root runs. `now` is the simulation's clock, 100 ns. */
  constructor(spec: HostSpec, now: () => Tick, world: DeviceWorld = plainWorld()) {
    this.spec = spec
    this.world = world
    this.release = hostRelease(spec.release)
    this.#now = now
    this.hypervisor = new Hypervisor(platformOf(spec), { now, notifier: this.#notifier() })
    for (const device of spec.physicalDevices ?? []) this.hypervisor.setDeviceAttached(this.hypervisor.rootId, device, true)
    this.#enableRootSint(ROOT_MESSAGE_SINT)
  }

  now(): Tick {
    return this.#now()
  }

  // Machines

  /** Machines that have a partition, in the order of their start. */
  get machines(): readonly MachineStack[] {
    return [...this.#machines.values()]
  }

  machine(id: string): MachineStack | undefined {
    return this.#machines.get(id)
  }

  /** Builds a partition for the machine and lets it run (S18). A refusal leaves nothing behind. */
  powerOn(spec: MachineSpec, options: StartOptions = {}): Result<MachineStack, PowerOnRefusal> {
    return this.#start(spec, options, undefined)
  }

  /** A saved machine goes on in a new partition. Rows that are none of a saved machine are refused. */
  restore(saved: unknown, options: StartOptions = {}): Result<MachineStack, PowerOnRefusal> {
    const checked = checkSaved(saved)
    return typeof checked === 'string' ? refuse('saved-state-refused', { reason: checked }) : this.#start(checked.spec, options, checked)
  }

  #start(spec: MachineSpec, options: StartOptions, saved: SavedStack | undefined): Result<MachineStack, PowerOnRefusal> {
    if (this.#machines.has(spec.id)) return refuse('already-on', { id: spec.id })
    const machine = new MachineStack(this, spec, options.log)
    if (options.trace === true) machine.setTrace(true)
    const outcome = machine.build((partitionId) => {
      this.#machines.set(spec.id, machine)
      this.#byPartition.set(partitionId, machine)
    }, saved)
    this.settle()
    return outcome.ok ? succeed(machine) : outcome
  }

  /** Called by a machine whose partition is gone. */
  forget(machine: MachineStack): void {
    this.#machines.delete(machine.spec.id)
    this.#byPartition.delete(machine.partitionId)
  }

  /** What guests did by themselves since the last call. */
  takeEffects(): readonly StackEffect[] {
    return this.#effects.splice(0)
  }

  addEffect(effect: StackEffect): void {
    this.#effects.push(effect)
  }

  /**
   * Lets time pass up to the clock's now: timers, monitor polls, scheduling windows. What devices do by the clock waits until their machine is
   * touched (`MachineStack.catchUp`): thousands of idle machines cost nothing.
   */
  advance(): void {
    this.hypervisor.advance()
    this.settle()
  }

  // Faults

  /** A provider of the root stops answering, or goes on: every device of that kind on this host (S26). */
  setProviderStalled(kind: DeviceKind, stalled: boolean): void {
    if (stalled) this.#stalled.add(kind)
    else this.#stalled.delete(kind)
    for (const machine of this.#machines.values()) machine.providerChanged(kind)
    this.settle()
  }

  isStalled(kind: string): boolean {
    return (this.#stalled.has(kind) && !this.#before.spoken.includes(kind)) || this.#before.silent.includes(kind)
  }

  /**
   * Does it with providers as they were: the `spoken` ones answer although they have stopped since, the `silent` ones do not although they
   * answer now. What a machine had done is done once more so. Other machines must be at rest.
   */
  asBefore<T>(before: ProvidersBefore, work: () => T): T {
    this.#before = before
    try {
      return work()
    } finally {
      this.#before = NOTHING_BEFORE
    }
  }

  // Views

  /** S17: the root has the physical devices. */
  rootDeviceView(): readonly DeviceView[] {
    return [...(this.spec.physicalDevices ?? [])].map((name) => ({ name, nature: 'physical', working: true, instanceId: null }))
  }

  /** `EPT` or `RVI`; null without second-level address translation (S22). */
  get translation(): 'EPT' | 'RVI' | null {
    if (!this.spec.slat) return null
    return this.spec.vendor === 'Intel' ? 'EPT' : 'RVI'
  }

  /** Host-wide counter sets. */
  counters(): readonly CounterRow[] {
    const rows: CounterRow[] = [{ set: 'Hyper-V Hypervisor', instance: '', values: this.hypervisor.hypervisorCounters() }]
    const lps = this.hypervisor.core.scheduler.lps.length
    for (let lp = 0; lp < lps; lp++) {
      rows.push({ set: 'Hyper-V Hypervisor Logical Processor', instance: `Hv LP ${lp}`, values: this.hypervisor.lpCounters(lp) })
    }
    const root = this.hypervisor.partition(this.hypervisor.rootId)
    for (let vp = 0; vp < (root?.vps.length ?? 0); vp++) {
      const values = this.hypervisor.vpCounters(this.hypervisor.rootId, vp)
      rows.push({ set: 'Hyper-V Hypervisor Root Virtual Processor', instance: `Root VP ${vp}`, values })
    }
    return rows
  }

  /** Broken invariants of the hypervisor and of every machine's bus, as sentences. */
  validate(): readonly string[] {
    return [...this.hypervisor.validate(), ...[...this.#machines.values()].flatMap((machine) => machine.violations())]
  }

  // What machines use

  rootCall<Code extends keyof HypercallMap & HvCallCode>(
    code: Code,
    input: HypercallInput<Code>,
    pool?: PartitionId,
  ): HypercallResult<HypercallOutput<Code>> {
    const caller = { partitionId: this.hypervisor.rootId, vpIndex: 0 }
    for (;;) {
      const result = this.hypervisor.hypercall(caller, code, input)
      if (result.status !== HvStatus.InsufficientMemory || pool === undefined) return result
      if (!this.deposit(pool)) return result
    }
  }

  deposit(partitionId: PartitionId): boolean {
    const node = this.hypervisor.partition(partitionId)?.node ?? 0
    const pages = this.hypervisor.core.memory.find(DEPOSIT_PAGES, node)
    if (pages === undefined) return false
    const caller = { partitionId: this.hypervisor.rootId, vpIndex: 0 }
    return this.hypervisor.hypercall(caller, HvCall.DepositMemory, { partitionId, pages }).status === HvStatus.Success
  }

  takeFlag(target: FlagTarget): RootFlag {
    const index = this.#freeFlags.pop() ?? this.#flags.length
    this.#flags[index] = target
    const vps = this.#rootVpCount()
    const sint = FIRST_EVENT_SINT + Math.floor(index / (vps * FLAGS_PER_SINT))
    invariant(sint <= LAST_SINT, `${index} event flags of the root are in use`)
    while (this.#lastEventSint < sint) this.#enableRootSint(++this.#lastEventSint)
    return { index, vpIndex: index % vps, sint, flag: Math.floor(index / vps) % FLAGS_PER_SINT }
  }

  releaseFlag({ index }: RootFlag): void {
    this.#flags[index] = undefined
    this.#freeFlags.push(index)
  }

  takePortId(): number {
    return this.#freePorts.pop() ?? this.#nextPort++
  }

  releasePortId(portId: number): void {
    this.#freePorts.push(portId)
  }

  takeConnectionId(): number {
    return this.#freeConnections.pop() ?? this.#nextConnection++
  }

  releaseConnectionId(connectionId: number): void {
    this.#freeConnections.push(connectionId)
  }

  bindPort(portId: number, receive: (payload: unknown) => void): void {
    this.#ports.set(portId, receive)
  }

  unbindPort(portId: number): void {
    this.#ports.delete(portId)
  }

  monitorWaits(): void {
    this.#monitorsWait = true
  }

  devicesWait(time: DeviceTime): void {
    if (!this.#waiting.includes(time)) this.#waiting.push(time)
    this.#ahead.add(time)
  }

  defer(work: () => void): void {
    this.#work.push(work)
  }

  settle(): void {
    if (this.#settling) return
    this.#settling = true
    try {
      for (let done = 0; ; ) {
        const batch = this.#work
        this.#work = []
        for (const work of batch) work()
        done += batch.length
        invariant(done < SETTLE_LIMIT, 'the stack of the host does not come to rest')
        if (this.#work.length > 0) continue
        if (this.#monitorsWait) {
          this.#monitorsWait = false
          // The delay of a monitor poll is part of the request's time, not of the lab's.
          this.hypervisor.expire(this.#now() + LONGEST_POLL)
          continue
        }
        if (this.#waiting.length === 0) return
        const waiting = this.#waiting
        this.#waiting = []
        for (const time of waiting) time.runRequests()
      }
    } finally {
      for (const time of this.#ahead) time.rest()
      this.#ahead.clear()
      this.#settling = false
    }
  }

  #rootVpCount(): number {
    return this.hypervisor.partition(this.hypervisor.rootId)?.vps.length ?? 1
  }

  #enableRootSint(sint: number): void {
    for (let vp = 0; vp < this.#rootVpCount(); vp++) {
      this.hypervisor.writeMsr(this.hypervisor.rootId, vp, Msr.Sint0 + sint, BigInt((ROOT_VECTORS + sint) | SintBit.AutoEoi))
    }
  }

  #notifier(): HypervisorNotifier {
    return {
      messageArrived: (partitionId, vp, sint) => {
        if (this.#isRoot(partitionId)) this.defer(() => this.#rootMessage(vp, sint))
      },
      eventFlagSet: (partitionId, vp, sint) => {
        if (this.#isRoot(partitionId)) this.defer(() => this.#rootEvents(vp, sint))
      },
      interruptDelivered: (partitionId, vp, vector, sint) => {
        if (!this.#isRoot(partitionId)) this.#byPartition.get(partitionId)?.interrupted(vp, vector, sint)
      },
      interceptRaised: (_parentId, _parentVp, intercept) => this.#byPartition.get(intercept.partitionId)?.intercepted(intercept),
      timerExpired: () => undefined,
      partitionRemoved: () => undefined,
      partitionReset: (partitionId) => {
        const machine = this.#byPartition.get(partitionId)
        if (machine !== undefined) this.addEffect({ kind: 'reset-requested', machineId: machine.spec.id })
      },
    }
  }

  #isRoot(partitionId: PartitionId): boolean {
    return partitionId === this.hypervisor.rootId
  }

  /** One message in a slot of the root: a VMBus message of a guest, or an intercept. */
  #rootMessage(vp: number, sint: number): void {
    const slot = this.hypervisor.receiveMessage(this.hypervisor.rootId, vp, sint)
    if (slot === undefined) return
    if (sint === ROOT_MESSAGE_SINT) this.#ports.get(slot.originationId)?.(slot.payload)
    else this.#byPartition.get((slot.payload as InterceptMessage).partitionId)?.emulate(slot.payload as InterceptMessage)
  }

  #rootEvents(vp: number, sint: number): void {
    const vps = this.#rootVpCount()
    for (const flag of this.hypervisor.takeEventFlags(this.hypervisor.rootId, vp, sint)) {
      const index = ((sint - FIRST_EVENT_SINT) * FLAGS_PER_SINT + flag) * vps + vp
      this.#flags[index]?.()
    }
  }
}
