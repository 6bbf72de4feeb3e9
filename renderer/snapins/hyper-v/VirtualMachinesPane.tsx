import {
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import type { VmView } from '../../../preload/contract/index.ts'
import { useLab } from '../../client/lab-context.tsx'
import { ListView, type ListViewHandle, type ListViewState, type MenuEntry, type RenameAnswer } from '../../mmc/index.ts'
import { isLiveColumn, NAME_COLUMN, vmColumns, vmIcon, vmId } from './columns.tsx'
import { MetricsFeed, useLiveValues } from './liveValues.tsx'
import { NAME_LENGTH_MAX } from './texts.ts'

export interface VirtualMachinesPaneProps {
  readonly hostId: string
  /** Empty while the management service does not run. */
  readonly rows: readonly VmView[]
  readonly emptyText: string
  readonly state: ListViewState
  readonly onStateChange: (state: ListViewState) => void
  /** The one selected machine, whose counters are wanted even when it is not on screen. */
  readonly selectedId: string | null
  readonly onConnect: (vmId: string) => void
  readonly menuFor: (ids: readonly string[]) => readonly MenuEntry[]
  readonly onRename: (vmId: string, name: string) => RenameAnswer
  readonly onFocus: () => void
  /** Keys before the list sees them; true = taken. */
  readonly onKey: (event: KeyboardEvent) => boolean
  readonly ref?: Ref<ListViewHandle>
}

/** Wait until the rows on screen are asked for: a scrolled list changes them with every picture. */
const SETTLE_MILLISECONDS = 100

/** Columns of the list; made anew with each message of counters only while the list is sorted by one of them. */
function useColumns(sortId: string | undefined) {
  const { store } = useLab()
  const live = useLiveValues()
  const base = useMemo(() => vmColumns(live, () => store.get().lab?.tick ?? 0), [live, store])
  const version = useSyncExternalStore(live.subscribe, () => (isLiveColumn(sortId) ? live.version() : 0))
  return useMemo(() => (version === 0 ? base : base.map((column) => (isLiveColumn(column.id) ? { ...column } : column))), [base, version])
}

/** The ids on screen, in an array that changes only when they do. */
function useRowsOnScreen(): readonly [readonly string[], (ids: readonly string[]) => void] {
  const [ids, setIds] = useState<readonly string[]>([])
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const take = useCallback((next: readonly string[]) => {
    clearTimeout(timer.current)
    const set = (): void => setIds((before) => (before.length === next.length && before.every((id, at) => id === next[at]) ? before : next))
    timer.current = setTimeout(set, SETTLE_MILLISECONDS)
  }, [])
  return [ids, take]
}

/** The list of virtual machines of a server. */
export function VirtualMachinesPane(props: VirtualMachinesPaneProps): ReactNode {
  const { hostId, rows, emptyText, state, onStateChange, selectedId, onConnect, menuFor, onRename, onFocus, onKey, ref } = props
  const columns = useColumns(state.sort?.columnId)
  const [onScreen, takeOnScreen] = useRowsOnScreen()
  const watched = useMemo(
    () => (selectedId === null || onScreen.includes(selectedId) ? onScreen : [selectedId, ...onScreen]),
    [onScreen, selectedId],
  )
  const onKeyDownCapture = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLInputElement || !onKey(event)) return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div style={{ display: 'contents' }} onKeyDownCapture={onKeyDownCapture}>
      {rows.length > 0 && <MetricsFeed hostId={hostId} vmIds={isLiveColumn(state.sort?.columnId) ? 'all' : watched} />}
      <ListView
        ref={ref}
        label="Virtual Machines"
        rows={rows}
        getId={vmId}
        columns={columns}
        state={state}
        onStateChange={onStateChange}
        iconOf={vmIcon}
        onActivate={onConnect}
        menuFor={menuFor}
        onRename={onRename}
        renameColumnId={NAME_COLUMN}
        renameMaxLength={NAME_LENGTH_MAX}
        onVisibleRange={takeOnScreen}
        emptyText={emptyText}
        onFocus={onFocus}
      />
    </div>
  )
}
