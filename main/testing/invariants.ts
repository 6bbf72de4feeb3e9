/** What must hold of a lab between any two commands, whatever they were. */
import type { Engine } from '../engine/engine.ts'
import type { HostRow, VirtualMachineRow } from '../engine/rows.ts'
import type { World } from '../engine/world.ts'

/** States in which a machine has a partition, and those in which it has none. Stopping may be the end of a start that was broken off. */
const WITH_PARTITION: ReadonlySet<string> = new Set(['Running', 'Paused', 'Pausing', 'Resuming', 'Saving', 'Resetting'])
const WITHOUT_PARTITION: ReadonlySet<string> = new Set(['Off', 'Saved', 'Starting'])

/** Broken invariants as sentences; empty for a sound lab. */
export function brokenInvariants(engine: Engine): string[] {
  const { world } = engine
  const broken: string[] = []
  const check = (holds: boolean, sentence: () => string): void => {
    if (!holds) broken.push(sentence())
  }
  for (const host of world.tables.host.values()) checkHost(world, host, check)
  for (const vm of world.tables.virtual_machine.values()) checkMachine(world, vm, check)
  checkReferences(world, check)
  checkEvents(world, check)
  return broken
}

type Check = (holds: boolean, sentence: () => string) => void

function checkHost(world: World, host: HostRow, check: Check): void {
  const off = [...world.tables.fault.values()].some((fault) => fault.kind === 'power-loss' && fault.state === 'active')
  const roots = world.by.partitionsOfHost.of(host.id).filter((row) => row.vmId === null)
  check(roots.length === (off ? 0 : 1), () => `S16: ${host.name} has ${roots.length} root partitions`)
  let memoryMb = 0
  for (const vm of world.by.vmsOfHost.of(host.id)) memoryMb += vm.assignedMemoryMb
  check(world.usage.memoryMb(host.id) === memoryMb, () => `memory in use is ${world.usage.memoryMb(host.id)} MB, its sum ${memoryMb} MB`)
  check(memoryMb <= host.memoryMb - host.reserveMb, () => `S34: ${memoryMb} MB are given out of ${host.memoryMb} MB`)
  if (off) return
  const stack = world.machines.host(host.id)
  for (const sentence of stack.validate()) check(false, () => sentence)
  check(
    stack.hypervisor.partitions.length === stack.machines.length + 1,
    () => `${stack.hypervisor.partitions.length} partitions for ${stack.machines.length} machines`,
  )
}

function checkMachine(world: World, vm: VirtualMachineRow, check: Check): void {
  const partition = world.tables.partition.get(vm.id)
  const of = `${vm.name} (${vm.state})`
  check(!WITH_PARTITION.has(vm.state) || partition !== undefined, () => `${of} has no partition`)
  check(!WITHOUT_PARTITION.has(vm.state) || partition === undefined, () => `${of} has a partition`)
  check(partition === undefined || partition.memoryMb === vm.assignedMemoryMb, () => `${of}: memory of its partition`)
  if (vm.state === 'Paused' || vm.state === 'Running') {
    check(partition?.suspended === (vm.state === 'Paused'), () => `${of}: suspended is ${partition?.suspended}`)
  }
  check(vm.assignedMemoryMb > 0 === (vm.startedTick !== null), () => `${of}: memory ${vm.assignedMemoryMb}, started ${vm.startedTick}`)
  const jobs = world.by.runningJobOfVm.count(vm.id)
  check(jobs <= 1, () => `${of} has ${jobs} running jobs`)
  const guest = world.tables.guest.get(vm.id)
  check(vm.state !== 'Off' || guest === undefined, () => `${of} has a guest`)
  check(guest?.frozenAfter == null || guest.eventId === null, () => `${of}: a frozen guest moves`)
  const event = guest?.eventId == null ? undefined : world.tables.pending_event.get(guest.eventId)
  check(guest?.eventId == null || event?.target === vm.id, () => `${of}: the event of its guest is not there`)
}

function checkReferences(world: World, check: Check): void {
  const { tables } = world
  for (const row of tables.vmbus_channel.values()) check(tables.partition.has(row.partitionId), () => `channel ${row.id} without partition`)
  for (const row of tables.virtual_processor.values()) {
    check(tables.partition.has(row.partitionId), () => `processor ${row.id} without partition`)
  }
  for (const row of tables.partition.values()) {
    check(row.vmId === null || tables.virtual_machine.has(row.vmId), () => `partition ${row.id} without machine`)
    const processors = world.by.processorsOfPartition.count(row.id)
    check(row.vmId === null || processors === row.processorCount, () => `partition ${row.id} has ${processors} processors`)
  }
  for (const row of tables.saved_stack.values()) {
    const vm = tables.virtual_machine.get(row.id)
    check((vm?.savedStateMb ?? 0) > 0, () => `${vm?.name} (${vm?.state}) keeps a saved stack`)
  }
  for (const fault of tables.fault.values()) {
    check((fault.state === 'ended') === (fault.endedTick !== null), () => `${fault.id} (${fault.state}) ended at ${fault.endedTick}`)
  }
}

function checkEvents(world: World, check: Check): void {
  for (const event of world.tables.pending_event.values()) {
    check(event.dueTick >= world.now, () => `${event.kind} of ${event.target} was due at ${event.dueTick}, it is ${world.now}`)
    if (event.kind === 'job.step') {
      check(world.tables.job.get(event.target)?.status === 'running', () => `a step of job ${event.target}, which does not run`)
    }
  }
}
