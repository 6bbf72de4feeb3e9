import { describe, expect, it } from 'vitest'
import type { StateMessage } from '../../preload/contract/index.ts'
import { watchCounter } from '../engine/counters/sampler.ts'
import type { ChangeLog } from '../engine/kernel/table.ts'
import { createVm } from '../engine/management/create.ts'
import * as power from '../engine/management/power.ts'
import { setWorkload } from '../engine/management/workload.ts'
import { type RowTypes, TABLE_NAMES, type TableName } from '../engine/rows.ts'
import type { LabRows, World } from '../engine/world.ts'
import { testRows, testVm } from '../testing/lab.ts'
import { LabService, type LabStore } from './lab-service.ts'

/** A store that holds what was committed, as a database would after a kill. */
class MemoryStore implements LabStore {
  readonly folder = 'memory'
  commits = 0
  readonly #tables = new Map<TableName, Map<string, unknown>>()

  constructor(rows: LabRows) {
    for (const name of TABLE_NAMES) this.#tables.set(name, new Map([...(rows[name] ?? [])].map((row) => [row.id, row])))
  }

  commit(world: World, changes: ChangeLog): void {
    this.commits += 1
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

const CLOCK = { ms: 0 }

function open(store: MemoryStore, speed: 0 | 1 = 0): LabService {
  return new LabService({ rows: store.rows(), store, epoch: 'e', speed, manual: speed === 0, wallMs: () => CLOCK.ms })
}

function lab(): { store: MemoryStore; service: LabService } {
  const store = new MemoryStore(testRows([testVm('A'), testVm('B')]))
  return { store, service: open(store) }
}

describe('durability', () => {
  const NEW = {
    hostId: 'host-1',
    name: 'web01',
    location: null,
    generation: 2 as const,
    startupMemoryMb: 512,
    dynamicMemory: false,
    switchId: null,
    disk: { kind: 'new' as const, name: 'web01', folder: 'C:\\Disks', sizeGb: 40 },
    install: { kind: 'later' as const },
  }

  /** The same commands at the same moments; `kill` drops the service without a word after each of them. Time comes in steps of `stepMs`. */
  function run(kill: boolean, stepMs = 1_000_000): string {
    // B's memory moves while it runs, and its counters are recorded.
    const dynamic = testVm('B', { dynamicMemory: true, workload: 'memory-hog', maximumMemoryMb: 3072, startupMemoryMb: 768 })
    const store = new MemoryStore(testRows([testVm('A'), dynamic]))
    let service = open(store)
    const then = (milliseconds: number): void => {
      if (kill) service = open(store)
      for (let left = milliseconds; left > 0; left -= stepMs) {
        service.step(Math.min(left, stepMs))
        if (kill) service = open(store)
      }
    }
    service.command((world) => power.start(world, 'A'))
    service.command((world) => watchCounter(world, { hostId: 'host-1', object: 'Hyper-V Dynamic Memory VM', subject: 'B' }, true))
    then(350)
    service.command((world) => createVm(world, NEW))
    then(1000)
    service.command((world) => power.start(world, 'B'))
    then(60_000)
    service.command((world) => power.save(world, 'A'))
    then(700)
    service.command((world) => power.pause(world, 'B'))
    then(5000)
    service.command((world) => power.start(world, 'A'))
    service.command((world) => power.resume(world, 'B'))
    then(1200)
    service.command((world) => setWorkload(world, 'B', 'database'))
    then(240_000)
    expect(service.world.tables.dynamic_memory.get('B')?.addOperations).toBeGreaterThan(0)
    service.command((world) => power.shutDown(world, 'B'))
    then(3000)
    service.command((world) => power.turnOff(world, 'A'))
    then(100)
    service.command((world) => power.remove(world, 'A'))
    then(60_000)
    return service.stateHash()
  }

  it('a kill after every command and in the middle of every job changes nothing', () => {
    expect(run(true)).toBe(run(false))
  })

  it('time that comes in small pieces, with a kill after each, is the same time', () => {
    expect(run(false, 730)).toBe(run(false))
    expect(run(true, 7777)).toBe(run(false))
  })

  it('the hash tells two states apart', () => {
    const { service } = lab()
    const before = service.stateHash()
    service.command((world) => power.start(world, 'A'))
    expect(service.stateHash()).not.toBe(before)
  })

  it('a command is committed when it is answered', () => {
    const { store, service } = lab()
    service.command((world) => power.start(world, 'A'))
    expect(open(store).world.tables.virtual_machine.require('A').state).toBe('Starting')
  })

  it('a store that cannot write lets nothing be acknowledged', () => {
    const { store, service } = lab()
    store.commit = () => {
      throw new Error('disk full')
    }
    expect(() => service.command((world) => power.start(world, 'A'))).toThrow('disk full')
  })
})

describe('time', () => {
  it('comes with the clock of the computer, as fast as chosen, and stands still when paused', () => {
    const store = new MemoryStore(testRows([testVm('A')]))
    const service = open(store, 1)
    CLOCK.ms += 1500
    service.command(() => undefined)
    expect(service.world.now).toBe(15_000_000)
    service.setSpeed(60)
    CLOCK.ms += 1000
    service.setSpeed(0)
    expect(service.world.now).toBe(615_000_000)
    CLOCK.ms += 1000
    service.command(() => undefined)
    expect(service.world.now).toBe(615_000_000)
    service.close()
  })
})

describe('what pages are told', () => {
  async function take(messages: AsyncIterator<StateMessage>, count: number): Promise<StateMessage[]> {
    const taken: StateMessage[] = []
    for (let i = 0; i < count; i++) {
      const { value } = await messages.next()
      if (value) taken.push(value)
    }
    return taken
  }

  it('first a snapshot, then numbered patches with what changed and nothing else', async () => {
    const { service } = lab()
    const messages = service.publisher.subscribe({ hostId: 'host-1', vmId: null, since: null })
    service.command((world) => power.start(world, 'A'))
    service.step(10_000)
    const [snapshot, started, ran] = await take(messages, 3)
    expect(snapshot).toMatchObject({ type: 'snapshot', sequence: 0 })
    expect(Object.keys(snapshot?.patch.virtualMachines ?? {})).toEqual(['A', 'B'])
    expect(started).toMatchObject({
      type: 'patch',
      sequence: 1,
      patch: { virtualMachines: { A: { stateText: 'Starting', statusText: 'Starting (2%)' } } },
    })
    expect(Object.keys(started?.patch.virtualMachines ?? {})).toEqual(['A'])
    expect(started?.patch.hosts?.['host-1']?.availableMemoryMb).toBe(5120)
    expect(ran).toMatchObject({ sequence: 2, patch: { virtualMachines: { A: { stateText: 'Running', statusText: '' } } } })
  })

  it('a page that comes back gets what it missed, a page of another run a snapshot', async () => {
    const { service } = lab()
    service.command((world) => power.start(world, 'A'))
    service.step(10_000)
    const missed = await take(service.publisher.subscribe({ hostId: 'host-1', vmId: null, since: { epoch: 'e', sequence: 1 } }), 1)
    expect(missed.map((message) => [message.type, message.sequence])).toEqual([['patch', 2]])
    const other = await take(service.publisher.subscribe({ hostId: 'host-1', vmId: null, since: { epoch: 'other', sequence: 1 } }), 1)
    expect(other[0]).toMatchObject({ type: 'snapshot', sequence: 2 })
  })

  it('a page that was there all along and one that came late show the same', async () => {
    const { service } = lab()
    const early = service.publisher.subscribe({ hostId: 'host-1', vmId: null, since: null })
    const count = 6
    service.command((world) => power.start(world, 'A'))
    service.step(1000)
    service.command((world) => power.turnOff(world, 'A'))
    service.step(1000)
    service.command((world) => power.remove(world, 'A'))
    service.step(1000)
    const rows: Record<string, unknown> = {}
    for (const message of await take(early, count + 1)) {
      for (const [id, row] of Object.entries(message.patch.virtualMachines ?? {})) {
        if (row === null) delete rows[id]
        else rows[id] = row
      }
    }
    const [late] = await take(service.publisher.subscribe({ hostId: 'host-1', vmId: null, since: null }), 1)
    expect(rows).toEqual(late?.patch.virtualMachines)
    expect(Object.keys(rows)).toEqual(['B'])
  })

  it('details go to those who asked for that machine', async () => {
    const { service } = lab()
    const messages = service.publisher.subscribe({ hostId: null, vmId: 'B', since: null })
    service.command((world) => power.start(world, 'A'))
    service.command((world) => world.tables.virtual_machine.patch('B', { notes: 'hello' }))
    const [snapshot, first, second] = await take(messages, 3)
    expect(Object.keys(snapshot?.patch.vmDetails ?? {})).toEqual(['B'])
    expect(first?.patch.vmDetails).toBeUndefined()
    expect(second?.patch.vmDetails?.B?.notes).toBe('hello')
  })

  it('counters and pictures show the latest only', async () => {
    const { service } = lab()
    service.command((world) => power.start(world, 'A'))
    service.step(60_000)
    const metrics = service.watchMetrics('host-1', ['A', 'B'])
    const { value } = await metrics.next()
    expect(value?.rows.map(([id, , assignedMb]) => [id, assignedMb])).toEqual([['A', 1024]])
    const picture = service.watchConsole('B', 'live')
    expect((await picture.next()).value).toMatchObject({ frame: null, headline: "The virtual machine 'B' is turned off", offerStart: true })
    service.command((world) => power.start(world, 'B'))
    service.step(60_000)
    expect((await picture.next()).value).toMatchObject({ headline: null, interactive: true, frame: { width: 1024 } })
  })
})
