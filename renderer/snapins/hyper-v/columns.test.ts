import { describe, expect, it } from 'vitest'
import type { VmView } from '../../../preload/contract/index.ts'
import { sortRows } from '../../mmc/index.ts'
import { cpuText, DEFAULT_COLUMNS, demandText, heartbeatText, memoryStatusText, vmColumns, vmIcon } from './columns.tsx'
import type { VmCounters } from './liveValues.tsx'

const vm = (changes: Partial<VmView>): VmView => ({
  id: 'vm',
  hostId: 'host',
  name: 'APP01',
  stateText: changes.state ?? 'Running',
  state: 'Running',
  statusText: '',
  startedTick: 0,
  assignedMemoryMb: 1024,
  configurationVersion: '10.0',
  heartbeatText: 'OK (Applications Healthy)',
  generation: 2,
  actions: 0,
  cancellableJobId: null,
  workload: 'idle',
  ...changes,
})
const counters: VmCounters = { cpuPercent: 12, assignedMb: 1024, demandMb: 541, memoryStatus: 'Low' }
const isStatic: VmCounters = { ...counters, demandMb: -1, memoryStatus: 'OK' }

describe('cells of the list', () => {
  it('shows processor use only where there is a partition', () => {
    expect(
      [vm({}), vm({ state: 'Paused' }), vm({ state: 'Starting' }), vm({ state: 'Off' }), vm({ state: 'Saved' })].map((row) =>
        cpuText(row, counters),
      ),
    ).toEqual(['12 %', '0 %', '0 %', '', ''])
    expect(cpuText(vm({}), undefined)).toBe('')
  })

  it('shows demand and memory status only for guests that report', () => {
    expect([demandText(vm({}), counters), memoryStatusText(vm({}), counters)]).toEqual(['541 MB', 'Low'])
    expect([demandText(vm({}), isStatic), memoryStatusText(vm({}), isStatic)]).toEqual(['', ''])
    expect([demandText(vm({ state: 'Off' }), counters), memoryStatusText(vm({ state: 'Saved' }), counters)]).toEqual(['', ''])
  })

  it('shows no heartbeat of machines that are off or saved', () => {
    expect([heartbeatText(vm({})), heartbeatText(vm({ state: 'Off' })), heartbeatText(vm({ state: 'Saved' }))]).toEqual([
      'OK (Applications Healthy)',
      '',
      '',
    ])
  })

  it('has a brighter icon for machines with a partition', () => {
    const icons = [
      vm({}),
      vm({ state: 'Paused' }),
      vm({ state: 'Off' }),
      vm({ state: 'Saved' }),
      vm({ state: 'Paused', stateText: 'Paused-Critical' }),
    ]
    expect(icons.map(vmIcon)).toEqual(['vm-running', 'vm-running', 'vm-off', 'vm-off', 'vm-critical'])
  })
})

describe('vmColumns', () => {
  const live = new Map([
    ['busy', { ...counters, cpuPercent: 90 }],
    ['calm', { ...counters, cpuPercent: 2 }],
  ])
  const columns = vmColumns({ get: (id) => live.get(id) }, () => 900_000_000)
  const order = (columnId: string, rows: readonly VmView[]): readonly string[] =>
    sortRows(
      rows,
      columns.find(({ id }) => id === columnId),
      'ascending',
    ).map(({ id }) => id)

  it('offers the default columns', () => {
    expect(DEFAULT_COLUMNS.filter((id) => !columns.some((column) => column.id === id))).toEqual([])
  })

  it('sorts processor use by its number, machines without one first', () => {
    const rows = [vm({ id: 'busy' }), vm({ id: 'off', state: 'Off' }), vm({ id: 'calm' }), vm({ id: 'paused', state: 'Paused' })]
    expect(order('cpu', rows)).toEqual(['off', 'paused', 'calm', 'busy'])
  })

  it('sorts uptime from short to long', () => {
    const rows = [vm({ id: 'long', startedTick: 1 }), vm({ id: 'off', startedTick: null }), vm({ id: 'short', startedTick: 800_000_000 })]
    expect(order('uptime', rows)).toEqual(['off', 'short', 'long'])
  })

  it('sorts memory and versions by number', () => {
    const rows = [
      vm({ id: 'a', assignedMemoryMb: 16_384, configurationVersion: '10.0' }),
      vm({ id: 'b', assignedMemoryMb: 512, configurationVersion: '9.0' }),
    ]
    expect(order('assignedMemory', rows)).toEqual(['b', 'a'])
    expect(order('configurationVersion', rows)).toEqual(['b', 'a'])
  })
})
