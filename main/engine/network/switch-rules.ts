/** What a port lets through: VLANs, guards and the settings that may be given to it (devices reference 9.2). */
import { isMac } from './addresses.ts'
import { castOf, type EthernetFrame, frameBytes, type VlanTag } from './frames.ts'
import type { DropReason, PortSettings } from './port.ts'

/** Jumbo frame of 9,014 bytes with a tag: the largest that adapters offer. */
export const SWITCH_FRAME_BYTES_MAX = 9018

/** Lowest limit in bits per second that the product advises: 10 Mbit/s; a limit must be a multiple of 8. */
export const LIMIT_STEP_BITS = 8

export type PortRefusal =
  | 'port-exists'
  | 'port-kind-refused'
  | 'mac-invalid'
  | 'mac-in-use'
  | 'vlan-invalid'
  | 'bandwidth-invalid'
  | 'bandwidth-oversubscribed'

export type SwitchKind = 'external' | 'internal' | 'private'

/** Port kinds that a switch of a kind has (S04): only an external one has an uplink; a private one has no adapter of the host either. */
export function takesPort(kind: SwitchKind, port: PortSettings['kind']): boolean {
  if (port === 'external') return kind === 'external'
  return port !== 'internal' || kind !== 'private'
}

/** What is wrong with a port's settings by themselves; null when nothing is. */
export function settingsFault(settings: PortSettings): PortRefusal | null {
  if (settings.kind !== 'external' && (!isMac(settings.macAddress) || castOf(settings.macAddress) !== 'directed')) return 'mac-invalid'
  const vlans = settings.vlan.mode === 'untagged' ? [] : settings.vlan.mode === 'access' ? [settings.vlan.vlan] : settings.vlan.allowed
  if (vlans.some((vlan) => !isVlan(vlan, 1))) return 'vlan-invalid'
  if (settings.vlan.mode === 'trunk' && !isVlan(settings.vlan.native, 0)) return 'vlan-invalid'
  const { maximumBitsPerSecond, minimumBitsPerSecond, minimumWeight } = settings
  const whole = [maximumBitsPerSecond, minimumBitsPerSecond].every(
    (bits) => Number.isSafeInteger(bits) && bits >= 0 && bits % LIMIT_STEP_BITS === 0,
  )
  if (!whole || !Number.isInteger(minimumWeight) || minimumWeight < 0 || minimumWeight > 100) return 'bandwidth-invalid'
  return maximumBitsPerSecond > 0 && minimumBitsPerSecond > maximumBitsPerSecond ? 'bandwidth-invalid' : null
}

function isVlan(vlan: number, least: number): boolean {
  return Number.isInteger(vlan) && vlan >= least && vlan <= 4094
}

/** VLAN in which a frame that a port sends travels (0: untagged), or why the port may not send it so. */
export function vlanOf(port: PortSettings, tag: VlanTag | null): number | DropReason {
  if (port.kind === 'external') return tag?.vlan ?? 0
  const tagged = tag !== null && tag.vlan !== 0 ? tag.vlan : null
  switch (port.vlan.mode) {
    case 'untagged':
      return tagged === null ? 0 : 'UnauthorizedVLAN'
    case 'access':
      return tagged === null || tagged === port.vlan.vlan ? port.vlan.vlan : 'UnauthorizedVLAN'
    case 'trunk':
      if (tagged === null) return port.vlan.native
      return port.vlan.allowed.includes(tagged) ? tagged : 'UnauthorizedVLAN'
  }
}

/** Whether a port is a member of a VLAN (0: untagged frames). */
export function isMember(port: PortSettings, vlan: number): boolean {
  if (port.kind === 'external') return true
  switch (port.vlan.mode) {
    case 'untagged':
      return vlan === 0
    case 'access':
      return vlan === port.vlan.vlan
    case 'trunk':
      return vlan === port.vlan.native || port.vlan.allowed.includes(vlan)
  }
}

/** The frame as a port gives it to its adapter: the tag goes on trunks and uplinks only. */
export function taggedFor(port: PortSettings, frame: EthernetFrame, vlan: number): EthernetFrame {
  const trunk = port.vlan.mode === 'trunk' && vlan !== port.vlan.native
  const tag = vlan !== 0 && (port.kind === 'external' || trunk) ? { vlan, priority: frame.tag?.priority ?? 0 } : null
  if (tag === null && frame.tag === null) return frame
  return { ...frame, tag }
}

/** Why a port may not send a frame at all; null when it may. */
export function guardReason(port: PortSettings, frame: EthernetFrame): DropReason | null {
  if (frameBytes(frame) > SWITCH_FRAME_BYTES_MAX) return 'MTUMismatch'
  if (castOf(frame.source) !== 'directed') return 'InvalidSourceMac'
  if (port.kind === 'external') return null
  if (!port.macSpoofing && frame.source !== port.macAddress) return 'MacSpoofing'
  const { payload } = frame
  if (port.dhcpGuard && payload.kind === 'dhcp' && payload.lease !== null) return 'DhcpGuard'
  const routes = payload.kind === 'icmp' && (payload.type === 'router-advertisement' || payload.type === 'redirect')
  return port.routerGuard && routes ? 'RouterGuard' : null
}
