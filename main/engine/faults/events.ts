/** Pending events of faults. */
import { invariant } from '../kernel/result.ts'
import type { PendingEventRow } from '../rows.ts'
import type { World } from '../world.ts'
import { drawRule, endWithEffects } from './inject.ts'
import { END_EVENT } from './models.ts'
import { HOST_UP_EVENT, hostUp } from './power-loss.ts'
import { DRAW_EVENT, RECHECK_EVENT } from './rules.ts'
import { POWER_OFF_EVENT, powerOffLost, recheckStorage, STRIKE_EVENT, strikeDisk } from './storage.ts'

/** A pending event whose kind begins with `fault.` is due. */
export function handleFaultEvent(world: World, { kind, target }: PendingEventRow): void {
  switch (kind) {
    case DRAW_EVENT:
      return drawRule(world, target)
    case RECHECK_EVENT:
      return recheckStorage(world, target)
    case STRIKE_EVENT:
      return strikeDisk(world, target)
    case POWER_OFF_EVENT:
      return powerOffLost(world, target)
    case END_EVENT:
    case HOST_UP_EVENT: {
      const fault = world.tables.fault.get(target)
      if (fault?.state !== 'active') return
      return kind === END_EVENT ? endWithEffects(world, fault) : hostUp(world, fault)
    }
    default:
      return invariant(false, `fault event of kind ${kind}`)
  }
}
