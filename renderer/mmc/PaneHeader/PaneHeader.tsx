import type { ReactNode } from 'react'
import { Icon } from '../../theme/icons/Icon.tsx'
import classes from './PaneHeader.module.css'

export interface PaneHeaderProps {
  readonly title: string
  /** Id of the caption, for `aria-labelledby` of the pane. */
  readonly id?: string
  /** Shows the round chevron button when given: true = collapsed. */
  readonly collapsed?: boolean | undefined
  readonly onToggle?: (() => void) | undefined
  /** Plain instead of bold caption, as in the Actions pane. Default false. */
  readonly plain?: boolean
}

/** The grey bar with the caption of a pane. */
export function PaneHeader({ title, id, collapsed, onToggle, plain = false }: PaneHeaderProps): ReactNode {
  return (
    <div className={classes.header} data-plain={plain || undefined}>
      <h2 id={id} className={classes.title}>
        {title}
      </h2>
      {collapsed !== undefined && (
        <button
          type="button"
          className={classes.round}
          aria-expanded={!collapsed}
          aria-label={`${collapsed ? 'Expand' : 'Collapse'} ${title}`}
          onClick={onToggle}
        >
          <Icon name={collapsed ? 'triangle-down' : 'triangle-up'} size={9} />
        </button>
      )}
    </div>
  )
}
