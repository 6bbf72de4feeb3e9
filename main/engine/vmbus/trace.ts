/** What can be watched on a VMBus. With no sink set, each place costs one comparison. */
import type { VmbusMessage } from './messages.ts'
import type { Packet } from './packet.ts'

/** `toHost`: from the guest to the parent partition. */
export type Direction = 'toHost' | 'toGuest'

/** How a signal travels: SignalEvent hypercall, monitor page bit, or event flag and interrupt in the guest (hypervisor reference 4.8). */
export type SignalPath = 'hypercall' | 'monitor' | 'interrupt'

/** Why the other side is signalled: packets in an empty ring, room in a full one, or once after a restore. */
export type SignalReason = 'packet' | 'space' | 'restore'

export type VmbusTraceEvent =
  | { readonly kind: 'message'; readonly direction: Direction; readonly message: VmbusMessage; readonly bytes: number }
  | {
      readonly kind: 'channelState'
      readonly side: 'server' | 'client'
      readonly channelId: number
      readonly from: string
      readonly to: string
    }
  | { readonly kind: 'connectionState'; readonly side: 'server' | 'client'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'packet'
      /** `completed`: the completion was read by the side that had asked; `packet` is that completion. */
      readonly step: 'sent' | 'received' | 'completed'
      readonly channelId: number
      readonly direction: Direction
      readonly packet: Packet
    }
  | {
      readonly kind: 'signal'
      readonly channelId: number
      readonly direction: Direction
      readonly path: SignalPath
      readonly reason: SignalReason
    }

/** Receives events in the order in which they happen. Must not call back into the bus. */
export type VmbusTrace = (event: VmbusTraceEvent) => void
