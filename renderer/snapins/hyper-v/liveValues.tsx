/**
 * The list's changing values: counters arrive once per simulated second and reach only the cells that show them, so that neither the list nor
 * the console renders again for them.
 */
import { createContext, type ReactNode, use, useEffect, useState, useSyncExternalStore } from 'react'
import type { MetricsMessage } from '../../../preload/contract/index.ts'
import { useLabState, useMetrics } from '../../client/lab-context.tsx'
import { formatUptime } from './formats.ts'

/** Counters of one machine. */
export interface VmCounters {
  /** Whole per cent of the host's capacity. */
  readonly cpuPercent: number
  readonly assignedMb: number
  /** MB; -1 when the guest does not report. */
  readonly demandMb: number
  readonly memoryStatus: '' | 'OK' | 'Low' | 'Warning'
}

export interface LiveValues {
  /** The newest counters; undefined for machines without a partition and before the first message. */
  get(vmId: string): VmCounters | undefined
  subscribe(listener: () => void): () => void
  /** Counts the messages that were taken. */
  version(): number
  take(message: MetricsMessage): void
}

function createLiveValues(): LiveValues {
  const listeners = new Set<() => void>()
  let counters: ReadonlyMap<string, VmCounters> = new Map()
  let version = 0
  return {
    get: (vmId) => counters.get(vmId),
    version: () => version,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    take(message) {
      version += 1
      counters = new Map(
        message.rows.map(([vmId, cpuPercent, assignedMb, demandMb, memoryStatus]) => [
          vmId,
          { cpuPercent, assignedMb, demandMb, memoryStatus },
        ]),
      )
      for (const listener of [...listeners]) listener()
    },
  }
}

const Context = createContext<LiveValues | null>(null)

/** Keeps the live values of the console below it. */
export function LiveValuesProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [values] = useState(createLiveValues)
  return <Context value={values}>{children}</Context>
}

export function useLiveValues(): LiveValues {
  const values = use(Context)
  if (values === null) throw new Error('Live values need a LiveValuesProvider.')
  return values
}

export interface MetricsFeedProps {
  readonly hostId: string
  /** Which machines are watched; the array must keep its identity while it stays the same. */
  readonly vmIds: 'all' | readonly string[]
}

/** Brings the counters in; draws nothing. */
export function MetricsFeed({ hostId, vmIds }: MetricsFeedProps): ReactNode {
  const values = useLiveValues()
  const message = useMetrics(hostId, vmIds)
  useEffect(() => {
    if (message !== undefined) values.take(message)
  }, [message, values])
  return null
}

export interface LiveTextProps {
  readonly vmId: string
  readonly text: (counters: VmCounters | undefined) => string
}

/** A text made from a machine's counters; renders again only when the text changes. */
export function LiveText({ vmId, text }: LiveTextProps): ReactNode {
  const values = useLiveValues()
  return useSyncExternalStore(values.subscribe, () => text(values.get(vmId)))
}

/** Time since a machine's start, from the lab's clock. */
export function UptimeText({ startedTick }: { readonly startedTick: number }): ReactNode {
  return useLabState((state) => (state.lab === null ? '' : formatUptime(state.lab.tick - startedTick)))
}
