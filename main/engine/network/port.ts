/** A port of a virtual switch: its settings, its counters and why it drops frames (devices reference 9.2). */
import type { Tick } from '../kernel/ticks.ts'
import type { EthernetFrame, MacAddress } from './frames.ts'

/** `internal`: the parent partition's own adapter; `external`: the uplink to the physical adapter. */
export type PortKind = 'synthetic' | 'legacy' | 'internal' | 'external'

export type VlanSetting =
  | { readonly mode: 'untagged' }
  | { readonly mode: 'access'; readonly vlan: number }
  /** `native` 0: untagged frames stay untagged. */
  | { readonly mode: 'trunk'; readonly native: number; readonly allowed: readonly number[] }

export interface PortSettings {
  readonly id: string
  readonly kind: PortKind
  /** Address from the configuration; empty for an uplink. */
  readonly macAddress: MacAddress
  readonly vlan: VlanSetting
  readonly macSpoofing: boolean
  readonly dhcpGuard: boolean
  readonly routerGuard: boolean
  readonly mirroring: 'none' | 'source' | 'destination'
  /** Most that the port may send, bits per second; 0: no limit. */
  readonly maximumBitsPerSecond: number
  /** Reserved for the port's sending on the uplink, bits per second (mode absolute); 0: none. */
  readonly minimumBitsPerSecond: number
  /** Reserved share (mode weight), 0 to 100. */
  readonly minimumWeight: number
}

/** The product's defaults of a new adapter. */
export const defaultPort = {
  vlan: { mode: 'untagged' },
  macSpoofing: false,
  dhcpGuard: false,
  routerGuard: false,
  mirroring: 'none',
  maximumBitsPerSecond: 0,
  minimumBitsPerSecond: 0,
  minimumWeight: 0,
} as const satisfies Omit<PortSettings, 'id' | 'kind' | 'macAddress'>

/** Those of the product's drop reasons that the switch can come to (manager reference 12.8). */
export const DROP_REASONS = [
  'Disconnected',
  'NotReady',
  'Resources',
  'InvalidSourceMac',
  'InvalidDestMac',
  'MTUMismatch',
  'FilteredVLAN',
  'UnauthorizedVLAN',
  'MacSpoofing',
  'DhcpGuard',
  'RouterGuard',
  'Qos',
] as const

export type DropReason = (typeof DROP_REASONS)[number]

/** `outgoing`: sent by the port's adapter; `incoming`: on the way to it. */
export type DropDirection = 'outgoing' | 'incoming'

/** Traffic of a port or of a whole switch since it was made. Sent and received are seen from the adapter (for a switch: received = into the switch). */
export interface TrafficCounters {
  bytesSent: number
  bytesReceived: number
  directedSent: number
  directedReceived: number
  broadcastSent: number
  broadcastReceived: number
  multicastSent: number
  multicastReceived: number
  droppedOutgoing: number
  droppedIncoming: number
}

/** A copy of a frame that reaches a port. */
export interface FrameDelivery {
  readonly portId: string
  readonly frame: EthernetFrame
  /** When the adapter behind the port has it. */
  readonly tick: Tick
  readonly mirrored: boolean
}

export interface FrameDrop {
  readonly portId: string
  readonly direction: DropDirection
  readonly reason: DropReason
}

/** What became of one frame given to the switch. */
export interface FrameOutcome {
  readonly deliveries: readonly FrameDelivery[]
  readonly drops: readonly FrameDrop[]
  /** VLAN that the frame travels in; 0: untagged. */
  readonly vlan: number
  readonly flooded: boolean
}

/** The end of a switch port that a network provider holds. */
export interface SwitchPort {
  readonly id: string
  /** Gives a frame of the guest to the switch. */
  send(frame: EthernetFrame, now: Tick): FrameOutcome
  /** Called for every frame that reaches the adapter, with the tick at which it has it. */
  onReceive(receive: (frame: EthernetFrame, tick: Tick) => void): void
}

export function emptyTraffic(): TrafficCounters {
  return {
    bytesSent: 0,
    bytesReceived: 0,
    directedSent: 0,
    directedReceived: 0,
    broadcastSent: 0,
    broadcastReceived: 0,
    multicastSent: 0,
    multicastReceived: 0,
    droppedOutgoing: 0,
    droppedIncoming: 0,
  }
}
