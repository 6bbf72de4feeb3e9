/** The guest's side of an integration component: negotiation and answers (devices reference 5; linux: drivers/hv/hv_util.c, hv_kvp.c, hv_snapshot.c). */
import { ChannelEnd, type EndRows, guestPort } from '../../providers/channel-end.ts'
import {
  chooseVersion,
  frameworkVersions,
  type IcBody,
  type IcMessage,
  type IcService,
  type IcVersion,
  icBytes,
  icCodec,
  icFlag,
  icPipe,
  icStatus,
  serviceVersions,
} from '../../providers/integration/protocol.ts'
import type { VmbusDriver } from '../../vmbus/bus-types.ts'
import type { Channel } from '../../vmbus/channel.ts'
import { inBandPacket } from '../../vmbus/packet.ts'
import { type PipeData, pipePayloadBytes } from '../../vmbus/pipe.ts'

export interface IcReply {
  readonly status: number
  /** Absent = the request's own body comes back. */
  readonly body?: IcBody
}

/** The guest's service: answers at once, or `later` and then by {@link IcClient.answer}; `never` = the service hangs. */
export type IcAnswerer = (request: IcBody) => IcReply | 'later' | 'never'

export interface IcClientOptions {
  readonly service: IcService
  /** Versions that the guest knows; default: all of the service. */
  readonly versions?: readonly IcVersion[]
  readonly frameworks?: readonly IcVersion[]
  readonly answer: IcAnswerer
}

export interface IcClientRows {
  readonly version: 1
  readonly chosen: { readonly framework: IcVersion; readonly version: IcVersion } | undefined
  readonly held: Omit<IcMessage, 'body'> | undefined
  readonly end: EndRows | undefined
}

type IcPayload = PipeData<IcMessage>
type IcChannel = Channel<IcPayload, IcPayload>

export class IcClient implements VmbusDriver<IcPayload, IcPayload> {
  readonly #options: IcClientOptions
  #end: ChannelEnd<IcPayload, IcPayload> | undefined
  #chosen: { readonly framework: IcVersion; readonly version: IcVersion } | undefined
  #held: Omit<IcMessage, 'body'> | undefined

  constructor(options: IcClientOptions) {
    this.#options = options
  }

  /** Agreed versions; undefined before, and when nothing is in common. */
  get chosen(): { readonly framework: IcVersion; readonly version: IcVersion } | undefined {
    return this.#chosen
  }

  opened(channel: IcChannel): void {
    // The host's negotiation may stand in the ring already.
    this.#attach(channel).pump()
  }

  openFailed(): void {
    this.closed()
  }

  event(_channel: IcChannel): void {
    this.#end?.pump()
  }

  rescinded(): void {
    this.closed()
  }

  closed(): void {
    this.#end?.detach()
    this.#end = undefined
    this.#chosen = undefined
    this.#held = undefined
  }

  /** Answers the request that was put off. */
  answer(reply: IcReply & { readonly body: IcBody }): void {
    if (this.#held !== undefined) this.#reply({ ...this.#held, body: reply.body }, reply.status, reply.body)
    this.#held = undefined
  }

  /** The guest's service is stopped (its daemon crashed): requests stay in the ring. */
  stop(): void {
    this.#end?.stop()
  }

  resume(): void {
    this.#end?.resume()
  }

  snapshot(): IcClientRows {
    return { version: 1, chosen: this.#chosen, held: this.#held, end: this.#end?.snapshot() }
  }

  restore(rows: IcClientRows, channel: IcChannel | undefined): string | undefined {
    if (rows.version !== 1) return `integration client rows of version ${String(rows.version)}`
    this.#chosen = rows.chosen
    this.#held = rows.held
    return rows.end === undefined || channel === undefined ? undefined : this.#attach(channel).restore(rows.end)
  }

  #attach(channel: IcChannel): ChannelEnd<IcPayload, IcPayload> {
    const end: ChannelEnd<IcPayload, IcPayload> = new ChannelEnd(icCodec, (packet) => this.#take(packet.payload.data))
    end.attach(guestPort(channel))
    this.#end = end
    return end
  }

  #take(message: IcMessage): void {
    if ((message.flags & icFlag.request) === 0) return
    const { body } = message
    if (body.kind === 'negotiate') return this.#negotiate(message, body)
    const reply = this.#options.answer(body)
    if (reply === 'never') return
    if (reply === 'later') {
      const { body: _body, ...head } = message
      this.#held = head
      return
    }
    this.#reply(message, reply.status, reply.body ?? body)
  }

  #negotiate(message: IcMessage, body: IcBody & { readonly kind: 'negotiate' }): void {
    const framework = chooseVersion(body.frameworks, this.#options.frameworks ?? frameworkVersions)
    const version = chooseVersion(body.messages, this.#options.versions ?? serviceVersions[this.#options.service])
    this.#chosen = framework === undefined || version === undefined ? undefined : { framework, version }
    const chosen = this.#chosen
    const answer: IcBody = {
      kind: 'negotiate',
      frameworks: chosen === undefined ? [] : [chosen.framework],
      messages: chosen === undefined ? [] : [chosen.version],
    }
    this.#reply(message, icStatus.ok, answer)
  }

  #reply(message: IcMessage, status: number, body: IcBody): void {
    const answer: IcMessage = { ...message, status, flags: icFlag.transaction | icFlag.response, body }
    this.#end?.send(inBandPacket(icPipe(answer), pipePayloadBytes(icBytes(answer))))
  }
}
