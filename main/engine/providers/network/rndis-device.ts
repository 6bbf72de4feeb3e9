/** The RNDIS half of the network provider: what an adapter answers to control messages (devices reference 3.2, 3.3). */
import { broadcastMac, type EthernetFrame, isGroupMac, macHex } from './frame.ts'
import { hexU32, oid, packetFilter, type RndisControl, rndisDefaults, rndisStatus, u32Hex } from './rndis.ts'

/** Facts of an adapter. */
export interface AdapterFacts {
  readonly mac: string
  readonly mtu: number
  /** Bits per second. */
  readonly linkSpeed: number
  readonly connected: boolean
  readonly friendlyName: string
}

export interface RndisState {
  readonly initialized: boolean
  /** 0 = interface down. */
  readonly filter: number
  readonly offload: string
  readonly rss: string
}

export const rndisStart: RndisState = { initialized: false, filter: 0, offload: '', rss: '' }

export interface RndisStep {
  readonly state: RndisState
  readonly answer: RndisControl | undefined
}

const supported: readonly number[] = Object.values(oid)

/** Answers one control message. Anything but INITIALIZE before initialization gets a failure. */
export function rndisStep(state: RndisState, message: RndisControl, facts: AdapterFacts): RndisStep {
  switch (message.kind) {
    case 'initialize': {
      const { requestId } = message
      const answer = { kind: 'initializeComplete', requestId, status: rndisStatus.success, ...capabilities } as const
      return { state: { ...rndisStart, initialized: true }, answer }
    }
    case 'halt':
      return { state: rndisStart, answer: undefined }
    case 'reset':
      return {
        state: { ...rndisStart, initialized: state.initialized },
        answer: { kind: 'resetComplete', status: rndisStatus.success, addressingReset: 1 },
      }
    case 'keepAlive': {
      const status = state.initialized ? rndisStatus.success : rndisStatus.failure
      return { state, answer: { kind: 'keepAliveComplete', requestId: message.requestId, status } }
    }
    case 'query': {
      const buffer = state.initialized ? queryAnswer(message.oid, facts) : undefined
      const status = buffer !== undefined ? rndisStatus.success : state.initialized ? rndisStatus.notSupported : rndisStatus.failure
      return { state, answer: { kind: 'queryComplete', requestId: message.requestId, status, buffer: buffer ?? '' } }
    }
    case 'set': {
      const next = state.initialized ? setState(state, message.oid, message.buffer) : undefined
      const status = typeof next === 'object' ? rndisStatus.success : (next ?? rndisStatus.failure)
      return { state: typeof next === 'object' ? next : state, answer: { kind: 'setComplete', requestId: message.requestId, status } }
    }
    default:
      return { state, answer: undefined }
  }
}

const capabilities = {
  major: rndisDefaults.major,
  minor: rndisDefaults.minor,
  deviceFlags: 1,
  medium: 0,
  packetsPerMessage: rndisDefaults.packetsPerMessage,
  maxTransferBytes: rndisDefaults.maxTransferBytes,
  alignmentFactor: rndisDefaults.alignmentFactor,
  addressFamilyOffset: 0,
  addressFamilyBytes: 0,
} as const

function queryAnswer(id: number, facts: AdapterFacts): string | undefined {
  switch (id) {
    case oid.supportedList:
      return supported.map(u32Hex).join('')
    case oid.permanentAddress:
    case oid.currentAddress:
      return macHex(facts.mac)
    case oid.maximumFrameSize:
      return u32Hex(facts.mtu)
    case oid.linkSpeed:
      return u32Hex(Math.min(Math.floor(facts.linkSpeed / 100), 0xffffffff))
    case oid.mediaConnectStatus:
      return u32Hex(facts.connected ? 0 : 1)
    case oid.linkState:
      return u32Hex(facts.connected ? 1 : 2)
    case oid.friendlyName:
    case oid.vendorDescription:
      return [...facts.friendlyName].map((char) => u32Hex(char.charCodeAt(0)).slice(0, 4)).join('')
    // Header {type, revision, size}, then what is offered: IPv4 and IPv6 checksums, LSO version 2, RSS with 64 queues.
    case oid.offloadCapabilities:
    case oid.offloadCurrent:
      return `a7026800${'01'.repeat(16)}`
    case oid.rssCapabilities:
      return `8802${u32Hex(16).slice(0, 4)}${u32Hex(0x301)}${u32Hex(64)}${u32Hex(64)}`
    default:
      return undefined
  }
}

function setState(state: RndisState, id: number, buffer: string): RndisState | number {
  switch (id) {
    case oid.packetFilter: {
      const filter = hexU32(buffer)
      return filter === undefined ? rndisStatus.invalidData : { ...state, filter }
    }
    case oid.offloadParameters:
      return { ...state, offload: buffer }
    case oid.rssParameters:
      return { ...state, rss: buffer }
    case oid.multicastList:
      return state
    default:
      return rndisStatus.notSupported
  }
}

/** Whether the packet filter lets a frame through to the guest. */
export function filterAccepts(filter: number, frame: EthernetFrame, mac: string): boolean {
  if ((filter & packetFilter.promiscuous) !== 0) return true
  if (frame.destination === broadcastMac) return (filter & packetFilter.broadcast) !== 0
  if (isGroupMac(frame.destination)) return (filter & (packetFilter.multicast | packetFilter.allMulticast)) !== 0
  return (filter & packetFilter.directed) !== 0 && frame.destination === mac
}
