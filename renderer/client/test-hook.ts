/** What a page offers to automated tests: moving simulated time, in labs that were opened for tests and in no others. */
import type { LabView } from '../../preload/contract/index.ts'
import type { Client } from './connection.ts'

export interface TestHook {
  /** Lets simulated time pass, 0 ms to one year; everything due has happened when it resolves. Answers with the lab's tick. */
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
  lab: Pick<LabView, 'manual'> | null,
): void {
  if (lab?.manual !== true) return
  page.viridianTest = {
    advance: async (milliseconds) => (await client.test.advance({ milliseconds })).tick,
    stateHash: () => client.test.stateHash(),
  }
}
