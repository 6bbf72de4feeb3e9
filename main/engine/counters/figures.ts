/**
 * Counters of one host in one simulated second.
 *
 * Everything is read from the rows and from the host's second (`host-load.ts`); nothing counts on from the second before, so that a lab that was
 * closed in between has the same history. Instances are named by subject: empty for the total, else ids of rows.
 */
import { guestDemand } from '../guest/guest.ts'
import { VP_EVENT, VP_EVENT_COUNT } from '../hypervisor/index.ts'
import { TICKS_PER_SECOND } from '../kernel/ticks.ts'
import { availableMemoryMb, logicalProcessors } from '../machine/host.ts'
import type { DynamicMemoryRow, HostRow, NetworkAdapterRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import * as catalogue from './catalogue.ts'
import type { HostLoad, HostLoads, MachineLoad } from './host-load.ts'

export type Figures = Readonly<Record<string, number>>

/** A host and the second that is read. */
export interface Reading {
  readonly world: World
  readonly loads: HostLoads
  readonly host: HostRow
  readonly second: number
}

const FRAME_BYTES = 1500
const PAGES_PER_MB = 256
/** Seconds that average, maximum and minimum pressure look back over. */
const PRESSURE_SECONDS = 10

/** Values of an instance by counter; undefined when there is no such instance now. */
export function readFigures(reading: Reading, object: string, subject: string): Figures | undefined {
  const figures = READERS[object]?.(reading, subject)
  if (figures === undefined) return undefined
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(value * 1000) / 1000]))
}

type Reader = (reading: Reading, subject: string) => Figures | undefined

const READERS: Readonly<Record<string, Reader>> = {
  [catalogue.HYPERVISOR]: onlyTotal(hypervisorFigures),
  [catalogue.LOGICAL_PROCESSOR]: logicalProcessorFigures,
  [catalogue.ROOT_PROCESSOR]: rootProcessorFigures,
  [catalogue.VIRTUAL_PROCESSOR]: virtualProcessorFigures,
  [catalogue.BALANCER_OBJECT]: onlyTotal(balancerFigures),
  [catalogue.MEMORY_OBJECT]: ofMachine(memoryFigures),
  [catalogue.VID_OBJECT]: ofMachine((_reading, vm) => ({ 'Physical Pages Allocated': vm.assignedMemoryMb * PAGES_PER_MB })),
  [catalogue.BUS_OBJECT]: ofMachine(busFigures),
  [catalogue.STORAGE_OBJECT]: storageFigures,
  [catalogue.ADAPTER_OBJECT]: adapterFigures('synthetic'),
  [catalogue.LEGACY_OBJECT]: (reading, subject) => (subject === '' ? undefined : legacyFigures(reading, subject)),
  [catalogue.SWITCH_OBJECT]: switchFigures,
  [catalogue.HEALTH_OBJECT]: onlyTotal(healthFigures),
}

function onlyTotal(read: (reading: Reading) => Figures): Reader {
  return (reading, subject) => (subject === '' ? read(reading) : undefined)
}

function ofMachine(read: (reading: Reading, vm: VirtualMachineRow) => Figures | undefined): Reader {
  return (reading, subject) => {
    const vm = reading.world.tables.virtual_machine.get(subject)
    return vm === undefined || vm.hostId !== reading.host.id || vm.assignedMemoryMb === 0 ? undefined : read(reading, vm)
  }
}

const loadOf = ({ loads, host, second }: Reading): HostLoad => loads.at(host.id, second)

function runTimes(guest: number, hypervisor: number): Figures {
  return { '% Total Run Time': 100 * (guest + hypervisor), '% Guest Run Time': 100 * guest, '% Hypervisor Run Time': 100 * hypervisor }
}

function hypervisorFigures({ world, host }: Reading): Figures {
  let processors = logicalProcessors(host)
  let partitions = 1
  for (const vm of world.by.vmsOfHost.of(host.id)) {
    if (vm.assignedMemoryMb === 0) continue
    partitions += 1
    processors += vm.processorCount
  }
  return { 'Logical Processors': logicalProcessors(host), Partitions: partitions, 'Virtual Processors': processors }
}

function logicalProcessorFigures(reading: Reading, subject: string): Figures | undefined {
  const { scheduler } = loadOf(reading)
  const count = scheduler.lps.length
  const chosen = subject === '' ? scheduler.lps.map(({ index }) => index) : [Number(subject)]
  let [guest, hypervisor, switches] = [0, 0, 0]
  for (const lp of chosen) {
    if (!(lp >= 0 && lp < count)) return undefined
    guest += (scheduler.lpGuest[lp] ?? 0) / chosen.length
    hypervisor += (scheduler.lpHypervisor[lp] ?? 0) / chosen.length
    switches += scheduler.lpSwitchRate[lp] ?? 0
  }
  return {
    ...runTimes(guest, hypervisor),
    '% Idle Time': 100 * Math.max(0, 1 - guest - hypervisor),
    Frequency: reading.host.processorMhz,
    'Context Switches/sec': switches,
  }
}

function rootProcessorFigures(reading: Reading, subject: string): Figures | undefined {
  const { scheduler, rootProcessors } = loadOf(reading)
  const { vps } = scheduler
  if (subject !== '') {
    const slot = Number(subject)
    return slot >= 0 && slot < rootProcessors ? runTimes(vps.guest[slot] ?? 0, vps.hypervisor[slot] ?? 0) : undefined
  }
  let [guest, hypervisor] = [0, 0]
  for (let slot = 0; slot < rootProcessors; slot++) {
    guest += (vps.guest[slot] ?? 0) / rootProcessors
    hypervisor += (vps.hypervisor[slot] ?? 0) / rootProcessors
  }
  return runTimes(guest, hypervisor)
}

/** One processor of a machine (`VM/INDEX`), or all processors of all machines of the host: shares as their mean, rates as their sum. */
function virtualProcessorFigures(reading: Reading, subject: string): Figures | undefined {
  const load = loadOf(reading)
  const { vps } = load.scheduler
  const events = new Float64Array(VP_EVENT_COUNT)
  let slots: readonly number[] = []
  if (subject === '') {
    slots = Array.from({ length: load.scheduler.slotEnd - load.rootProcessors }, (_, index) => load.rootProcessors + index)
    for (const machine of load.machines.values()) reading.loads.costs.addEvents(machine.vm, machine.work, machine.pace, events)
  } else {
    const cut = subject.lastIndexOf('/')
    const machine = load.machines.get(subject.slice(0, cut))
    const index = Number(subject.slice(cut + 1))
    if (machine === undefined || cut < 0 || !(index >= 0 && index < machine.vm.processorCount)) return undefined
    slots = [machine.slot + index]
    reading.loads.costs.addEvents(machine.vm, machine.work, machine.pace, events)
    for (let event = 0; event < VP_EVENT_COUNT; event++) events[event] = (events[event] ?? 0) / machine.vm.processorCount
  }
  let [guest, hypervisor, remote, wait, dispatches] = [0, 0, 0, 0, 0]
  const part = 1 / Math.max(1, slots.length)
  for (const slot of slots) {
    guest += (vps.guest[slot] ?? 0) * part
    hypervisor += (vps.hypervisor[slot] ?? 0) * part
    remote += (vps.remote[slot] ?? 0) * part
    wait += load.scheduler.waitPerDispatchNs(slot) * part
    dispatches += load.scheduler.dispatchRate(slot)
  }
  const figures: Record<string, number> = {
    ...runTimes(guest, hypervisor),
    '% Remote Run Time': 100 * remote,
    'CPU Wait Time Per Dispatch': wait,
    'Logical Processor Dispatches/sec': dispatches,
  }
  for (const { event, counter } of catalogue.COUNTED_EVENTS) figures[counter] = events[event] ?? 0
  return figures
}

const NOTHING_MOVED: Omit<DynamicMemoryRow, 'id'> = {
  balloonedMb: 0,
  addedMb: 0,
  removedMb: 0,
  addOperations: 0,
  removeOperations: 0,
  smartPagingMb: 0,
}

function balancerFigures({ world, loads, host, second }: Reading): Figures {
  const total = { addedMb: 0, removedMb: 0, addOperations: 0, removeOperations: 0, demandMb: 0, assignedMb: 0, pressure: 0, machines: 0 }
  for (const { vm, demand } of loads.at(host.id, second).machines.values()) {
    if (!vm.dynamicMemory) continue
    const row = world.tables.dynamic_memory.get(vm.id) ?? NOTHING_MOVED
    total.addedMb += row.addedMb
    total.removedMb += row.removedMb
    total.addOperations += row.addOperations
    total.removeOperations += row.removeOperations
    total.demandMb += demand.memoryMb
    total.assignedMb += vm.assignedMemoryMb
    total.pressure += (100 * demand.memoryMb) / vm.assignedMemoryMb
    total.machines += 1
  }
  return {
    'Available Memory': availableMemoryMb(world, host),
    'Average Pressure': total.machines === 0 ? 0 : total.pressure / total.machines,
    'System Current Pressure': total.assignedMb === 0 ? 0 : (100 * total.demandMb) / total.assignedMb,
    'Added Memory': total.addedMb,
    'Removed Memory': total.removedMb,
    'Memory Add Operations': total.addOperations,
    'Memory Remove Operations': total.removeOperations,
  }
}

function memoryFigures({ world, second }: Reading, vm: VirtualMachineRow): Figures | undefined {
  if (!vm.dynamicMemory) return undefined
  const row = world.tables.dynamic_memory.get(vm.id) ?? NOTHING_MOVED
  const guest = world.tables.guest.get(vm.id)
  const pressures = Array.from({ length: PRESSURE_SECONDS }, (_, back) => {
    const { memoryMb } = guestDemand(world, vm, guest, (second - back) * TICKS_PER_SECOND)
    return (100 * memoryMb) / vm.assignedMemoryMb
  })
  return {
    'Physical Memory': vm.assignedMemoryMb,
    'Guest Visible Physical Memory': vm.assignedMemoryMb + row.balloonedMb + row.smartPagingMb,
    'Current Pressure': pressures[0] ?? 0,
    'Average Pressure': pressures.reduce((sum, pressure) => sum + pressure, 0) / PRESSURE_SECONDS,
    'Maximum Pressure': Math.max(...pressures),
    'Minimum Pressure': Math.min(...pressures),
    'Added Memory': row.addedMb,
    'Removed Memory': row.removedMb,
    'Memory Add Operations': row.addOperations,
    'Memory Remove Operations': row.removeOperations,
    'Smart Paging Working Set Size': row.smartPagingMb,
  }
}

/** Signals of the guest, and the interrupts of its channels: synthetic ones that are not its timers'. */
function busFigures(reading: Reading, vm: VirtualMachineRow): Figures {
  const machine = loadOf(reading).machines.get(vm.id)
  if (machine === undefined) return { 'Interrupts Received/sec': 0, 'Interrupts Sent/sec': 0 }
  const totals = new Float64Array(VP_EVENT_COUNT)
  reading.loads.costs.addEvents(vm, machine.work, machine.pace, totals)
  const timers = new Float64Array(VP_EVENT_COUNT)
  reading.loads.costs.addEvents(vm, { processors: machine.work.processors, requests: 0, frames: 0 }, machine.pace, timers)
  return {
    'Interrupts Received/sec': totals[VP_EVENT.SyntheticInterruptHypercalls] ?? 0,
    'Interrupts Sent/sec': (totals[VP_EVENT.SyntheticInterrupts] ?? 0) - (timers[VP_EVENT.SyntheticInterrupts] ?? 0),
  }
}

/** A virtual hard disk's part of its machine's work: a machine's disks share it evenly. */
function storageFigures(reading: Reading, subject: string): Figures | undefined {
  const { world } = reading
  const { machines } = loadOf(reading)
  if (subject === '') return diskWork([...machines.values()].map((machine) => ({ machine, part: 1 })))
  const drive = world.tables.drive.get(subject)
  const machine = drive === undefined ? undefined : machines.get(drive.vmId)
  if (drive === undefined || machine === undefined || drive.kind !== 'hard-disk' || drive.path === null) return undefined
  const disks = world.by.drivesOfVm.of(drive.vmId).filter(({ kind, path }) => kind === 'hard-disk' && path !== null).length
  return diskWork([{ machine, part: 1 / disks }])
}

function diskWork(parts: readonly { readonly machine: MachineLoad; readonly part: number }[]): Figures {
  let [read, written, reads, writes] = [0, 0, 0, 0]
  for (const { machine, part } of parts) {
    const { io } = machine.demand
    if (io === undefined) continue
    const done = machine.pace * part
    read += io.readBytesPerSecond * done
    written += io.writeBytesPerSecond * done
    reads += io.readsPerSecond * done
    writes += io.writesPerSecond * done
  }
  return { 'Read Bytes/sec': read, 'Write Bytes/sec': written, 'Read Operations/Sec': reads, 'Write Operations/Sec': writes }
}

/** Bytes per second of the adapters that carry their machines' traffic: the first of each, when a switch is there. */
function trafficOf(reading: Reading, wanted: (adapter: NetworkAdapterRow) => boolean): readonly [received: number, sent: number] {
  let [received, sent] = [0, 0]
  for (const { vm, demand, pace } of loadOf(reading).machines.values()) {
    const adapter = reading.world.by.adaptersOfVm.first(vm.id)
    if (adapter === undefined || adapter.switchId === null || demand.io === undefined || !wanted(adapter)) continue
    received += demand.io.receivedBytesPerSecond * pace
    sent += demand.io.sentBytesPerSecond * pace
  }
  return [received, sent]
}

function trafficFigures([received, sent]: readonly [number, number]): Figures {
  return {
    'Bytes/sec': received + sent,
    'Bytes Received/sec': received,
    'Bytes Sent/sec': sent,
    'Packets/sec': (received + sent) / FRAME_BYTES,
    'Packets Received/sec': received / FRAME_BYTES,
    'Packets Sent/sec': sent / FRAME_BYTES,
  }
}

function adapterFigures(kind: NetworkAdapterRow['kind']): Reader {
  return (reading, subject) => {
    if (subject === '') return trafficFigures(trafficOf(reading, (adapter) => adapter.kind === kind))
    if (!isOnHost(reading, subject, kind)) return undefined
    return trafficFigures(trafficOf(reading, (adapter) => adapter.id === subject))
  }
}

function legacyFigures(reading: Reading, subject: string): Figures | undefined {
  if (!isOnHost(reading, subject, 'legacy')) return undefined
  const [received, sent] = trafficOf(reading, (adapter) => adapter.id === subject)
  return {
    'Bytes Received/sec': received,
    'Bytes Sent/sec': sent,
    'Frames Received/sec': received / FRAME_BYTES,
    'Frames Sent/sec': sent / FRAME_BYTES,
  }
}

/** The adapter is of that kind and its machine runs on the host. */
function isOnHost(reading: Reading, adapterId: string, kind: NetworkAdapterRow['kind']): boolean {
  const adapter = reading.world.tables.network_adapter.get(adapterId)
  return adapter !== undefined && adapter.kind === kind && loadOf(reading).machines.has(adapter.vmId)
}

/** What machines send, the switch receives. */
function switchFigures(reading: Reading, subject: string): Figures | undefined {
  if (reading.world.tables.virtual_switch.get(subject)?.hostId !== reading.host.id) return undefined
  const [received, sent] = trafficOf(reading, (adapter) => adapter.switchId === subject)
  return trafficFigures([sent, received])
}

function healthFigures({ world, host }: Reading): Figures {
  const machines = world.by.vmsOfHost.of(host.id)
  const critical = machines.filter((vm) => vm.critical !== null).length
  return { 'Health Ok': machines.length - critical, 'Health Critical': critical }
}
