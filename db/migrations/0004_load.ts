/**
 * How virtual processors share the host: weight, reserve and limit of each machine, with the product's defaults for machines that were made
 * before (relative weight 100, no reserve, the whole of its processors). What dynamic memory has moved, and the history of counters.
 */
export const LOAD = `
ALTER TABLE virtual_machine ADD COLUMN processor_weight INTEGER NOT NULL DEFAULT 100 CHECK (processor_weight BETWEEN 1 AND 10000);
ALTER TABLE virtual_machine ADD COLUMN processor_reserve INTEGER NOT NULL DEFAULT 0 CHECK (processor_reserve BETWEEN 0 AND 100);
ALTER TABLE virtual_machine ADD COLUMN processor_limit INTEGER NOT NULL DEFAULT 100 CHECK (processor_limit BETWEEN 1 AND 100);

CREATE TABLE dynamic_memory (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE REFERENCES virtual_machine (id) DEFERRABLE INITIALLY DEFERRED,
  ballooned_mb INTEGER NOT NULL CHECK (ballooned_mb >= 0),
  added_mb INTEGER NOT NULL CHECK (added_mb >= 0),
  removed_mb INTEGER NOT NULL CHECK (removed_mb >= 0),
  add_operations INTEGER NOT NULL CHECK (add_operations >= 0),
  remove_operations INTEGER NOT NULL CHECK (remove_operations >= 0),
  smart_paging_mb INTEGER NOT NULL CHECK (smart_paging_mb >= 0)
) STRICT;

CREATE TABLE counter_watch (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  host_id TEXT NOT NULL REFERENCES host (id) DEFERRABLE INITIALLY DEFERRED,
  object TEXT NOT NULL,
  subject TEXT NOT NULL
) STRICT;
CREATE INDEX counter_watch_by_host ON counter_watch (host_id);

CREATE TABLE counter_sample (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  host_id TEXT NOT NULL REFERENCES host (id) DEFERRABLE INITIALLY DEFERRED,
  object TEXT NOT NULL,
  subject TEXT NOT NULL,
  second INTEGER NOT NULL,
  figures TEXT NOT NULL CHECK (json_valid(figures) AND json_type(figures) = 'object')
) STRICT;
CREATE INDEX counter_sample_by_host ON counter_sample (host_id);
`
