import { describe, expect, it } from 'vitest'
import { pass, testEngine, testVm } from '../../testing/lab.ts'
import { stateHash } from '../counters/state-hash.ts'
import { Engine } from '../engine.ts'
import { crashGuest } from '../guest/guest.ts'
import * as power from '../management/power.ts'
import { applyEffects } from '../management/transitions.ts'
import { TABLE_NAMES } from '../rows.ts'
import type { LabRows } from '../world.ts'
import { machineSpec, SCSI, StackBench } from './stack-bench.ts'
import { STACK_TRACE_MAX, StackLog } from './stack-log.ts'
import type { StackTraceRow } from './stack-types.ts'
import { TRACED_MACHINES_MAX, type TraceQuery } from './trace-logs.ts'

const ALL: TraceQuery = { kinds: [], text: '', channelId: null, transactionId: null, since: 0, limit: 1000 }
const MINUTE_MS = 60_000

/** Every row that is kept, asked for piece by piece. */
function whole(engine: Engine, id: string, query: Partial<TraceQuery> = {}): StackTraceRow[] {
  const rows: StackTraceRow[] = []
  for (let since = query.since ?? 0; ; ) {
    const answer = engine.world.machines.traces.read(id, { ...ALL, ...query, since })
    rows.push(...answer.rows)
    since = answer.next
    if (!answer.more) return rows
  }
}

/** A life with everything in it. Steps of time may be cut into pieces: a faster or slower clock outside. */
function life(engine: Engine, pieces: number, between: (step: number, engine: Engine) => Engine = (_, same) => same): Engine {
  let present = engine
  let step = 0
  const then = (milliseconds: number): void => {
    for (let piece = 0; piece < pieces; piece++) pass(present, milliseconds / pieces)
    present = between(step++, present)
  }
  power.start(present.world, 'A')
  then(5 * MINUTE_MS)
  power.start(present.world, 'B')
  then(2 * MINUTE_MS)
  power.pause(present.world, 'A')
  then(10_000)
  power.resume(present.world, 'A')
  then(10_000)
  applyEffects(present.world, 'A', crashGuest(present.world, 'A'))
  then(5 * MINUTE_MS)
  power.save(present.world, 'A')
  then(MINUTE_MS)
  power.start(present.world, 'A')
  then(MINUTE_MS)
  power.reset(present.world, 'A')
  then(5 * MINUTE_MS)
  power.shutDown(present.world, 'A')
  then(MINUTE_MS)
  return present
}

const lab = (): Engine => testEngine([testVm('A'), testVm('B')])

function traced(): Engine {
  const engine = lab()
  expect(engine.world.machines.setTrace('A', true)).toBe(true)
  return engine
}

describe('the trace of a machine', () => {
  it('S27: a traced run and an untraced one are the same lab', () => {
    const plain = life(lab(), 1)
    const watched = life(traced(), 1)
    expect(whole(watched, 'A').length).toBeGreaterThan(1000)
    expect(whole(plain, 'A')).toEqual([])
    expect(stateHash(watched.world)).toBe(stateHash(plain.world))
  })

  it('the same seed and commands give the same trace, at whatever speed time comes', () => {
    const first = whole(life(traced(), 1), 'A')
    expect(whole(life(traced(), 1), 'A')).toEqual(first)
    expect(whole(life(traced(), 25), 'A')).toEqual(first)
  })

  it('ends with a kill; switched on again it goes on as that of the run that was not killed', () => {
    const killAt = 4
    const since: number[] = []
    const note = (step: number, engine: Engine): Engine => {
      if (step === killAt) since.push(whole(engine, 'A').at(-1)?.sequence ?? 0)
      return engine
    }
    const kill = (step: number, engine: Engine): Engine => {
      if (step !== killAt) return engine
      engine.world.takeChanges()
      const rows = Object.fromEntries(TABLE_NAMES.map((name) => [name, structuredClone([...engine.world.tables[name].values()])]))
      const again = new Engine(rows as LabRows)
      expect(whole(again, 'A')).toEqual([])
      again.world.machines.setTrace('A', true)
      return again
    }
    const text = ({ tick, kind, actor, text: words }: StackTraceRow): string => `${tick} ${kind} ${actor} ${words}`
    const going = life(traced(), 1, note)
    const killed = life(traced(), 1, kill)
    // Which of two devices answers first within one tick may hang on queues that begin anew with the process: ticks stand in front, the rest is sorted.
    const sorted = (rows: readonly StackTraceRow[]): string[] => rows.map(text).sort()
    expect(sorted(whole(killed, 'A'))).toEqual(sorted(whole(going, 'A', { since: since[0] ?? 0 })))
    expect(stateHash(killed.world)).toBe(stateHash(going.world))
  })

  it('S18: shows the start of a machine that was off, from its first hypercall on', () => {
    const engine = traced()
    power.start(engine.world, 'A')
    pass(engine, 5000)
    const calls = whole(engine, 'A', { kinds: ['hypercall'] }).map(({ text }) => text.replace(/^HvCall|: .*$/g, ''))
    expect(calls[0]).toBe('CreatePartition')
    expect(calls).toContain('CreateVp')
  })

  it('is filtered by kind, text, channel and transaction', () => {
    const engine = traced()
    power.start(engine.world, 'A')
    pass(engine, 5 * MINUTE_MS)
    const everything = whole(engine, 'A')
    expect(whole(engine, 'A', { kinds: ['message', 'packet'] })).toEqual(
      everything.filter(({ kind }) => kind === 'message' || kind === 'packet'),
    )
    expect(whole(engine, 'A', { text: 'OPENCHANNEL' })).toEqual(everything.filter(({ text }) => text.toLowerCase().includes('openchannel')))
    const packet = everything.find(({ kind, transactionId }) => kind === 'packet' && (transactionId ?? 0) > 1)
    const { channelId = null, transactionId = null } = packet ?? {}
    const one = whole(engine, 'A', { kinds: ['packet'], channelId, transactionId })
    expect(one).toEqual(
      everything.filter((row) => row.kind === 'packet' && row.channelId === channelId && row.transactionId === transactionId),
    )
    expect(one.length).toBeGreaterThan(0)
  })

  it('keeps the last events only, says what is lost, and answers in pieces', () => {
    const log = new StackLog(() => 5)
    log.on = true
    for (let at = 0; at < 3 * STACK_TRACE_MAX; at++) log.add('packet', 'guest', 0, `${at}`)
    expect(log.rows()).toHaveLength(STACK_TRACE_MAX)
    const { world } = lab()
    world.machines.traces.take('A', log)
    const first = world.machines.traces.read('A', { ...ALL, since: 10, limit: 3 })
    expect(first.rows.map(({ sequence }) => sequence)).toEqual([40_001, 40_002, 40_003])
    expect(first).toMatchObject({ on: true, next: 40_003, more: true, lost: 39_990 })
    expect(world.machines.traces.read('A', { ...ALL, since: 60_000 })).toMatchObject({ rows: [], next: 60_000, more: false, lost: 0 })
    expect(world.machines.traces.read('A', { ...ALL, text: '59999' })).toMatchObject({ next: 60_000, more: false })
  })

  it('is kept for a bounded number of machines', () => {
    const engine = testEngine(Array.from({ length: TRACED_MACHINES_MAX + 2 }, (_, at) => testVm(`V${at}`)))
    const { machines } = engine.world
    for (let at = 0; at < TRACED_MACHINES_MAX; at++) expect(machines.setTrace(`V${at}`, true)).toBe(true)
    expect(machines.setTrace(`V${TRACED_MACHINES_MAX}`, true)).toBe(false)
    expect(machines.setTrace('V3', false)).toBe(true)
    expect(machines.setTrace(`V${TRACED_MACHINES_MAX}`, true)).toBe(true)
    expect(machines.traces.read('V3', ALL)).toMatchObject({ on: false, rows: [] })
  })

  it('switched off, nothing is written, no text is made, and the bus has nobody to tell', () => {
    let adds = 0
    class CountingLog extends StackLog {
      override add(...parts: Parameters<StackLog['add']>): void {
        adds++
        super.add(...parts)
      }
    }
    const run = (on: boolean): number => {
      adds = 0
      const bench = new StackBench()
      const log = new CountingLog(() => bench.tick)
      log.on = on
      const result = bench.host.powerOn(machineSpec('a', 'windows-server-2022'), { log })
      if (!result.ok) throw new Error(result.refusal.code)
      for (const step of ['firmware', 'kernel', 'devices', 'services'] as const) result.value.step(step)
      for (let at = 0; at < 100; at++) result.value.traffic.readDisk(SCSI, 0, at * 4096, 4096)
      result.value.powerOff()
      return adds
    }
    expect(run(true)).toBeGreaterThan(1000)
    expect(run(false)).toBe(0)
  })
})
