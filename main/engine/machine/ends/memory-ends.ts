/** Dynamic memory: the host's side and the guest's, which reports the pressure of its programs. */
import { MemoryClient } from '../../clients/memory/client.ts'
import {
  linuxHotAddAlignment,
  memoryRangesMax,
  memoryVersion,
  memoryVersionOfHost,
  memoryVersions,
} from '../../providers/memory/protocol.ts'
import { MemoryProvider, type MemoryReport } from '../../providers/memory/provider.ts'
import { versionText } from '../../vmbus/versions.ts'
import type { EndsParts } from './device-ends.ts'
import { SmallEnds } from './input-ends.ts'

/** What moves: to the host, back to the guest, or to the guest for the first time. */
export type MemoryMove = 'balloon' | 'unballoon' | 'hotAdd'

const RING_PAGES = 4
const PAGES_PER_MB = 256
/** Linux waits so long after its start before it reports, ticks (hv_balloon.c); Windows does not. */
const LINUX_DELAY = 450_000_000

export class MemoryEnds extends SmallEnds<MemoryProvider, MemoryClient> {
  readonly provider: MemoryProvider
  readonly driver: MemoryClient
  readonly ringPages = RING_PAGES
  readonly #parts: EndsParts

  constructor(parts: EndsParts) {
    super()
    this.#parts = parts
    const { context, time, hostRelease, guestRelease } = parts
    const newest = memoryVersionOfHost[guestRelease] ?? memoryVersion.v0_3
    const pages = context.spec.memoryMb * PAGES_PER_MB
    const linux = context.spec.guest.family === 'linux'
    this.provider = new MemoryProvider({ versionMax: memoryVersionOfHost[hostRelease] ?? memoryVersion.v0_3, maxPages: pages })
    this.driver = new MemoryClient({
      versions: memoryVersions.filter((version) => version <= newest),
      canBalloon: true,
      canHotAdd: true,
      hotAddAlignment: linux ? linuxHotAddAlignment : 1,
      minPages: 0,
      maxPageNumber: pages - 1,
      reportDelay: linux ? LINUX_DELAY : 0,
      rangesMax: memoryRangesMax,
      clock: time.clockOf(() => this.driver.wake(), 'clock'),
      // Whether the guest can spare it is decided by the balancer, from what it reports. Memory leaves at the end of the space and comes there.
      guest: {
        report: () => this.#report(),
        takePages: (count) => [{ start: this.#pages - count, count }],
        returnPages: () => undefined,
        addPages: (range) => range.count,
      },
    })
  }

  get #pages(): number {
    return this.#parts.context.spec.memoryMb * PAGES_PER_MB
  }

  /** Sends the request that moves memory, whole MB. `beforeMb`: what the machine had before. False when the provider has something under way or the guest cannot. */
  move(kind: MemoryMove, amountMb: number, beforeMb: number): boolean {
    const count = amountMb * PAGES_PER_MB
    if (kind === 'balloon') return this.provider.balloon(count)
    if (kind === 'unballoon') return this.provider.unballoon(count)
    return this.provider.hotAdd({ start: beforeMb * PAGES_PER_MB, count })
  }

  /** The last request has been answered. */
  get isAnswered(): boolean {
    return this.provider.state.pending === undefined
  }

  /** What the guest of a machine whose stack is built again had given before, whole MB. */
  recall(balloonedMb: number): void {
    const ranges = balloonedMb > 0 ? [{ start: this.#pages, count: balloonedMb * PAGES_PER_MB }] : []
    this.provider.recall(ranges)
    this.driver.recall(ranges)
  }

  get ready(): boolean {
    return this.provider.state.step === 'ready' && this.driver.version !== undefined
  }

  get version(): string | null {
    return this.driver.version === undefined ? null : versionText(this.driver.version)
  }

  #report(): MemoryReport {
    const { context, world } = this.#parts
    const { id, memoryMb } = context.spec
    const pages = this.#pages
    const committed = Math.round(world.guest(id).committedMb(memoryMb)) * PAGES_PER_MB
    const available = Math.max(0, pages - committed)
    return { available, committed, pageFile: 0, zeroFree: Math.floor(available / 2), pageFileWrites: 0, ioDiff: 0 }
  }
}
