/**
 * Loss of a host's power: everything that was in its memory is gone at once; files stay.
 *
 * The machines are Off, or Saved where a saved state lies on the disk. When the power is back the host starts, the hypervisor and the
 * management service with it, and the machines follow their Automatic Start Action (hyper-v-manager 5.14).
 */
import { removeGuest } from '../guest/guest.ts'
import { TICKS_PER_SECOND } from '../kernel/ticks.ts'
import { hasPartition } from '../machine/host.ts'
import { rollBackTake } from '../management/checkpoint-jobs.ts'
import { rollBackCreate } from '../management/create.ts'
import { cancelDisk } from '../management/disks/disk-jobs.ts'
import { writeRecord } from '../management/event-log.ts'
import { beginJob, cancelJobRow } from '../management/jobs.ts'
import type { FaultRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { endFault } from './rows.ts'

/** From the power to a Windows that runs, seconds (model: firmware of a server, loader, services). */
const START_SECONDS: readonly [number, number] = [60, 120]
export const HOST_UP_EVENT = 'fault.host-up'

/** What the row of the fault remembers. */
interface Detail {
  /** Machines that had a partition. */
  readonly running: readonly string[]
  readonly poweredOn: boolean
}

function detailOf(fault: FaultRow): Detail {
  return fault.detail === null ? { running: [], poweredOn: false } : (JSON.parse(fault.detail) as Detail)
}

export function losePower(world: World, fault: FaultRow): void {
  const { hostId } = fault
  world.tables.host.patch(hostId, { serviceState: 'stopped' })
  for (const job of world.by.runningJobOfHost.of(hostId)) {
    if (job.kind === 'disk') {
      cancelDisk(world, job)
      continue
    }
    cancelJobRow(world, job)
    if (job.kind === 'create') rollBackCreate(world, job)
    if (job.kind === 'checkpoint') rollBackTake(world, job)
  }
  const machines = world.by.vmsOfHost.of(hostId)
  const running = machines.filter(hasPartition).map((vm) => vm.id)
  world.machines.losePower(hostId)
  for (const vm of machines) loseMachine(world, vm)
  // What was wrong in the host's memory is gone with it; disks and volumes stay as they are.
  for (const other of world.by.activeFaultsOfHost.of(hostId)) {
    if (other.kind === 'lost-interrupt' || other.kind === 'full-ring' || other.kind === 'provider-stopped') endFault(world, other)
  }
  world.tables.fault.patch(fault.id, { detail: JSON.stringify({ running, poweredOn: false } satisfies Detail) })
}

function loseMachine(world: World, vm: VirtualMachineRow): void {
  const saved = vm.savedStateMb > 0
  if (!saved) removeGuest(world, vm.id)
  const critical = vm.critical === 'configuration-storage-lost' ? vm.critical : null
  if (vm.state === 'Off' || (vm.state === 'Saved' && vm.assignedMemoryMb === 0)) return
  world.tables.virtual_machine.patch(vm.id, { state: saved ? 'Saved' : 'Off', assignedMemoryMb: 0, startedTick: null, critical })
}

/** The power is back. False when it has been switched on already and the host is starting. */
export function switchOn(world: World, fault: FaultRow): boolean {
  const detail = detailOf(fault)
  if (detail.poweredOn) return false
  world.tables.fault.patch(fault.id, { detail: JSON.stringify({ ...detail, poweredOn: true }) })
  const seconds = world.random.between(`host start ${fault.hostId}`, ...START_SECONDS)
  world.events.schedule(HOST_UP_EVENT, world.now + seconds * TICKS_PER_SECOND, fault.id)
  return true
}

/** Windows is up: the hypervisor has its root partition, and the management service starts. */
export function hostUp(world: World, fault: FaultRow): void {
  const { running } = detailOf(fault)
  endFault(world, fault)
  world.machines.powerUp(fault.hostId)
  writeRecord(world, fault.hostId, 'hypervisorStarted', null)
  world.tables.host.patch(fault.hostId, { serviceState: 'starting' })
  beginJob(world, 'start-service', fault.hostId, null, JSON.stringify({ wasRunning: running }))
}
