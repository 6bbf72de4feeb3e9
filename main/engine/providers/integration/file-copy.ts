/** Guest services: a file goes from the host into the guest, piece by piece (devices reference 5.7). */
import { copyChunkBytes, copyFlag, copyOperation, icStatus } from './protocol.ts'
import type { IcAnswer, IcHost, IcLogic, IcProvider } from './provider.ts'

export interface FileToCopy {
  readonly name: string
  readonly path: string
  readonly bytes: number
  readonly overwrite: boolean
  readonly createPath: boolean
  /** Content at an offset as hex; absent = zeros. */
  readonly content?: (offset: number, bytes: number) => string
}

const copyIds = { serviceId: '00000000-0000-0000-0000-000000000000', sessionId: '00000000-0000-0000-0000-000000000000' } as const

export class FileCopyLogic implements IcLogic {
  readonly service = 'guestServices'
  readonly #ended: (status: number) => void
  #file: FileToCopy | undefined
  #copied = 0
  #failure = 0

  constructor(ended: (status: number) => void) {
    this.#ended = ended
  }

  /** Bytes that the guest has acknowledged. */
  get copied(): number {
    return this.#copied
  }

  /** Starts a copy. False without contact or while another is under way. */
  begin(provider: IcProvider, file: FileToCopy): boolean {
    const { host } = provider
    if (host === undefined || this.#file !== undefined) return false
    this.#file = file
    this.#copied = 0
    this.#failure = 0
    const flags = (file.overwrite ? copyFlag.overwrite : 0) | (file.createPath ? copyFlag.createPath : 0)
    host.ask({ kind: 'copyStart', operation: copyOperation.start, ...copyIds, name: file.name, path: file.path, flags, size: file.bytes })
    return true
  }

  /** Gives the copy up. */
  cancel(provider: IcProvider): void {
    if (this.#file !== undefined) this.#fail(icStatus.failure, provider.host)
  }

  closed(): void {
    if (this.#file === undefined) return
    this.#file = undefined
    this.#ended(icStatus.notConnected)
  }

  answered({ request, status }: IcAnswer, host: IcHost): void {
    const file = this.#file
    if (file === undefined) return
    if (request.kind === 'copyOther') {
      this.#file = undefined
      return this.#ended(this.#failure !== 0 ? this.#failure : status)
    }
    // The answer to what was under way when the copy was given up.
    if (this.#failure !== 0) return
    if (status !== icStatus.ok) return this.#fail(status, host)
    if (request.kind === 'copyWrite') this.#copied += request.bytes
    if (this.#copied >= file.bytes) return host.ask({ kind: 'copyOther', operation: copyOperation.complete, ...copyIds })
    const bytes = Math.min(copyChunkBytes, file.bytes - this.#copied)
    const data = (file.content?.(this.#copied, bytes) ?? '').padEnd(2 * copyChunkBytes, '0')
    host.ask({ kind: 'copyWrite', operation: copyOperation.write, ...copyIds, offset: this.#copied, bytes, data })
  }

  #fail(status: number, host: IcHost | undefined): void {
    this.#failure = status
    host?.ask({ kind: 'copyOther', operation: copyOperation.cancel, ...copyIds })
  }
}
