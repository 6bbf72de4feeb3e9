/** IPv4 and MAC addresses as texts and as numbers. */
import type { Ipv4Address, MacAddress } from './frames.ts'

/** An IPv4 address as a 32-bit number; null when the text is none. */
export function ipNumber(ip: Ipv4Address): number | null {
  const parts = ip.split('.')
  if (parts.length !== 4) return null
  let value = 0
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return null
    value = value * 256 + Number(part)
  }
  return value
}

export function ipText(value: number): Ipv4Address {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff].join('.')
}

/** Whether two addresses lie in one network of `prefix` bits (0 to 32). */
export function sameNetwork(a: Ipv4Address, b: Ipv4Address, prefix: number): boolean {
  const [x, y] = [ipNumber(a), ipNumber(b)]
  if (x === null || y === null) return false
  const size = 2 ** (32 - prefix)
  return Math.floor(x / size) === Math.floor(y / size)
}

/** Mask of a prefix of 0 to 32 bits. */
export function maskOf(prefix: number): Ipv4Address {
  return ipText((2 ** 32 - 2 ** (32 - prefix)) >>> 0)
}

/** Whether a text is an address as `network_adapter.mac_address` has it: twelve hexadecimal digits in upper case. */
export function isMac(text: string): text is MacAddress {
  return /^[0-9A-F]{12}$/.test(text)
}

/** An address from six bytes. */
export function macOfBytes(bytes: Uint8Array): MacAddress {
  return [...bytes.subarray(0, 6)]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
}

export function macBytes(mac: MacAddress): Uint8Array {
  const bytes = new Uint8Array(6)
  for (let i = 0; i < 6; i++) bytes[i] = Number.parseInt(mac.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
