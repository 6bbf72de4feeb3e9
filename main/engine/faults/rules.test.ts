import { describe, expect, it } from 'vitest'
import { LAB, pass, testRows, testVm } from '../../testing/lab.ts'
import { stateHash } from '../counters/state-hash.ts'
import { Engine } from '../engine.ts'
import * as power from '../management/power.ts'
import { clearFault, injectFault, listFaults, type WantedFault } from './inject.ts'
import { ACTIVE_FAULTS_MAX, ENDED_FAULTS_MAX } from './rows.ts'

const MINUTE_MS = 60_000
const NOTHING: WantedFault = { hostId: 'host-1', kind: 'random', vmId: null, volumeId: null, provider: null, stopCode: null, rule: null }

function lab(seed = 7): Engine {
  return new Engine({ ...testRows(['A', 'B', 'C'].map((id) => testVm(id))), lab: [{ ...LAB, seed }] })
}

/** Starts and turns off a machine so many times; how often its guest had crashed a minute after the start. */
function crashes(engine: Engine, rounds: number): number {
  let count = 0
  for (let round = 0; round < rounds; round++) {
    power.start(engine.world, 'A')
    pass(engine, MINUTE_MS + 5_000)
    if (engine.world.tables.guest.get('A')?.stopCode != null) count++
    power.turnOff(engine.world, 'A')
    pass(engine, 5_000)
  }
  return count
}

const crashAfterStart = (probability: number): WantedFault => ({
  ...NOTHING,
  kind: 'guest-crash',
  stopCode: 'PAGE_FAULT_IN_NONPAGED_AREA',
  rule: { jobKind: 'start', probability, afterMs: MINUTE_MS },
})

describe('rules', () => {
  it('bring a fault at the end of each job of their kind, as often as their chance says', () => {
    const sure = lab()
    expect(injectFault(sure.world, crashAfterStart(1)).ok).toBe(true)
    expect(crashes(sure, 5)).toBe(5)
    expect(sure.world.tables.guest.size).toBe(0)
    const rule = listFaults(sure.world, 'host-1')[0]
    expect(listFaults(sure.world, 'host-1').slice(1)).toMatchObject(
      Array.from({ length: 5 }, () => ({ kind: 'guest-crash', vmId: 'A', state: 'ended', ruleId: rule?.id })),
    )
    const rare = lab()
    injectFault(rare.world, crashAfterStart(0.3))
    const hits = crashes(rare, 40)
    // 40 draws of 0.3: 12 expected, standard deviation 2.9.
    expect(hits).toBeGreaterThan(3)
    expect(hits).toBeLessThan(21)
  }, 60_000)

  it('the same seed and commands bring the same faults, another seed others', () => {
    const run = (seed: number): readonly number[] => {
      const engine = lab(seed)
      injectFault(engine.world, crashAfterStart(0.5))
      crashes(engine, 12)
      return listFaults(engine.world, 'host-1').map((fault) => fault.injectedTick)
    }
    expect(run(7)).toEqual(run(7))
    expect(run(7)).not.toEqual(run(8))
  })

  it('hit only the machine that they name, and nothing once they are taken back', () => {
    const engine = lab()
    const rule = injectFault(engine.world, { ...crashAfterStart(1), vmId: 'B' })
    expect(crashes(engine, 2)).toBe(0)
    if (!rule.ok) throw new Error(rule.refusal.code)
    expect(clearFault(engine.world, rule.value.id).ok).toBe(true)
    expect(listFaults(engine.world, 'host-1')).toEqual([])
  })

  it('are refused for a job that does not exist and a fault that is not named', () => {
    const { world } = lab()
    const rule = { jobKind: 'explode', probability: 1, afterMs: 0 }
    expect(injectFault(world, { ...NOTHING, kind: 'guest-hang', rule })).toMatchObject({ refusal: { code: 'unknown-job-kind' } })
    expect(injectFault(world, { ...NOTHING, rule })).toMatchObject({ refusal: { code: 'fault-not-possible' } })
  })
})

describe('chance', () => {
  it('chooses among what is possible, the same for the same seed', () => {
    const run = (seed: number): readonly string[] => {
      const engine = lab(seed)
      power.start(engine.world, 'A')
      pass(engine, 5 * MINUTE_MS)
      for (let round = 0; round < 6; round++) {
        injectFault(engine.world, NOTHING)
        pass(engine, MINUTE_MS)
      }
      return [...listFaults(engine.world, 'host-1').map((fault) => `${fault.kind} ${fault.vmId ?? ''}`), stateHash(engine.world)]
    }
    expect(run(7)).toEqual(run(7))
    expect(new Set(Array.from({ length: 8 }, (_, seed) => run(seed)[0])).size).toBeGreaterThan(2)
  })
})

describe('bounds', () => {
  it('faults that act and faults that have ended are both limited', () => {
    const engine = lab()
    const { world } = engine
    for (let at = 0; at < ACTIVE_FAULTS_MAX; at++) injectFault(world, crashAfterStart(0.001))
    expect(injectFault(world, crashAfterStart(0.001))).toMatchObject({ refusal: { code: 'fault-limit' } })
    for (const fault of listFaults(world, 'host-1')) clearFault(world, fault.id)
    for (let at = 0; at < ENDED_FAULTS_MAX + 20; at++) {
      const full = injectFault(world, { ...NOTHING, kind: 'volume-full', volumeId: 'volume-c' })
      if (full.ok) clearFault(world, full.value.id)
    }
    expect(listFaults(world, 'host-1')).toHaveLength(ENDED_FAULTS_MAX)
  })
})
