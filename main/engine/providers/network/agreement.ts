/** The first part of NVSP as steps on data: version, NDIS version and configuration, receive and send buffer (devices reference 3.2). */
import {
  type NvspCompletion,
  type NvspMessage,
  type NvspVersion,
  nvspDefaults,
  nvspStatus,
  nvspVersion,
  nvspVersions,
  receiveSlotBytes,
} from './nvsp.ts'
import type { NetworkState } from './provider-types.ts'
import { rndisStart } from './rndis-device.ts'

/** A channel that was just opened: nothing is agreed on. */
export const networkStart: NetworkState = {
  version: undefined,
  ndis: undefined,
  config: undefined,
  receiveBuffer: undefined,
  sendBuffer: undefined,
  rndis: rndisStart,
  subChannels: 0,
  vf: undefined,
}

export type AgreementMessage = Extract<
  NvspMessage,
  { readonly kind: 'init' | 'sendNdisVersion' | 'sendNdisConfig' | 'sendReceiveBuffer' | 'sendSendBuffer' }
>

/** What the provider knows after a message, and its answer. */
export interface AgreementStep {
  readonly state: NetworkState
  readonly answer: NvspCompletion | undefined
}

/** `gpadlBytes`: size of the memory that a buffer message names; 0 = not shared. */
export function agreementStep(state: NetworkState, message: AgreementMessage, versionMax: NvspVersion, gpadlBytes: number): AgreementStep {
  switch (message.kind) {
    case 'init':
      return init(state, message.version, versionMax)
    case 'sendNdisVersion': {
      const ndis = { major: message.major, minor: message.minor }
      return { state: state.version === undefined ? state : { ...state, ndis }, answer: undefined }
    }
    case 'sendNdisConfig': {
      const config = { mtu: message.mtu, capabilities: message.capabilities }
      return { state: (state.version ?? 0) >= nvspVersion.v2 ? { ...state, config } : state, answer: undefined }
    }
    case 'sendReceiveBuffer':
      return receiveBuffer(state, message.gpadlId, message.id, gpadlBytes)
    case 'sendSendBuffer':
      return sendBuffer(state, message.gpadlId, message.id, gpadlBytes)
  }
}

function init(state: NetworkState, wanted: number, versionMax: NvspVersion): AgreementStep {
  const version = nvspVersions.find((one) => one === wanted)
  const status = version === undefined || version > versionMax ? nvspStatus.versionTooNew : nvspStatus.success
  return {
    state: status === nvspStatus.success ? { ...networkStart, version } : state,
    answer: { kind: 'initComplete', negotiated: 2, maxMdlChain: nvspDefaults.maxMdlChain, status },
  }
}

function receiveBuffer(state: NetworkState, gpadlId: number, id: number, bytes: number): AgreementStep {
  const old = (state.version ?? 0) < nvspVersion.v5
  const limit = old ? nvspDefaults.receiveBufferBytesMaxOld : nvspDefaults.receiveBufferBytesMax
  if (state.version === undefined || bytes === 0 || bytes > limit)
    return { state, answer: { kind: 'sendReceiveBufferComplete', status: nvspStatus.failure, sections: [] } }
  const slotBytes = receiveSlotBytes((state.config?.mtu ?? 1514) - 14)
  const slots = Math.floor(bytes / slotBytes)
  const section = { offset: 0, subAllocationBytes: slotBytes, subAllocations: slots, endOffset: slotBytes * slots }
  return {
    state: { ...state, receiveBuffer: { gpadlId, id, slotBytes, slots } },
    answer: { kind: 'sendReceiveBufferComplete', status: nvspStatus.success, sections: [section] },
  }
}

function sendBuffer(state: NetworkState, gpadlId: number, id: number, bytes: number): AgreementStep {
  if (state.version === undefined || bytes === 0)
    return { state, answer: { kind: 'sendSendBufferComplete', status: nvspStatus.failure, sectionBytes: 0 } }
  const sections = Math.floor(bytes / nvspDefaults.sendSectionBytes)
  return {
    state: { ...state, sendBuffer: { gpadlId, id, sections } },
    answer: { kind: 'sendSendBufferComplete', status: nvspStatus.success, sectionBytes: nvspDefaults.sendSectionBytes },
  }
}
