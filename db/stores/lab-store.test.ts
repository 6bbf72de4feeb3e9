import SqliteDatabase from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type RowTypes, TABLE_NAMES, type TableName } from '../../main/engine/rows.ts'
import { type LabRows, World } from '../../main/engine/world.ts'
import { migrate } from '../migrations/index.ts'
import { sampleLab } from '../samples/sample.ts'
import { CommitError, type LabStore, openLabStore } from './lab-store.ts'

const START = Date.UTC(2026, 10, 23, 9, 41)

let db: SqliteDatabase.Database
let store: LabStore
beforeEach(() => {
  db = new SqliteDatabase(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db)
  store = openLabStore(db)
  store.fill(sampleLab({ seed: 7, startTimeMs: START, size: null }))
})
afterEach(() => {
  db.close()
})

/** Rows of all tables as plain lists; a table that is missing is empty. */
function listed(rows: LabRows): Record<string, unknown[]> {
  return Object.fromEntries(TABLE_NAMES.map((name) => [name, [...(rows[name] ?? [])]]))
}

function inWorld(world: World): Record<string, unknown[]> {
  return Object.fromEntries(TABLE_NAMES.map((name) => [name, [...world.tables[name].values()]]))
}

function firstOf<Name extends TableName>(world: World, name: Name): RowTypes[Name] {
  const row: RowTypes[Name] | undefined = world.tables[name].values().next().value
  if (row === undefined) throw new Error(`no row in ${name}`)
  return row
}

describe('a lab store', () => {
  it('loads what it was filled with, in the same order', () => {
    expect(listed(store.load())).toEqual(listed(sampleLab({ seed: 7, startTimeMs: START, size: null })))
  })

  it('writes changed, new and deleted rows of every table', () => {
    const world = new World(store.load())
    const machine = firstOf(world, 'virtual_machine')
    const drive = firstOf(world, 'drive')
    world.setNow(5_000_000)
    world.random.bits('some stream')
    world.events.schedule('guest.phase', 6_000_000, machine.id, 3)
    world.tables.virtual_machine.patch(machine.id, { bootOrder: ['file', 'dvd'], dynamicMemory: true, critical: 'disk-space' })
    world.tables.drive.delete(drive.id)
    world.tables.job.put({
      id: String(world.takeRecordNumber()),
      kind: 'save',
      hostId: machine.hostId,
      vmId: machine.id,
      status: 'running',
      percent: 40,
      step: 1,
      startedTick: 4_000_000,
      finishedTick: null,
      refusal: null,
      input: '{"a":1}',
    })
    world.tables.preference.put({ id: 'columns', value: '["name","state"]' })
    world.tables.volume.patch(firstOf(world, 'volume').id, { freeBytes: 12_345_678_901 })
    store.commit(world, world.takeChanges())
    expect(listed(store.load())).toEqual(inWorld(world))
  })

  it('keeps the order of rows through changes, deletions and later rows', () => {
    const world = new World(store.load())
    const [first, second] = [...world.tables.log_record.values()]
    if (first === undefined || second === undefined) throw new Error('the sample has no log')
    world.tables.log_record.delete(first.id)
    world.tables.log_record.patch(second.id, { text: 'changed' })
    store.commit(world, world.takeChanges())
    world.tables.log_record.put({ ...first, record: 9001 })
    store.commit(world, world.takeChanges())
    const ids = [...world.tables.log_record.values()].map((row) => row.id)
    expect(ids[0]).toBe(second.id)
    expect(ids.at(-1)).toBe(first.id)
    expect([...(store.load().log_record ?? [])].map((row) => row.id)).toEqual(ids)
  })

  it('deletes a machine with all that refers to it, in one commit', () => {
    const world = new World(store.load())
    const id = firstOf(world, 'virtual_machine').id
    for (const { id: checkpointId } of world.by.checkpointsOfVm.of(id)) {
      for (const item of world.by.itemsOfCheckpoint.of(checkpointId)) world.tables.checkpoint_item.delete(item.id)
    }
    for (const name of ['checkpoint', 'drive', 'network_adapter'] as const) {
      for (const row of [...world.tables[name].values()]) if (row.vmId === id) world.tables[name].delete(row.id)
    }
    world.tables.guest.delete(id)
    world.tables.virtual_machine.delete(id)
    store.commit(world, world.takeChanges())
    expect(listed(store.load())).toEqual(inWorld(world))
    expect(world.by.checkpointsOfVm.count(id)).toBe(0)
  })

  it('lets a new file take the path of one that was deleted in the same commit', () => {
    const world = new World(store.load())
    const image = [...world.tables.host_file.values()].find((file) => file.kind === 'iso')
    if (image === undefined) throw new Error('the sample has no image')
    world.tables.host_file.put({ ...image, id: 'another' })
    world.tables.host_file.delete(image.id)
    store.commit(world, world.takeChanges())
    expect([...(store.load().host_file ?? [])].filter((file) => file.path === image.path).map((file) => file.id)).toEqual(['another'])
  })

  it('refuses references that lead nowhere, names the tables and writes nothing of that commit', () => {
    const before = listed(store.load())
    const world = new World(store.load())
    world.setNow(10)
    world.tables.virtual_machine.delete(firstOf(world, 'virtual_machine').id)
    const changes = world.takeChanges()
    expect(() => store.commit(world, changes)).toThrow(/rows refer to missing rows \(.*drive to virtual_machine.*\)/)
    expect(db.inTransaction).toBe(false)
    expect(listed(store.load())).toEqual(before)
  })

  it('refuses a value that its column cannot hold', () => {
    const world = new World(store.load())
    world.tables.host.patch(firstOf(world, 'host').id, { processorMhz: Number.NaN })
    expect(() => store.commit(world, world.takeChanges())).toThrow(/host\.processor_mhz/)
    expect(db.inTransaction).toBe(false)
  })

  it('surfaces a full disk, leaves nothing half written, and takes the same changes again when there is room', () => {
    const before = listed(store.load())
    const world = new World(store.load())
    world.setNow(77)
    for (let i = 0; i < 200; i++) world.tables.preference.put({ id: `key ${i}`, value: 'x'.repeat(1000) })
    const changes = world.takeChanges()
    const pages = Number(db.pragma('page_count', { simple: true }))
    db.pragma(`max_page_count = ${pages + 5}`)
    let failure: unknown
    try {
      store.commit(world, changes)
    } catch (error) {
      failure = error
    }
    expect(failure).toBeInstanceOf(CommitError)
    expect(failure).toMatchObject({ code: 'SQLITE_FULL', message: 'The lab could not be saved: the disk is full.' })
    expect(db.inTransaction).toBe(false)
    expect(listed(store.load())).toEqual(before)
    db.pragma(`max_page_count = ${pages + 1000}`)
    store.commit(world, changes)
    expect(listed(store.load())).toEqual(inWorld(world))
  })

  it('refuses changes of a table that a lab does not have', () => {
    const world = new World(store.load())
    expect(() => store.commit(world, new Map([['sqlite_schema', new Set(['x'])]]))).toThrow('no table sqlite_schema')
  })
})
