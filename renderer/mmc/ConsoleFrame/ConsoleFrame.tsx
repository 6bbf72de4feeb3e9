import { type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react'
import type { MenuDefinition, MenuEntry } from '../CommandModel/CommandModel.ts'
import { MenuBar } from '../MenuBar/MenuBar.tsx'
import { Splitter } from '../Splitter/Splitter.tsx'
import { Toolbar } from '../Toolbar/Toolbar.tsx'
import classes from './ConsoleFrame.module.css'
import { type ConsoleLayout, paneLimits } from './consoleLayout.ts'
import { StatusBar, type StatusCell } from './StatusBar.tsx'

export interface ConsoleFrameProps {
  /** The window's heading for screen readers; drawn by nobody. */
  readonly heading?: ReactNode
  readonly menus: readonly MenuDefinition[]
  readonly toolbar: readonly MenuEntry[]
  /** Content of the left pane, usually a `ConsoleTree`. */
  readonly tree: ReactNode
  /** Content of the middle: `StackedPanes`, or a page of the snap-in. */
  readonly children: ReactNode
  /** Content of the right pane, usually an `ActionsPane`. */
  readonly actions: ReactNode
  /** The wide cell of the status bar. */
  readonly status?: ReactNode
  /** The small cells of the status bar. Default: two empty ones. */
  readonly statusCells?: readonly StatusCell[]
  readonly layout: ConsoleLayout
  readonly onLayoutChange: (layout: ConsoleLayout) => void
}

const defaultCells: readonly StatusCell[] = [{ id: 'first' }, { id: 'second' }]

/** Moves the focus to the next or previous pane (F6, Shift+F6). */
function focusNextPane(root: HTMLElement, backwards: boolean): void {
  const panes = [...root.querySelectorAll<HTMLElement>('[data-pane]')]
  const present = panes.findIndex((pane) => pane.contains(document.activeElement))
  for (let step = 1; step <= panes.length; step += 1) {
    const index = (((present + (backwards ? -step : step)) % panes.length) + panes.length) % panes.length
    const stop = panes[index]?.querySelector<HTMLElement>('[tabindex="0"]:not([role="separator"])')
    if (stop !== null && stop !== undefined) {
      stop.focus()
      return
    }
  }
}

/** The console window below its caption: menu bar, toolbar, three columns, status bar. */
export function ConsoleFrame(props: ConsoleFrameProps): ReactNode {
  const { heading, menus, toolbar, tree, children, actions, status, statusCells = defaultCells, layout, onLayoutChange } = props
  const columns = useRef<HTMLDivElement>(null)
  const treeId = useId()
  const actionsId = useId()
  const [width, setWidth] = useState(1280)
  useLayoutEffect(() => {
    const element = columns.current
    if (element === null) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.key !== 'F6' || event.ctrlKey || event.altKey) return
    event.preventDefault()
    focusNextPane(event.currentTarget, event.shiftKey)
  }
  const { treeLimits, actionsLimits } = paneLimits(layout, width)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only listens to F6 of what is inside
    <div className={classes.frame} onKeyDown={onKeyDown}>
      <header>
        {heading}
        {layout.menusVisible && <MenuBar menus={menus} underline="always" />}
        {layout.toolbarVisible && <Toolbar entries={toolbar} />}
      </header>
      <div ref={columns} className={classes.columns}>
        {layout.treeVisible && (
          <nav id={treeId} className={classes.side} style={{ width: layout.treeWidth }} aria-label="Console tree" data-pane="">
            {tree}
          </nav>
        )}
        <main className={classes.middle}>
          {layout.treeVisible && (
            <Splitter
              orientation="vertical"
              size={layout.treeWidth}
              limits={treeLimits}
              label="Resize console tree"
              controls={treeId}
              onResize={(treeWidth) => onLayoutChange({ ...layout, treeWidth })}
            />
          )}
          <div className={classes.centre}>{children}</div>
          {layout.actionsVisible && (
            <Splitter
              orientation="vertical"
              size={layout.actionsWidth}
              limits={actionsLimits}
              reversed
              label="Resize Actions pane"
              controls={actionsId}
              onResize={(actionsWidth) => onLayoutChange({ ...layout, actionsWidth })}
            />
          )}
        </main>
        {layout.actionsVisible && (
          <aside id={actionsId} className={classes.side} style={{ width: layout.actionsWidth }} aria-label="Actions" data-pane="">
            {actions}
          </aside>
        )}
      </div>
      {layout.statusBarVisible && <StatusBar cells={statusCells}>{status}</StatusBar>}
    </div>
  )
}
