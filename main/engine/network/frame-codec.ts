/**
 * Bytes of frames (IEEE 802.3, 802.1Q; RFC 826 ARP, RFC 791 IPv4, RFC 792 ICMP, RFC 768 UDP, RFC 2131 and 2132 DHCP).
 *
 * Writing and reading give back the same frame. Opaque payloads and the data of an echo are zeros. Check sums are right; a frame with wrong
 * ones is refused.
 */
import { type Result, refuse, succeed } from '../kernel/result.ts'
import { ipNumber, ipText, macBytes, macOfBytes } from './addresses.ts'
import {
  ARP_BYTES,
  DHCP_BYTES,
  DHCP_FIXED_BYTES,
  type DhcpPacket,
  type DhcpType,
  ETHERNET_HEADER_BYTES,
  type EthernetFrame,
  type FramePayload,
  frameBytes,
  ICMP_HEADER_BYTES,
  type IcmpType,
  IPV4_HEADER_BYTES,
  type Ipv4Header,
  NO_IP,
  payloadBytes,
  UDP_HEADER_BYTES,
  VLAN_TAG_BYTES,
} from './frames.ts'

export type FrameRefusal = 'frame-too-short' | 'checksum-wrong'

const ETHER_TYPE = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100 } as const
const ICMP_NUMBERS: readonly (readonly [IcmpType, number])[] = [
  ['echo-reply', 0],
  ['unreachable', 3],
  ['redirect', 5],
  ['echo-request', 8],
  ['router-advertisement', 9],
  ['time-exceeded', 11],
]
const DHCP_NUMBERS: readonly (readonly [DhcpType, number])[] = [
  ['discover', 1],
  ['offer', 2],
  ['request', 3],
  ['acknowledge', 5],
  ['refuse', 6],
]
const DHCP_COOKIE = 0x63825363
const DHCP_SERVER_PORT = 67
const DHCP_CLIENT_PORT = 68

/** The bytes of a frame without its check sequence. */
export function encodeFrame(frame: EthernetFrame): Uint8Array {
  const bytes = new Uint8Array(frameBytes(frame))
  const view = new DataView(bytes.buffer)
  bytes.set(macBytes(frame.destination), 0)
  bytes.set(macBytes(frame.source), 6)
  let at = 12
  if (frame.tag !== null) {
    view.setUint16(at, ETHER_TYPE.vlan)
    view.setUint16(at + 2, (frame.tag.priority << 13) | frame.tag.vlan)
    at += VLAN_TAG_BYTES
  }
  const { payload } = frame
  view.setUint16(at, payload.kind === 'arp' ? ETHER_TYPE.arp : payload.kind === 'opaque' ? payload.etherType : ETHER_TYPE.ipv4)
  writePayload(new DataView(bytes.buffer, at + 2), payload)
  return bytes
}

/** Reads a frame; payloads of other kinds than those that are known come out opaque. */
export function decodeFrame(bytes: Uint8Array): Result<EthernetFrame, FrameRefusal> {
  if (bytes.length < ETHERNET_HEADER_BYTES) return refuse('frame-too-short', { bytes: bytes.length })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tagged = view.getUint16(12) === ETHER_TYPE.vlan
  const head = ETHERNET_HEADER_BYTES + (tagged ? VLAN_TAG_BYTES : 0)
  if (bytes.length < head) return refuse('frame-too-short', { bytes: bytes.length })
  const tag = tagged ? { vlan: view.getUint16(14) & 0xfff, priority: view.getUint16(14) >>> 13 } : null
  const payload = readPayload(view.getUint16(head - 2), new DataView(view.buffer, view.byteOffset + head, bytes.length - head))
  if (!payload.ok) return payload
  return succeed({ destination: macOfBytes(bytes), source: macOfBytes(bytes.subarray(6)), tag, payload: payload.value })
}

function writePayload(view: DataView, payload: FramePayload): void {
  switch (payload.kind) {
    case 'arp':
      view.setUint16(0, 1)
      view.setUint16(2, ETHER_TYPE.ipv4)
      view.setUint8(4, 6)
      view.setUint8(5, 4)
      view.setUint16(6, payload.operation === 'request' ? 1 : 2)
      writeMac(view, 8, payload.senderMac)
      writeIp(view, 14, payload.senderIp)
      writeMac(view, 18, payload.targetMac)
      writeIp(view, 24, payload.targetIp)
      return
    case 'icmp': {
      writeIpv4(view, payload, 1, payloadBytes(payload))
      view.setUint8(IPV4_HEADER_BYTES, numberOf(ICMP_NUMBERS, payload.type))
      view.setUint16(IPV4_HEADER_BYTES + 4, payload.identifier)
      view.setUint16(IPV4_HEADER_BYTES + 6, payload.sequence)
      const length = ICMP_HEADER_BYTES + payload.dataBytes
      view.setUint16(IPV4_HEADER_BYTES + 2, checksum(view, IPV4_HEADER_BYTES, length))
      return
    }
    case 'dhcp':
      writeIpv4(view, payload, 17, payloadBytes(payload))
      writeDhcp(view, payload)
      return
    case 'opaque':
      return
  }
}

function writeIpv4(view: DataView, header: Ipv4Header, protocol: number, totalBytes: number): void {
  view.setUint8(0, 0x45)
  view.setUint16(2, totalBytes)
  view.setUint8(8, header.timeToLive)
  view.setUint8(9, protocol)
  writeIp(view, 12, header.sourceIp)
  writeIp(view, 16, header.targetIp)
  view.setUint16(10, checksum(view, 0, IPV4_HEADER_BYTES))
}

function writeDhcp(view: DataView, packet: DhcpPacket): void {
  const fromServer = packet.lease !== null || packet.type === 'offer' || packet.type === 'acknowledge' || packet.type === 'refuse'
  view.setUint16(IPV4_HEADER_BYTES, fromServer ? DHCP_SERVER_PORT : DHCP_CLIENT_PORT)
  view.setUint16(IPV4_HEADER_BYTES + 2, fromServer ? DHCP_CLIENT_PORT : DHCP_SERVER_PORT)
  // The UDP check sum stays 0: "none" (RFC 768).
  view.setUint16(IPV4_HEADER_BYTES + 4, UDP_HEADER_BYTES + DHCP_BYTES)
  const at = IPV4_HEADER_BYTES + UDP_HEADER_BYTES
  view.setUint8(at, fromServer ? 2 : 1)
  view.setUint8(at + 1, 1)
  view.setUint8(at + 2, 6)
  view.setUint32(at + 4, packet.transaction)
  writeIp(view, at + 16, packet.yourIp)
  writeMac(view, at + 28, packet.clientMac)
  view.setUint32(at + DHCP_FIXED_BYTES - 4, DHCP_COOKIE)
  let option = at + DHCP_FIXED_BYTES
  const put = (code: number, length: number, write: (at: number) => void): void => {
    view.setUint8(option, code)
    view.setUint8(option + 1, length)
    write(option + 2)
    option += 2 + length
  }
  put(53, 1, (to) => view.setUint8(to, numberOf(DHCP_NUMBERS, packet.type)))
  const { requestedIp, lease } = packet
  if (requestedIp !== null) put(50, 4, (to) => writeIp(view, to, requestedIp))
  if (lease !== null) {
    put(54, 4, (to) => writeIp(view, to, lease.serverIp))
    put(1, 4, (to) => writeIp(view, to, lease.subnetMask))
    put(51, 4, (to) => view.setUint32(to, lease.seconds))
    const { router } = lease
    if (router !== null) put(3, 4, (to) => writeIp(view, to, router))
  }
  view.setUint8(option, 255)
}

function readPayload(etherType: number, view: DataView): Result<FramePayload, FrameRefusal> {
  const opaque = succeed({ kind: 'opaque', etherType, bytes: view.byteLength } as const)
  if (etherType === ETHER_TYPE.arp) {
    if (view.byteLength < ARP_BYTES) return refuse('frame-too-short', { bytes: view.byteLength })
    return succeed({
      kind: 'arp',
      operation: view.getUint16(6) === 1 ? 'request' : 'reply',
      senderMac: readMac(view, 8),
      senderIp: readIp(view, 14),
      targetMac: readMac(view, 18),
      targetIp: readIp(view, 24),
    })
  }
  if (etherType !== ETHER_TYPE.ipv4) return opaque
  if (view.byteLength < IPV4_HEADER_BYTES) return refuse('frame-too-short', { bytes: view.byteLength })
  const totalBytes = view.getUint16(2)
  if (totalBytes > view.byteLength || totalBytes < IPV4_HEADER_BYTES + ICMP_HEADER_BYTES) return refuse('frame-too-short', { totalBytes })
  if (checksum(view, 0, IPV4_HEADER_BYTES) !== 0) return refuse('checksum-wrong', { layer: 'IPv4' })
  const header = { sourceIp: readIp(view, 12), targetIp: readIp(view, 16), timeToLive: view.getUint8(8) }
  const protocol = view.getUint8(9)
  if (protocol === 1) return readIcmp(view, header, totalBytes)
  return (protocol === 17 ? readDhcp(view, header, totalBytes) : null) ?? opaque
}

function readIcmp(view: DataView, header: Ipv4Header, totalBytes: number): Result<FramePayload, FrameRefusal> {
  const length = totalBytes - IPV4_HEADER_BYTES
  if (checksum(view, IPV4_HEADER_BYTES, length) !== 0) return refuse('checksum-wrong', { layer: 'ICMP' })
  const type = nameOf(ICMP_NUMBERS, view.getUint8(IPV4_HEADER_BYTES))
  if (type === undefined) return succeed({ kind: 'opaque', etherType: ETHER_TYPE.ipv4, bytes: view.byteLength })
  const identifier = view.getUint16(IPV4_HEADER_BYTES + 4)
  const sequence = view.getUint16(IPV4_HEADER_BYTES + 6)
  return succeed({ kind: 'icmp', ...header, type, identifier, sequence, dataBytes: length - ICMP_HEADER_BYTES })
}

function readDhcp(view: DataView, header: Ipv4Header, totalBytes: number): Result<FramePayload, FrameRefusal> | null {
  const at = IPV4_HEADER_BYTES + UDP_HEADER_BYTES
  if (totalBytes < at + DHCP_BYTES || view.getUint32(at + DHCP_FIXED_BYTES - 4) !== DHCP_COOKIE) return null
  const options = new Map<number, number>()
  for (let to = at + DHCP_FIXED_BYTES; to + 1 < totalBytes && view.getUint8(to) !== 255; to += 2 + view.getUint8(to + 1)) {
    options.set(view.getUint8(to), to + 2)
  }
  const ipOption = (code: number): string | null => {
    const to = options.get(code)
    return to === undefined || to + 4 > totalBytes ? null : readIp(view, to)
  }
  const typeAt = options.get(53)
  const type = typeAt === undefined ? undefined : nameOf(DHCP_NUMBERS, view.getUint8(typeAt))
  if (type === undefined) return null
  const serverIp = ipOption(54)
  const secondsAt = options.get(51)
  const seconds = secondsAt === undefined || secondsAt + 4 > totalBytes ? 0 : view.getUint32(secondsAt)
  return succeed({
    kind: 'dhcp',
    ...header,
    type,
    transaction: view.getUint32(at + 4),
    clientMac: readMac(view, at + 28),
    yourIp: readIp(view, at + 16),
    requestedIp: ipOption(50),
    lease: serverIp === null ? null : { serverIp, subnetMask: ipOption(1) ?? NO_IP, router: ipOption(3), seconds },
  })
}

/** Ones' complement sum of 16-bit words (RFC 1071); 0 over a header that carries its right check sum. */
function checksum(view: DataView, from: number, length: number): number {
  let sum = 0
  for (let at = 0; at < length; at += 2) {
    sum += at + 1 < length ? view.getUint16(from + at) : view.getUint8(from + at) << 8
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

function numberOf<T extends string>(table: readonly (readonly [T, number])[], name: T): number {
  return table.find(([known]) => known === name)?.[1] ?? 0
}

function nameOf<T extends string>(table: readonly (readonly [T, number])[], number: number): T | undefined {
  return table.find(([, known]) => known === number)?.[0]
}

function writeMac(view: DataView, at: number, mac: string): void {
  for (const [index, byte] of macBytes(mac).entries()) view.setUint8(at + index, byte)
}

function readMac(view: DataView, at: number): string {
  return macOfBytes(new Uint8Array(view.buffer, view.byteOffset + at, 6))
}

function writeIp(view: DataView, at: number, ip: string): void {
  view.setUint32(at, ipNumber(ip) ?? 0)
}

function readIp(view: DataView, at: number): string {
  return ipText(view.getUint32(at))
}
