import SqliteDatabase from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { APPLICATION_ID, FutureDatabaseError, MIGRATIONS, migrate, SCHEMA_VERSION, versionOf } from './index.ts'

let db: SqliteDatabase.Database
beforeEach(() => {
  db = new SqliteDatabase(':memory:')
})
afterEach(() => {
  db.close()
})

const planOf = (sql: string): string[] =>
  db
    .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map((row) => row.detail)

describe('the list of migrations', () => {
  it('is strictly increasing and begins at 1', () => {
    const versions = MIGRATIONS.map((migration) => migration.version)
    expect(versions[0]).toBe(1)
    for (const [at, version] of versions.slice(1).entries()) expect(version).toBeGreaterThan(versions[at] ?? 0)
    expect(SCHEMA_VERSION).toBe(versions.at(-1))
  })

  it('runs each migration once', () => {
    expect(migrate(db).map((migration) => migration.version)).toEqual(MIGRATIONS.map((migration) => migration.version))
    expect(migrate(db)).toEqual([])
    expect(versionOf(db)).toBe(SCHEMA_VERSION)
  })

  it('refuses a database from the future and leaves it alone', () => {
    db.pragma(`user_version = ${SCHEMA_VERSION + 1}`)
    expect(() => migrate(db)).toThrow(FutureDatabaseError)
    expect(db.prepare('SELECT name FROM sqlite_schema').all()).toEqual([])
    expect(versionOf(db)).toBe(SCHEMA_VERSION + 1)
  })

  it('leaves the old version when a migration fails in the middle', () => {
    db.exec('CREATE TABLE drive (id TEXT)')
    expect(() => migrate(db)).toThrow('table drive already exists')
    expect(versionOf(db)).toBe(0)
    expect(db.pragma('application_id', { simple: true })).toBe(0)
    expect(db.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'drive' }])
  })
})

describe('migration 1', () => {
  beforeEach(() => {
    migrate(db, 1)
  })

  it('makes an empty lab file that carries its mark and version', () => {
    expect(db.pragma('application_id', { simple: true })).toBe(APPLICATION_ID)
    expect(versionOf(db)).toBe(1)
    const tables = db.prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
    expect(tables).toHaveLength(15)
    for (const { name } of tables) expect(db.prepare(`SELECT count(*) AS rows FROM ${name}`).get()).toEqual({ rows: 0 })
  })

  it('checks what columns hold', () => {
    const host = (change: string) => db.exec(`INSERT INTO host VALUES (1, 'h', 'HV01', 'p', 'm', ${change})`)
    expect(() => host("'Intel', 2, 8, 2, 3600, 1024, 0, 1, 'running', 'C:', 'C:', '[]', 0")).not.toThrow()
    expect(() => host("'VIA', 2, 8, 2, 3600, 1024, 0, 1, 'running', 'C:', 'C:', '[]', 0")).toThrow('processor_vendor')
    expect(() => host("'AMD', 2, 8, 2, 3600, 1024, 0, 2, 'running', 'C:', 'C:', '[]', 0")).toThrow('slat')
    expect(() => host("'AMD', 2, 8, 2, 3600.5, 1024, 0, 1, 'running', 'C:', 'C:', '[]', 0")).toThrow(
      'cannot store REAL value in INTEGER column',
    )
    expect(() => host("'AMD', 2, 8, 2, 3600, 1024, 0, 1, 'running', 'C:', 'C:', '{}', 0")).toThrow('optical_drives')
  })

  it('lets a path name one file of a host, whatever its case', () => {
    db.exec("INSERT INTO host VALUES (1, 'h', 'HV01', 'p', 'm', 'Intel', 2, 8, 2, 3600, 1024, 0, 1, 'running', 'C:', 'C:', '[]', 0)")
    const file = (id: string, path: string) =>
      db.exec(`INSERT INTO host_file VALUES (NULL, '${id}', 'h', '${path}', 'iso', 0, 0, NULL, NULL, NULL, 0)`)
    file('a', 'C:\\ISO\\One.iso')
    expect(() => file('b', 'c:\\iso\\one.ISO')).toThrow('UNIQUE')
  })

  it.each([
    ["SELECT * FROM host_file WHERE host_id = 'h' AND path = 'C:\\a' COLLATE NOCASE", 'host_file_by_path (host_id=? AND path=?)'],
    ["SELECT * FROM volume WHERE host_id = 'h' AND letter = 'C'", 'volume_by_letter (host_id=? AND letter=?)'],
    ["SELECT * FROM virtual_machine WHERE host_id = 'h'", 'virtual_machine_by_host (host_id=?)'],
    ["SELECT * FROM network_adapter WHERE vm_id = 'v'", 'network_adapter_by_vm (vm_id=?)'],
    ["SELECT * FROM drive WHERE vm_id = 'v'", 'drive_by_vm (vm_id=?)'],
    ["SELECT * FROM checkpoint WHERE vm_id = 'v'", 'checkpoint_by_vm (vm_id=?)'],
    ["SELECT * FROM log_record WHERE host_id = 'h' ORDER BY record DESC LIMIT 10", 'log_record_by_record (host_id=?)'],
  ])('answers %s by an index, without sorting', (sql, index) => {
    const table = sql.split(' ')[3]
    expect(planOf(sql)).toEqual([`SEARCH ${table} USING INDEX ${index}`])
  })

  it('takes the next pending event from an index', () => {
    expect(planOf('SELECT * FROM pending_event ORDER BY due_tick, sequence LIMIT 1')).toEqual([
      'SCAN pending_event USING INDEX pending_event_by_due',
    ])
  })

  it('loads every table in the order of its key, without sorting', () => {
    for (const { name } of db.prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'").all()) {
      expect(planOf(`SELECT * FROM ${name} ORDER BY place`)).toEqual([`SCAN ${name}`])
    }
  })

  it('checks references by indexes: deleting a row scans no other table', () => {
    db.pragma('foreign_keys = ON')
    for (const table of ['host', 'virtual_switch', 'virtual_machine', 'checkpoint']) {
      const plan = planOf(`DELETE FROM ${table} WHERE id = 'x'`)
      expect(plan.length).toBeGreaterThan(1)
      expect(plan.filter((step) => step.startsWith('SCAN'))).toEqual([])
    }
  })
})

describe('migration 2', () => {
  it('adds the tables of the hypervisor and leaves a filled lab as it was', () => {
    migrate(db, 1)
    db.exec("INSERT INTO lab (id, name, seed, start_time_ms, tick, next_sequence, next_record) VALUES ('lab', 'L', 7, 0, 5, 2, 3)")
    db.exec("INSERT INTO preference (id, value) VALUES ('a', '1')")
    const dump = () => ['lab', 'preference'].map((table) => db.prepare(`SELECT * FROM ${table}`).all())
    const before = dump()
    migrate(db, 2)
    expect(dump()).toEqual(before)
    expect(versionOf(db)).toBe(2)
    for (const table of ['partition', 'virtual_processor', 'vmbus_channel', 'saved_stack']) {
      expect(db.prepare(`SELECT count(*) AS rows FROM ${table}`).get()).toEqual({ rows: 0 })
    }
  })

  it.each([
    ['channels of a partition', 'SELECT * FROM vmbus_channel WHERE partition_id = ?', 'vmbus_channel_by_partition'],
    ['processors of a partition', 'SELECT * FROM virtual_processor WHERE partition_id = ?', 'virtual_processor_by_partition'],
    ['partitions of a host', 'SELECT * FROM partition WHERE host_id = ?', 'partition_by_host'],
  ])('finds %s by an index', (_, sql, index) => {
    migrate(db)
    expect(planOf(sql.replace('?', "'x'")).join()).toContain(`USING INDEX ${index}`)
  })
})

describe('migration 7', () => {
  it('gives the machines of an older lab the settings that they had without saying so', () => {
    migrate(db, 1)
    db.exec("INSERT INTO host VALUES (1, 'h', 'HV01', 'p', 'm', 'Intel', 2, 8, 2, 3600, 1024, 0, 1, 'running', 'C:', 'C:', '[]', 0)")
    const machine = (id: string, folder: string) =>
      db.exec(`INSERT INTO virtual_machine VALUES (NULL, '${id}', 'h', 'N', 2, '10.0', 0, '', '${folder}', 'Off', NULL, 1, 512, 0, 512, 1024,
        20, 5000, 'nothing', 'save', '[]', 'idle', 0, NULL, 0, NULL)`)
    machine('a', 'C:\\A')
    machine('b', 'C:\\B')
    db.exec("INSERT INTO drive VALUES (NULL, 'd', 'b', 'hard-disk', 'scsi', 2, 0, NULL)")
    migrate(db, 7)
    const read = 'SELECT checkpoint_type, checkpoint_path, automatic_checkpoints, smart_paging_path, start_delay_seconds, num_lock,'
    expect(db.prepare(`${read} scsi_controllers, boot_devices FROM virtual_machine ORDER BY id`).raw().all()).toEqual([
      ['production', 'C:\\A', 0, 'C:\\A', 0, 0, 1, '[]'],
      ['production', 'C:\\B', 0, 'C:\\B', 0, 0, 3, '[]'],
    ])
    const change = (column: string) => () => db.exec(`UPDATE virtual_machine SET ${column}`)
    expect(change("checkpoint_type = 'sometimes'")).toThrow('checkpoint_type')
    expect(change('scsi_controllers = 5')).toThrow('scsi_controllers')
    expect(change("boot_devices = '{}'")).toThrow('boot_devices')
  })
})

describe('migration 8', () => {
  it('gives the checkpoints of an older lab the devices of their machine and the disk that each froze, and keeps the jobs', () => {
    migrate(db, 1)
    db.exec("INSERT INTO host VALUES (1, 'h', 'HV01', 'p', 'm', 'Intel', 2, 8, 2, 3600, 1024, 0, 1, 'running', 'C:', 'C:', '[]', 0)")
    db.exec(`INSERT INTO virtual_machine VALUES (NULL, 'v', 'h', 'N', 2, '10.0', 0, '', 'C:', 'Off', NULL, 1, 512, 0, 512, 1024,
      20, 5000, 'nothing', 'save', '[]', 'idle', 0, NULL, 0, NULL)`)
    db.exec("INSERT INTO network_adapter VALUES (NULL, 'a', 'v', 'synthetic', 0, NULL, '', 1)")
    db.exec(
      "INSERT INTO drive VALUES (NULL, 'd', 'v', 'hard-disk', 'scsi', 0, 0, 'C:\\LEAF.avhdx'), (NULL, 'e', 'v', 'dvd', 'scsi', 0, 1, NULL)",
    )
    const file = (name: string, kind: string, parent: string | null) =>
      db.prepare("INSERT INTO host_file VALUES (NULL, ?, 'h', ?, ?, 0, 0, NULL, ?, NULL, 0)").run(name, `C:\\${name}`, kind, parent)
    file('base.vhdx', 'vhdx', null)
    file('middle.avhdx', 'avhdx', 'C:\\base.vhdx')
    file('leaf.avhdx', 'avhdx', 'C:\\Middle.avhdx')
    db.exec("INSERT INTO checkpoint VALUES (NULL, 'one', 'v', NULL, 'One', 'standard', 0), (NULL, 'two', 'v', 'one', 'Two', 'standard', 1)")
    db.exec("UPDATE virtual_machine SET current_checkpoint_id = 'two'")
    db.exec("INSERT INTO job VALUES (NULL, '7', 'save', 'h', 'v', 'completed', 100, 3, 0, 5, NULL, NULL)")
    const jobs = db.prepare('SELECT * FROM job').all()
    migrate(db, 8)
    const items = db.prepare<[], { id: string; content: string }>('SELECT id, content FROM checkpoint_item').all()
    const contents = new Map(items.map(({ id, content }) => [id, JSON.parse(content)]))
    expect(contents.get('one/drive/d')).toEqual({
      id: 'd',
      vmId: 'v',
      kind: 'hard-disk',
      controller: 'scsi',
      controllerNumber: 0,
      location: 0,
      path: 'C:\\base.vhdx',
    })
    expect(contents.get('two/drive/d')).toMatchObject({ path: 'C:\\Middle.avhdx' })
    expect(contents.get('two/drive/e')).toMatchObject({ path: null })
    expect(contents.get('one/network_adapter/a')).toMatchObject({ switchId: null, dynamicMac: true })
    expect(contents.get('one/virtual_machine/v')).toEqual({ id: 'v', savedStateMb: 0 })
    expect(items).toHaveLength(8)
    expect(db.prepare('SELECT * FROM job').all()).toEqual(jobs)
    expect(() => db.exec("UPDATE job SET kind = 'merge'")).not.toThrow()
    expect(() => db.exec("UPDATE job SET kind = 'dance'")).toThrow('kind')
    expect(planOf("SELECT * FROM checkpoint_item WHERE checkpoint_id = 'x'").join()).toContain('checkpoint_item_by_checkpoint')
  })
})
