/**
 * Control messages to bytes and back, with the product's exact offsets (core sheet 4.2 and 4.3).
 * Offsets are from the start of the message: the 8-byte header {type u32, padding u32} comes first.
 */
import { fromHex, readU64, toHex, viewOf, writeU64 } from './bytes.ts'
import { type Guid, readGuid, writeGuid } from './guid.ts'
import {
  type MessageKind,
  messageAllowed,
  messageBytesMax,
  messageHeaderBytes,
  messageNumber,
  type OfferChannelMessage,
  userDefinedBytes,
  type VmbusMessage,
} from './messages.ts'
import { type NegotiatedVersion, vmbusFeature, vmbusVersion } from './versions.ts'

/** Why bytes are no message. */
export type MessageError =
  | { readonly code: 'tooShort'; readonly kind: MessageKind | undefined; readonly bytes: number; readonly needed: number }
  | { readonly code: 'tooLong'; readonly bytes: number }
  | { readonly code: 'unknownType'; readonly type: number }
  /** Not in this version of the protocol, or not without a connection. */
  | { readonly code: 'notAllowed'; readonly kind: MessageKind }
  /** A number that no real machine has: an address or page number of 2^53 and more. */
  | { readonly code: 'fieldTooLarge'; readonly kind: MessageKind; readonly field: string }

/** A sentence for a message error. */
export function messageErrorText(error: MessageError): string {
  switch (error.code) {
    case 'tooShort':
      return `The message ${error.kind ?? 'header'} has ${error.bytes} bytes; ${error.needed} are needed.`
    case 'tooLong':
      return `The message has ${error.bytes} bytes; at most ${messageBytesMax} are allowed.`
    case 'unknownType':
      return `Message type ${error.type} is not known.`
    case 'notAllowed':
      return `The message ${error.kind} is not allowed in this state and protocol version.`
    case 'fieldTooLarge':
      return `The field ${error.field} of ${error.kind} is too large.`
  }
}

export type MessageResult = { readonly ok: true; readonly message: VmbusMessage } | { readonly ok: false; readonly error: MessageError }

const fixedBytes: Readonly<Record<MessageKind, number>> = {
  offerChannel: 196,
  rescindChannelOffer: 12,
  requestOffers: 8,
  allOffersDelivered: 8,
  openChannel: 148,
  openChannelResult: 20,
  closeChannel: 12,
  gpadlHeader: 20,
  gpadlBody: 16,
  gpadlCreated: 20,
  gpadlTeardown: 16,
  gpadlTorndown: 12,
  relIdReleased: 12,
  initiateContact: 40,
  versionResponse: 16,
  unload: 8,
  unloadComplete: 8,
  openReservedChannel: 28,
  closeReservedChannel: 20,
  closeReservedResponse: 12,
  tlConnectRequest: 40,
  modifyChannel: 16,
  tlConnectResult: 44,
  modifyChannelResponse: 16,
  modifyConnection: 24,
  modifyConnectionResponse: 9,
  pause: 8,
  pauseResponse: 8,
  resume: 8,
}

const kindByNumber = new Map<number, MessageKind>(Object.entries(messageNumber).map(([kind, number]) => [number, kind as MessageKind]))

/** Exact size of a message on the wire, header included. */
export function messageBytes(message: VmbusMessage): number {
  const fixed = fixedBytes[message.kind]
  switch (message.kind) {
    case 'openChannel':
      return message.signal === undefined ? fixed : fixed + 8
    case 'gpadlHeader':
    case 'gpadlBody':
      return fixed + 8 * message.words.length
    case 'initiateContact':
      return message.clientId === undefined ? fixed : fixed + 16
    case 'versionResponse':
      return message.monitorPages !== undefined ? 40 : message.features !== undefined ? 20 : fixed
    case 'tlConnectRequest':
      return message.siloId === undefined ? fixed : fixed + 16
    default:
      return fixed
  }
}

/** Bytes of a message. Field values out of range are a fault of the caller. */
export function encodeMessage(message: VmbusMessage): Uint8Array {
  const bytes = new Uint8Array(messageBytes(message))
  if (bytes.length > messageBytesMax) throw new RangeError(`message of ${bytes.length} bytes`)
  const view = viewOf(bytes)
  view.setUint32(0, messageNumber[message.kind], true)
  writeBody(view, bytes, message)
  return bytes
}

function writeWords(view: DataView, offset: number, words: readonly number[]): void {
  words.forEach((word, i) => {
    writeU64(view, offset + 8 * i, word)
  })
}

function writeArea(bytes: Uint8Array, offset: number, hex: string): void {
  const area = fromHex(hex)
  if (area === undefined || area.length !== userDefinedBytes) throw new RangeError('user-defined area is not 120 bytes of hex')
  bytes.set(area, offset)
}

function u32s(view: DataView, offset: number, ...values: number[]): void {
  values.forEach((value, i) => {
    view.setUint32(offset + 4 * i, value, true)
  })
}

function writeBody(view: DataView, bytes: Uint8Array, message: VmbusMessage): void {
  switch (message.kind) {
    case 'offerChannel':
      return writeOffer(view, bytes, message)
    case 'rescindChannelOffer':
    case 'closeChannel':
    case 'relIdReleased':
    case 'closeReservedResponse':
      return u32s(view, 8, message.channelId)
    case 'openChannel':
      u32s(view, 8, message.channelId, message.openId, message.ringGpadlId, message.targetVp, message.downstreamPageOffset)
      writeArea(bytes, 28, message.userData)
      if (message.signal === undefined) return
      u32s(view, 148, message.signal.connectionId)
      view.setUint16(152, message.signal.eventFlag, true)
      return view.setUint16(154, message.signal.flags, true)
    case 'openChannelResult':
      return u32s(view, 8, message.channelId, message.openId, message.status)
    case 'gpadlHeader':
      u32s(view, 8, message.channelId, message.gpadlId)
      view.setUint16(16, message.rangeBytes, true)
      view.setUint16(18, message.rangeCount, true)
      return writeWords(view, 20, message.words)
    case 'gpadlBody':
      u32s(view, 8, message.messageIndex, message.gpadlId)
      return writeWords(view, 16, message.words)
    case 'gpadlCreated':
      return u32s(view, 8, message.channelId, message.gpadlId, message.status)
    case 'gpadlTeardown':
      return u32s(view, 8, message.channelId, message.gpadlId)
    case 'gpadlTorndown':
      return u32s(view, 8, message.gpadlId)
    case 'initiateContact':
      u32s(view, 8, message.version, message.targetVp)
      if (message.version >= vmbusVersion.v5_0) {
        view.setUint8(16, message.sint)
        view.setUint8(17, message.vtl)
        u32s(view, 20, message.features)
      } else writeU64(view, 16, message.interruptPageGpa)
      writeU64(view, 24, message.parentToChildMonitorGpa)
      writeU64(view, 32, message.childToParentMonitorGpa)
      if (message.clientId !== undefined) writeGuid(view, 40, message.clientId)
      return
    case 'versionResponse':
      view.setUint8(8, message.supported ? 1 : 0)
      view.setUint8(9, message.connectionState)
      u32s(view, 12, message.versionOrConnectionId)
      if (bytes.length >= 20) u32s(view, 16, message.features ?? 0)
      if (message.monitorPages === undefined) return
      writeU64(view, 24, message.monitorPages.parentToChild)
      return writeU64(view, 32, message.monitorPages.childToParent)
    case 'openReservedChannel':
      return u32s(view, 8, message.channelId, message.targetVp, message.targetSint, message.ringGpadlId, message.downstreamPageOffset)
    case 'closeReservedChannel':
      return u32s(view, 8, message.channelId, message.targetVp, message.targetSint)
    case 'tlConnectRequest':
      writeGuid(view, 8, message.endpointId)
      writeGuid(view, 24, message.serviceId)
      if (message.siloId !== undefined) writeGuid(view, 40, message.siloId)
      return
    case 'modifyChannel':
      return u32s(view, 8, message.channelId, message.targetVp)
    case 'tlConnectResult':
      writeGuid(view, 8, message.endpointId)
      writeGuid(view, 24, message.serviceId)
      return u32s(view, 40, message.status)
    case 'modifyChannelResponse':
      return u32s(view, 8, message.channelId, message.status)
    case 'modifyConnection':
      writeU64(view, 8, message.parentToChildMonitorGpa)
      return writeU64(view, 16, message.childToParentMonitorGpa)
    case 'modifyConnectionResponse':
      return view.setUint8(8, message.connectionState)
    case 'requestOffers':
    case 'allOffersDelivered':
    case 'unload':
    case 'unloadComplete':
    case 'pause':
    case 'pauseResponse':
    case 'resume':
      return
  }
}

function writeOffer(view: DataView, bytes: Uint8Array, offer: OfferChannelMessage): void {
  writeGuid(view, 8, offer.interfaceId)
  writeGuid(view, 24, offer.instanceId)
  view.setUint16(56, offer.flags, true)
  view.setUint16(58, offer.mmioMegabytes, true)
  writeArea(bytes, 60, offer.userDefined)
  view.setUint16(180, offer.subchannelIndex, true)
  view.setUint16(182, offer.mmioMegabytesOptional, true)
  u32s(view, 184, offer.channelId)
  view.setUint8(188, offer.monitorId)
  view.setUint8(189, offer.monitorAllocated ? 1 : 0)
  view.setUint16(190, offer.dedicatedInterrupt ? 1 : 0, true)
  u32s(view, 192, offer.connectionId)
}

/**
 * Reads a message. Which form of OpenChannel is meant depends on what was negotiated; InitiateContact, VersionResponse and TlConnectRequest are told
 * apart by size. Longer messages than needed are accepted, as the product does; shorter ones are refused.
 */
export function decodeMessage(bytes: Uint8Array, negotiated: NegotiatedVersion | undefined): MessageResult {
  if (bytes.length > messageBytesMax) return { ok: false, error: { code: 'tooLong', bytes: bytes.length } }
  if (bytes.length < messageHeaderBytes) return tooShort(undefined, bytes.length, messageHeaderBytes)
  const view = viewOf(bytes)
  const type = view.getUint32(0, true)
  const kind = kindByNumber.get(type)
  if (kind === undefined) return { ok: false, error: { code: 'unknownType', type } }
  if (!messageAllowed(kind, negotiated)) return { ok: false, error: { code: 'notAllowed', kind } }
  const signals = vmbusFeature.guestSpecifiedSignalParameters | vmbusFeature.channelInterruptRedirection
  const longOpen = kind === 'openChannel' && ((negotiated?.features ?? 0) & signals) !== 0
  const needed = fixedBytes[kind] + (longOpen ? 8 : 0)
  if (bytes.length < needed) return tooShort(kind, bytes.length, needed)
  const message = readBody(kind, view, bytes, longOpen, negotiated)
  const large = largeField(message)
  return large === undefined ? { ok: true, message } : { ok: false, error: { code: 'fieldTooLarge', kind, field: large } }
}

function tooShort(kind: MessageKind | undefined, bytes: number, needed: number): MessageResult {
  return { ok: false, error: { code: 'tooShort', kind, bytes, needed } }
}

function largeField(message: VmbusMessage): string | undefined {
  for (const [field, value] of Object.entries(message) as [string, unknown][]) {
    if (value === Number.POSITIVE_INFINITY) return field
    if (Array.isArray(value) && value.includes(Number.POSITIVE_INFINITY)) return field
    if (field === 'monitorPages' && typeof value === 'object' && value !== null) {
      if (Object.values(value).includes(Number.POSITIVE_INFINITY)) return field
    }
  }
  return undefined
}

function readWords(view: DataView, offset: number): number[] {
  const words: number[] = []
  for (let at = offset; at + 8 <= view.byteLength; at += 8) words.push(readU64(view, at))
  return words
}

function readBody(
  kind: MessageKind,
  view: DataView,
  bytes: Uint8Array,
  longOpen: boolean,
  negotiated: NegotiatedVersion | undefined,
): VmbusMessage {
  const u32 = (offset: number): number => view.getUint32(offset, true)
  const u16 = (offset: number): number => view.getUint16(offset, true)
  const guid = (offset: number): Guid => readGuid(view, offset)
  switch (kind) {
    case 'offerChannel':
      return readOffer(view, bytes)
    case 'rescindChannelOffer':
    case 'closeChannel':
    case 'relIdReleased':
    case 'closeReservedResponse':
      return { kind, channelId: u32(8) }
    case 'openChannel':
      return {
        kind,
        channelId: u32(8),
        openId: u32(12),
        ringGpadlId: u32(16),
        targetVp: u32(20),
        downstreamPageOffset: u32(24),
        userData: toHex(bytes.subarray(28, 148)),
        ...(longOpen ? { signal: { connectionId: u32(148), eventFlag: u16(152), flags: u16(154) } } : {}),
      }
    case 'openChannelResult':
      return { kind, channelId: u32(8), openId: u32(12), status: u32(16) }
    case 'gpadlHeader':
      return { kind, channelId: u32(8), gpadlId: u32(12), rangeBytes: u16(16), rangeCount: u16(18), words: readWords(view, 20) }
    case 'gpadlBody':
      return { kind, messageIndex: u32(8), gpadlId: u32(12), words: readWords(view, 16) }
    case 'gpadlCreated':
      return { kind, channelId: u32(8), gpadlId: u32(12), status: u32(16) }
    case 'gpadlTeardown':
      return { kind, channelId: u32(8), gpadlId: u32(12) }
    case 'gpadlTorndown':
      return { kind, gpadlId: u32(8) }
    case 'initiateContact':
      return readContact(view)
    case 'versionResponse':
      return {
        kind,
        supported: view.getUint8(8) !== 0,
        connectionState: view.getUint8(9),
        versionOrConnectionId: u32(12),
        ...(bytes.length >= 20 ? { features: u32(16) } : {}),
        ...(bytes.length >= 40 ? { monitorPages: { parentToChild: readU64(view, 24), childToParent: readU64(view, 32) } } : {}),
      }
    case 'openReservedChannel':
      return {
        kind,
        channelId: u32(8),
        targetVp: u32(12),
        targetSint: u32(16),
        ringGpadlId: u32(20),
        downstreamPageOffset: u32(24),
      }
    case 'closeReservedChannel':
      return { kind, channelId: u32(8), targetVp: u32(12), targetSint: u32(16) }
    case 'tlConnectRequest': {
      // Some clients send the short form with new protocols too, so the size decides (openvmm: protocol.rs).
      const withSilo = bytes.length >= 56 && (negotiated?.version ?? 0) >= vmbusVersion.v5_2
      return { kind, endpointId: guid(8), serviceId: guid(24), ...(withSilo ? { siloId: guid(40) } : {}) }
    }
    case 'modifyChannel':
      return { kind, channelId: u32(8), targetVp: u32(12) }
    case 'tlConnectResult':
      return { kind, endpointId: guid(8), serviceId: guid(24), status: u32(40) }
    case 'modifyChannelResponse':
      return { kind, channelId: u32(8), status: u32(12) }
    case 'modifyConnection':
      return { kind, parentToChildMonitorGpa: readU64(view, 8), childToParentMonitorGpa: readU64(view, 16) }
    case 'modifyConnectionResponse':
      return { kind, connectionState: view.getUint8(8) }
    case 'requestOffers':
    case 'allOffersDelivered':
    case 'unload':
    case 'unloadComplete':
    case 'pause':
    case 'pauseResponse':
    case 'resume':
      return { kind }
  }
}

function readContact(view: DataView): VmbusMessage {
  const version = view.getUint32(8, true)
  const late = version >= vmbusVersion.v5_0
  return {
    kind: 'initiateContact',
    version,
    targetVp: view.getUint32(12, true),
    interruptPageGpa: late ? 0 : readU64(view, 16),
    sint: late ? view.getUint8(16) : 0,
    vtl: late ? view.getUint8(17) : 0,
    features: late ? view.getUint32(20, true) : 0,
    parentToChildMonitorGpa: readU64(view, 24),
    childToParentMonitorGpa: readU64(view, 32),
    ...(view.byteLength >= 56 ? { clientId: readGuid(view, 40) } : {}),
  }
}

function readOffer(view: DataView, bytes: Uint8Array): OfferChannelMessage {
  return {
    kind: 'offerChannel',
    interfaceId: readGuid(view, 8),
    instanceId: readGuid(view, 24),
    flags: view.getUint16(56, true),
    mmioMegabytes: view.getUint16(58, true),
    userDefined: toHex(bytes.subarray(60, 180)),
    subchannelIndex: view.getUint16(180, true),
    mmioMegabytesOptional: view.getUint16(182, true),
    channelId: view.getUint32(184, true),
    monitorId: view.getUint8(188),
    monitorAllocated: (view.getUint8(189) & 1) !== 0,
    dedicatedInterrupt: (view.getUint16(190, true) & 1) !== 0,
    connectionId: view.getUint32(192, true),
  }
}
