import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react'
import { type Command, type MenuDefinition, parseLabel, runCommand } from '../CommandModel/CommandModel.ts'
import { useOutsidePress } from '../Menu/useOutsidePress.ts'

/** What the menu bar shows: nothing active, a focused title, or an open menu. */
export interface MenuBarState {
  readonly index: number
  readonly open: boolean
  /** Opened or focused by key: access keys underlined, first entry highlighted. */
  readonly byKey: boolean
}

export interface MenuBarController {
  readonly state: MenuBarState
  readonly toggle: (index: number) => void
  readonly hover: (index: number) => void
  readonly step: (direction: 1 | -1) => void
  readonly back: () => void
  readonly leave: () => void
  readonly run: (command: Command) => void
  readonly onKeyDown: (event: KeyboardEvent) => void
}

const rest: MenuBarState = { index: -1, open: false, byKey: false }

/** Index of the menu whose access key a character is, or -1. */
export function menuOfKey(menus: readonly MenuDefinition[], character: string): number {
  return menus.findIndex((menu) => parseLabel(menu.label).accessKey === character.toLowerCase())
}

/** Behaviour of the classic menu bar: Alt and F10, Alt+letter, arrows, hover while open, Escape level by level. */
export function useMenuBar(menus: readonly MenuDefinition[], bar: RefObject<HTMLElement | null>): MenuBarController {
  const [state, setState] = useState<MenuBarState>(rest)
  const before = useRef<HTMLElement | null>(null)
  const active = state.index >= 0
  const enter = (next: MenuBarState): void => {
    const focused = document.activeElement
    if (!active && focused instanceof HTMLElement && bar.current?.contains(focused) !== true) before.current = focused
    setState(next)
  }
  const leave = (): void => {
    setState(rest)
    before.current?.focus({ preventScroll: true })
    before.current = null
  }
  useOutsidePress(active, () => setState(rest))
  useWindowKeys(bar, {
    onAlt: () => (active ? leave() : enter({ index: 0, open: false, byKey: true })),
    onAltLetter: (character) => {
      const index = menuOfKey(menus, character)
      if (index >= 0) enter({ index, open: true, byKey: true })
      return index >= 0
    },
  })
  useEffect(() => {
    if (active && !state.open) bar.current?.querySelectorAll<HTMLElement>('[role="menuitem"]')[state.index]?.focus()
  }, [active, state.open, state.index, bar])

  const step = (direction: 1 | -1): void =>
    setState({ ...state, byKey: true, index: (state.index + direction + menus.length) % menus.length })
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!active || state.open) return
    const openMenu = (): void => setState({ ...state, open: true, byKey: true })
    const known = new Map<string, () => void>([
      ['ArrowLeft', () => step(-1)],
      ['ArrowRight', () => step(1)],
      ['ArrowDown', openMenu],
      ['ArrowUp', openMenu],
      ['Enter', openMenu],
      [' ', openMenu],
      ['Home', () => setState({ ...state, index: 0 })],
      ['End', () => setState({ ...state, index: menus.length - 1 })],
      ['Escape', leave],
    ])
    const action = known.get(event.key)
    const index = event.key.length === 1 ? menuOfKey(menus, event.key) : -1
    if (action !== undefined) action()
    else if (index >= 0) setState({ index, open: true, byKey: true })
    else if (event.key === 'Tab') setState(rest)
    else return
    if (event.key !== 'Tab') event.preventDefault()
    event.stopPropagation()
  }
  return {
    state,
    step,
    leave,
    onKeyDown,
    toggle: (index) => (state.open && state.index === index ? leave() : enter({ index, open: true, byKey: false })),
    hover: (index) => active && index !== state.index && setState({ ...state, index }),
    back: () => setState({ ...state, open: false, byKey: true }),
    run: (command) => {
      leave()
      runCommand(command)
    },
  }
}

interface WindowKeys {
  readonly onAlt: () => void
  /** Returns whether a menu has this key. */
  readonly onAltLetter: (character: string) => boolean
}

function useWindowKeys(bar: RefObject<HTMLElement | null>, keys: WindowKeys): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    let altAlone = false
    const asleep = (): boolean => bar.current === null || bar.current.closest('[inert]') !== null
    const down = (event: globalThis.KeyboardEvent): void => {
      altAlone = event.key === 'Alt' && !event.ctrlKey && !event.shiftKey
      if (asleep()) return
      if (event.key === 'F10' && !event.shiftKey && !event.ctrlKey && !event.altKey) latest.current.onAlt()
      else if (!(event.altKey && !event.ctrlKey && event.key.length === 1 && latest.current.onAltLetter(event.key))) return
      event.preventDefault()
    }
    const up = (event: globalThis.KeyboardEvent): void => {
      if (event.key === 'Alt' && altAlone && !asleep()) {
        latest.current.onAlt()
        event.preventDefault()
      }
      altAlone = false
    }
    const forget = (): void => {
      altAlone = false
    }
    window.addEventListener('keydown', down)
    window.addEventListener('keyup', up)
    window.addEventListener('pointerdown', forget)
    window.addEventListener('blur', forget)
    return () => {
      window.removeEventListener('keydown', down)
      window.removeEventListener('keyup', up)
      window.removeEventListener('pointerdown', forget)
      window.removeEventListener('blur', forget)
    }
  }, [bar])
}
