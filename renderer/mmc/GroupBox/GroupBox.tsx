import type { ReactNode } from 'react'
import classes from './GroupBox.module.css'

export interface GroupBoxProps {
  readonly title: string
  readonly children: ReactNode
}

/** A frame with its title in the upper line. */
export function GroupBox({ title, children }: GroupBoxProps): ReactNode {
  return (
    <fieldset className={classes.box}>
      <legend className={classes.title}>{title}</legend>
      {children}
    </fieldset>
  )
}
