/** The guest's dynamic memory driver (dmvsc, hv_balloon): versions, reports, balloon, hot add (devices reference 6.1). Amounts in pages. */
import type { DeviceClock } from '../../providers/device-clock.ts'
import {
  balloonBlockPages,
  capabilitiesWord,
  type MemoryMessage,
  type MemoryRange,
  type MemoryVersion,
  memoryMessages,
  memoryVersions,
} from '../../providers/memory/protocol.ts'
import type { MemoryReport } from '../../providers/memory/provider.ts'
import { MessageDriver } from '../../providers/message-end.ts'

export interface MemoryClientState {
  readonly step: 'closed' | 'version' | 'capabilities' | 'ready' | 'refused'
  readonly at: number
  readonly ballooned: readonly MemoryRange[]
  readonly added: number
  readonly maxPages: number
  readonly nextReport: number
  readonly nextTransaction: number
}

export interface MemoryGuest {
  report(): MemoryReport
  /** Gives up to so many pages as ranges; none below the guest's floor. */
  takePages(pages: number): readonly MemoryRange[]
  returnPages(ranges: readonly MemoryRange[]): void
  /** Puts memory into use; returns how many pages of it. */
  addPages(range: MemoryRange): number
}

export interface MemoryClientOptions {
  readonly versions?: readonly MemoryVersion[]
  readonly canBalloon: boolean
  readonly canHotAdd: boolean
  /** 2^n MiB; Linux 7. */
  readonly hotAddAlignment: number
  readonly minPages: number
  readonly maxPageNumber: number
  /** Ticks from the start to the first report: 45 s on Linux, 0 on Windows. */
  readonly reportDelay: number
  /** Ranges in one message. */
  readonly rangesMax: number
  readonly clock: DeviceClock
  readonly guest: MemoryGuest
}

/** Reports come every second. */
export const memoryReportTicks = 10_000_000

const start: MemoryClientState = { step: 'closed', at: 0, ballooned: [], added: 0, maxPages: 0, nextReport: 0, nextTransaction: 1 }

export class MemoryClient extends MessageDriver<MemoryMessage, MemoryClientState> {
  readonly #options: MemoryClientOptions

  constructor(options: MemoryClientOptions) {
    super(memoryMessages, false, start)
    this.#options = options
  }

  get version(): MemoryVersion | undefined {
    return this.current.step === 'ready' ? this.#versions[this.current.at] : undefined
  }

  /** Takes what it had given before its machine was built again. */
  recall(ballooned: readonly MemoryRange[]): void {
    this.current = { ...this.current, ballooned }
  }

  /** Sends the report that is due. */
  wake(): void {
    const { clock, guest } = this.#options
    if (this.current.step !== 'ready' || clock.now() < this.current.nextReport) return
    this.current = { ...this.current, nextReport: clock.now() + memoryReportTicks }
    this.end.send({ kind: 'statusReport', transactionId: this.#transaction(), ...guest.report() })
    clock.wakeAt(this.current.nextReport)
  }

  protected override started(): void {
    this.#ask(0)
  }

  protected received(message: MemoryMessage): void {
    const { guest, clock } = this.#options
    const { transactionId } = message
    switch (message.kind) {
      case 'versionResponse':
        if (this.current.step !== 'version') return
        if (message.accepted % 2 === 0) return this.#ask(this.current.at + 1)
        this.current = { ...this.current, step: 'capabilities' }
        return this.#report()
      case 'capabilitiesResponse': {
        if (this.current.step !== 'capabilities') return
        const accepted = message.accepted % 2 === 1
        this.current = { ...this.current, step: accepted ? 'ready' : 'refused', nextReport: clock.now() + this.#options.reportDelay }
        if (accepted) clock.wakeAt(this.current.nextReport)
        return
      }
      case 'balloonRequest': {
        const ranges = guest.takePages(Math.floor(message.pages / balloonBlockPages) * balloonBlockPages)
        this.current = { ...this.current, ballooned: [...this.current.ballooned, ...ranges] }
        let at = 0
        do {
          const part = ranges.slice(at, at + this.#options.rangesMax)
          at += this.#options.rangesMax
          this.end.send({ kind: 'balloonResponse', transactionId, more: at < ranges.length, ranges: part })
        } while (at < ranges.length)
        return
      }
      case 'unballoonRequest':
        guest.returnPages(message.ranges)
        this.current = { ...this.current, ballooned: withoutRanges(this.current.ballooned, message.ranges) }
        if (!message.more) this.end.send({ kind: 'unballoonResponse', transactionId })
        return
      case 'hotAddRequest': {
        const pages = this.#options.canHotAdd ? guest.addPages(message.range) : 0
        this.current = { ...this.current, added: this.current.added + pages }
        this.end.send({ kind: 'hotAddResponse', transactionId, pages, result: pages > 0 ? 1 : 0 })
        return
      }
      case 'info':
        if (message.type === 0) this.current = { ...this.current, maxPages: message.value }
        return
    }
  }

  get #versions(): readonly MemoryVersion[] {
    return this.#options.versions ?? memoryVersions
  }

  #ask(at: number): void {
    const version = this.#versions[at]
    if (version === undefined) {
      this.current = { ...this.current, step: 'refused' }
      return
    }
    this.current = { ...this.current, step: 'version', at }
    this.end.send({
      kind: 'versionRequest',
      transactionId: this.#transaction(),
      version,
      lastAttempt: at === this.#versions.length - 1 ? 1 : 0,
    })
  }

  #report(): void {
    const { canBalloon, canHotAdd, hotAddAlignment, minPages, maxPageNumber } = this.#options
    const capabilities = capabilitiesWord(canBalloon, canHotAdd, hotAddAlignment)
    this.end.send({ kind: 'capabilitiesReport', transactionId: this.#transaction(), capabilities, minPages, maxPageNumber })
  }

  #transaction(): number {
    const id = this.current.nextTransaction
    this.current = { ...this.current, nextTransaction: id + 1 }
    return id
  }
}

/** Ranges that are left when others, each part of one of them, are taken out. */
export function withoutRanges(all: readonly MemoryRange[], taken: readonly MemoryRange[]): readonly MemoryRange[] {
  let left = [...all]
  for (const { start: from, count } of taken) {
    left = left.flatMap((range) => {
      const end = range.start + range.count
      if (from >= end || from + count <= range.start) return [range]
      const parts = [
        { start: range.start, count: Math.max(0, from - range.start) },
        { start: from + count, count: Math.max(0, end - from - count) },
      ]
      return parts.filter((part) => part.count > 0)
    })
  }
  return left
}
