/** Rows of the engine as pages are shown them. Everything that is decided is asked of the engine; here it is only put into the contract's shape. */

import { type HostView, type JobView, refusalSchema, type SwitchView, type VmDetail, type VmView } from '../../preload/contract/index.ts'
import { memoryStatus } from '../engine/counters/metrics.ts'
import { adapterStatus, heartbeat, integrationServicesText, ipAddresses, memoryDemandMb } from '../engine/guest/guest.ts'
import { availableMemoryMb, logicalProcessors } from '../engine/machine/host.ts'
import { offeredActions, stateText } from '../engine/management/actions.ts'
import { isCancellable } from '../engine/management/service.ts'
import { statusText, stepText } from '../engine/management/status.ts'
import { hostProduct } from '../engine/products/hosts.ts'
import type { HostRow, JobRow, NetworkAdapterRow, SwitchRow, VirtualMachineRow } from '../engine/rows.ts'
import type { World } from '../engine/world.ts'
import { checkpointMade, checkpointViews } from './checkpoint-views.ts'

/** Capacity that the New Virtual Machine Wizard proposes, GB. */
const DEFAULT_DISK_SIZE_GB = 127

export function hostView(world: World, host: HostRow): HostView {
  const product = hostProduct(host.productId)
  return {
    id: host.id,
    name: host.name,
    productName: product.name,
    toolsVersion: product.toolsVersion,
    serviceState: host.serviceState,
    checkpointWord: product.checkpointWord,
    generationOffered: product.generationOffered,
    defaultGeneration: product.defaultGeneration,
    defaultMemoryMb: product.defaultMemoryMb,
    memoryMinimumMb: product.memoryMinimumMb,
    availableMemoryMb: availableMemoryMb(world, host),
    memoryMb: host.memoryMb,
    logicalProcessors: logicalProcessors(host),
    virtualMachinePath: host.virtualMachinePath,
    virtualDiskPath: host.virtualDiskPath,
    diskExtension: product.diskExtension,
    diskSizeMaximumGb: product.diskSizeMaximumGb,
    defaultDiskSizeGb: DEFAULT_DISK_SIZE_GB,
    opticalDrives: [...host.opticalDrives],
  }
}

export function vmView(world: World, vm: VirtualMachineRow): VmView {
  const job = world.by.runningJobOfVm.first(vm.id)
  return {
    id: vm.id,
    hostId: vm.hostId,
    name: vm.name,
    stateText: stateText(vm),
    state: vm.state,
    statusText: statusText(world, vm),
    startedTick: vm.startedTick,
    assignedMemoryMb: vm.assignedMemoryMb === 0 ? null : vm.assignedMemoryMb,
    configurationVersion: vm.configurationVersion,
    heartbeatText: heartbeat(world, vm, world.tables.guest.get(vm.id)),
    generation: vm.generation,
    actions: offeredActions(world, vm),
    cancellableJobId: job !== undefined && isCancellable(job) ? job.id : null,
    workload: vm.workload,
  }
}

export function switchView(row: SwitchRow): SwitchView {
  return { id: row.id, hostId: row.hostId, name: row.name, kind: row.kind }
}

export function jobView(world: World, job: JobRow): JobView {
  return {
    id: job.id,
    kind: job.kind,
    vmId: job.vmId,
    status: job.status,
    percent: job.percent,
    stepText: stepText(world, job),
    refusal: job.refusal === null ? null : refusalSchema.parse(JSON.parse(job.refusal)),
    checkpointMade: checkpointMade(job),
  }
}

export function vmDetail(world: World, vm: VirtualMachineRow): VmDetail {
  const guest = world.tables.guest.get(vm.id)
  const demandMb = vm.dynamicMemory && vm.state === 'Running' ? memoryDemandMb(world, vm.id, world.now) : null
  return {
    id: vm.id,
    createdTick: vm.createdTick,
    notes: vm.notes,
    clustered: false,
    integrationServicesText: integrationServicesText(world, vm, guest),
    startupMemoryMb: vm.startupMemoryMb,
    dynamicMemory: vm.dynamicMemory,
    minimumMemoryMb: vm.minimumMemoryMb,
    maximumMemoryMb: vm.maximumMemoryMb,
    memoryDemandMb: demandMb,
    memoryStatus: vm.assignedMemoryMb === 0 ? '' : memoryStatus(vm, demandMb ?? -1) || 'OK',
    processorCount: vm.processorCount,
    adapters: world.by.adaptersOfVm.of(vm.id).map((adapter) => adapterView(world, vm, adapter)),
    mediaDrives: world.by.drivesOfVm
      .of(vm.id)
      .flatMap((drive) =>
        drive.kind === 'hard-disk'
          ? []
          : [{ id: drive.id, kind: drive.kind, label: drive.kind === 'dvd' ? 'DVD Drive' : 'Diskette Drive', path: drive.path }],
      ),
    ...checkpointViews(world, vm),
    replicationText: 'Replication is not enabled for this virtual machine.',
  }
}

function adapterView(world: World, vm: VirtualMachineRow, adapter: NetworkAdapterRow): VmDetail['adapters'][number] {
  const label = adapter.kind === 'legacy' ? 'Legacy Network Adapter' : 'Network Adapter'
  const pairs = adapter.macAddress.match(/../g)?.join(':') ?? '00:00:00:00:00:00'
  const connection = adapter.switchId === null ? undefined : world.tables.virtual_switch.get(adapter.switchId)
  return {
    id: adapter.id,
    text: `${label} (${adapter.dynamicMac ? 'Dynamic' : 'Static'} MAC: ${pairs})`,
    connection: connection?.name ?? 'Not connected',
    ipAddresses: (world.machines.reportedAddresses(vm, adapter.id) ?? ipAddresses(world, vm.id, adapter.id)).join(', '),
    status: adapterStatus(world, vm.id, adapter.id),
  }
}
