/** A lab whose disks are real files: a service over the rows of `lab.ts`, kept in memory, with the keeper that a test brings. */

import type { ChangeLog } from '../engine/kernel/table.ts'
import type { FilePort } from '../engine/management/disks/file-port.ts'
import { type RowTypes, TABLE_NAMES, type TableName } from '../engine/rows.ts'
import type { LabRows, World } from '../engine/world.ts'
import { LabService, type LabStore } from '../service/lab-service.ts'

/** Holds what was committed, as a database would after a kill. */
export class CommittedRows implements LabStore {
  readonly folder = 'memory'
  readonly #tables = new Map<TableName, Map<string, unknown>>()

  constructor(rows: LabRows) {
    for (const name of TABLE_NAMES) this.#tables.set(name, new Map([...(rows[name] ?? [])].map((row) => [row.id, row])))
  }

  commit(world: World, changes: ChangeLog): void {
    for (const [name, ids] of changes) {
      const table = this.#tables.get(name as TableName)
      for (const id of ids) {
        const row = world.tables[name as TableName].get(id)
        if (row) table?.set(id, structuredClone(row))
        else table?.delete(id)
      }
    }
  }

  rows(): LabRows {
    const entries = TABLE_NAMES.map((name) => [name, [...(this.#tables.get(name)?.values() ?? [])]] as const)
    return Object.fromEntries(entries) as { [Name in TableName]: RowTypes[Name][] }
  }
}

/** Opens a service whose time is moved by the test. */
export function openDiskLab(store: CommittedRows, files: FilePort): LabService {
  return new LabService({ rows: store.rows(), store, epoch: 'e', speed: 0, manual: true, wallMs: () => 0, files })
}
