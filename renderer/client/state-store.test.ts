import { describe, expect, it } from 'vitest'
import type { LabView, StateMessage } from '../../preload/contract/index.ts'
import type { Connection } from './connection.ts'
import { FAILURES_MAX, openStateStore, RETRY_MILLISECONDS } from './state-store.ts'

const lab = (tick: number): LabView => ({ id: 'lab', name: 'Lab', folder: '', startTimeMs: 0, tick, speed: 1, manual: false })
const message = (type: 'snapshot' | 'patch', sequence: number, tick: number): StateMessage => ({
  type,
  epoch: 'e',
  sequence,
  patch: { lab: lab(tick) },
})

/** A connection whose subscriptions are answered one after the other by the given lists; each then stays open until it is aborted. */
function connectionWith(answers: readonly (readonly StateMessage[])[]): { readonly connection: Connection; readonly asked: unknown[] } {
  const asked: unknown[] = []
  const subscribe = async ({ since }: { readonly since: unknown }, { signal }: { readonly signal: AbortSignal }) => {
    const messages = answers[asked.length] ?? []
    asked.push(since)
    return (async function* () {
      yield* messages
      signal.throwIfAborted()
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
    })()
  }
  const connection = {
    client: { state: { subscribe } },
    onReconnected: () => () => {},
    status: { get: () => ({ state: 'connected', reason: '' }) },
  }
  return { connection: connection as unknown as Connection, asked }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

describe('state store', () => {
  it('applies a snapshot and the patches after it', async () => {
    const { connection } = connectionWith([[message('snapshot', 4, 10), message('patch', 5, 20)]])
    const store = openStateStore(connection, { hostId: null, vmId: null })
    await settled()
    expect(store.get().lab?.tick).toBe(20)
    store.close()
  })

  it('subscribes anew when a patch is missing', async () => {
    const { connection, asked } = connectionWith([[message('snapshot', 4, 10), message('patch', 6, 20)], [message('snapshot', 6, 30)]])
    const store = openStateStore(connection, { hostId: null, vmId: null })
    await settled()
    expect([asked, store.get().lab?.tick]).toEqual([[null, null], 30])
    store.close()
  })

  it('reads everything anew on refresh, and says when it is there', async () => {
    const { connection, asked } = connectionWith([[message('snapshot', 4, 10)], [message('snapshot', 9, 40)]])
    const store = openStateStore(connection, { hostId: null, vmId: null })
    await settled()
    await store.refresh()
    expect([asked, store.get().lab?.tick]).toEqual([[null, null], 40])
    store.close()
  })

  it('ends a refresh when the connection is lost', async () => {
    const { connection } = connectionWith([[message('snapshot', 4, 10)]])
    const store = openStateStore(connection, { hostId: null, vmId: null })
    await settled()
    const refreshed = store.refresh()
    store.close()
    await expect(refreshed).resolves.toBeUndefined()
    expect(store.get().lab?.tick).toBe(10)
  })

  it('asks again after an error while the connection stands, and says so after several', async () => {
    const pauses: number[] = []
    const troubles: (string | null)[] = []
    let asked = 0
    const subscribe = async (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
      asked++
      troubles.push(store.trouble())
      if (asked <= FAILURES_MAX) throw new Error('No room on the disk')
      return (async function* () {
        yield message('snapshot', 1, 50)
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
      })()
    }
    const connection = { client: { state: { subscribe } }, onReconnected: () => () => {}, status: { get: () => ({ state: 'connected' }) } }
    const wait = async (milliseconds: number): Promise<void> => void pauses.push(milliseconds)
    let store: ReturnType<typeof openStateStore> = { trouble: () => null } as ReturnType<typeof openStateStore>
    store = openStateStore(connection as unknown as Connection, { hostId: null, vmId: null }, wait)
    await settled()
    const told = 'The simulation answers with an error: No room on the disk.'
    expect([pauses, troubles]).toEqual([Array(FAILURES_MAX).fill(RETRY_MILLISECONDS), [null, null, null, told]])
    expect([store.trouble(), store.get().lab?.tick]).toEqual([null, 50])
    store.close()
  })

  it('leaves errors of a lost connection to the connection', async () => {
    let asked = 0
    const subscribe = async () => {
      asked++
      throw new Error('lost')
    }
    const connection = { client: { state: { subscribe } }, onReconnected: () => () => {}, status: { get: () => ({ state: 'lost' }) } }
    const store = openStateStore(connection as unknown as Connection, { hostId: null, vmId: null }, async () => undefined)
    await settled()
    expect([asked, store.trouble()]).toEqual([1, null])
    store.close()
  })
})
