/**
 * How virtual processors share the host: weight, reserve and limit of each machine, with the product's defaults for machines that were made
 * before (relative weight 100, no reserve, the whole of its processors).
 */
export const LOAD = `
ALTER TABLE virtual_machine ADD COLUMN processor_weight INTEGER NOT NULL DEFAULT 100 CHECK (processor_weight BETWEEN 1 AND 10000);
ALTER TABLE virtual_machine ADD COLUMN processor_reserve INTEGER NOT NULL DEFAULT 0 CHECK (processor_reserve BETWEEN 0 AND 100);
ALTER TABLE virtual_machine ADD COLUMN processor_limit INTEGER NOT NULL DEFAULT 100 CHECK (processor_limit BETWEEN 1 AND 100);
`
