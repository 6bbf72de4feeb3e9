/**
 * The engine: a world, the commands on it, and the passing of its time.
 *
 * It never looks at a clock. Whoever owns it (the service) says how far simulated time may come; pending events run in their order on the way.
 */
import { MetricsReader } from './counters/metrics.ts'
import { assertNever, invariant } from './kernel/result.ts'
import type { Tick } from './kernel/ticks.ts'
import { writeFoundNoRoom } from './management/critical.ts'
import { handleGuest, handleJobEvent } from './management/transitions.ts'
import type { PendingEventRow } from './rows.ts'
import { type LabRows, World } from './world.ts'

type EventFamily = 'job' | 'guest'

export class Engine {
  readonly world: World
  readonly metrics: MetricsReader

  constructor(rows: LabRows) {
    this.world = new World(rows)
    this.metrics = new MetricsReader(this.world)
    this.world.machines.onVolumeFull = (vmId, driveId) => writeFoundNoRoom(this.world, vmId, driveId)
    this.world.machines.adopt()
  }

  /** Due tick of the next event; undefined when nothing is pending. */
  nextDue(): Tick | undefined {
    return this.world.events.nextDue()
  }

  /**
   * Lets time pass up to `tick`. At most `eventsMax` events run; the return value is how far time has come, less than `tick` when the budget
   * was used up first.
   */
  advanceTo(tick: Tick, eventsMax = Number.POSITIVE_INFINITY): Tick {
    const world = this.world
    for (let done = 0; done < eventsMax; done++) {
      const event = world.events.take(tick)
      if (event === undefined) {
        world.setNow(Math.max(tick, world.now))
        return world.now
      }
      // An event of the past can only come from a damaged lab.
      invariant(event.dueTick >= world.now, `event ${event.kind} was due at ${event.dueTick}, it is ${world.now}`)
      world.setNow(event.dueTick)
      dispatch(world, event)
    }
    return world.now
  }
}

function dispatch(world: World, event: PendingEventRow): void {
  const family = event.kind.slice(0, event.kind.indexOf('.')) as EventFamily
  switch (family) {
    case 'job':
      return handleJobEvent(world, event)
    case 'guest':
      return handleGuest(world, event)
    default:
      return assertNever(family)
  }
}
