/** Synthetic keyboard protocol (devices reference 4.2; linux: drivers/input/serio/hyperv-keyboard.c). Pipe messages. */
import { pipeCodec } from '../../vmbus/pipe.ts'
import { type MessageOf, messageSet } from '../message-set.ts'
import { padding, struct, u16, u32 } from '../wire.ts'

/** The only version: 1.0. */
export const keyboardVersion = 0x00010000

/** Flags of an event. */
export const keyFlag = { unicode: 1, break: 2, e0: 4, e1: 8 } as const

/** Indicator bits of SET_LED. */
export const keyboardLed = { scroll: 1, num: 2, caps: 4 } as const

const table = {
  protocolRequest: [1, struct({ version: u32 })],
  /** Bit 0: accepted. */
  protocolResponse: [2, struct({ status: u32 })],
  /** Scan code of set 1, or a UTF-16 unit with the flag `unicode`. */
  event: [3, struct({ makeCode: u16, _pad: padding(2), flags: u32 })],
  setLed: [4, struct({ leds: u16, _pad: padding(2) })],
} as const

export type KeyboardMessage = MessageOf<typeof table>
export const keyboardMessages = messageSet({ typeBytes: 4, sizeBytes: 0 }, table)
export const keyboardCodec = pipeCodec(keyboardMessages)

/** One key event as the connection window makes it. */
export interface KeyEvent {
  readonly code: number
  readonly flags: number
}

/** Ctrl+Alt+Del as six events: Ctrl 1D, Alt 38, Delete E0 53, down and then up in the opposite order. */
export const ctrlAltDelete: readonly KeyEvent[] = [
  { code: 0x1d, flags: 0 },
  { code: 0x38, flags: 0 },
  { code: 0x53, flags: keyFlag.e0 },
  { code: 0x53, flags: keyFlag.e0 | keyFlag.break },
  { code: 0x38, flags: keyFlag.break },
  { code: 0x1d, flags: keyFlag.break },
]

/** Events that type a text: one Unicode event down and one up for each UTF-16 unit. */
export function unicodeEvents(text: string): readonly KeyEvent[] {
  const events: KeyEvent[] = []
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    events.push({ code, flags: keyFlag.unicode }, { code, flags: keyFlag.unicode | keyFlag.break })
  }
  return events
}
