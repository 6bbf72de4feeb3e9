/** What a page offers to automated tests: moving simulated time, in labs that were opened for tests and in no others. */
import type { Client } from './connection.ts'
import type { StateStore } from './state-store.ts'

export interface TestHook {
  /** Lets simulated time pass, 0 ms to one year; everything due has happened, and this page shows it, when it resolves. Answers with the lab's tick. */
  advance(milliseconds: number): Promise<number>
  /** Hash over all rows of the lab: equal for equal states. */
  stateHash(): Promise<{ readonly hash: string; readonly tick: number }>
}

declare global {
  interface Window {
    viridianTest?: TestHook
  }
}

/** Shows the hook to the page's scripts. Where the lab's time is not moved by tests, nothing is shown; the engine would refuse the calls anyway. */
export function installTestHook(
  page: Pick<Window, 'viridianTest'>,
  client: Pick<Client, 'test'>,
  store: Pick<StateStore, 'get' | 'subscribe'>,
): void {
  if (store.get().lab?.manual !== true) return
  page.viridianTest = {
    advance: async (milliseconds) => {
      const { tick } = await client.test.advance({ milliseconds })
      await hasReached(store, tick)
      return tick
    },
    stateHash: () => client.test.stateHash(),
  }
}

/** Answers and patches travel apart: what the answer speaks of may not be on the page yet. Resolves a turn after the store knows of it. */
function hasReached(store: Pick<StateStore, 'get' | 'subscribe'>, tick: number): Promise<void> {
  const known = (): boolean => (store.get().lab?.tick ?? 0) >= tick
  return new Promise((resolve) => {
    const shown = (): void => void setTimeout(resolve, 0)
    if (known()) return shown()
    const stop = store.subscribe(() => {
      if (!known()) return
      stop()
      shown()
    })
  })
}
