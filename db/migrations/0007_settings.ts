/**
 * What the settings of a virtual machine hold beyond the wizard's choices: SCSI controllers as such, the firmware's list of devices, checkpoint
 * and paging files, the delay of an automatic start.
 *
 * A machine of an older lab gets what it had without saying so: its files beside its configuration, the controllers that its drives name.
 */
const CHECKPOINT_TYPES = "'disabled', 'production', 'production-only', 'standard'"

export const SETTINGS = `
ALTER TABLE virtual_machine ADD COLUMN checkpoint_type TEXT NOT NULL DEFAULT 'production' CHECK (checkpoint_type IN (${CHECKPOINT_TYPES}));
ALTER TABLE virtual_machine ADD COLUMN checkpoint_path TEXT NOT NULL DEFAULT '';
ALTER TABLE virtual_machine ADD COLUMN automatic_checkpoints INTEGER NOT NULL DEFAULT 0 CHECK (automatic_checkpoints IN (0, 1));
ALTER TABLE virtual_machine ADD COLUMN smart_paging_path TEXT NOT NULL DEFAULT '';
ALTER TABLE virtual_machine ADD COLUMN start_delay_seconds INTEGER NOT NULL DEFAULT 0 CHECK (start_delay_seconds >= 0);
ALTER TABLE virtual_machine ADD COLUMN num_lock INTEGER NOT NULL DEFAULT 0 CHECK (num_lock IN (0, 1));
ALTER TABLE virtual_machine ADD COLUMN scsi_controllers INTEGER NOT NULL DEFAULT 1 CHECK (scsi_controllers BETWEEN 0 AND 4);
ALTER TABLE virtual_machine ADD COLUMN boot_devices TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(boot_devices) AND json_type(boot_devices) = 'array');

UPDATE virtual_machine SET checkpoint_path = configuration_path, smart_paging_path = configuration_path;
UPDATE virtual_machine SET scsi_controllers = max(1, min(4, coalesce(
  (SELECT max(controller_number) + 1 FROM drive WHERE drive.vm_id = virtual_machine.id AND drive.controller = 'scsi'), 1)));
`
