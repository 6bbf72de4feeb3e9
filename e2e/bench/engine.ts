/** Figures of the engine alone, in this process: how fast simulated time can pass. */
import { sampleLab } from '../../db/samples/sample.ts'
import { Engine } from '../../main/engine/engine.ts'
import { TICKS_PER_HOUR, TICKS_PER_SECOND } from '../../main/engine/kernel/ticks.ts'
import { benchRing } from '../../main/engine/vmbus/ring-bench.ts'
import { type Figure, figure, median } from './report.ts'

const START_MS = Date.UTC(2026, 10, 23, 9, 41)

function running(size: number): Engine {
  return new Engine(sampleLab({ seed: 1, startTimeMs: START_MS, size, allRunning: true }))
}

/** Seconds of processor time that `work` takes. */
function seconds(work: () => void): number {
  const begin = process.cpuUsage()
  work()
  const used = process.cpuUsage(begin)
  return (used.user + used.system) / 1_000_000
}

/** An hour of a lab with counters read for every machine each simulated minute, as a list that is watched at high speed would. */
function hour(size: number): number {
  const engine = running(size)
  return seconds(() => {
    const end = engine.world.now + TICKS_PER_HOUR
    while (engine.world.now < end) {
      engine.advanceTo(engine.world.now + 60 * TICKS_PER_SECOND)
      for (const vm of engine.world.tables.virtual_machine.values()) engine.metrics.read(vm.id)
    }
  })
}

/** Share of a core that a lab takes at real time when every machine's counters are read each second. */
function share(size: number, simulatedSeconds: number): number {
  const engine = running(size)
  const used = seconds(() => {
    for (let i = 0; i < simulatedSeconds; i++) {
      engine.advanceTo(engine.world.now + TICKS_PER_SECOND)
      for (const vm of engine.world.tables.virtual_machine.values()) engine.metrics.read(vm.id)
    }
  })
  return (used / simulatedSeconds) * 100
}

export function engineFigures(quick: boolean): Figure[] {
  const runs = quick ? 1 : 3
  const hours = Array.from({ length: runs }, () => hour(100))
  const packets = Array.from({ length: runs }, () => benchRing(1_000_000, () => performance.now()).packetsPerSecond)
  return [
    figure('VMBus packets simulated', median(packets), 'per second', 1_000_000, 'at least', 'rings, signalling, completion, counters'),
    figure('fast-forward one hour, 100 machines', median(hours), 's', 2, 'at most', 'engine alone'),
    figure('1,024 running machines at 1x', share(1024, quick ? 10 : 60), '% of a core', 50, 'at most', 'engine alone, all counters'),
    figure('8,000 running machines at 1x', share(8000, quick ? 5 : 30), '% of a core', 100, 'at most', 'engine alone, all counters'),
  ]
}
