import { describe, expect, it, vi } from 'vitest'
import { type HostView, VM_ACTIONS, type VmAction, type VmView } from '../../../preload/contract/index.ts'
import { type Command, flattenCommands, type MenuEntry, tidySeparators } from '../../mmc/index.ts'
import { rootEntries, serverEntries, shownActions, type VmCommandContext, vmEntries } from './commands.ts'

/** What the engine offers by state (hyper-v-manager 3.2). */
const OFFERED = {
  Off: ['connect', 'settings', 'start', 'checkpoint', 'rename', 'delete'],
  Running: ['connect', 'settings', 'turn-off', 'shut-down', 'save', 'pause', 'reset', 'checkpoint', 'revert', 'rename'],
  Paused: ['connect', 'settings', 'turn-off', 'save', 'resume', 'reset', 'rename'],
  Saved: ['connect', 'settings', 'start', 'rename', 'delete-saved-state', 'delete'],
} as const satisfies Readonly<Record<string, readonly VmAction[]>>

const bits = (actions: readonly VmAction[]): number => actions.reduce((sum, action) => sum | (1 << VM_ACTIONS.indexOf(action)), 0)

const vm = (state: keyof typeof OFFERED, id: string = state): VmView => ({
  id,
  hostId: 'host',
  name: id,
  stateText: state,
  state,
  statusText: '',
  startedTick: null,
  assignedMemoryMb: null,
  configurationVersion: '10.0',
  heartbeatText: '',
  generation: 2,
  actions: bits(OFFERED[state]),
  cancellableJobId: null,
  workload: 'idle',
})

const help: Command = { id: 'help', label: '&Help' }
const context = (vms: readonly VmView[], changes: Partial<VmCommandContext> = {}): VmCommandContext => ({
  vms,
  connected: true,
  command: (action, run) => ({ id: action, label: action, run }),
  run: () => {},
  cancelJob: () => {},
  word: 'Checkpoint',
  help,
  ...changes,
})
const drawn = (entries: readonly MenuEntry[]): readonly string[] =>
  tidySeparators(entries).map((entry) => (entry === 'separator' ? '|' : entry.id))

describe('actions on virtual machines', () => {
  it('lists them in the order of the product for each state', () => {
    expect(shownActions([vm('Off')])).toEqual(['connect', 'settings', 'start', 'checkpoint', 'rename', 'delete'])
    expect(shownActions([vm('Running')])).toEqual([
      'connect',
      'settings',
      'turn-off',
      'shut-down',
      'save',
      'pause',
      'reset',
      'checkpoint',
      'revert',
      'rename',
    ])
    expect(shownActions([vm('Paused')])).toEqual(['connect', 'settings', 'turn-off', 'save', 'resume', 'reset', 'rename'])
    expect(shownActions([vm('Saved')])).toEqual(['connect', 'settings', 'start', 'delete-saved-state', 'rename', 'delete'])
  })

  it('shows for several machines what applies to one of them, without renaming', () => {
    expect(shownActions([vm('Off'), vm('Running')])).toEqual([
      'connect',
      'start',
      'turn-off',
      'shut-down',
      'save',
      'pause',
      'reset',
      'checkpoint',
      'delete',
    ])
  })

  it('has another order for several machines', () => {
    expect(shownActions([vm('Saved'), vm('Saved', 'other')])).toEqual(['connect', 'start', 'delete-saved-state', 'delete'])
    expect(shownActions([vm('Saved'), vm('Paused')]).slice(-3)).toEqual(['reset', 'delete-saved-state', 'delete'])
  })

  it('runs an action on the machines to which it applies', () => {
    const run = vi.fn()
    const off = vm('Off')
    const entries = flattenCommands(vmEntries(context([off, vm('Running'), vm('Saved')], { run }), false))
    entries.find(({ id }) => id === 'start')?.run?.()
    expect(run.mock.calls).toEqual([['start', [off, vm('Saved')]]])
  })

  it('has separators in the context menu as the product has them', () => {
    expect(drawn(vmEntries(context([vm('Running')]), true))).toEqual([
      'connect',
      '|',
      'settings',
      '|',
      'turn-off',
      'shut-down',
      'save',
      '|',
      'pause',
      'reset',
      '|',
      'checkpoint',
      'revert',
      '|',
      'rename',
      '|',
      'help',
    ])
    expect(drawn(vmEntries(context([vm('Off')]), false))).toEqual([
      'connect',
      'settings',
      'start',
      'checkpoint',
      'rename',
      'delete',
      '|',
      'help',
    ])
    // Several machines cannot be reverted together.
    const several = drawn(vmEntries(context([vm('Running'), vm('Off')]), true))
    expect(several.slice(several.indexOf('reset'))).toEqual(['reset', '|', 'checkpoint', '|', 'delete', '|', 'help'])
  })

  it('offers to cancel what can be cancelled', () => {
    const cancelJob = vi.fn()
    const creating = { ...vm('Off'), cancellableJobId: 'job-1' }
    flattenCommands(vmEntries(context([creating], { cancelJob }), false))
      .find(({ id }) => id === 'cancel-job')
      ?.run?.()
    expect(cancelJob.mock.calls).toEqual([['job-1']])
    expect(drawn(vmEntries(context([creating, vm('Off', 'other')]), false))).not.toContain('cancel-job')
  })

  it('greys everything but help while the connection is lost', () => {
    const entries = flattenCommands(vmEntries(context([vm('Running')], { connected: false }), false))
    expect(entries.filter(({ enabled }) => enabled !== false).map(({ id }) => id)).toEqual(['help'])
  })

  it('has nothing for nothing', () => {
    expect(vmEntries(context([]), true)).toEqual([])
  })
})

describe('actions on the server', () => {
  const entries = (serviceState: HostView['serviceState'], connected = true): readonly MenuEntry[] => {
    const nothing = (): void => {}
    const disks = { newDisk: nothing, newFloppy: nothing, editDisk: nothing, inspectDisk: nothing }
    const acts = { disks, newVirtualMachine: nothing, stopService: nothing, startService: nothing, refresh: nothing }
    return serverEntries({ host: { serviceState }, connected, view: [{ id: 'columns', label: 'Columns' }], help, ...acts })
  }

  it('lists them by the state of the service', () => {
    expect(drawn(entries('running'))).toEqual([
      'new',
      '|',
      'edit-disk',
      'inspect-disk',
      '|',
      'stop-service',
      'refresh',
      '|',
      'view',
      '|',
      'help',
    ])
    expect(drawn(entries('stopped'))).toEqual(['start-service', 'refresh', '|', 'view', '|', 'help'])
    expect(drawn(entries('stopping'))).toEqual(['refresh', '|', 'view', '|', 'help'])
    expect(drawn(rootEntries([], help))).toEqual(['view', '|', 'help'])
  })

  it('greys what needs the connection', () => {
    const greyed = flattenCommands(entries('running', false)).filter(({ enabled }) => enabled === false)
    expect(greyed.map(({ id }) => id)).toEqual([
      'new',
      'new-vm',
      'new-disk',
      'new-floppy',
      'edit-disk',
      'inspect-disk',
      'stop-service',
      'refresh',
    ])
  })
})
