/**
 * The page's copy of what the engine shows: snapshot, then numbered patches.
 *
 * One store per subscription. A patch out of order means that something was missed; the store then subscribes anew. Rows keep their identity
 * until the engine says that they changed, so that React renders only those.
 */
import type { HostView, JobView, LabView, StateMessage, SwitchView, ViewPatch, VmDetail, VmView } from '../../preload/contract/index.ts'
import type { Connection } from './connection.ts'

export interface ClientState {
  /** null until the first snapshot. */
  readonly lab: LabView | null
  readonly hosts: ReadonlyMap<string, HostView>
  readonly virtualMachines: ReadonlyMap<string, VmView>
  readonly vmDetails: ReadonlyMap<string, VmDetail>
  readonly switches: ReadonlyMap<string, SwitchView>
  readonly jobs: ReadonlyMap<string, JobView>
}

export const EMPTY_STATE: ClientState = {
  lab: null,
  hosts: new Map(),
  virtualMachines: new Map(),
  vmDetails: new Map(),
  switches: new Map(),
  jobs: new Map(),
}

/** The state after a message; a snapshot replaces everything, a patch only what it names. */
export function applyMessage(state: ClientState, message: Pick<StateMessage, 'type' | 'patch'>): ClientState {
  const base = message.type === 'snapshot' ? EMPTY_STATE : state
  const { patch } = message
  return {
    lab: patch.lab ?? base.lab,
    hosts: applyRows(base.hosts, patch.hosts),
    virtualMachines: applyRows(base.virtualMachines, patch.virtualMachines),
    vmDetails: applyRows(base.vmDetails, patch.vmDetails),
    switches: applyRows(base.switches, patch.switches),
    jobs: applyRows(base.jobs, patch.jobs),
  }
}

function applyRows<R>(rows: ReadonlyMap<string, R>, changes: Record<string, R | null> | undefined): ReadonlyMap<string, R> {
  if (changes === undefined) return rows
  const next = new Map(rows)
  for (const [id, row] of Object.entries(changes)) {
    if (row === null) next.delete(id)
    else next.set(id, row)
  }
  return next
}

export interface StateSource {
  readonly hostId: string | null
  readonly vmId: string | null
}

/** Resolves after the given time. */
export type Wait = (milliseconds: number) => Promise<void>

export const waitMilliseconds: Wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Wait before the engine is asked again after an error, in milliseconds. */
export const RETRY_MILLISECONDS = 1000

/** Errors in a row after which the user is told. */
export const FAILURES_MAX = 3

/** What the user is told after several errors in a row; `reason` is the engine's own sentence. */
export function troubleText(reason: string): string {
  return `The simulation answers with an error: ${reason.endsWith('.') ? reason : `${reason}.`}`
}

export interface StateStore {
  get(): ClientState
  /** Calls back when the state or the trouble changes. */
  subscribe(listener: () => void): () => void
  /** A sentence for the user while the engine refuses again and again although the connection stands; null otherwise. */
  trouble(): string | null
  /** Reads everything anew; the answer comes with the snapshot, or when the connection is lost. */
  refresh(): Promise<void>
  close(): void
}

/** Opens a subscription and keeps it over reconnections and over errors of the engine. `wait` resolves after a time; tests give their own. */
export function openStateStore(connection: Connection, source: StateSource, wait: Wait = waitMilliseconds): StateStore {
  const keeper = new StoreKeeper(connection, source, wait)
  void keeper.run()
  return {
    get: () => keeper.state,
    trouble: () => keeper.trouble,
    subscribe: (listener) => {
      keeper.listeners.add(listener)
      return () => void keeper.listeners.delete(listener)
    },
    refresh: () => keeper.refresh(),
    close: () => keeper.close(),
  }
}

class StoreKeeper {
  state: ClientState = EMPTY_STATE
  trouble: string | null = null
  readonly listeners = new Set<() => void>()
  readonly #connection: Connection
  readonly #source: StateSource
  readonly #stopReconnect: () => void
  readonly #wait: Wait
  #failures = 0
  #since: { epoch: string; sequence: number } | null = null
  #abort = new AbortController()
  #closed = false

  constructor(connection: Connection, source: StateSource, wait: Wait) {
    this.#connection = connection
    this.#source = source
    this.#wait = wait
    this.#stopReconnect = connection.onReconnected(() => void this.run())
  }

  close(): void {
    this.#closed = true
    this.#stopReconnect()
    this.#abort.abort()
  }

  refresh(): Promise<void> {
    this.#since = null
    const run = this.run()
    return new Promise((resolve) => {
      const done = (): void => {
        this.listeners.delete(done)
        resolve()
      }
      this.listeners.add(done)
      void run.then(done)
    })
  }

  /**
   * Reads messages until the connection is lost, which starts the next run when it is back. Where a message was missed it subscribes anew at once;
   * where the engine refuses or ends the stream, after a wait.
   */
  async run(): Promise<void> {
    this.#abort.abort()
    const abort = new AbortController()
    this.#abort = abort
    while (!this.#closed && !abort.signal.aborted) {
      const failure = await this.#read(abort.signal)
      if (failure === null) continue
      if (this.#closed || abort.signal.aborted || this.#connection.status.get().state !== 'connected') return
      this.#failed(failure)
      await this.#wait(RETRY_MILLISECONDS)
    }
  }

  /** Reads one subscription; null when a message was missed, else why it ended. */
  async #read(signal: AbortSignal): Promise<string | null> {
    try {
      const messages = await this.#connection.client.state.subscribe({ ...this.#source, since: this.#since }, { signal })
      for await (const message of messages) if (!this.#take(message)) return null
      return 'The stream of changes ended.'
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  #failed(reason: string): void {
    // What the engine could not continue it may be able to give from the start.
    this.#since = null
    this.#failures++
    if (this.#failures >= FAILURES_MAX) this.#setTrouble(troubleText(reason))
  }

  #setTrouble(text: string | null): void {
    if (text === this.trouble) return
    this.trouble = text
    this.#notify()
  }

  #notify(): void {
    for (const listener of [...this.listeners]) listener()
  }

  /** False when a message is missing before this one. */
  #take(message: StateMessage): boolean {
    const since = this.#since
    const follows = since !== null && since.epoch === message.epoch && message.sequence === since.sequence + 1
    if (message.type === 'patch' && !follows) {
      this.#since = null
      return false
    }
    this.#since = { epoch: message.epoch, sequence: message.sequence }
    if (!isEmpty(message.patch) || message.type === 'snapshot') {
      this.state = applyMessage(this.state, message)
      this.#notify()
    }
    this.#failures = 0
    this.#setTrouble(null)
    return true
  }
}

function isEmpty(patch: ViewPatch): boolean {
  return Object.keys(patch).length === 0
}
