/**
 * Integration components: framework header, negotiation and the bodies of all services
 * (devices reference 5; openvmm: hyperv_ic_protocol; linux: include/linux/hyperv.h, include/uapi/linux/hyperv.h). Pipe messages.
 */
import type { PayloadCodec, PayloadResult } from '../../vmbus/packet-codec.ts'
import { type PipeData, pipeCodec } from '../../vmbus/pipe.ts'
import {
  decodeWire,
  encodeWire,
  guid,
  hexBytes,
  padding,
  struct,
  text16,
  u8,
  u16,
  u32,
  u64,
  u64Full,
  type WireType,
  type WireValue,
  WireWriter,
} from '../wire.ts'

/** Message types of the header. */
export const icType = {
  negotiate: 0,
  heartbeat: 1,
  kvp: 2,
  shutdown: 3,
  timeSync: 4,
  vss: 5,
  rdv: 6,
  guestInterface: 7,
  vmSession: 8,
} as const
export type IcType = (typeof icType)[keyof typeof icType]

export const icFlag = { transaction: 1, request: 2, response: 4 } as const

/** Statuses (HRESULT). */
export const icStatus = {
  ok: 0,
  noMoreItems: 0x80070103,
  failure: 0x80004005,
  notSupported: 0x80070032,
  notFound: 0x80041002,
  invalidArgument: 0x80070057,
  exists: 0x80070050,
  diskFull: 0x80070070,
  notConnected: 0x8007048f,
  machineLocked: 0x800704f7,
  /** Of this model: the guest did not answer in time (ERROR_TIMEOUT). */
  timeout: 0x800705b4,
} as const

const versionField = struct({ major: u16, minor: u16 })
export type IcVersion = WireValue<typeof versionField>

export function icVersionText(version: IcVersion): string {
  return `${version.major}.${version.minor}`
}

export function sameIcVersion(a: IcVersion, b: IcVersion): boolean {
  return a.major === b.major && a.minor === b.minor
}

const v = (major: number, minor = 0): IcVersion => ({ major, minor })

/** Framework versions, oldest first. */
export const frameworkVersions: readonly IcVersion[] = [v(1), v(3)]

/** Name of a service of this model. */
export type IcService = 'heartbeat' | 'shutdown' | 'timeSync' | 'kvp' | 'vss' | 'guestServices'

/** Versions of each service, oldest first (devices reference 5.1). */
export const serviceVersions: Readonly<Record<IcService, readonly IcVersion[]>> = {
  heartbeat: [v(1), v(3)],
  shutdown: [v(1), v(3), v(3, 1), v(3, 2)],
  timeSync: [v(1), v(3), v(4)],
  kvp: [v(1), v(3), v(4), v(5)],
  vss: [v(1), v(3), v(4), v(5), v(6), v(7)],
  guestServices: [v(1, 1)],
}

/** Highest message version that a host release offers. Releases between two columns have the lower one (devices reference 5.1). */
export const serviceVersionsOfHost: Readonly<Record<string, Readonly<Partial<Record<IcService, IcVersion>>>>> = {
  '2008': { heartbeat: v(1), shutdown: v(1), timeSync: v(1), kvp: v(1), vss: v(1) },
  '2008 R2': { heartbeat: v(3), shutdown: v(3), timeSync: v(3), kvp: v(3), vss: v(3) },
  '2012': { heartbeat: v(3), shutdown: v(3), timeSync: v(3), kvp: v(4), vss: v(4) },
  '2012 R2': { heartbeat: v(3), shutdown: v(3, 1), timeSync: v(3), kvp: v(5), vss: v(5), guestServices: v(1, 1) },
  '2016': { heartbeat: v(3), shutdown: v(3, 1), timeSync: v(4), kvp: v(5), vss: v(6), guestServices: v(1, 1) },
  '2019': { heartbeat: v(3), shutdown: v(3, 2), timeSync: v(4), kvp: v(5), vss: v(7), guestServices: v(1, 1) },
  '2022': { heartbeat: v(3), shutdown: v(3, 2), timeSync: v(4), kvp: v(5), vss: v(7), guestServices: v(1, 1) },
  '2025': { heartbeat: v(3), shutdown: v(3, 2), timeSync: v(4), kvp: v(5), vss: v(7), guestServices: v(1, 1) },
}

export const typeOfService: Readonly<Record<IcService, IcType>> = {
  heartbeat: icType.heartbeat,
  shutdown: icType.shutdown,
  timeSync: icType.timeSync,
  kvp: icType.kvp,
  vss: icType.vss,
  guestServices: icType.guestInterface,
}

/** Application states of a heartbeat. */
export const heartbeatState = { unknown: 0, healthy: 1, critical: 2, stopped: 3 } as const
export const shutdownFlag = { force: 1, restart: 2, hibernate: 4 } as const
/** Bit of a planned shutdown in the reason. */
export const plannedReason = 0x80000000
export const timeFlag = { probe: 0, sync: 1, sample: 2 } as const
export const kvpOperation = { get: 0, set: 1, delete: 2, enumerate: 3, getIpInfo: 4, setIpInfo: 5 } as const
export const kvpPool = { external: 0, guest: 1, auto: 2, autoExternal: 3, autoInternal: 4 } as const
export const kvpType = { string: 1, expandString: 2, u32: 4, u64: 11 } as const
export const vssOperation = {
  create: 0,
  delete: 1,
  hotBackup: 2,
  deviceInfo: 3,
  backupComplete: 4,
  freeze: 5,
  thaw: 6,
  autoRecover: 7,
  queryGuestCluster: 8,
} as const
/** Flags of the answer to `hotBackup`. */
export const vssFlag = { hotBackup: 1, noDirectMapped: 2, noAutoRecovery: 4 } as const
export const copyOperation = { start: 0, write: 1, complete: 2, cancel: 3 } as const
export const copyFlag = { overwrite: 1, createPath: 2 } as const
/** Data bytes of one write of a file copy. */
export const copyChunkBytes = 6144
/** Heartbeat period, ticks: 2 s. Time sample period: 5 s. */
export const icPeriods = { heartbeat: 20_000_000, timeSample: 50_000_000 } as const

const heartbeat = struct({ sequence: u64, applicationState: u32, _reserved: padding(28) })
const shutdown = struct({ reason: u32, timeoutSeconds: u32, flags: u32, message: text16(1024) })
const time3 = struct({ parentTime: u64Full, childTime: u64Full, roundTrip: u64Full, flags: u8 })
const time4 = struct({ parentTime: u64Full, referenceTime: u64, flags: u8, leapIndicator: u8, stratum: u8, _reserved: padding(3) })

const kvpHead = { operation: u8, pool: u8, _pad: padding(2) } as const
/** Key and value are UTF-16; their byte counts include the terminator. */
const kvpValueFields = { type: u32, keyBytes: u32, valueBytes: u32, key: text16(256), value: text16(1024) } as const
const kvpExchange = struct({ ...kvpHead, ...kvpValueFields })
const kvpDelete = struct({ ...kvpHead, keyBytes: u32, key: text16(256) })
const kvpEnumerate = struct({ ...kvpHead, index: u32, ...kvpValueFields })
const kvpIpInfo = struct({
  ...kvpHead,
  adapterId: text16(128),
  family: u8,
  dhcp: u8,
  addresses: text16(1024),
  subnets: text16(1024),
  gateways: text16(512),
  dnsServers: text16(1024),
})
const vss = struct({ operation: u8, _reserved: padding(7), flags: u32 })
const copyHead = { operation: u32, serviceId: guid, sessionId: guid } as const
const copyStart = struct({ ...copyHead, name: text16(260), path: text16(260), flags: u32, size: u64 })
const copyWrite = struct({ ...copyHead, _pad: padding(4), offset: u64, bytes: u32, data: hexBytes(copyChunkBytes) })
const copyOther = struct(copyHead)

export type KvpValue = { readonly type: number; readonly key: string; readonly value: string }
export type KvpIpInfo = Omit<WireValue<typeof kvpIpInfo>, 'operation' | 'pool'>

/** Body of a message; `kind` follows from the header's type, the version and the operation. */
export type IcBody =
  | { readonly kind: 'negotiate'; readonly frameworks: readonly IcVersion[]; readonly messages: readonly IcVersion[] }
  | ({ readonly kind: 'heartbeat' } & WireValue<typeof heartbeat>)
  | ({ readonly kind: 'shutdown' } & WireValue<typeof shutdown>)
  | ({ readonly kind: 'time3' } & WireValue<typeof time3>)
  | ({ readonly kind: 'time4' } & WireValue<typeof time4>)
  | ({ readonly kind: 'kvpExchange' } & WireValue<typeof kvpExchange>)
  | ({ readonly kind: 'kvpDelete' } & WireValue<typeof kvpDelete>)
  | ({ readonly kind: 'kvpEnumerate' } & WireValue<typeof kvpEnumerate>)
  | ({ readonly kind: 'kvpIpInfo' } & WireValue<typeof kvpIpInfo>)
  | ({ readonly kind: 'vss' } & WireValue<typeof vss>)
  | ({ readonly kind: 'copyStart' } & WireValue<typeof copyStart>)
  | ({ readonly kind: 'copyWrite' } & WireValue<typeof copyWrite>)
  | ({ readonly kind: 'copyOther' } & WireValue<typeof copyOther>)

const versionsMax = 32

/** Counts, reserved, framework versions, message versions. */
const negotiate: WireType<{ readonly frameworks: readonly IcVersion[]; readonly messages: readonly IcVersion[] }> = {
  shape: {
    kind: 'struct',
    fields: [
      ['frameworks', { kind: 'list', max: versionsMax, item: versionField.shape }],
      ['messages', { kind: 'list', max: versionsMax, item: versionField.shape }],
    ],
  },
  size: (value) => 8 + 4 * (value.frameworks.length + value.messages.length),
  write(writer, value) {
    u16.write(writer, value.frameworks.length)
    u16.write(writer, value.messages.length)
    u32.write(writer, 0)
    for (const version of [...value.frameworks, ...value.messages]) versionField.write(writer, version)
  },
  read(reader) {
    const counts = [u16.read(reader), u16.read(reader)] as const
    u32.read(reader)
    if (counts[0] > versionsMax || counts[1] > versionsMax) reader.fail('too many versions')
    const read = (count: number): IcVersion[] =>
      reader.failure === undefined ? Array.from({ length: count }, () => versionField.read(reader)) : []
    return { frameworks: read(counts[0]), messages: read(counts[1]) }
  },
}

/** All bodies; the test of the round trip walks their shapes. */
export const icBodies = {
  negotiate,
  heartbeat,
  shutdown,
  time3,
  time4,
  kvpExchange,
  kvpDelete,
  kvpEnumerate,
  kvpIpInfo,
  vss,
  copyStart,
  copyWrite,
  copyOther,
} as const

const headerType = struct({
  framework: versionField,
  type: u16,
  version: versionField,
  bodyBytes: u16,
  status: u32,
  transactionId: u8,
  flags: u8,
  _reserved: padding(2),
})

/** Bytes of the IC header. */
export const icHeaderBytes = 20

/** A whole message. */
export interface IcMessage {
  readonly framework: IcVersion
  readonly type: IcType
  readonly version: IcVersion
  readonly status: number
  readonly transactionId: number
  readonly flags: number
  readonly body: IcBody
}

function bodyType(kind: IcBody['kind']): WireType<object> {
  return icBodies[kind] as WireType<object>
}

/** Bytes of a message without the pipe header. */
export function icBytes(message: IcMessage): number {
  return icHeaderBytes + bodyType(message.body.kind).size(message.body)
}

/** The message as pipe data. */
export function icPipe(message: IcMessage): PipeData<IcMessage> {
  return { dataBytes: icBytes(message), data: message }
}

function kindOf(type: number, version: IcVersion, body: Uint8Array): IcBody['kind'] | undefined {
  const operation = body[0] ?? 0
  switch (type) {
    case icType.negotiate:
      return 'negotiate'
    case icType.heartbeat:
      return 'heartbeat'
    case icType.shutdown:
      return 'shutdown'
    case icType.timeSync:
      return version.major >= 4 ? 'time4' : 'time3'
    case icType.kvp:
      return kvpKind(operation)
    case icType.vss:
      return 'vss'
    case icType.guestInterface:
      return operation === copyOperation.start ? 'copyStart' : operation === copyOperation.write ? 'copyWrite' : 'copyOther'
    default:
      return undefined
  }
}

export function kvpKind(operation: number): IcBody['kind'] | undefined {
  switch (operation) {
    case kvpOperation.get:
    case kvpOperation.set:
      return 'kvpExchange'
    case kvpOperation.delete:
      return 'kvpDelete'
    case kvpOperation.enumerate:
      return 'kvpEnumerate'
    case kvpOperation.getIpInfo:
    case kvpOperation.setIpInfo:
      return 'kvpIpInfo'
    default:
      return undefined
  }
}

/** Codec of one message. */
export const icMessageCodec: PayloadCodec<IcMessage> = {
  encode(message) {
    const body = encodeWire(bodyType(message.body.kind), message.body)
    const writer = new WireWriter(icHeaderBytes + body.length)
    headerType.write(writer, { ...message, bodyBytes: body.length })
    writer.bytes.set(body, icHeaderBytes)
    return writer.bytes
  },
  decode(bytes): PayloadResult<IcMessage> {
    const head = decodeWire(headerType, bytes)
    if (!head.ok) return head
    const { framework, type, version, bodyBytes, status, transactionId, flags } = head.value
    if (icHeaderBytes + bodyBytes !== bytes.length) return { ok: false, reason: `body of ${bodyBytes} in ${bytes.length} bytes` }
    const rest = bytes.subarray(icHeaderBytes)
    const kind = kindOf(type, version, rest)
    if (kind === undefined) return { ok: false, reason: `unknown message type ${type}` }
    const body = decodeWire(bodyType(kind), rest)
    if (!body.ok) return { ok: false, reason: `${kind}: ${body.reason}` }
    if (body.bytes !== rest.length) return { ok: false, reason: `${kind}: ${rest.length} bytes instead of ${body.bytes}` }
    return {
      ok: true,
      payload: { framework, type: type as IcType, version, status, transactionId, flags, body: { kind, ...body.value } as IcBody },
    }
  },
}

export const icCodec = pipeCodec(icMessageCodec)

/** The newest pair that both sides know; undefined = nothing in common. */
export function chooseVersion(offered: readonly IcVersion[], supported: readonly IcVersion[]): IcVersion | undefined {
  let best: IcVersion | undefined
  for (const one of offered) {
    if (!supported.some((other) => sameIcVersion(one, other))) continue
    if (best === undefined || one.major > best.major || (one.major === best.major && one.minor > best.minor)) best = one
  }
  return best
}
