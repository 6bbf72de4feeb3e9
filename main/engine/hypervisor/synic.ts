/** SynIC delivery: messages into slots, flags into the event page (hypervisor reference 3.4, rule by rule). */
import { TICKS_PER_MS } from '../kernel/ticks.ts'
import { requestInterrupt } from './apic.ts'
import type { Core } from './core.ts'
import { VP_EVENT } from './counter-names.ts'
import { liveVps, type Partition, type VirtualProcessor } from './partition.ts'
import type { Connection, Port } from './ports.ts'
import { PORT_BUFFERS } from './ports.ts'
import { HvStatus } from './status.ts'
import { type QueuedMessage, SINT_COUNT } from './synic-state.ts'
import { ANY_VP, type MessageSlot, type SynicMessage, type VpIndex } from './types.ts'

/** Time after which the hypervisor rescans a queue by itself when the guest wrote EOM too early (milliseconds; model). */
export const RETRY_TICKS = TICKS_PER_MS
/** Messages that may wait in one queue besides the ports' own limit: one per timer, one intercept per child VP. */
const DIRECT_QUEUE_MAX = 4096

/** The port of a connection, or undefined when it was deleted or its owner is not active. */
export function portOf(core: Core, connection: Connection): Port | undefined {
  const owner = core.partitions.get(connection.portPartition)
  if (owner === undefined || owner.state !== 'active') return undefined
  const current = owner.ports.get(connection.portId)
  if (current !== connection.port) connection.port = current
  return current
}

/** Target VP of a port; for ANY_VP the one with the shortest queue, lowest index first. Undefined when none can take the SINT. */
export function targetVp(partition: Partition, index: VpIndex, sint: number): VirtualProcessor | undefined {
  if (index !== ANY_VP) return partition.vps[index]
  let best: VirtualProcessor | undefined
  for (const vp of partition.vps) {
    if (vp === undefined || !vp.synic.enabled || vp.synic.simPage < 0) continue
    if (best === undefined || (vp.synic.queues[sint]?.length ?? 0) < (best.synic.queues[sint]?.length ?? 0)) best = vp
  }
  return best
}

/** Rule 1: sends a message through a port. The sender's checks of type and size have been made. */
export function postToPort(core: Core, port: Port, message: SynicMessage): HvStatus {
  if (port.info.type !== 'message') return HvStatus.InvalidPortId
  const owner = core.partitions.get(port.ownerId)
  if (owner === undefined) return HvStatus.InvalidPortId
  if (port.buffersInUse >= PORT_BUFFERS) return HvStatus.InsufficientBuffers
  const { targetSint, targetVp: index } = port.info
  const vp = targetVp(owner, index, targetSint)
  if (vp === undefined) return index === ANY_VP ? HvStatus.InvalidSynicState : HvStatus.InvalidVpIndex
  if (!vp.synic.enabled || vp.synic.simPage < 0) return HvStatus.InvalidSynicState
  port.buffersInUse++
  port.postCount++
  const { type, payloadSize, payload } = message
  enqueueMessage(core, vp, targetSint, {
    type,
    payloadSize,
    payload,
    originationId: port.id,
    port: { ownerId: port.ownerId, portId: port.id },
    timer: -1,
  })
  return HvStatus.Success
}

/** Queues a message and tries to deliver. False when the queue is full (only messages without a port's buffer can meet that). */
export function enqueueMessage(core: Core, vp: VirtualProcessor, sint: number, message: QueuedMessage): boolean {
  const queue = vp.synic.queues[sint]
  if (queue === undefined || queue.length >= DIRECT_QUEUE_MAX) return false
  queue.push(message)
  scanQueue(core, vp, sint)
  return true
}

/**
 * Rules 3 and 4: moves the first queued message into the slot if it is free. A slot that is occupied gets MessagePending; a masked SINT
 * keeps the message but loses the interrupt.
 */
export function scanQueue(core: Core, vp: VirtualProcessor, sint: number): void {
  const { synic } = vp
  const queue = synic.queues[sint]
  const first = queue?.[0]
  if (queue === undefined || first === undefined) return
  const occupied = synic.slots[sint]
  if (occupied !== undefined) {
    if (!occupied.messagePending) synic.slots[sint] = { ...occupied, messagePending: true }
    return
  }
  if (!synic.enabled || synic.simPage < 0) return
  queue.shift()
  releaseBuffer(core, first)
  const { type, payloadSize, payload, originationId } = first
  synic.slots[sint] = { type, payloadSize, payload, originationId, messagePending: queue.length > 0 }
  synic.retryAt[sint] = -1
  if (core.trace.on)
    core.trace.record(core.now(), vp.partition.id, vp.index, 'message', { sint, type, size: payloadSize, origin: originationId })
  core.notifier.messageArrived(vp.partition.id, vp.index, sint)
  raise(core, vp, sint)
}

function raise(core: Core, vp: VirtualProcessor, sint: number): void {
  if (!vp.synic.isMasked(sint) && !vp.synic.isPolling(sint)) requestInterrupt(core, vp, vp.synic.vectorOf(sint))
}

function releaseBuffer(core: Core, message: QueuedMessage): void {
  if (message.port === undefined) return
  const port = core.partitions.get(message.port.ownerId)?.ports.get(message.port.portId)
  if (port !== undefined) port.buffersInUse--
}

/** Rescans all queues of a VP: after EOM, APIC EOI, or when the SynIC or SIM page was enabled. */
export function scanQueues(core: Core, vp: VirtualProcessor): void {
  for (let sint = 0; sint < SINT_COUNT; sint++) if ((vp.synic.queues[sint]?.length ?? 0) > 0) scanQueue(core, vp, sint)
}

/** The guest writes MessageType 0. Without a following EOM a queued message waits for the hypervisor's own retry. */
export function freeSlot(core: Core, vp: VirtualProcessor, sint: number): void {
  vp.synic.slots[sint] = undefined
  if ((vp.synic.queues[sint]?.length ?? 0) === 0) return
  const due = core.now() + RETRY_TICKS
  vp.synic.retryAt[sint] = due
  core.due.push(due, { kind: 'retry', partitionId: vp.partition.id, vpIndex: vp.index, index: sint, version: due })
}

/** Rule 5, the guest's right order: copy out, free the slot, EOM only if more is pending. Undefined when the slot is empty. */
export function receiveMessage(core: Core, vp: VirtualProcessor, sint: number): MessageSlot | undefined {
  const slot = vp.synic.slots[sint]
  if (slot === undefined) return undefined
  freeSlot(core, vp, sint)
  if (slot.messagePending) writeEom(core, vp)
  return slot
}

/** EOM register: one MSR exit, then the rescan. */
export function writeEom(core: Core, vp: VirtualProcessor): void {
  core.exit(vp, VP_EVENT.MsrAccesses, 'hypervisorIntercept')
  scanQueues(core, vp)
}

/** Sets an event flag of a VP's SINT. Interrupt only on the change from 0 to 1; a masked SINT refuses. */
export function setEventFlag(core: Core, vp: VirtualProcessor, sint: number, flag: number): { status: HvStatus; fresh: boolean } {
  const { synic } = vp
  if (!synic.enabled || synic.siefPage < 0 || synic.isMasked(sint)) return { status: HvStatus.InvalidSynicState, fresh: false }
  const words = synic.flagWords(sint)
  const word = flag >>> 5
  const bit = 1 << (flag & 31)
  const old = words[word] ?? 0
  if ((old & bit) !== 0) return { status: HvStatus.Success, fresh: false }
  words[word] = (old | bit) >>> 0
  if (core.trace.on) core.trace.record(core.now(), vp.partition.id, vp.index, 'signal', { sint, flag })
  core.notifier.eventFlagSet(vp.partition.id, vp.index, sint, flag)
  raise(core, vp, sint)
  return { status: HvStatus.Success, fresh: true }
}

/** SignalEvent on an event port: flag relative to the port's base. */
export function signalPort(core: Core, port: Port, flagNumber: number): HvStatus {
  if (port.info.type !== 'event') return HvStatus.InvalidPortId
  if (!Number.isInteger(flagNumber) || flagNumber < 0 || flagNumber >= port.info.flagCount) return HvStatus.InvalidParameter
  const owner = core.partitions.get(port.ownerId)
  if (owner === undefined) return HvStatus.InvalidPortId
  const vp = targetVp(owner, port.info.targetVp, port.info.targetSint)
  if (vp === undefined) return HvStatus.InvalidSynicState
  return setEventFlag(core, vp, port.info.targetSint, port.info.baseFlag + flagNumber).status
}

/** The guest clears flags it has seen: returns the set flags of a SINT, lowest first, and clears them. */
export function takeEventFlags(vp: VirtualProcessor, sint: number): number[] {
  const words = vp.synic.flags[sint]
  if (words === undefined) return []
  const set: number[] = []
  for (let word = 0; word < words.length; word++) {
    let value = words[word] ?? 0
    words[word] = 0
    while (value !== 0) {
      const lowest = value & -value
      set.push(word * 32 + 31 - Math.clz32(lowest))
      value = (value & (value - 1)) >>> 0
    }
  }
  return set
}

/** Rule 7: a deleted port takes its undelivered messages with it; one may still sit in a slot. */
export function dropMessagesOf(partition: Partition, portId: number): void {
  for (const vp of liveVps(partition)) {
    for (const queue of vp.synic.queues) {
      const kept = queue.filter((message) => message.port?.portId !== portId || message.port.ownerId !== partition.id)
      queue.splice(0, queue.length, ...kept)
    }
  }
}
