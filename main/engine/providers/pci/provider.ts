/** The host's side of one virtual PCI bus: start, resources, interrupts, polite removal (devices reference 7.1). One function per bus. */
import type { ProviderAnswer, VmbusProvider } from '../../vmbus/bus-types.ts'
import type { Channel } from '../../vmbus/channel.ts'
import { completionPacket, completionRequested, inBandPacket, type Packet } from '../../vmbus/packet.ts'
import { ChannelEnd, type EndRows, hostPort } from '../channel-end.ts'
import {
  type PciAnswer,
  type PciFunction,
  type PciMessage,
  type PciVersion,
  pciBytes,
  pciCodec,
  pciVersion,
  pciVersions,
} from './protocol.ts'

/** closed → version → powered (D0) → assigned → ejecting. */
export interface PciState {
  readonly step: 'closed' | 'open' | 'version' | 'powered' | 'assigned' | 'ejecting' | 'gone'
  readonly version: PciVersion | undefined
  readonly interrupts: number
}

const start: PciState = { step: 'closed', version: undefined, interrupts: 0 }

/** Statuses of answers. */
export const pciStatus = { success: 0, revisionMismatch: 0xc0000059, invalidDeviceState: 0xc0000184 } as const

export interface PciProviderOptions {
  readonly versionMax: PciVersion
  readonly function: PciFunction
  /** Masks of the six base address registers. */
  readonly bars: readonly number[]
  /** The guest has let go of the device. */
  readonly ejected?: () => void
}

export class PciProvider implements VmbusProvider<PciMessage, PciMessage> {
  readonly codecs = { toHost: pciCodec, toGuest: pciCodec }
  readonly #options: PciProviderOptions
  readonly #end: ChannelEnd<PciMessage, PciMessage>
  #state: PciState = start

  constructor(options: PciProviderOptions) {
    this.#options = options
    this.#end = new ChannelEnd<PciMessage, PciMessage>(pciCodec, (packet) => this.#take(packet))
  }

  get state(): PciState {
    return this.#state
  }

  open(channel: Channel<PciMessage, PciMessage>): ProviderAnswer {
    this.#end.attach(hostPort(channel))
    this.#state = { ...start, step: 'open' }
    return 0
  }

  close(): 'closed' {
    this.#end.detach()
    this.#state = start
    return 'closed'
  }

  event(): void {
    this.#end.pump()
  }

  /** Asks the guest to stop its driver and let go. */
  eject(): boolean {
    if (this.#state.step !== 'assigned' && this.#state.step !== 'powered') return false
    this.#state = { ...this.#state, step: 'ejecting' }
    this.#send({ kind: 'eject', slot: this.#options.function.slot })
    return true
  }

  stop(): void {
    this.#end.stop()
  }

  resume(): void {
    this.#end.resume()
  }

  snapshot(): { readonly state: PciState; readonly end: EndRows } {
    return { state: this.#state, end: this.#end.snapshot() }
  }

  restore(rows: { readonly state: PciState; readonly end: EndRows }, channel: Channel<PciMessage, PciMessage>): string | undefined {
    this.#state = rows.state
    this.#end.attach(hostPort(channel))
    return this.#end.restore(rows.end)
  }

  #take(packet: Packet<PciMessage>): void {
    const answer = this.#answer(packet.payload)
    if (answer !== undefined && (packet.flags & completionRequested) !== 0) {
      this.#end.send(completionPacket<PciMessage>(packet.transactionId, answer, pciBytes(answer)))
    }
    if (packet.payload.kind === 'queryBusRelations' && this.#state.step === 'powered') this.#relations()
    if (packet.payload.kind === 'ejectComplete') {
      this.#state = { ...this.#state, step: 'gone' }
      this.#options.ejected?.()
    }
  }

  #answer(message: PciMessage): PciAnswer | undefined {
    const { step } = this.#state
    const done = (allowed: boolean, next: PciState['step']): PciAnswer => {
      if (allowed) this.#state = { ...this.#state, step: next }
      return { kind: 'status', status: allowed ? pciStatus.success : pciStatus.invalidDeviceState }
    }
    switch (message.kind) {
      case 'queryProtocolVersion': {
        const version = pciVersions.find((one) => one === message.version && one <= this.#options.versionMax)
        const allowed = version !== undefined && (step === 'open' || step === 'version')
        if (allowed) this.#state = { ...this.#state, version, step: 'version' }
        return {
          kind: 'version',
          status: allowed ? pciStatus.success : pciStatus.revisionMismatch,
          version: allowed ? message.version : this.#options.versionMax,
        }
      }
      case 'd0Entry':
        return done(step === 'version', 'powered')
      case 'd0Exit':
        return done(step !== 'open' && step !== 'closed', step === 'gone' ? 'gone' : 'version')
      case 'currentResourceRequirements': {
        const allowed = step === 'powered' || step === 'assigned'
        return { kind: 'requirements', status: allowed ? pciStatus.success : pciStatus.invalidDeviceState, bars: this.#options.bars }
      }
      case 'assignedResources':
      case 'assignedResources2':
        return done(step === 'powered', 'assigned')
      case 'releaseResources':
        return done(step === 'assigned' || step === 'ejecting', step === 'ejecting' ? 'ejecting' : 'powered')
      case 'createInterrupt':
      case 'createInterrupt2': {
        const allowed = step === 'assigned'
        if (allowed) this.#state = { ...this.#state, interrupts: this.#state.interrupts + message.count }
        // Message address and data as the interrupt remapper takes them.
        return {
          kind: 'interrupt',
          status: allowed ? pciStatus.success : pciStatus.invalidDeviceState,
          count: message.count,
          data: message.vector,
          address: 0xfee00000,
        }
      }
      default:
        return undefined
    }
  }

  #relations(): void {
    const { function: one } = this.#options
    const newer = (this.#state.version ?? 0) >= pciVersion.v1_3
    this.#send(newer ? { kind: 'busRelations2', devices: [{ ...one, flags: 0, numaNode: 0 }] } : { kind: 'busRelations', devices: [one] })
  }

  #send(message: PciMessage): void {
    this.#end.send(inBandPacket(message, pciBytes(message)))
  }
}
