/**
 * VMBus control messages 1–29 as typed objects (hypervisor reference 4.3, core sheet 4.2 and 4.3). Bytes: `message-codec.ts`.
 * Field names follow the protocol; all numbers are unsigned unless a status is meant. GPAs are bytes and must stay below 2^53.
 */
import type { Guid } from './guid.ts'
import { type NegotiatedVersion, type VmbusVersion, vmbusFeature, vmbusVersion } from './versions.ts'

/** SynIC message type of every VMBus message. */
export const synicVmbusMessageType = 1

/** Largest message, header included: the payload of a SynIC message slot. */
export const messageBytesMax = 240

export const messageHeaderBytes = 8

/** Number of each message type. */
export const messageNumber = {
  offerChannel: 1,
  rescindChannelOffer: 2,
  requestOffers: 3,
  allOffersDelivered: 4,
  openChannel: 5,
  openChannelResult: 6,
  closeChannel: 7,
  gpadlHeader: 8,
  gpadlBody: 9,
  gpadlCreated: 10,
  gpadlTeardown: 11,
  gpadlTorndown: 12,
  relIdReleased: 13,
  initiateContact: 14,
  versionResponse: 15,
  unload: 16,
  unloadComplete: 17,
  openReservedChannel: 18,
  closeReservedChannel: 19,
  closeReservedResponse: 20,
  tlConnectRequest: 21,
  modifyChannel: 22,
  tlConnectResult: 23,
  modifyChannelResponse: 24,
  modifyConnection: 25,
  modifyConnectionResponse: 26,
  pause: 27,
  pauseResponse: 28,
  resume: 29,
} as const

export type MessageKind = keyof typeof messageNumber

/** Status values in messages (NTSTATUS as unsigned u32). */
export const vmbusStatus = {
  success: 0,
  /** What the server answers when it refuses (openvmm: STATUS_UNSUCCESSFUL). */
  unsuccessful: 0x8000ffff,
  insufficientResources: 0xc000009a,
  connectionRefused: 0xc0000236,
} as const

/** True for statuses that mean success or information: bit 31 clear. */
export function isSuccess(status: number): boolean {
  return status < 0x80000000
}

/** Offer flags. */
export const offerFlag = {
  enumerateDeviceInterface: 0x1,
  confidentialRing: 0x2,
  confidentialExternalMemory: 0x4,
  requirePinnedMemory: 0x8,
  namedPipeMode: 0x10,
  loopback: 0x100,
  parentOffer: 0x200,
  requestMonitoredNotification: 0x400,
  tlnpiProvider: 0x2000,
} as const

/** Bytes of the user-defined area of offers and opens. */
export const userDefinedBytes = 120

/** Connection state in VersionResponse and ModifyConnectionResponse. */
export const contactState = { successful: 0, lowResources: 1, unknownFailure: 2 } as const

export interface OfferChannelMessage {
  readonly kind: 'offerChannel'
  readonly interfaceId: Guid
  readonly instanceId: Guid
  readonly flags: number
  readonly mmioMegabytes: number
  readonly mmioMegabytesOptional: number
  /** 120 bytes as hex text, 240 digits. */
  readonly userDefined: string
  readonly subchannelIndex: number
  readonly channelId: number
  /** 0–127, or 255 when none. */
  readonly monitorId: number
  readonly monitorAllocated: boolean
  /** From 1.1 on; below it the bytes are zero. */
  readonly dedicatedInterrupt: boolean
  readonly connectionId: number
}

export interface OpenChannelMessage {
  readonly kind: 'openChannel'
  readonly channelId: number
  readonly openId: number
  readonly ringGpadlId: number
  readonly targetVp: number
  readonly downstreamPageOffset: number
  readonly userData: string
  /** 6.0 with guest-specified signal parameters or interrupt redirection: 8 more bytes. */
  readonly signal?: { readonly connectionId: number; readonly eventFlag: number; readonly flags: number } | undefined
}

export interface GpadlHeaderMessage {
  readonly kind: 'gpadlHeader'
  readonly channelId: number
  readonly gpadlId: number
  /** Bytes of all range words, in this and the following body messages. */
  readonly rangeBytes: number
  readonly rangeCount: number
  /** First part of the words, at most 27: see {@link gpadlHeaderWordsMax}. */
  readonly words: readonly number[]
}

export interface GpadlBodyMessage {
  readonly kind: 'gpadlBody'
  /** From 1 upwards in Linux; the server ignores it. */
  readonly messageIndex: number
  readonly gpadlId: number
  readonly words: readonly number[]
}

/** Words that fit: header 240 − 20 bytes (one range word and 26 PFNs), body 240 − 16 (28 PFNs). */
export const gpadlHeaderWordsMax = 27
export const gpadlBodyWordsMax = 28

export interface InitiateContactMessage {
  readonly kind: 'initiateContact'
  readonly version: number
  readonly targetVp: number
  /** Below 5.0: GPA of the interrupt page, 0 = none. */
  readonly interruptPageGpa: number
  /** 5.0 and later: SINT and VTL of the client; 0 below. */
  readonly sint: number
  readonly vtl: number
  /** 6.0: flags asked for; 0 below. */
  readonly features: number
  readonly parentToChildMonitorGpa: number
  readonly childToParentMonitorGpa: number
  /** Only in the 56-byte form. */
  readonly clientId?: Guid | undefined
}

export interface VersionResponseMessage {
  readonly kind: 'versionResponse'
  readonly supported: boolean
  readonly connectionState: number
  /** 5.0 and later: connection id for further messages; before: the version. 0 when refused. */
  readonly versionOrConnectionId: number
  /** 6.0: 20-byte form. */
  readonly features?: number | undefined
  /** 6.0 with server-specified monitor pages: 40-byte form. */
  readonly monitorPages?: { readonly parentToChild: number; readonly childToParent: number } | undefined
}

export interface TlConnectRequestMessage {
  readonly kind: 'tlConnectRequest'
  readonly endpointId: Guid
  readonly serviceId: Guid
  /** 5.2 and later: 56-byte form. */
  readonly siloId?: Guid | undefined
}

/** Every message. Host to guest: 1, 2, 4, 6, 10, 12, 15, 17, 20, 23, 24, 26, 28; the rest guest to host. */
export type VmbusMessage =
  | OfferChannelMessage
  | { readonly kind: 'rescindChannelOffer'; readonly channelId: number }
  | { readonly kind: 'requestOffers' }
  | { readonly kind: 'allOffersDelivered' }
  | OpenChannelMessage
  | { readonly kind: 'openChannelResult'; readonly channelId: number; readonly openId: number; readonly status: number }
  | { readonly kind: 'closeChannel'; readonly channelId: number }
  | GpadlHeaderMessage
  | GpadlBodyMessage
  | { readonly kind: 'gpadlCreated'; readonly channelId: number; readonly gpadlId: number; readonly status: number }
  | { readonly kind: 'gpadlTeardown'; readonly channelId: number; readonly gpadlId: number }
  | { readonly kind: 'gpadlTorndown'; readonly gpadlId: number }
  | { readonly kind: 'relIdReleased'; readonly channelId: number }
  | InitiateContactMessage
  | VersionResponseMessage
  | { readonly kind: 'unload' }
  | { readonly kind: 'unloadComplete' }
  | {
      readonly kind: 'openReservedChannel'
      readonly channelId: number
      readonly targetVp: number
      readonly targetSint: number
      readonly ringGpadlId: number
      readonly downstreamPageOffset: number
    }
  | { readonly kind: 'closeReservedChannel'; readonly channelId: number; readonly targetVp: number; readonly targetSint: number }
  | { readonly kind: 'closeReservedResponse'; readonly channelId: number }
  | TlConnectRequestMessage
  | { readonly kind: 'modifyChannel'; readonly channelId: number; readonly targetVp: number }
  | { readonly kind: 'tlConnectResult'; readonly endpointId: Guid; readonly serviceId: Guid; readonly status: number }
  | { readonly kind: 'modifyChannelResponse'; readonly channelId: number; readonly status: number }
  | { readonly kind: 'modifyConnection'; readonly parentToChildMonitorGpa: number; readonly childToParentMonitorGpa: number }
  | { readonly kind: 'modifyConnectionResponse'; readonly connectionState: number }
  | { readonly kind: 'pause' }
  | { readonly kind: 'pauseResponse' }
  | { readonly kind: 'resume' }

/** Messages that the host sends. */
export type HostMessage = Extract<
  VmbusMessage,
  {
    kind:
      | 'offerChannel'
      | 'rescindChannelOffer'
      | 'allOffersDelivered'
      | 'openChannelResult'
      | 'gpadlCreated'
      | 'gpadlTorndown'
      | 'versionResponse'
      | 'unloadComplete'
      | 'closeReservedResponse'
      | 'tlConnectResult'
      | 'modifyChannelResponse'
      | 'modifyConnectionResponse'
      | 'pauseResponse'
  }
>

/** Messages that the guest sends. */
export type GuestMessage = Exclude<VmbusMessage, HostMessage>

const hostKinds: ReadonlySet<MessageKind> = new Set<HostMessage['kind']>([
  'offerChannel',
  'rescindChannelOffer',
  'allOffersDelivered',
  'openChannelResult',
  'gpadlCreated',
  'gpadlTorndown',
  'versionResponse',
  'unloadComplete',
  'closeReservedResponse',
  'tlConnectResult',
  'modifyChannelResponse',
  'modifyConnectionResponse',
  'pauseResponse',
])

/** True if the host sends this message. */
export function isHostMessage(message: VmbusMessage): message is HostMessage {
  return hostKinds.has(message.kind)
}

/** First version that has the message; 0 = also without a connection (openvmm: vmbus_messages!). */
const firstVersion: Readonly<Partial<Record<MessageKind, VmbusVersion | 0>>> = {
  initiateContact: 0,
  versionResponse: 0,
  closeReservedChannel: 0,
  unloadComplete: vmbusVersion.v1_1,
  openReservedChannel: vmbusVersion.v4_0,
  closeReservedResponse: vmbusVersion.v4_0,
  tlConnectRequest: vmbusVersion.v4_0,
  modifyChannel: vmbusVersion.v4_1,
  tlConnectResult: vmbusVersion.v4_1,
  modifyChannelResponse: vmbusVersion.v5_3,
  modifyConnection: vmbusVersion.v6_0,
  modifyConnectionResponse: vmbusVersion.v6_0,
  pause: vmbusVersion.v6_0,
  pauseResponse: vmbusVersion.v6_0,
  resume: vmbusVersion.v6_0,
}

const neededFeature: Readonly<Partial<Record<MessageKind, number>>> = {
  modifyConnection: vmbusFeature.modifyConnection,
  modifyConnectionResponse: vmbusFeature.modifyConnection,
  pause: vmbusFeature.pauseResume,
  pauseResponse: vmbusFeature.pauseResume,
  resume: vmbusFeature.pauseResume,
}

/** Whether a message may be used at this version; `undefined` = no connection. */
export function messageAllowed(kind: MessageKind, negotiated: NegotiatedVersion | undefined): boolean {
  const first = firstVersion[kind] ?? vmbusVersion.v0_13
  if (first === 0) return true
  if (negotiated === undefined || negotiated.version < first) return false
  const feature = neededFeature[kind]
  return feature === undefined || (negotiated.features & feature) !== 0
}
