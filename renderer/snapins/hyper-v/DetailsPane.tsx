import { type ReactNode, useCallback, useState } from 'react'
import type { HostView, VmDetail, VmView } from '../../../preload/contract/index.ts'
import { useConsole, useLabState } from '../../client/lab-context.tsx'
import { type BottomTab, BottomTabs, type Detail, DetailsGrid, initialListViewState, type ListColumn, ListView } from '../../mmc/index.ts'
import { ConsolePicture } from '../../picture/index.ts'
import { demandText, heartbeatText } from './columns.tsx'
import { formatDateTime, formatMemory, instantOf } from './formats.ts'
import classes from './HyperV.module.css'
import { LiveText, type VmCounters } from './liveValues.tsx'
import { TEXTS } from './texts.ts'

const TABS = [
  { id: 'summary', title: 'Summary' },
  { id: 'memory', title: 'Memory' },
  { id: 'networking', title: 'Networking' },
  { id: 'replication', title: 'Replication' },
] as const satisfies readonly BottomTab[]

export type DetailsTab = (typeof TABS)[number]['id']

export function isDetailsTab(value: unknown): value is DetailsTab {
  return TABS.some(({ id }) => id === value)
}

export interface DetailsPaneProps {
  readonly host: HostView
  /** null = none or several machines are selected. */
  readonly vm: VmView | null
  readonly detail: VmDetail | undefined
  readonly tab: DetailsTab
  readonly onTabChange: (tab: DetailsTab) => void
  readonly onConnect: (vmId: string) => void
}

/** What is known of the selected machine, on four tabs (hyper-v-manager 7). */
export function DetailsPane({ host, vm, detail, tab, onTabChange, onConnect }: DetailsPaneProps): ReactNode {
  if (vm === null) return <p className={classes.placeholder}>{TEXTS.noItem}</p>
  const page = (): ReactNode => {
    if (detail === undefined) return null
    switch (tab) {
      case 'summary':
        return <SummaryTab key={vm.id} host={host} vm={vm} detail={detail} onConnect={onConnect} />
      case 'memory':
        return <MemoryTab vm={vm} detail={detail} />
      case 'networking':
        return <NetworkingTab key={vm.id} detail={detail} />
      case 'replication':
        return <p>{detail.replicationText}</p>
    }
  }
  return (
    <BottomTabs tabs={TABS} activeId={tab} label={`Details of ${vm.name}`} onChange={(id) => isDetailsTab(id) && onTabChange(id)}>
      <div className={tab === 'networking' ? classes.listPage : classes.page}>{page()}</div>
    </BottomTabs>
  )
}

/** A row of the grid; left out when there is no value. */
function row(id: string, label: string, value: ReactNode): readonly Detail[] {
  return value === '' || value === null ? [] : [{ id, label, value }]
}

interface SummaryTabProps {
  readonly host: HostView
  readonly vm: VmView
  readonly detail: VmDetail
  readonly onConnect: (vmId: string) => void
}

/** Picture size of the thumbnail, CSS pixels. */
const THUMBNAIL = { width: 128, height: 96 }

function SummaryTab({ host, vm, detail, onConnect }: SummaryTabProps): ReactNode {
  const picture = useConsole(vm.id, 'thumbnail')
  const startTimeMs = useLabState((state) => state.lab?.startTimeMs ?? 0)
  const left = [
    ...row('created', 'Created:', formatDateTime(instantOf(startTimeMs, detail.createdTick))),
    ...row('version', 'Configuration Version:', vm.configurationVersion),
    ...row('generation', 'Generation:', host.generationOffered ? String(vm.generation) : ''),
    ...row('notes', 'Notes:', detail.notes === '' ? 'None' : detail.notes),
  ]
  const right = [
    ...row('clustered', 'Clustered:', detail.clustered ? 'Yes' : 'No'),
    ...row('heartbeat', 'Heartbeat:', heartbeatText(vm)),
    ...row('integration', 'Integration Services:', detail.integrationServicesText),
  ]
  return (
    <div className={classes.summary}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Connect is in the menus and on Enter too */}
      <div className={classes.thumbnail} title="Double-click to connect" onDoubleClick={() => onConnect(vm.id)}>
        <ConsolePicture frame={picture?.frame ?? null} {...THUMBNAIL} label={`Screen of ${vm.name}`} />
      </div>
      <DetailsGrid left={left} right={right} label="Summary" />
    </div>
  )
}

interface MemoryTabProps {
  readonly vm: VmView
  readonly detail: VmDetail
}

function MemoryTab({ vm, detail }: MemoryTabProps): ReactNode {
  const hasMemory = vm.assignedMemoryMb !== null
  const demand = useCallback(
    (counters: VmCounters | undefined) => demandText(vm, counters) || formatMemory(detail.memoryDemandMb),
    [vm, detail.memoryDemandMb],
  )
  const status = useCallback((counters: VmCounters | undefined) => counters?.memoryStatus || detail.memoryStatus, [detail.memoryStatus])
  const left = [
    ...row('startup', 'Startup Memory:', formatMemory(detail.startupMemoryMb)),
    ...row('dynamic', 'Dynamic Memory:', detail.dynamicMemory ? 'Enabled' : 'Disabled'),
    ...(detail.dynamicMemory
      ? [
          ...row('minimum', 'Minimum Memory:', formatMemory(detail.minimumMemoryMb)),
          ...row('maximum', 'Maximum Memory:', formatMemory(detail.maximumMemoryMb)),
        ]
      : []),
  ]
  const right = [
    ...row('assigned', 'Assigned Memory:', formatMemory(vm.assignedMemoryMb ?? 0)),
    ...(hasMemory && detail.memoryDemandMb !== null ? row('demand', 'Memory Demand:', <LiveText vmId={vm.id} text={demand} />) : []),
    ...(hasMemory ? row('status', 'Memory Status:', <LiveText vmId={vm.id} text={status} />) : []),
  ]
  return <DetailsGrid left={left} right={right} label="Memory" />
}

type Adapter = VmDetail['adapters'][number]

const ADAPTER_COLUMNS: readonly ListColumn<Adapter>[] = [
  { id: 'adapter', header: 'Adapter', width: 344, text: (adapter) => adapter.text },
  { id: 'connection', header: 'Connection', width: 124, text: (adapter) => adapter.connection },
  { id: 'addresses', header: 'IP Addresses', width: 256, text: (adapter) => adapter.ipAddresses },
  { id: 'status', header: 'Status', width: 110, text: (adapter) => adapter.status },
]

const adapterId = (adapter: Adapter): string => adapter.id

function NetworkingTab({ detail }: { readonly detail: VmDetail }): ReactNode {
  const [state, setState] = useState(() => initialListViewState(ADAPTER_COLUMNS))
  return (
    <ListView
      label="Network adapters"
      rows={detail.adapters}
      getId={adapterId}
      columns={ADAPTER_COLUMNS}
      state={state}
      onStateChange={setState}
      emptyText={TEXTS.noAdapters}
      multiSelect={false}
    />
  )
}
