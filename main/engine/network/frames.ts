/**
 * Ethernet frames as the switch, the guests' stations and the world behind the uplink exchange them.
 *
 * Typed where the simulation looks inside (ARP, ICMP echo, DHCP), opaque otherwise. Sizes are those of the wire without the frame check
 * sequence; `frame-codec.ts` writes and reads the bytes.
 */

/** Twelve hexadecimal digits in upper case, as `network_adapter.mac_address` has it. */
export type MacAddress = string
/** Four decimal numbers with dots. */
export type Ipv4Address = string

export interface EthernetFrame {
  readonly destination: MacAddress
  readonly source: MacAddress
  /** IEEE 802.1Q tag; null for an untagged frame. */
  readonly tag: VlanTag | null
  readonly payload: FramePayload
}

export interface VlanTag {
  /** 0 to 4094; 0 carries a priority only. */
  readonly vlan: number
  /** 0 to 7. */
  readonly priority: number
}

export type FramePayload = ArpPacket | IcmpPacket | DhcpPacket | OpaquePayload

export interface ArpPacket {
  readonly kind: 'arp'
  readonly operation: 'request' | 'reply'
  readonly senderMac: MacAddress
  readonly senderIp: Ipv4Address
  readonly targetMac: MacAddress
  readonly targetIp: Ipv4Address
}

export interface Ipv4Header {
  readonly sourceIp: Ipv4Address
  readonly targetIp: Ipv4Address
  readonly timeToLive: number
}

export type IcmpType = 'echo-reply' | 'unreachable' | 'redirect' | 'echo-request' | 'router-advertisement' | 'time-exceeded'

export interface IcmpPacket extends Ipv4Header {
  readonly kind: 'icmp'
  readonly type: IcmpType
  /** Identifier and sequence number of an echo, 0 to 65,535; 0 otherwise. */
  readonly identifier: number
  readonly sequence: number
  /** Bytes after the ICMP header; Windows' ping sends 32. */
  readonly dataBytes: number
}

export type DhcpType = 'discover' | 'offer' | 'request' | 'acknowledge' | 'refuse'

export interface DhcpPacket extends Ipv4Header {
  readonly kind: 'dhcp'
  readonly type: DhcpType
  /** Transaction id, 32 bits. */
  readonly transaction: number
  readonly clientMac: MacAddress
  /** Address offered or acknowledged; 0.0.0.0 otherwise. */
  readonly yourIp: Ipv4Address
  /** Address asked for (option 50) or null. */
  readonly requestedIp: Ipv4Address | null
  /** Options of a server's answer; null in a client's message. */
  readonly lease: DhcpLease | null
}

export interface DhcpLease {
  readonly serverIp: Ipv4Address
  readonly subnetMask: Ipv4Address
  readonly router: Ipv4Address | null
  readonly seconds: number
}

/** Anything else: its EtherType and how many bytes it has after the Ethernet header. */
export interface OpaquePayload {
  readonly kind: 'opaque'
  readonly etherType: number
  readonly bytes: number
}

export const BROADCAST_MAC: MacAddress = 'FFFFFFFFFFFF'
export const NO_MAC: MacAddress = '000000000000'
export const NO_IP: Ipv4Address = '0.0.0.0'
export const BROADCAST_IP: Ipv4Address = '255.255.255.255'

/** Destination, source, EtherType. */
export const ETHERNET_HEADER_BYTES = 14
export const VLAN_TAG_BYTES = 4
/** Shortest frame without its check sequence (IEEE 802.3). */
export const FRAME_BYTES_MIN = 60
export const IPV4_HEADER_BYTES = 20
export const ICMP_HEADER_BYTES = 8
export const UDP_HEADER_BYTES = 8
export const ARP_BYTES = 28
/** Fixed part of a DHCP message with its cookie (RFC 2131 2, RFC 2132 2). */
export const DHCP_FIXED_BYTES = 240
/** Options are filled up so that a message has 300 bytes, the least that BOOTP relays accept (RFC 1542 2.1). */
export const DHCP_BYTES = 300

/** Broadcast, multicast (group bit) or directed. */
export function castOf(mac: MacAddress): 'broadcast' | 'multicast' | 'directed' {
  if (mac === BROADCAST_MAC) return 'broadcast'
  // The group bit is the lowest of the first byte: the second digit is odd. Codes of 1, 3, ... 9 are odd, those of B, D, F even.
  const code = mac.charCodeAt(1)
  return (code & 1) === (code < 0x40 ? 1 : 0) ? 'multicast' : 'directed'
}

/** Bytes after the Ethernet header, before filling up. */
export function payloadBytes(payload: FramePayload): number {
  switch (payload.kind) {
    case 'arp':
      return ARP_BYTES
    case 'icmp':
      return IPV4_HEADER_BYTES + ICMP_HEADER_BYTES + payload.dataBytes
    case 'dhcp':
      return IPV4_HEADER_BYTES + UDP_HEADER_BYTES + DHCP_BYTES
    case 'opaque':
      return payload.bytes
  }
}

/** Size of a frame on the wire without its check sequence, bytes. */
export function frameBytes(frame: EthernetFrame): number {
  const bytes = ETHERNET_HEADER_BYTES + (frame.tag === null ? 0 : VLAN_TAG_BYTES) + payloadBytes(frame.payload)
  return Math.max(FRAME_BYTES_MIN, bytes)
}
