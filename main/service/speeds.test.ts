/** The speed of the clock outside changes nothing of what happens inside: faults, jitter and traces included. */
import { expect, it } from 'vitest'
import { clearFault, injectFault } from '../engine/faults/inject.ts'
import { setJobTiming } from '../engine/management/job-timing.ts'
import * as power from '../engine/management/power.ts'
import type { World } from '../engine/world.ts'
import { testRows, testVm } from '../testing/lab.ts'
import { LabService } from './lab-service.ts'

const FAULT = { hostId: 'host-1', vmId: null, volumeId: null, provider: null, stopCode: null, rule: null } as const

/** Commands with the simulated minutes after which they come. */
const COMMANDS: readonly (readonly [minutes: number, run: (world: World) => unknown])[] = [
  [0, (world) => setJobTiming(world, { jobKind: 'start', factorPercent: 150, extraMs: 0, jitterMs: 4000 })],
  [0, (world) => injectFault(world, { ...FAULT, kind: 'guest-crash', rule: { jobKind: 'start', probability: 0.5, afterMs: 90_000 } })],
  [1, (world) => power.start(world, 'A')],
  [1, (world) => power.start(world, 'B')],
  [5, (world) => injectFault(world, { ...FAULT, kind: 'random' })],
  [2, (world) => injectFault(world, { ...FAULT, kind: 'provider-stopped', provider: 'storage' })],
  [1, (world) => power.reset(world, 'B')],
  [5, (world) => clearFault(world, 'fault-3')],
  [1, (world) => power.shutDown(world, 'A')],
  [4, (world) => power.start(world, 'A')],
  [5, () => undefined],
]

function run(speed: 1 | 10 | 60): { readonly hash: string; readonly rows: number; readonly trace: string } {
  let wallMs = 0
  const store = { folder: 'memory', commit: () => undefined }
  const rows = testRows([testVm('A'), testVm('B')])
  const service = new LabService({ rows, store, epoch: 'e', speed, manual: false, wallMs: () => wallMs })
  service.command((world) => world.machines.setTrace('A', true))
  for (const [minutes, command] of COMMANDS) {
    wallMs += (minutes * 60_000) / speed
    service.command(command)
  }
  const { world } = service
  const query = { kinds: [], text: '', channelId: null, transactionId: null, since: 0, limit: 1000 }
  const trace = world.machines.traces.read('A', query)
  const hash = service.stateHash()
  service.close()
  return { hash, rows: trace.rows.length, trace: JSON.stringify(trace) }
}

it('the same seed and commands give the same state and the same trace at every speed', () => {
  const once = run(1)
  expect(once.rows).toBeGreaterThan(100)
  expect(run(1)).toEqual(once)
  expect(run(10)).toEqual(once)
  expect(run(60)).toEqual(once)
})
