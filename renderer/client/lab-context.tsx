/** Gives components the connection, the shell, the preferences and the engine's state. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import type { ConsoleMessage, MetricsMessage, ShellAbilities, VmDetail } from '../../preload/contract/index.ts'
import type { Client, Connection, ConnectionStatus } from './connection.ts'
import { watchLatest } from './latest.ts'
import type { Preferences } from './preferences.ts'
import { type ClientState, openStateStore, type StateSource, type StateStore } from './state-store.ts'

export interface LabContextValue {
  readonly shell: ShellAbilities
  readonly connection: Connection
  readonly preferences: Preferences
  /** The window's main subscription. */
  readonly store: StateStore
}

const LabContext = createContext<LabContextValue | null>(null)

/** Provides the lab to the components below. */
export function LabProvider({ value, children }: { readonly value: LabContextValue; readonly children: ReactNode }) {
  return <LabContext.Provider value={value}>{children}</LabContext.Provider>
}

export function useLab(): LabContextValue {
  const value = useContext(LabContext)
  if (value === null) throw new Error('useLab outside of LabProvider')
  return value
}

export function useClient(): Client {
  return useLab().connection.client
}

export function useConnectionStatus(): ConnectionStatus {
  const { status } = useLab().connection
  return useSyncExternalStore(status.subscribe, status.get)
}

/** Why the main subscription gets nothing although the connection stands; null when all is well. */
export function useTrouble(): string | null {
  const { store } = useLab()
  return useSyncExternalStore(store.subscribe, store.trouble)
}

/** A part of the main subscription's state; renders again only when that part changes, so `select` must return rows or maps as they are. */
export function useLabState<T>(select: (state: ClientState) => T): T {
  const { store } = useLab()
  return useSyncExternalStore(store.subscribe, () => select(store.get()))
}

/** The remembered text of a preference, and a way to change it. */
export function usePreference(key: string): readonly [string | undefined, (value: string | null) => void] {
  const { preferences } = useLab()
  const value = useSyncExternalStore(preferences.subscribe, () => preferences.get(key))
  const set = useMemo(() => (next: string | null) => preferences.set(key, next), [preferences, key])
  return [value, set]
}

const NO_SOURCE = ''

/** Details of one virtual machine while the component is shown; undefined until they are there, and for null. */
export function useVmDetail(vmId: string | null): VmDetail | undefined {
  const { connection } = useLab()
  const [detail, setDetail] = useState<VmDetail | undefined>(undefined)
  useEffect(() => {
    setDetail(undefined)
    if (vmId === null) return
    const source: StateSource = { hostId: null, vmId }
    const store = openStateStore(connection, source)
    const stop = store.subscribe(() => setDetail(store.get().vmDetails.get(vmId)))
    return () => {
      stop()
      store.close()
    }
  }, [connection, vmId])
  return detail?.id === (vmId ?? NO_SOURCE) ? detail : undefined
}

/** Counters of the named machines, renewed each simulated second. `vmIds` should keep its identity while it stays the same. */
export function useMetrics(hostId: string | null, vmIds: 'all' | readonly string[]): MetricsMessage | undefined {
  const { connection } = useLab()
  const [message, setMessage] = useState<MetricsMessage | undefined>(undefined)
  useEffect(() => {
    if (hostId === null) return
    const ids = vmIds === 'all' ? vmIds : vmIds.slice(0, 512)
    return watchLatest(
      connection,
      (signal) => connection.client.state.metrics({ hostId, vmIds: ids === 'all' ? ids : [...ids] }, { signal }),
      setMessage,
    )
  }, [connection, hostId, vmIds])
  return message
}

/** The picture of a virtual machine's console. */
export function useConsole(vmId: string | null, rate: 'live' | 'thumbnail'): ConsoleMessage | undefined {
  const { connection } = useLab()
  const [shown, setShown] = useState<{ readonly vmId: string; readonly message: ConsoleMessage } | undefined>(undefined)
  useEffect(() => {
    if (vmId === null) return
    return watchLatest(
      connection,
      (signal) => connection.client.console.watch({ vmId, rate }, { signal }),
      (message) => setShown({ vmId, message }),
    )
  }, [connection, vmId, rate])
  return shown?.vmId === vmId ? shown?.message : undefined
}
