/** The start of a storage channel: each step is allowed only after the one before it (devices reference 2.2). */

import {
  bodyAs,
  multiChannelFlag,
  ntStatus,
  type StoragePacket,
  type StorageVersion,
  storageOperation,
  storageVersion,
  storageVersions,
} from './protocol.ts'
import type { StorageProviderOptions, StorageState } from './provider-types.ts'

type Answer = readonly [status: number, body?: StoragePacket['body']]

export class StartSequence {
  readonly #options: StorageProviderOptions
  state: StorageState = 'closed'
  /** Negotiated version; undefined before. */
  version: StorageVersion | undefined

  constructor(options: StorageProviderOptions) {
    this.#options = options
  }

  /** Answer to an operation of the start; `ready` is reached with END INITIALIZATION. */
  answer(request: StoragePacket): Answer {
    const step = (from: StorageState, to: StorageState): boolean => {
      if (this.state !== from) return false
      this.state = to
      return true
    }
    switch (request.operation) {
      case storageOperation.beginInitialization:
        return [step('opened', 'begun') ? ntStatus.success : ntStatus.invalidDeviceState]
      case storageOperation.queryProtocolVersion: {
        const wanted = bodyAs(request, 'version')?.version
        if (this.state !== 'begun') return [ntStatus.invalidDeviceState]
        const version = storageVersions.find((one) => one === wanted && one <= this.#options.versionMax)
        if (version === undefined) return [ntStatus.revisionMismatch, { kind: 'version', version: wanted ?? 0, revision: 0 }]
        this.version = version
        this.state = 'versioned'
        return [ntStatus.success, { kind: 'version', version, revision: 0 }]
      }
      case storageOperation.queryProperties: {
        if (!step('versioned', 'queried')) return [ntStatus.invalidDeviceState]
        const multi = this.#subchannelsMax() > 0
        const flags = multi ? multiChannelFlag : 0
        const { maxTransferBytes } = this.#options
        return [ntStatus.success, { kind: 'properties', maxSubChannels: this.#subchannelsMax(), flags, maxTransferBytes }]
      }
      case storageOperation.fcHbaData: {
        const names = this.#options.fibreChannelNames
        if (this.state !== 'queried') return [ntStatus.invalidDeviceState]
        if (names === undefined) return [ntStatus.invalidDeviceRequest]
        const [primaryPort, primaryNode, secondaryPort, secondaryNode] = names
        return [ntStatus.success, { kind: 'fcHbaData', primaryActive: 1, primaryPort, primaryNode, secondaryPort, secondaryNode }]
      }
      case storageOperation.endInitialization:
        return [step('queried', 'ready') ? ntStatus.success : ntStatus.invalidDeviceState]
      default:
        return [ntStatus.invalidDeviceRequest]
    }
  }

  /** Status of a request for sub-channels; they are offered on success. */
  createSubchannels(request: StoragePacket): number {
    const count = bodyAs(request, 'subChannels')?.count ?? 0
    if (this.state !== 'queried' && this.state !== 'ready') return ntStatus.invalidDeviceState
    if (count === 0 || count > this.#subchannelsMax()) return ntStatus.invalidParameter
    this.#options.offerSubchannels(count)
    return ntStatus.success
  }

  #subchannelsMax(): number {
    return this.#options.kind !== 'ide' && (this.version ?? 0) >= storageVersion.v5_1 ? this.#options.maxSubChannels : 0
  }
}
