/** The tree of a settings sheet: its items with their current values (hyper-v-manager 5.2). */
import type { DriveSetting, SettingField } from '../../../../preload/contract/index.ts'
import type { SheetItem, SheetSection } from '../../../mmc/index.ts'
import { bootOrderOf, changedFields, drivesAt, isDriveChanged, isReordered, type SheetState } from './draft.ts'

const BOOT_TEXTS: Readonly<Record<string, string>> = {
  cd: 'CD',
  ide: 'IDE',
  'legacy-network': 'Legacy Network adapter',
  floppy: 'Floppy',
  file: 'File',
  'hard-drive': 'Hard Drive',
  dvd: 'DVD Drive',
  network: 'Network Adapter',
}

export function bootText(device: string): string {
  return BOOT_TEXTS[device] ?? device
}

/** Kind of a line of the firmware's list. */
export function bootKind({ draft, facts }: SheetState, key: string): string {
  if (facts.generation === 1 || key === 'file') return key
  const drive = draft.drives.find(({ id }) => id === key)
  if (drive === undefined) return 'network'
  return drive.kind === 'dvd' ? 'dvd' : 'hard-drive'
}

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('\\') + 1)
}

/** Second line of a drive. */
export function driveValue({ path }: DriveSetting): string {
  if (path === null) return 'None'
  if (path.startsWith('Physical:')) return `Drive '${path.slice('Physical:'.length)}'`
  return path === '' ? '<file>' : fileName(path)
}

const CHECKPOINT_TEXTS = { disabled: 'Disabled', production: 'Production', 'production-only': 'Production', standard: 'Standard' } as const
const START_TEXTS = { nothing: 'None', 'if-running': 'Restart if previously running', always: 'Always start' } as const
const STOP_TEXTS = { save: 'Save', 'turn-off': 'Turn Off', 'shut-down': 'Shut Down' } as const

export function driveItem(state: SheetState, drive: DriveSetting): SheetItem {
  const common = { id: `drive:${drive.id}`, subtitle: driveValue(drive), changed: isDriveChanged(state, drive) }
  switch (drive.kind) {
    case 'hard-disk':
      return { ...common, icon: 'disk', title: 'Hard Drive' }
    case 'dvd':
      return { ...common, icon: 'dvd', title: 'DVD Drive' }
    case 'floppy':
      return { ...common, icon: 'floppy', title: 'Diskette Drive' }
  }
}

export function sheetSections(state: SheetState): readonly SheetSection[] {
  return [
    { id: 'hardware', title: 'Hardware', items: hardwareItems(state) },
    { id: 'management', title: 'Management', items: managementItems(state) },
  ]
}

function changedIn(state: SheetState, ...fields: readonly SettingField[]): boolean {
  const changed = changedFields(state)
  return fields.some((field) => changed.includes(field))
}

function hardwareItems(state: SheetState): readonly SheetItem[] {
  const { draft, facts } = state
  const gen1 = facts.generation === 1
  const [first] = bootOrderOf(state)
  const processors = draft.processorCount
  return [
    { id: 'add-hardware', icon: 'add-hardware', title: 'Add Hardware' },
    {
      id: gen1 ? 'bios' : 'firmware',
      icon: 'firmware',
      title: gen1 ? 'BIOS' : 'Firmware',
      subtitle: first === undefined ? 'No boot entries' : `Boot from ${bootText(bootKind(state, first))}`,
      changed: isReordered(state) || changedIn(state, 'numLock'),
    },
    {
      id: 'memory',
      icon: 'memory',
      title: 'Memory',
      subtitle: draft.startupMemoryMb < 0 ? '' : `${draft.startupMemoryMb} MB`,
      changed: changedIn(state, 'startupMemoryMb', 'dynamicMemory', 'minimumMemoryMb', 'maximumMemoryMb', 'memoryBuffer', 'memoryWeight'),
    },
    {
      id: 'processor',
      icon: 'processor',
      title: 'Processor',
      subtitle: processors < 0 ? '' : `${processors} Virtual processor${processors === 1 ? '' : 's'}`,
      changed: changedIn(state, 'processorCount', 'processorReserve', 'processorLimit', 'processorWeight'),
    },
    ...(gen1 ? [0, 1].map((number) => controllerItem(state, 'ide', number)) : []),
    ...Array.from({ length: draft.scsiControllers }, (_, number) => controllerItem(state, 'scsi', number)),
    ...draft.drives.filter(({ kind }) => kind === 'floppy').map((drive) => driveItem(state, drive)),
  ]
}

function controllerItem(state: SheetState, controller: 'ide' | 'scsi', number: number): SheetItem {
  const children = drivesAt(state.draft, controller, number).map((drive) => driveItem(state, drive))
  return {
    id: `${controller}:${number}`,
    icon: 'disk-controller',
    title: controller === 'ide' ? `IDE Controller ${number}` : 'SCSI Controller',
    changed: controller === 'scsi' && number >= state.base.scsiControllers,
    ...(children.length > 0 ? { children } : {}),
  }
}

function managementItems(state: SheetState): readonly SheetItem[] {
  const { draft, facts } = state
  const { features } = facts
  const items: SheetItem[] = [
    { id: 'name', icon: 'rename', title: 'Name', subtitle: draft.name, changed: changedIn(state, 'name', 'notes') },
    {
      id: 'checkpoints',
      icon: 'checkpoint',
      title: features.checkpointPage,
      subtitle: features.productionCheckpoints ? CHECKPOINT_TEXTS[draft.checkpointType] : draft.checkpointPath,
      changed: changedIn(state, 'checkpointType', 'checkpointPath', 'automaticCheckpoints'),
    },
  ]
  if (features.smartPaging)
    items.push({
      id: 'smart-paging',
      icon: 'paging-file',
      title: 'Smart Paging File Location',
      subtitle: draft.smartPagingPath,
      changed: changedIn(state, 'smartPagingPath'),
    })
  items.push(
    {
      id: 'automatic-start',
      icon: 'automatic-start',
      title: 'Automatic Start Action',
      subtitle: START_TEXTS[draft.automaticStart],
      changed: changedIn(state, 'automaticStart', 'startDelaySeconds'),
    },
    {
      id: 'automatic-stop',
      icon: 'automatic-stop',
      title: 'Automatic Stop Action',
      subtitle: STOP_TEXTS[draft.automaticStop],
      changed: changedIn(state, 'automaticStop'),
    },
  )
  return items
}
