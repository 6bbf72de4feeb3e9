/**
 * The performance counters that the simulation has a cause for, by the product's names (hyper-v-manager 12).
 *
 * A counter of the product that nothing here moves is left out rather than shown as 0.
 */
import { VP_EVENT_NAMES } from '../hypervisor/index.ts'

export type CounterUnit = '%' | '/s' | 'B/s' | 'MB' | 'n' | 'p' | 'ns' | 'MHz'

export interface Counter {
  readonly name: string
  readonly unit: CounterUnit
  /** What its value follows from. */
  readonly source: string
}

export interface CounterObject {
  readonly name: string
  /** Shape of its instances' names, as the product writes them. */
  readonly instances: string
  readonly counters: readonly Counter[]
}

const SHARES = 'shares that the scheduler grants in the second'
const EXITS = 'operations of the guest in the second, times what of them exits on this processor'
const ROWS = 'rows of the lab'
const BALANCER = 'what the balancer has moved'
const WORK = "workload of the guest, as far as its processors' pace lets it be done"

const counters = (unit: CounterUnit, source: string, ...names: readonly string[]): Counter[] =>
  names.map((name) => ({ name, unit, source }))

const PROCESSOR_SHARES = counters('%', SHARES, '% Total Run Time', '% Guest Run Time', '% Hypervisor Run Time')
/** Moves are not counted: a second begins without knowing where processors ran before. */
const NOT_COUNTED: ReadonlySet<string> = new Set(['LogicalProcessorMigrations', 'LogicalProcessorDispatches'])
const TRAFFIC = [
  ...counters('B/s', WORK, 'Bytes/sec', 'Bytes Received/sec', 'Bytes Sent/sec'),
  ...counters('/s', WORK, 'Packets/sec', 'Packets Received/sec', 'Packets Sent/sec'),
]

export const HYPERVISOR = 'Hyper-V Hypervisor'
export const LOGICAL_PROCESSOR = 'Hyper-V Hypervisor Logical Processor'
export const ROOT_PROCESSOR = 'Hyper-V Hypervisor Root Virtual Processor'
export const VIRTUAL_PROCESSOR = 'Hyper-V Hypervisor Virtual Processor'
export const BALANCER_OBJECT = 'Hyper-V Dynamic Memory Balancer'
export const MEMORY_OBJECT = 'Hyper-V Dynamic Memory VM'
export const VID_OBJECT = 'Hyper-V VM Vid Partition'
export const BUS_OBJECT = 'Hyper-V Virtual Machine Bus'
export const STORAGE_OBJECT = 'Hyper-V Virtual Storage Device'
export const ADAPTER_OBJECT = 'Hyper-V Virtual Network Adapter'
export const LEGACY_OBJECT = 'Hyper-V Legacy Network Adapter'
export const SWITCH_OBJECT = 'Hyper-V Virtual Switch'
export const HEALTH_OBJECT = 'Hyper-V Virtual Machine Health Summary'

/** Events of virtual processors that are counted: position in the hypervisor's list, and the counter's name. */
export const COUNTED_EVENTS: readonly { readonly event: number; readonly counter: string }[] = VP_EVENT_NAMES.flatMap(
  ([key, name], event) => (NOT_COUNTED.has(key) ? [] : [{ event, counter: `${name}/sec` }]),
)

export const COUNTER_OBJECTS: readonly CounterObject[] = [
  { name: HYPERVISOR, instances: '', counters: counters('n', ROWS, 'Logical Processors', 'Partitions', 'Virtual Processors') },
  {
    name: LOGICAL_PROCESSOR,
    instances: 'Hv LP 0, _Total',
    counters: [
      ...PROCESSOR_SHARES,
      ...counters('%', SHARES, '% Idle Time'),
      ...counters('MHz', ROWS, 'Frequency'),
      ...counters('/s', SHARES, 'Context Switches/sec'),
    ],
  },
  { name: ROOT_PROCESSOR, instances: 'Root VP 0, _Total', counters: PROCESSOR_SHARES },
  {
    name: VIRTUAL_PROCESSOR,
    instances: 'VMNAME:Hv VP 0, _Total',
    counters: [
      ...PROCESSOR_SHARES,
      ...counters('%', SHARES, '% Remote Run Time'),
      ...counters('ns', SHARES, 'CPU Wait Time Per Dispatch'),
      ...counters('/s', SHARES, 'Logical Processor Dispatches/sec'),
      ...COUNTED_EVENTS.map(({ counter }): Counter => ({ name: counter, unit: '/s', source: EXITS })),
    ],
  },
  {
    name: BALANCER_OBJECT,
    instances: 'System Balancer',
    counters: [
      ...counters('MB', ROWS, 'Available Memory'),
      ...counters('%', 'demand of the balanced machines ÷ their memory', 'Average Pressure', 'System Current Pressure'),
      ...counters('MB', BALANCER, 'Added Memory', 'Removed Memory'),
      ...counters('n', BALANCER, 'Memory Add Operations', 'Memory Remove Operations'),
    ],
  },
  {
    name: MEMORY_OBJECT,
    instances: 'VMNAME',
    counters: [
      ...counters('MB', ROWS, 'Physical Memory', 'Guest Visible Physical Memory'),
      ...counters('%', 'demand of the guest ÷ its memory', 'Current Pressure', 'Average Pressure', 'Maximum Pressure', 'Minimum Pressure'),
      ...counters('MB', BALANCER, 'Added Memory', 'Removed Memory'),
      ...counters('n', BALANCER, 'Memory Add Operations', 'Memory Remove Operations'),
      ...counters('MB', BALANCER, 'Smart Paging Working Set Size'),
    ],
  },
  { name: VID_OBJECT, instances: 'VMNAME', counters: counters('p', ROWS, 'Physical Pages Allocated') },
  { name: BUS_OBJECT, instances: 'VMNAME', counters: counters('/s', EXITS, 'Interrupts Received/sec', 'Interrupts Sent/sec') },
  {
    name: STORAGE_OBJECT,
    instances: 'path with - for \\, _Total',
    counters: [
      ...counters('B/s', WORK, 'Read Bytes/sec', 'Write Bytes/sec'),
      ...counters('/s', WORK, 'Read Operations/Sec', 'Write Operations/Sec'),
    ],
  },
  { name: ADAPTER_OBJECT, instances: 'VMNAME_Network Adapter_GUID--GUID, _Total', counters: TRAFFIC },
  {
    name: LEGACY_OBJECT,
    instances: 'VMNAME_Legacy Network Adapter_GUID--GUID',
    counters: [
      ...counters('B/s', WORK, 'Bytes Received/sec', 'Bytes Sent/sec'),
      ...counters('/s', WORK, 'Frames Received/sec', 'Frames Sent/sec'),
    ],
  },
  { name: SWITCH_OBJECT, instances: 'name of the switch', counters: TRAFFIC },
  { name: HEALTH_OBJECT, instances: '', counters: counters('n', ROWS, 'Health Ok', 'Health Critical') },
]

const byName: ReadonlyMap<string, CounterObject> = new Map(COUNTER_OBJECTS.map((object) => [object.name, object]))

export function counterObject(name: string): CounterObject | undefined {
  return byName.get(name)
}
