/** Faults that were injected into a lab, rules that bring them by chance, and how long jobs take. An older lab has none of them. */
export const FAULTS = `
CREATE TABLE fault (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  host_id TEXT NOT NULL REFERENCES host (id) DEFERRABLE INITIALLY DEFERRED,
  kind TEXT NOT NULL CHECK (kind IN ('guest-crash', 'guest-hang', 'lost-interrupt', 'full-ring', 'provider-stopped', 'disk-error', 'volume-lost', 'volume-full', 'power-loss')),
  vm_id TEXT,
  volume_id TEXT REFERENCES volume (id) DEFERRABLE INITIALLY DEFERRED,
  device TEXT,
  state TEXT NOT NULL CHECK (state IN ('active', 'ended', 'rule')),
  injected_tick INTEGER NOT NULL CHECK (injected_tick >= 0),
  ended_tick INTEGER,
  rule_id TEXT,
  job_kind TEXT,
  probability_ppm INTEGER CHECK (probability_ppm BETWEEN 1 AND 1000000),
  after_ticks INTEGER CHECK (after_ticks >= 0),
  detail TEXT CHECK (detail IS NULL OR json_valid(detail)),
  CHECK ((state = 'ended') = (ended_tick IS NOT NULL)),
  CHECK (state <> 'rule' OR (job_kind IS NOT NULL AND probability_ppm IS NOT NULL AND after_ticks IS NOT NULL))
) STRICT;
CREATE INDEX fault_by_host ON fault (host_id);
CREATE INDEX fault_by_volume ON fault (volume_id);

CREATE TABLE job_timing (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  factor_percent INTEGER NOT NULL CHECK (factor_percent BETWEEN 1 AND 100000),
  extra_ticks INTEGER NOT NULL CHECK (extra_ticks >= 0),
  jitter_ticks INTEGER NOT NULL CHECK (jitter_ticks >= 0)
) STRICT;
`
