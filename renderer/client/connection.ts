/**
 * The page's way to the engine: one typed client over a pipe that is opened anew whenever it is lost.
 *
 * A lost pipe fails every pending call and every stream at once. Streams are not restarted here: their owners know where to go on, and subscribe
 * again when `onReconnected` tells them.
 */
import { type ClientContext, type ClientLink, createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import type { FramePipe, ShellAbilities } from '../../preload/contract/host.ts'
import type { contract } from '../../preload/contract/methods.ts'
import { CONTRACT_VERSION } from '../../preload/contract/version.ts'

export type Client = ContractRouterClient<typeof contract>

/** `reason` is a sentence for the user, empty unless the connection is lost. */
export interface ConnectionStatus {
  readonly state: 'connecting' | 'connected' | 'lost'
  readonly reason: string
}

/** Why a call or a stream ended without an answer: the pipe is gone. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError'
}

export interface Connection {
  readonly client: Client
  readonly status: {
    /** The same object until the status changes. */
    get(): ConnectionStatus
    subscribe(listener: () => void): () => void
  }
  /** Called after each reconnection, not after the first connection: owners of streams subscribe again. */
  onReconnected(listener: () => void): () => void
  /** Tries again at once instead of after the wait; without effect unless the connection is lost. */
  retry(): void
  /** Ends the connection for good. */
  close(): void
}

/** Waits before each further attempt, in milliseconds; the last one repeats. */
export const RETRY_MILLISECONDS: readonly number[] = [100, 250, 500, 1000, 2000, 5000]

export interface ConnectionSettings {
  /** Runs `act` after a wait; the answer cancels it. Tests give their own. */
  readonly schedule: (act: () => void, milliseconds: number) => () => void
}

const REAL_TIME: ConnectionSettings = {
  schedule(act, milliseconds) {
    const timer = setTimeout(act, milliseconds)
    return () => clearTimeout(timer)
  },
}

/** Reason of a loss that is for good: the program speaks another version of the contract than this page. */
export const OTHER_VERSION = 'This page belongs to another version of Viridian. Reload it.'

/** One open pipe and the calls on it. */
class Wire {
  readonly #link: ClientLink<ClientContext>
  readonly #abort = new AbortController()

  constructor(pipe: FramePipe) {
    this.#link = new RPCLink({
      port: {
        addEventListener: (type: string, listener: unknown) => {
          if (type === 'message' && typeof listener === 'function') pipe.onFrame((data) => listener({ data }))
        },
        postMessage: (frame: unknown) => {
          // Ending the calls of a lost pipe makes each say goodbye to the other side, which is no more.
          if (this.#abort.signal.aborted) return
          // Binary frames exist only for files, and none travels this way.
          if (typeof frame !== 'string') throw new TypeError('Only text frames can be sent.')
          pipe.send(frame)
        },
      },
    })
  }

  /** Pending calls and streams end with this error. */
  end(error: ConnectionLostError): void {
    this.#abort.abort(error)
  }

  async call(...[path, input, options]: Parameters<ClientLink<ClientContext>['call']>): Promise<unknown> {
    const lost = this.#abort.signal
    lost.throwIfAborted()
    const signal = options.signal === undefined ? lost : AbortSignal.any([lost, options.signal])
    return this.#link.call(path, input, { ...options, signal })
  }
}

/** Connects, and keeps connecting, until closed. */
export function openConnection(shell: Pick<ShellAbilities, 'connect'>, settings: ConnectionSettings = REAL_TIME): Connection {
  const keeper = new ConnectionKeeper(shell, settings)
  keeper.connect()
  return {
    client: createORPCClient<Client>({ call: (...call) => keeper.call(...call) }),
    status: { get: () => keeper.status, subscribe: (listener) => added(keeper.statusListeners, listener) },
    onReconnected: (listener) => added(keeper.reconnectListeners, listener),
    retry: () => keeper.retry(),
    close: () => keeper.close(),
  }
}

function added(listeners: Set<() => void>, listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

class ConnectionKeeper {
  readonly statusListeners = new Set<() => void>()
  readonly reconnectListeners = new Set<() => void>()
  status: ConnectionStatus = { state: 'connecting', reason: '' }
  readonly #shell: Pick<ShellAbilities, 'connect'>
  readonly #settings: ConnectionSettings
  #wire: Wire | null = null
  #pipe: FramePipe | null = null
  #wasConnected = false
  #attempt = 0
  #closed = false
  #cancelRetry: () => void = () => {}
  #waitsForRetry = false
  /** Calls that were made before the first attempt ended. */
  #waiting: (() => void)[] = []

  constructor(shell: Pick<ShellAbilities, 'connect'>, settings: ConnectionSettings) {
    this.#shell = shell
    this.#settings = settings
  }

  connect(): void {
    this.#shell.connect().then(
      (pipe) => this.#opened(pipe),
      (error: unknown) => this.#lost(error instanceof Error ? error.message : String(error)),
    )
  }

  async call(...call: Parameters<ClientLink<ClientContext>['call']>): Promise<unknown> {
    if (this.status.state === 'connecting') await new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (this.#wire === null) throw new ConnectionLostError(this.status.reason)
    return this.#wire.call(...call)
  }

  /** While an attempt is under way, there is no wait to shorten. */
  retry(): void {
    if (this.#closed || this.status.state !== 'lost' || !this.#waitsForRetry) return
    this.#cancelRetry()
    this.#waitsForRetry = false
    this.connect()
  }

  close(): void {
    this.#closed = true
    this.#cancelRetry()
    this.#pipe?.close()
    this.#lost('The connection was closed.')
  }

  #opened(pipe: FramePipe): void {
    if (this.#closed) {
      pipe.close()
      return
    }
    const wire = new Wire(pipe)
    this.#pipe = pipe
    this.#wire = wire
    pipe.onClose((reason) => {
      if (this.#wire === wire) this.#lost(reason)
    })
    this.#attempt = 0
    const again = this.#wasConnected
    this.#wasConnected = true
    this.#setStatus({ state: 'connected', reason: '' })
    if (again) for (const listener of [...this.reconnectListeners]) listener()
    void this.#compareVersions(wire)
  }

  /** A tab that outlived an update of the program speaks another contract; it must not go on. */
  async #compareVersions(wire: Wire): Promise<void> {
    const client = createORPCClient<Client>({ call: (...call) => wire.call(...call) })
    const about = await client.lab.about().catch(() => null)
    if (about === null || about.contractVersion === CONTRACT_VERSION || this.#wire !== wire) return
    this.#closed = true
    this.#pipe?.close()
    this.#lost(OTHER_VERSION)
  }

  #lost(reason: string): void {
    const wire = this.#wire
    this.#wire = null
    this.#pipe = null
    // The status comes first: whoever is told of a failed call may ask for it.
    this.#setStatus({ state: 'lost', reason })
    wire?.end(new ConnectionLostError(reason))
    if (this.#closed) return
    const wait = RETRY_MILLISECONDS[Math.min(this.#attempt, RETRY_MILLISECONDS.length - 1)] ?? 0
    this.#attempt++
    this.#waitsForRetry = true
    this.#cancelRetry = this.#settings.schedule(() => {
      this.#waitsForRetry = false
      this.connect()
    }, wait)
  }

  #setStatus(status: ConnectionStatus): void {
    this.status = status
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
    for (const listener of [...this.statusListeners]) listener()
  }
}
