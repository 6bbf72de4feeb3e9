/**
 * The data plane of one open channel: both rings, both sides' outstanding transactions, the signals, and the counts.
 * A provider (VSP) uses the `…Host` half, a client driver (VSC) the `…Guest` half; both run in the same simulation, so both halves are one object.
 *
 * Reading follows the product's loop: set the interrupt mask, drain, clear the mask, look again; a batch then costs one signal
 * (hypervisor reference 4.8). {@link Channel.drainAtHost} and {@link Channel.drainAtGuest} do that in one instant.
 */
import { completionRequested, type Packet, packetType } from './packet.ts'
import { type Ring, RingPair, ringWrite } from './ring.ts'
import type { SignalPath, SignalReason, VmbusTrace } from './trace.ts'
import { TransactionTable, transactionState } from './transactions.ts'

/**
 * `sent`: written, no signal needed. `sentAndSignal`: written and the other side was signalled. `full`: not written, try again after the signal
 * for space. `refused`: not written and never will be; see {@link Channel.lastRefusal}.
 */
export type SendResult = 'sent' | 'sentAndSignal' | 'full' | 'refused'

/** Why a packet was refused. */
export type SendRefusal =
  /** The channel was closed or rescinded. */
  | 'closed'
  /** The completion names no outstanding request. */
  | 'unknownTransaction'
  /** The request was already completed: a second completion. */
  | 'alreadyCompleted'
  /** The sender already has 65,536 requests outstanding. */
  | 'tooManyTransactions'

/** Carries signals out; implemented by the bus. Must not call back into the channel before it returns. */
export interface ChannelSignals {
  /** Signals the parent; the path tells what it costs the guest. */
  signalHost(channel: Channel, reason: SignalReason): SignalPath
  /** Sets the channel's event flag in the guest. */
  signalGuest(channel: Channel, reason: SignalReason): SignalPath
}

/** Takes one packet. `request` is the packet that a completion completes. Returning exactly `false` leaves the packet in the ring and stops. */
export type PacketSink<In, Out> = (packet: Packet<In>, request: Packet<Out> | undefined) => unknown

/** What a channel is made of when it opens. */
export interface ChannelParameters {
  readonly channelId: number
  /** How often this channel id has been opened before, so that transaction ids never repeat. */
  readonly epoch: number
  /** Data bytes per direction, whole pages. */
  readonly guestToHostBytes: number
  readonly hostToGuestBytes: number
  /** Whether the ends support the pending send size: VMBus 2.4 and later. */
  readonly pendingSendSize: boolean
  readonly signals: ChannelSignals
  readonly trace?: VmbusTrace | undefined
}

/** Counts of signals, beside those of the rings. */
export interface ChannelCounts {
  /** Guest to host by SignalEvent. */
  readonly hostSignals: number
  /** Guest to host by a monitor page bit. */
  readonly hostMonitorSignals: number
  /** Host to guest. */
  readonly guestSignals: number
}

export class Channel<G = unknown, H = unknown> {
  readonly channelId: number
  readonly epoch: number
  readonly rings: RingPair<G, H>
  /** Requests of the guest (completed by the host) and of the host (completed by the guest). */
  readonly guestRequests: TransactionTable<G>
  readonly hostRequests: TransactionTable<H>
  /** Cause of the latest `refused`. */
  lastRefusal: SendRefusal | undefined = undefined
  hostSignals = 0
  hostMonitorSignals = 0
  guestSignals = 0
  #open = true
  readonly #signals: ChannelSignals
  trace: VmbusTrace | undefined

  constructor(parameters: ChannelParameters) {
    this.channelId = parameters.channelId
    this.epoch = parameters.epoch
    this.rings = new RingPair(parameters.guestToHostBytes, parameters.hostToGuestBytes, parameters.pendingSendSize ? 1 : 0)
    this.guestRequests = new TransactionTable(parameters.epoch)
    this.hostRequests = new TransactionTable(parameters.epoch)
    this.#signals = parameters.signals
    this.trace = parameters.trace
  }

  /** False once closed: nothing can be sent or received any more. */
  get isOpen(): boolean {
    return this.#open
  }

  /** Guest to host. A request with `completion requested` gets its transaction id here. */
  sendFromGuest(packet: Packet<G>): SendResult {
    return this.#send(packet, this.rings.guestToHost, this.guestRequests, this.hostRequests, true)
  }

  /** Host to guest. */
  sendFromHost(packet: Packet<H>): SendResult {
    return this.#send(packet, this.rings.hostToGuest, this.hostRequests, this.guestRequests, false)
  }

  /** Reads up to `max` packets at the host, then publishes the read index once. Returns how many were taken. */
  receiveAtHost(max: number, sink: PacketSink<G, H>): number {
    return this.#receive(this.rings.guestToHost, this.hostRequests, max, sink, true)
  }

  /** Reads up to `max` packets at the guest. */
  receiveAtGuest(max: number, sink: PacketSink<H, G>): number {
    return this.#receive(this.rings.hostToGuest, this.guestRequests, max, sink, false)
  }

  /**
   * The host's consumer loop in one instant: mask, drain, unmask, look again. Returns packets taken; at most `max`.
   * If packets remain (limit reached, or the sink said `false`) no signal will come for them: the caller reads again by itself.
   */
  drainAtHost(max: number, sink: PacketSink<G, H>): number {
    return drain(this.rings.guestToHost, max, (budget) => this.receiveAtHost(budget, sink))
  }

  /** The guest's consumer loop in one instant. */
  drainAtGuest(max: number, sink: PacketSink<H, G>): number {
    return drain(this.rings.hostToGuest, max, (budget) => this.receiveAtGuest(budget, sink))
  }

  /** The host polls from now on: its interrupt mask is set. */
  maskHost(): void {
    this.rings.guestToHost.interruptMask = 1
  }

  /** The host wants signals again. True if packets arrived meanwhile, for which no signal will come: read again. */
  unmaskHost(): boolean {
    this.rings.guestToHost.interruptMask = 0
    return this.rings.guestToHost.length > 0
  }

  /** As {@link maskHost}, for the guest. */
  maskGuest(): void {
    this.rings.hostToGuest.interruptMask = 1
  }

  /** As {@link unmaskHost}, for the guest. */
  unmaskGuest(): boolean {
    this.rings.hostToGuest.interruptMask = 0
    return this.rings.hostToGuest.length > 0
  }

  /** Whether the guest could write a packet of this many ring bytes now. Asking has no effect. */
  canSendFromGuest(ringBytes: number): boolean {
    return this.#open && this.rings.guestToHost.canWrite(ringBytes)
  }

  /** Whether the host could write a packet of this many ring bytes now. */
  canSendFromHost(ringBytes: number): boolean {
    return this.#open && this.rings.hostToGuest.canWrite(ringBytes)
  }

  /** Signals both sides once, as the host does after a restore so that lost interrupts do not matter. */
  signalAfterRestore(): void {
    this.#signal('restore', true)
    this.#signal('restore', false)
  }

  /** Closes the data plane. Returns the requests of both sides that will never be completed; their owners fail them locally. */
  close(): { readonly guest: readonly Packet<G>[]; readonly host: readonly Packet<H>[] } {
    this.#open = false
    return { guest: this.guestRequests.abort(), host: this.hostRequests.abort() }
  }

  /** A copy of the signal counts. */
  counts(): ChannelCounts {
    return { hostSignals: this.hostSignals, hostMonitorSignals: this.hostMonitorSignals, guestSignals: this.guestSignals }
  }

  #send<Out, In>(
    packet: Packet<Out>,
    ring: Ring<Out>,
    own: TransactionTable<Out>,
    peers: TransactionTable<In>,
    toHost: boolean,
  ): SendResult {
    if (!this.#open) return this.#refuse('closed')
    const completes = packet.type === packetType.completion
    if (completes) {
      const state = peers.stateOf(packet.transactionId)
      if (state !== transactionState.outstanding) {
        return this.#refuse(state === transactionState.completing ? 'alreadyCompleted' : 'unknownTransaction')
      }
    }
    const wants = (packet.flags & completionRequested) !== 0
    const idBefore = packet.transactionId
    if (wants) {
      const id = own.open(packet)
      if (id === 0) return this.#refuse('tooManyTransactions')
      packet.transactionId = id
    }
    const written = ring.write(packet)
    if (written === ringWrite.full) {
      if (wants) {
        own.withdraw(packet.transactionId)
        packet.transactionId = idBefore
      }
      return 'full'
    }
    if (completes) peers.markCompleting(packet.transactionId)
    if (this.trace !== undefined) {
      this.trace({ kind: 'packet', step: 'sent', channelId: this.channelId, direction: toHost ? 'toHost' : 'toGuest', packet })
    }
    if (written === ringWrite.sent) return 'sent'
    this.#signal('packet', toHost)
    return 'sentAndSignal'
  }

  #receive<In, Out>(ring: Ring<In>, own: TransactionTable<Out>, max: number, sink: PacketSink<In, Out>, atHost: boolean): number {
    let taken = 0
    while (taken < max && this.#open) {
      const packet = ring.read()
      if (packet === undefined) break
      const completes = packet.type === packetType.completion
      if (this.trace !== undefined) this.#traceRead(packet, completes, atHost)
      if (completes) sink(packet, own.close(packet.transactionId))
      else if (sink(packet, undefined) === false) {
        ring.unread(packet)
        break
      }
      taken++
    }
    if (this.#open && ring.commitRead()) this.#signal('space', !atHost)
    return taken
  }

  #traceRead(packet: Packet, completes: boolean, atHost: boolean): void {
    const step = completes ? 'completed' : 'received'
    this.trace?.({ kind: 'packet', step, channelId: this.channelId, direction: atHost ? 'toHost' : 'toGuest', packet })
  }

  #signal(reason: SignalReason, toHost: boolean): void {
    let path: SignalPath
    if (toHost) {
      path = this.#signals.signalHost(this, reason)
      if (path === 'monitor') this.hostMonitorSignals++
      else this.hostSignals++
    } else {
      path = this.#signals.signalGuest(this, reason)
      this.guestSignals++
    }
    if (this.trace !== undefined) {
      this.trace({ kind: 'signal', channelId: this.channelId, direction: toHost ? 'toHost' : 'toGuest', path, reason })
    }
  }

  #refuse(cause: SendRefusal): SendResult {
    this.lastRefusal = cause
    return 'refused'
  }
}

function drain(ring: Ring, max: number, receive: (budget: number) => number): number {
  let taken = 0
  for (;;) {
    ring.interruptMask = 1
    const got = receive(max - taken)
    taken += got
    ring.interruptMask = 0
    if (got === 0 || taken >= max || ring.length === 0) return taken
  }
}
