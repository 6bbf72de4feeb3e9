import { useCallback, useEffect, useMemo, useState } from 'react'
import type { HostView, VmView } from '../../../preload/contract/index.ts'
import { useJsonPreference } from '../../client/json-preference.ts'
import { useLabState } from '../../client/lab-context.tsx'
import type { ListViewState } from '../../mmc/index.ts'
import { DEFAULT_COLUMNS, NAME_COLUMN, vmColumns } from './columns.tsx'
import { isRememberedList, type RememberedList, restoreList } from './listPreferences.ts'

export interface Selection {
  /** The server's machines; empty while its management service does not run. */
  readonly rows: readonly VmView[]
  readonly list: ListViewState
  readonly setList: (state: ListViewState) => void
  /** The selected machines, in no particular order. */
  readonly selected: readonly VmView[]
  /** The one selected machine; null when none or several are. */
  readonly single: VmView | null
}

const NO_ROWS: readonly VmView[] = []

/** Columns as they are without any counters: for what is remembered of them. */
export const PLAIN_COLUMNS = vmColumns({ get: () => undefined }, () => 0)

function isRememberedOrNone(value: unknown): value is RememberedList | null {
  return value === null || isRememberedList(value)
}

/** The list's rows, and what of it is remembered: columns, widths, order, sort. */
export function useSelection(host: HostView | undefined): Selection {
  const machines = useLabState((state) => state.virtualMachines)
  const running = host?.serviceState === 'running'
  const rows = useMemo(() => (running ? [...machines.values()] : NO_ROWS), [machines, running])
  const [remembered, remember] = useJsonPreference('hyper-v.virtual-machines', isRememberedOrNone, null)
  const [list, setState] = useState(() => restoreList(PLAIN_COLUMNS, DEFAULT_COLUMNS, NAME_COLUMN, remembered))
  const setList = useCallback((next: ListViewState) => setState(next), [])
  const { columns, sort } = list
  const [saved, setSaved] = useState({ columns, sort })
  useEffect(() => {
    if (saved.columns === columns && saved.sort === sort) return
    setSaved({ columns, sort })
    remember({ columns, sort })
  }, [columns, sort, saved, remember])
  const { selectedIds } = list
  const selected = useMemo(
    () =>
      running
        ? [...selectedIds].flatMap((id) => {
            const vm = machines.get(id)
            return vm === undefined ? [] : [vm]
          })
        : NO_ROWS,
    [selectedIds, machines, running],
  )
  const single = selected.length === 1 ? (selected[0] ?? null) : null
  return { rows, list, setList, selected, single }
}
