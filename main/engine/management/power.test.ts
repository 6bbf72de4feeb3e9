import { describe, expect, it } from 'vitest'
import { pass, testEngine, testVm } from '../../testing/lab.ts'
import type { Engine } from '../engine.ts'
import { stateText } from './actions.ts'
import * as power from './power.ts'
import { statusText } from './status.ts'

const MINUTE_MS = 60_000

function vm(engine: Engine, id: string) {
  return engine.world.tables.virtual_machine.require(id)
}

/** State and status of a machine at each change of either, while time passes. */
function watch(engine: Engine, id: string, milliseconds: number): string[] {
  const seen: string[] = []
  for (let ms = 0; ms <= milliseconds; ms += 50) {
    const row = engine.world.tables.virtual_machine.get(id)
    const now = row ? `${stateText(row)} ${statusText(engine.world, row)}`.trim() : 'gone'
    if (seen.at(-1) !== now) seen.push(now)
    pass(engine, 50)
  }
  return seen
}

/** A machine that has come up. */
function running(engine: Engine, id: string): Engine {
  expect(power.start(engine.world, id).ok).toBe(true)
  pass(engine, 5 * MINUTE_MS)
  return engine
}

function records(engine: Engine): string[] {
  return [...engine.world.tables.log_record.values()].map((record) => `${record.eventId} ${record.level}`)
}

describe('the way of a virtual machine through its states', () => {
  it('starts', () => {
    const engine = testEngine([testVm('A')])
    power.start(engine.world, 'A')
    expect(watch(engine, 'A', 4000)).toEqual([
      'Starting Starting (2%)',
      'Starting Starting (10%)',
      'Starting Starting (50%)',
      'Starting Starting (78%)',
      'Running',
    ])
    expect(vm(engine, 'A').assignedMemoryMb).toBe(1024)
    expect(records(engine)).toEqual(['18500 Information'])
  })

  it('saves in steps that follow from memory and disk, and restores', () => {
    const engine = running(testEngine([testVm('A')]), 'A')
    power.save(engine.world, 'A')
    // 1024 MB at 500 MB/s and 0.4 s: five steps of at most half a second.
    expect(watch(engine, 'A', 4000)).toEqual([
      'Saving Saving (0%)',
      'Saving Saving (20%)',
      'Saving Saving (40%)',
      'Saving Saving (60%)',
      'Saving Saving (80%)',
      'Saved',
    ])
    expect(vm(engine, 'A')).toMatchObject({ assignedMemoryMb: 0, savedStateMb: 1024, startedTick: null })
    power.start(engine.world, 'A')
    expect(watch(engine, 'A', 4000).at(-1)).toBe('Running')
    expect(vm(engine, 'A')).toMatchObject({ assignedMemoryMb: 1024, savedStateMb: 0 })
  })

  it.each([
    ['pause', power.pause, ['Pausing Pausing (10%)', 'Paused']],
    ['turn off', power.turnOff, ['Stopping Stopping (10%)', 'Off']],
    ['reset', power.reset, ['Resetting Resetting (10%)', 'Running']],
  ])('%s', (_, act, states) => {
    const engine = running(testEngine([testVm('A')]), 'A')
    expect(act(engine.world, 'A').ok).toBe(true)
    expect(watch(engine, 'A', 2000)).toEqual(states)
  })

  it('pauses and resumes; up time goes on', () => {
    const engine = running(testEngine([testVm('A')]), 'A')
    const { startedTick } = vm(engine, 'A')
    power.pause(engine.world, 'A')
    pass(engine, MINUTE_MS)
    power.resume(engine.world, 'A')
    expect(watch(engine, 'A', 1000)).toEqual(['Resuming Resuming (10%)', 'Running'])
    expect(vm(engine, 'A').startedTick).toBe(startedTick)
  })

  it('shuts down through the guest', () => {
    const engine = running(testEngine([testVm('A')]), 'A')
    expect(power.shutDown(engine.world, 'A').ok).toBe(true)
    const seen = watch(engine, 'A', MINUTE_MS)
    expect(seen[0]).toBe('Stopping Shutting Down (10%)')
    expect(seen.at(-1)).toBe('Off')
    expect(records(engine)).toContain('18504 Information')
  })

  it('refuses to shut a guest down that has not come up yet, and says so', () => {
    const engine = testEngine([testVm('A')])
    power.start(engine.world, 'A')
    pass(engine, 3000)
    const refused = power.shutDown(engine.world, 'A')
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'shutdown-service-missing', values: { name: 'A' } } })
    expect(vm(engine, 'A').state).toBe('Running')
    expect(records(engine)).toContain('15140 Error')
  })

  it('turns off in the middle of a start', () => {
    const engine = testEngine([testVm('A')])
    power.start(engine.world, 'A')
    pass(engine, 400)
    expect(power.turnOff(engine.world, 'A').ok).toBe(true)
    expect(watch(engine, 'A', 2000)).toEqual(['Stopping Stopping (10%)', 'Off'])
    pass(engine, MINUTE_MS)
    expect(vm(engine, 'A').state).toBe('Off')
    expect(engine.world.usage.memoryMb('host-1')).toBe(0)
  })

  it('deletes the saved state and the machine, and gives the space back', () => {
    const engine = running(testEngine([testVm('A')]), 'A')
    const free = () => engine.world.tables.volume.require('volume-c').freeBytes
    const before = free()
    power.save(engine.world, 'A')
    pass(engine, MINUTE_MS)
    expect(free()).toBe(before - 1024 * 1024 ** 2)
    power.deleteSavedState(engine.world, 'A')
    pass(engine, MINUTE_MS)
    expect(vm(engine, 'A').state).toBe('Off')
    expect(free()).toBe(before)
    power.remove(engine.world, 'A')
    pass(engine, MINUTE_MS)
    expect(engine.world.tables.virtual_machine.has('A')).toBe(false)
    expect(engine.world.tables.guest.size + engine.world.tables.drive.size + engine.world.tables.network_adapter.size).toBe(0)
    // The disk stays.
    expect(engine.world.tables.host_file.has('file C:\\Disks\\A.vhdx')).toBe(true)
  })
})

describe('limits of the host', () => {
  it('S34: machines of 6 GB in all start on a host of 8 GB, one more MB is refused with the memory message', () => {
    const engine = testEngine([
      testVm('A', { startupMemoryMb: 4096 }),
      testVm('B', { startupMemoryMb: 2048 }),
      testVm('C', { startupMemoryMb: 2 }),
    ])
    expect(power.start(engine.world, 'A').ok).toBe(true)
    expect(power.start(engine.world, 'B').ok).toBe(true)
    expect(power.start(engine.world, 'C')).toMatchObject({
      ok: false,
      refusal: { code: 'not-enough-memory', rule: 'S34', values: { requiredMb: 2, availableMb: 0, hostMb: 8192, reserveMb: 2048 } },
    })
    expect(vm(engine, 'C').state).toBe('Off')
    expect(records(engine)).toEqual(['19544 Error', '15130 Error'])
  })

  it.each([
    ['windows-server-2008-standard', 31 * 1024],
    ['windows-server-2008-r2-standard', 32 * 1024],
    ['windows-server-2008-r2-enterprise', 2 * 1024 * 1024],
    ['hyper-v-server-2008-r2', 1024 * 1024],
    ['windows-server-2012-datacenter', 4 * 1024 * 1024],
  ])('S35: %s gives its machines %i MB in all, not 2 MB more', (productId, maximumMb) => {
    const machines = [testVm('A', { generation: 1, startupMemoryMb: maximumMb }), testVm('B', { generation: 1, startupMemoryMb: 2 })]
    const engine = testEngine(machines, { productId, memoryMb: maximumMb + 8192 })
    expect(power.start(engine.world, 'A').ok).toBe(true)
    expect(power.start(engine.world, 'B')).toMatchObject({ ok: false, refusal: { code: 'not-enough-memory', rule: 'S35' } })
  })

  it.each([
    ['windows-server-2008-datacenter', 384],
    ['windows-server-2008-r2-datacenter', 384],
    ['windows-server-2012-datacenter', 1024],
    ['windows-server-2016-datacenter', 8000],
  ])('S37: %s runs %i machines, not one more', (productId, maximum) => {
    const machines = Array.from({ length: maximum + 1 }, (_, index) => testVm(`VM${index}`, { generation: 1, startupMemoryMb: 32 }))
    const engine = testEngine(machines, { productId, memoryMb: 1024 * 1024 })
    const answers = machines.map(({ id }) => power.start(engine.world, id))
    expect(answers.filter((answer) => answer.ok)).toHaveLength(maximum)
    expect(answers.at(-1)).toMatchObject({ ok: false, refusal: { code: 'too-many-running', rule: 'S37', values: { maximum } } })
  })

  it.each([
    ['windows-server-2008-datacenter', 3, false],
    ['windows-server-2008-r2-datacenter', 4, true],
    ['windows-server-2008-r2-datacenter', 5, false],
    ['windows-server-2012-datacenter', 64, true],
    ['windows-server-2012-datacenter', 65, false],
  ])('S36: %s starts a machine of %i processors: %s', (productId, processorCount, ok) => {
    const engine = testEngine([testVm('A', { generation: 1, processorCount })], { productId, sockets: 4, coresPerSocket: 20 })
    const answer = power.start(engine.world, 'A')
    expect(answer.ok).toBe(ok)
    if (!answer.ok) expect(answer.refusal).toMatchObject({ code: 'processor-count', rule: 'S36' })
  })
})

describe('files behind a machine', () => {
  it('refuses to start without its disk', () => {
    const engine = testEngine([testVm('A')])
    engine.world.tables.host_file.delete('file C:\\Disks\\A.vhdx')
    expect(power.start(engine.world, 'A')).toMatchObject({
      ok: false,
      refusal: { code: 'disk-missing', values: { path: 'C:\\Disks\\A.vhdx' } },
    })
    expect(records(engine)).toEqual(['12240 Error', '15130 Error'])
  })

  it('refuses a disk that a running machine has open, in either case of the path', () => {
    const engine = testEngine([testVm('A'), testVm('B')])
    engine.world.tables.drive.patch('drive B', { path: 'c:\\disks\\a.VHDX' })
    power.start(engine.world, 'A')
    expect(power.start(engine.world, 'B')).toMatchObject({ ok: false, refusal: { code: 'disk-in-use', values: { user: 'A' } } })
  })

  it('refuses to save onto a full volume and goes on running', () => {
    const engine = running(testEngine([testVm('A')]), 'A')
    engine.world.tables.volume.patch('volume-c', { freeBytes: 1000 })
    expect(power.save(engine.world, 'A')).toMatchObject({ ok: false, refusal: { code: 'volume-full' } })
    expect(vm(engine, 'A').state).toBe('Running')
  })
})

describe('a second command on a busy machine', () => {
  it.each([
    ['start', power.start],
    ['save', power.save],
    ['pause', power.pause],
    ['delete', power.remove],
  ])('%s is refused while it starts', (_, act) => {
    const engine = testEngine([testVm('A')])
    power.start(engine.world, 'A')
    const jobs = engine.world.tables.job.size
    expect(act(engine.world, 'A').ok).toBe(false)
    expect(engine.world.tables.job.size).toBe(jobs)
  })
})
