/** A switch port as the provider of a synthetic adapter asks for it: its frames are a header and bytes, its times count from now. */
import type { Tick } from '../kernel/ticks.ts'
import { type EthernetFrame as AdapterFrame, decodeFrame as decodeBytes, encodeFrame as encodeBytes } from '../providers/network/frame.ts'
import type { SwitchPort as AdapterPort } from '../providers/network/ports.ts'
import { decodeFrame, encodeFrame } from './frame-codec.ts'
import type { EthernetFrame } from './frames.ts'
import type { SwitchPort } from './port.ts'
import { SWITCH_TICKS } from './virtual-switch.ts'

/** A frame of an adapter as the switch sees it; null when its bytes are none. */
export function switchFrameOf(frame: AdapterFrame): EthernetFrame | null {
  const decoded = decodeFrame(encodeBytes(frame))
  return decoded.ok ? decoded.value : null
}

/** A frame of the switch as an adapter takes it. */
export function adapterFrameOf(frame: EthernetFrame): AdapterFrame | undefined {
  return decodeBytes(encodeFrame(frame))
}

/** Puts a provider on a port. The provider gets its buffer back when the switch has worked on the frame, whatever becomes of it. */
export function adapterPort(port: SwitchPort, now: () => Tick): AdapterPort {
  return {
    send(frame, info) {
      const typed = switchFrameOf(frame)
      if (typed === null) return { latencyTicks: SWITCH_TICKS, accepted: false }
      // Guests put the VLAN beside the frame (per-packet information of type 6).
      const tag = info.vlan === undefined ? typed.tag : { vlan: info.vlan >>> 4, priority: info.vlan & 7 }
      const { drops } = port.send({ ...typed, tag }, now())
      return { latencyTicks: SWITCH_TICKS, accepted: !drops.some(({ direction }) => direction === 'outgoing') }
    },
  }
}
