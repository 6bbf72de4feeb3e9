import { type KeyboardEvent, type ReactNode, useId, useRef } from 'react'
import classes from './BottomTabs.module.css'

export interface BottomTab {
  readonly id: string
  readonly title: string
}

export interface BottomTabsProps {
  readonly tabs: readonly BottomTab[]
  readonly activeId: string
  readonly onChange: (id: string) => void
  /** Accessible name of the tabs. */
  readonly label: string
  /** Content of the active tab. */
  readonly children: ReactNode
}

/** A page with its tabs at the bottom edge. Arrows, Home, End and Ctrl+Tab change the tab. */
export function BottomTabs({ tabs, activeId, onChange, label, children }: BottomTabsProps): ReactNode {
  const list = useRef<HTMLDivElement>(null)
  const id = useId()
  const index = tabs.findIndex((tab) => tab.id === activeId)
  const show = (at: number, focus: boolean): void => {
    const wanted = (at + tabs.length) % tabs.length
    const tab = tabs[wanted]
    if (tab === undefined) return
    onChange(tab.id)
    if (focus) list.current?.querySelectorAll<HTMLElement>('[role="tab"]')[wanted]?.focus()
  }
  const onListKey = (event: KeyboardEvent): void => {
    const targets: Readonly<Record<string, number>> = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: tabs.length - 1 }
    const wanted = targets[event.key]
    if (wanted === undefined) return
    event.preventDefault()
    show(wanted, true)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!event.ctrlKey || (event.key !== 'Tab' && event.key !== 'PageDown' && event.key !== 'PageUp')) return
    event.preventDefault()
    event.stopPropagation()
    show(index + (event.key === 'PageUp' || (event.key === 'Tab' && event.shiftKey) ? -1 : 1), false)
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only listens to Ctrl+Tab of what is inside
    <div className={classes.sheet} onKeyDown={onKeyDown}>
      <div id={`${id}-page`} role="tabpanel" aria-labelledby={`${id}-${activeId}`} className={classes.page}>
        {children}
      </div>
      <div ref={list} role="tablist" aria-label={label} className={classes.tabs} onKeyDown={onListKey} tabIndex={-1}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            id={`${id}-${tab.id}`}
            type="button"
            role="tab"
            className={classes.tab}
            aria-selected={tab.id === activeId}
            aria-controls={`${id}-page`}
            tabIndex={tab.id === activeId ? 0 : -1}
            onClick={() => onChange(tab.id)}
          >
            {tab.title}
          </button>
        ))}
      </div>
    </div>
  )
}
