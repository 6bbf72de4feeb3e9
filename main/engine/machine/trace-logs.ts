/**
 * Which machines are traced, and their traces.
 *
 * A trace is an instrument, not a part of the simulated world: nothing of it is a row, so that a traced run and an untraced one are the same
 * lab (S27). It lives in memory; closing the lab or a kill ends it, and it has to be switched on again. Turning a machine off, resetting or
 * saving it does not end its trace: the next start is in it from the first hypercall on.
 */
import type { Tick } from '../kernel/ticks.ts'
import { StackLog } from './stack-log.ts'
import type { StackTraceKind, StackTraceRow } from './stack-types.ts'

/** Machines whose traces are kept at the same time: with 20,000 events each about 60 MB at the most. */
export const TRACED_MACHINES_MAX = 16
/** Rows of one answer at the most. */
export const TRACE_READ_MAX = 1000

export interface TraceQuery {
  /** Empty: all kinds. */
  readonly kinds: readonly StackTraceKind[]
  /** Text that a row must contain, in any case; empty for every row. */
  readonly text: string
  readonly channelId: number | null
  readonly transactionId: number | null
  /** Sequence number after which to begin; 0 for the oldest that is kept. */
  readonly since: number
  /** 1 to 1000. */
  readonly limit: number
}

export interface TraceAnswer {
  readonly on: boolean
  readonly rows: readonly StackTraceRow[]
  /** What to ask for next as `since`: the last sequence number that was looked at. */
  readonly next: number
  /** More rows than were looked at are there. */
  readonly more: boolean
  /** Events between `since` and the oldest that is kept: they came too fast or were asked for too late. */
  readonly lost: number
}

export class TraceLogs {
  readonly #now: () => Tick
  readonly #logs = new Map<string, StackLog>()

  constructor(now: () => Tick) {
    this.#now = now
  }

  get(machineId: string): StackLog | undefined {
    return this.#logs.get(machineId)
  }

  /** Makes room for one more log; false when so many are being traced already. `known` tells which machines still exist. */
  admit(machineId: string, known: (machineId: string) => boolean): boolean {
    for (const id of this.#logs.keys()) if (!known(id)) this.#logs.delete(id)
    if (this.#logs.has(machineId) || this.#logs.size < TRACED_MACHINES_MAX) return true
    const idle = [...this.#logs].find(([, log]) => !log.on)
    if (idle === undefined) return false
    this.#logs.delete(idle[0])
    return true
  }

  /** The log of a machine that `admit` has let in. */
  take(machineId: string, ofStack: StackLog | undefined): StackLog {
    const log = ofStack ?? this.#logs.get(machineId) ?? new StackLog(this.#now)
    this.#logs.set(machineId, log)
    return log
  }

  read(machineId: string, query: TraceQuery): TraceAnswer {
    const log = this.#logs.get(machineId)
    if (log === undefined) return { on: false, rows: [], next: query.since, more: false, lost: 0 }
    return { on: log.on, ...select(log.rows(), query) }
  }
}

function select(kept: readonly StackTraceRow[], query: TraceQuery): Omit<TraceAnswer, 'on'> {
  const oldest = kept[0]?.sequence ?? query.since + 1
  const from = Math.max(0, query.since + 1 - oldest)
  const rows: StackTraceRow[] = []
  const limit = Math.min(query.limit, TRACE_READ_MAX)
  const text = query.text.toLowerCase()
  let at = from
  for (; at < kept.length && rows.length < limit; at++) {
    const row = kept[at]
    if (row !== undefined && fits(row, query, text)) rows.push(row)
  }
  const next = kept[at - 1]?.sequence ?? query.since
  return { rows, next, more: at < kept.length, lost: query.since === 0 ? 0 : Math.max(0, oldest - query.since - 1) }
}

function fits(row: StackTraceRow, query: TraceQuery, text: string): boolean {
  if (query.kinds.length > 0 && !query.kinds.includes(row.kind)) return false
  if (query.channelId !== null && row.channelId !== query.channelId) return false
  if (query.transactionId !== null && row.transactionId !== query.transactionId) return false
  return text === '' || row.text.toLowerCase().includes(text)
}
