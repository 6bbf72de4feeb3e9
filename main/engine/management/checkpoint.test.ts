import { describe, expect, it } from 'vitest'
import { pass, testEngine, testFile, testRows, testVm, testVolume } from '../../testing/lab.ts'
import { stateHash } from '../counters/state-hash.ts'
import { Engine } from '../engine.ts'
import { crashGuest } from '../guest/guest.ts'
import type { HostRow, VirtualMachineRow } from '../rows.ts'
import { TABLE_NAMES } from '../rows.ts'
import { applyCheckpoint, deleteCheckpoint, renameCheckpoint, revert, takeCheckpoint } from './checkpoint.ts'
import { fileAt } from './paths.ts'
import * as power from './power.ts'
import { cancelJob, startService, stopService } from './service.ts'
import { statusText } from './status.ts'

const MINUTE_MS = 60_000
const MB = 1024 ** 2
const LEAF_BYTES = 4 * MB

const vmOf = (engine: Engine): VirtualMachineRow => engine.world.tables.virtual_machine.require('A')
const leafOf = (engine: Engine): string => engine.world.by.drivesOfVm.of('A')[0]?.path ?? ''
const free = (engine: Engine): number => engine.world.tables.volume.require('volume-c').freeBytes
const namesOf = (engine: Engine): string[] => engine.world.by.checkpointsOfVm.of('A').map(({ name }) => name)
const recordsOf = (engine: Engine): number[] => [...engine.world.tables.log_record.values()].map(({ eventId }) => eventId)

/** Files of the chain from the drive's down to the first. */
function chainOf(engine: Engine, path = leafOf(engine)): string[] {
  const file = fileAt(engine.world, 'host-1', path)
  return file === undefined ? [] : [path, ...(file.parentPath === null ? [] : chainOf(engine, file.parentPath))]
}

function lab(columns: Partial<VirtualMachineRow> = {}, host: Partial<HostRow> = {}): Engine {
  return testEngine([testVm('A', columns)], host)
}

/** A machine whose guest has come up. */
function up(columns: Partial<VirtualMachineRow> = {}, host: Partial<HostRow> = {}): Engine {
  const engine = lab(columns, host)
  expect(power.start(engine.world, 'A').ok).toBe(true)
  pass(engine, 5 * MINUTE_MS)
  return engine
}

/** Takes a checkpoint and waits for it; its id. */
function take(engine: Engine, name: string): string {
  expect(takeCheckpoint(engine.world, 'A', name)).toMatchObject({ ok: true })
  pass(engine, MINUTE_MS)
  const made = engine.world.by.checkpointsOfVm.of('A').find((checkpoint) => checkpoint.name === name)
  expect(made?.name).toBe(name)
  return made?.id ?? ''
}

/** The status texts of the machine without percentages, each once, while time passes. */
function texts(engine: Engine, milliseconds: number): string[] {
  const seen: string[] = []
  for (let ms = 0; ms <= milliseconds; ms += 50) {
    const text = statusText(engine.world, vmOf(engine))
    if (text !== seen.at(-1)) seen.push(text)
    pass(engine, 50)
  }
  return seen
}

/** The same lab as a program that was killed and started again finds it. */
function reloaded(engine: Engine): Engine {
  engine.world.takeChanges()
  return new Engine(Object.fromEntries(TABLE_NAMES.map((name) => [name, [...engine.world.tables[name].values()]])))
}

describe('taking a checkpoint', () => {
  it('of a machine that is off freezes its disk and goes on in a file beside it', () => {
    const engine = lab()
    const before = free(engine)
    const id = take(engine, 'First')
    expect(engine.world.tables.checkpoint.require(id)).toMatchObject({ kind: 'production', parentId: null })
    expect(vmOf(engine)).toMatchObject({ state: 'Off', currentCheckpointId: id })
    const [leaf, base, ...more] = chainOf(engine)
    expect([base, more]).toEqual(['C:\\Disks\\A.vhdx', []])
    expect(leaf).toMatch(/^C:\\Disks\\A_[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\.avhdx$/)
    expect(fileAt(engine.world, 'host-1', leaf ?? '')).toMatchObject({
      kind: 'avhdx',
      diskType: 'differencing',
      capacityBytes: 127 * 1024 * MB,
    })
    expect(fileAt(engine.world, 'host-1', `C:\\VMs\\Snapshots\\${id}.vmcx`)?.sizeBytes).toBe(48 * 1024)
    expect(fileAt(engine.world, 'host-1', `C:\\VMs\\Snapshots\\${id}.vmrs`)?.sizeBytes).toBe(54 * 1024)
    expect(before - free(engine)).toBe(LEAF_BYTES + (48 + 54) * 1024)
  })

  it('names a second file after the first disk, not after the file before', () => {
    const engine = lab()
    take(engine, 'First')
    take(engine, 'Second')
    expect(chainOf(engine)).toHaveLength(3)
    expect(leafOf(engine)).toMatch(/^C:\\Disks\\A_[0-9A-F-]{36}\.avhdx$/)
  })

  it('of a running Windows asks its backup service and keeps no memory', () => {
    const engine = up()
    takeCheckpoint(engine.world, 'A')
    expect(texts(engine, 5000)).toEqual([
      'Creating Checkpoint (0%)',
      'Creating Checkpoint (9%)',
      'Creating Checkpoint (50%)',
      'Creating Checkpoint (80%)',
      '',
    ])
    const [made] = engine.world.by.checkpointsOfVm.of('A')
    expect(made).toMatchObject({ kind: 'production', name: 'A - (11/23/2026 - 9:46:00 AM)' })
    expect(vmOf(engine).state).toBe('Running')
    const tables = engine.world.by.itemsOfCheckpoint.of(made?.id ?? '').map(({ tableName }) => tableName)
    expect(tables).toEqual(['virtual_machine', 'network_adapter', 'drive', 'screen'])
  })

  it('of the standard kind writes the memory while the machine runs on', () => {
    const engine = up({ checkpointType: 'standard' })
    const guest = engine.world.tables.guest.require('A')
    takeCheckpoint(engine.world, 'A', 'S')
    expect(engine.world.tables.guest.require('A').frozenAfter).not.toBeNull()
    pass(engine, 1500)
    // The memory is being written, and the guest goes on.
    expect(statusText(engine.world, vmOf(engine))).toMatch(/^Creating Checkpoint \(\d\d?%\)$/)
    expect(engine.world.tables.guest.require('A')).toMatchObject({ phase: guest.phase, frozenAfter: null })
    pass(engine, MINUTE_MS)
    const [made] = engine.world.by.checkpointsOfVm.of('A')
    expect(made?.kind).toBe('standard')
    expect(fileAt(engine.world, 'host-1', `C:\\VMs\\Snapshots\\${made?.id}.vmrs`)?.sizeBytes).toBe(1024 * MB)
    expect(engine.world.by.itemsOfCheckpoint.of(made?.id ?? '').map(({ tableName }) => tableName)).toContain('saved_stack')
  })

  it('falls back to a standard one where the guest has no backup service, or is refused where the settings want none', () => {
    const blank = (type: VirtualMachineRow['checkpointType']): Engine => {
      const rows = testRows([testVm('A', { checkpointType: type })])
      const engine = new Engine({ ...rows, host_file: [testFile('C:\\Disks\\A.vhdx', { guestProductId: null })] })
      power.start(engine.world, 'A')
      pass(engine, MINUTE_MS)
      return engine
    }
    const falls = blank('production')
    take(falls, 'S')
    expect(falls.world.by.checkpointsOfVm.of('A')[0]?.kind).toBe('standard')
    const strict = blank('production-only')
    expect(takeCheckpoint(strict.world, 'A')).toMatchObject({ ok: false, refusal: { code: 'production-checkpoint' } })
    expect(recordsOf(strict)).toContain(18012)
    expect(strict.world.by.checkpointsOfVm.of('A')).toEqual([])
  })

  it.each([
    ['production', 'standard', true],
    ['production-only', undefined, false],
  ] as const)('%s: a guest that crashes while its writes stand still gives %s', (checkpointType, kind, ends) => {
    const engine = up({ checkpointType })
    takeCheckpoint(engine.world, 'A', 'C')
    pass(engine, 1000)
    crashGuest(engine.world, 'A')
    pass(engine, MINUTE_MS)
    expect(engine.world.by.checkpointsOfVm.of('A')[0]?.kind).toBe(kind)
    expect([...engine.world.tables.job.values()].find((job) => job.kind === 'checkpoint')?.status).toBe(ends ? 'completed' : 'failed')
    expect(recordsOf(engine).includes(18012)).toBe(!ends)
  })

  it.each([
    ['windows-server-2012-datacenter', 'Taking Snapshot (0%)'],
    ['windows-server-2012-r2-datacenter', 'Creating Checkpoint (0%)'],
  ])('on %s is always standard, called %s, with .bin and .vsv', (productId, text) => {
    const engine = up({ generation: 1, bootOrder: ['ide'] }, { productId })
    takeCheckpoint(engine.world, 'A', 'S')
    expect(statusText(engine.world, vmOf(engine))).toBe(text)
    pass(engine, MINUTE_MS)
    const [made] = engine.world.by.checkpointsOfVm.of('A')
    const folder = `C:\\VMs\\Snapshots\\${made?.id}`
    expect(made?.kind).toBe('standard')
    expect(fileAt(engine.world, 'host-1', `${folder}.xml`)?.sizeBytes).toBe(32 * 1024)
    expect(fileAt(engine.world, 'host-1', `${folder}\\${made?.id}.bin`)?.sizeBytes).toBe(1024 * MB)
    expect(fileAt(engine.world, 'host-1', `${folder}\\${made?.id}.vsv`)?.sizeBytes).toBe(6 * MB)
  })

  it('is refused beyond 50, when switched off, and when the volume is full', () => {
    const engine = lab()
    for (let count = 0; count < 50; count++) take(engine, `C${count}`)
    expect(takeCheckpoint(engine.world, 'A')).toMatchObject({ refusal: { code: 'checkpoint-limit', values: { maximum: 50 } } })
    expect(takeCheckpoint(lab({ checkpointType: 'disabled' }).world, 'A')).toMatchObject({ refusal: { code: 'checkpoints-disabled' } })
    const rows = testRows([testVm('A')])
    const full = new Engine({ ...rows, volume: [testVolume({ freeBytes: LEAF_BYTES })] })
    expect(takeCheckpoint(full.world, 'A')).toMatchObject({
      refusal: { code: 'volume-full', values: { volume: 'C:', requiredMb: 5, freeMb: 4 } },
    })
    expect(takeCheckpoint(lab().world, 'A', ' ')).toMatchObject({ refusal: { code: 'name-empty' } })
  })

  it('can be cancelled while the memory is written: nothing of it stays', () => {
    const engine = up({ checkpointType: 'standard', startupMemoryMb: 4096 })
    const before = { free: free(engine), chain: chainOf(engine) }
    const begun = takeCheckpoint(engine.world, 'A')
    pass(engine, 3000)
    expect(engine.world.by.checkpointsOfVm.count('A')).toBe(1)
    cancelJob(engine.world, begun.ok ? begun.value.id : '')
    expect([vmOf(engine).currentCheckpointId, engine.world.tables.checkpoint_item.size]).toEqual([null, 0])
    pass(engine, MINUTE_MS)
    expect({ free: free(engine), chain: chainOf(engine) }).toEqual(before)
    expect(engine.world.tables.guest.require('A').frozenAfter).toBeNull()
  })
})

describe('going back to a checkpoint', () => {
  it('brings settings and devices back and leaves what was written since', () => {
    const engine = lab({ notes: 'old' })
    const first = take(engine, 'First')
    const second = take(engine, 'Second')
    const left = leafOf(engine)
    engine.world.tables.virtual_machine.patch('A', { notes: 'new', processorCount: 4, name: 'Renamed' })
    const adapter = engine.world.by.adaptersOfVm.of('A')[0]
    engine.world.tables.network_adapter.delete(adapter?.id ?? '')
    applyCheckpoint(engine.world, first, false)
    expect(statusText(engine.world, vmOf(engine))).toBe('Applying Checkpoint')
    pass(engine, 5000)
    expect(vmOf(engine)).toMatchObject({ state: 'Off', notes: 'old', processorCount: 2, name: 'Renamed', currentCheckpointId: first })
    expect(engine.world.by.adaptersOfVm.of('A')).toEqual([adapter])
    // Two branches stand on the first disk now; the leaf of before is gone, the other branch is not.
    expect(chainOf(engine)).toEqual([leafOf(engine), 'C:\\Disks\\A.vhdx'])
    expect(fileAt(engine.world, 'host-1', left)).toBeUndefined()
    expect(engine.world.by.filesOfParent.count('host-1|c:\\disks\\a.vhdx')).toBe(2)
    expect(engine.world.tables.checkpoint.require(second).parentId).toBe(first)
  })

  it('with memory gives a saved machine that goes on where it was', () => {
    const engine = up({ checkpointType: 'standard' })
    const phase = engine.world.tables.guest.require('A').phase
    const id = take(engine, 'S')
    power.turnOff(engine.world, 'A')
    pass(engine, 5000)
    revert(engine.world, 'A')
    pass(engine, MINUTE_MS)
    expect(vmOf(engine)).toMatchObject({ state: 'Saved', savedStateMb: 1024, currentCheckpointId: id })
    expect(fileAt(engine.world, 'host-1', 'C:\\VMs\\Virtual Machines\\A.vmrs')?.sizeBytes).toBe(1024 * MB)
    expect(power.start(engine.world, 'A').ok).toBe(true)
    pass(engine, MINUTE_MS)
    expect(vmOf(engine).state).toBe('Running')
    expect(engine.world.tables.guest.require('A')).toMatchObject({ phase, frozenAfter: null })
    expect(engine.world.machines.machine('A')?.violations()).toEqual([])
  })

  it('turns a running machine off first, and off it stays without memory', () => {
    const engine = up()
    take(engine, 'P')
    const used = free(engine)
    expect(revert(engine.world, 'A').ok).toBe(true)
    pass(engine, 5000)
    expect(vmOf(engine)).toMatchObject({ state: 'Off', assignedMemoryMb: 0, startedTick: null })
    expect([engine.world.tables.guest.has('A'), engine.world.tables.partition.has('A'), free(engine)]).toEqual([false, false, used])
    expect(recordsOf(engine)).toContain(18502)
  })

  it('can keep the present state first', () => {
    const engine = lab()
    const first = take(engine, 'First')
    applyCheckpoint(engine.world, first, true)
    pass(engine, MINUTE_MS)
    expect(namesOf(engine)).toHaveLength(2)
    expect(vmOf(engine).currentCheckpointId).toBe(first)
    expect(engine.world.by.checkpointsOfVm.of('A').map(({ parentId }) => parentId)).toEqual([null, first])
  })

  it('gives the present state up only when there is room for the other one', () => {
    const engine = up({ checkpointType: 'standard' })
    const id = take(engine, 'S')
    applyCheckpoint(engine.world, id, false)
    engine.world.tables.volume.patch('volume-c', { freeBytes: 100 * MB })
    pass(engine, MINUTE_MS)
    expect([...engine.world.tables.job.values()].at(-1)).toMatchObject({ kind: 'apply-checkpoint', status: 'failed' })
    expect(vmOf(engine).state).toBe('Running')
    expect(engine.world.tables.guest.require('A').frozenAfter).toBeNull()
    expect(applyCheckpoint(engine.world, id, false)).toMatchObject({ refusal: { code: 'volume-full' } })
  })

  it('is not offered without a checkpoint', () => {
    expect(revert(lab().world, 'A')).toMatchObject({ refusal: { code: 'no-checkpoint' } })
    expect(applyCheckpoint(lab().world, 'nothing', false)).toMatchObject({ refusal: { code: 'unknown-checkpoint' } })
  })
})

describe('deleting checkpoints', () => {
  it('merges what was written since into the disk, beside a machine that runs', () => {
    const engine = up()
    const id = take(engine, 'P')
    const leaf = fileAt(engine.world, 'host-1', leafOf(engine))
    engine.world.tables.host_file.patch(leaf?.id ?? '', { sizeBytes: 1004 * MB })
    deleteCheckpoint(engine.world, id, false)
    expect(statusText(engine.world, vmOf(engine))).toBe('Deleting Checkpoint')
    pass(engine, 300)
    expect([namesOf(engine), vmOf(engine).currentCheckpointId]).toEqual([[], null])
    expect(statusText(engine.world, vmOf(engine))).toBe('Merging Disks (0%)')
    expect(takeCheckpoint(engine.world, 'A')).toMatchObject({ refusal: { code: 'other-operation', values: { operation: 'merge' } } })
    // A machine may be paused meanwhile.
    expect(power.pause(engine.world, 'A').ok).toBe(true)
    pass(engine, MINUTE_MS)
    expect(chainOf(engine)).toEqual(['C:\\Disks\\A.vhdx'])
    expect(fileAt(engine.world, 'host-1', 'C:\\Disks\\A.vhdx')?.sizeBytes).toBe((4 * 1024 + 1000) * MB)
    expect(engine.world.tables.host_file.get(leaf?.id ?? '')).toBeUndefined()
    expect(recordsOf(engine).slice(-3)).toEqual([19070, 18516, 19080])
    expect(statusText(engine.world, vmOf(engine))).toBe('')
  })

  it('merges one file after another, and keeps what other branches stand on', () => {
    const engine = lab()
    const [first, second, third] = [take(engine, '1'), take(engine, '2'), take(engine, '3')]
    applyCheckpoint(engine.world, second, false)
    pass(engine, MINUTE_MS)
    take(engine, '4')
    // The disk that 2 froze has two children: it stays.
    deleteCheckpoint(engine.world, second, false)
    pass(engine, MINUTE_MS)
    expect(chainOf(engine)).toHaveLength(4)
    expect(engine.world.by.checkpointsOfVm.of('A').map(({ name, parentId }) => [name, parentId])).toEqual([
      ['1', null],
      ['3', first],
      ['4', first],
    ])
    // With 3 its branch goes, and the two files that nobody holds any more become one.
    deleteCheckpoint(engine.world, third, false)
    pass(engine, MINUTE_MS)
    expect(chainOf(engine)).toHaveLength(3)
    deleteCheckpoint(engine.world, first, true)
    pass(engine, MINUTE_MS)
    expect([namesOf(engine), chainOf(engine)]).toEqual([[], ['C:\\Disks\\A.vhdx']])
    expect([...engine.world.tables.host_file.values()].filter(({ kind }) => kind === 'avhdx')).toEqual([])
    expect(engine.world.tables.checkpoint_item.size).toBe(0)
  })

  it('of a branch without Now removes its files without merging', () => {
    const engine = lab()
    const first = take(engine, '1')
    const second = take(engine, '2')
    applyCheckpoint(engine.world, first, false)
    pass(engine, MINUTE_MS)
    deleteCheckpoint(engine.world, second, true)
    pass(engine, 1000)
    expect(recordsOf(engine)).not.toContain(19070)
    expect(engine.world.by.filesOfParent.count('host-1|c:\\disks\\a.vhdx')).toBe(1)
  })

  it('waits on Windows Server 2008 R2 until the machine is off, and begins anew when a start breaks it off', () => {
    const engine = up({ generation: 1, bootOrder: ['ide'] }, { productId: 'windows-server-2008-r2-datacenter' })
    const id = take(engine, 'S')
    deleteCheckpoint(engine.world, id, false)
    pass(engine, MINUTE_MS)
    expect([chainOf(engine).length, statusText(engine.world, vmOf(engine))]).toEqual([2, ''])
    power.turnOff(engine.world, 'A')
    pass(engine, 600)
    expect(statusText(engine.world, vmOf(engine))).toBe('Merge in Progress (0%)')
    power.start(engine.world, 'A')
    expect(recordsOf(engine)).toContain(19090)
    pass(engine, MINUTE_MS)
    expect(chainOf(engine)).toHaveLength(2)
    power.turnOff(engine.world, 'A')
    pass(engine, MINUTE_MS)
    expect(chainOf(engine)).toHaveLength(1)
  })

  it('breaks off with the management service and begins anew when it starts', () => {
    const engine = up()
    const id = take(engine, 'S')
    engine.world.tables.host_file.patch(fileAt(engine.world, 'host-1', leafOf(engine))?.id ?? '', { sizeBytes: 4000 * MB })
    deleteCheckpoint(engine.world, id, false)
    pass(engine, 600)
    expect(engine.world.by.mergeOfVm.count('A')).toBe(1)
    stopService(engine.world, 'host-1')
    pass(engine, 1600)
    expect([engine.world.by.mergeOfVm.count('A'), recordsOf(engine).includes(19090)]).toEqual([0, true])
    pass(engine, MINUTE_MS)
    expect(chainOf(engine)).toHaveLength(2)
    startService(engine.world, 'host-1')
    pass(engine, MINUTE_MS)
    expect(chainOf(engine)).toHaveLength(1)
  })

  it('does not merge onto a full volume, and says so', () => {
    const engine = lab()
    const id = take(engine, '1')
    engine.world.tables.host_file.patch(fileAt(engine.world, 'host-1', leafOf(engine))?.id ?? '', { sizeBytes: 1000 * MB })
    engine.world.tables.volume.patch('volume-c', { freeBytes: 10 * MB })
    deleteCheckpoint(engine.world, id, false)
    pass(engine, MINUTE_MS)
    expect(recordsOf(engine)).toContain(19100)
    expect(chainOf(engine)).toHaveLength(2)
  })

  it('goes with the machine: one file for each disk is left', () => {
    const engine = lab()
    take(engine, '1')
    take(engine, '2')
    power.remove(engine.world, 'A')
    expect(statusText(engine.world, vmOf(engine))).toBe('Merging Disks (0%)')
    pass(engine, MINUTE_MS)
    const files = [...engine.world.tables.host_file.values()].filter(({ kind }) => kind !== 'folder').map(({ path }) => path)
    expect(files).toEqual(['C:\\Disks\\A.vhdx'])
    expect([engine.world.tables.checkpoint.size, engine.world.tables.checkpoint_item.size]).toEqual([0, 0])
  })

  it('renames', () => {
    const engine = lab()
    const id = take(engine, '1')
    expect(renameCheckpoint(engine.world, id, ' Before the update ').ok).toBe(true)
    expect(namesOf(engine)).toEqual(['Before the update'])
    expect(renameCheckpoint(engine.world, id, 'x'.repeat(101))).toMatchObject({ refusal: { code: 'name-too-long' } })
  })
})

describe('automatic checkpoints', () => {
  it('are taken at each start and go at the stop', () => {
    const engine = up({ automaticCheckpoints: true })
    expect(engine.world.by.checkpointsOfVm.of('A').map(({ kind, name }) => [kind, name])).toEqual([
      ['automatic', 'Automatic Checkpoint - A - (11/23/2026 - 9:41:01 AM)'],
    ])
    power.turnOff(engine.world, 'A')
    pass(engine, MINUTE_MS)
    expect([namesOf(engine), chainOf(engine)]).toEqual([[], ['C:\\Disks\\A.vhdx']])
    const older = up({ automaticCheckpoints: true }, { productId: 'windows-server-2016-datacenter' })
    expect(namesOf(older)).toEqual([])
  })
})

describe('a program that is killed', () => {
  it.each(['production', 'standard'] as const)(
    'goes on with every job of %s checkpoints at every moment as if nothing had been',
    (checkpointType) => {
      const scenario: readonly (readonly [(engine: Engine) => unknown, number])[] = [
        [(engine) => takeCheckpoint(engine.world, 'A', '1'), 9000],
        [(engine) => takeCheckpoint(engine.world, 'A', '2'), 9000],
        [(engine) => applyCheckpoint(engine.world, engine.world.by.checkpointsOfVm.of('A')[0]?.id ?? '', true), 25_000],
        [(engine) => power.start(engine.world, 'A'), 60_000],
        [(engine) => deleteCheckpoint(engine.world, engine.world.by.checkpointsOfVm.of('A')[0]?.id ?? '', true), 20_000],
        [(engine) => power.turnOff(engine.world, 'A'), 9000],
      ]
      const run = (kills: number): string => {
        let engine = up({ checkpointType })
        for (const [ask, milliseconds] of scenario) {
          expect(ask(engine)).toMatchObject({ ok: true })
          for (let part = 0; part < kills; part++) {
            pass(engine, Math.floor(milliseconds / (kills + 1)))
            engine = reloaded(engine)
          }
          pass(engine, milliseconds - kills * Math.floor(milliseconds / (kills + 1)))
        }
        return stateHash(engine.world)
      }
      const undisturbed = run(0)
      expect(run(0)).toBe(undisturbed)
      expect([run(1), run(7)]).toEqual([undisturbed, undisturbed])
    },
  )
})
