/** Ethernet frames as typed values; their bytes are made on demand. */
import { fromHex, toHex, viewOf } from '../../vmbus/bytes.ts'

/** A MAC address such as `00-15-5D-01-0A-00`. */
export type MacAddress = string

export interface EthernetFrame {
  readonly destination: MacAddress
  readonly source: MacAddress
  readonly etherType: number
  /** Bytes behind the 14-byte header. */
  readonly payloadBytes: number
  /** Their content as hex; absent = zeros. */
  readonly payload?: string | undefined
}

export const ethernetHeaderBytes = 14
export const broadcastMac: MacAddress = 'FF-FF-FF-FF-FF-FF'

export function frameBytes(frame: EthernetFrame): number {
  return ethernetHeaderBytes + frame.payloadBytes
}

/** True for group addresses (multicast and broadcast): lowest bit of the first byte. */
export function isGroupMac(mac: MacAddress): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1
}

/** The six bytes of an address as hex text; a text that is no address is a fault of the caller. */
export function macHex(mac: MacAddress): string {
  if (!/^[0-9A-F]{2}(-[0-9A-F]{2}){5}$/.test(mac)) throw new RangeError(`not a MAC address: ${mac}`)
  return mac.replaceAll('-', '').toLowerCase()
}

/** An address from 12 hex digits. */
export function macOfHex(hex: string): MacAddress {
  return (hex.toUpperCase().match(/../g) ?? []).join('-')
}

export function encodeFrame(frame: EthernetFrame): Uint8Array {
  const bytes = new Uint8Array(frameBytes(frame))
  bytes.set(fromHex(macHex(frame.destination)) ?? [], 0)
  bytes.set(fromHex(macHex(frame.source)) ?? [], 6)
  viewOf(bytes).setUint16(12, frame.etherType, false)
  if (frame.payload !== undefined) {
    const payload = fromHex(frame.payload)
    if (payload?.length !== frame.payloadBytes) throw new RangeError('payload and its length disagree')
    bytes.set(payload, ethernetHeaderBytes)
  }
  return bytes
}

/** Undefined when the bytes are shorter than a header. */
export function decodeFrame(bytes: Uint8Array): EthernetFrame | undefined {
  if (bytes.length < ethernetHeaderBytes) return undefined
  const payload = bytes.subarray(ethernetHeaderBytes)
  return {
    destination: macOfHex(toHex(bytes.subarray(0, 6))),
    source: macOfHex(toHex(bytes.subarray(6, 12))),
    etherType: viewOf(bytes).getUint16(12, false),
    payloadBytes: payload.length,
    payload: payload.some((byte) => byte !== 0) ? toHex(payload) : undefined,
  }
}
