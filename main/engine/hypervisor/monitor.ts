/** Monitored notification: a page shared by two partitions whose pending bits the hypervisor turns into events (hypervisor reference 3.5). */
import type { PageNumber } from './types.ts'

export const MONITOR_GROUPS = 4
export const MONITOR_TRIGGERS = 128

export class MonitorPage {
  readonly connectionId: number
  readonly page: PageNumber
  /** Bits 3:0 enable the groups; bit 4 disables monitoring: senders then signal by hypercall. */
  triggerState = 0
  readonly pending = new Uint32Array(MONITOR_GROUPS)
  /** Units of 100 ns. */
  readonly latency = new Uint16Array(MONITOR_TRIGGERS)
  readonly targetConnection = new Uint32Array(MONITOR_TRIGGERS)
  readonly targetFlag = new Uint16Array(MONITOR_TRIGGERS)
  /** Tick of the group's next poll, -1 while nothing is pending. */
  readonly pollAt: number[] = new Array<number>(MONITOR_GROUPS).fill(-1)
  /** Set bits of the group that a poll has turned into an event. */
  signals = 0
  /** Requests that found their bit already set. */
  coalesced = 0

  constructor(connectionId: number, page: PageNumber) {
    this.connectionId = connectionId
    this.page = page
  }

  isGroupEnabled(group: number): boolean {
    return (this.triggerState & 0x10) === 0 && (this.triggerState & (1 << group)) !== 0
  }

  /** The hypervisor polls a group at about its smallest latency; triggers without one do not count. */
  pollLatency(group: number): number {
    let least = 0xffff
    for (let bit = 0; bit < 32; bit++) {
      const latency = this.latency[group * 32 + bit] ?? 0
      if (latency > 0 && latency < least) least = latency
    }
    return least
  }
}
