/** Names of the performance counters of Hyper-V Hypervisor, as Performance Monitor shows them (interface reference 12.1 to 12.6). */

/** How a raw value is to be read: `rate` is a running total shown per second, `percent` a share of time, `gauge` the value now. */
export type CounterKind = 'rate' | 'percent' | 'gauge'

export interface CounterInfo {
  readonly name: string
  readonly kind: CounterKind
  readonly unit: '/s' | '%' | 'n' | 'p' | 'MB' | 'ns' | 'MHz'
}

/** Counted events of a virtual processor in their storage order; names without "/sec". */
export const VP_EVENT_NAMES = [
  ['Hypercalls', 'Hypercalls'],
  ['GpaSpaceHypercalls', 'GPA Space Hypercalls'],
  ['LogicalProcessorHypercalls', 'Logical Processor Hypercalls'],
  ['LongSpinWaitHypercalls', 'Long Spin Wait Hypercalls'],
  ['OtherHypercalls', 'Other Hypercalls'],
  ['SyntheticInterruptHypercalls', 'Synthetic Interrupt Hypercalls'],
  ['VirtualInterruptHypercalls', 'Virtual Interrupt Hypercalls'],
  ['VirtualMmuHypercalls', 'Virtual MMU Hypercalls'],
  ['VirtualProcessorHypercalls', 'Virtual Processor Hypercalls'],
  ['ExtendedHypercalls', 'Extended Hypercalls'],
  ['TotalIntercepts', 'Total Intercepts'],
  ['ControlRegisterAccesses', 'Control Register Accesses'],
  ['CpuidInstructions', 'CPUID Instructions'],
  ['DebugRegisterAccesses', 'Debug Register Accesses'],
  ['EmulatedInstructions', 'Emulated Instructions'],
  ['ExternalInterrupts', 'External Interrupts'],
  ['HltInstructions', 'HLT Instructions'],
  ['IoInstructions', 'IO Instructions'],
  ['MsrAccesses', 'MSR Accesses'],
  ['MwaitInstructions', 'MWAIT Instructions'],
  ['NestedPageFaultIntercepts', 'Nested Page Fault Intercepts'],
  ['PageFaultIntercepts', 'Page Fault Intercepts'],
  ['PageInvalidations', 'Page Invalidations'],
  ['PendingInterrupts', 'Pending Interrupts'],
  ['OtherIntercepts', 'Other Intercepts'],
  ['ApicEoiAccesses', 'APIC EOI Accesses'],
  ['ApicIpisSent', 'APIC IPIs Sent'],
  ['ApicMmioAccesses', 'APIC MMIO Accesses'],
  ['ApicSelfIpisSent', 'APIC Self IPIs Sent'],
  ['ApicTprAccesses', 'APIC TPR Accesses'],
  ['HardwareInterrupts', 'Hardware Interrupts'],
  ['SyntheticInterrupts', 'Synthetic Interrupts'],
  ['VirtualInterrupts', 'Virtual Interrupts'],
  ['IoInterceptMessages', 'IO Intercept Messages'],
  ['MemoryInterceptMessages', 'Memory Intercept Messages'],
  ['OtherMessages', 'Other Messages'],
  ['TotalMessages', 'Total Messages'],
  ['AddressDomainFlushes', 'Address Domain Flushes'],
  ['AddressSpaceEvictions', 'Address Space Evictions'],
  ['AddressSpaceFlushes', 'Address Space Flushes'],
  ['AddressSpaceSwitches', 'Address Space Switches'],
  ['GlobalGvaRangeFlushes', 'Global GVA Range Flushes'],
  ['LocalFlushedGvaRanges', 'Local Flushed GVA Ranges'],
  ['LargePageTlbFills', 'Large Page TLB Fills'],
  ['SmallPageTlbFills', 'Small Page TLB Fills'],
  ['GuestPageTableMaps', 'Guest Page Table Maps'],
  ['ReflectedGuestPageFaults', 'Reflected Guest Page Faults'],
  ['PageTableAllocations', 'Page Table Allocations'],
  ['PageTableEvictions', 'Page Table Evictions'],
  ['PageTableReclamations', 'Page Table Reclamations'],
  ['PageTableResets', 'Page Table Resets'],
  ['PageTableValidations', 'Page Table Validations'],
  ['PageTableWriteIntercepts', 'Page Table Write Intercepts'],
  ['LogicalProcessorDispatches', 'Logical Processor Dispatches'],
  ['LogicalProcessorMigrations', 'Logical Processor Migrations'],
] as const

export type VpEvent = (typeof VP_EVENT_NAMES)[number][0]

/** Index of each counted event of a VP. */
export const VP_EVENT: Readonly<Record<VpEvent, number>> = Object.fromEntries(VP_EVENT_NAMES.map(([key], index) => [key, index])) as Record<
  VpEvent,
  number
>
export const VP_EVENT_COUNT = VP_EVENT_NAMES.length
export const VP_EVENT_KEYS: readonly VpEvent[] = VP_EVENT_NAMES.map(([key]) => key)

/** Intercept classes that have a `... Cost` twin: from ControlRegisterAccesses to OtherIntercepts. */
export const FIRST_COST_EVENT = VP_EVENT.ControlRegisterAccesses
export const LAST_COST_EVENT = VP_EVENT.OtherIntercepts
export const COST_EVENT_COUNT = LAST_COST_EVENT - FIRST_COST_EVENT + 1

const rate = (name: string): CounterInfo => ({ name: `${name}/sec`, kind: 'rate', unit: '/s' })
const percent = (name: string): CounterInfo => ({ name, kind: 'percent', unit: '%' })
const gauge = (name: string, unit: CounterInfo['unit'] = 'n'): CounterInfo => ({ name, kind: 'gauge', unit })

/** `Hyper-V Hypervisor Virtual Processor` and `... Root Virtual Processor`. */
export const VP_COUNTERS: readonly CounterInfo[] = [
  percent('% Total Run Time'),
  percent('% Guest Run Time'),
  percent('% Hypervisor Run Time'),
  percent('% Remote Run Time'),
  gauge('CPU Wait Time Per Dispatch', 'ns'),
  ...VP_EVENT_NAMES.map(([, name]) => rate(name)),
  ...VP_EVENT_NAMES.slice(FIRST_COST_EVENT, LAST_COST_EVENT + 1).map(([, name]) => gauge(`${name} Cost`, 'ns')),
]

/** `Hyper-V Hypervisor`. */
export const HYPERVISOR_COUNTERS: readonly CounterInfo[] = [
  gauge('Logical Processors'),
  gauge('Partitions'),
  gauge('Virtual Processors'),
  gauge('Total Pages', 'p'),
  gauge('Monitored Notifications'),
  gauge('Modern Standby Entries'),
]

/** `Hyper-V Hypervisor Logical Processor`. */
export const LP_COUNTERS: readonly CounterInfo[] = [
  percent('% Total Run Time'),
  percent('% Guest Run Time'),
  percent('% Hypervisor Run Time'),
  percent('% Idle Time'),
  percent('% C1 Time'),
  percent('% C2 Time'),
  percent('% C3 Time'),
  rate('C1 Transitions'),
  rate('C2 Transitions'),
  rate('C3 Transitions'),
  gauge('% of Max Frequency', '%'),
  gauge('Frequency', 'MHz'),
  rate('Context Switches'),
  rate('Hardware Interrupts'),
  rate('Inter-Processor Interrupts'),
  rate('Inter-Processor Interrupts Sent'),
  rate('Scheduler Interrupts'),
  rate('Timer Interrupts'),
  rate('Total Interrupts'),
  gauge('Monitor Transition Cost'),
  gauge('Parking Status'),
  gauge('Processor State Flags'),
  gauge('Root Vp Index'),
]

/** `Hyper-V Hypervisor Partition` and `... Root Partition`. */
export const PARTITION_COUNTERS: readonly CounterInfo[] = [
  gauge('Address Spaces'),
  gauge('Attached Devices'),
  gauge('Deposited Pages', 'p'),
  gauge('Device DMA Errors'),
  gauge('Device Interrupt Errors'),
  gauge('Device Interrupt Mappings'),
  gauge('Device Interrupt Throttle Events'),
  gauge('GPA Pages', 'p'),
  rate('GPA Space Modifications'),
  gauge('4K GPA pages'),
  gauge('2M GPA pages'),
  gauge('1G GPA pages'),
  gauge('4K device pages'),
  gauge('2M device pages'),
  gauge('1G device pages'),
  rate('I/O TLB Flushes'),
  gauge('I/O TLB Flush Cost', 'ns'),
  gauge('Recommended Virtual TLB Size', 'p'),
  gauge('Skipped Timer Ticks'),
  gauge('Virtual Processors'),
  rate('Virtual TLB Flush Entires'),
  gauge('Virtual TLB Pages', 'p'),
]

/** `Hyper-V VM Vid Partition`. */
export const VID_COUNTERS: readonly CounterInfo[] = [
  gauge('Physical Pages Allocated', 'p'),
  gauge('Preferred NUMA Node Index'),
  gauge('Remote Physical Pages', 'p'),
]

/** `Hyper-V Dynamic Memory VM`. */
export const DYNAMIC_MEMORY_VM_COUNTERS: readonly CounterInfo[] = [
  gauge('Physical Memory', 'MB'),
  gauge('Guest Visible Physical Memory', 'MB'),
  gauge('Guest Available Memory', 'MB'),
  gauge('Current Pressure', '%'),
  gauge('Average Pressure', '%'),
  gauge('Maximum Pressure', '%'),
  gauge('Minimum Pressure', '%'),
  gauge('Added Memory', 'MB'),
  gauge('Removed Memory', 'MB'),
  gauge('Memory Add Operations'),
  gauge('Memory Remove Operations'),
  gauge('Smart Paging Working Set Size', 'MB'),
]

/** `Hyper-V Dynamic Memory Balancer`. */
export const BALANCER_COUNTERS: readonly CounterInfo[] = [
  gauge('Available Memory', 'MB'),
  gauge('Available Memory For Balancing', 'MB'),
  gauge('Average Pressure', '%'),
  gauge('System Current Pressure', '%'),
  gauge('Added Memory', 'MB'),
  gauge('Removed Memory', 'MB'),
  gauge('Memory Add Operations'),
  gauge('Memory Remove Operations'),
]

/** Counter objects and their sets. */
export const COUNTER_SETS = {
  'Hyper-V Hypervisor': HYPERVISOR_COUNTERS,
  'Hyper-V Hypervisor Logical Processor': LP_COUNTERS,
  'Hyper-V Hypervisor Root Virtual Processor': VP_COUNTERS,
  'Hyper-V Hypervisor Virtual Processor': VP_COUNTERS,
  'Hyper-V Hypervisor Root Partition': PARTITION_COUNTERS,
  'Hyper-V Hypervisor Partition': PARTITION_COUNTERS,
  'Hyper-V Dynamic Memory Balancer': BALANCER_COUNTERS,
  'Hyper-V Dynamic Memory VM': DYNAMIC_MEMORY_VM_COUNTERS,
  'Hyper-V VM Vid Partition': VID_COUNTERS,
} as const satisfies Record<string, readonly CounterInfo[]>

export type CounterSetName = keyof typeof COUNTER_SETS
