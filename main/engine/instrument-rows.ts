/** Rows beside the machines themselves: faults and timings, memory that was moved, counters, and work on real files. */
import type { Row } from './kernel/table.ts'
import type { Tick } from './kernel/ticks.ts'

export type FaultKind =
  | 'guest-crash'
  | 'guest-hang'
  | 'lost-interrupt'
  | 'full-ring'
  | 'provider-stopped'
  | 'disk-error'
  | 'volume-lost'
  | 'volume-full'
  | 'power-loss'

/** A fault of the lab: one that acts now, one that has ended, or a rule that brings faults by chance. */
export interface FaultRow extends Row {
  readonly hostId: string
  readonly kind: FaultKind
  /** Machine that is hit; null where the fault hits a volume or the host, and for a rule that means every machine. */
  readonly vmId: string | null
  readonly volumeId: string | null
  /** What of the machine or host is hit: `storage` or `network` for a provider, the drive's id for a disk; null otherwise. */
  readonly device: string | null
  readonly state: 'active' | 'ended' | 'rule'
  readonly injectedTick: Tick
  readonly endedTick: Tick | null
  /** Rule that brought this fault; null for one that was injected by hand. */
  readonly ruleId: string | null
  /** Rules only: at the end of a job of this kind the chance is drawn. */
  readonly jobKind: string | null
  /** Rules only: chance of each job, parts per million, 1 to 1000000. */
  readonly probabilityPpm: number | null
  /** Rules only: from the job's end to the fault, ticks. */
  readonly afterTicks: Tick | null
  /** JSON of what its end has to undo, or of the stop code; null for nothing. */
  readonly detail: string | null
}

/** How much longer or shorter jobs of one kind take in this lab. `id` is the kind of job. */
export interface JobTimingRow extends Row {
  /** Per cent of the planned duration, 1 to 100000; 100 = as planned. */
  readonly factorPercent: number
  /** Added to each job, ticks. */
  readonly extraTicks: Tick
  /** Greatest further delay, drawn for each job, ticks. */
  readonly jitterTicks: Tick
}

/** What the balancer has moved of a running machine with dynamic memory. `id` is the virtual machine's id; no row when it is off. */
export interface DynamicMemoryRow extends Row {
  /** Given by the guest and not given back, MB. */
  readonly balloonedMb: number
  /** Moved to and from the machine since it was started, MB and operations. */
  readonly addedMb: number
  readonly removedMb: number
  readonly addOperations: number
  readonly removeOperations: number
  /** Memory that a page file stands in for since a restart found too little, MB. */
  readonly smartPagingMb: number
}

/** An instance of a counter object whose history is kept besides the host's totals. `id` is `HOST|OBJECT|SUBJECT`. */
export interface CounterWatchRow extends Row {
  readonly hostId: string
  /** Such as `Hyper-V Hypervisor Virtual Processor`. */
  readonly object: string
  /** What the instance is of: empty for the total, else ids of rows (`VM/0` for its first processor). */
  readonly subject: string
}

/** Counters of one instance in one simulated second: a place in its ring. `id` is `HOST|OBJECT|SUBJECT|PLACE`. */
export interface CounterSampleRow extends Row {
  readonly hostId: string
  readonly object: string
  readonly subject: string
  /** Whole seconds since the lab's start instant. */
  readonly second: number
  /** JSON object of values by counter name. */
  readonly figures: string
}

/** What is to be done with a real file: `sync` makes what lies at the path agree with its row, the others belong to a job or to a start. */
export type FileWorkKind = 'sync' | 'move' | 'check' | 'disk'

/** Work on real files that a command has ordered and that is still to be done, in the order of the rows. */
export interface FileWorkRow extends Row {
  readonly hostId: string
  readonly kind: FileWorkKind
  /** Windows path that it is about. */
  readonly path: string
  /** Job that waits for the answer; null when none does. */
  readonly jobId: string | null
  /** Where a moved file goes; null for other kinds. */
  readonly toPath: string | null
}

/**
 * A virtual disk whose real file has been made; `id` is that of its `host_file` row. It is a note about the real computer, not about the
 * simulated one: a file that is missing without it is still to be made, a file that is missing with it has disappeared.
 */
export interface MadeFileRow extends Row {
  /** Length of the real file when it was last written here, bytes. */
  readonly realBytes: number
}

/** What a guest's partitions take of a virtual disk, where that is less than the disk; `id` is that of its `host_file` row. */
export interface DiskLayoutRow extends Row {
  /** Bytes from the beginning of the disk to the end of its last partition. */
  readonly partitionedBytes: number
}
