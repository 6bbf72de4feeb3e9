/** What the network provider needs of the virtual switch, and the memory that both sides share. */

import { viewOf } from '../../vmbus/bytes.ts'
import type { PayloadCodec } from '../../vmbus/packet-codec.ts'
import { GuestArea } from '../guest-area.ts'
import type { EthernetFrame } from './frame.ts'
import { type RndisMessage, type RndisPacketInfo, rndisMessages } from './rndis.ts'

/** The switch port behind an adapter. Must not call the provider back inside `send`. */
export interface SwitchPort {
  /** Takes a frame of the guest. `latencyTicks`: when the switch is done with the buffer and the guest gets its completion. */
  send(frame: EthernetFrame, info: RndisPacketInfo): { readonly latencyTicks: number; readonly accepted: boolean }
}

const listCodec: PayloadCodec<readonly RndisMessage[]> = {
  encode(messages) {
    const parts = messages.map((message) => rndisMessages.bytes(message))
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
    let at = 0
    for (const part of parts) {
      bytes.set(part, at)
      at += part.length
    }
    return bytes
  },
  decode(bytes) {
    const messages: RndisMessage[] = []
    for (let at = 0; at + 8 <= bytes.length; ) {
      const length = viewOf(bytes).getUint32(at + 4, true)
      const message = length < 8 ? undefined : rndisMessages.parse(bytes.subarray(at, at + length))
      if (message?.ok !== true) return { ok: false, reason: message?.reason ?? `RNDIS message of ${length} bytes` }
      messages.push(message.payload)
      at += length
    }
    return { ok: true, payload: messages }
  },
}

/** Send buffer by section, receive buffer by byte offset, and single pages of GPA direct packets. */
export class NetworkMemory {
  readonly sections = new GuestArea(listCodec)
  readonly slots = new GuestArea<RndisMessage>(rndisMessages)
  readonly pages = new GuestArea<RndisMessage>(rndisMessages)

  snapshot() {
    return { sections: this.sections.snapshot(), slots: this.slots.snapshot(), pages: this.pages.snapshot() }
  }

  restore(rows: ReturnType<NetworkMemory['snapshot']>): string | undefined {
    return this.sections.restore(rows.sections) ?? this.slots.restore(rows.slots) ?? this.pages.restore(rows.pages)
  }
}
