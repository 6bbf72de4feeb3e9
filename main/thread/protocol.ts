/**
 * What a shell and the engine thread say to each other. Frames between page and engine travel on the ports handed over by `connect`, not here.
 */
import type { MessagePort } from 'node:worker_threads'
import type { Speed } from '../../preload/contract/views.ts'

/** Start options of the engine thread, its `workerData`. */
export interface ThreadOptions {
  /** Absolute path of the folder that holds the lab; exists and is writable. */
  readonly dataFolder: string
  /** Seed of a new lab, 0 to 4,294,967,295; null = the lab's own or the default. */
  readonly seed: number | null
  /** Start instant of a new lab, milliseconds since 1970 UTC; null = the default. */
  readonly startTimeMs: number | null
  /** Speed to begin with; null = as the lab was left. */
  readonly speed: Speed | null
  /** Begin with a new sample lab; the one in the folder is set aside. */
  readonly fresh: boolean
  /** Simulated time stands still and moves by the contract's test procedures alone. */
  readonly test: boolean
  readonly shell: 'electron' | 'browser'
  readonly programVersion: string
  /** File of the SQLite addon; null = the one that better-sqlite3 brings. */
  readonly sqliteAddon: string | null
  /** Number of virtual machines in a new sample lab; null = the usual sample. */
  readonly sampleSize: number | null
}

type LogLevel = 'debug' | 'info' | 'warning' | 'error'

export type ThreadToShell =
  /** The lab is open; ports are served. `epoch` changes with every start. */
  | { readonly type: 'ready'; readonly epoch: string }
  /** The lab cannot be used; `sentence` is for the user. Nothing follows. */
  | { readonly type: 'failed'; readonly sentence: string }
  /** Everything is on disk and closed; the thread may be ended. */
  | { readonly type: 'stopped' }
  | { readonly type: 'log'; readonly level: LogLevel; readonly scope: string; readonly text: string }

export type ShellToThread =
  /** A page's way in: whole string frames both ways. Closing the port is the page's goodbye. */
  | { readonly type: 'connect'; readonly port: MessagePort }
  /** Commit, back up, close, then answer `stopped`. */
  | { readonly type: 'stop' }
