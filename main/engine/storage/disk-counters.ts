/** Counters of a virtual storage device and their readings under the product's names (manager reference 12.7). */
import { TICKS_PER_SECOND, type Tick } from '../kernel/ticks.ts'

/** Totals since the device was opened. */
export interface DiskCounters {
  reads: number
  writes: number
  bytesRead: number
  bytesWritten: number
  flushes: number
  /** Requests that did not succeed. */
  errors: number
  /** Operations in units of 8 KB: the measure of storage QoS (hypervisor reference 7.2). */
  normalized: number
  /** Blocks that writes added to the leaf file. */
  blocksAllocated: number
  /** Writes of tables, bitmaps and logs that new blocks took. */
  metadataWrites: number
  /** Reads, or parts of reads, that another file than the leaf answered. */
  parentReads: number
  /** Time of operations together, ticks: latency times operations. */
  latencyTicks: number
}

export function emptyDiskCounters(): DiskCounters {
  return {
    reads: 0,
    writes: 0,
    bytesRead: 0,
    bytesWritten: 0,
    flushes: 0,
    errors: 0,
    normalized: 0,
    blocksAllocated: 0,
    metadataWrites: 0,
    parentReads: 0,
    latencyTicks: 0,
  }
}

const NORMALIZED_BYTES = 8192

/** Units of 8 KB that `operations` of `bytes` each count for. */
export function normalizedUnits(operations: number, bytes: number): number {
  return operations * Math.max(1, Math.ceil(bytes / NORMALIZED_BYTES))
}

/** Readings of `Hyper-V Virtual Storage Device` over a stretch of time. */
export function storageReadings(before: DiskCounters, after: DiskCounters, ticks: Tick): Readonly<Record<string, number>> {
  const perSecond = (key: keyof DiskCounters): number => ((after[key] - before[key]) * TICKS_PER_SECOND) / ticks
  const operations = after.reads - before.reads + after.writes - before.writes
  const waited = after.latencyTicks - before.latencyTicks
  return {
    'Read Bytes/sec': perSecond('bytesRead'),
    'Write Bytes/sec': perSecond('bytesWritten'),
    'Read Operations/Sec': perSecond('reads'),
    'Write Operations/Sec': perSecond('writes'),
    'Read Count': after.reads,
    'Write Count': after.writes,
    'Flush Count': after.flushes,
    'Error Count': after.errors,
    // Little's law: requests under way = arrivals per time × time of one.
    'Queue Length': waited / ticks,
    Latency: operations === 0 ? 0 : waited / operations / TICKS_PER_SECOND,
    Throughput: (operations * TICKS_PER_SECOND) / ticks,
    'Normalized Throughput': perSecond('normalized'),
  }
}
