import { describe, expect, it } from 'vitest'
import { pass, testEngine, testVm } from '../../testing/lab.ts'
import { stateText } from './actions.ts'
import { checkSpace, FREE_BYTES_MIN, loseVolume, regainVolume } from './critical.ts'
import * as power from './power.ts'
import { statusText } from './status.ts'
import { applyEffects } from './transitions.ts'

function lab() {
  const engine = testEngine([testVm('A'), testVm('B')])
  power.start(engine.world, 'A')
  pass(engine, 300_000)
  const show = (id: string): string => {
    const vm = engine.world.tables.virtual_machine.require(id)
    return `${stateText(vm)}: ${statusText(engine.world, vm)}`
  }
  return { engine, world: engine.world, show }
}

describe('critical states', () => {
  it('a lost volume makes its machines critical in the state that they have, and gives them back', () => {
    const { world, show } = lab()
    loseVolume(world, 'volume-c')
    const text = 'Cannot connect to virtual machine configuration storage'
    expect([show('A'), show('B')]).toEqual([`Running-Critical: ${text}`, `Off-Critical: ${text}`])
    expect(power.start(world, 'B')).toMatchObject({ ok: false, refusal: { code: 'wrong-state', values: { state: 'Off-Critical' } } })
    regainVolume(world, 'volume-c')
    expect([show('A'), show('B')]).toEqual(['Running: ', 'Off: '])
  })

  it('a full volume pauses the machines whose disks grow on it; they go on when resumed', () => {
    const { engine, world, show } = lab()
    world.tables.volume.patch('volume-c', { freeBytes: FREE_BYTES_MIN - 1 })
    checkSpace(world, 'volume-c')
    expect([show('A'), show('B')]).toEqual(['Paused-Critical: Disk(s) running out of space', 'Off: '])
    expect([...world.tables.log_record.values()].map((record) => record.eventId).slice(-2)).toEqual([16060, 18524])
    world.tables.volume.patch('volume-c', { freeBytes: 10 * FREE_BYTES_MIN })
    expect(power.resume(world, 'A').ok).toBe(true)
    pass(engine, 1000)
    expect(show('A')).toBe('Running: ')
  })

  it('a machine on a fixed disk does not care', () => {
    const { world, show } = lab()
    world.tables.host_file.patch('file C:\\Disks\\A.vhdx', { diskType: 'fixed' })
    world.tables.volume.patch('volume-c', { freeBytes: 0 })
    checkSpace(world, 'volume-c')
    expect(show('A')).toBe('Running: ')
  })

  it('setup that fills the volume pauses its machine', () => {
    const { world, show } = lab()
    world.tables.volume.patch('volume-c', { freeBytes: 1024 ** 3 })
    applyEffects(world, 'A', [
      { kind: 'installed', path: 'C:\\Disks\\A.vhdx', productId: 'windows-server-2022', writtenBytes: 12 * 1024 ** 3 },
    ])
    expect(world.tables.host_file.require('file C:\\Disks\\A.vhdx').sizeBytes).toBe(5 * 1024 ** 3)
    expect(world.tables.volume.require('volume-c').freeBytes).toBe(0)
    expect(show('A')).toBe('Paused-Critical: Disk(s) running out of space')
  })
})
