/** The guest's keyboard and mouse drivers (devices reference 4.2, 4.3). */

import { type KeyboardMessage, type KeyEvent, keyboardMessages, keyboardVersion } from '../../providers/input/keyboard-protocol.ts'
import { type MouseMessage, mouseMessages, mouseVersion } from '../../providers/input/mouse-protocol.ts'
import { MessageDriver } from '../../providers/message-end.ts'

export interface InputClientState {
  readonly step: 'closed' | 'asked' | 'ready' | 'refused'
}

export class KeyboardClient extends MessageDriver<KeyboardMessage, InputClientState> {
  readonly #key: (event: KeyEvent) => void

  constructor(key: (event: KeyEvent) => void) {
    super(keyboardMessages, true, { step: 'closed' })
    this.#key = key
  }

  setLeds(leds: number): boolean {
    return this.current.step === 'ready' && this.end.send({ kind: 'setLed', leds })
  }

  protected override started(): void {
    this.current = { step: 'asked' }
    this.end.send({ kind: 'protocolRequest', version: keyboardVersion })
  }

  protected received(message: KeyboardMessage): void {
    if (message.kind === 'protocolResponse') this.current = { step: message.status % 2 === 1 ? 'ready' : 'refused' }
    else if (message.kind === 'event' && this.current.step === 'ready') this.#key({ code: message.makeCode, flags: message.flags })
  }
}

export type MouseReport = MouseMessage & { readonly kind: 'inputReport' }

export class MouseClient extends MessageDriver<MouseMessage, InputClientState> {
  readonly #report: (report: MouseReport) => void

  constructor(report: (report: MouseReport) => void) {
    super(mouseMessages, true, { step: 'closed' })
    this.#report = report
  }

  protected override started(): void {
    this.current = { step: 'asked' }
    this.end.send({ kind: 'protocolRequest', version: mouseVersion })
  }

  protected received(message: MouseMessage): void {
    if (message.kind === 'protocolResponse' && !message.accepted) this.current = { step: 'refused' }
    else if (message.kind === 'initialDeviceInfo') {
      this.current = { step: 'ready' }
      this.end.send({ kind: 'initialDeviceInfoAck', reserved: 0 })
    } else if (message.kind === 'inputReport' && this.current.step === 'ready') this.#report(message)
  }
}
