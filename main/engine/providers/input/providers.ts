/** The host's side of keyboard and mouse (devices reference 4.2, 4.3). */
import { MessageProvider } from '../message-end.ts'
import { type KeyboardMessage, type KeyEvent, keyboardMessages, keyboardVersion } from './keyboard-protocol.ts'
import { type MouseMessage, mouseCoordinateMax, mouseDeviceInfo, mouseMessages, mouseVersion } from './mouse-protocol.ts'

export interface KeyboardState {
  readonly ready: boolean
  readonly leds: number
}

export class KeyboardProvider extends MessageProvider<KeyboardMessage, KeyboardState> {
  readonly #ledsChanged: (leds: number) => void

  constructor(ledsChanged: (leds: number) => void = () => undefined) {
    super(keyboardMessages, true, { ready: false, leds: 0 })
    this.#ledsChanged = ledsChanged
  }

  /** Sends key events; false before the guest's driver is ready. */
  press(events: readonly KeyEvent[]): boolean {
    if (!this.current.ready) return false
    return events.every(({ code, flags }) => this.end.send({ kind: 'event', makeCode: code, flags }))
  }

  protected received(message: KeyboardMessage): void {
    if (message.kind === 'protocolRequest') {
      const ready = message.version === keyboardVersion
      this.current = { ...this.current, ready }
      this.end.send({ kind: 'protocolResponse', status: ready ? 1 : 0 })
    } else if (message.kind === 'setLed') {
      this.current = { ...this.current, leds: message.leds }
      this.#ledsChanged(message.leds)
    }
  }
}

export interface MouseState {
  readonly step: 'closed' | 'negotiated' | 'ready'
}

export class MouseProvider extends MessageProvider<MouseMessage, MouseState> {
  constructor() {
    super(mouseMessages, true, { step: 'closed' })
  }

  /** Absolute position 0–32767 (clamped), buttons, wheel. False before the guest's driver is ready: the pointer is then captured for PS/2. */
  report(buttons: number, x: number, y: number, wheel = 0): boolean {
    if (this.current.step !== 'ready') return false
    const clamp = (value: number): number => Math.min(mouseCoordinateMax, Math.max(0, Math.round(value)))
    return this.end.send({
      kind: 'inputReport',
      buttons: buttons & 31,
      x: clamp(x),
      y: clamp(y),
      wheel: Math.min(32767, Math.max(-32767, wheel)),
    })
  }

  protected received(message: MouseMessage): void {
    if (message.kind === 'protocolRequest') {
      const accepted = message.version === mouseVersion
      this.end.send({ kind: 'protocolResponse', version: mouseVersion, accepted })
      if (!accepted) return
      this.current = { step: 'negotiated' }
      this.end.send(mouseDeviceInfo)
    } else if (message.kind === 'initialDeviceInfoAck' && this.current.step === 'negotiated') this.current = { step: 'ready' }
  }
}
