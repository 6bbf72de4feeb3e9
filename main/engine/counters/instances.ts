/** Names of the instances of counter objects, as Performance Monitor lists them (hyper-v-manager 12, "Instance naming"). */
import { logicalProcessors } from '../machine/host.ts'
import type { HostRow, NetworkAdapterRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import * as catalogue from './catalogue.ts'

export interface Instance {
  /** As the product shows it; empty for an object that has one instance without a name. */
  readonly name: string
  /** Empty for the total, else ids of rows. */
  readonly subject: string
}

const TOTAL: Instance = { name: '_Total', subject: '' }

/** Instances that an object has on a host now, the total first. */
export function instancesOf(world: World, host: HostRow, object: string): readonly Instance[] {
  const running = (): VirtualMachineRow[] => world.by.vmsOfHost.of(host.id).filter((vm) => vm.assignedMemoryMb > 0)
  const each = (of: (vm: VirtualMachineRow) => readonly Instance[]): Instance[] => running().flatMap(of)
  const machine = (vm: VirtualMachineRow): Instance[] => [{ name: vm.name, subject: vm.id }]
  const numbered = (name: string, count: number): Instance[] =>
    Array.from({ length: count }, (_, index) => ({ name: `${name} ${index}`, subject: String(index) }))
  switch (object) {
    case catalogue.LOGICAL_PROCESSOR:
      return [TOTAL, ...numbered('Hv LP', logicalProcessors(host))]
    case catalogue.ROOT_PROCESSOR:
      return [TOTAL, ...numbered('Root VP', logicalProcessors(host))]
    case catalogue.VIRTUAL_PROCESSOR:
      return [TOTAL, ...each(processorsOf)]
    case catalogue.BALANCER_OBJECT:
      return [{ name: 'System Balancer', subject: '' }]
    case catalogue.MEMORY_OBJECT:
      return each((vm) => (vm.dynamicMemory ? machine(vm) : []))
    case catalogue.VID_OBJECT:
    case catalogue.BUS_OBJECT:
      return each(machine)
    case catalogue.STORAGE_OBJECT:
      return [TOTAL, ...each((vm) => disksOf(world, vm))]
    case catalogue.ADAPTER_OBJECT:
      return [TOTAL, ...each((vm) => adaptersOf(world, vm, 'synthetic'))]
    case catalogue.LEGACY_OBJECT:
      return each((vm) => adaptersOf(world, vm, 'legacy'))
    case catalogue.SWITCH_OBJECT:
      return world.by.switchesOfHost.of(host.id).map((row) => ({ name: row.name, subject: row.id }))
    default:
      return [{ name: '', subject: '' }]
  }
}

function processorsOf(vm: VirtualMachineRow): readonly Instance[] {
  return Array.from({ length: vm.processorCount }, (_, index) => ({ name: `${vm.name}:Hv VP ${index}`, subject: `${vm.id}/${index}` }))
}

function disksOf(world: World, vm: VirtualMachineRow): readonly Instance[] {
  return world.by.drivesOfVm
    .of(vm.id)
    .flatMap(({ id, kind, path }) => (kind === 'hard-disk' && path !== null ? [{ name: path.replaceAll('\\', '-'), subject: id }] : []))
}

function adaptersOf(world: World, vm: VirtualMachineRow, kind: NetworkAdapterRow['kind']): readonly Instance[] {
  const label = kind === 'legacy' ? 'Legacy Network Adapter' : 'Network Adapter'
  return world.by.adaptersOfVm
    .of(vm.id)
    .flatMap((adapter) => (adapter.kind === kind ? [{ name: `${vm.name}_${label}_${vm.id}--${adapter.id}`, subject: adapter.id }] : []))
}
