import { type CSSProperties, type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { type Command, isEnabled, type MenuEntry } from '../CommandModel/CommandModel.ts'
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
  /** The pointer came in: the level above keeps this one open. */
  readonly onEnter?: (() => void) | undefined
  /** Tab was pressed: close every level. */
  readonly onLeave: () => void
}

const submenuDelayMs = 250

function useMenuPosition(anchor: Box, placement: MenuPlacement, ref: RefObject<HTMLDivElement | null>): CSSProperties {
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

/** The place of an element in viewport pixels. */
export function boxOf(element: Element | null): Box {
  const { left, top, right, bottom } = element?.getBoundingClientRect() ?? { left: 0, top: 0, right: 0, bottom: 0 }
  return { left, top, right, bottom }
}

export interface OpenSubmenu {
  readonly index: number
  readonly byKey: boolean
}

export interface MenuSurfaceController {
  readonly root: RefObject<HTMLDivElement | null>
  readonly style: CSSProperties
  readonly activeIndex: number
  readonly open: OpenSubmenu | null
  readonly activate: (index: number, byKey: boolean) => void
  readonly hover: (index: number) => void
  /** The pointer left the level: no entry is highlighted, unless its submenu is open. */
  readonly unhover: () => void
  /** The pointer is in the submenu: it stays open. */
  readonly keepOpen: () => void
  readonly closeSubmenu: () => void
  readonly onKeyDown: (event: KeyboardEvent) => void
}

/** Behaviour of one level of a menu: highlight, keys, access keys, submenus by hover and key. */
export function useMenuSurface(props: MenuSurfaceProps, entries: readonly MenuEntry[]): MenuSurfaceController {
  const { anchor, placement, startAtFirst, onBack, onRun, onSideStep, onLeave } = props
  const root = useRef<HTMLDivElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const [activeIndex, setActiveIndex] = useState(startAtFirst ? stepEntry(entries, -1, 1) : -1)
  const [open, setOpen] = useState<OpenSubmenu | null>(null)
  const style = useMenuPosition(anchor, placement, root)
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
  const keepOpen = (): void => {
    clearTimeout(timer.current)
    if (open !== null) setActiveIndex(open.index)
  }
  const unhover = (): void => {
    if (open === null) setActiveIndex(-1)
  }
  return { root, style, activeIndex, open, activate, hover, unhover, keepOpen, closeSubmenu: () => setOpen(null), onKeyDown }
}
