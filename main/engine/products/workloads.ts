/**
 * Workloads: what runs in a guest and how much it asks of processor, memory, disk and network over time.
 *
 * Each workload is a set of ranges and a shape: the shape says how active it is at a moment, 0 to 1, and each demand lies between the ends
 * of its range by that activity. The figures are rules of thumb of capacity planning for small servers, not measurements.
 */
import { invariant } from '../kernel/result.ts'

/** The moment that a shape looks at. */
export interface WorkloadMoment {
  /** Whole seconds since the lab's start instant; negative in the sample's past. */
  readonly second: number
  /** Seconds since midnight on the lab's calendar, 0 to 86399. */
  readonly secondOfDay: number
  /** Uniform value 0 to 1 of this second for a numbered use, the same whenever it is asked. */
  readonly noise: (use: number) => number
  /** Uniform value 0 to 1 that moves gradually, once through about `seconds`. */
  readonly drift: (use: number, seconds: number) => number
}

/** What a workload asks for at a moment. */
export interface WorkloadDemand {
  /** Part of each virtual processor, 0 to 1. */
  readonly cpu: number
  readonly memoryMb: number
  readonly readsPerSecond: number
  readonly writesPerSecond: number
  readonly readBytesPerSecond: number
  readonly writeBytesPerSecond: number
  readonly receivedBytesPerSecond: number
  readonly sentBytesPerSecond: number
}

type Range = readonly [low: number, high: number]

export interface Workload {
  readonly key: string
  readonly name: string
  /** Lowest and highest of each demand. */
  readonly ranges: Readonly<Record<keyof WorkloadDemand, Range>>
  /** Processor, disk and network activity, 0 to 1. */
  readonly activity: (moment: WorkloadMoment) => number
  /** Memory activity, 0 to 1: moves slower than the rest. */
  readonly memoryActivity: (moment: WorkloadMoment) => number
}

const KB = 1024
const MB = 1024 * KB

const clamp = (value: number): number => Math.min(1, Math.max(0, value))

/** Working hours: 0 at night, 1 from about ten to four, with a dip at noon. */
function workingDay(moment: WorkloadMoment): number {
  const hour = moment.secondOfDay / 3_600
  const rise = clamp((hour - 7) / 2)
  const fall = clamp((19 - hour) / 2)
  const lunch = hour > 12 && hour < 13 ? 0.35 : 0
  return clamp(Math.min(rise, fall) - lunch)
}

/** Cycle of `period` seconds with work in its first `busy` part; 0 to 1 within it. */
function inCycle(moment: WorkloadMoment, period: number): number {
  return (((moment.second % period) + period) % period) / period
}

const steadyMemory = (moment: WorkloadMoment): number => clamp(0.2 + 0.5 * moment.drift(9, 1_800))

/** Demands in the order cpu; memory; reads, writes; read and write bytes; received and sent bytes. */
function ranges(
  cpu: Range,
  memoryMb: Range,
  disk: readonly [Range, Range, Range, Range],
  network: readonly [Range, Range],
): Workload['ranges'] {
  const [readsPerSecond, writesPerSecond, readBytesPerSecond, writeBytesPerSecond] = disk
  const [receivedBytesPerSecond, sentBytesPerSecond] = network
  return {
    cpu,
    memoryMb,
    readsPerSecond,
    writesPerSecond,
    readBytesPerSecond,
    writeBytesPerSecond,
    receivedBytesPerSecond,
    sentBytesPerSecond,
  }
}

const NONE: Range = [0, 0]

export const WORKLOADS: readonly Workload[] = [
  {
    key: 'idle',
    name: 'Idle',
    // Housekeeping of the system alone: a task now and then.
    ranges: ranges(
      [0, 0.03],
      [0, 20],
      [
        [0, 6],
        [0.5, 8],
        [0, 96 * KB],
        [4 * KB, 120 * KB],
      ],
      [
        [0, 2 * KB],
        [0, 2 * KB],
      ],
    ),
    activity: (moment) => (moment.noise(1) > 0.94 ? moment.noise(2) : 0.1 * moment.noise(2)),
    memoryActivity: (moment) => moment.drift(9, 3_600),
  },
  {
    key: 'office',
    name: 'Office work',
    // One person with mail, browser and documents: bursts of some seconds, by the hours of the day.
    ranges: ranges(
      [0.01, 0.6],
      [400, 1_400],
      [
        [0, 120],
        [2, 90],
        [0, 6 * MB],
        [16 * KB, 3 * MB],
      ],
      [
        [1 * KB, 900 * KB],
        [1 * KB, 250 * KB],
      ],
    ),
    activity: (moment) =>
      clamp(0.05 + workingDay(moment) * (moment.drift(1, 7) > 0.72 ? 0.35 + 0.5 * moment.noise(2) : 0.12 * moment.noise(2))),
    memoryActivity: (moment) => clamp(0.3 + 0.6 * workingDay(moment) * moment.drift(9, 1_200)),
  },
  {
    key: 'web-server',
    name: 'Web server',
    // Many small requests that follow the day, with minutes of rush.
    ranges: ranges(
      [0.02, 0.75],
      [300, 900],
      [
        [5, 220],
        [3, 120],
        [200 * KB, 12 * MB],
        [60 * KB, 4 * MB],
      ],
      [
        [40 * KB, 6 * MB],
        [200 * KB, 40 * MB],
      ],
    ),
    activity: (moment) => clamp(0.04 + (0.15 + 0.35 * workingDay(moment)) * (0.5 + moment.drift(1, 240)) + 0.06 * moment.noise(2)),
    memoryActivity: steadyMemory,
  },
  {
    key: 'database',
    name: 'Database server',
    // Transactions all day, a report now and then, a buffer pool that takes most of the memory.
    ranges: ranges(
      [0.04, 0.85],
      [2_500, 11_000],
      [
        [40, 2_600],
        [60, 1_800],
        [600 * KB, 42 * MB],
        [900 * KB, 30 * MB],
      ],
      [
        [80 * KB, 8 * MB],
        [120 * KB, 14 * MB],
      ],
    ),
    activity: (moment) =>
      clamp(
        0.08 + 0.3 * workingDay(moment) * (0.4 + moment.drift(1, 90)) + (moment.drift(3, 600) > 0.85 ? 0.35 : 0) + 0.08 * moment.noise(2),
      ),
    memoryActivity: (moment) => clamp(0.75 + 0.2 * moment.drift(9, 3_600)),
  },
  {
    key: 'file-server',
    name: 'File server',
    // Copies of whole files: little processor, much disk and network.
    ranges: ranges(
      [0.01, 0.3],
      [200, 900],
      [
        [4, 500],
        [4, 380],
        [256 * KB, 90 * MB],
        [256 * KB, 60 * MB],
      ],
      [
        [128 * KB, 70 * MB],
        [128 * KB, 100 * MB],
      ],
    ),
    activity: (moment) =>
      clamp(0.03 + 0.6 * workingDay(moment) * (moment.drift(1, 45) > 0.6 ? moment.drift(2, 20) : 0.05) + 0.03 * moment.noise(2)),
    memoryActivity: steadyMemory,
  },
  {
    key: 'compile',
    name: 'Software build',
    // Builds of about eight minutes out of ten: all processors, then a rest.
    ranges: ranges(
      [0.01, 1],
      [300, 3_500],
      [
        [2, 700],
        [2, 900],
        [64 * KB, 35 * MB],
        [64 * KB, 50 * MB],
      ],
      [
        [1 * KB, 800 * KB],
        [1 * KB, 120 * KB],
      ],
    ),
    activity: (moment) => (inCycle(moment, 600) < 0.8 ? clamp(0.82 + 0.18 * moment.noise(1)) : 0.03 * moment.noise(1)),
    memoryActivity: (moment) => (inCycle(moment, 600) < 0.8 ? clamp(0.4 + 0.55 * moment.drift(9, 60)) : 0.1),
  },
  {
    key: 'media',
    name: 'Media player',
    // A film: steady decoding, a steady stream.
    ranges: ranges(
      [0.1, 0.4],
      [350, 700],
      [
        [0, 20],
        [0, 8],
        [0, 1 * MB],
        [0, 200 * KB],
      ],
      [
        [400 * KB, 1_600 * KB],
        [10 * KB, 60 * KB],
      ],
    ),
    activity: (moment) => clamp(0.4 + 0.25 * moment.drift(1, 12) + 0.1 * moment.noise(2)),
    memoryActivity: (moment) => clamp(0.4 + 0.2 * moment.drift(9, 300)),
  },
  {
    key: 'memory-hog',
    name: 'Memory load',
    // Takes more and more memory for twenty minutes, gives it back, begins again.
    ranges: ranges(
      [0.02, 0.35],
      [256, 12_288],
      [
        [0, 60],
        [0, 80],
        [0, 2 * MB],
        [0, 3 * MB],
      ],
      [NONE, NONE],
    ),
    activity: (moment) => clamp(0.2 + 0.5 * inCycle(moment, 1_200) + 0.1 * moment.noise(1)),
    memoryActivity: (moment) => inCycle(moment, 1_200),
  },
  {
    key: 'disk-benchmark',
    name: 'Disk benchmark',
    // Reads and writes of 8 KB as fast as the disk gives them.
    ranges: ranges(
      [0.05, 0.6],
      [120, 200],
      [
        [2_000, 24_000],
        [1_000, 12_000],
        [16 * MB, 190 * MB],
        [8 * MB, 95 * MB],
      ],
      [NONE, NONE],
    ),
    activity: (moment) => clamp(0.75 + 0.15 * moment.drift(1, 30) + 0.1 * moment.noise(2)),
    memoryActivity: () => 0.5,
  },
  {
    key: 'network-benchmark',
    name: 'Network benchmark',
    // One stream in and one out, at the rate of a 10 Gbit/s port at the most.
    ranges: ranges(
      [0.08, 0.7],
      [120, 220],
      [NONE, NONE, NONE, NONE],
      [
        [50 * MB, 1_150 * MB],
        [50 * MB, 1_150 * MB],
      ],
    ),
    activity: (moment) => clamp(0.7 + 0.2 * moment.drift(1, 30) + 0.1 * moment.noise(2)),
    memoryActivity: () => 0.5,
  },
]

const byKey: ReadonlyMap<string, Workload> = new Map(WORKLOADS.map((workload) => [workload.key, workload]))

export function findWorkload(key: string): Workload | undefined {
  return byKey.get(key)
}

/** The workload of that key, which must exist. */
export function workloadOf(key: string): Workload {
  const workload = byKey.get(key)
  invariant(workload !== undefined, `no workload ${key}`)
  return workload
}

/** What a workload asks for at a moment; every value lies within its documented range. */
export function workloadDemand(workload: Workload, moment: WorkloadMoment): WorkloadDemand {
  const active = clamp(workload.activity(moment))
  const between = ([low, high]: Range, part: number): number => low + (high - low) * part
  const { ranges: range } = workload
  return {
    cpu: between(range.cpu, active),
    memoryMb: between(range.memoryMb, clamp(workload.memoryActivity(moment))),
    readsPerSecond: between(range.readsPerSecond, active),
    writesPerSecond: between(range.writesPerSecond, active),
    readBytesPerSecond: between(range.readBytesPerSecond, active),
    writeBytesPerSecond: between(range.writeBytesPerSecond, active),
    receivedBytesPerSecond: between(range.receivedBytesPerSecond, active),
    sentBytesPerSecond: between(range.sentBytesPerSecond, active),
  }
}
