/** RNDIS: the inner protocol of the synthetic network adapter (devices reference 3.3; MS-RNDIS; linux: include/linux/rndis.h). */
import { type MessageOf, messageSet } from '../message-set.ts'
import { hexBytes, struct, u32, type WireReader, type WireType, type WireWriter } from '../wire.ts'
import { decodeFrame, type EthernetFrame, encodeFrame, frameBytes } from './frame.ts'

export const oid = {
  supportedList: 0x00010101,
  maximumFrameSize: 0x00010106,
  linkSpeed: 0x00010107,
  vendorDescription: 0x0001010d,
  packetFilter: 0x0001010e,
  mediaConnectStatus: 0x00010114,
  rssCapabilities: 0x00010203,
  rssParameters: 0x00010204,
  linkState: 0x00010207,
  friendlyName: 0x00020216,
  permanentAddress: 0x01010101,
  currentAddress: 0x01010102,
  multicastList: 0x01010103,
  offloadCurrent: 0xfc01020b,
  offloadParameters: 0xfc01020c,
  offloadCapabilities: 0xfc01020d,
} as const

/** Bits of the packet filter. */
export const packetFilter = { directed: 0x01, multicast: 0x02, allMulticast: 0x04, broadcast: 0x08, promiscuous: 0x20 } as const

/** Codes of INDICATE_STATUS. */
export const rndisIndication = {
  mediaConnect: 0x4001000b,
  mediaDisconnect: 0x4001000c,
  linkSpeedChange: 0x40010013,
  networkChange: 0x40010018,
  offloadChange: 0x40020006,
} as const

export const rndisStatus = { success: 0, failure: 0xc0000001, notSupported: 0xc00000bb, invalidData: 0xc0010015 } as const

/** RNDIS version 1.0; transfer size of newer clients; packets in one message that hosts allow. */
export const rndisDefaults = { major: 1, minor: 0, maxTransferBytes: 0x4000, packetsPerMessage: 8, alignmentFactor: 3 } as const

/** Checksum work of a frame to send: bits of per-packet information 0 (devices reference 3.3). */
export const txChecksum = { ipv4: 1, ipv6: 2, tcp: 4, udp: 8, ipHeader: 16 } as const
/** Checksum results of a received frame. */
export const rxChecksum = { tcpFailed: 1, udpFailed: 2, ipFailed: 4, tcpOk: 8, udpOk: 16, ipOk: 32, loopback: 64 } as const

/** Per-packet information. Absent = not in the packet. */
export interface RndisPacketInfo {
  /** Type 0: see {@link txChecksum}, {@link rxChecksum}. */
  readonly checksum?: number | undefined
  /** Type 2: see {@link largeSend}. */
  readonly largeSend?: number | undefined
  /** Type 6: priority bits 0–2, DEI 3, VLAN id 4–15. */
  readonly vlan?: number | undefined
  /** Type 9: RSS hash. */
  readonly hash?: number | undefined
}

const infoTypes = { checksum: 0, largeSend: 2, vlan: 6, hash: 9 } as const
type InfoName = keyof typeof infoTypes
const infoNames = Object.keys(infoTypes) as InfoName[]

/** Large send, version 2: maximum segment size, TCP header offset, IPv6. */
export function largeSend(mss: number, tcpHeaderOffset: number, ipv6: boolean): number {
  return ((mss & 0xfffff) | ((tcpHeaderOffset & 0x3ff) << 20) | (1 << 30) | (ipv6 ? 1 << 31 : 0)) >>> 0
}

/** Maximum segment size of a large-send word. */
export function largeSendMss(word: number): number {
  return word & 0xfffff
}

/** VLAN word for an id (0–4095) and priority (0–7). */
export function vlanInfo(id: number, priority = 0): number {
  return (priority & 7) | ((id & 0xfff) << 4)
}

export interface RndisData {
  readonly frame: EthernetFrame
  readonly info: RndisPacketInfo
}

const packetHeadBytes = 36
const infoEntryBytes = 16

function infoBytes(info: RndisPacketInfo): number {
  return infoNames.filter((name) => info[name] !== undefined).length * infoEntryBytes
}

/** PACKET body; offsets count from its first byte. */
const packetBody: WireType<RndisData> = {
  shape: { kind: 'struct', fields: [] },
  size: (value) => packetHeadBytes + infoBytes(value.info) + frameBytes(value.frame),
  write(writer, value) {
    const info = infoBytes(value.info)
    const frame = encodeFrame(value.frame)
    for (const field of [packetHeadBytes + info, frame.length, 0, 0, 0, info === 0 ? 0 : packetHeadBytes, info, 0, 0])
      u32.write(writer, field)
    for (const name of infoNames) writeInfo(writer, infoTypes[name], value.info[name])
    writer.bytes.set(frame, writer.at)
    writer.at += frame.length
  },
  read(reader) {
    const start = reader.at
    const [dataOffset = 0, dataLength = 0, , , , infoOffset = 0, infoLength = 0] = Array.from({ length: 9 }, () => u32.read(reader))
    const info = infoLength === 0 ? {} : readInfos(reader, start + infoOffset, infoLength)
    reader.at = start + dataOffset
    const at = dataLength > reader.bytes.length ? -1 : reader.take(dataLength)
    const frame = at < 0 ? undefined : decodeFrame(reader.bytes.subarray(at, at + dataLength))
    if (frame === undefined) reader.fail('no whole frame')
    return { frame: frame ?? { destination: '', source: '', etherType: 0, payloadBytes: 0 }, info }
  },
}

function writeInfo(writer: WireWriter, type: number, value: number | undefined): void {
  if (value === undefined) return
  for (const field of [infoEntryBytes, type, 12, value]) u32.write(writer, field)
}

function readInfos(reader: WireReader, start: number, length: number): RndisPacketInfo {
  const info: { -readonly [K in InfoName]?: number } = {}
  let at = start
  while (at < start + length && reader.failure === undefined) {
    reader.at = at
    const size = u32.read(reader)
    const type = u32.read(reader)
    const offset = u32.read(reader)
    if (size < 12 || size > length || offset < 12 || offset + 4 > size) {
      reader.fail(`per-packet information of ${size} bytes`)
      break
    }
    reader.at = at + offset
    const value = u32.read(reader)
    const name = infoNames.find((one) => infoTypes[one] === type)
    if (name !== undefined) info[name] = value
    at += size
  }
  return info
}

/** Buffer behind the fixed fields: `length u32, offset u32 (from the request id), [vc handle u32]`; 0 and 0 when empty. */
function withBuffer<F extends Readonly<Record<string, WireType<number>>>>(
  fields: F,
  handle: boolean,
): WireType<{ readonly [K in keyof F]: number } & { readonly buffer: string }> {
  type Value = { readonly [K in keyof F]: number } & { readonly buffer: string }
  const names = Object.keys(fields)
  const head = 4 * names.length + 8 + (handle ? 4 : 0)
  return {
    shape: { kind: 'struct', fields: [...names.map((name) => [name, u32.shape] as const), ['buffer', { kind: 'hex', min: 0, max: 256 }]] },
    size: (value) => head + value.buffer.length / 2,
    write(writer, value) {
      const length = value.buffer.length / 2
      for (const name of names) u32.write(writer, (value as Record<string, number>)[name] ?? 0)
      u32.write(writer, length)
      u32.write(writer, length === 0 ? 0 : head)
      if (handle) u32.write(writer, 0)
      hexBytes(length).write(writer, value.buffer)
    },
    read(reader) {
      const start = reader.at
      const value: Record<string, number | string> = {}
      for (const name of names) value[name] = u32.read(reader)
      const length = u32.read(reader)
      const offset = u32.read(reader)
      if (handle) u32.read(reader)
      if (length > 0 && (offset < head || offset > 0x10000)) reader.fail(`buffer at ${offset}`)
      if (length > 0) reader.at = start + offset
      if (length > reader.bytes.length) reader.fail('buffer too long')
      value.buffer = reader.failure === undefined ? hexBytes(length).read(reader) : ''
      return value as Value
    },
  }
}

const request = { requestId: u32 } as const

const table = {
  packet: [1, packetBody],
  initialize: [2, struct({ ...request, major: u32, minor: u32, maxTransferBytes: u32 })],
  halt: [3, struct(request)],
  query: [4, withBuffer({ requestId: u32, oid: u32 }, true)],
  set: [5, withBuffer({ requestId: u32, oid: u32 }, true)],
  reset: [6, struct({ reserved: u32 })],
  indicateStatus: [7, withBuffer({ status: u32 }, false)],
  keepAlive: [8, struct(request)],
  initializeComplete: [
    0x80000002,
    struct({
      ...request,
      status: u32,
      major: u32,
      minor: u32,
      deviceFlags: u32,
      medium: u32,
      packetsPerMessage: u32,
      maxTransferBytes: u32,
      alignmentFactor: u32,
      addressFamilyOffset: u32,
      addressFamilyBytes: u32,
    }),
  ],
  queryComplete: [0x80000004, withBuffer({ requestId: u32, status: u32 }, false)],
  setComplete: [0x80000005, struct({ ...request, status: u32 })],
  resetComplete: [0x80000006, struct({ status: u32, addressingReset: u32 })],
  keepAliveComplete: [0x80000008, struct({ ...request, status: u32 })],
} as const

export type RndisMessage = MessageOf<typeof table>
export type RndisControl = Exclude<RndisMessage, { readonly kind: 'packet' }>

/** Codec; sizes count the header. */
export const rndisMessages = messageSet({ typeBytes: 4, sizeBytes: 4, sizeOf: 'message' }, table)

/** A u32 as the hex text of its bytes, for query and set buffers. */
export function u32Hex(value: number): string {
  let text = ''
  for (let i = 0; i < 4; i++) text += ((value >>> (8 * i)) & 0xff).toString(16).padStart(2, '0')
  return text
}

/** The u32 at the start of a buffer; undefined when it is shorter. */
export function hexU32(hex: string): number | undefined {
  if (hex.length < 8) return undefined
  let value = 0
  for (let i = 0; i < 4; i++) value += Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16) * 256 ** i
  return value
}
