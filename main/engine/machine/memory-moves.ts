/**
 * Memory that comes to and goes from a machine while it runs: the message of dynamic memory over its channel, and the hypercalls that map or
 * unmap the pages (devices reference 6; hypervisor reference 9).
 *
 * Memory is taken from the end of the guest physical space and given back there, so that a machine that is built again with the amount that it
 * has now looks the same.
 */
import { growPartition, shrinkPartition } from '../hypervisor/index.ts'
import { MemoryEnds, type MemoryMove } from './ends/memory-ends.ts'
import type { MachineStack } from './machine-stack.ts'
import { gpaRange, PAGES_PER_MB } from './memory-map.ts'

export type { MemoryMove }

/**
 * Moves memory; true when it has moved. A machine whose driver has opened the channel is asked or told by its provider; the pages of a balloon
 * are free once the guest has answered, those of a hot add are there before the guest is told.
 */
export function moveMemory(stack: MachineStack, move: MemoryMove, amountMb: number): boolean {
  const { context } = stack
  const before = context.spec.memoryMb
  const after = move === 'balloon' ? before - amountMb : before + amountMb
  if (move === 'balloon') {
    if (!tell(stack, move, amountMb)) return false
    resize(stack, before, after)
    return true
  }
  if (!resize(stack, before, after)) return false
  // The guest is told of pages that are there; those that it does not take go back.
  if (tell(stack, move, amountMb, before)) return true
  resize(stack, after, before)
  return false
}

/** Gives a machine memory behind the back of its guest: pages that a page file stood in for until now. */
export function backMemory(stack: MachineStack, amountMb: number): boolean {
  const before = stack.context.spec.memoryMb
  return resize(stack, before, before + amountMb)
}

/** Maps or unmaps the end of a machine's space, MB; false when the host has not enough. */
export function resize(stack: MachineStack, beforeMb: number, afterMb: number): boolean {
  const { context } = stack
  const { hypervisor, partitionId } = context
  const placement = { node: context.spec.node ?? 0, numaSpanning: context.spec.numaSpanning ?? true }
  for (const block of gpaRange(Math.min(beforeMb, afterMb) * PAGES_PER_MB, Math.max(beforeMb, afterMb) * PAGES_PER_MB)) {
    if (afterMb < beforeMb) shrinkPartition(hypervisor, partitionId, block)
    else if (!growPartition(hypervisor, partitionId, block, placement)) return false
  }
  context.spec = { ...context.spec, memoryMb: afterMb }
  return true
}

/** The provider's request and the guest's answer; false without one. `beforeMb`: where added pages begin, when they are mapped already. */
function tell(stack: MachineStack, move: MemoryMove, amountMb: number, beforeMb = stack.context.spec.memoryMb): boolean {
  const ends = memoryEndsOf(stack)
  if (ends === undefined) return false
  const sent = ends.move(move, amountMb, beforeMb)
  stack.host.settle()
  return sent && ends.isAnswered
}

/** What the guest had given before its machine was built again, MB. */
export function recallBalloon(stack: MachineStack, balloonedMb: number): void {
  memoryEndsOf(stack)?.recall(balloonedMb)
}

/** The dynamic memory pair of a machine whose driver has opened the channel. */
function memoryEndsOf(stack: MachineStack): MemoryEnds | undefined {
  const pair = stack.vmbus.pairOf({ kind: 'dynamic-memory' })
  return pair?.started === true && pair.ends instanceof MemoryEnds ? pair.ends : undefined
}
