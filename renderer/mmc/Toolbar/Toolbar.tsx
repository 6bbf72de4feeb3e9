import { Tooltip } from '@mantine/core'
import { type KeyboardEvent, type ReactNode, useRef, useState } from 'react'
import { Icon } from '../../theme/icons/Icon.tsx'
import { type Command, isEnabled, type MenuEntry, plainLabel, runCommand, tidySeparators } from '../CommandModel/CommandModel.ts'
import { ContextMenu } from '../ContextMenu/ContextMenu.tsx'
import type { Box } from '../Menu/menuModel.ts'
import classes from './Toolbar.module.css'

export interface ToolbarProps {
  /** Commands with icons; `checked` makes a toggle, `children` a button with a menu. */
  readonly entries: readonly MenuEntry[]
  /** Accessible name. Default `Toolbar`. */
  readonly label?: string
  /** Class of the strip, e.g. for another height. */
  readonly className?: string | undefined
}

interface OpenMenu {
  readonly command: Command
  readonly at: Box
}

/** A strip of tool buttons with one tab stop; arrows move within it. */
export function Toolbar({ entries, label = 'Toolbar', className }: ToolbarProps): ReactNode {
  const strip = useRef<HTMLDivElement>(null)
  const [stop, setStop] = useState<string | null>(null)
  const [menu, setMenu] = useState<OpenMenu | null>(null)
  const shown = tidySeparators(entries)
  const commands = shown.flatMap((entry) => (entry === 'separator' ? [] : [entry]))
  const stopId = commands.find((command) => command.id === stop && isEnabled(command))?.id ?? commands.find(isEnabled)?.id
  const onKeyDown = (event: KeyboardEvent): void => {
    const buttons = [...(strip.current?.querySelectorAll<HTMLButtonElement>('button:not(:disabled)') ?? [])]
    const active = document.activeElement
    const index = active instanceof HTMLButtonElement ? buttons.indexOf(active) : -1
    const targets: Readonly<Record<string, number>> = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: buttons.length - 1 }
    const wanted = targets[event.key]
    if (wanted === undefined || buttons.length === 0) return
    event.preventDefault()
    buttons[(wanted + buttons.length) % buttons.length]?.focus()
  }
  const press = (command: Command, element: HTMLElement): void => {
    if (command.children === undefined) runCommand(command)
    else setMenu({ command, at: element.getBoundingClientRect() })
  }
  return (
    <div ref={strip} role="toolbar" aria-label={label} className={`${classes.strip} ${className ?? ''}`} onKeyDown={onKeyDown}>
      {shown.map((entry, index) =>
        entry === 'separator' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: separators have no identity but their place
          <span key={`separator-${index}`} className={classes.separator} />
        ) : (
          <Tooltip key={entry.id} label={tipOf(entry)} position="bottom-start">
            <button
              type="button"
              className={classes.tool}
              aria-label={plainLabel(entry.label).replace(/\.\.\.$/, '')}
              aria-pressed={entry.checked}
              aria-haspopup={entry.children === undefined ? undefined : 'menu'}
              disabled={!isEnabled(entry)}
              tabIndex={entry.id === stopId ? 0 : -1}
              onFocus={() => setStop(entry.id)}
              onClick={(event) => press(entry, event.currentTarget)}
            >
              <Icon name={entry.icon ?? 'page'} dimmed={!isEnabled(entry)} />
            </button>
          </Tooltip>
        ),
      )}
      {menu !== null && (
        <ContextMenu
          entries={menu.command.children ?? []}
          at={menu.at}
          label={plainLabel(menu.command.label)}
          onClose={() => setMenu(null)}
        />
      )}
    </div>
  )
}

function tipOf(command: Command): string {
  const text = plainLabel(command.label).replace(/\.\.\.$/, '')
  return command.shortcut === undefined ? text : `${text} (${command.shortcut})`
}
