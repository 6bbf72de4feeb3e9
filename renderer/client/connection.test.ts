import { implement } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'
import { describe, expect, it } from 'vitest'
import { contract } from '../../preload/contract/methods.ts'
import { CONTRACT_VERSION } from '../../preload/contract/version.ts'
import { type Connection, ConnectionLostError, openConnection, RETRY_MILLISECONDS } from './connection.ts'
import { portPipe } from './electron-shell.ts'

/** A shell whose engine is a small router at the other end of a message channel. */
class Engine {
  version = CONTRACT_VERSION
  /** Sentence that further connections are refused with. */
  refusal: string | null = null
  connections = 0
  #port: MessagePort | null = null

  async connect() {
    if (this.refusal !== null) throw new Error(this.refusal)
    const { port1, port2 } = new MessageChannel()
    const os = implement(contract)
    const router = {
      lab: {
        about: os.lab.about.handler(() => ({
          contractVersion: this.version,
          programVersion: '0.1.0',
          shell: 'browser' as const,
          epoch: `epoch-${this.connections}`,
        })),
        // Never answers: a call that is pending when the pipe is lost.
        step: os.lab.step.handler(() => new Promise<{ tick: number }>(() => {})),
      },
      state: {
        metrics: os.state.metrics.handler(async function* ({ signal }) {
          yield { tick: 1, rows: [] }
          await new Promise((resolve) => signal?.addEventListener('abort', resolve))
        }),
      },
    }
    new RPCHandler(router).upgrade(port2)
    port2.start()
    this.#port = port2
    this.connections++
    return portPipe(port1)
  }

  drop(): void {
    this.#port?.close()
  }
}

/** Waits that pass when the test says so. */
class Waits {
  readonly milliseconds: number[] = []
  #due: (() => void) | null = null
  readonly schedule = (act: () => void, milliseconds: number): (() => void) => {
    this.milliseconds.push(milliseconds)
    this.#due = act
    return () => {
      this.#due = null
    }
  }
  pass(): boolean {
    const due = this.#due
    this.#due = null
    due?.()
    return due !== null
  }
}

function begin(engine: Engine) {
  const waits = new Waits()
  const connection = openConnection(engine, waits)
  const seen: string[] = [connection.status.get().state]
  connection.status.subscribe(() => seen.push(connection.status.get().state))
  return { waits, connection, seen }
}

function state(connection: Connection, wanted: string): Promise<void> {
  return expect.poll(() => connection.status.get().state).toBe(wanted) as Promise<void>
}

describe('openConnection', () => {
  it('lets calls wait for the first connection', async () => {
    const { connection, seen } = begin(new Engine())
    expect((await connection.client.lab.about()).epoch).toBe('epoch-1')
    expect(seen).toEqual(['connecting', 'connected'])
    connection.close()
  })

  it('fails pending calls and streams at once when the pipe is lost, and calls until it is back', async () => {
    const engine = new Engine()
    const { connection, waits } = begin(engine)
    const { client } = connection
    const stream = await client.state.metrics({ hostId: 'h', vmIds: 'all' })
    expect((await stream.next()).value).toEqual({ tick: 1, rows: [] })
    const pending = client.lab.step({ milliseconds: 1 }).catch((error: unknown) => error)
    const next = stream.next().catch((error: unknown) => error)
    await client.lab.about()
    engine.drop()
    for (const error of [await pending, await next, await client.lab.about().catch((late: unknown) => late)]) {
      expect(error).toBeInstanceOf(ConnectionLostError)
      expect(error).toMatchObject({ message: 'The connection to the simulation was closed.' })
    }
    expect(connection.status.get()).toEqual({ state: 'lost', reason: 'The connection to the simulation was closed.' })
    waits.pass()
    await state(connection, 'connected')
    expect((await client.lab.about()).epoch).toBe('epoch-2')
    connection.close()
  })

  it('tells owners of streams of a reconnection, and not of the first connection', async () => {
    const engine = new Engine()
    const { connection, waits } = begin(engine)
    const epochs: string[] = []
    const forget = connection.onReconnected(() => void connection.client.lab.about().then((about) => epochs.push(about.epoch)))
    await connection.client.lab.about()
    engine.drop()
    await state(connection, 'lost')
    waits.pass()
    await expect.poll(() => epochs).toEqual(['epoch-2'])
    forget()
    engine.drop()
    await state(connection, 'lost')
    waits.pass()
    await state(connection, 'connected')
    await connection.client.lab.about()
    expect(epochs).toEqual(['epoch-2'])
    connection.close()
  })

  it('tries again at once when asked to, and only then', async () => {
    const engine = new Engine()
    const { connection, waits } = begin(engine)
    await connection.client.lab.about()
    connection.retry()
    expect(engine.connections).toBe(1)
    engine.drop()
    await state(connection, 'lost')
    connection.retry()
    connection.retry()
    await state(connection, 'connected')
    expect(engine.connections).toBe(2)
    expect(waits.milliseconds).toHaveLength(1)
    connection.close()
  })

  it('backs off while it is refused, says why, and begins anew after a success', async () => {
    const engine = new Engine()
    engine.refusal = 'Viridian does not run any more.'
    const { connection, waits } = begin(engine)
    for (let attempt = 1; attempt <= RETRY_MILLISECONDS.length + 2; attempt++) {
      await expect.poll(() => waits.milliseconds.length).toBe(attempt)
      expect(connection.status.get()).toEqual({ state: 'lost', reason: engine.refusal })
      if (attempt === RETRY_MILLISECONDS.length + 2) engine.refusal = null
      waits.pass()
    }
    await state(connection, 'connected')
    expect(waits.milliseconds).toEqual([...RETRY_MILLISECONDS, 5000, 5000])
    await connection.client.lab.about()
    engine.drop()
    await expect.poll(() => waits.milliseconds.at(-1)).toBe(RETRY_MILLISECONDS[0])
    connection.close()
  })

  it('leaves an engine of another version for good', async () => {
    const engine = new Engine()
    engine.version = CONTRACT_VERSION + 1
    const { connection, waits } = begin(engine)
    await state(connection, 'lost')
    expect(connection.status.get().reason).toBe('This page belongs to another version of Viridian. Reload it.')
    expect(waits.pass()).toBe(false)
    await expect(connection.client.lab.about()).rejects.toBeInstanceOf(ConnectionLostError)
  })

  it('does not come back after it was closed', async () => {
    const engine = new Engine()
    const { connection, waits } = begin(engine)
    await connection.client.lab.about()
    connection.close()
    expect(waits.pass()).toBe(false)
    expect(engine.connections).toBe(1)
    await expect(connection.client.lab.about()).rejects.toThrow('The connection was closed.')
  })

  it('hands over what the caller itself calls off', async () => {
    const { connection } = begin(new Engine())
    const stop = new AbortController()
    const pending = connection.client.lab.step({ milliseconds: 1 }, { signal: stop.signal })
    await connection.client.lab.about()
    stop.abort(new Error('closed by the user'))
    await expect(pending).rejects.toThrow('closed by the user')
    connection.close()
  })
})
