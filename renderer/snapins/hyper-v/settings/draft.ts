/** The draft of a settings sheet: what was read, what has been changed since, and which page shows. Plain data and pure functions. */
import type { DriveSetting, LockName, SettingField, SettingsFacts, VmSettings } from '../../../../preload/contract/index.ts'

export interface SheetState {
  /** What the sheet began with; the engine refuses a draft whose beginning is not the present any more. */
  readonly base: VmSettings
  readonly draft: VmSettings
  readonly facts: SettingsFacts
  readonly pageId: string
  /** Drives that were added so far: their ids are `new-1`, `new-2`, ... */
  readonly added: number
}

export type SheetChange =
  | { readonly type: 'read'; readonly settings: VmSettings; readonly facts: SettingsFacts }
  | { readonly type: 'page'; readonly pageId: string }
  | { readonly type: 'set'; readonly values: Partial<VmSettings> }
  | { readonly type: 'set-drive'; readonly id: string; readonly values: Partial<Omit<DriveSetting, 'id' | 'kind'>> }
  | {
      readonly type: 'add-drive'
      readonly kind: 'hard-disk' | 'dvd'
      readonly controller: 'ide' | 'scsi'
      readonly controllerNumber: number
    }
  | { readonly type: 'remove-drive'; readonly id: string }
  | { readonly type: 'add-controller' }
  | { readonly type: 'remove-controller'; readonly controllerNumber: number }
  | { readonly type: 'move-boot'; readonly key: string; readonly by: 1 | -1 }

/** Locations of a controller. */
export const LOCATIONS = { ide: 2, scsi: 64, floppy: 1 } as const
export const SCSI_CONTROLLERS_MAX = 4

export function firstPage(generation: 1 | 2): string {
  return generation === 1 ? 'bios' : 'firmware'
}

export function beginSheet(settings: VmSettings, facts: SettingsFacts, pageId?: string): SheetState {
  return { base: settings, draft: settings, facts, pageId: pageId ?? firstPage(facts.generation), added: 0 }
}

export function sheetReducer(state: SheetState, change: SheetChange): SheetState {
  const { draft } = state
  const withDraft = (values: Partial<VmSettings>): SheetState => ({ ...state, draft: { ...draft, ...values } })
  switch (change.type) {
    case 'read':
      return keepPage(state, beginSheet(change.settings, change.facts, state.pageId))
    case 'page':
      return { ...state, pageId: change.pageId }
    case 'set':
      return withDraft(change.values)
    case 'set-drive':
      return withDraft({ drives: draft.drives.map((drive) => (drive.id === change.id ? { ...drive, ...change.values } : drive)) })
    case 'add-drive':
      return addDrive(state, change)
    case 'remove-drive':
      return removeDrive(state, change.id)
    case 'add-controller':
      return draft.scsiControllers >= SCSI_CONTROLLERS_MAX
        ? state
        : { ...withDraft({ scsiControllers: draft.scsiControllers + 1 }), pageId: `scsi:${draft.scsiControllers}` }
    case 'remove-controller':
      return removeController(state, change.controllerNumber)
    case 'move-boot':
      return withDraft({ bootOrder: moved(bootOrderOf(state), change.key, change.by) })
  }
}

/** The page of a drive that was new goes by the place of the drive, since it has another id now. */
function keepPage(before: SheetState, after: SheetState): SheetState {
  if (!before.pageId.startsWith('drive:')) return { ...after, pageId: pageExists(after) ? after.pageId : firstPage(after.facts.generation) }
  const old = before.draft.drives.find(({ id }) => `drive:${id}` === before.pageId)
  const same = after.draft.drives.find((drive) => drive.id === old?.id) ?? after.draft.drives.find((drive) => old && samePlace(drive, old))
  return { ...after, pageId: same === undefined ? firstPage(after.facts.generation) : `drive:${same.id}` }
}

function pageExists({ pageId, draft, facts }: SheetState): boolean {
  const [kind = '', number] = pageId.split(':')
  if (kind === 'scsi') return Number(number) < draft.scsiControllers
  if (kind === 'ide' || kind === 'bios') return facts.generation === 1
  return kind !== 'firmware' || facts.generation === 2
}

function samePlace(a: DriveSetting, b: DriveSetting): boolean {
  return a.controller === b.controller && a.controllerNumber === b.controllerNumber && a.location === b.location
}

/** Drives at a controller, by location. */
export function drivesAt({ drives }: VmSettings, controller: DriveSetting['controller'], number: number): readonly DriveSetting[] {
  return drives
    .filter((drive) => drive.controller === controller && drive.controllerNumber === number)
    .toSorted((a, b) => a.location - b.location)
}

/** First free location of a controller; null when there is none. */
export function freeLocation(draft: VmSettings, controller: 'ide' | 'scsi', number: number): number | null {
  const taken = new Set(drivesAt(draft, controller, number).map(({ location }) => location))
  for (let location = 0; location < LOCATIONS[controller]; location++) if (!taken.has(location)) return location
  return null
}

function addDrive(state: SheetState, change: Extract<SheetChange, { type: 'add-drive' }>): SheetState {
  const { kind, controller, controllerNumber } = change
  const location = freeLocation(state.draft, controller, controllerNumber)
  if (location === null) return state
  const added = state.added + 1
  const drive: DriveSetting = { id: `new-${added}`, kind, controller, controllerNumber, location, path: kind === 'dvd' ? null : '' }
  const draft = { ...state.draft, drives: [...state.draft.drives, drive] }
  return { ...state, draft: { ...draft, bootOrder: withDevices(draft, state.facts) }, added, pageId: `drive:${drive.id}` }
}

function removeDrive(state: SheetState, id: string): SheetState {
  const drive = state.draft.drives.find((each) => each.id === id)
  if (drive === undefined) return state
  const draft = { ...state.draft, drives: state.draft.drives.filter((each) => each.id !== id) }
  const shown = state.pageId === `drive:${id}` ? `${drive.controller}:${drive.controllerNumber}` : state.pageId
  return { ...state, draft: { ...draft, bootOrder: withDevices(draft, state.facts) }, pageId: shown }
}

/** The controller goes with its drives; those behind it move up. */
function removeController(state: SheetState, controllerNumber: number): SheetState {
  const drives = state.draft.drives
    .filter((drive) => drive.controller !== 'scsi' || drive.controllerNumber !== controllerNumber)
    .map((drive) =>
      drive.controller === 'scsi' && drive.controllerNumber > controllerNumber
        ? { ...drive, controllerNumber: drive.controllerNumber - 1 }
        : drive,
    )
  const draft = { ...state.draft, drives, scsiControllers: state.draft.scsiControllers - 1 }
  return { ...state, draft: { ...draft, bootOrder: withDevices(draft, state.facts) }, pageId: 'add-hardware' }
}

/** The firmware's list with the devices that are there: new ones at its end. */
function withDevices(draft: VmSettings, facts: SettingsFacts): string[] {
  if (facts.generation === 1) return draft.bootOrder
  const drives = draft.drives.map(({ id }) => id)
  const others = facts.bootEntries.filter(({ kind }) => kind === 'network').map(({ key }) => key)
  // The loader's entry stands for a disk; without any disk it starts nothing.
  const file =
    facts.bootEntries.some(({ kind }) => kind === 'file') && draft.drives.some(({ kind }) => kind === 'hard-disk') ? ['file'] : []
  const there = [...file, ...drives, ...others]
  return [...draft.bootOrder.filter((key) => there.includes(key)), ...there.filter((key) => !draft.bootOrder.includes(key))]
}

export function bootOrderOf({ draft, facts }: SheetState): readonly string[] {
  return withDevices(draft, facts)
}

function moved(order: readonly string[], key: string, by: 1 | -1): string[] {
  const at = order.indexOf(key)
  const other = order[at + by]
  if (at < 0 || other === undefined) return [...order]
  return order.map((each) => (each === key ? other : each === other ? key : each))
}

/** Fields in which the draft differs from what was read. */
export function changedFields({ base, draft }: Pick<SheetState, 'base' | 'draft'>): readonly SettingField[] {
  return (Object.keys(base) as SettingField[]).filter((field) =>
    field === 'drives' ? drivesText(base) !== drivesText(draft) : JSON.stringify(base[field]) !== JSON.stringify(draft[field]),
  )
}

function driveText({ id, kind, controller, controllerNumber, location, path }: DriveSetting): string {
  return JSON.stringify([id, kind, controller, controllerNumber, location, path])
}

function drivesText({ drives }: VmSettings): string {
  return drives.map(driveText).toSorted().join()
}

/** Whether the order of the boot entries that were there is another; devices that come and go do not count. */
export function isReordered({ base, draft }: Pick<SheetState, 'base' | 'draft'>): boolean {
  const common = base.bootOrder.filter((key) => draft.bootOrder.includes(key))
  return draft.bootOrder.filter((key) => base.bootOrder.includes(key)).some((key, index) => key !== common[index])
}

export function isDriveChanged({ base }: SheetState, drive: DriveSetting): boolean {
  const old = base.drives.find(({ id }) => id === drive.id)
  return old === undefined || driveText(old) !== driveText(drive)
}

/** Whether a drive stands in the draft alone. */
export function isNewDrive({ base }: SheetState, drive: DriveSetting): boolean {
  return !base.drives.some(({ id }) => id === drive.id)
}

export function isLocked({ facts }: SheetState, name: LockName): boolean {
  return facts.locked.includes(name)
}

const PAGE_OF_FIELD: Readonly<Record<Exclude<SettingField, 'drives' | 'bootOrder'>, string>> = {
  name: 'name',
  notes: 'name',
  numLock: 'bios',
  startupMemoryMb: 'memory',
  dynamicMemory: 'memory',
  minimumMemoryMb: 'memory',
  maximumMemoryMb: 'memory',
  memoryBuffer: 'memory',
  memoryWeight: 'memory',
  processorCount: 'processor',
  processorReserve: 'processor',
  processorLimit: 'processor',
  processorWeight: 'processor',
  scsiControllers: 'add-hardware',
  checkpointType: 'checkpoints',
  checkpointPath: 'checkpoints',
  automaticCheckpoints: 'checkpoints',
  smartPagingPath: 'smart-paging',
  automaticStart: 'automatic-start',
  startDelaySeconds: 'automatic-start',
  automaticStop: 'automatic-stop',
}

/** Whether the machine's state keeps something on the shown page from being changed. */
export function hasLocks(state: SheetState): boolean {
  const { pageId, facts, draft } = state
  const [kind = ''] = pageId.split(':')
  const drive = draft.drives.find(({ id }) => pageId === `drive:${id}`)
  const names: readonly LockName[] =
    drive !== undefined
      ? isNewDrive(state, drive)
        ? []
        : ['drive-place', drive.kind === 'hard-disk' ? 'disk-path' : 'media', drive.controller === 'ide' ? 'ide-drives' : 'scsi-drives']
      : kind === 'ide'
        ? ['ide-drives']
        : kind === 'scsi'
          ? ['scsi-drives', 'scsiControllers']
          : kind === 'bios' || kind === 'firmware'
            ? ['bootOrder']
            : (Object.keys(PAGE_OF_FIELD) as (keyof typeof PAGE_OF_FIELD)[]).filter((field) => PAGE_OF_FIELD[field] === pageId)
  return facts.stateText !== 'Off' && names.some((name) => facts.locked.includes(name))
}

/** The page on which a field stands; that of a removed drive is its controller's. */
export function pageOfField({ draft, base, facts }: SheetState, field: SettingField, driveId: string | null): string {
  if (field === 'bootOrder') return firstPage(facts.generation)
  if (field !== 'drives') return PAGE_OF_FIELD[field]
  if (draft.drives.some(({ id }) => id === driveId)) return `drive:${driveId}`
  const gone = base.drives.find(({ id }) => id === driveId)
  return gone === undefined ? 'add-hardware' : `${gone.controller}:${gone.controllerNumber}`
}

/** Part of all logical processors, whole per cent as the sheet computes it (hyper-v-manager 5.7). */
export function percentOfSystem(percent: number, processors: number, logicalProcessors: number): number {
  return Math.floor((percent * processors) / logicalProcessors)
}
