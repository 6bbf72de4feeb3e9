/**
 * The way of an adapter from the open channel to `up`: NVSP version, shared buffers, RNDIS requests, sub-channels, packet filter
 * (devices reference 3.2), and what the guest learns of its link on it.
 */
import { macOfHex } from '../../providers/network/frame.ts'
import {
  type NvspCompletion,
  type NvspMessage,
  type NvspVersion,
  ndisCapability,
  nvspDefaults,
  nvspStatus,
  nvspVersion,
  nvspVersions,
} from '../../providers/network/nvsp.ts'
import { hexU32, oid, packetFilter, type RndisControl, rndisDefaults, rndisIndication, u32Hex } from '../../providers/network/rndis.ts'
import type { LinkFacts, NetworkClientOptions, NetworkClientRows, NetworkClientState } from './client-types.ts'

/** RNDIS requests of the start (devices reference 3.2 step 6). */
const queries: readonly (readonly ['query' | 'set', number])[] = [
  ['query', oid.permanentAddress],
  ['query', oid.maximumFrameSize],
  ['query', oid.mediaConnectStatus],
  ['query', oid.linkSpeed],
  ['query', oid.offloadCapabilities],
  ['set', oid.offloadParameters],
  ['query', oid.rssCapabilities],
]
/** How the start speaks to the host; given by the driver. */
export interface LinkPorts {
  /** NVSP message that the host completes. */
  request(message: NvspMessage): void
  /** NVSP message without answer. */
  notify(message: NvspMessage): void
  control(message: RndisControl): void
  /** Transaction id that the next message gets. */
  nextId(): number
  /** The send buffer has this many sections. */
  sectionsGranted(sections: number): void
}

export class LinkStart {
  readonly #options: NetworkClientOptions
  readonly #versions: readonly NvspVersion[]
  readonly #ports: LinkPorts
  #state: NetworkClientState = { name: 'closed' }
  #version: NvspVersion | undefined
  #facts: LinkFacts = { mac: '', mtu: 1500, speed: 0, connected: false }
  #receiveGpadl = 0
  #sendGpadl = 0

  constructor(options: NetworkClientOptions, ports: LinkPorts) {
    this.#options = options
    this.#versions = options.versions ?? nvspVersions
    this.#ports = ports
  }

  get state(): NetworkClientState {
    return this.#state
  }

  /** Version in force; undefined before. */
  get version(): NvspVersion | undefined {
    return this.#version
  }

  /** Version whose message size holds: the newest wanted one until one is agreed on. */
  get sizeVersion(): NvspVersion {
    return this.#version ?? this.#versions[0] ?? nvspVersion.v6_1
  }

  get facts(): LinkFacts {
    return this.#facts
  }

  /** The channel is open: asks for the newest version. */
  begin(): void {
    this.#init(0)
  }

  gpadlCreated(status: number): void {
    if (status !== 0) return this.fail('the host refused shared memory')
    if (this.#state.name === 'receiveGpadl') {
      this.#state = { name: 'receiveBuffer' }
      this.#ports.request({ kind: 'sendReceiveBuffer', gpadlId: this.#receiveGpadl, id: nvspDefaults.receiveBufferId })
    } else if (this.#state.name === 'sendGpadl') {
      this.#state = { name: 'sendBuffer' }
      this.#ports.request({ kind: 'sendSendBuffer', gpadlId: this.#sendGpadl, id: nvspDefaults.sendBufferId })
    }
  }

  /** The adapter goes up again or down (filter 0: frames stop). */
  setFilter(filter: number): void {
    this.#state = { name: 'filter' }
    this.#ports.control({ kind: 'set', requestId: this.#ports.nextId(), oid: oid.packetFilter, buffer: u32Hex(filter) })
  }

  fail(reason: string): void {
    this.#state = { name: 'failed', reason }
    this.#options.guest.failed?.(reason)
  }

  /** The channel is gone. */
  close(): void {
    this.#state = { name: 'closed' }
    this.#version = undefined
  }

  rows(): Pick<NetworkClientRows, 'state' | 'protocol' | 'facts' | 'gpadls'> {
    return { state: this.#state, protocol: this.#version, facts: this.#facts, gpadls: [this.#receiveGpadl, this.#sendGpadl] }
  }

  restore(rows: ReturnType<LinkStart['rows']>): void {
    this.#state = rows.state
    this.#version = rows.protocol
    this.#facts = rows.facts
    ;[this.#receiveGpadl, this.#sendGpadl] = rows.gpadls
  }

  #init(at: number): void {
    const version = this.#versions[at]
    if (version === undefined) return this.fail('no common protocol version')
    this.#state = { name: 'init', at }
    this.#ports.request({ kind: 'init', version, versionMax: version })
  }

  /** The host has completed an NVSP message. */
  completed(message: NvspCompletion): void {
    const state = this.#state
    switch (message.kind) {
      case 'initComplete':
        if (state.name !== 'init') return
        if (message.status !== nvspStatus.success) return this.#init(state.at + 1)
        this.#version = this.#versions[state.at]
        return this.#configure(this.#version ?? nvspVersion.v1)
      case 'sendReceiveBufferComplete':
        if (message.status !== nvspStatus.success) return this.fail('receive buffer refused')
        this.#sendGpadl = this.#share(this.#options.sendBufferBytes ?? nvspDefaults.sendBufferBytes, 'sendGpadl')
        return
      case 'sendSendBufferComplete':
        if (message.status !== nvspStatus.success) return this.fail('send buffer refused')
        this.#ports.sectionsGranted(Math.floor((this.#options.sendBufferBytes ?? nvspDefaults.sendBufferBytes) / message.sectionBytes))
        this.#state = { name: 'rndisInit' }
        return this.#ports.control({
          kind: 'initialize',
          requestId: this.#ports.nextId(),
          major: 1,
          minor: 0,
          maxTransferBytes: rndisDefaults.maxTransferBytes,
        })
      case 'subChannelComplete':
        if (state.name === 'subChannels') this.setFilter(packetFilter.directed | packetFilter.multicast | packetFilter.broadcast)
        return
    }
  }

  #configure(version: NvspVersion): void {
    const newer = version >= nvspVersion.v5
    if (version >= nvspVersion.v2) {
      const sriov = version >= nvspVersion.v4 ? ndisCapability.sriov : 0
      const rsc = version >= nvspVersion.v6_1 ? ndisCapability.rsc : 0
      this.#ports.notify({
        kind: 'sendNdisConfig',
        mtu: this.#options.mtu + 14,
        capabilities: ndisCapability.ieee8021q | sriov | (newer ? ndisCapability.teaming : 0) | rsc,
      })
    }
    this.#ports.notify({ kind: 'sendNdisVersion', major: 6, minor: newer ? 30 : 1 })
    const wanted = this.#options.receiveBufferBytes ?? nvspDefaults.receiveBufferBytes
    const bytes = newer ? wanted : Math.min(wanted, nvspDefaults.receiveBufferBytesMaxOld)
    this.#receiveGpadl = this.#share(bytes, 'receiveGpadl')
  }

  #share(bytes: number, name: 'receiveGpadl' | 'sendGpadl'): number {
    this.#state = { name }
    const gpadlId = this.#options.shareMemory(bytes)
    if (gpadlId === undefined) this.fail('no memory could be shared')
    return gpadlId ?? 0
  }

  #query(at: number): void {
    const query = queries[at]
    if (query === undefined) return this.#askSubChannels()
    this.#state = { name: 'queries', at }
    const [kind, id] = query
    this.#ports.control({ kind, requestId: this.#ports.nextId(), oid: id, buffer: kind === 'set' ? '0101010101010101' : '' })
  }

  #askSubChannels(): void {
    if ((this.#version ?? 0) < nvspVersion.v5 || this.#options.subChannels === 0) {
      return this.setFilter(packetFilter.directed | packetFilter.multicast | packetFilter.broadcast)
    }
    this.#state = { name: 'subChannels' }
    this.#ports.request({ kind: 'subChannelRequest', operation: 1, count: this.#options.subChannels })
  }

  /** An RNDIS control message of the host. */
  controlAnswer(message: RndisControl): void {
    const state = this.#state
    switch (message.kind) {
      case 'initializeComplete':
        return message.status === 0 ? this.#query(0) : this.fail('RNDIS was not initialized')
      case 'queryComplete':
        if (state.name !== 'queries') return
        this.#learn(queries[state.at]?.[1] ?? 0, message.buffer)
        return this.#query(state.at + 1)
      case 'setComplete':
        if (state.name === 'queries') return this.#query(state.at + 1)
        if (state.name === 'filter') {
          this.#state = { name: 'up' }
          this.#options.guest.up?.(this.#facts)
        }
        return
      case 'indicateStatus':
        return this.#indicated(message.status)
    }
  }

  #learn(id: number, buffer: string): void {
    const number = hexU32(buffer) ?? 0
    if (id === oid.permanentAddress) this.#facts = { ...this.#facts, mac: macOfHex(buffer) }
    if (id === oid.maximumFrameSize) this.#facts = { ...this.#facts, mtu: number }
    if (id === oid.mediaConnectStatus) this.#facts = { ...this.#facts, connected: number === 0 }
    if (id === oid.linkSpeed) this.#facts = { ...this.#facts, speed: number * 100 }
  }

  #indicated(status: number): void {
    const { guest } = this.#options
    if (status === rndisIndication.networkChange) return guest.networkChanged?.()
    if (status !== rndisIndication.mediaConnect && status !== rndisIndication.mediaDisconnect) return
    this.#facts = { ...this.#facts, connected: status === rndisIndication.mediaConnect }
    guest.linkChanged?.(this.#facts.connected)
  }
}
