import { type ReactNode, useEffect, useState } from 'react'
import { Icon } from '../theme/icons/Icon.tsx'
import classes from './connect.module.css'

export interface ConnectionBarProps {
  readonly name: string
  readonly onRestore: () => void
  readonly onClose: () => void
}

/** Time after which an unpinned bar slides away. */
const SLIDE_AWAY_MILLISECONDS = 2000

/** The bar at the top of a full screen (hyper-v-manager 8.6). Pinned it stays; otherwise it comes when the pointer touches the upper edge. */
export function ConnectionBar({ name, onRestore, onClose }: ConnectionBarProps): ReactNode {
  const [pinned, setPinned] = useState(true)
  const [wanted, setWanted] = useState(true)
  const [touched, setTouched] = useState(false)
  useEffect(() => {
    if (pinned || touched) return
    const timer = setTimeout(() => setWanted(false), SLIDE_AWAY_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [pinned, touched])
  const touch = (on: boolean): void => {
    setTouched(on)
    if (on) setWanted(true)
  }
  return (
    <header className={classes.edge}>
      <div
        className={classes.connectionBar}
        role="toolbar"
        aria-label="Connection bar"
        data-away={(!pinned && !wanted) || undefined}
        onPointerEnter={() => touch(true)}
        onPointerLeave={() => touch(false)}
        onFocus={() => touch(true)}
        onBlur={() => touch(false)}
      >
        <BarButton label="Pin the connection bar" pressed={pinned} onClick={() => setPinned(!pinned)}>
          <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" className={pinned ? undefined : classes.turned}>
            <path d="M4 1h4v4l1.5 2h-7L4 5zM6 7v4" fill="none" stroke="currentColor" />
          </svg>
        </BarButton>
        <span className={classes.barName}>{name}</span>
        <BarButton label="Restore" onClick={onRestore}>
          <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
            <path d="M.5 2.5h7v7h-7zM2.5 2.5v-2h7v7h-2" fill="none" stroke="currentColor" />
          </svg>
        </BarButton>
        <BarButton label="Close" onClick={onClose}>
          <Icon name="close" size={12} />
        </BarButton>
      </div>
    </header>
  )
}

interface BarButtonProps {
  readonly label: string
  readonly pressed?: boolean
  readonly onClick: () => void
  readonly children: ReactNode
}

function BarButton({ label, pressed, onClick, children }: BarButtonProps): ReactNode {
  return (
    <button type="button" className={classes.barButton} aria-label={label} aria-pressed={pressed} title={label} onClick={onClick}>
      {children}
    </button>
  )
}
