/**
 * The first tables of a lab. Never edited after it has shipped: later changes are later migrations.
 *
 * `place` is the order in which rows were first written; an explicit integer key, because VACUUM may renumber any other.
 * Foreign keys are checked at the end of the transaction and never change rows on their own.
 */
export const FIRST = `
CREATE TABLE lab (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE CHECK (id = 'lab'),
  name TEXT NOT NULL,
  seed INTEGER NOT NULL CHECK (seed BETWEEN -2147483648 AND 4294967295),
  start_time_ms INTEGER NOT NULL,
  tick INTEGER NOT NULL CHECK (tick BETWEEN 0 AND 9007199254740991),
  next_sequence INTEGER NOT NULL CHECK (next_sequence >= 1),
  next_record INTEGER NOT NULL CHECK (next_record >= 1)
) STRICT;

CREATE TABLE random_stream (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  position INTEGER NOT NULL CHECK (position >= 0)
) STRICT;

CREATE TABLE pending_event (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE CHECK (id = CAST(sequence AS TEXT)),
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  due_tick INTEGER NOT NULL CHECK (due_tick >= 0),
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  argument INTEGER NOT NULL
) STRICT;
CREATE INDEX pending_event_by_due ON pending_event (due_tick, sequence);

CREATE TABLE host (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  product_id TEXT NOT NULL,
  processor_model TEXT NOT NULL,
  processor_vendor TEXT NOT NULL CHECK (processor_vendor IN ('Intel', 'AMD')),
  sockets INTEGER NOT NULL CHECK (sockets >= 1),
  cores_per_socket INTEGER NOT NULL CHECK (cores_per_socket >= 1),
  threads_per_core INTEGER NOT NULL CHECK (threads_per_core >= 1),
  processor_mhz INTEGER NOT NULL CHECK (processor_mhz >= 1),
  memory_mb INTEGER NOT NULL CHECK (memory_mb >= 1),
  reserve_mb INTEGER NOT NULL CHECK (reserve_mb >= 0),
  slat INTEGER NOT NULL CHECK (slat IN (0, 1)),
  service_state TEXT NOT NULL CHECK (service_state IN ('running', 'starting', 'stopping', 'stopped')),
  virtual_machine_path TEXT NOT NULL,
  virtual_disk_path TEXT NOT NULL,
  optical_drives TEXT NOT NULL CHECK (json_valid(optical_drives) AND json_type(optical_drives) = 'array'),
  position INTEGER NOT NULL
) STRICT;

CREATE TABLE volume (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  host_id TEXT NOT NULL REFERENCES host (id) DEFERRABLE INITIALLY DEFERRED,
  letter TEXT NOT NULL CHECK (letter GLOB '[A-Z]'),
  label TEXT NOT NULL,
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  free_bytes INTEGER NOT NULL CHECK (free_bytes BETWEEN 0 AND size_bytes),
  read_bytes_per_second INTEGER NOT NULL CHECK (read_bytes_per_second > 0),
  write_bytes_per_second INTEGER NOT NULL CHECK (write_bytes_per_second > 0)
) STRICT;
CREATE UNIQUE INDEX volume_by_letter ON volume (host_id, letter);

CREATE TABLE host_file (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  host_id TEXT NOT NULL REFERENCES host (id) DEFERRABLE INITIALLY DEFERRED,
  path TEXT NOT NULL CHECK (path <> ''),
  kind TEXT NOT NULL CHECK (kind IN ('folder', 'vhd', 'vhdx', 'avhdx', 'iso', 'vfd', 'vmcx', 'vmrs', 'other')),
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  capacity_bytes INTEGER NOT NULL CHECK (capacity_bytes >= 0),
  disk_type TEXT CHECK (disk_type IN ('fixed', 'dynamic', 'differencing')),
  parent_path TEXT,
  guest_product_id TEXT,
  modified_tick INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX host_file_by_path ON host_file (host_id, path COLLATE NOCASE);

CREATE TABLE virtual_switch (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  host_id TEXT NOT NULL REFERENCES host (id) DEFERRABLE INITIALLY DEFERRED,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('external', 'internal', 'private')),
  notes TEXT NOT NULL,
  adapter_description TEXT
) STRICT;
CREATE INDEX virtual_switch_by_host ON virtual_switch (host_id);

CREATE TABLE virtual_machine (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  host_id TEXT NOT NULL REFERENCES host (id) DEFERRABLE INITIALLY DEFERRED,
  name TEXT NOT NULL,
  generation INTEGER NOT NULL CHECK (generation IN (1, 2)),
  configuration_version TEXT NOT NULL,
  created_tick INTEGER NOT NULL,
  notes TEXT NOT NULL,
  configuration_path TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('Off', 'Starting', 'Running', 'Pausing', 'Paused', 'Resuming', 'Saving', 'Saved', 'Stopping', 'Resetting')),
  critical TEXT CHECK (critical IN ('configuration-storage-lost', 'disk-space', 'storage-not-responding')),
  processor_count INTEGER NOT NULL CHECK (processor_count >= 1),
  startup_memory_mb INTEGER NOT NULL CHECK (startup_memory_mb >= 1),
  dynamic_memory INTEGER NOT NULL CHECK (dynamic_memory IN (0, 1)),
  minimum_memory_mb INTEGER NOT NULL CHECK (minimum_memory_mb >= 0),
  maximum_memory_mb INTEGER NOT NULL CHECK (maximum_memory_mb >= 0),
  memory_buffer INTEGER NOT NULL CHECK (memory_buffer BETWEEN 5 AND 2000),
  memory_weight INTEGER NOT NULL CHECK (memory_weight BETWEEN 0 AND 10000),
  automatic_start TEXT NOT NULL CHECK (automatic_start IN ('nothing', 'if-running', 'always')),
  automatic_stop TEXT NOT NULL CHECK (automatic_stop IN ('save', 'turn-off', 'shut-down')),
  boot_order TEXT NOT NULL CHECK (json_valid(boot_order) AND json_type(boot_order) = 'array'),
  workload TEXT NOT NULL,
  assigned_memory_mb INTEGER NOT NULL CHECK (assigned_memory_mb >= 0),
  started_tick INTEGER,
  saved_state_mb INTEGER NOT NULL CHECK (saved_state_mb >= 0),
  current_checkpoint_id TEXT REFERENCES checkpoint (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX virtual_machine_by_host ON virtual_machine (host_id);
CREATE INDEX virtual_machine_by_checkpoint ON virtual_machine (current_checkpoint_id) WHERE current_checkpoint_id IS NOT NULL;

CREATE TABLE network_adapter (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  vm_id TEXT NOT NULL REFERENCES virtual_machine (id) DEFERRABLE INITIALLY DEFERRED,
  kind TEXT NOT NULL CHECK (kind IN ('synthetic', 'legacy')),
  position INTEGER NOT NULL,
  switch_id TEXT REFERENCES virtual_switch (id) DEFERRABLE INITIALLY DEFERRED,
  mac_address TEXT NOT NULL CHECK (length(mac_address) IN (0, 12) AND mac_address NOT GLOB '*[^0-9A-Fa-f]*'),
  dynamic_mac INTEGER NOT NULL CHECK (dynamic_mac IN (0, 1))
) STRICT;
CREATE INDEX network_adapter_by_vm ON network_adapter (vm_id);
CREATE INDEX network_adapter_by_switch ON network_adapter (switch_id) WHERE switch_id IS NOT NULL;

CREATE TABLE drive (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  vm_id TEXT NOT NULL REFERENCES virtual_machine (id) DEFERRABLE INITIALLY DEFERRED,
  kind TEXT NOT NULL CHECK (kind IN ('hard-disk', 'dvd', 'floppy')),
  controller TEXT NOT NULL CHECK (controller IN ('ide', 'scsi', 'floppy')),
  controller_number INTEGER NOT NULL CHECK (controller_number >= 0),
  location INTEGER NOT NULL CHECK (location >= 0),
  path TEXT
) STRICT;
CREATE INDEX drive_by_vm ON drive (vm_id);

CREATE TABLE checkpoint (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  vm_id TEXT NOT NULL REFERENCES virtual_machine (id) DEFERRABLE INITIALLY DEFERRED,
  parent_id TEXT REFERENCES checkpoint (id) DEFERRABLE INITIALLY DEFERRED,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('standard', 'production', 'automatic')),
  created_tick INTEGER NOT NULL
) STRICT;
CREATE INDEX checkpoint_by_vm ON checkpoint (vm_id);
CREATE INDEX checkpoint_by_parent ON checkpoint (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE guest (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE REFERENCES virtual_machine (id) DEFERRABLE INITIALLY DEFERRED,
  product_id TEXT,
  phase TEXT NOT NULL,
  phase_tick INTEGER NOT NULL,
  phase_ticks INTEGER CHECK (phase_ticks >= 0),
  event_id TEXT,
  frozen_after INTEGER CHECK (frozen_after >= 0),
  boot_source TEXT,
  boot_step INTEGER NOT NULL CHECK (boot_step >= 0),
  stage TEXT NOT NULL CHECK (stage IN ('normal', 'setup', 'first-boot')),
  user TEXT,
  input TEXT NOT NULL,
  lines TEXT NOT NULL CHECK (json_valid(lines) AND json_type(lines) = 'array'),
  stop_code TEXT
) STRICT;

CREATE TABLE job (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('create', 'start', 'restore', 'turn-off', 'shut-down', 'save', 'pause', 'resume', 'reset', 'delete', 'delete-saved-state', 'start-service', 'stop-service')),
  host_id TEXT NOT NULL REFERENCES host (id) DEFERRABLE INITIALLY DEFERRED,
  vm_id TEXT,
  status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
  percent INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100),
  step INTEGER NOT NULL CHECK (step >= 0),
  started_tick INTEGER NOT NULL,
  finished_tick INTEGER,
  refusal TEXT CHECK (json_valid(refusal)),
  input TEXT CHECK (json_valid(input))
) STRICT;
CREATE INDEX job_by_host ON job (host_id);

CREATE TABLE log_record (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  host_id TEXT NOT NULL REFERENCES host (id) DEFERRABLE INITIALLY DEFERRED,
  record INTEGER NOT NULL,
  tick INTEGER NOT NULL,
  channel TEXT NOT NULL,
  source TEXT NOT NULL,
  event_id INTEGER NOT NULL CHECK (event_id BETWEEN 0 AND 65535),
  level TEXT NOT NULL CHECK (level IN ('Information', 'Warning', 'Error')),
  vm_id TEXT,
  text TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX log_record_by_record ON log_record (host_id, record);

CREATE TABLE preference (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  value TEXT NOT NULL
) STRICT;
`
