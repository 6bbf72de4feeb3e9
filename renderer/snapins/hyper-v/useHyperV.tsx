import { type KeyboardEvent, lazy, type ReactNode, Suspense, useMemo, useRef, useState } from 'react'
import type { HostView, VmDetail } from '../../../preload/contract/index.ts'
import { useJsonPreference } from '../../client/json-preference.ts'
import { useLabState, useVmDetail } from '../../client/lab-context.tsx'
import {
  type ActionGroup,
  ColumnsDialog,
  type Command,
  isShortcut,
  type ListViewHandle,
  type MenuEntry,
  type StackedLayout,
  StackedPanes,
  type TreeNode,
} from '../../mmc/index.ts'
import { vmActionCommand } from '../../vm-actions/index.ts'
import { AboutWindow } from './AboutWindow.tsx'
import { CheckpointDetails } from './CheckpointDetails.tsx'
import { CheckpointsPane } from './CheckpointsPane.tsx'
import { columnChoices, DEFAULT_COLUMNS } from './columns.tsx'
import { type DiskCommands, rootEntries, serverEntries, vmEntries } from './commands.ts'
import type { ConsoleContext, SnapInContribution } from './contribution.ts'
import { DetailsPane, type DetailsTab, isDetailsTab } from './DetailsPane.tsx'
import { useNewFloppy } from './disks/useNewFloppy.ts'
import { HelpWindow } from './HelpWindow.tsx'
import { withDisplayed } from './listPreferences.ts'
import { OverviewPage } from './OverviewPage.tsx'
import { isStackedLayout } from './stackedPreference.ts'
import { checkpointsTitle, MANAGER, TEXTS } from './texts.ts'
import { type Checkpoints, useCheckpoints } from './useCheckpoints.ts'
import { useMachineActions } from './useMachineActions.ts'
import { PLAIN_COLUMNS, type Selection, useSelection } from './useSelection.ts'
import { useServer } from './useServer.ts'
import { useWorkloads } from './useWorkloads.ts'
import { VirtualMachinesPane } from './VirtualMachinesPane.tsx'

const NewVmWizard = lazy(() => import('./new-vm/NewVmWizard.tsx').then((module) => ({ default: module.NewVmWizard })))

const SettingsSheet = lazy(() => import('./settings/SettingsSheet.tsx').then((module) => ({ default: module.SettingsSheet })))
const NewDiskWizard = lazy(() => import('./disks/NewDiskWizard.tsx').then((module) => ({ default: module.NewDiskWizard })))
const EditDiskWizard = lazy(() => import('./disks/EditDiskWizard.tsx').then((module) => ({ default: module.EditDiskWizard })))
const InspectDisk = lazy(() => import('./disks/InspectDisk.tsx').then((module) => ({ default: module.InspectDisk })))

const ROOT_ID = 'hyper-v'
const FIRST_LAYOUT: StackedLayout = { weights: {}, collapsedIds: [] }

type Focus = 'tree' | 'list' | 'checkpoints'
type OpenWindow = 'new-vm' | 'new-disk' | 'edit-disk' | 'inspect-disk' | 'columns' | 'help' | 'about' | null

function nodeIdOf(host: HostView): string {
  return `host:${host.id}`
}

/** Nodes of the console tree: the root, and below it the server with the state of its service. */
function hyperVNodes(host: HostView | undefined): readonly TreeNode[] {
  const icon = host?.serviceState === 'stopped' ? 'server-stopped' : 'server'
  const children: readonly TreeNode[] = host === undefined ? [] : [{ id: nodeIdOf(host), text: host.name, icon }]
  return [{ id: ROOT_ID, text: MANAGER, icon: 'hyper-v-manager', children }]
}

/** Why the list has no rows. */
function emptyListText(host: HostView): string {
  switch (host.serviceState) {
    case 'running':
      return TEXTS.noMachines
    case 'starting':
      return TEXTS.serviceStarting
    case 'stopping':
      return TEXTS.serviceStopping
    case 'stopped':
      return TEXTS.serviceNotRunning
  }
}

/** Hyper-V Manager as a snap-in: tree nodes, panes, actions and windows, all from the engine's state. */
export function useHyperV(context: ConsoleContext): SnapInContribution {
  const { selectedNodeId, selectNode, customize, connected } = context
  const host = useLabState((state) => state.hosts.values().next().value)
  const list = useRef<ListViewHandle>(null)
  const [focus, setFocusNow] = useState<Focus>('tree')
  // The Actions pane keeps showing the item of the pane that had the focus before the tree.
  const [item, setItem] = useState<Exclude<Focus, 'tree'>>('list')
  const setFocus = (next: Focus): void => {
    setFocusNow(next)
    if (next !== 'tree') setItem(next)
  }
  const [open, setOpen] = useState<OpenWindow>(null)
  const selection = useSelection(host)
  const [settingsOf, openSettings] = useState<string | null>(null)
  const workloadOf = useWorkloads(connected)
  const word = host?.checkpointWord ?? 'Checkpoint'
  const machine = useMachineActions(list, word, openSettings)
  const [server, status] = useServer(host)
  const newFloppy = useNewFloppy(host)
  const disks: DiskCommands = {
    newDisk: () => setOpen('new-disk'),
    newFloppy,
    editDisk: () => setOpen('edit-disk'),
    inspectDisk: () => setOpen('inspect-disk'),
  }
  const onRoot = host === undefined || selectedNodeId === ROOT_ID
  const { selected, single } = selection

  const help: Command = { id: 'help', label: '&Help', icon: 'help', run: () => setOpen('help') }
  const detail = useVmDetail(onRoot ? null : (single?.id ?? null))
  const checkpoints = useCheckpoints({ host, detail, connected, help })
  const checkpoint = item === 'checkpoints' ? checkpoints.selected : null
  const columns: Command = { id: 'columns', label: '&Add/Remove Columns...', run: () => setOpen('columns') }
  const view: readonly MenuEntry[] = onRoot ? [customize] : [columns, customize]
  const ofServer = onRoot
    ? rootEntries(view, help)
    : serverEntries({ host, connected, view, help, ...server, newVirtualMachine: () => setOpen('new-vm'), disks })
  const ofSelection = (separators: boolean): readonly MenuEntry[] =>
    vmEntries(
      {
        vms: selected,
        connected,
        workload: separators ? workloadOf(selected) : null,
        command: (action, run) => vmActionCommand(action, run, word),
        run: machine.run,
        cancelJob: server.cancelJob,
        word,
        help,
      },
      separators,
    )
  const shown = checkpoint === null ? null : { title: checkpoint.name, entries: checkpoints.entries }
  const groups = actionGroups(host, onRoot, focus, selection, ofServer, ofSelection, shown)
  const onListKey = (event: KeyboardEvent): boolean => {
    const action = isShortcut(event, 'Del') ? 'delete' : isShortcut(event, 'F2') ? 'rename' : null
    // Names are changed one at a time: that of the row with the focus.
    const vms = action === 'rename' ? selected.filter(({ id }) => id === selection.list.focusedId) : selected
    if (action !== null && connected) machine.runKey(action, vms)
    return action !== null
  }
  const menuFor = (ids: readonly string[]): readonly MenuEntry[] => (ids.length === 0 ? ofServer : ofSelection(true))
  const onConnect = (vmId: string): void => {
    if (connected) machine.connect(vmId)
  }
  return {
    nodes: useMemo(() => hyperVNodes(host), [host]),
    defaultNodeId: host === undefined ? ROOT_ID : nodeIdOf(host),
    content: onRoot ? (
      <OverviewPage
        hostName={host?.name ?? ''}
        onOpenHost={() => host !== undefined && selectNode(nodeIdOf(host))}
        onHelp={() => setOpen('help')}
        onAbout={() => setOpen('about')}
      />
    ) : (
      <ServerPanes
        host={host}
        selection={selection}
        detail={detail}
        checkpoints={checkpoints}
        checkpointShown={checkpoint !== null}
        listProps={{ ref: list, menuFor, onConnect, onRename: machine.rename, onKey: onListKey }}
        onFocus={setFocus}
      />
    ),
    groups,
    actionMenu:
      focus === 'tree' || onRoot
        ? ofServer
        : focus === 'checkpoints'
          ? checkpoints.entries
          : selected.length > 0
            ? ofSelection(true)
            : [help],
    viewMenu: onRoot ? [] : [columns],
    helpMenu: [
      { ...help, id: 'help-topics', label: '&Help Topics', shortcut: 'F1' },
      'separator',
      { id: 'about', label: `&About ${MANAGER}...`, run: () => setOpen('about') },
    ],
    help,
    nodeMenu: (nodeId) => (nodeId === ROOT_ID || host === undefined ? rootEntries([customize], help) : ofServer),
    status,
    dialogs: (
      <>
        <HyperVWindows open={open} host={host} selection={selection} onClose={() => setOpen(null)} />
        {settingsOf !== null && (
          <Suspense fallback={null}>
            <SettingsSheet vmId={settingsOf} onClose={() => openSettings(null)} />
          </Suspense>
        )}
      </>
    ),
    onTreeFocus: () => setFocus('tree'),
    restoreFocus: () => {
      if (focus === 'tree' || onRoot) return false
      if (focus === 'checkpoints' && (detail?.checkpoints.length ?? 0) > 0) {
        checkpoints.focus()
        return true
      }
      list.current?.focus()
      return list.current !== null
    },
    onKey: (event) => {
      const refresh = isShortcut(event, 'F5')
      if (isShortcut(event, 'F1')) setOpen('help')
      else if (refresh && connected && !onRoot) server.refresh()
      else return refresh
      return true
    },
  }
}

/** Groups of the Actions pane: the server's, and the selected machines' below it. The group of the focused item has the stronger header. */
function actionGroups(
  host: HostView | undefined,
  onRoot: boolean,
  focus: Focus,
  { selected, single }: Selection,
  ofServer: readonly MenuEntry[],
  ofSelection: (separators: boolean) => readonly MenuEntry[],
  checkpoint: { readonly title: string; readonly entries: readonly MenuEntry[] } | null,
): readonly ActionGroup[] {
  const none = onRoot || selected.length === 0
  const server: ActionGroup = {
    id: 'server',
    title: onRoot || host === undefined ? MANAGER : host.name,
    entries: ofServer,
    active: focus === 'tree' || none,
  }
  if (none) return [server]
  if (checkpoint !== null) return [server, { id: 'item', ...checkpoint, active: focus !== 'tree' }]
  const title = single?.name ?? TEXTS.severalSelected
  return [server, { id: 'item', title, entries: ofSelection(false), active: focus !== 'tree' }]
}

type ListProps = Pick<Parameters<typeof VirtualMachinesPane>[0], 'ref' | 'menuFor' | 'onConnect' | 'onRename' | 'onKey'>

interface ServerPanesProps {
  readonly host: HostView
  readonly selection: Selection
  readonly detail: VmDetail | undefined
  readonly checkpoints: Checkpoints
  /** The details are those of the selected checkpoint. */
  readonly checkpointShown: boolean
  readonly listProps: ListProps
  readonly onFocus: (focus: Focus) => void
}

/** The three panes of a server. */
function ServerPanes({ host, selection, detail, checkpoints, checkpointShown, listProps, onFocus }: ServerPanesProps): ReactNode {
  const { rows, list, setList, single, selected } = selection
  const [layout, setLayout] = useJsonPreference('hyper-v.panes', isStackedLayout, FIRST_LAYOUT)
  const [tab, setTab] = useJsonPreference<DetailsTab>('hyper-v.details-tab', isDetailsTab, 'summary')
  const title = checkpointsTitle(host.checkpointWord)
  const shown = checkpointShown ? checkpoints.selected : null
  // Nothing is said about several machines at once (1.7).
  const empty = host.serviceState !== 'running' || selected.length > 1
  const panes = [
    {
      id: 'virtual-machines',
      title: 'Virtual Machines',
      weight: 316,
      content: (
        <VirtualMachinesPane
          {...listProps}
          hostId={host.id}
          rows={rows}
          emptyText={emptyListText(host)}
          state={list}
          onStateChange={setList}
          selectedId={single?.id ?? null}
          onFocus={() => onFocus('list')}
        />
      ),
    },
    {
      id: 'checkpoints',
      title,
      weight: 146,
      collapsible: true,
      content: empty ? null : (
        <CheckpointsPane
          {...checkpoints.treeProps}
          word={host.checkpointWord}
          detail={single === null ? null : detail}
          onFocus={() => onFocus('checkpoints')}
        />
      ),
    },
    {
      id: 'details',
      title: shown?.name ?? single?.name ?? TEXTS.details,
      weight: 225,
      content: empty ? null : shown !== null && single !== null ? (
        <CheckpointDetails host={host} vm={single} checkpoint={shown} />
      ) : (
        <DetailsPane host={host} vm={single} detail={detail} tab={tab} onTabChange={setTab} onConnect={listProps.onConnect} />
      ),
    },
  ]
  return <StackedPanes panes={panes} layout={layout} onLayoutChange={setLayout} />
}

interface HyperVWindowsProps {
  readonly open: OpenWindow
  readonly host: HostView | undefined
  readonly selection: Selection
  readonly onClose: () => void
}

function HyperVWindows({ open, host, selection, onClose }: HyperVWindowsProps): ReactNode {
  const { list, setList } = selection
  switch (open) {
    case null:
      return null
    case 'help':
      return <HelpWindow onClose={onClose} />
    case 'about':
      return <AboutWindow host={host} onClose={onClose} />
    case 'new-vm':
      return (
        host !== undefined && (
          <Suspense fallback={null}>
            <NewVmWizard host={host} onClose={onClose} />
          </Suspense>
        )
      )
    case 'new-disk':
    case 'edit-disk':
    case 'inspect-disk': {
      const Window = { 'new-disk': NewDiskWizard, 'edit-disk': EditDiskWizard, 'inspect-disk': InspectDisk }[open]
      return (
        host !== undefined && (
          <Suspense fallback={null}>
            <Window host={host} onClose={onClose} />
          </Suspense>
        )
      )
    }
    case 'columns':
      return (
        <ColumnsDialog
          columns={columnChoices(PLAIN_COLUMNS)}
          displayed={list.columns.map(({ id }) => id)}
          defaults={DEFAULT_COLUMNS}
          onOk={(displayed) => {
            setList({ ...list, columns: withDisplayed(PLAIN_COLUMNS, list.columns, displayed) })
            onClose()
          }}
          onCancel={onClose}
        />
      )
  }
}
