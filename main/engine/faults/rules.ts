/** Rules that bring faults by chance: announced at the end of each job of their kind, drawn from a stream of their own. */
import type { JobRow } from '../rows.ts'
import type { World } from '../world.ts'

export const DRAW_EVENT = 'fault.draw'
export const RECHECK_EVENT = 'fault.recheck'

/** A job has been completed: each rule for its kind gets its draw, after the rule's delay. */
export function announceJob(world: World, job: JobRow): void {
  if (world.tables.fault.size === 0) return
  for (const rule of world.by.faultRulesOfJob.of(`${job.hostId}|${job.kind}`)) {
    if (rule.vmId !== null && rule.vmId !== job.vmId) continue
    world.events.schedule(DRAW_EVENT, world.now + (rule.afterTicks ?? 0), `${rule.id}|${job.vmId ?? ''}`)
  }
}

/** A machine has begun to run on a host with faults: they may concern it. */
export function announceRun(world: World, vm: { readonly id: string; readonly hostId: string }): void {
  if (world.by.activeFaultsOfHost.first(vm.hostId) !== undefined) world.events.schedule(RECHECK_EVENT, world.now, vm.id)
}
