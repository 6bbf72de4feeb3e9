/** What one machine's stack counts and, when asked, writes down. */
import type { Tick } from '../kernel/ticks.ts'
import type { Channel } from '../vmbus/channel.ts'
import type { StackCosts, StackTraceKind, StackTraceRow, TransferPlace, TransferStep } from './stack-types.ts'

/** Running totals of a machine; a report is the difference of two. */
export class StackTally {
  hypercalls = 0
  intercepts = 0
  guestInterrupts = 0
  hostInterrupts = 0
  messages = 0
  /** Channels that are open now; set by the machine's bus. */
  channels: () => readonly (Channel | undefined)[] = () => []
  /** Packets of channels that were closed. */
  #closedPackets = 0

  /** Packets both ways since the machine's start, as the rings count them. */
  get packets(): number {
    return this.channels().reduce((sum, channel) => sum + packetsOf(channel), this.#closedPackets)
  }

  /** A channel is not among `channels` any more. */
  closed(channel: Channel | undefined): void {
    this.#closedPackets += packetsOf(channel)
  }

  mark(): StackCosts {
    const { hypercalls, intercepts, guestInterrupts, hostInterrupts, messages, packets } = this
    return { hypercalls, intercepts, guestInterrupts, hostInterrupts, messages, packets }
  }

  since(mark: StackCosts): StackCosts {
    return {
      hypercalls: this.hypercalls - mark.hypercalls,
      intercepts: this.intercepts - mark.intercepts,
      guestInterrupts: this.guestInterrupts - mark.guestInterrupts,
      hostInterrupts: this.hostInterrupts - mark.hostInterrupts,
      messages: this.messages - mark.messages,
      packets: this.packets - mark.packets,
    }
  }
}

function packetsOf(channel: Channel | undefined): number {
  return channel === undefined ? 0 : channel.rings.guestToHost.packetsWritten + channel.rings.hostToGuest.packetsWritten
}

export const NO_COSTS: StackCosts = { hypercalls: 0, intercepts: 0, guestInterrupts: 0, hostInterrupts: 0, messages: 0, packets: 0 }

/** Rows that a machine's trace keeps; older ones are dropped. */
export const STACK_TRACE_MAX = 20_000

/** The trace of one machine: everything in one order, also over several of its starts. Off until asked for. */
export class StackLog {
  /** Callers ask this before they build a text. */
  on = false
  readonly #now: () => Tick
  #rows: StackTraceRow[] = []
  #sequence = 0
  #chain: { readonly id: number; readonly steps: TransferStep[] } | undefined

  constructor(now: () => Tick) {
    this.#now = now
  }

  /** `channelId` and `transactionId`: of packets and signals; null for what has none. */
  add(
    kind: StackTraceKind,
    actor: StackTraceRow['actor'],
    vpIndex: number,
    text: string,
    channelId: number | null = null,
    transactionId: number | null = null,
  ): void {
    if (!this.on) return
    this.#rows.push({ sequence: ++this.#sequence, tick: this.#now(), kind, actor, vpIndex, text, channelId, transactionId })
    // Cut in big pieces, so that adding stays cheap.
    if (this.#rows.length > 2 * STACK_TRACE_MAX) this.#rows = this.#rows.slice(-STACK_TRACE_MAX)
  }

  rows(): readonly StackTraceRow[] {
    return this.#rows.slice(-STACK_TRACE_MAX)
  }

  clear(): void {
    this.#rows = []
    this.#sequence = 0
  }

  /** Collects the steps of the request with this id until `endChain`. */
  beginChain(id: number): void {
    this.#chain = { id, steps: [] }
  }

  endChain(): readonly TransferStep[] {
    const steps = this.#chain?.steps ?? []
    this.#chain = undefined
    return steps
  }

  /** Whether a request is being followed: callers ask this before they build a text for `reached`. */
  get following(): boolean {
    return this.#chain !== undefined
  }

  /** The request that is being followed has come to the device behind its provider. */
  reached(text: string): void {
    this.#chain?.steps.push({ place: 'device', text })
  }

  step(id: number, place: TransferPlace, text: string): void {
    if (this.#chain?.id === id) this.#chain.steps.push({ place, text })
  }
}
