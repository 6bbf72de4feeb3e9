/** The host's side of the synthetic RDP control channel: the handshake before an enhanced session (hypervisor reference 5.9; direction unsure there). */
import { MessageProvider } from '../message-end.ts'
import { type RdpControlMessage, rdpControlMessages, rdpControlVersion } from './protocol.ts'

export interface RdpControlState {
  readonly step: 'closed' | 'asked' | 'ready' | 'refused'
}

export class RdpControlProvider extends MessageProvider<RdpControlMessage, RdpControlState> {
  readonly #changed: (available: boolean) => void

  /** `changed`: an enhanced session can be offered, or no more. */
  constructor(changed: (available: boolean) => void = () => undefined) {
    super(rdpControlMessages, true, { step: 'closed' })
    this.#changed = changed
  }

  protected override started(): void {
    this.current = { step: 'asked' }
    this.end.send({ kind: 'versionRequest', version: rdpControlVersion })
  }

  protected received(message: RdpControlMessage): void {
    if (message.kind !== 'versionResponse' || this.current.step !== 'asked') return
    this.current = { step: message.accepted && message.version === rdpControlVersion ? 'ready' : 'refused' }
    this.#changed(this.current.step === 'ready')
  }

  protected override gone(): void {
    this.#changed(false)
  }
}
