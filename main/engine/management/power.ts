/**
 * Changes of a virtual machine's state that a user asks for.
 *
 * Each command checks whether it may (state table, limits, memory, files), moves the machine into its transition state and begins a job; the
 * job's end (`transitions.ts`) brings it into the settled state. A refused start leaves the records in the event log that the product writes.
 */
import { isPathLost } from '../faults/rows.ts'
import { freezeGuest, requestShutdown, thawGuest } from '../guest/guest.ts'
import { type Result, refuse, succeed } from '../kernel/result.ts'
import { availableMemoryMb, hasPartition, logicalProcessors, runningCount } from '../machine/host.ts'
import { hostProduct } from '../products/hosts.ts'
import type { DriveRow, HostRow, JobRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { type Action, whyNot } from './actions.ts'
import { writeRecord } from './event-log.ts'
import { beginJob, cancelJobRow } from './jobs.ts'
import { interruptMerge } from './merge.ts'
import { fileAt, volumeOf } from './paths.ts'
import type { RefusalCode } from './refusals.ts'

export type JobResult = Result<JobRow, RefusalCode>

const BYTES_PER_MB = 1024 * 1024

function permitted(world: World, vmId: string, action: Action): Result<VirtualMachineRow, RefusalCode> {
  const vm = world.tables.virtual_machine.get(vmId)
  if (vm === undefined) return refuse('unknown-virtual-machine', { id: vmId })
  const refusal = whyNot(world, vm, action)
  return refusal === undefined ? succeed(vm) : { ok: false, refusal }
}

/** Powers on, or restores the saved state. */
export function start(world: World, vmId: string): JobResult {
  const found = permitted(world, vmId, 'start')
  if (!found.ok) return found
  const vm = found.value
  const host = world.tables.host.require(vm.hostId)
  const checked = checkStart(world, host, vm)
  if (!checked.ok) {
    writeRecord(world, host.id, 'failedToStart', vm)
    return checked
  }
  giveAddresses(world, vm)
  interruptMerge(world, vm)
  const restoring = vm.state === 'Saved'
  const memoryMb = restoring ? vm.savedStateMb : vm.startupMemoryMb
  world.tables.virtual_machine.patch(vm.id, { state: 'Starting', assignedMemoryMb: memoryMb, startedTick: world.now })
  return succeed(beginJob(world, restoring ? 'restore' : 'start', host.id, vm.id))
}

function checkStart(world: World, host: HostRow, vm: VirtualMachineRow): Result<null, RefusalCode> {
  const product = hostProduct(host.productId)
  const running = runningCount(world, host.id)
  if (running >= product.runningMaximum) {
    return refuse('too-many-running', { name: vm.name, running, maximum: product.runningMaximum, product: product.name }, 'S37')
  }
  const processors = Math.min(product.processorsMaximum[vm.generation], logicalProcessors(host))
  const countKnown = product.processorCounts.length === 0 || product.processorCounts.includes(vm.processorCount)
  if (vm.processorCount > processors || !countKnown) {
    const values = { name: vm.name, count: vm.processorCount, maximum: processors, product: product.name }
    return refuse('processor-count', countKnown ? values : { ...values, counts: product.processorCounts.join(', ') }, 'S36')
  }
  const attachments = checkAttachments(world, host, vm)
  return attachments.ok ? checkMemory(world, host, vm) : attachments
}

function checkMemory(world: World, host: HostRow, vm: VirtualMachineRow): Result<null, RefusalCode> {
  const product = hostProduct(host.productId)
  const wanted = vm.state === 'Saved' ? vm.savedStateMb : vm.startupMemoryMb
  const free = availableMemoryMb(world, host)
  const allowed = product.guestMemoryMaximumMb - world.usage.memoryMb(host.id)
  const available = Math.min(free, Math.max(0, allowed))
  if (wanted <= available) return succeed(null)
  writeRecord(world, host.id, 'notEnoughMemory', vm, String(wanted), String(available))
  const values = { name: vm.name, requiredMb: wanted, availableMb: available, hostMb: host.memoryMb, reserveMb: host.reserveMb }
  return refuse('not-enough-memory', values, allowed < free ? 'S35' : 'S34')
}

function checkAttachments(world: World, host: HostRow, vm: VirtualMachineRow): Result<null, RefusalCode> {
  for (const drive of world.by.drivesOfVm.of(vm.id)) {
    if (drive.path === null) continue
    const values = { name: vm.name, path: drive.path, controller: controllerText(drive) }
    const reachable = fileAt(world, host.id, drive.path) !== undefined && !isPathLost(world, host.id, drive.path)
    if (!drive.path.startsWith('Physical:') && !reachable) {
      writeRecord(world, host.id, 'attachmentNotFound', vm, drive.path)
      return refuse('disk-missing', values)
    }
    const user = drive.kind === 'dvd' ? undefined : otherUser(world, vm, drive.path)
    if (user !== undefined) {
      writeRecord(world, host.id, 'attachmentInUse', vm, drive.path)
      return refuse('disk-in-use', { ...values, user: user.name })
    }
  }
  return succeed(null)
}

/** Another machine of the host that has the file open: one with a partition. ISO files are opened for reading only and may be shared. */
function otherUser(world: World, vm: VirtualMachineRow, path: string): VirtualMachineRow | undefined {
  for (const drive of world.by.drivesOfPath.of(path.toLowerCase())) {
    if (drive.vmId === vm.id) continue
    const other = world.tables.virtual_machine.get(drive.vmId)
    if (other !== undefined && other.hostId === vm.hostId && hasPartition(other)) return other
  }
  return undefined
}

function controllerText(drive: DriveRow): string {
  if (drive.controller === 'floppy') return 'Floppy Drive'
  return drive.controller === 'ide' ? 'Emulated IDE Controller' : 'Synthetic SCSI Controller'
}

/** A dynamic address is assigned at the first start and kept (hyper-v-manager appendix A). Prefix 00-15-5D is Microsoft's. */
function giveAddresses(world: World, vm: VirtualMachineRow): void {
  for (const adapter of world.by.adaptersOfVm.of(vm.id)) {
    if (adapter.macAddress !== '' || !adapter.dynamicMac) continue
    const stream = `mac ${vm.hostId}`
    let address = ''
    do {
      address = `00155D${(world.random.bits(stream) & 0xffffff).toString(16).padStart(6, '0').toUpperCase()}`
    } while (world.by.adaptersOfMac.count(address) > 0)
    world.tables.network_adapter.patch(adapter.id, { macAddress: address })
  }
}

/** Hard power-off; breaks off a transition that is under way. */
export function turnOff(world: World, vmId: string): JobResult {
  const found = permitted(world, vmId, 'turn-off')
  if (!found.ok) return found
  const broken = world.by.runningJobOfVm.first(vmId)
  if (broken !== undefined) cancelJobRow(world, broken)
  if (world.tables.guest.has(vmId)) freezeGuest(world, vmId)
  world.tables.virtual_machine.patch(vmId, { state: 'Stopping', critical: null })
  return succeed(beginJob(world, 'turn-off', found.value.hostId, vmId))
}

/** Asks the guest to shut down through its shutdown integration service. */
export function shutDown(world: World, vmId: string): JobResult {
  const found = permitted(world, vmId, 'shut-down')
  if (!found.ok) return found
  const asked = requestShutdown(world, vmId)
  if (!asked.ok) {
    writeRecord(world, found.value.hostId, 'failedToShutDown', found.value)
    return refuse('shutdown-service-missing', { name: found.value.name, ...asked.refusal.values })
  }
  world.tables.virtual_machine.patch(vmId, { state: 'Stopping' })
  return succeed(beginJob(world, 'shut-down', found.value.hostId, vmId))
}

/** Writes the memory to a file and gives it back to the host. */
export function save(world: World, vmId: string): JobResult {
  const found = permitted(world, vmId, 'save')
  if (!found.ok) return found
  const vm = found.value
  const volume = volumeOf(world, vm.hostId, vm.configurationPath)
  const bytes = vm.assignedMemoryMb * BYTES_PER_MB
  if (volume === undefined || volume.freeBytes < bytes) {
    const freeMb = Math.floor((volume?.freeBytes ?? 0) / BYTES_PER_MB)
    return refuse('volume-full', {
      name: vm.name,
      requiredMb: vm.assignedMemoryMb,
      freeMb,
      volume: volume ? `${volume.letter}:` : vm.configurationPath,
    })
  }
  // A paused guest is frozen already.
  if (vm.state === 'Running') freezeGuest(world, vm.id)
  world.tables.virtual_machine.patch(vm.id, { state: 'Saving' })
  return succeed(beginJob(world, 'save', vm.hostId, vm.id))
}

/** Freezes the virtual processors; the memory stays assigned. */
export function pause(world: World, vmId: string): JobResult {
  const found = permitted(world, vmId, 'pause')
  if (!found.ok) return found
  freezeGuest(world, vmId)
  world.tables.virtual_machine.patch(vmId, { state: 'Pausing' })
  return succeed(beginJob(world, 'pause', found.value.hostId, vmId))
}

export function resume(world: World, vmId: string): JobResult {
  const found = permitted(world, vmId, 'resume')
  if (!found.ok) return found
  world.tables.virtual_machine.patch(vmId, { state: 'Resuming', critical: null })
  return succeed(beginJob(world, 'resume', found.value.hostId, vmId))
}

/** Hard reset, as the button on a computer's front. */
export function reset(world: World, vmId: string): JobResult {
  const found = permitted(world, vmId, 'reset')
  if (!found.ok) return found
  if (found.value.state === 'Running') freezeGuest(world, vmId)
  world.tables.virtual_machine.patch(vmId, { state: 'Resetting', critical: null })
  return succeed(beginJob(world, 'reset', found.value.hostId, vmId))
}

/** Discards the saved memory; the machine becomes Off. */
export function deleteSavedState(world: World, vmId: string): JobResult {
  const found = permitted(world, vmId, 'delete-saved-state')
  if (!found.ok) return found
  return succeed(beginJob(world, 'delete-saved-state', found.value.hostId, vmId))
}

/** Removes configuration and checkpoints; virtual hard disks stay. */
export function remove(world: World, vmId: string): JobResult {
  const found = permitted(world, vmId, 'delete')
  if (!found.ok) return found
  return succeed(beginJob(world, 'delete', found.value.hostId, vmId))
}

/** Lets a frozen guest go on. */
export function thaw(world: World, vmId: string): void {
  if (world.tables.guest.has(vmId)) thawGuest(world, vmId)
}
