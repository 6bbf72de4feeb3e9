/**
 * The tables of a lab as drizzle definitions: snake_case columns in the file, the engine's property names in memory.
 *
 * Every table has one column that the rows do not have: `place`, the order in which rows were first written. The engine's tables keep that
 * order, so a loaded lab iterates as the lab that was saved. The SQL of the same tables, with its CHECKs, stands in `db/migrations`.
 *
 * Foreign keys never act on their own (NO ACTION, checked at the end of the transaction): rows live in the engine's memory, and a database
 * that deletes or blanks rows by itself would silently differ from it. What may outlive its subject (jobs and log records of a deleted
 * virtual machine) has no foreign key.
 */
import type { Table as DrizzleTable } from 'drizzle-orm'
import { type AnySQLiteColumn, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { BootDevice, RowTypes, TableName } from '../../main/engine/rows.ts'
import { count, flag, id, place, words } from './columns.ts'

const hostId = () =>
  text('host_id')
    .notNull()
    .references(() => host.id)

const lab = sqliteTable('lab', {
  place: place(),
  id: text('id').$type<'lab'>().notNull().unique(),
  name: words('name'),
  seed: count('seed'),
  startTimeMs: count('start_time_ms'),
  tick: count('tick'),
  nextSequence: count('next_sequence'),
  nextRecord: count('next_record'),
})

const randomStream = sqliteTable('random_stream', {
  place: place(),
  id: id(),
  position: count('position'),
})

const pendingEvent = sqliteTable('pending_event', {
  place: place(),
  id: id(),
  sequence: count('sequence'),
  dueTick: count('due_tick'),
  kind: words('kind'),
  target: words('target'),
  argument: count('argument'),
})

const host = sqliteTable('host', {
  place: place(),
  id: id(),
  name: words('name'),
  productId: words('product_id'),
  processorModel: words('processor_model'),
  processorVendor: text('processor_vendor', { enum: ['Intel', 'AMD'] }).notNull(),
  sockets: count('sockets'),
  coresPerSocket: count('cores_per_socket'),
  threadsPerCore: count('threads_per_core'),
  processorMhz: count('processor_mhz'),
  memoryMb: count('memory_mb'),
  reserveMb: count('reserve_mb'),
  slat: flag('slat'),
  serviceState: text('service_state', { enum: ['running', 'starting', 'stopping', 'stopped'] }).notNull(),
  virtualMachinePath: words('virtual_machine_path'),
  virtualDiskPath: words('virtual_disk_path'),
  opticalDrives: text('optical_drives', { mode: 'json' }).$type<readonly string[]>().notNull(),
  position: count('position'),
})

const volume = sqliteTable('volume', {
  place: place(),
  id: id(),
  hostId: hostId(),
  letter: words('letter'),
  label: words('label'),
  sizeBytes: count('size_bytes'),
  freeBytes: count('free_bytes'),
  readBytesPerSecond: count('read_bytes_per_second'),
  writeBytesPerSecond: count('write_bytes_per_second'),
})

const hostFile = sqliteTable('host_file', {
  place: place(),
  id: id(),
  hostId: hostId(),
  path: words('path'),
  kind: text('kind', { enum: ['folder', 'vhd', 'vhdx', 'avhdx', 'iso', 'vfd', 'vmcx', 'vmrs', 'other', 'vhds'] }).notNull(),
  sizeBytes: count('size_bytes'),
  capacityBytes: count('capacity_bytes'),
  diskType: text('disk_type', { enum: ['fixed', 'dynamic', 'differencing'] }),
  parentPath: text('parent_path'),
  guestProductId: text('guest_product_id'),
  modifiedTick: count('modified_tick'),
})

const virtualSwitch = sqliteTable('virtual_switch', {
  place: place(),
  id: id(),
  hostId: hostId(),
  name: words('name'),
  kind: text('kind', { enum: ['external', 'internal', 'private'] }).notNull(),
  notes: words('notes'),
  adapterDescription: text('adapter_description'),
})

const virtualMachine = sqliteTable('virtual_machine', {
  place: place(),
  id: id(),
  hostId: hostId(),
  name: words('name'),
  generation: integer('generation').$type<1 | 2>().notNull(),
  configurationVersion: words('configuration_version'),
  createdTick: count('created_tick'),
  notes: words('notes'),
  configurationPath: words('configuration_path'),
  state: text('state', {
    enum: ['Off', 'Starting', 'Running', 'Pausing', 'Paused', 'Resuming', 'Saving', 'Saved', 'Stopping', 'Resetting'],
  }).notNull(),
  critical: text('critical', { enum: ['configuration-storage-lost', 'disk-space', 'storage-not-responding'] }),
  processorCount: count('processor_count'),
  startupMemoryMb: count('startup_memory_mb'),
  dynamicMemory: flag('dynamic_memory'),
  minimumMemoryMb: count('minimum_memory_mb'),
  maximumMemoryMb: count('maximum_memory_mb'),
  memoryBuffer: count('memory_buffer'),
  memoryWeight: count('memory_weight'),
  automaticStart: text('automatic_start', { enum: ['nothing', 'if-running', 'always'] }).notNull(),
  automaticStop: text('automatic_stop', { enum: ['save', 'turn-off', 'shut-down'] }).notNull(),
  bootOrder: text('boot_order', { mode: 'json' }).$type<readonly BootDevice[]>().notNull(),
  workload: words('workload'),
  assignedMemoryMb: count('assigned_memory_mb'),
  startedTick: integer('started_tick'),
  savedStateMb: count('saved_state_mb'),
  currentCheckpointId: text('current_checkpoint_id').references((): AnySQLiteColumn => checkpoint.id),
  processorWeight: count('processor_weight'),
  processorReserve: count('processor_reserve'),
  processorLimit: count('processor_limit'),
  checkpointType: text('checkpoint_type', { enum: ['disabled', 'production', 'production-only', 'standard'] }).notNull(),
  checkpointPath: words('checkpoint_path'),
  automaticCheckpoints: flag('automatic_checkpoints'),
  smartPagingPath: words('smart_paging_path'),
  startDelaySeconds: count('start_delay_seconds'),
  numLock: flag('num_lock'),
  scsiControllers: count('scsi_controllers'),
  bootDevices: text('boot_devices', { mode: 'json' }).$type<readonly string[]>().notNull(),
})

const vmId = () =>
  text('vm_id')
    .notNull()
    .references(() => virtualMachine.id)

const networkAdapter = sqliteTable('network_adapter', {
  place: place(),
  id: id(),
  vmId: vmId(),
  kind: text('kind', { enum: ['synthetic', 'legacy'] }).notNull(),
  position: count('position'),
  switchId: text('switch_id').references(() => virtualSwitch.id),
  macAddress: words('mac_address'),
  dynamicMac: flag('dynamic_mac'),
})

const drive = sqliteTable('drive', {
  place: place(),
  id: id(),
  vmId: vmId(),
  kind: text('kind', { enum: ['hard-disk', 'dvd', 'floppy'] }).notNull(),
  controller: text('controller', { enum: ['ide', 'scsi', 'floppy'] }).notNull(),
  controllerNumber: count('controller_number'),
  location: count('location'),
  path: text('path'),
})

const checkpoint = sqliteTable('checkpoint', {
  place: place(),
  id: id(),
  vmId: vmId(),
  parentId: text('parent_id').references((): AnySQLiteColumn => checkpoint.id),
  name: words('name'),
  kind: text('kind', { enum: ['standard', 'production', 'automatic'] }).notNull(),
  createdTick: count('created_tick'),
})

const checkpointItem = sqliteTable('checkpoint_item', {
  place: place(),
  id: id(),
  checkpointId: words('checkpoint_id').references(() => checkpoint.id),
  tableName: words('table_name'),
  content: words('content'),
})

const guest = sqliteTable('guest', {
  place: place(),
  id: id().references(() => virtualMachine.id),
  productId: text('product_id'),
  phase: words('phase'),
  phaseTick: count('phase_tick'),
  phaseTicks: integer('phase_ticks'),
  eventId: text('event_id'),
  frozenAfter: integer('frozen_after'),
  bootSource: text('boot_source'),
  bootStep: count('boot_step'),
  stage: text('stage', { enum: ['normal', 'setup', 'first-boot'] }).notNull(),
  user: text('user'),
  input: words('input'),
  lines: words('lines'),
  stopCode: text('stop_code'),
})

const partition = sqliteTable('partition', {
  place: place(),
  id: id(),
  hostId: hostId(),
  vmId: text('vm_id')
    .unique()
    .references(() => virtualMachine.id),
  number: count('number'),
  parentNumber: count('parent_number'),
  state: words('state'),
  processorCount: count('processor_count'),
  memoryMb: count('memory_mb'),
  guestOsId: words('guest_os_id'),
  vmbusVersion: text('vmbus_version'),
  suspended: flag('suspended'),
  createdTick: count('created_tick'),
})

const partitionId = () => words('partition_id').references(() => partition.id)

const virtualProcessor = sqliteTable('virtual_processor', {
  place: place(),
  id: id(),
  partitionId: partitionId(),
  number: count('number'),
  started: flag('started'),
  synicEnabled: flag('synic_enabled'),
})

const vmbusChannel = sqliteTable('vmbus_channel', {
  place: place(),
  id: id(),
  partitionId: partitionId(),
  number: count('number'),
  className: words('class_name'),
  instanceId: words('instance_id'),
  subchannel: count('subchannel'),
  state: words('state'),
  guestToHostBytes: count('guest_to_host_bytes'),
  hostToGuestBytes: count('host_to_guest_bytes'),
  protocolVersion: text('protocol_version'),
  targetProcessor: integer('target_processor'),
})

const savedStack = sqliteTable('saved_stack', {
  place: place(),
  id: id().references(() => virtualMachine.id),
  stack: words('stack'),
})

const job = sqliteTable('job', {
  place: place(),
  id: id(),
  kind: text('kind', {
    enum: [
      'create',
      'start',
      'restore',
      'turn-off',
      'shut-down',
      'save',
      'pause',
      'resume',
      'reset',
      'delete',
      'delete-saved-state',
      'start-service',
      'stop-service',
      'checkpoint',
      'apply-checkpoint',
      'delete-checkpoint',
      'merge',
      'disk',
    ],
  }).notNull(),
  hostId: hostId(),
  vmId: text('vm_id'),
  status: text('status', { enum: ['running', 'completed', 'failed', 'cancelled'] }).notNull(),
  percent: count('percent'),
  step: count('step'),
  startedTick: count('started_tick'),
  finishedTick: integer('finished_tick'),
  refusal: text('refusal'),
  input: text('input'),
})

const logRecord = sqliteTable('log_record', {
  place: place(),
  id: id(),
  hostId: hostId(),
  record: count('record'),
  tick: count('tick'),
  channel: words('channel'),
  source: words('source'),
  eventId: count('event_id'),
  level: text('level', { enum: ['Information', 'Warning', 'Error'] }).notNull(),
  vmId: text('vm_id'),
  text: words('text'),
})

const preference = sqliteTable('preference', {
  place: place(),
  id: id(),
  value: words('value'),
})

const fault = sqliteTable('fault', {
  place: place(),
  id: id(),
  hostId: hostId(),
  kind: text('kind', {
    enum: [
      'guest-crash',
      'guest-hang',
      'lost-interrupt',
      'full-ring',
      'provider-stopped',
      'disk-error',
      'volume-lost',
      'volume-full',
      'power-loss',
    ],
  }).notNull(),
  vmId: text('vm_id'),
  volumeId: text('volume_id').references(() => volume.id),
  device: text('device'),
  state: text('state', { enum: ['active', 'ended', 'rule'] }).notNull(),
  injectedTick: count('injected_tick'),
  endedTick: integer('ended_tick'),
  ruleId: text('rule_id'),
  jobKind: text('job_kind'),
  probabilityPpm: integer('probability_ppm'),
  afterTicks: integer('after_ticks'),
  detail: text('detail'),
})

const jobTiming = sqliteTable('job_timing', {
  place: place(),
  id: id(),
  factorPercent: count('factor_percent'),
  extraTicks: count('extra_ticks'),
  jitterTicks: count('jitter_ticks'),
})

const dynamicMemory = sqliteTable('dynamic_memory', {
  place: place(),
  id: id().references(() => virtualMachine.id),
  balloonedMb: count('ballooned_mb'),
  addedMb: count('added_mb'),
  removedMb: count('removed_mb'),
  addOperations: count('add_operations'),
  removeOperations: count('remove_operations'),
  smartPagingMb: count('smart_paging_mb'),
})

const counterWatch = sqliteTable('counter_watch', {
  place: place(),
  id: id(),
  hostId: hostId(),
  object: words('object'),
  subject: words('subject'),
})

const counterSample = sqliteTable('counter_sample', {
  place: place(),
  id: id(),
  hostId: hostId(),
  object: words('object'),
  subject: words('subject'),
  second: count('second'),
  figures: words('figures'),
})

const fileWork = sqliteTable('file_work', {
  place: place(),
  id: id(),
  hostId: hostId(),
  kind: text('kind', { enum: ['sync', 'move', 'check', 'disk'] }).notNull(),
  path: words('path'),
  jobId: text('job_id'),
  toPath: text('to_path'),
})

const madeFile = sqliteTable('made_file', {
  place: place(),
  id: id(),
  realBytes: count('real_bytes'),
})

const diskLayout = sqliteTable('disk_layout', {
  place: place(),
  id: id(),
  partitionedBytes: count('partitioned_bytes'),
})

const tables = {
  lab,
  random_stream: randomStream,
  pending_event: pendingEvent,
  host,
  volume,
  host_file: hostFile,
  virtual_switch: virtualSwitch,
  virtual_machine: virtualMachine,
  network_adapter: networkAdapter,
  drive,
  checkpoint,
  checkpoint_item: checkpointItem,
  guest,
  partition,
  virtual_processor: virtualProcessor,
  vmbus_channel: vmbusChannel,
  saved_stack: savedStack,
  job,
  log_record: logRecord,
  preference,
  fault,
  job_timing: jobTiming,
  dynamic_memory: dynamicMemory,
  counter_watch: counterWatch,
  counter_sample: counterSample,
  file_work: fileWork,
  made_file: madeFile,
  disk_layout: diskLayout,
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Each table itself where its columns are exactly those of the engine's row type; otherwise a type that nothing can be assigned to. */
type Agreed<T extends { [Name in TableName]: DrizzleTable }> = {
  readonly [Name in TableName]: Same<Writable<Omit<T[Name]['$inferSelect'], 'place'>>, Writable<RowTypes[Name]>> extends true
    ? T[Name]
    : { columnsDifferFromTheRowTypeOf: Name }
}

/** The table definitions by name. Does not compile when a table and its row type in `main/engine/rows.ts` differ. */
export const SCHEMA: Agreed<typeof tables> = tables
