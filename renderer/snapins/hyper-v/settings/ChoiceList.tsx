/** A list of a settings page from which one line is chosen: devices to add, boot entries. */
import { type KeyboardEvent, type ReactNode, useId } from 'react'
import { Icon, type IconName } from '../../../theme/icons/Icon.tsx'
import classes from './settings.module.css'

export interface ChoiceRow {
  readonly id: string
  readonly icon?: IconName
  readonly cells: readonly string[]
}

export interface ChoiceListProps {
  readonly label: string
  /** Headers of the columns; left out = none. */
  readonly headers?: readonly string[]
  readonly rows: readonly ChoiceRow[]
  readonly value: string | null
  readonly onChange: (id: string) => void
  /** Enter on a line, or a double click. */
  readonly onOpen?: () => void
}

export function ChoiceList({ label, headers, rows, value, onChange, onOpen }: ChoiceListProps): ReactNode {
  const prefix = useId()
  const at = rows.findIndex(({ id }) => id === value)
  const go = (index: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))]
    if (row !== undefined) onChange(row.id)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey) return
    if (event.key === 'ArrowDown') go(at + 1)
    else if (event.key === 'ArrowUp') go(at - 1)
    else if (event.key === 'Home') go(0)
    else if (event.key === 'End') go(rows.length - 1)
    else if (event.key === 'Enter' && onOpen !== undefined) onOpen()
    else return
    event.preventDefault()
  }
  return (
    <div className={classes.list}>
      {headers !== undefined && (
        <div className={classes.headers} aria-hidden="true">
          {headers.map((header) => (
            <span key={header}>{header}</span>
          ))}
        </div>
      )}
      <div
        role="listbox"
        aria-label={label}
        className={classes.rows}
        tabIndex={0}
        aria-activedescendant={at < 0 ? undefined : `${prefix}-${at}`}
        onKeyDown={onKeyDown}
      >
        {rows.map((row, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the list holds the one tab stop and names its active line
          // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys of all its lines
          <div
            key={row.id}
            id={`${prefix}-${index}`}
            role="option"
            className={classes.choice}
            aria-selected={row.id === value}
            onClick={() => onChange(row.id)}
            onDoubleClick={onOpen}
          >
            {row.cells.map((cell, column) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns stay where they are
              <span key={column} className={classes.cell}>
                {column === 0 && row.icon !== undefined && <Icon name={row.icon} />}
                {cell}
              </span>
            ))}
          </div>
        ))}
      </div>
    </div>
  )
}
