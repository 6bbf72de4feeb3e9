/** The SynIC between a machine's two VMBus ends, by real hypercalls, slots, event flags and the monitor page. */
import { HvCall, HvStatus } from '../hypervisor/index.ts'
import type { SynicPost, SynicReceiver, SynicStatus, SynicTransport } from '../vmbus/transport.ts'
import { vmbusConnection, vmbusSint } from '../vmbus/versions.ts'
import type { MachineContext } from './machine-context.ts'
import type { MachinePorts } from './machine-ports.ts'

/** Message type of VMBus messages (hypervisor reference 4.2). */
const VMBUS_MESSAGE_TYPE = 1

const STATUS: ReadonlyMap<HvStatus, SynicStatus> = new Map<HvStatus, SynicStatus>([
  [HvStatus.Success, 'success'],
  [HvStatus.InsufficientBuffers, 'insufficientBuffers'],
  [HvStatus.InvalidConnectionId, 'invalidConnectionId'],
  [HvStatus.InvalidPortId, 'invalidPortId'],
  [HvStatus.InvalidParameter, 'invalidParameter'],
  [HvStatus.InvalidSynicState, 'invalidSynicState'],
  [HvStatus.InvalidVpIndex, 'invalidVpIndex'],
])

const synicStatus = (status: HvStatus): SynicStatus => STATUS.get(status) ?? 'accessDenied'

export class MachineTransport implements SynicTransport {
  readonly #context: MachineContext
  readonly #ports: () => MachinePorts
  #starved = false

  constructor(context: MachineContext, ports: () => MachinePorts) {
    this.#context = context
    this.#ports = ports
  }

  postToHost(connectionId: number, post: SynicPost): SynicStatus {
    const input = { connectionId, type: VMBUS_MESSAGE_TYPE, payloadSize: post.bytes, payload: post }
    return this.#posted(this.#context.guestCall(0, HvCall.PostMessage, input))
  }

  postToGuest(_vp: number, _sint: number, post: SynicPost): SynicStatus {
    const connectionId = this.#ports().messageConnection
    const input = { connectionId, type: VMBUS_MESSAGE_TYPE, payloadSize: post.bytes, payload: post }
    return this.#posted(this.#context.rootCall(HvCall.PostMessage, input).status)
  }

  signalHost(connectionId: number, flag: number): SynicStatus {
    const vp = this.#ports().signallingVp(connectionId)
    return synicStatus(this.#context.guestCall(vp, HvCall.SignalEvent, { connectionId, flagNumber: flag }))
  }

  signalGuest(_vp: number, _sint: number, flag: number): SynicStatus {
    const connectionId = this.#ports().guestConnection(flag)
    return synicStatus(this.#context.rootCall(HvCall.SignalEvent, { connectionId, flagNumber: 0 }).status)
  }

  monitorPending(monitorId: number, _latency: number): void {
    const { hypervisor, partitionId, host, log } = this.#context
    hypervisor.triggerMonitor(partitionId, vmbusConnection.monitor, monitorId)
    if (log.on) log.add('signal', 'guest', 0, `monitor page bit ${monitorId}`)
    host.monitorWaits()
  }

  slotFreed(vp: number, sint: number): void {
    const { hypervisor, partitionId, log } = this.#context
    const slot = hypervisor.receiveMessage(partitionId, vp, sint)
    if (slot?.messagePending === true && log.on) log.add('msr', 'guest', vp, 'WRMSR EOM')
  }

  /** A buffer of a port may be free again. */
  feed(receiver: SynicReceiver): void {
    if (!this.#starved) return
    this.#starved = false
    receiver.buffersFree()
  }

  /** An interrupt of the guest's SINT 2: messages one by one, then the flags, then the end of the interrupt. */
  guestInterrupt(vp: number, receiver: SynicReceiver): void {
    const { hypervisor, partitionId } = this.#context
    const slot = hypervisor.messageSlot(partitionId, vp, vmbusSint)
    if (slot !== undefined) {
      receiver.guestMessage(vp, vmbusSint, slot.payload as SynicPost)
      this.feed(receiver)
    }
    for (const flag of hypervisor.takeEventFlags(partitionId, vp, vmbusSint)) receiver.guestEvent(vp, vmbusSint, flag)
    hypervisor.endOfInterrupt(partitionId, vp)
  }

  #posted(status: HvStatus): SynicStatus {
    this.#context.tally.messages++
    if (status === HvStatus.InsufficientBuffers) this.#starved = true
    return synicStatus(status)
  }
}
