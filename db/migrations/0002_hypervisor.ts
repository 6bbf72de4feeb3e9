/**
 * The hypervisor's side of machines that are on: partitions, virtual processors, VMBus channels, and what a saved machine's stack was.
 *
 * Machines that were on in an older lab get their rows when the lab is next opened and they are touched; nothing has to be filled in here.
 */
export const HYPERVISOR = `
CREATE TABLE partition (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  host_id TEXT NOT NULL REFERENCES host (id) DEFERRABLE INITIALLY DEFERRED,
  vm_id TEXT UNIQUE REFERENCES virtual_machine (id) DEFERRABLE INITIALLY DEFERRED,
  number INTEGER NOT NULL CHECK (number >= 1),
  parent_number INTEGER NOT NULL CHECK (parent_number >= 0),
  state TEXT NOT NULL,
  processor_count INTEGER NOT NULL CHECK (processor_count >= 1),
  memory_mb INTEGER NOT NULL CHECK (memory_mb >= 0),
  guest_os_id TEXT NOT NULL,
  vmbus_version TEXT,
  suspended INTEGER NOT NULL CHECK (suspended IN (0, 1)),
  created_tick INTEGER NOT NULL
) STRICT;
CREATE INDEX partition_by_host ON partition (host_id);

CREATE TABLE virtual_processor (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  partition_id TEXT NOT NULL REFERENCES partition (id) DEFERRABLE INITIALLY DEFERRED,
  number INTEGER NOT NULL CHECK (number >= 0),
  started INTEGER NOT NULL CHECK (started IN (0, 1)),
  synic_enabled INTEGER NOT NULL CHECK (synic_enabled IN (0, 1))
) STRICT;
CREATE INDEX virtual_processor_by_partition ON virtual_processor (partition_id);

CREATE TABLE vmbus_channel (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  partition_id TEXT NOT NULL REFERENCES partition (id) DEFERRABLE INITIALLY DEFERRED,
  number INTEGER NOT NULL CHECK (number >= 0),
  class_name TEXT NOT NULL,
  instance_id TEXT NOT NULL,
  subchannel INTEGER NOT NULL CHECK (subchannel >= 0),
  state TEXT NOT NULL,
  guest_to_host_bytes INTEGER NOT NULL CHECK (guest_to_host_bytes >= 0),
  host_to_guest_bytes INTEGER NOT NULL CHECK (host_to_guest_bytes >= 0),
  protocol_version TEXT,
  target_processor INTEGER
) STRICT;
CREATE INDEX vmbus_channel_by_partition ON vmbus_channel (partition_id);

CREATE TABLE saved_stack (
  place INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE REFERENCES virtual_machine (id) DEFERRABLE INITIALLY DEFERRED,
  stack TEXT NOT NULL CHECK (json_valid(stack))
) STRICT;
`
