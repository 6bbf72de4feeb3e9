/** Procedures of faults and of job timing, in the contract's shape. */
import type { FaultView } from '../../preload/contract/index.ts'
import { TICKS_PER_MS } from '../engine/kernel/ticks.ts'
import type { FaultRow } from '../engine/rows.ts'
import type { World } from '../engine/world.ts'

const PPM = 1_000_000

export function faultView(fault: FaultRow): FaultView {
  const { id, kind, vmId, volumeId, device, state, injectedTick, endedTick, ruleId } = fault
  const rule =
    fault.jobKind === null
      ? null
      : {
          jobKind: fault.jobKind,
          probability: (fault.probabilityPpm ?? 0) / PPM,
          afterMs: Math.round((fault.afterTicks ?? 0) / TICKS_PER_MS),
        }
  return { id, kind, vmId, volumeId, device, state, injectedTick, endedTick, ruleId, rule }
}

export function jobTimings(world: World) {
  return [...world.tables.job_timing.values()].map(({ id, factorPercent, extraTicks, jitterTicks }) => ({
    jobKind: id,
    factorPercent,
    extraMs: extraTicks / TICKS_PER_MS,
    jitterMs: jitterTicks / TICKS_PER_MS,
  }))
}
