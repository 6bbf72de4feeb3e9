/**
 * Storage protocol between the SCSI provider (storvsp) and its client (storvsc): operations, versions, statuses and packets
 * (devices reference 2.1–2.4; openvmm: storvsp_protocol/src/lib.rs; linux: drivers/scsi/storvsc_drv.c).
 */
import type { PayloadCodec, PayloadResult } from '../../vmbus/packet-codec.ts'
import { decodeWire, hexBytes, padding, struct, u8, u16, u32, WireReader, type WireType, type WireValue, WireWriter } from '../wire.ts'

export const storageOperation = {
  completeIo: 1,
  removeDevice: 2,
  executeSrb: 3,
  resetLun: 4,
  resetAdapter: 5,
  resetBus: 6,
  beginInitialization: 7,
  endInitialization: 8,
  queryProtocolVersion: 9,
  queryProperties: 10,
  enumerateBus: 11,
  fcHbaData: 12,
  createSubChannels: 13,
  eventNotification: 14,
} as const

export type StorageOperation = (typeof storageOperation)[keyof typeof storageOperation]

/** Versions as major << 8 | minor. */
export const storageVersion = { v2_0: 0x0200, v4_2: 0x0402, v5_1: 0x0501, v6_0: 0x0600, v6_2: 0x0602 } as const

export type StorageVersion = (typeof storageVersion)[keyof typeof storageVersion]

/** All versions, newest first: the order in which clients ask. */
export const storageVersions: readonly StorageVersion[] = [0x0602, 0x0600, 0x0501, 0x0402, 0x0200]

/** Highest version of a host release (devices reference 2.1). */
export const storageVersionOfHost: Readonly<Record<string, StorageVersion>> = {
  '2008': storageVersion.v2_0,
  '2008 R2': storageVersion.v4_2,
  '2012': storageVersion.v5_1,
  '2012 R2': storageVersion.v6_0,
  '2016': storageVersion.v6_2,
  '2019': storageVersion.v6_2,
  '2022': storageVersion.v6_2,
  '2025': storageVersion.v6_2,
}

/** NTSTATUS values of the packet's status field. */
export const ntStatus = {
  success: 0,
  bufferOverflow: 0x80000005,
  deviceBusy: 0x80000011,
  unsuccessful: 0xc0000001,
  invalidParameter: 0xc000000d,
  invalidDeviceRequest: 0xc0000010,
  revisionMismatch: 0xc0000059,
  deviceNotConnected: 0xc000009d,
  ioTimeout: 0xc00000b5,
  noSuchDevice: 0xc00000c0,
  cancelled: 0xc0000120,
  invalidDeviceState: 0xc0000184,
  ioDeviceError: 0xc0000185,
} as const

/** SRB status codes (low 6 bits). */
export const srbStatus = {
  pending: 0x00,
  success: 0x01,
  aborted: 0x02,
  abortFailed: 0x03,
  error: 0x04,
  busy: 0x05,
  invalidRequest: 0x06,
  invalidPath: 0x07,
  noDevice: 0x08,
  timeout: 0x09,
  selectionTimeout: 0x0a,
  commandTimeout: 0x0b,
  busReset: 0x0e,
  senseFailed: 0x10,
  noHba: 0x11,
  dataOverrun: 0x12,
  flushed: 0x16,
  invalidLun: 0x20,
  invalidTarget: 0x21,
  badFunction: 0x22,
  notPowered: 0x24,
  linkDown: 0x25,
  internalError: 0x30,
} as const

/** Flags beside the SRB status code. */
export const srbStatusFlag = { queueFrozen: 0x40, senseValid: 0x80 } as const

export const scsiStatus = { good: 0, checkCondition: 2, busy: 8, reservationConflict: 0x18, taskSetFull: 0x28 } as const

export const srbFlag = {
  queueActionEnable: 0x02,
  disableSyncTransfer: 0x08,
  disableAutosense: 0x20,
  dataIn: 0x40,
  dataOut: 0x80,
  noQueueFreeze: 0x100,
} as const

/** `data_in` of a request. */
export const dataDirection = { write: 0, read: 1, none: 2 } as const

/** Packet sizes: since 5.1, and before. */
export const storagePacketBytes = { current: 64, old: 48 } as const
export type StoragePacketBytes = 64 | 48

/** Packet size of a version. */
export function packetBytesOf(version: StorageVersion): StoragePacketBytes {
  return version >= storageVersion.v5_1 ? 64 : 48
}

/** Sense bytes that a version carries: 20, before 5.1 18. */
export function senseBytesOf(version: StorageVersion): number {
  return version >= storageVersion.v5_1 ? 20 : 18
}

/** Limits of the protocol and of the product (devices reference 2.4). */
export const storageLimits = {
  controllersPerVm: 4,
  lunsPerController: 64,
  /** What the open provider reports, bytes. */
  maxTransferBytes: 0x40000,
  /** Client's cap for Fibre Channel, bytes. */
  fibreChannelTransferBytes: 512 * 1024,
  srbTimeoutSeconds: 60,
} as const

/** Channels beyond the first that Windows hosts offer: about one per four VPs (devices reference 2.4). */
export function subChannelsOfHost(vpCount: number): number {
  return Math.max(0, Math.floor(vpCount / 4))
}

/** Sub-channels that Linux asks for: (VPs − 1) / 4, at most what the host has. */
export function subChannelsOfLinux(vpCount: number, offered: number): number {
  return Math.min(Math.floor((vpCount - 1) / 4), offered)
}

const srbHead = {
  length: u16,
  srbStatus: u8,
  scsiStatus: u8,
  port: u8,
  pathId: u8,
  targetId: u8,
  lun: u8,
  cdbLength: u8,
  senseLength: u8,
  dataIn: u8,
  properties: u8,
  dataTransferLength: u32,
  /** CDB (16 bytes) in a request, sense in a completion; 20 bytes as hex. */
  cdbOrSense: hexBytes(20),
} as const

const srbTail = { _reserved: padding(2), queueTag: u8, queueAction: u8, srbFlags: u32, timeoutSeconds: u32, queueSortKey: u32 } as const

/** `vmscsi_request`, 0x34 bytes since 5.1. */
const srbCurrent = struct({ ...srbHead, ...srbTail })
/** The 0x24 bytes of older versions. */
const srbOld = struct(srbHead)

/** SCSI request as both sizes carry it; the fields of the tail are 0 in the old one. */
export type Srb = WireValue<typeof srbCurrent>

const versionBody = struct({ version: u16, revision: u16 })
const propertiesBody = struct({
  _reserved: padding(4),
  maxSubChannels: u16,
  _pad: padding(2),
  flags: u32,
  maxTransferBytes: u32,
  _reserved2: padding(8),
})
const fcBody = struct({
  primaryActive: u8,
  _pad: padding(3),
  primaryPort: hexBytes(8),
  primaryNode: hexBytes(8),
  secondaryPort: hexBytes(8),
  secondaryNode: hexBytes(8),
})
const subChannelsBody = struct({ count: u16 })
const eventBody = struct({ lun: u8, target: u8, path: u8, flags: u8 })

/** Bit 0 of the properties' flags. */
export const multiChannelFlag = 1

/** The union part of a packet. `raw`: bytes that only the request they answer gives a meaning to; see {@link bodyAs}. */
export type StorageBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'srb'; readonly srb: Srb }
  | ({ readonly kind: 'version' } & WireValue<typeof versionBody>)
  | ({ readonly kind: 'properties' } & WireValue<typeof propertiesBody>)
  | ({ readonly kind: 'fcHbaData' } & WireValue<typeof fcBody>)
  | ({ readonly kind: 'subChannels' } & WireValue<typeof subChannelsBody>)
  | ({ readonly kind: 'event' } & WireValue<typeof eventBody>)
  | { readonly kind: 'raw'; readonly bytes: string }

export type StorageBodyKind = StorageBody['kind']

export interface StoragePacket {
  readonly operation: StorageOperation
  /** Bit 0: the sender wants a completion. */
  readonly flags: number
  /** NTSTATUS. */
  readonly status: number
  readonly packetBytes: StoragePacketBytes
  readonly body: StorageBody
}

/** Kind of body that goes with an operation. */
export function bodyKindOf(operation: StorageOperation): StorageBodyKind {
  switch (operation) {
    case storageOperation.executeSrb:
      return 'srb'
    case storageOperation.queryProtocolVersion:
      return 'version'
    case storageOperation.queryProperties:
      return 'properties'
    case storageOperation.fcHbaData:
      return 'fcHbaData'
    case storageOperation.createSubChannels:
      return 'subChannels'
    case storageOperation.eventNotification:
      return 'event'
    case storageOperation.completeIo:
      return 'raw'
    default:
      return 'none'
  }
}

const structs = { version: versionBody, properties: propertiesBody, fcHbaData: fcBody, subChannels: subChannelsBody, event: eventBody }

function writeBody(writer: WireWriter, body: StorageBody, size: number): void {
  const old = size === 0x24
  switch (body.kind) {
    case 'none':
      return
    case 'srb':
      if (old) srbOld.write(writer, body.srb)
      else srbCurrent.write(writer, body.srb)
      return
    case 'raw':
      hexBytes(size).write(writer, body.bytes)
      return
    default:
      ;(structs[body.kind] as WireType<object>).write(writer, body)
  }
}

function readBody(bytes: Uint8Array, kind: StorageBodyKind): StorageBody | string {
  const old = bytes.length === 0x24
  if (kind === 'none') return { kind: 'none' }
  const reader = new WireReader(bytes)
  let body: StorageBody
  if (kind === 'srb') {
    const srb = old
      ? { ...srbOld.read(reader), queueTag: 0, queueAction: 0, srbFlags: 0, timeoutSeconds: 0, queueSortKey: 0 }
      : srbCurrent.read(reader)
    body = { kind, srb }
  } else if (kind === 'raw') body = { kind, bytes: hexBytes(bytes.length).read(reader) }
  else body = { kind, ...(structs[kind] as WireType<object>).read(reader) } as StorageBody
  return reader.failure ?? body
}

/**
 * A completion's body as its request gives it a meaning. A packet that came from bytes has `raw`; one that is still an object has its kind already.
 * Undefined when the bytes do not fit.
 */
export function bodyAs<K extends StorageBodyKind>(packet: StoragePacket, kind: K): (StorageBody & { readonly kind: K }) | undefined {
  const { body } = packet
  if (body.kind === kind) return body as StorageBody & { readonly kind: K }
  if (body.kind !== 'raw') return undefined
  const bytes = decodeWire(hexBytes(packet.packetBytes - 12), rawBytes(body.bytes))
  if (!bytes.ok) return undefined
  const read = readBody(rawBytes(body.bytes), kind)
  return typeof read === 'string' ? undefined : (read as StorageBody & { readonly kind: K })
}

function rawBytes(hex: string): Uint8Array {
  const writer = new WireWriter(hex.length / 2)
  hexBytes(hex.length / 2).write(writer, hex)
  return writer.bytes
}

const knownOperations: ReadonlySet<number> = new Set(Object.values(storageOperation))

/** Codec of both directions: 64 or 48 bytes. An unknown operation is kept (its number), so that the provider can refuse it. */
export const storageCodec: PayloadCodec<StoragePacket> = {
  encode(packet) {
    const writer = new WireWriter(packet.packetBytes)
    u32.write(writer, packet.operation)
    u32.write(writer, packet.flags)
    u32.write(writer, packet.status)
    writeBody(writer, packet.body, packet.packetBytes - 12)
    return writer.bytes
  },
  decode(bytes): PayloadResult<StoragePacket> {
    if (bytes.length !== 64 && bytes.length !== 48) return { ok: false, reason: `storage packet of ${bytes.length} bytes` }
    const reader = new WireReader(bytes)
    const operation = u32.read(reader) as StorageOperation
    const flags = u32.read(reader)
    const status = u32.read(reader)
    const kind = knownOperations.has(operation) ? bodyKindOf(operation) : 'raw'
    const body = readBody(bytes.subarray(12), kind)
    if (typeof body === 'string') return { ok: false, reason: body }
    return { ok: true, payload: { operation, flags, status, packetBytes: bytes.length, body } }
  },
}

/** A request of the client. */
export function storageRequest(
  operation: StorageOperation,
  packetBytes: StoragePacketBytes,
  body: StorageBody = { kind: 'none' },
): StoragePacket {
  return { operation, flags: 1, status: 0, packetBytes, body }
}

/** The completion of a request: operation 1, status, results. */
export function storageCompletion(request: StoragePacket, status: number, body: StorageBody = { kind: 'none' }): StoragePacket {
  return { operation: storageOperation.completeIo, flags: 0, status, packetBytes: request.packetBytes, body }
}
