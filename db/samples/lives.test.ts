/** The sample lab through every kind of job on machines, killed in the middle of each round: its rows are those of a lab that was never killed. */
import { expect, it } from 'vitest'
import { Engine } from '../../main/engine/engine.ts'
import { TICKS_PER_MS } from '../../main/engine/kernel/ticks.ts'
import * as power from '../../main/engine/management/power.ts'
import { startService, stopService } from '../../main/engine/management/service.ts'
import { TABLE_NAMES, type TableName } from '../../main/engine/rows.ts'
import type { LabRows, World } from '../../main/engine/world.ts'
import { standardLab } from './standard.ts'

const START_MS = Date.UTC(2026, 10, 23, 9, 41)
const TO_THE_END_MS = 120_000

type Act = (world: World, vmId: string) => unknown
type Round = readonly (readonly [name: string, act: Act, waitMs: number])[]

const service =
  (act: typeof startService): Act =>
  (world) =>
    act(world, world.tables.host.values().next().value?.id ?? '')

const ROUNDS: readonly Round[] = [
  [
    ['SQL01', power.shutDown, 0],
    ['APP01', power.save, 1000],
    ['UBUNTU-WEB2', power.start, 500],
    ['DC02', power.start, 540],
    ['DC01', power.pause, 20],
    ['WIN11-CLIENT', power.resume, 60],
  ],
  [
    ['WIN11-CLIENT', power.turnOff, 100],
    ['FILE01', power.reset, 50],
    ['WSUS', power.remove, 50],
    ['APP01', power.deleteSavedState, 150],
  ],
  [['WIN11-CLIENT', power.remove, 1500]],
  [['', service(stopService), 500]],
  [['', service(startService), 500]],
  [['UBUNTU-WEB2', power.save, 300]],
]

function advance(engine: Engine, milliseconds: number): void {
  engine.advanceTo(engine.world.now + milliseconds * TICKS_PER_MS)
  // There are no real files here: their work counts as done.
  for (const { id } of [...engine.world.tables.file_work.values()]) engine.world.tables.file_work.delete(id)
}

/** What a process that was killed finds: the same rows in a new engine. */
function reload(engine: Engine): Engine {
  engine.world.takeChanges()
  return new Engine(
    Object.fromEntries(TABLE_NAMES.map((name) => [name, structuredClone([...engine.world.tables[name].values()])])) as LabRows,
  )
}

function rowsOf(engine: Engine, name: TableName): Record<string, unknown> {
  return Object.fromEntries([...engine.world.tables[name].values()].map((row) => [row.id, row]))
}

it('is the same after kills in the middle of every round', () => {
  const going = new Engine(standardLab(1, START_MS))
  let killed = new Engine(standardLab(1, START_MS))
  for (const round of ROUNDS) {
    for (const engine of [going, killed]) {
      for (const [name, act, waitMs] of round) {
        const vm = [...engine.world.tables.virtual_machine.values()].find((row) => row.name === name)
        act(engine.world, vm?.id ?? '')
        advance(engine, waitMs)
      }
    }
    killed = reload(killed)
    for (const engine of [going, killed]) advance(engine, TO_THE_END_MS)
    for (const name of TABLE_NAMES) {
      if (name !== 'lab' && name !== 'made_file') expect({ name, rows: rowsOf(killed, name) }).toEqual({ name, rows: rowsOf(going, name) })
    }
  }
})
