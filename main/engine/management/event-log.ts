/**
 * The simulated Windows event log: which record the management service and the worker process write for what happened.
 *
 * Numbers and patterns: hyper-v-manager 11.3. Records are bounded per host; the oldest go first.
 */
import type { LogRecordRow } from '../rows.ts'
import type { World } from '../world.ts'

const VMMS = { channel: 'Microsoft-Windows-Hyper-V-VMMS-Admin', source: 'Hyper-V-VMMS' }
const WORKER = { channel: 'Microsoft-Windows-Hyper-V-Worker-Admin', source: 'Hyper-V-Worker' }
const CHIPSET = { channel: 'Microsoft-Windows-Hyper-V-Worker-Admin', source: 'Hyper-V-Chipset' }
const HYPERVISOR = { channel: 'System', source: 'Hyper-V-Hypervisor' }
const STORAGE = { channel: 'Microsoft-Windows-Hyper-V-Worker-Admin', source: 'Hyper-V-SynthStor' }

type Level = LogRecordRow['level']

interface RecordKind {
  readonly channel: string
  readonly source: string
  readonly eventId: number
  readonly level: Level
  /** `%1` is the virtual machine's name, `%2` and `%3` what the caller adds. */
  readonly text: string
}

function kind(log: { channel: string; source: string }, eventId: number, level: Level, text: string): RecordKind {
  return { ...log, eventId, level, text }
}

export const RECORDS = {
  created: kind(VMMS, 13002, 'Information', "A new virtual machine '%1' was created."),
  realized: kind(VMMS, 18304, 'Information', "The virtual machine '%1' was realized."),
  deleted: kind(VMMS, 13003, 'Information', "The virtual machine '%1' was deleted."),
  serviceStarted: kind(VMMS, 14094, 'Information', 'Virtual Machine Management service is started successfully.'),
  serviceStopped: kind(VMMS, 14092, 'Information', 'Virtual Machine Management service is stopped.'),
  hypervisorStarted: kind(HYPERVISOR, 1, 'Information', 'Hypervisor successfully started.'),
  failedToStart: kind(VMMS, 15130, 'Error', "'%1' failed to start."),
  failedToShutDown: kind(VMMS, 15140, 'Error', "'%1' failed to shut down."),
  notEnoughMemory: kind(
    VMMS,
    19544,
    'Error',
    "Failed to start the virtual machine '%1' which required %2 MB because only %3 MB was available.",
  ),
  configurationLost: kind(VMMS, 16410, 'Error', "The virtual machine configuration of '%1' is no longer accessible: %2"),
  outOfSpace: kind(VMMS, 16060, 'Error', "'%1' has been paused because it has run out of disk space on '%2'."),
  jobRolledBack: kind(VMMS, 16010, 'Error', "The operation '%2' on '%1' was cancelled and rolled back."),
  checkpointFailed: kind(VMMS, 18012, 'Error', "Checkpoint operation for '%1' failed."),
  mergeStarted: kind(VMMS, 19070, 'Information', "'%1' background disk merge has been started."),
  mergeFinished: kind(VMMS, 19080, 'Information', "'%1' background disk merge has been finished successfully."),
  mergeInterrupted: kind(VMMS, 19090, 'Warning', "'%1' background disk merge has been interrupted."),
  mergeFailed: kind(VMMS, 19100, 'Error', "'%1' background disk merge failed to complete: %2"),
  started: kind(WORKER, 18500, 'Information', "'%1' started successfully."),
  turnedOff: kind(WORKER, 18502, 'Information', "'%1' was turned off."),
  shutDownByService: kind(WORKER, 18504, 'Information', "'%1' was shut down using the Shutdown Integration Component."),
  shutDownByGuest: kind(WORKER, 18508, 'Information', "'%1' was shut down by the guest operating system."),
  saved: kind(WORKER, 18510, 'Information', "'%1' saved successfully."),
  reset: kind(WORKER, 18512, 'Information', "'%1' was reset."),
  resetByGuest: kind(WORKER, 18514, 'Information', "'%1' was reset by the guest operating system."),
  paused: kind(WORKER, 18516, 'Information', "'%1' was paused."),
  pausedCritical: kind(WORKER, 18524, 'Error', "'%1' was paused for critical error."),
  resumed: kind(WORKER, 18518, 'Information', "'%1' was resumed."),
  restored: kind(WORKER, 18596, 'Information', "'%1' was restored successfully."),
  crashed: kind(
    WORKER,
    18590,
    'Error',
    "'%1' has encountered a fatal error. The guest operating system reported that it failed with the following error codes: %2.",
  ),
  booted: kind(CHIPSET, 18601, 'Information', "'%1' successfully booted an operating system."),
  attachmentNotFound: kind(STORAGE, 12240, 'Error', "'%1': Attachment '%2' not found."),
  attachmentInUse: kind(
    STORAGE,
    12140,
    'Error',
    "'%1': Failed to open attachment '%2'. The process cannot access the file because it is being used by another process.",
  ),
} as const satisfies Record<string, RecordKind>

export type RecordName = keyof typeof RECORDS

/** Records kept per host. */
export const LOG_RECORDS_MAX = 5000

/** Writes a record about a virtual machine or, with `vm` null, about the host. */
export function writeRecord(
  world: World,
  hostId: string,
  name: RecordName,
  vm: { readonly id: string; readonly name: string } | null,
  second = '',
  third = '',
): void {
  const of: RecordKind = RECORDS[name]
  const record = world.takeRecordNumber()
  const text = of.text
    .replace('%1', vm?.name ?? '')
    .replace('%2', second)
    .replace('%3', third)
  world.tables.log_record.put({
    id: String(record),
    hostId,
    record,
    tick: world.now,
    channel: of.channel,
    source: of.source,
    eventId: of.eventId,
    level: of.level,
    vmId: vm?.id ?? null,
    text: vm ? `${text} (Virtual machine ID ${vm.id})` : text,
  })
  if (world.by.logOfHost.count(hostId) > LOG_RECORDS_MAX) dropOldest(world, hostId)
}

function dropOldest(world: World, hostId: string): void {
  const oldest = world.by.logOfHost.first(hostId)
  if (oldest) world.tables.log_record.delete(oldest.id)
}
