import { describe, expect, it } from 'vitest'
import type { SettingsFacts, VmSettings } from '../../../../preload/contract/index.ts'
import {
  beginSheet,
  bootOrderOf,
  changedFields,
  freeLocation,
  hasLocks,
  pageOfField,
  percentOfSystem,
  type SheetChange,
  type SheetState,
  sheetReducer,
} from './draft.ts'
import { draftNumber, shownNumber } from './pageProps.ts'
import { sheetSections } from './tree.ts'

const settings: VmSettings = {
  name: 'APP01',
  notes: '',
  bootOrder: ['disk', 'net'],
  numLock: false,
  startupMemoryMb: 4096,
  dynamicMemory: false,
  minimumMemoryMb: 512,
  maximumMemoryMb: 1_048_576,
  memoryBuffer: 20,
  memoryWeight: 5000,
  processorCount: 4,
  processorReserve: 0,
  processorLimit: 100,
  processorWeight: 100,
  scsiControllers: 1,
  drives: [{ id: 'disk', kind: 'hard-disk', controller: 'scsi', controllerNumber: 0, location: 0, path: 'C:\\app01.vhdx' }],
  checkpointType: 'production',
  checkpointPath: 'C:\\VM',
  automaticCheckpoints: false,
  smartPagingPath: 'C:\\VM',
  automaticStart: 'if-running',
  startDelaySeconds: 0,
  automaticStop: 'save',
}

const facts: SettingsFacts = {
  vmId: 'vm',
  hostId: 'host',
  hostName: 'HV01',
  generation: 2,
  stateText: 'Off',
  locked: [],
  features: {
    productionCheckpoints: true,
    automaticCheckpoints: true,
    dynamicMemory: true,
    runtimeMemory: true,
    scsiHotAdd: true,
    smartPaging: true,
    checkpointPage: 'Checkpoints',
  },
  checkpointWord: 'Checkpoint',
  hasCheckpoints: false,
  logicalProcessors: 32,
  processorsMaximum: 32,
  processorCounts: [],
  memoryMinimumMb: 32,
  memoryMaximumMb: 1_048_576,
  opticalDrives: [],
  virtualDiskPath: 'C:\\VHD',
  bootEntries: [{ key: 'net', kind: 'network', label: 'Network Adapter', value: '00155D000001' }],
}

const begin = (): SheetState => beginSheet(settings, facts)
const apply = (state: SheetState, ...changes: readonly SheetChange[]): SheetState => changes.reduce(sheetReducer, state)
const addDisk: SheetChange = { type: 'add-drive', kind: 'hard-disk', controller: 'scsi', controllerNumber: 0 }
const titles = (state: SheetState): readonly string[] =>
  sheetSections(state).flatMap(({ items }) =>
    items.flatMap((item) => [item, ...(item.children ?? [])]).map((item) => `${item.changed === true ? '*' : ''}${item.title}`),
  )

describe('the draft of a settings sheet', () => {
  it('knows what differs, and that what was set back does not', () => {
    const changed = apply(begin(), { type: 'set', values: { processorCount: 2 } })
    expect(changedFields(changed)).toEqual(['processorCount'])
    expect(changedFields(apply(changed, { type: 'set', values: { processorCount: 4 } }))).toEqual([])
  })

  it('adds a drive at the first free location, at the end of the boot order, and shows its page', () => {
    const state = apply(begin(), addDisk, addDisk)
    expect(state.draft.drives.slice(1).map(({ id, location, path }) => [id, location, path])).toEqual([
      ['new-1', 1, ''],
      ['new-2', 2, ''],
    ])
    expect(bootOrderOf(state)).toEqual(['disk', 'net', 'new-1', 'new-2'])
    expect(state.pageId).toBe('drive:new-2')
    expect(freeLocation(state.draft, 'scsi', 0)).toBe(3)
  })

  it('adds none where there is no place, and no fifth controller', () => {
    const gen1 = beginSheet({ ...settings, drives: [] }, { ...facts, generation: 1 })
    const ide: SheetChange = { type: 'add-drive', kind: 'dvd', controller: 'ide', controllerNumber: 1 }
    expect(apply(gen1, ide, ide, ide).draft.drives.map(({ location, path }) => [location, path])).toEqual([
      [0, null],
      [1, null],
    ])
    const controller: SheetChange = { type: 'add-controller' }
    expect(apply(begin(), controller, controller, controller, controller).draft.scsiControllers).toBe(4)
  })

  it('shows the controller of a drive that is removed', () => {
    const state = apply(begin(), { type: 'page', pageId: 'drive:disk' }, { type: 'remove-drive', id: 'disk' })
    expect(state.pageId).toBe('scsi:0')
    expect(bootOrderOf(state)).toEqual(['net'])
    expect(pageOfField(state, 'drives', 'disk')).toBe('scsi:0')
  })

  it('removes a controller with its drives, and moves up those behind it', () => {
    const second: SheetChange = { ...addDisk, controllerNumber: 1 }
    const state = apply(begin(), { type: 'add-controller' }, second, { type: 'remove-controller', controllerNumber: 0 })
    expect(state.draft).toMatchObject({ scsiControllers: 1, drives: [{ id: 'new-1', controllerNumber: 0 }] })
  })

  it('moves boot entries, but not beyond the ends', () => {
    const up = apply(begin(), { type: 'move-boot', key: 'net', by: -1 })
    expect(up.draft.bootOrder).toEqual(['net', 'disk'])
    expect(apply(up, { type: 'move-boot', key: 'net', by: -1 }).draft.bootOrder).toEqual(['net', 'disk'])
    expect(changedFields(apply(up, { type: 'move-boot', key: 'net', by: 1 }))).toEqual([])
  })

  it('stays on the page of a drive that has got its id', () => {
    const state = apply(begin(), addDisk)
    const drives = state.draft.drives.map((drive) => (drive.id === 'new-1' ? { ...drive, id: 'GUID' } : drive))
    expect(apply(state, { type: 'read', settings: { ...state.draft, drives }, facts }).pageId).toBe('drive:GUID')
    expect(apply(state, { type: 'read', settings, facts }).pageId).toBe('firmware')
  })

  it('finds the page of a wrong field', () => {
    expect(pageOfField(begin(), 'processorLimit', null)).toBe('processor')
    expect(pageOfField(begin(), 'bootOrder', null)).toBe('firmware')
    expect(pageOfField(begin(), 'drives', 'disk')).toBe('drive:disk')
  })

  it('tells where the state of the machine keeps something fixed', () => {
    const running = beginSheet(settings, { ...facts, stateText: 'Running', locked: ['processorCount', 'disk-path'] })
    const shows = (pageId: string): boolean => hasLocks(apply(running, { type: 'page', pageId }))
    expect(['processor', 'memory', 'drive:disk', 'name'].map(shows)).toEqual([true, false, true, false])
    expect(hasLocks(apply(running, addDisk))).toBe(false)
  })

  it('keeps an empty number box apart from nought', () => {
    expect([shownNumber(-1), shownNumber(0), draftNumber(null), draftNumber(0), draftNumber(2.6)]).toEqual([null, 0, -1, 0, 3])
  })

  it('computes the part of the system as the product does', () => {
    expect(percentOfSystem(100, 4, 32)).toBe(12)
    expect(percentOfSystem(0, 4, 32)).toBe(0)
  })
})

describe('the tree', () => {
  it('marks what was changed', () => {
    const state = apply(begin(), addDisk, { type: 'set', values: { name: 'X' } })
    expect(titles(state)).toEqual([
      'Add Hardware',
      'Firmware',
      'Memory',
      'Processor',
      'SCSI Controller',
      'Hard Drive',
      '*Hard Drive',
      '*Name',
      'Checkpoints',
      'Smart Paging File Location',
      'Automatic Start Action',
      'Automatic Stop Action',
    ])
  })

  it('has the items of Generation 1 and of older hosts', () => {
    const old = { ...facts.features, productionCheckpoints: false, smartPaging: false, checkpointPage: 'Snapshot File Location' } as const
    const state = beginSheet({ ...settings, bootOrder: ['cd', 'ide'] }, { ...facts, generation: 1, features: old })
    expect(titles(state).slice(1, 7)).toEqual(['BIOS', 'Memory', 'Processor', 'IDE Controller 0', 'IDE Controller 1', 'SCSI Controller'])
    expect(titles(state)).not.toContain('Smart Paging File Location')
    const items = sheetSections(state).flatMap((section) => section.items)
    expect(items.find(({ id }) => id === 'bios')?.subtitle).toBe('Boot from CD')
    expect(items.find(({ id }) => id === 'checkpoints')).toMatchObject({ title: 'Snapshot File Location', subtitle: 'C:\\VM' })
  })
})
