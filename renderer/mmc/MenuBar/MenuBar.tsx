import { type ReactNode, useRef } from 'react'
import { AccessLabel } from '../CommandModel/AccessLabel.tsx'
import { type MenuDefinition, plainLabel } from '../CommandModel/CommandModel.ts'
import { MenuSurface } from '../Menu/MenuSurface.tsx'
import classes from './MenuBar.module.css'
import { useMenuBar } from './useMenuBar.ts'

export interface MenuBarProps {
  readonly menus: readonly MenuDefinition[]
  /** `always`, as a management console does, or only after Alt or F10, as other windows do. Default `onAlt`. */
  readonly underline?: 'always' | 'onAlt'
  /** Accessible name. Default `Menu bar`. */
  readonly label?: string
}

/** The classic menu bar: Alt or F10, Alt+letter, arrows, hover while open, Escape level by level. */
export function MenuBar({ menus, underline = 'onAlt', label = 'Menu bar' }: MenuBarProps): ReactNode {
  const bar = useRef<HTMLDivElement>(null)
  const { state, toggle, hover, step, back, leave, run, onKeyDown } = useMenuBar(menus, bar)
  const open = state.open ? menus[state.index] : undefined
  const showAccessKeys = underline === 'always' || state.byKey
  const anchor = bar.current?.querySelectorAll('[role="menuitem"]')[state.index]?.getBoundingClientRect()
  return (
    <div ref={bar} className={classes.bar} role="menubar" aria-label={label} data-menu-owner="" tabIndex={-1} onKeyDown={onKeyDown}>
      {menus.map((menu, index) => (
        <button
          key={menu.id}
          type="button"
          role="menuitem"
          className={classes.title}
          tabIndex={-1}
          aria-haspopup="menu"
          aria-expanded={open?.id === menu.id}
          data-hot={(state.index === index && !state.open) || undefined}
          data-open={open?.id === menu.id || undefined}
          onPointerDown={(event) => {
            event.preventDefault()
            if (event.button === 0) toggle(index)
          }}
          onClick={(event) => event.detail === 0 && toggle(index)}
          onMouseEnter={() => hover(index)}
        >
          <AccessLabel label={menu.label} underline={showAccessKeys} />
        </button>
      ))}
      {open !== undefined && anchor !== undefined && (
        <MenuSurface
          key={open.id}
          entries={open.entries}
          anchor={anchor}
          placement="below"
          label={plainLabel(open.label)}
          startAtFirst={state.byKey}
          showAccessKeys={state.byKey}
          onBack={back}
          onRun={run}
          onSideStep={step}
          onLeave={leave}
        />
      )}
    </div>
  )
}
