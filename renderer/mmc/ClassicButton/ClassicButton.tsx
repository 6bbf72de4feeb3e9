import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import { AccessLabel } from '../CommandModel/AccessLabel.tsx'
import { parseLabel } from '../CommandModel/CommandModel.ts'
import classes from './ClassicButton.module.css'

export interface ClassicButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children'> {
  /** Text with `&` before the access key (Alt+key presses it inside a dialog). */
  readonly label: string
  /** Shows the 2 pixel ring: Enter in the dialog presses it. Default false. */
  readonly isDefault?: boolean
  readonly ref?: Ref<HTMLButtonElement>
}

/** A push button, at least 75x23. */
export function ClassicButton({ label, isDefault = false, className, ref, ...rest }: ClassicButtonProps): ReactNode {
  const { text, accessKey } = parseLabel(label)
  return (
    <button
      type="button"
      {...rest}
      ref={ref}
      className={`${classes.button} ${className ?? ''}`}
      data-default={isDefault || undefined}
      data-access-key={accessKey ?? undefined}
      aria-label={rest['aria-label'] ?? text}
    >
      <AccessLabel label={label} underline={accessKey !== null} />
    </button>
  )
}

export interface ButtonRowProps {
  readonly children: ReactNode
  /** Where the buttons stand. Default `end`. */
  readonly align?: 'start' | 'end'
}

/** Buttons side by side, 7 pixels apart. */
export function ButtonRow({ children, align = 'end' }: ButtonRowProps): ReactNode {
  return (
    <div className={classes.row} data-align={align}>
      {children}
    </div>
  )
}
