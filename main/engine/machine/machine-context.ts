/** What the parts of one machine's stack share: its partition, its host, and how its calls are issued and counted. */
import {
  type Caller,
  HvCall,
  type HvCallCode,
  HvStatus,
  type HypercallInput,
  type HypercallMap,
  type HypercallOutput,
  type HypercallResult,
  type Hypervisor,
  hypercallName,
  InterruptKind,
  type PartitionId,
  statusName,
} from '../hypervisor/index.ts'
import type { DeviceTime } from './device-time.ts'
import type { DeviceWorld } from './device-world.ts'
import type { HostRelease } from './platform.ts'
import type { StackLog, StackTally } from './stack-log.ts'
import type { MachineSpec } from './stack-types.ts'

/** Real-mode page to which a start-up interrupt sends a processor. */
const SIPI_PAGE = 0x10

/** Where a root event flag leads: the machine's part that is told. */
export type FlagTarget = () => void

/** What a machine uses of its host. */
export interface StackHost {
  readonly hypervisor: Hypervisor
  readonly release: HostRelease
  readonly world: DeviceWorld
  now(): number
  /** A call of the root; meets INSUFFICIENT_MEMORY with deposits into `pool`. */
  rootCall<Code extends keyof HypercallMap & HvCallCode>(
    code: Code,
    input: HypercallInput<Code>,
    pool?: PartitionId,
  ): HypercallResult<HypercallOutput<Code>>
  /** Gives a partition's pool memory of the root; false when there is none. */
  deposit(partitionId: PartitionId): boolean
  /** An event flag of a root VP that nothing uses. */
  takeFlag(target: FlagTarget): RootFlag
  releaseFlag(flag: RootFlag): void
  takePortId(): number
  releasePortId(portId: number): void
  takeConnectionId(): number
  releaseConnectionId(connectionId: number): void
  /** A root message port of a machine. */
  bindPort(portId: number, receive: (payload: unknown) => void): void
  unbindPort(portId: number): void
  /** Does it after what is under way. */
  defer(work: () => void): void
  /** Carries out deferred work, deliveries and monitor polls until nothing is left. */
  settle(): void
  monitorWaits(): void
  /** Asks for the machine's next device wake-up when nothing else is left to do. */
  devicesWait(time: DeviceTime): void
  isStalled(kind: string): boolean
}

export interface RootFlag {
  readonly index: number
  readonly vpIndex: number
  readonly sint: number
  readonly flag: number
}

export class MachineContext {
  readonly host: StackHost
  /** Changes when a device is added or removed. */
  spec: MachineSpec
  readonly tally: StackTally
  readonly log: StackLog
  partitionId: PartitionId = 0

  constructor(host: StackHost, spec: MachineSpec, tally: StackTally, log: StackLog) {
    this.host = host
    this.spec = spec
    this.tally = tally
    this.log = log
  }

  get hypervisor(): Hypervisor {
    return this.host.hypervisor
  }

  /** A hypercall of the guest. */
  guestCall<Code extends keyof HypercallMap & HvCallCode>(vpIndex: number, code: Code, input: HypercallInput<Code>): HvStatus {
    const caller: Caller = { partitionId: this.partitionId, vpIndex }
    const { status, fault } = this.hypervisor.hypercall(caller, code, input)
    this.tally.hypercalls++
    if (this.log.on) this.log.add('hypercall', 'guest', vpIndex, `${hypercallName(code)}: ${fault ?? statusName(status)}`)
    return fault === undefined ? status : HvStatus.AccessDenied
  }

  /** A hypercall of the root on behalf of this machine. */
  rootCall<Code extends keyof HypercallMap & HvCallCode>(
    code: Code,
    input: HypercallInput<Code>,
    pool?: PartitionId,
  ): HypercallResult<HypercallOutput<Code>> {
    const result = this.host.rootCall(code, input, pool)
    this.tally.hypercalls++
    if (this.log.on) this.log.add('hypercall', 'root', 0, `${hypercallName(code)}: ${statusName(result.status)}`)
    return result
  }

  writeMsr(vpIndex: number, msr: number, value: bigint, name: string): void {
    this.hypervisor.writeMsr(this.partitionId, vpIndex, msr, value)
    if (this.log.on) this.log.add('msr', 'guest', vpIndex, `WRMSR ${name} = ${value.toString(16)}`)
  }

  readMsr(vpIndex: number, msr: number, name: string): void {
    this.hypervisor.readMsr(this.partitionId, vpIndex, msr)
    if (this.log.on) this.log.add('msr', 'guest', vpIndex, `RDMSR ${name}`)
  }

  cpuid(leaf: number): void {
    this.hypervisor.cpuid(this.partitionId, 0, leaf)
    if (this.log.on) this.log.add('cpuid', 'guest', 0, `CPUID ${leaf.toString(16)}`)
  }

  /** A port access that the parent emulates; the guest goes on when this returns. */
  port(port: number, access: 'read' | 'write', options: { readonly size?: 1 | 2 | 4; readonly repeat?: number } = {}): void {
    this.hypervisor.ioPort(this.partitionId, 0, {
      port,
      access,
      size: options.size ?? 1,
      ...(options.repeat === undefined ? {} : { string: true, repeat: options.repeat }),
    })
    this.host.settle()
  }

  /** INIT: a processor waits for its start. */
  initByRoot(vpIndex: number): void {
    this.#assert(vpIndex, InterruptKind.Init)
  }

  /** SIPI: a processor starts. */
  startByRoot(vpIndex: number): void {
    this.#assert(vpIndex, InterruptKind.Sipi)
  }

  #assert(vpIndex: number, kind: InterruptKind): void {
    const destination = this.hypervisor.vp(this.partitionId, vpIndex).apicId
    this.rootCall(HvCall.AssertVirtualInterrupt, { targetPartition: this.partitionId, kind, destination, vector: SIPI_PAGE })
  }
}
