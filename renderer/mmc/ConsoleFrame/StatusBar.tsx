import type { ReactNode } from 'react'
import classes from './StatusBar.module.css'

export interface StatusCell {
  readonly id: string
  readonly content?: ReactNode
  /** CSS pixels. Default 150. */
  readonly width?: number
}

export interface StatusBarProps {
  /** The wide cell. */
  readonly children?: ReactNode
  readonly cells?: readonly StatusCell[]
  /** Class of the bar, e.g. for another height. */
  readonly className?: string | undefined
}

/** The bar at the bottom edge: one wide cell and some small ones. */
export function StatusBar({ children, cells = [], className }: StatusBarProps): ReactNode {
  return (
    <footer className={`${classes.bar} ${className ?? ''}`}>
      <div className={classes.wide}>{children}</div>
      {cells.map((cell) => (
        <div key={cell.id} className={classes.cell} style={cell.width === undefined ? undefined : { width: cell.width }}>
          {cell.content}
        </div>
      ))}
    </footer>
  )
}
