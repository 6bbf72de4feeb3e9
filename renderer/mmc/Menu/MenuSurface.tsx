import type { ReactNode } from 'react'
import { createPortal } from 'react-dom'
import { Icon } from '../../theme/icons/Icon.tsx'
import { AccessLabel } from '../CommandModel/AccessLabel.tsx'
import { type Command, isEnabled, plainLabel, tidySeparators } from '../CommandModel/CommandModel.ts'
import classes from './MenuSurface.module.css'
import { boxOf, type MenuSurfaceProps, useMenuSurface } from './useMenuSurface.ts'

/** One level of a menu with its open submenu; shared by menu bar, context menus and flyouts. */
export function MenuSurface(props: MenuSurfaceProps): ReactNode {
  const { label, showAccessKeys, onRun, onSideStep, onLeave } = props
  const entries = tidySeparators(props.entries)
  const { root, style, activeIndex, open, activate, hover, unhover, keepOpen, closeSubmenu, onKeyDown } = useMenuSurface(props, entries)
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
      onMouseEnter={props.onEnter}
      onMouseLeave={unhover}
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
          anchor={boxOf(root.current?.querySelector(`[data-index="${open.index}"]`) ?? null)}
          placement="side"
          label={plainLabel(openEntry.label)}
          startAtFirst={open.byKey}
          showAccessKeys={showAccessKeys}
          onBack={closeSubmenu}
          onEnter={keepOpen}
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
      {/* The product's menus have no pictures; those of the commands belong to the Actions pane and the toolbars. */}
      <span className={classes.gutter}>{entry.checked === true && <Icon name="check" />}</span>
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
