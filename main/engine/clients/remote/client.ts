/** The guest's side of the synthetic RDP control channel: TermService answers the version. */
import { MessageDriver } from '../../providers/message-end.ts'
import { type RdpControlMessage, rdpControlMessages, rdpControlVersion } from '../../providers/remote/protocol.ts'

export class RdpControlClient extends MessageDriver<RdpControlMessage, { readonly ready: boolean }> {
  readonly #serviceRunning: () => boolean

  /** `serviceRunning`: Remote Desktop Services run in the guest. */
  constructor(serviceRunning: () => boolean) {
    super(rdpControlMessages, true, { ready: false })
    this.#serviceRunning = serviceRunning
  }

  protected received(message: RdpControlMessage): void {
    if (message.kind !== 'versionRequest') return
    const accepted = message.version === rdpControlVersion && this.#serviceRunning()
    this.current = { ready: accepted }
    this.end.send({ kind: 'versionResponse', version: rdpControlVersion, accepted })
  }
}
