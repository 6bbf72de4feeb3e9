/**
 * What a checkpoint holds, and the jobs that take, apply, delete and merge.
 *
 * A checkpoint of an older lab had nothing but its name. It gets the devices that its machine has now, with the disk files that it froze: one
 * file further down the chain for each checkpoint between it and *Now*. None of them had a saved state.
 */
const JOB_KINDS =
  "'create', 'start', 'restore', 'turn-off', 'shut-down', 'save', 'pause', 'resume', 'reset', 'delete', 'delete-saved-state', " +
  "'start-service', 'stop-service', 'checkpoint', 'apply-checkpoint', 'delete-checkpoint', 'merge', 'disk'"

export const CHECKPOINTS = `
CREATE TABLE checkpoint_item (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  checkpoint_id TEXT NOT NULL REFERENCES checkpoint (id) DEFERRABLE INITIALLY DEFERRED,
  table_name TEXT NOT NULL,
  content TEXT NOT NULL CHECK (json_valid(content) AND json_type(content) = 'object')
) STRICT;
CREATE INDEX checkpoint_item_by_checkpoint ON checkpoint_item (checkpoint_id);

INSERT INTO checkpoint_item (id, checkpoint_id, table_name, content)
SELECT c.id || '/virtual_machine/' || c.vm_id, c.id, 'virtual_machine', json_object('id', c.vm_id, 'savedStateMb', 0)
FROM checkpoint c ORDER BY c.place;

INSERT INTO checkpoint_item (id, checkpoint_id, table_name, content)
SELECT c.id || '/network_adapter/' || a.id, c.id, 'network_adapter', json_object('id', a.id, 'vmId', a.vm_id, 'kind', a.kind,
  'position', a.position, 'switchId', a.switch_id, 'macAddress', a.mac_address,
  'dynamicMac', json(CASE a.dynamic_mac WHEN 1 THEN 'true' ELSE 'false' END))
FROM checkpoint c JOIN network_adapter a ON a.vm_id = c.vm_id ORDER BY c.place, a.place;

WITH RECURSIVE frozen (checkpoint_id, drive_id, path) AS (
  SELECT v.current_checkpoint_id, d.id, f.parent_path
  FROM virtual_machine v JOIN drive d ON d.vm_id = v.id
  JOIN host_file f ON f.host_id = v.host_id AND f.path = d.path COLLATE NOCASE
  WHERE v.current_checkpoint_id IS NOT NULL AND f.kind = 'avhdx' AND f.parent_path IS NOT NULL
  UNION ALL
  SELECT c.parent_id, frozen.drive_id, f.parent_path
  FROM frozen JOIN checkpoint c ON c.id = frozen.checkpoint_id JOIN virtual_machine v ON v.id = c.vm_id
  JOIN host_file f ON f.host_id = v.host_id AND f.path = frozen.path COLLATE NOCASE
  WHERE c.parent_id IS NOT NULL AND f.parent_path IS NOT NULL
)
INSERT INTO checkpoint_item (id, checkpoint_id, table_name, content)
SELECT c.id || '/drive/' || d.id, c.id, 'drive', json_object('id', d.id, 'vmId', d.vm_id, 'kind', d.kind, 'controller', d.controller,
  'controllerNumber', d.controller_number, 'location', d.location, 'path', coalesce(frozen.path, d.path))
FROM checkpoint c JOIN drive d ON d.vm_id = c.vm_id
LEFT JOIN frozen ON frozen.checkpoint_id = c.id AND frozen.drive_id = d.id ORDER BY c.place, d.place;

CREATE TABLE job_new (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN (${JOB_KINDS})),
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
INSERT INTO job_new SELECT place, id, kind, host_id, vm_id, status, percent, step, started_tick, finished_tick, refusal, input FROM job;
DROP TABLE job;
ALTER TABLE job_new RENAME TO job;
CREATE INDEX job_by_host ON job (host_id);
`
