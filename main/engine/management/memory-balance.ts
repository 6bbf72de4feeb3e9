/**
 * Dynamic memory: moves memory between the machines of a host (hypervisor reference 9; devices reference 6.2).
 *
 * One pending event per host that has a running machine with dynamic memory: a cycle comes a second after one that moved something, else every
 * five seconds. What each machine wants is what its guest reports (committed memory and buffer, between minimum and maximum); what the host can
 * give is what is left beside the parent's reserve. Machines with static memory are not looked at.
 */
import { guestDemand, guestHasDriver, isGuestUp } from '../guest/guest.ts'
import { TICKS_PER_SECOND } from '../kernel/ticks.ts'
import { availableMemoryMb } from '../machine/host.ts'
import { findGuestProduct } from '../products/guests.ts'
import { hostProduct } from '../products/hosts.ts'
import { type BalancerMachine, type BalancerStep, balance, balancerRules, linuxFloorMb, targetOf } from '../providers/memory/balancer.ts'
import { hotAddAlignmentMb, linuxHotAddAlignment } from '../providers/memory/protocol.ts'
import type { DynamicMemoryRow, PendingEventRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'

export const BALANCE_EVENT = 'memory.balance'
const BUSY_SECONDS = 1
const QUIET_SECONDS = 5
/** Memory below which Windows gives nothing (model; devices reference 6.2 leaves it open). */
const WINDOWS_FLOOR_MB = 256

/** From now on a host's balancer runs while it has something to balance. Hosts of a lab that is opened in the middle of its life begin now. */
export function watchDynamicMemory(world: World): void {
  const { tables } = world
  tables.virtual_machine.observe((_before, after) => {
    if (after !== undefined && isBalanced(after)) wakeBalancer(world, after.hostId)
  })
  tables.virtual_machine.observe((before, after) => {
    // A saved machine keeps what its guest has given.
    if (before !== undefined && (after === undefined || after.state === 'Off')) tables.dynamic_memory.delete(before.id)
  })
}

function isBalanced(vm: VirtualMachineRow): boolean {
  return vm.dynamicMemory && vm.state === 'Running' && vm.assignedMemoryMb > 0
}

const targetName = (hostId: string): string => `balancer ${hostId}`

function wakeBalancer(world: World, hostId: string): void {
  if (world.by.eventsOfTarget.count(targetName(hostId)) > 0) return
  scheduleBalance(world, hostId, BUSY_SECONDS)
}

function scheduleBalance(world: World, hostId: string, seconds: number): void {
  const second = Math.floor(world.now / TICKS_PER_SECOND) + seconds
  world.events.schedule(BALANCE_EVENT, second * TICKS_PER_SECOND, targetName(hostId))
}

/** A cycle of a host's balancer is due. `beforeMoves` is called when something is about to change. */
export function handleBalance(world: World, event: PendingEventRow, beforeMoves: () => void): void {
  const hostId = event.target.slice(targetName('').length)
  const host = world.tables.host.get(hostId)
  const machines = host === undefined ? [] : world.by.vmsOfHost.of(hostId).filter(isBalanced)
  if (host === undefined || machines.length === 0) return
  const ready = machines.flatMap((vm) => balancerMachine(world, vm) ?? [])
  const available = Math.min(availableMemoryMb(world, host), roomOfProduct(world, hostId, host.productId))
  const steps = balance(ready, available)
  const paged = machines.filter((vm) => (world.tables.dynamic_memory.get(vm.id)?.smartPagingMb ?? 0) > 0)
  if (steps.length > 0 || paged.length > 0) beforeMoves()
  let moved = false
  for (const step of steps) moved = takeStep(world, step) || moved
  for (const vm of paged) moved = endPaging(world, vm.id) || moved
  // What was moved has woken it already.
  if (world.by.eventsOfTarget.count(event.target) === 0) scheduleBalance(world, hostId, moved ? BUSY_SECONDS : QUIET_SECONDS)
}

/** What the host's product lets its guests have besides what they have (S35), MB. */
function roomOfProduct(world: World, hostId: string, productId: string): number {
  return Math.max(0, hostProduct(productId).guestMemoryMaximumMb - world.usage.memoryMb(hostId))
}

/** undefined while the guest has no driver that reports. */
function balancerMachine(world: World, vm: VirtualMachineRow): BalancerMachine | undefined {
  const guest = world.tables.guest.get(vm.id)
  const product = guest?.productId == null ? undefined : findGuestProduct(guest.productId)
  if (guest === undefined || product === undefined || !isGuestUp(guest) || !guestHasDriver(product, 'dynamic-memory')) return undefined
  const { memoryMb } = guestDemand(world, vm, guest, Math.floor(world.now / TICKS_PER_SECOND) * TICKS_PER_SECOND)
  const row = world.tables.dynamic_memory.get(vm.id)
  const windows = product.family === 'windows'
  const floor = windows ? WINDOWS_FLOOR_MB : linuxFloorMb(vm.assignedMemoryMb + (row?.balloonedMb ?? 0))
  return {
    id: vm.id,
    assignedMb: vm.assignedMemoryMb,
    demandMb: memoryMb,
    minimumMb: vm.minimumMemoryMb,
    maximumMb: vm.maximumMemoryMb,
    bufferPercent: vm.memoryBuffer,
    weight: vm.memoryWeight,
    removableMb: Math.max(0, Math.floor(vm.assignedMemoryMb - floor)),
    canHotAdd: true,
    balloonedMb: row?.balloonedMb ?? 0,
    hotAddAlignmentMb: windows ? balancerRules.stepMb : hotAddAlignmentMb(linuxHotAddAlignment << 2),
  }
}

function takeStep(world: World, step: BalancerStep): boolean {
  const unballooned = move(world, step.id, 'unballoon', step.unballoonMb)
  const added = move(world, step.id, 'hotAdd', step.hotAddMb)
  const ballooned = move(world, step.id, 'balloon', step.balloonMb)
  return unballooned || added || ballooned
}

/** Moves memory and writes it down; false when there was nothing to move or the guest did not take it. */
function move(world: World, vmId: string, kind: 'balloon' | 'unballoon' | 'hotAdd', amountMb: number): boolean {
  const vm = world.tables.virtual_machine.require(vmId)
  if (amountMb <= 0 || !world.machines.moveMemory(vm, kind, amountMb)) return false
  const row = rowOf(world, vmId)
  const taken = kind === 'balloon'
  world.tables.virtual_machine.patch(vmId, { assignedMemoryMb: vm.assignedMemoryMb + (taken ? -amountMb : amountMb) })
  world.tables.dynamic_memory.put({
    ...row,
    balloonedMb: row.balloonedMb + (taken ? amountMb : kind === 'unballoon' ? -amountMb : 0),
    addedMb: row.addedMb + (taken ? 0 : amountMb),
    removedMb: row.removedMb + (taken ? amountMb : 0),
    addOperations: row.addOperations + (taken ? 0 : 1),
    removeOperations: row.removeOperations + (taken ? 1 : 0),
  })
  return true
}

function rowOf(world: World, vmId: string): DynamicMemoryRow {
  return (
    world.tables.dynamic_memory.get(vmId) ?? {
      id: vmId,
      balloonedMb: 0,
      addedMb: 0,
      removedMb: 0,
      addOperations: 0,
      removeOperations: 0,
      smartPagingMb: 0,
    }
  )
}

/**
 * A machine restarts, and its guest will look for its startup memory. What the host cannot give stands in a page file (smart paging, 2012 and
 * later; never at a first start): the machine comes up slowly, and its balloon or the host's memory makes an end of it.
 */
export function restartMemory(world: World, vmId: string): void {
  const vm = world.tables.virtual_machine.get(vmId)
  if (vm === undefined || !vm.dynamicMemory || vm.assignedMemoryMb === 0) return
  const missing = vm.startupMemoryMb - vm.assignedMemoryMb
  // A guest that starts anew has given nothing yet.
  if (world.tables.dynamic_memory.has(vmId)) world.tables.dynamic_memory.patch(vmId, { balloonedMb: 0 })
  if (missing <= 0) return
  const host = world.tables.host.require(vm.hostId)
  const available = Math.min(availableMemoryMb(world, host), roomOfProduct(world, host.id, host.productId))
  const given = back(world, vm, Math.min(missing, available))
  if (given < missing) world.tables.dynamic_memory.put({ ...rowOf(world, vmId), smartPagingMb: missing - given })
}

/** Puts memory behind pages that have none; returns how much, MB. */
function back(world: World, vm: VirtualMachineRow, wantedMb: number): number {
  const amountMb = Math.floor(wantedMb / balancerRules.stepMb) * balancerRules.stepMb
  if (amountMb <= 0 || !world.machines.moveMemory(vm, 'back', amountMb)) return 0
  world.tables.virtual_machine.patch(vm.id, { assignedMemoryMb: vm.assignedMemoryMb + amountMb })
  return amountMb
}

/** Memory for what the page file holds where the host has some; else the guest, once it is up, gives what it does not need. */
function endPaging(world: World, vmId: string): boolean {
  const vm = world.tables.virtual_machine.require(vmId)
  const row = rowOf(world, vmId)
  const host = world.tables.host.require(vm.hostId)
  const given = back(world, vm, Math.min(row.smartPagingMb, availableMemoryMb(world, host), balancerRules.addPerCycleMb))
  const left = row.smartPagingMb - given
  const machine = balancerMachine(world, world.tables.virtual_machine.require(vmId))
  const spare = machine === undefined ? 0 : machine.assignedMb + left - targetOf(machine)
  const freed = Math.max(0, Math.min(left, spare, balancerRules.removePerCycleMb))
  if (given + freed === 0) return false
  world.tables.dynamic_memory.put({ ...row, smartPagingMb: left - freed, balloonedMb: row.balloonedMb + freed })
  return true
}
