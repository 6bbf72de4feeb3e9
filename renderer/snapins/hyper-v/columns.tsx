/** Columns of the list of virtual machines (hyper-v-manager 1.6). Replication health and integration services are not offered: nothing feeds them. */
import type { VmView } from '../../../preload/contract/index.ts'
import type { ColumnChoice, ListColumn } from '../../mmc/index.ts'
import type { IconName } from '../../theme/icons/Icon.tsx'
import { formatCpu, formatMemory, formatUptime } from './formats.ts'
import { LiveText, type LiveValues, UptimeText, type VmCounters } from './liveValues.tsx'

export const NAME_COLUMN = 'name'
export const DEFAULT_COLUMNS: readonly string[] = [
  NAME_COLUMN,
  'state',
  'cpu',
  'assignedMemory',
  'uptime',
  'status',
  'configurationVersion',
]

/** Columns whose order changes with the counters: sorting by one of them needs the counters of all machines. */
const LIVE_COLUMNS: readonly string[] = ['cpu', 'memoryDemand', 'memoryStatus']

export function isLiveColumn(columnId: string | undefined): boolean {
  return columnId !== undefined && LIVE_COLUMNS.includes(columnId)
}

/** Whether a machine has a partition, and so processor use, memory and uptime. */
function hasPartition(vm: VmView): boolean {
  return vm.state !== 'Off' && vm.state !== 'Saved'
}

/** `12 %`; empty when off or saved. A machine that does not run guest code uses nothing. */
export function cpuText(vm: VmView, counters: VmCounters | undefined): string {
  if (!hasPartition(vm)) return ''
  if (vm.state !== 'Running') return formatCpu(0)
  return counters === undefined ? '' : formatCpu(counters.cpuPercent)
}

/** MB that the guest asks for; empty when off and when the guest does not report. */
export function demandText(vm: VmView, counters: VmCounters | undefined): string {
  return hasPartition(vm) && counters !== undefined ? formatMemory(counters.demandMb) : ''
}

/** `OK`, `Low` or `Warning`; empty for static memory (1.6). */
export function memoryStatusText(vm: VmView, counters: VmCounters | undefined): string {
  return hasPartition(vm) && counters !== undefined && counters.demandMb >= 0 ? counters.memoryStatus : ''
}

/** Heartbeat; empty when off or saved (7.1). */
export function heartbeatText(vm: VmView): string {
  return hasPartition(vm) ? vm.heartbeatText : ''
}

type LiveTextOf = (vm: VmView, counters: VmCounters | undefined) => string

/** All columns. `now` gives the lab's tick, for copying and fitting; sorting reads the counters that are there. */
export function vmColumns(live: Pick<LiveValues, 'get'>, now: () => number): readonly ListColumn<VmView>[] {
  const liveColumn = (
    id: string,
    header: string,
    width: number,
    textOf: LiveTextOf,
    value: (vm: VmView) => number | string | null,
  ): ListColumn<VmView> => ({
    id,
    header,
    width,
    text: (vm) => textOf(vm, live.get(vm.id)),
    render: (vm) => <LiveText vmId={vm.id} text={(counters) => textOf(vm, counters)} />,
    sortValue: value,
  })
  return [
    { id: NAME_COLUMN, header: 'Name', width: 170, minWidth: 60, text: (vm) => vm.name },
    { id: 'state', header: 'State', width: 92, text: (vm) => vm.stateText },
    liveColumn('cpu', 'CPU Usage', 82, cpuText, (vm) =>
      hasPartition(vm) ? (vm.state === 'Running' ? (live.get(vm.id)?.cpuPercent ?? 0) : 0) : null,
    ),
    {
      id: 'assignedMemory',
      header: 'Assigned Memory',
      width: 112,
      text: (vm) => formatMemory(vm.assignedMemoryMb),
      sortValue: (vm) => vm.assignedMemoryMb,
    },
    liveColumn('memoryDemand', 'Memory Demand', 108, demandText, (vm) => {
      const demandMb = live.get(vm.id)?.demandMb ?? -1
      return hasPartition(vm) && demandMb >= 0 ? demandMb : null
    }),
    liveColumn('memoryStatus', 'Memory Status', 98, memoryStatusText, (vm) => memoryStatusText(vm, live.get(vm.id))),
    {
      id: 'uptime',
      header: 'Uptime',
      width: 92,
      text: (vm) => (vm.startedTick === null ? '' : formatUptime(now() - vm.startedTick)),
      render: (vm) => (vm.startedTick === null ? '' : <UptimeText startedTick={vm.startedTick} />),
      // The latest start is the shortest uptime.
      sortValue: (vm) => (vm.startedTick === null ? null : -vm.startedTick),
    },
    { id: 'status', header: 'Status', width: 168, text: (vm) => vm.statusText },
    {
      id: 'configurationVersion',
      header: 'Configuration Version',
      width: 142,
      text: (vm) => vm.configurationVersion,
      sortValue: (vm) => Number(vm.configurationVersion),
    },
    { id: 'heartbeat', header: 'Heartbeat', width: 170, text: heartbeatText },
  ]
}

export function columnChoices(columns: readonly ListColumn<VmView>[]): readonly ColumnChoice[] {
  return columns.map(({ id, header }) => ({ id, title: header, fixed: id === NAME_COLUMN }))
}

/** Icon of a row: bright for machines with a partition, grey for the others, marked when critical. */
export function vmIcon(vm: VmView): IconName {
  if (vm.stateText.endsWith('-Critical')) return 'vm-critical'
  return hasPartition(vm) ? 'vm-running' : 'vm-off'
}

export function vmId(vm: VmView): string {
  return vm.id
}
