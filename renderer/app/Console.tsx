import { type ReactNode, useEffect, useMemo, useReducer, useRef, useState } from 'react'
import { useJsonPreference } from '../client/json-preference.ts'
import { useConnectionStatus, useLab, usePreference } from '../client/lab-context.tsx'
import {
  ActionsPane,
  type Command,
  ConsoleFrame,
  ConsoleTree,
  type ConsoleTreeHandle,
  CustomizeViewDialog,
  type MenuDefinition,
  type MenuEntry,
  type StatusCell,
  type TreeNode,
  useDialogHost,
} from '../mmc/index.ts'
import { LiveValuesProvider, useHyperV } from '../snapins/hyper-v/index.ts'
import classes from './App.module.css'
import { useColorSchemeCommand } from './ColorScheme.tsx'
import { type ConsoleView, FIRST_VIEW, fromCustomize, isConsoleView, toCustomize } from './consolePreference.ts'
import { EMPTY_HISTORY, historyReducer } from './history.ts'
import { LabClock, SpeedControl } from './SpeedControl.tsx'

const STATUS_CELLS: readonly StatusCell[] = [
  { id: 'clock', content: <LabClock /> },
  { id: 'speed', content: <SpeedControl /> },
]

/** Title of the window, and its heading for screen readers. */
export const TITLE = 'Hyper-V Manager'

const NODE_KEY = 'console.selected-node'

/** All nodes of a tree with the id of the node above each. */
function withParents(nodes: readonly TreeNode[], parentId: string | null = null): readonly (readonly [TreeNode, string | null])[] {
  return nodes.flatMap((node) => [[node, parentId] as const, ...withParents(node.children ?? [], node.id)])
}

/** The console window. */
export function Console(): ReactNode {
  return (
    <LiveValuesProvider>
      <ConsoleWindow />
    </LiveValuesProvider>
  )
}

function ConsoleWindow(): ReactNode {
  const { shell } = useLab()
  const connected = useConnectionStatus().state === 'connected'
  const [view, setView] = useJsonPreference('console.view', isConsoleView, FIRST_VIEW)
  const [remembered, remember] = usePreference(NODE_KEY)
  const [history, moveHistory] = useReducer(historyReducer, remembered ?? null, (present) => ({ ...EMPTY_HISTORY, present }))
  const [customizing, setCustomizing] = useState(false)
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set())
  const tree = useRef<ConsoleTreeHandle>(null)
  const selectNode = (nodeId: string): void => moveHistory({ type: 'select', nodeId })
  const customize: Command = { id: 'customize', label: '&Customize...', run: () => setCustomizing(true) }
  const snapIn = useHyperV({ selectedNodeId: history.present, selectNode, customize, connected })
  const colorScheme = useColorSchemeCommand()

  const known = useMemo(() => withParents(snapIn.nodes), [snapIn.nodes])
  const selected = known.find(([node]) => node.id === history.present)
  useEffect(() => {
    if (selected === undefined) moveHistory({ type: 'select', nodeId: snapIn.defaultNodeId })
    else remember(selected[0].id)
  }, [selected, snapIn.defaultNodeId, remember])
  useEffect(() => tree.current?.focus(), [])
  useConsoleKeys(snapIn.onKey)
  useFocusKeeper(() => snapIn.restoreFocus() || tree.current?.focus())
  const [closedNodes, setClosedNodes] = useState<ReadonlySet<string>>(new Set())
  const expanded = new Set(known.flatMap(([node]) => (closedNodes.has(node.id) ? [] : [node.id])))

  const menus: readonly MenuDefinition[] = [
    { id: 'file', label: '&File', entries: [{ id: 'exit', label: 'E&xit', run: () => shell.closeWindow() }] },
    { id: 'action', label: '&Action', entries: snapIn.actionMenu },
    { id: 'view', label: '&View', entries: [...snapIn.viewMenu, customize, 'separator', colorScheme] },
    { id: 'help', label: '&Help', entries: snapIn.helpMenu },
  ]
  // The box hides the Action and View menus; File and Help stay.
  const shownMenus = view.layout.menusVisible ? menus : menus.filter(({ id }) => id === 'file' || id === 'help')
  return (
    <>
      <ConsoleFrame
        heading={<h1 className={classes.hidden}>{TITLE}</h1>}
        menus={shownMenus}
        toolbar={toolbarEntries(view, setView, history, moveHistory, selected?.[1] ?? null, snapIn.help)}
        tree={
          <ConsoleTree
            ref={tree}
            label="Console tree"
            nodes={snapIn.nodes}
            selectedId={history.present}
            onSelect={selectNode}
            expandedIds={expanded}
            onExpandedChange={(open) => setClosedNodes(new Set(known.flatMap(([{ id }]) => (open.has(id) ? [] : [id]))))}
            menuFor={snapIn.nodeMenu}
            onFocus={snapIn.onTreeFocus}
          />
        }
        actions={<ActionsPane groups={snapIn.groups} collapsedIds={collapsed} onCollapsedChange={setCollapsed} />}
        status={snapIn.status}
        statusCells={STATUS_CELLS}
        layout={{ ...view.layout, menusVisible: true }}
        onLayoutChange={(layout) => setView({ ...view, layout: { ...layout, menusVisible: view.layout.menusVisible } })}
      >
        {view.descriptionBar && <div className={classes.description}>{selected?.[0].text}</div>}
        {snapIn.content}
      </ConsoleFrame>
      {snapIn.dialogs}
      {customizing && (
        <CustomizeViewDialog
          value={toCustomize(view)}
          onChange={(state) => setView(fromCustomize(view, state))}
          onClose={() => setCustomizing(false)}
        />
      )}
    </>
  )
}

/** Buttons of the toolbar, in the product's order (1.1). */
function toolbarEntries(
  view: ConsoleView,
  setView: (view: ConsoleView) => void,
  history: { readonly past: readonly string[]; readonly future: readonly string[] },
  moveHistory: (action: Parameters<typeof historyReducer>[1]) => void,
  parentId: string | null,
  help: Command,
): readonly MenuEntry[] {
  const { treeVisible, actionsVisible } = view.layout
  const show = (change: Partial<ConsoleView['layout']>): void => setView({ ...view, layout: { ...view.layout, ...change } })
  return [
    { id: 'back', label: 'Back', icon: 'back', enabled: history.past.length > 0, run: () => moveHistory({ type: 'back' }) },
    { id: 'forward', label: 'Forward', icon: 'forward', enabled: history.future.length > 0, run: () => moveHistory({ type: 'forward' }) },
    'separator',
    {
      id: 'up',
      label: 'Up One Level',
      icon: 'up',
      enabled: parentId !== null,
      run: () => parentId !== null && moveHistory({ type: 'select', nodeId: parentId }),
    },
    {
      id: 'toggle-tree',
      label: 'Show/Hide Console Tree',
      icon: 'console-tree',
      checked: treeVisible,
      run: () => show({ treeVisible: !treeVisible }),
    },
    'separator',
    { ...help, shortcut: 'F1' },
    {
      id: 'toggle-actions',
      label: 'Show/Hide Action Pane',
      icon: 'action-pane',
      checked: actionsVisible,
      run: () => show({ actionsVisible: !actionsVisible }),
    },
  ]
}

/**
 * Gives the focus back when what held it is gone: an action that was run and does not apply any more, a closed window's button. Without a focus
 * the keys would lead nowhere.
 */
function useFocusKeeper(restore: () => void): void {
  const { stack } = useDialogHost()
  useEffect(() => {
    if (stack.length === 0 && document.activeElement === document.body) restore()
  })
}

/** Keys that belong to the console wherever the focus is; not while one of its windows is open. */
function useConsoleKeys(onKey: ReturnType<typeof useHyperV>['onKey']): void {
  const { stack } = useDialogHost()
  const latest = useRef(onKey)
  useEffect(() => {
    latest.current = onKey
  })
  const blocked = stack.length > 0
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      // The browser would load the page anew, or open its own help.
      if (event.key === 'F5' || event.key === 'F1') event.preventDefault()
      if (!blocked) latest.current(event)
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [blocked])
}
