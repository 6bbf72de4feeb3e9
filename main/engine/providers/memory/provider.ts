/** The host's side of dynamic memory: version, capabilities, status reports, balloon, unballoon, hot add (devices reference 6.1). */
import { MessageProvider } from '../message-end.ts'
import {
  balloonBlockPages,
  type MemoryMessage,
  type MemoryRange,
  type MemoryVersion,
  memoryCapability,
  memoryMessages,
  memoryRangesMax,
  memoryVersion,
  memoryVersions,
} from './protocol.ts'

export interface MemoryReport {
  readonly available: number
  readonly committed: number
  readonly pageFile: number
  readonly zeroFree: number
  readonly pageFileWrites: number
  readonly ioDiff: number
}

export interface MemoryState {
  readonly step: 'closed' | 'version' | 'capabilities' | 'ready' | 'refused'
  readonly version: MemoryVersion | undefined
  readonly capabilities: number
  readonly minPages: number
  /** Latest report; pages. */
  readonly report: MemoryReport | undefined
  readonly reports: number
  /** Pages that the guest has given, as ranges. */
  readonly ballooned: readonly MemoryRange[]
  /** Operation without an answer. */
  readonly pending:
    | { readonly kind: 'balloon' | 'unballoon' | 'hotAdd'; readonly transactionId: number; readonly pages: number; readonly moved: number }
    | undefined
  readonly nextTransaction: number
  /** A short answer to a hot add: no further one will work. */
  readonly hotAddExhausted: boolean
}

const start: MemoryState = {
  step: 'closed',
  version: undefined,
  capabilities: 0,
  minPages: 0,
  report: undefined,
  reports: 0,
  ballooned: [],
  pending: undefined,
  nextTransaction: 1,
  hotAddExhausted: false,
}

export interface MemoryProviderOptions {
  readonly versionMax: MemoryVersion
  /** Largest size of the machine, pages; told in INFO from 1.0 on. */
  readonly maxPages: number
  readonly reported?: (report: MemoryReport) => void
  /** An operation has ended: pages that really moved. */
  readonly ended?: (kind: 'balloon' | 'unballoon' | 'hotAdd', pages: number) => void
}

export function rangePages(ranges: readonly MemoryRange[]): number {
  return ranges.reduce((sum, range) => sum + range.count, 0)
}

export class MemoryProvider extends MessageProvider<MemoryMessage, MemoryState> {
  readonly #options: MemoryProviderOptions

  constructor(options: MemoryProviderOptions) {
    super(memoryMessages, false, start)
    this.#options = options
  }

  /** Pages that the guest has given. */
  get balloonedPages(): number {
    return rangePages(this.current.ballooned)
  }

  /** Takes what a guest had given before its machine was built again. */
  recall(ballooned: readonly MemoryRange[]): void {
    this.current = { ...this.current, ballooned }
  }

  /** Asks for pages, rounded down to 2 MiB. False while something is under way or the guest cannot. */
  balloon(pages: number): boolean {
    const whole = Math.floor(pages / balloonBlockPages) * balloonBlockPages
    if (whole === 0 || !this.#may(memoryCapability.balloon)) return false
    const transactionId = this.#begin('balloon', whole)
    return this.end.send({ kind: 'balloonRequest', transactionId, pages: whole })
  }

  /** Gives pages back, newest ranges first. */
  unballoon(pages: number): boolean {
    if (pages <= 0 || this.current.ballooned.length === 0 || !this.#may(memoryCapability.balloon)) return false
    const kept = [...this.current.ballooned]
    const back: MemoryRange[] = []
    let left = pages
    while (left > 0 && back.length < memoryRangesMax) {
      const last = kept.pop()
      if (last === undefined) break
      const count = Math.min(left, last.count)
      if (count < last.count) kept.push({ start: last.start, count: last.count - count })
      back.push({ start: last.start + last.count - count, count })
      left -= count
    }
    const transactionId = this.#begin('unballoon', rangePages(back))
    this.current = { ...this.current, ballooned: kept }
    return this.end.send({ kind: 'unballoonRequest', transactionId, more: false, ranges: back })
  }

  /** Adds memory; `region` = what is reserved for later growth, from 1.0 on. */
  hotAdd(range: MemoryRange, region?: MemoryRange): boolean {
    if (this.current.hotAddExhausted || !this.#may(memoryCapability.hotAdd)) return false
    const transactionId = this.#begin('hotAdd', range.count)
    const withRegion = region !== undefined && (this.current.version ?? 0) >= memoryVersion.v1_0
    return this.end.send({ kind: 'hotAddRequest', transactionId, range, ...(withRegion ? { region } : {}) })
  }

  protected override started(): void {
    this.current = { ...start, step: 'version' }
  }

  protected received(message: MemoryMessage): void {
    const { transactionId } = message
    switch (message.kind) {
      case 'versionRequest': {
        const version = memoryVersions.find((one) => one === message.version && one <= this.#options.versionMax)
        const accepted = version !== undefined && this.current.step === 'version'
        if (accepted) this.current = { ...this.current, version, step: 'capabilities' }
        else if (message.lastAttempt === 1) this.current = { ...this.current, step: 'refused' }
        this.end.send({ kind: 'versionResponse', transactionId, accepted: accepted ? 1 : 0 })
        return
      }
      case 'capabilitiesReport': {
        if (this.current.step !== 'capabilities') return
        this.current = { ...this.current, step: 'ready', capabilities: message.capabilities, minPages: message.minPages }
        this.end.send({ kind: 'capabilitiesResponse', transactionId, accepted: 1 })
        if ((this.current.version ?? 0) >= memoryVersion.v1_0) {
          this.end.send({ kind: 'info', transactionId: 0, infoBytes: 16, type: 0, length: 16, value: this.#options.maxPages })
        }
        return
      }
      case 'statusReport': {
        if (this.current.step !== 'ready') return
        const { kind: _kind, transactionId: _id, ...report } = message
        this.current = { ...this.current, report, reports: this.current.reports + 1 }
        this.#options.reported?.(report)
        return
      }
      case 'balloonResponse': {
        const { pending } = this.current
        if (pending?.kind !== 'balloon' || pending.transactionId !== transactionId) return
        const moved = pending.moved + rangePages(message.ranges)
        this.current = { ...this.current, ballooned: [...this.current.ballooned, ...message.ranges], pending: { ...pending, moved } }
        if (!message.more) this.#finish(moved)
        return
      }
      case 'unballoonResponse': {
        const { pending } = this.current
        if (pending?.kind === 'unballoon' && pending.transactionId === transactionId) this.#finish(pending.pages)
        return
      }
      case 'hotAddResponse': {
        const { pending } = this.current
        if (pending?.kind !== 'hotAdd' || pending.transactionId !== transactionId) return
        const pages = message.result === 1 ? message.pages : 0
        if (pages < pending.pages) this.current = { ...this.current, hotAddExhausted: true }
        this.#finish(pages)
        return
      }
    }
  }

  #may(capability: number): boolean {
    return this.current.step === 'ready' && this.current.pending === undefined && (this.current.capabilities & capability) !== 0
  }

  #begin(kind: 'balloon' | 'unballoon' | 'hotAdd', pages: number): number {
    const transactionId = this.current.nextTransaction
    this.current = { ...this.current, pending: { kind, transactionId, pages, moved: 0 }, nextTransaction: transactionId + 1 }
    return transactionId
  }

  #finish(pages: number): void {
    const { pending } = this.current
    this.current = { ...this.current, pending: undefined }
    if (pending !== undefined) this.#options.ended?.(pending.kind, pages)
  }
}
