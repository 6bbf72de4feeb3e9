/** Readings of ports and switches under the product's names (manager reference 12.8). */
import { TICKS_PER_SECOND, type Tick } from '../kernel/ticks.ts'
import { DROP_REASONS, type TrafficCounters } from './port.ts'
import type { PortDrops, VirtualSwitch } from './virtual-switch.ts'

/** `Hyper-V Virtual Network Adapter`, `Hyper-V Virtual Switch Port` and, with its own view of sent and received, `Hyper-V Virtual Switch`. */
export function trafficReadings(
  before: Readonly<TrafficCounters>,
  after: Readonly<TrafficCounters>,
  ticks: Tick,
): Readonly<Record<string, number>> {
  const rate = (key: keyof TrafficCounters): number => ((after[key] - before[key]) * TICKS_PER_SECOND) / ticks
  const received = rate('directedReceived') + rate('broadcastReceived') + rate('multicastReceived')
  const sent = rate('directedSent') + rate('broadcastSent') + rate('multicastSent')
  return {
    'Bytes/sec': rate('bytesReceived') + rate('bytesSent'),
    'Bytes Received/sec': rate('bytesReceived'),
    'Bytes Sent/sec': rate('bytesSent'),
    'Packets/sec': received + sent,
    'Packets Received/sec': received,
    'Packets Sent/sec': sent,
    'Broadcast Packets Received/sec': rate('broadcastReceived'),
    'Broadcast Packets Sent/sec': rate('broadcastSent'),
    'Multicast Packets Received/sec': rate('multicastReceived'),
    'Multicast Packets Sent/sec': rate('multicastSent'),
    'Directed Packets Received/sec': rate('directedReceived'),
    'Directed Packets Sent/sec': rate('directedSent'),
    'Dropped Packets Incoming/sec': rate('droppedIncoming'),
    'Dropped Packets Outgoing/sec': rate('droppedOutgoing'),
    'Extensions Dropped Packets Incoming/sec': 0,
    'Extensions Dropped Packets Outgoing/sec': 0,
  }
}

/** What `Hyper-V Virtual Switch` counts beside its traffic. */
export function switchTotals(item: VirtualSwitch): Readonly<Record<string, number>> {
  return {
    'Learned Mac Addresses': item.learnedAddresses,
    'Purged Mac Addresses': item.purgedAddresses,
    'Packets Flooded': item.flooded,
  }
}

/** `Hyper-V Virtual Network Adapter Drop Reasons`: every reason that this switch can come to, both ways. */
export function dropReadings(drops: readonly PortDrops[]): Readonly<Record<string, number>> {
  const readings: Record<string, number> = {}
  for (const reason of DROP_REASONS) {
    const count = (direction: PortDrops['direction']): number =>
      drops.find((drop) => drop.direction === direction && drop.reason === reason)?.count ?? 0
    readings[`Incoming ${reason}`] = count('incoming')
    readings[`Outgoing ${reason}`] = count('outgoing')
  }
  return readings
}

/** `Hyper-V Legacy Network Adapter`: the emulated adapter's own counters. */
export function legacyReadings(
  before: Readonly<TrafficCounters>,
  after: Readonly<TrafficCounters>,
  ticks: Tick,
): Readonly<Record<string, number>> {
  const all = trafficReadings(before, after, ticks)
  return {
    'Bytes Dropped': 0,
    'Bytes Received/sec': all['Bytes Received/sec'] ?? 0,
    'Bytes Sent/sec': all['Bytes Sent/sec'] ?? 0,
    'Frames Dropped': after.droppedIncoming + after.droppedOutgoing,
    'Frames Received/sec': all['Packets Received/sec'] ?? 0,
    'Frames Sent/sec': all['Packets Sent/sec'] ?? 0,
  }
}
