/**
 * The engine: a world, the commands on it, and the passing of its time.
 *
 * It never looks at a clock. Whoever owns it (the service) says how far simulated time may come; pending events run in their order on the way.
 */
import { MetricsReader } from './counters/metrics.ts'
import { Sampler, watchRemovals } from './counters/sampler.ts'
import { handleFaultEvent } from './faults/events.ts'
import { assertNever, invariant } from './kernel/result.ts'
import type { Tick } from './kernel/ticks.ts'
import { writeFoundNoRoom } from './management/critical.ts'
import { followFiles } from './management/disks/file-work.ts'
import { handleBalance, watchDynamicMemory } from './management/memory-balance.ts'
import { handleGuest, handleJobEvent } from './management/transitions.ts'
import type { PendingEventRow } from './rows.ts'
import { type LabRows, World } from './world.ts'

type EventFamily = 'job' | 'guest' | 'fault' | 'memory'

export class Engine {
  readonly world: World
  readonly metrics: MetricsReader
  readonly #samples: Sampler

  constructor(rows: LabRows) {
    this.world = new World(rows)
    this.metrics = new MetricsReader(this.world)
    this.world.machines.onVolumeFull = (vmId, driveId) => writeFoundNoRoom(this.world, vmId, driveId)
    this.world.machines.adopt()
    watchDynamicMemory(this.world)
    followFiles(this.world)
    watchRemovals(this.world)
    this.#samples = new Sampler(this.world, this.metrics.loads)
  }

  /** Due tick of the next event; undefined when nothing is pending. */
  nextDue(): Tick | undefined {
    return this.world.events.nextDue()
  }

  /**
   * Lets time pass up to `tick`. At most `eventsMax` events run; the return value is how far time has come, less than `tick` when the budget
   * was used up first, or `pause` said so after an event.
   */
  advanceTo(tick: Tick, eventsMax = Number.POSITIVE_INFINITY, pause: () => boolean = () => false): Tick {
    const world = this.world
    for (let done = 0; done < eventsMax; done++) {
      const event = world.events.take(tick)
      if (event === undefined) {
        world.setNow(Math.max(tick, world.now))
        this.#samples.until(world.now)
        return world.now
      }
      // An event of the past can only come from a damaged lab.
      invariant(event.dueTick >= world.now, `event ${event.kind} was due at ${event.dueTick}, it is ${world.now}`)
      world.setNow(event.dueTick)
      this.#dispatch(event)
      if (pause()) return world.now
    }
    return world.now
  }

  #dispatch(event: PendingEventRow): void {
    const world = this.world
    const family = event.kind.slice(0, event.kind.indexOf('.')) as EventFamily
    // A balancer looks often and changes little: seconds are taken only if it does.
    const beforeChange = (): void => this.#samples.before(event.dueTick)
    if (family !== 'memory') beforeChange()
    switch (family) {
      case 'job':
        return handleJobEvent(world, event)
      case 'guest':
        return handleGuest(world, event)
      case 'fault':
        return handleFaultEvent(world, event)
      case 'memory':
        return handleBalance(world, event, beforeChange)
      default:
        return assertNever(family)
    }
  }
}
