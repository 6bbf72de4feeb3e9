import { type CSSProperties, type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { Icon } from '../../theme/icons/Icon.tsx'
import { AccessLabel } from '../CommandModel/AccessLabel.tsx'
import { type Command, isEnabled, type MenuEntry, plainLabel, tidySeparators } from '../CommandModel/CommandModel.ts'
import classes from './MenuSurface.module.css'
import { accessMatch, type Box, type MenuPlacement, type Point, placeMenu, stepEntry } from './menuModel.ts'

export interface MenuSurfaceProps {
  readonly entries: readonly MenuEntry[]
  /** What the menu belongs to, in viewport pixels. */
  readonly anchor: Box
  readonly placement: MenuPlacement
  /** Accessible name of the menu. */
  readonly label: string
  /** Highlights the first entry at once (opened by key). */
  readonly startAtFirst: boolean
  readonly showAccessKeys: boolean
  /** Escape, or Left in a submenu: close this level only. */
  readonly onBack: () => void
  /** An entry was chosen; close every level, then run it. */
  readonly onRun: (command: Command) => void
  /** Left or Right at the edge of the menu: the menu bar moves on. */
  readonly onSideStep?: ((direction: 1 | -1) => void) | undefined
  /** Tab was pressed: close every level. */
  readonly onLeave: () => void
}

const submenuDelayMs = 250

function useMenuPosition(anchor: Box, placement: MenuPlacement, ref: React.RefObject<HTMLDivElement | null>): CSSProperties {
  const [point, setPoint] = useState<Point | null>(null)
  const { left, top, right, bottom } = anchor
  useLayoutEffect(() => {
    const element = ref.current
    if (element === null) return
    const size = { width: element.offsetWidth, height: element.offsetHeight }
    const viewport = { width: window.innerWidth, height: window.innerHeight }
    setPoint(placeMenu({ left, top, right, bottom }, size, viewport, placement))
  }, [left, top, right, bottom, placement, ref])
  return point === null ? { left: 0, top: 0, visibility: 'hidden' } : { left: point.x, top: point.y }
}

function boxOf(element: Element | null): Box {
  const { left, top, right, bottom } = element?.getBoundingClientRect() ?? { left: 0, top: 0, right: 0, bottom: 0 }
  return { left, top, right, bottom }
}

/** One level of a menu with its open submenu; shared by menu bar, context menus and flyouts. */
export function MenuSurface(props: MenuSurfaceProps): ReactNode {
  const { anchor, placement, label, startAtFirst, showAccessKeys, onBack, onRun, onSideStep, onLeave } = props
  const entries = tidySeparators(props.entries)
  const root = useRef<HTMLDivElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const [activeIndex, setActiveIndex] = useState(startAtFirst ? stepEntry(entries, -1, 1) : -1)
  const [open, setOpen] = useState<{ readonly index: number; readonly byKey: boolean } | null>(null)
  const style = useMenuPosition(anchor, placement, root)
  const itemAt = (index: number): HTMLElement | null => root.current?.querySelector<HTMLElement>(`[data-index="${index}"]`) ?? null
  const hidden = style.visibility === 'hidden'

  useEffect(() => {
    if (hidden || open !== null) return
    const element = activeIndex < 0 ? root.current : root.current?.querySelector<HTMLElement>(`[data-index="${activeIndex}"]`)
    element?.focus({ preventScroll: true })
  }, [activeIndex, open, hidden])
  useEffect(() => () => clearTimeout(timer.current), [])

  const activate = (index: number, byKey: boolean): void => {
    const entry = entries[index]
    if (entry === undefined || entry === 'separator' || !isEnabled(entry)) return
    setActiveIndex(index)
    if (entry.children === undefined) onRun(entry)
    else setOpen({ index, byKey })
  }
  const hover = (index: number): void => {
    if (index === activeIndex) return
    setActiveIndex(index)
    clearTimeout(timer.current)
    const entry = entries[index]
    const hasChildren = entry !== undefined && entry !== 'separator' && entry.children !== undefined && isEnabled(entry)
    timer.current = setTimeout(() => setOpen(hasChildren ? { index, byKey: false } : null), submenuDelayMs)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation()
    const entry = entries[activeIndex]
    const opensRight = entry !== undefined && entry !== 'separator' && entry.children !== undefined
    const known = new Map<string, () => void>([
      ['ArrowDown', () => setActiveIndex(stepEntry(entries, activeIndex, 1))],
      ['ArrowUp', () => setActiveIndex(stepEntry(entries, activeIndex, -1))],
      ['Home', () => setActiveIndex(stepEntry(entries, -1, 1))],
      ['End', () => setActiveIndex(stepEntry(entries, entries.length, -1))],
      ['Enter', () => activate(activeIndex, true)],
      [' ', () => activate(activeIndex, true)],
      ['ArrowRight', () => (opensRight ? activate(activeIndex, true) : onSideStep?.(1))],
      ['ArrowLeft', () => (placement === 'side' ? onBack() : onSideStep?.(-1))],
      ['Escape', onBack],
      ['Tab', onLeave],
      ['Alt', onLeave],
      ['F10', onLeave],
    ])
    const action = known.get(event.key)
    if (action !== undefined) action()
    else if (event.key.length === 1 && !event.ctrlKey) {
      const match = accessMatch(entries, event.key, activeIndex)
      if (match?.unique === true) activate(match.index, true)
      else if (match !== null) setActiveIndex(match.index)
    } else return
    event.preventDefault()
  }
  const openEntry = open === null ? undefined : entries[open.index]

  return createPortal(
    <div
      ref={root}
      className={classes.surface}
      style={style}
      role="menu"
      aria-label={label}
      tabIndex={-1}
      data-menu-surface=""
      onKeyDown={onKeyDown}
      onContextMenu={(event) => event.preventDefault()}
      onMouseLeave={() => open === null && setActiveIndex(-1)}
    >
      {entries.map((entry, index) =>
        entry === 'separator' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: separators have no identity but their place
          <hr key={`separator-${index}`} className={classes.separator} />
        ) : (
          <MenuRow
            key={entry.id}
            entry={entry}
            index={index}
            hot={index === activeIndex || open?.index === index}
            expanded={open?.index === index}
            showAccessKeys={showAccessKeys}
            onHover={() => hover(index)}
            onChoose={() => activate(index, false)}
          />
        ),
      )}
      {open !== null && openEntry !== undefined && openEntry !== 'separator' && openEntry.children !== undefined && (
        <MenuSurface
          key={openEntry.id}
          entries={openEntry.children}
          anchor={boxOf(itemAt(open.index))}
          placement="side"
          label={plainLabel(openEntry.label)}
          startAtFirst={open.byKey}
          showAccessKeys={showAccessKeys}
          onBack={() => setOpen(null)}
          onRun={onRun}
          onSideStep={onSideStep}
          onLeave={onLeave}
        />
      )}
    </div>,
    document.body,
  )
}

interface MenuRowProps {
  readonly entry: Command
  readonly index: number
  readonly hot: boolean
  readonly expanded: boolean
  readonly showAccessKeys: boolean
  readonly onHover: () => void
  readonly onChoose: () => void
}

function MenuRow({ entry, index, hot, expanded, showAccessKeys, onHover, onChoose }: MenuRowProps): ReactNode {
  const enabled = isEnabled(entry)
  const toggle = entry.checked !== undefined
  const submenu = entry.children !== undefined
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: its role is menuitem or menuitemcheckbox
    // biome-ignore lint/a11y/useKeyWithClickEvents: the surface handles the keys of all its rows
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: aria-checked is given only with menuitemcheckbox
    <div
      role={toggle ? 'menuitemcheckbox' : 'menuitem'}
      className={classes.row}
      tabIndex={-1}
      data-index={index}
      data-hot={hot || undefined}
      data-disabled={!enabled || undefined}
      data-default={entry.isDefault || undefined}
      aria-disabled={!enabled || undefined}
      aria-checked={toggle ? entry.checked : undefined}
      aria-haspopup={submenu ? 'menu' : undefined}
      aria-expanded={submenu ? expanded : undefined}
      aria-keyshortcuts={entry.shortcut?.replaceAll(' ', '')}
      onMouseMove={onHover}
      onClick={onChoose}
    >
      <span className={classes.gutter}>
        {entry.checked === true ? <Icon name="check" /> : entry.icon !== undefined && <Icon name={entry.icon} dimmed={!enabled} />}
      </span>
      <span className={classes.label}>
        <AccessLabel label={entry.label} underline={showAccessKeys} />
      </span>
      <span className={classes.shortcut} aria-hidden="true">
        {entry.shortcut}
      </span>
      <span className={classes.arrow}>{submenu && <Icon name="triangle-right" size={10} />}</span>
    </div>
  )
}
