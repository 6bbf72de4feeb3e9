/**
 * The state of a lab: its tables, their indexes, its clock, its pending events and its chance.
 *
 * The world knows nothing of commands; modules of the engine are given the world and change rows in it. `takeChanges` hands the service
 * what one command (or one step of time) has changed.
 */
import { EventQueue } from './kernel/events.ts'
import { Random } from './kernel/random.ts'
import { invariant } from './kernel/result.ts'
import { type ChangeLog, Table } from './kernel/table.ts'
import { LAST_TICK, type Tick } from './kernel/ticks.ts'
import { Machines } from './machine/machines.ts'
import { type LabRow, type RowTypes, TABLE_NAMES, type TableName, type VirtualMachineRow } from './rows.ts'

export type Tables = { readonly [Name in TableName]: Table<RowTypes[Name]> }

/** All rows of a lab, as they are loaded. A missing table is empty. */
export type LabRows = { readonly [Name in TableName]?: Iterable<RowTypes[Name]> }

/** Tables that change as time passes although nothing happens. They are written with the clock, or with what does happen. */
const WITH_THE_CLOCK: ReadonlySet<string> = new Set<TableName>(['lab', 'pending_event', 'counter_sample'])

export class World {
  readonly tables: Tables
  readonly events: EventQueue
  readonly random: Random
  readonly by: ReturnType<typeof buildIndexes>
  readonly usage: HostUsage
  /** Hypervisor, bus and device pairs of the machines that are on. */
  readonly machines: Machines
  #runningJobs = 0
  #now: Tick
  #nextRecord: number
  #changes: ChangeLog = new Map()

  constructor(rows: LabRows) {
    this.tables = buildTables((name) => this.#changedIn(name))
    for (const name of TABLE_NAMES) fill(this.tables, rows, name)
    this.by = buildIndexes(this.tables)
    this.usage = new HostUsage(this.tables.virtual_machine)
    this.tables.job.observe((before, after) => {
      this.#runningJobs += Number(after?.status === 'running') - Number(before?.status === 'running')
    })
    const lab = this.lab
    this.#now = lab.tick
    this.#nextRecord = lab.nextRecord
    this.events = new EventQueue(this.tables.pending_event)
    this.events.reserveSequence(lab.nextSequence)
    this.random = new Random(lab.seed, { take: (stream) => this.#takePosition(stream) })
    this.machines = new Machines(this)
    this.#changes = new Map()
  }

  get now(): Tick {
    return this.#now
  }

  get lab(): LabRow {
    return this.tables.lab.require('lab')
  }

  get runningJobs(): number {
    return this.#runningJobs
  }

  /** Moves the clock forward; never back. */
  setNow(tick: Tick): void {
    invariant(Number.isSafeInteger(tick) && tick >= this.#now && tick <= LAST_TICK, `clock moved from ${this.#now} to ${tick}`)
    this.#now = tick
  }

  /** The next number of a named count, 0 first; kept with the random streams. */
  takeNumber(name: string): number {
    return this.#takePosition(name)
  }

  /** The next number of a job or log record: ascending, never used twice. */
  takeRecordNumber(): number {
    return this.#nextRecord++
  }

  /** Whether rows changed since the changes were last taken; the clock, and what comes again every few seconds with it, do not count. */
  get hasChanges(): boolean {
    for (const [name, ids] of this.#changes) if (ids.size > 0 && !WITH_THE_CLOCK.has(name)) return true
    return false
  }

  /** What changed since the last call. The lab row carries the clock and is included whenever anything moved. */
  takeChanges(): ChangeLog {
    const lab = this.lab
    if (lab.tick !== this.#now || lab.nextSequence !== this.events.nextSequence || lab.nextRecord !== this.#nextRecord) {
      this.tables.lab.put({ ...lab, tick: this.#now, nextSequence: this.events.nextSequence, nextRecord: this.#nextRecord })
    }
    const changes = this.#changes
    this.#changes = new Map()
    return changes
  }

  #changedIn(name: TableName): Set<string> {
    const known = this.#changes.get(name)
    if (known) return known
    const fresh = new Set<string>()
    this.#changes.set(name, fresh)
    return fresh
  }

  #takePosition(stream: string): number {
    const position = this.tables.random_stream.get(stream)?.position ?? 0
    this.tables.random_stream.put({ id: stream, position: position + 1 })
    return position
  }
}

/** Running sums over a host's machines, kept as rows change: asking them must not cost a walk over 8,000 machines. */
export class HostUsage {
  readonly #memoryMb = new Map<string, number>()
  readonly #partitions = new Map<string, number>()

  constructor(machines: Table<VirtualMachineRow>) {
    machines.observe((before, after) => {
      if (before) this.#add(before.hostId, -before.assignedMemoryMb)
      if (after) this.#add(after.hostId, after.assignedMemoryMb)
    })
  }

  /** Memory assigned to partitions, MB. */
  memoryMb(hostId: string): number {
    return this.#memoryMb.get(hostId) ?? 0
  }

  partitions(hostId: string): number {
    return this.#partitions.get(hostId) ?? 0
  }

  #add(hostId: string, memoryMb: number): void {
    if (memoryMb === 0) return
    this.#memoryMb.set(hostId, this.memoryMb(hostId) + memoryMb)
    this.#partitions.set(hostId, this.partitions(hostId) + Math.sign(memoryMb))
  }
}

function buildTables(changedIn: (name: TableName) => Set<string>): Tables {
  const table = <Name extends TableName>(name: Name): Table<RowTypes[Name]> => new Table<RowTypes[Name]>(name, () => changedIn(name))
  return {
    lab: table('lab'),
    random_stream: table('random_stream'),
    pending_event: table('pending_event'),
    host: table('host'),
    volume: table('volume'),
    host_file: table('host_file'),
    virtual_switch: table('virtual_switch'),
    virtual_machine: table('virtual_machine'),
    network_adapter: table('network_adapter'),
    drive: table('drive'),
    checkpoint: table('checkpoint'),
    checkpoint_item: table('checkpoint_item'),
    guest: table('guest'),
    partition: table('partition'),
    virtual_processor: table('virtual_processor'),
    vmbus_channel: table('vmbus_channel'),
    saved_stack: table('saved_stack'),
    job: table('job'),
    log_record: table('log_record'),
    preference: table('preference'),
    fault: table('fault'),
    job_timing: table('job_timing'),
    dynamic_memory: table('dynamic_memory'),
    counter_watch: table('counter_watch'),
    counter_sample: table('counter_sample'),
    file_work: table('file_work'),
    made_file: table('made_file'),
    disk_layout: table('disk_layout'),
  }
}

function fill<Name extends TableName>(tables: Tables, rows: LabRows, name: Name): void {
  const table: Table<RowTypes[Name]> = tables[name]
  const given: Iterable<RowTypes[Name]> = rows[name] ?? []
  for (const row of given) table.put(row)
}

/** Indexes that the engine and the service ask most. */
function buildIndexes(tables: Tables) {
  return {
    vmsOfHost: tables.virtual_machine.index((row) => row.hostId),
    adaptersOfVm: tables.network_adapter.index((row) => row.vmId),
    adaptersOfMac: tables.network_adapter.index((row) => (row.macAddress === '' ? null : row.macAddress)),
    drivesOfVm: tables.drive.index((row) => row.vmId),
    drivesOfPath: tables.drive.index((row) => row.path?.toLowerCase() ?? null),
    processorsOfPartition: tables.virtual_processor.index((row) => row.partitionId),
    channelsOfPartition: tables.vmbus_channel.index((row) => row.partitionId),
    partitionsOfHost: tables.partition.index((row) => row.hostId),
    checkpointsOfVm: tables.checkpoint.index((row) => row.vmId),
    itemsOfCheckpoint: tables.checkpoint_item.index((row) => row.checkpointId),
    switchesOfHost: tables.virtual_switch.index((row) => row.hostId),
    volumesOfHost: tables.volume.index((row) => row.hostId),
    filesOfPath: tables.host_file.index((row) => `${row.hostId}|${row.path.toLowerCase()}`),
    filesOfFolder: tables.host_file.index((row) => `${row.hostId}|${folderOf(row.path).toLowerCase()}`),
    filesOfParent: tables.host_file.index((row) => (row.parentPath === null ? null : `${row.hostId}|${row.parentPath.toLowerCase()}`)),
    // Merging goes on in the background: it is not what a machine is doing.
    runningJobOfVm: tables.job.index((row) => (row.status === 'running' && row.kind !== 'merge' ? row.vmId : null)),
    mergeOfVm: tables.job.index((row) => (row.status === 'running' && row.kind === 'merge' ? row.vmId : null)),
    runningJobOfHost: tables.job.index((row) => (row.status === 'running' ? row.hostId : null)),
    eventsOfTarget: tables.pending_event.index((row) => row.target),
    logOfHost: tables.log_record.index((row) => row.hostId),
    faultsOfHost: tables.fault.index((row) => row.hostId),
    activeFaultsOfHost: tables.fault.index((row) => (row.state === 'active' ? row.hostId : null)),
    faultRulesOfJob: tables.fault.index((row) => (row.state === 'rule' ? `${row.hostId}|${row.jobKind}` : null)),
    watchesOfHost: tables.counter_watch.index((row) => row.hostId),
  }
}

/** The folder part of a Windows path, without a closing backslash except at a drive's root. */
export function folderOf(path: string): string {
  const cut = path.lastIndexOf('\\')
  if (cut < 0) return ''
  return cut === 2 ? path.slice(0, 3) : path.slice(0, cut)
}
