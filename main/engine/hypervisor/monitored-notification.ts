/** Monitored notification at work: pending bits become events when their group is polled (hypervisor reference 3.5). */
import type { Core } from './core.ts'
import { MONITOR_GROUPS, MONITOR_TRIGGERS, type MonitorPage } from './monitor.ts'
import type { Partition } from './partition.ts'
import { portOf, signalPort } from './synic.ts'

/** One trigger of a monitor page as the two partitions write it. */
export interface MonitorTrigger {
  /** 0 to 127: group is id / 32, bit is id % 32. */
  readonly id: number
  /** Units of 100 ns, 1 to 65535. */
  readonly latency: number
  readonly connectionId: number
  readonly flagNumber: number
}

/** Writes a trigger's parameters and enables its group. */
export function configureTrigger(monitor: MonitorPage, trigger: MonitorTrigger): boolean {
  const { id, latency, connectionId, flagNumber } = trigger
  if (id < 0 || id >= MONITOR_TRIGGERS || latency < 1 || latency > 0xffff) return false
  monitor.latency[id] = latency
  monitor.targetConnection[id] = connectionId
  monitor.targetFlag[id] = flagNumber
  monitor.triggerState |= 1 << (id >>> 5)
  return true
}

/**
 * The sender sets a pending bit: no exit. Returns false when monitoring is off for the group; the sender then signals by hypercall.
 * A bit that is already set stands for both requests.
 */
export function setPending(core: Core, sender: Partition, monitor: MonitorPage, id: number): boolean {
  const group = id >>> 5
  if (group >= MONITOR_GROUPS || !monitor.isGroupEnabled(group)) return false
  const bit = 1 << (id & 31)
  const pending = monitor.pending[group] ?? 0
  if ((pending & bit) !== 0) {
    monitor.coalesced++
    return true
  }
  monitor.pending[group] = (pending | bit) >>> 0
  if ((monitor.pollAt[group] ?? -1) < 0) schedulePoll(core, sender, monitor, group, core.now() + monitor.pollLatency(group))
  return true
}

export function schedulePoll(core: Core, sender: Partition, monitor: MonitorPage, group: number, due: number): void {
  monitor.pollAt[group] = due
  core.due.push(due, { kind: 'monitor', partitionId: sender.id, connectionId: monitor.connectionId, index: group, version: due })
}

/** The poll of a group: each pending bit becomes an internal SignalEvent; errors are discarded. */
export function pollGroup(core: Core, sender: Partition, monitor: MonitorPage, group: number): void {
  monitor.pollAt[group] = -1
  let pending = monitor.pending[group] ?? 0
  monitor.pending[group] = 0
  while (pending !== 0) {
    const bit = 31 - Math.clz32(pending & -pending)
    pending = (pending & (pending - 1)) >>> 0
    const id = group * 32 + bit
    const connection = sender.connections.get(monitor.targetConnection[id] ?? 0)
    const port = connection === undefined ? undefined : portOf(core, connection)
    monitor.signals++
    if (port !== undefined) signalPort(core, port, monitor.targetFlag[id] ?? 0)
  }
}
