/** NVSP: the outer protocol of the synthetic network adapter (devices reference 3.1; openvmm: netvsp/src/protocol.rs; linux: hyperv_net.h). */
import type { PayloadCodec } from '../../vmbus/packet-codec.ts'
import { type MessageOf, type MessageSet, messageSet } from '../message-set.ts'
import { list, padding, struct, u16, u32, u64, type WireType } from '../wire.ts'

export const nvspVersion = {
  v1: 0x00000002,
  v2: 0x00030002,
  v4: 0x00040000,
  v5: 0x00050000,
  v6: 0x00060000,
  v6_1: 0x00060001,
} as const

export type NvspVersion = (typeof nvspVersion)[keyof typeof nvspVersion]

/** All versions, newest first: the order in which clients ask. */
export const nvspVersions: readonly NvspVersion[] = [0x00060001, 0x00060000, 0x00050000, 0x00040000, 0x00030002, 0x00000002]

/** Highest version of a host release. */
export const nvspVersionOfHost: Readonly<Record<string, NvspVersion>> = {
  '2008': nvspVersion.v1,
  '2008 R2': nvspVersion.v2,
  '2012': nvspVersion.v4,
  '2012 R2': nvspVersion.v5,
  '2016': nvspVersion.v6,
  '2019': nvspVersion.v6_1,
  '2022': nvspVersion.v6_1,
  '2025': nvspVersion.v6_1,
}

export const nvspStatus = {
  none: 0,
  success: 1,
  failure: 2,
  versionTooNew: 3,
  versionTooOld: 4,
  invalidRndisPacket: 5,
  busy: 6,
  unsupported: 7,
} as const

/** Capabilities of SEND_NDIS_CONFIG. */
export const ndisCapability = {
  vmq: 0x01,
  chimney: 0x02,
  sriov: 0x04,
  ieee8021q: 0x08,
  correlationId: 0x10,
  teaming: 0x20,
  virtualSubnetId: 0x40,
  rsc: 0x80,
} as const

/** Numbers that both sides use by convention (devices reference 3.2; linux defaults). */
export const nvspDefaults = {
  receiveBufferId: 0xcafe,
  sendBufferId: 0,
  receiveBufferBytes: 16 * 1024 * 1024,
  receiveBufferBytesMax: 31 * 1024 * 1024,
  /** Up to NVSP 4. */
  receiveBufferBytesMaxOld: 15 * 1024 * 1024,
  sendBufferBytes: 1024 * 1024,
  sendSectionBytes: 6144,
  /** Slot size at MTU 1500; 9,709 slots of 16 MiB. */
  receiveSlotBytes: 1728,
  maxMdlChain: 34,
  channelsMax: 64,
  sendTableEntries: 16,
  /** Most RNDIS messages in one packet to the guest. */
  receiveRangesMax: 375,
  noSection: 0xffffffff,
  /** Page buffers of one GPA direct packet. */
  pageBuffersMax: 32,
  /** Linux: the queue stops below 10 % free ring and starts again above 20 %. */
  stopPercent: 10,
  startPercent: 20,
} as const

/** Slot of the receive buffer for an MTU: the frame, its RNDIS header and room for per-packet information; 1,728 bytes at 1500. */
export function receiveSlotBytes(mtu: number): number {
  return Math.max(nvspDefaults.receiveSlotBytes, Math.ceil((mtu + 228) / 64) * 64)
}

export const rndisChannel = { data: 0, control: 1 } as const

const receiveSection = struct({ offset: u32, subAllocationBytes: u32, subAllocations: u32, endOffset: u32 })

const table = {
  init: [1, struct({ version: u32, versionMax: u32 })],
  initComplete: [2, struct({ negotiated: u32, maxMdlChain: u32, status: u32 })],
  sendNdisVersion: [100, struct({ major: u32, minor: u32 })],
  sendReceiveBuffer: [101, struct({ gpadlId: u32, id: u16, _pad: padding(2) })],
  sendReceiveBufferComplete: [102, struct({ status: u32, sections: list(u32, receiveSection, 1) })],
  revokeReceiveBuffer: [103, struct({ id: u16, _pad: padding(2) })],
  sendSendBuffer: [104, struct({ gpadlId: u32, id: u16, _pad: padding(2) })],
  sendSendBufferComplete: [105, struct({ status: u32, sectionBytes: u32 })],
  revokeSendBuffer: [106, struct({ id: u16, _pad: padding(2) })],
  sendRndisPacket: [107, struct({ channel: u32, sectionIndex: u32, sectionBytes: u32 })],
  sendRndisPacketComplete: [108, struct({ status: u32 })],
  sendNdisConfig: [125, struct({ mtu: u32, _reserved: padding(4), capabilities: u64 })],
  sendVfAssociation: [128, struct({ allocated: u32, serial: u32 })],
  switchDataPath: [129, struct({ dataPath: u32 })],
  subChannelRequest: [133, struct({ operation: u32, count: u32 })],
} as const

/** The completion of 133 has the same number with other fields; it is told apart by the packet it stands in. */
const completionTable = {
  initComplete: table.initComplete,
  sendReceiveBufferComplete: table.sendReceiveBufferComplete,
  sendSendBufferComplete: table.sendSendBufferComplete,
  sendRndisPacketComplete: table.sendRndisPacketComplete,
  subChannelComplete: [133, struct({ status: u32, count: u32 })],
  switchDataPathComplete: [129, struct({ status: u32 })],
} as const

/** `entries u32, offset u32, u32 table[]`: the offset counts from the message's first byte. */
const sendTable: WireType<readonly number[]> = {
  shape: { kind: 'list', max: nvspDefaults.sendTableEntries, item: u32.shape },
  size: (value) => 8 + 4 * value.length,
  write(writer, value) {
    u32.write(writer, value.length)
    u32.write(writer, 12)
    for (const entry of value) u32.write(writer, entry)
  },
  read(reader) {
    const count = u32.read(reader)
    const offset = u32.read(reader)
    if (count > nvspDefaults.sendTableEntries || offset !== 12) reader.fail(`send table of ${count} entries at ${offset}`)
    const values: number[] = []
    for (let i = 0; i < count && reader.failure === undefined; i++) values.push(u32.read(reader))
    return values
  },
}

const indirectionTable = { sendIndirectionTable: [134, struct({ table: sendTable })] } as const

export type NvspRequest = MessageOf<typeof table>
export type NvspCompletion = MessageOf<typeof completionTable>
export type NvspIndirection = MessageOf<typeof indirectionTable>
export type NvspMessage = NvspRequest | NvspCompletion | NvspIndirection

/** Message size: 0x1C bytes, 0x28 from 6.1. */
export function nvspBytes(version: NvspVersion): 28 | 40 {
  return version >= nvspVersion.v6_1 ? 40 : 28
}

const header = { typeBytes: 4, sizeBytes: 0 } as const

interface NvspSets {
  readonly requests: MessageSet<NvspRequest>
  readonly completions: MessageSet<NvspCompletion>
}

const sets: Readonly<Record<28 | 40, NvspSets>> = {
  28: {
    requests: messageSet({ ...header, fixedBytes: 28 }, table),
    completions: messageSet({ ...header, fixedBytes: 28 }, completionTable),
  },
  40: {
    requests: messageSet({ ...header, fixedBytes: 40 }, table),
    completions: messageSet({ ...header, fixedBytes: 40 }, completionTable),
  },
}

/** The send table is longer than the fixed size. */
const indirection = messageSet(header, indirectionTable)

/** A packet's payload: the message and the size that the version gives it. */
export interface NvspPayload {
  readonly message: NvspMessage
  readonly bytes: 28 | 40
}

const completionNumbers: ReadonlySet<string> = new Set(Object.keys(completionTable))

/** Bytes of a payload in the ring. */
export function nvspPayloadBytes(payload: NvspPayload): number {
  return payload.message.kind === 'sendIndirectionTable' ? indirection.size(payload.message) : payload.bytes
}

/** Codec of both directions. */
export const nvspCodec: PayloadCodec<NvspPayload> = {
  encode({ message, bytes }) {
    if (message.kind === 'sendIndirectionTable') return indirection.bytes(message)
    if (completionNumbers.has(message.kind)) return sets[bytes].completions.bytes(message as NvspCompletion)
    return sets[bytes].requests.bytes(message as NvspRequest)
  },
  decode(input, packet) {
    const first = input.length < 4 ? 0 : (input[0] ?? 0) + 256 * (input[1] ?? 0)
    if (first === 134) {
      const result = indirection.parse(input)
      return result.ok ? { ok: true, payload: { message: result.payload, bytes: 28 } } : result
    }
    const bytes = input.length >= 40 ? 40 : 28
    const result = packet.type === 0xb ? sets[bytes].completions.parse(input) : sets[bytes].requests.parse(input)
    return result.ok ? { ok: true, payload: { message: result.payload, bytes } } : result
  },
}

export const nvspSets = sets
