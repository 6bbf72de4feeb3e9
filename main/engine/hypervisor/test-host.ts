/** A host with a hand-moved clock and a notifier that writes down what it is told. Used by the tests of this folder. */
import { modernPlatform } from './example-platforms.ts'
import { HvCall } from './hypercall-codes.ts'
import type { HypercallInput, HypercallMap, HypercallOutput } from './hypercall-types.ts'
import { Hypervisor } from './hypervisor.ts'
import { Msr } from './msrs.ts'
import { createChildPartition, DEFAULT_SPEC, type PartitionSpec, runPartition } from './partition-start.ts'
import { statusName } from './status.ts'
import type { Caller, HypercallResult, HypervisorNotifier, HypervisorPlatform, HypervisorPorts, PartitionId, VpIndex } from './types.ts'

export class TestHost {
  readonly notes: string[] = []
  readonly ports: HypervisorPorts
  readonly hypervisor: Hypervisor
  readonly root: Caller
  tick = 0

  constructor(platform: HypervisorPlatform = modernPlatform()) {
    const note = (text: string): void => void this.notes.push(text)
    const notifier: HypervisorNotifier = {
      messageArrived: (id, vp, sint) => note(`message ${id}/${vp} sint ${sint}`),
      eventFlagSet: (id, vp, sint, flag) => note(`flag ${id}/${vp} sint ${sint} flag ${flag}`),
      interruptDelivered: (id, vp, vector, sint) => note(`interrupt ${id}/${vp} vector ${vector.toString(16)} sint ${sint}`),
      interceptRaised: (parent, vp, { messageType, partitionId }) =>
        note(`intercept ${partitionId} -> ${parent}/${vp} ${messageType.toString(16)}`),
      timerExpired: (id, vp, index, time) => note(`timer ${id}/${vp} #${index} at ${time}`),
      partitionRemoved: (id) => note(`removed ${id}`),
      partitionReset: (id) => note(`reset ${id}`),
    }
    this.ports = { now: () => this.tick, notifier }
    this.hypervisor = new Hypervisor(platform, this.ports)
    this.root = { partitionId: this.hypervisor.rootId, vpIndex: 0 }
  }

  /** Moves the clock and lets what is due happen. */
  pass(ticks: number): void {
    this.tick += ticks
    this.hypervisor.advance()
  }

  takeNotes(): string[] {
    return this.notes.splice(0, this.notes.length)
  }

  /** A call of the root; the answer's status by name. */
  status<Code extends keyof HypercallMap>(code: Code, input: HypercallInput<Code>, caller: Caller = this.root): string {
    return statusName(this.hypervisor.hypercall(caller, code, input).status).replace('HV_STATUS_', '')
  }

  call<Code extends keyof HypercallMap>(
    code: Code,
    input: HypercallInput<Code>,
    caller: Caller = this.root,
  ): HypercallResult<HypercallOutput<Code>> {
    return this.hypervisor.hypercall(caller, code, input)
  }

  /** A partition as the stack builds it, running unless told otherwise. 64 MB unless told otherwise. */
  start(spec: Partial<PartitionSpec> = {}, run = true): PartitionId {
    const outcome = createChildPartition(this.hypervisor, { ...DEFAULT_SPEC, vpCount: 1, memory: [{ page: 0, pages: 16_384 }], ...spec })
    if (!outcome.ok) throw new Error(`${outcome.call}: ${statusName(outcome.status)}`)
    if (run) runPartition(this.hypervisor, outcome.partitionId)
    return outcome.partitionId
  }

  /** A guest that has established the hypercall page and enabled its SynIC with a vector on SINT 2. */
  enlighten(partitionId: PartitionId, vpIndex: VpIndex = 0, sint2 = 0xf3n): void {
    const write = (msr: number, value: bigint): void => void this.hypervisor.writeMsr(partitionId, vpIndex, msr, value)
    write(Msr.GuestOsId, 0x8100_0006_0100_0000n)
    write(Msr.Hypercall, 0x10_0001n)
    write(Msr.Simp, BigInt(0x200 + vpIndex * 2) * 0x1000n + 1n)
    write(Msr.Siefp, BigInt(0x201 + vpIndex * 2) * 0x1000n + 1n)
    write(Msr.Sint0 + 2, sint2)
    write(Msr.Scontrol, 1n)
  }

  /** Message port of the guest's SINT 2 with a connection of the root. */
  messagePath(partitionId: PartitionId, portId = 1, connectionId = 1): void {
    const root = this.hypervisor.rootId
    this.deposit(root)
    const info = { type: 'message', targetSint: 2, targetVp: 0 } as const
    this.call(HvCall.CreatePort, { portPartition: partitionId, portId, connectionPartition: root, info })
    this.call(HvCall.ConnectPort, {
      connectionPartition: root,
      connectionId,
      portPartition: partitionId,
      portId,
      info: { type: 'message' },
    })
  }

  /** Event port of the guest's SINT 2 with eight flags from 100 on and a connection of the root. */
  eventPath(partitionId: PartitionId, portId = 2, connectionId = 2): void {
    const root = this.hypervisor.rootId
    this.deposit(root)
    const info = { type: 'event', targetSint: 2, targetVp: 0, baseFlag: 100, flagCount: 8 } as const
    this.call(HvCall.CreatePort, { portPartition: partitionId, portId, connectionPartition: root, info })
    this.call(HvCall.ConnectPort, { connectionPartition: root, connectionId, portPartition: partitionId, portId, info: { type: 'event' } })
  }

  deposit(partitionId: PartitionId, pages = 8): void {
    const runs = this.hypervisor.core.memory.find(pages, 0) ?? []
    this.call(HvCall.DepositMemory, { partitionId, pages: runs })
  }
}
