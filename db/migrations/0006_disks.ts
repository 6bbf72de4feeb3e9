/**
 * Virtual disks as real files: the work that is still to be done on them, which of them have been made, and what guests have partitioned.
 *
 * Files of an older lab count as not made yet; they are made when they are first touched. SQLite cannot change a CHECK, so the two tables whose
 * columns may hold another word are written anew.
 */
export const DISKS = `
CREATE TABLE file_work (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  host_id TEXT NOT NULL REFERENCES host (id) DEFERRABLE INITIALLY DEFERRED,
  kind TEXT NOT NULL CHECK (kind IN ('sync', 'move', 'check', 'disk')),
  path TEXT NOT NULL CHECK (path <> ''),
  job_id TEXT,
  to_path TEXT
) STRICT;
CREATE INDEX file_work_by_host ON file_work (host_id);

CREATE TABLE made_file (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  real_bytes INTEGER NOT NULL CHECK (real_bytes >= 0)
) STRICT;

CREATE TABLE disk_layout (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  partitioned_bytes INTEGER NOT NULL CHECK (partitioned_bytes >= 0)
) STRICT;

CREATE TABLE host_file_new (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  host_id TEXT NOT NULL REFERENCES host (id) DEFERRABLE INITIALLY DEFERRED,
  path TEXT NOT NULL CHECK (path <> ''),
  kind TEXT NOT NULL CHECK (kind IN ('folder', 'vhd', 'vhdx', 'avhdx', 'iso', 'vfd', 'vmcx', 'vmrs', 'other', 'vhds')),
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  capacity_bytes INTEGER NOT NULL CHECK (capacity_bytes >= 0),
  disk_type TEXT CHECK (disk_type IN ('fixed', 'dynamic', 'differencing')),
  parent_path TEXT,
  guest_product_id TEXT,
  modified_tick INTEGER NOT NULL
) STRICT;
INSERT INTO host_file_new SELECT * FROM host_file;
DROP TABLE host_file;
ALTER TABLE host_file_new RENAME TO host_file;
CREATE UNIQUE INDEX host_file_by_path ON host_file (host_id, path COLLATE NOCASE);

CREATE TABLE job_new (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('create', 'start', 'restore', 'turn-off', 'shut-down', 'save', 'pause', 'resume', 'reset', 'delete', 'delete-saved-state', 'start-service', 'stop-service', 'disk')),
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
INSERT INTO job_new SELECT * FROM job;
DROP TABLE job;
ALTER TABLE job_new RENAME TO job;
CREATE INDEX job_by_host ON job (host_id);
`
