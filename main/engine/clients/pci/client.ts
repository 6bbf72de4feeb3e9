/** The guest's virtual PCI bus driver: version, power, bus relations, resources, interrupts, ejection (devices reference 7.1; linux: pci-hyperv.c). */
import { ChannelEnd, type EndRows, guestPort } from '../../providers/channel-end.ts'
import {
  type PciFunction,
  type PciMessage,
  type PciRequest,
  type PciVersion,
  pciBytes,
  pciCodec,
  pciVersion,
  pciVersions,
} from '../../providers/pci/protocol.ts'
import type { VmbusDriver } from '../../vmbus/bus-types.ts'
import type { Channel } from '../../vmbus/channel.ts'
import { inBandPacket } from '../../vmbus/packet.ts'

export interface PciClientState {
  readonly step:
    | 'closed'
    | 'version'
    | 'd0Entry'
    | 'relations'
    | 'requirements'
    | 'assign'
    | 'interrupts'
    | 'ready'
    | 'releasing'
    | 'ejected'
    | 'failed'
  readonly at: number
  readonly function: PciFunction | undefined
  readonly bars: readonly number[]
  readonly interrupts: number
}

const start: PciClientState = { step: 'closed', at: 0, function: undefined, bars: [], interrupts: 0 }

export interface PciClientOptions {
  readonly versions?: readonly PciVersion[]
  /** Guest address of the 8 KiB configuration window. */
  readonly windowGpa: number
  /** Interrupt vectors that the device's driver wants, one message each. */
  readonly vectors: number
  readonly ready?: (device: PciFunction) => void
  readonly ejected?: () => void
}

export class PciClient implements VmbusDriver<PciMessage, PciMessage> {
  readonly #options: PciClientOptions
  readonly #end: ChannelEnd<PciMessage, PciMessage>
  #state: PciClientState = start

  constructor(options: PciClientOptions) {
    this.#options = options
    this.#end = new ChannelEnd<PciMessage, PciMessage>(pciCodec, (packet, request) => this.#take(packet.payload, request !== undefined))
  }

  get state(): PciClientState {
    return this.#state
  }

  opened(channel: Channel<PciMessage, PciMessage>): void {
    this.#end.attach(guestPort(channel))
    this.#ask(0)
  }

  openFailed(): void {
    this.closed()
  }

  event(): void {
    this.#end.pump()
  }

  /** Surprise removal. */
  rescinded(): void {
    this.closed()
  }

  closed(): void {
    const had = this.#state.step !== 'closed' && this.#state.step !== 'ejected'
    this.#end.detach()
    this.#state = start
    if (had) this.#options.ejected?.()
  }

  snapshot(): { readonly state: PciClientState; readonly end: EndRows } {
    return { state: this.#state, end: this.#end.snapshot() }
  }

  restore(rows: { readonly state: PciClientState; readonly end: EndRows }, channel: Channel<PciMessage, PciMessage>): string | undefined {
    this.#state = rows.state
    this.#end.attach(guestPort(channel))
    return this.#end.restore(rows.end)
  }

  #ask(at: number): void {
    const version = (this.#options.versions ?? pciVersions)[at]
    this.#state = { ...this.#state, step: version === undefined ? 'failed' : 'version', at }
    if (version !== undefined) this.#request({ kind: 'queryProtocolVersion', version })
  }

  #take(message: PciMessage, completes: boolean): void {
    if (!completes) return this.#notified(message)
    const status = 'status' in message ? message.status : 0
    const { step } = this.#state
    if (step === 'version') {
      if (status !== 0) return this.#ask(this.#state.at + 1)
      return this.#go('d0Entry', { kind: 'd0Entry', mmioBase: this.#options.windowGpa })
    }
    if (status !== 0) {
      this.#state = { ...this.#state, step: 'failed' }
      return
    }
    if (step === 'd0Entry') return this.#go('relations', { kind: 'queryBusRelations' }, false)
    if (step === 'requirements' && message.kind === 'requirements') {
      this.#state = { ...this.#state, bars: message.bars }
      const newer = ((this.#options.versions ?? pciVersions)[this.#state.at] ?? 0) >= pciVersion.v1_2
      return this.#go('assign', {
        kind: newer ? 'assignedResources2' : 'assignedResources',
        slot: this.#slot,
        ranges: '00'.repeat(120),
        interrupts: this.#options.vectors,
      })
    }
    if (step === 'assign' || step === 'interrupts') return this.#nextInterrupt(message.kind === 'interrupt' ? 1 : 0)
    if (step === 'releasing') {
      this.#state = { ...this.#state, step: 'ejected' }
      this.#end.send(inBandPacket<PciMessage>({ kind: 'ejectComplete', slot: this.#slot }, 8))
      this.#options.ejected?.()
    }
  }

  #nextInterrupt(done: number): void {
    const interrupts = this.#state.interrupts + done
    this.#state = { ...this.#state, interrupts }
    if (interrupts < this.#options.vectors) {
      return this.#go('interrupts', {
        kind: 'createInterrupt2',
        slot: this.#slot,
        vector: 0x40 + interrupts,
        deliveryMode: 0,
        count: 1,
        processors: [0],
      })
    }
    this.#state = { ...this.#state, step: 'ready' }
    if (this.#state.function !== undefined) this.#options.ready?.(this.#state.function)
  }

  #notified(message: PciMessage): void {
    if ((message.kind === 'busRelations' || message.kind === 'busRelations2') && this.#state.step === 'relations') {
      const found = message.devices[0]
      if (found === undefined) return
      this.#state = { ...this.#state, function: found }
      return this.#go('requirements', { kind: 'currentResourceRequirements', slot: found.slot })
    }
    // The driver is stopped first, then its resources go back.
    if (message.kind === 'eject') this.#go('releasing', { kind: 'releaseResources', slot: message.slot })
  }

  get #slot(): number {
    return this.#state.function?.slot ?? 0
  }

  #go(step: PciClientState['step'], message: PciRequest, completion = true): void {
    this.#state = { ...this.#state, step }
    this.#request(message, completion)
  }

  #request(message: PciRequest, completion = true): void {
    this.#end.send(inBandPacket<PciMessage>(message, pciBytes(message), completion))
  }
}
