import { Fragment, type ReactNode } from 'react'
import classes from './DetailsGrid.module.css'

export interface Detail {
  readonly id: string
  /** With its colon, e.g. `Generation:`. */
  readonly label: string
  readonly value: ReactNode
}

export interface DetailsGridProps {
  /** Left column from top to bottom. */
  readonly left: readonly Detail[]
  /** Right column from top to bottom; rows stand level with those of the left. */
  readonly right?: readonly Detail[]
  /** Accessible name. */
  readonly label: string
}

/** Labels and values in two pairs of columns. */
export function DetailsGrid({ left, right = [], label }: DetailsGridProps): ReactNode {
  const count = Math.max(left.length, right.length)
  const rows = Array.from({ length: count }, (_, index) => [left[index], right[index]] as const)
  return (
    <dl className={classes.grid} aria-label={label} data-selectable="">
      {rows.map(([first, second]) => (
        <Fragment key={first?.id ?? second?.id}>
          <Pair detail={first} side="left" />
          <Pair detail={second} side="right" />
        </Fragment>
      ))}
    </dl>
  )
}

function Pair({ detail, side }: { readonly detail: Detail | undefined; readonly side: 'left' | 'right' }): ReactNode {
  if (detail === undefined) return null
  return (
    <div className={classes.pair} data-side={side}>
      <dt className={classes.term}>{detail.label}</dt>
      <dd className={classes.value}>{detail.value}</dd>
    </div>
  )
}
