/** Random lives of a whole lab: commands, faults, traces, reloads; every invariant is checked after each step. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { brokenInvariants } from '../testing/invariants.ts'
import { LAB, testAdapter, testDisk, testFile, testRows, testVm, testVolume } from '../testing/lab.ts'
import { stateHash } from './counters/state-hash.ts'
import { Engine } from './engine.ts'
import { clearFault, injectFault, listFaults, type WantedFault } from './faults/inject.ts'
import { TICKS_PER_MS } from './kernel/ticks.ts'
import { whyNot } from './management/actions.ts'
import { setJobTiming } from './management/job-timing.ts'
import * as power from './management/power.ts'
import { startService, stopService } from './management/service.ts'
import { type DriveRow, TABLE_NAMES, type VirtualMachineRow } from './rows.ts'
import { Ring } from './vmbus/ring.ts'
import { SeededIntegers } from './vmbus/testing.ts'
import type { LabRows, World } from './world.ts'

interface Guest {
  readonly product: string
  readonly generation: 1 | 2
}

/** Ten machines of both generations: enlightened, not enlightened, without any system. */
const GUESTS: readonly Guest[] = [
  { product: 'windows-server-2022', generation: 2 },
  { product: 'windows-server-2019', generation: 2 },
  { product: 'ubuntu-24.04', generation: 2 },
  { product: 'windows-server-2022', generation: 1 },
  { product: 'windows-server-2008', generation: 1 },
  { product: 'windows-xp-sp3', generation: 1 },
  { product: 'windows-xp-sp3+services', generation: 1 },
  { product: 'windows-11', generation: 2 },
  { product: 'freebsd-14', generation: 1 },
  { product: 'none', generation: 2 },
]

const START_ACTIONS = ['nothing', 'if-running', 'always'] as const

function lab(seed: number, known: (product: string) => boolean): Engine {
  const machines = GUESTS.map(
    ({ generation }, at): VirtualMachineRow =>
      testVm(`VM${at}`, {
        generation,
        processorCount: 1 + (at % 3),
        startupMemoryMb: 512 + 256 * (at % 3),
        automaticStart: START_ACTIONS[at % 3] ?? 'nothing',
        bootOrder: generation === 2 ? ['hard-drive', 'network'] : ['ide', 'legacy-network'],
      }),
  )
  const rows = testRows(machines)
  const disk = (at: number): string => `${at % 2 === 0 ? 'C' : 'D'}:\\Disks\\VM${at}.vhdx`
  const drives = GUESTS.map(
    ({ generation }, at): DriveRow => ({
      ...testDisk(`VM${at}`, disk(at)),
      controller: generation === 2 ? 'scsi' : 'ide',
    }),
  )
  const files = GUESTS.map(({ product }, at) => testFile(disk(at), { guestProductId: known(product) ? product : null }))
  const adapters = machines.map((vm, at) => testAdapter(vm.id, { switchId: at % 4 === 3 ? null : 'switch-1' }))
  const volume = [...(rows.volume ?? []), testVolume({ id: 'volume-d', letter: 'D', label: 'Data' })]
  return new Engine({ ...rows, lab: [{ ...LAB, seed }], drive: drives, network_adapter: adapters, host_file: files, volume })
}

const ANY: WantedFault = { hostId: 'host-1', kind: 'random', vmId: null, volumeId: null, provider: null, stopCode: null, rule: null }
const COMMANDS = {
  start: power.start,
  'turn-off': power.turnOff,
  'shut-down': power.shutDown,
  save: power.save,
  pause: power.pause,
  resume: power.resume,
  reset: power.reset,
  'delete-saved-state': power.deleteSavedState,
} as const

function reload(engine: Engine): Engine {
  engine.world.takeChanges()
  return new Engine(
    Object.fromEntries(TABLE_NAMES.map((name) => [name, structuredClone([...engine.world.tables[name].values()])])) as LabRows,
  )
}

/** Rows that a kill has changed, as sentences. */
function differences(before: World, after: World): string[] {
  if (stateHash(before) === stateHash(after)) return []
  return TABLE_NAMES.flatMap((name) => {
    const texts = (world: World): string[] => [...world.tables[name].values()].map((row) => JSON.stringify(row))
    const [was, is] = [texts(before), texts(after)]
    const without = (all: string[], others: string[], word: string): string[] =>
      all.filter((text) => !others.includes(text)).map((text) => `${name} ${word} ${text}`)
    return [...without(was, is, 'was'), ...without(is, was, 'is')]
  })
}

interface Step {
  readonly what: string
  readonly engine: Engine
  readonly broken?: readonly string[]
}

/** One step; what it was, and the engine to go on with. */
function act(engine: Engine, integers: SeededIntegers): Step {
  const { world } = engine
  const vmId = `VM${integers.below(GUESTS.length)}`
  const done = (what: string, result: { readonly ok: boolean }) => ({ what: `${what}${result.ok ? '' : ' (refused)'}`, engine })
  const noPower = listFaults(world, 'host-1').find(({ kind, state }) => kind === 'power-loss' && state === 'active')
  if (noPower !== undefined && integers.below(2) === 0) return done('clear power-loss', clearFault(world, noPower.id))
  switch (integers.below(20)) {
    case 0: {
      const injected = injectFault(world, ANY)
      return done(`fault ${injected.ok ? injected.value.kind : ''}`, injected)
    }
    case 1:
    case 2: {
      const fault = integers.pick([...listFaults(world, 'host-1').filter(({ state }) => state !== 'ended'), null])
      return fault === null ? { what: 'nothing to clear', engine } : done(`clear ${fault.kind}`, clearFault(world, fault.id))
    }
    case 3:
      return { what: `trace ${vmId} ${world.machines.setTrace(vmId, integers.below(2) === 0)}`, engine }
    case 4: {
      const again = reload(engine)
      // Also after every stack has been built again from the rows.
      for (const vm of again.world.tables.virtual_machine.values()) again.world.machines.machine(vm.id)
      return { what: 'kill', engine: again, broken: differences(world, again.world) }
    }
    case 5: {
      const rule = { jobKind: integers.pick(['start', 'reset', 'resume']), probability: 0.2, afterMs: integers.below(60_000) }
      return done(
        'rule',
        injectFault(world, { ...ANY, kind: integers.pick(['guest-crash', 'guest-hang', 'lost-interrupt'] as const), rule }),
      )
    }
    case 6: {
      const timing = { jobKind: integers.pick(['start', 'save', 'turn-off']), factorPercent: 20 + integers.below(400), extraMs: 0 }
      return done('timing', setJobTiming(world, { ...timing, jitterMs: integers.below(5000) }))
    }
    case 7:
      return integers.below(6) === 0
        ? done('stop service', stopService(world, 'host-1'))
        : done('start service', startService(world, 'host-1'))
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
      return done(`start ${vmId}`, power.start(world, vmId))
    default: {
      // Mostly something that is possible: of six machines the first that offers it.
      const action = integers.pick(Object.keys(COMMANDS) as (keyof typeof COMMANDS)[])
      const offers = (id: string): boolean => whyNot(world, world.tables.virtual_machine.require(id), action) === undefined
      const willing = Array.from({ length: 6 }, () => `VM${integers.below(GUESTS.length)}`).find(offers) ?? vmId
      return done(`${action} ${willing}`, COMMANDS[action](world, willing))
    }
  }
}

interface Outcome {
  readonly steps: readonly string[]
  readonly hash: string
  /** Seed, step and sentence of the first broken invariant; undefined for a sound run. */
  readonly broken: string | undefined
}

function run(seed: number, steps: number): Outcome {
  const integers = new SeededIntegers(seed * 7919)
  let engine = lab(seed, (product) => product !== 'none')
  const log: string[] = []
  for (let step = 0; step < steps; step++) {
    const taken = act(engine, integers)
    engine = taken.engine
    const pause = integers.pick([0, 50, 400, 3000, 20_000, 120_000])
    engine.advanceTo(engine.world.now + pause * TICKS_PER_MS)
    log.push(`${taken.what}, ${pause} ms`)
    const broken = [...(taken.broken ?? []), ...brokenInvariants(engine)]
    if (broken.length > 0) {
      return { steps: log, hash: '', broken: `seed ${seed}, step ${step} (${log.slice(-5).join('; ')}): ${broken.join('; ')}` }
    }
  }
  return { steps: log, hash: stateHash(engine.world), broken: undefined }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('random lives of a lab', () => {
  it('12 seeds of 140 steps keep every invariant, also when every stack is built again after a kill', () => {
    const counts = new Map<string, number>()
    for (let seed = 1; seed <= 12; seed++) {
      const outcome = run(seed, 140)
      expect(outcome.broken).toBeUndefined()
      for (const step of outcome.steps) {
        const what = step.replace(/ ?VM\d| true| false|,.*$/g, '')
        counts.set(what, (counts.get(what) ?? 0) + 1)
      }
    }
    // The lives have what they are meant to have in them.
    for (const what of [
      'kill',
      'start',
      'resume',
      'shut-down',
      'save',
      'reset',
      'fault guest-crash',
      'fault power-loss',
      'fault volume-lost',
      'clear power-loss',
    ]) {
      expect(counts.get(what) ?? 0, what).toBeGreaterThan(0)
    }
  }, 120_000)

  it('the same seed gives the same life', () => {
    expect(run(3, 80)).toEqual(run(3, 80))
    expect(run(4, 80).hash).not.toBe(run(3, 80).hash)
  }, 60_000)

  it.each<[string, () => void]>([
    [
      'a write index that slips',
      () => {
        const { write } = Ring.prototype
        vi.spyOn(Ring.prototype, 'write').mockImplementation(function (this: Ring, packet) {
          const result = write.call(this, packet)
          this.writeIndex = (this.writeIndex + 8) % this.size
          return result
        })
      },
    ],
    [
      'a read index that is not published',
      () => {
        vi.spyOn(Ring.prototype, 'commitRead').mockImplementation(() => false)
      },
    ],
    [
      'a signal that is not counted',
      () => {
        const { write } = Ring.prototype
        vi.spyOn(Ring.prototype, 'write').mockImplementation(function (this: Ring, packet) {
          const { signals } = this
          const result = write.call(this, packet)
          this.signals = signals
          return result
        })
      },
    ],
  ])('a ring that is broken on purpose is caught, with seed and step: %s', (_, breakRing) => {
    breakRing()
    const outcome = run(1, 120)
    expect(outcome.broken).toMatch(/^seed 1, step \d+ \(.*\): .*channel \d+: /)
  })
})
