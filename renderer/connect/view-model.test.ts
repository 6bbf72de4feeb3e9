import { describe, expect, it } from 'vitest'
import type { ConsoleMessage, VmView } from '../../preload/contract/index.ts'
import { type ConnectSource, captionOf, fitScreen, pageOf, statusOf, windowSize } from './view-model.ts'

const vm: VmView = {
  id: 'vm',
  hostId: 'host',
  name: 'APP01',
  stateText: 'Off',
  state: 'Off',
  statusText: '',
  startedTick: null,
  assignedMemoryMb: null,
  configurationVersion: '10.0',
  heartbeatText: '',
  generation: 2,
  actions: 0,
  cancellableJobId: null,
  workload: 'idle',
}
const off: ConsoleMessage = {
  tick: 0,
  frame: null,
  headline: "The virtual machine 'APP01' is turned off",
  hint: "To start the virtual machine, select 'Start' from the Action menu",
  offerStart: true,
  interactive: false,
}
const base: ConnectSource = {
  connection: { state: 'connected', reason: '' },
  loaded: true,
  vm,
  host: { name: 'HV01', toolsVersion: '10.0.20348.1', checkpointWord: 'Checkpoint' },
  lastName: 'APP01',
  console: off,
}

function shown(change: Partial<ConnectSource>) {
  const source = { ...base, ...change }
  return { status: statusOf(source), page: pageOf(source) }
}

describe('what the window says', () => {
  it('offers to start a machine that is off', () => {
    expect(shown({})).toEqual({
      status: 'Status: Off',
      page: { headline: off.headline, hint: off.hint, buttons: ['start'] },
    })
  })

  it('shows the picture of a running machine alone, and the progress of work in the status bar', () => {
    const running = { ...off, headline: null, hint: null, offerStart: false, interactive: true }
    expect(shown({ vm: { ...vm, stateText: 'Running' }, console: running })).toEqual({ status: 'Status: Running', page: null })
    expect(shown({ vm: { ...vm, stateText: 'Starting', statusText: 'Starting (10%)' }, console: running }).status).toBe(
      'Status: Starting (10%)',
    )
  })

  it('connects', () => {
    expect(shown({ loaded: false, vm: undefined, console: undefined, lastName: '' })).toEqual({
      status: 'Status: Connecting',
      page: { headline: 'Connecting...', hint: null, buttons: [] },
    })
    expect(shown({ console: undefined }).page?.headline).toBe("Connecting to 'APP01'...")
  })

  it('says that a deleted machine is gone', () => {
    expect(shown({ vm: undefined }).page).toEqual({
      headline: "The virtual machine 'APP01' no longer exists",
      hint: 'It was deleted. Close this window.',
      buttons: ['exit'],
    })
  })

  it('offers to connect again when the connection is lost, whatever else is known', () => {
    expect(shown({ connection: { state: 'lost', reason: 'Viridian has ended.' } })).toEqual({
      status: 'Status: Disconnected',
      page: {
        headline:
          'Cannot connect to the virtual machine. Try to connect again. If the problem persists, contact your system administrator.',
        hint: 'Viridian has ended. Would you like to try connecting again?',
        buttons: ['connect', 'exit'],
      },
    })
  })
})

describe('captionOf', () => {
  it('names machine and host', () => {
    expect(captionOf('APP01', 'HV01')).toBe('APP01 on HV01 - Virtual Machine Connection')
    expect(captionOf('', '')).toBe('Virtual Machine Connection')
  })
})

describe('windowSize', () => {
  it('follows the picture, its zoom and the toolbar', () => {
    expect(windowSize({ width: 1024, height: 768 }, 100, true)).toEqual({ width: 1024, height: 842 })
    expect(windowSize({ width: 720, height: 400 }, 125, false)).toEqual({ width: 900, height: 546 })
  })
})

describe('fitScreen', () => {
  it('leaves room for the edges of the window', () => {
    const screen = { width: 1920, height: 1040 }
    const frame = { width: 16, height: 39 }
    expect(fitScreen({ width: 1024, height: 842 }, screen, frame)).toEqual({ width: 1024, height: 842 })
    expect(fitScreen({ width: 2048, height: 1610 }, screen, frame)).toEqual({ width: 1904, height: 1001 })
  })
})
