/** From start options to the options of the engine thread. */
import type { ThreadOptions } from '../thread/protocol.ts'
import type { StartOptions } from './options.ts'

/** What the shell itself knows. */
export interface ShellFacts {
  readonly dataFolder: string
  readonly shell: 'electron' | 'browser'
  readonly programVersion: string
  readonly sqliteAddon: string | null
}

export function threadOptions(options: StartOptions, facts: ShellFacts): ThreadOptions {
  return {
    ...facts,
    seed: options.seed,
    startTimeMs: options.startTimeMs,
    speed: options.speed,
    fresh: options.fresh,
    test: options.test,
    sampleSize: options.sampleSize,
  }
}
