/**
 * Counts of the VMBus under the product's names (user interface reference 12.9: `Hyper-V Virtual Machine Bus`, `… Bus Pipes`, `… Provider Pipes`).
 * The product shows rates; these are running totals from which a sampler makes them. Which events count as throttling is not published: here it is a
 * ring that became full for its producer.
 */
import type { Channel } from './channel.ts'

/** Counter names in the order of the reference. */
export const busCounterNames = ['Interrupts Received/sec', 'Interrupts Sent/sec', 'Throttle Events'] as const
export const pipeCounterNames = ['Reads/sec', 'Writes/sec', 'Bytes Read/sec', 'Bytes Written/sec'] as const

/** Totals behind `Hyper-V Virtual Machine Bus`, as the parent sees them. */
export interface BusCounts {
  readonly interruptsReceived: number
  readonly interruptsSent: number
  readonly throttleEvents: number
}

/** Totals behind one instance of the pipe sets. */
export interface PipeCounts {
  readonly reads: number
  readonly writes: number
  readonly bytesRead: number
  readonly bytesWritten: number
}

/** Sum over channels. Monitored signals reach the parent as one interrupt for each scan; they are counted by the hypervisor, not here. */
export function busCounts(channels: readonly Channel[]): BusCounts {
  let interruptsReceived = 0
  let interruptsSent = 0
  let throttleEvents = 0
  for (const channel of channels) {
    interruptsReceived += channel.hostSignals
    interruptsSent += channel.guestSignals
    throttleEvents += channel.rings.guestToHost.fullFirst + channel.rings.hostToGuest.fullFirst
  }
  return { interruptsReceived, interruptsSent, throttleEvents }
}

/** The parent's end of a channel: `Hyper-V Virtual Machine Bus Provider Pipes`. */
export function providerPipeCounts(channel: Channel): PipeCounts {
  const { guestToHost, hostToGuest } = channel.rings
  return {
    reads: guestToHost.packetsRead,
    writes: hostToGuest.packetsWritten,
    bytesRead: guestToHost.bytesRead,
    bytesWritten: hostToGuest.bytesWritten,
  }
}

/** The guest's end of a channel: `Hyper-V Virtual Machine Bus Pipes`. */
export function clientPipeCounts(channel: Channel): PipeCounts {
  const { guestToHost, hostToGuest } = channel.rings
  return {
    reads: hostToGuest.packetsRead,
    writes: guestToHost.packetsWritten,
    bytesRead: hostToGuest.bytesRead,
    bytesWritten: guestToHost.bytesWritten,
  }
}

/** One ring as Linux shows it below /sys/bus/vmbus/devices/…/channels (hypervisor reference 4.9). */
export interface LinuxChannelCounts {
  readonly interrupts: number
  readonly events: number
  readonly intr_in_full: number
  readonly intr_out_empty: number
  readonly out_full_first: number
  readonly out_full_total: number
  readonly read_avail: number
  readonly write_avail: number
  readonly pending: number
}

/** Counts of a channel as its Linux guest sees them. */
export function linuxChannelCounts(channel: Channel): LinuxChannelCounts {
  const { guestToHost, hostToGuest } = channel.rings
  return {
    interrupts: channel.guestSignals,
    events: channel.hostSignals + channel.hostMonitorSignals,
    intr_in_full: hostToGuest.spaceSignals,
    intr_out_empty: guestToHost.signals,
    out_full_first: guestToHost.fullFirst,
    out_full_total: guestToHost.fullTotal,
    read_avail: hostToGuest.bytesToRead,
    write_avail: guestToHost.bytesToWrite,
    pending: guestToHost.pendingSendSize,
  }
}
