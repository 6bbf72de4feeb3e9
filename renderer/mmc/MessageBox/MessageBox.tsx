import { type ReactNode, useId, useState } from 'react'
import { Icon, type IconName } from '../../theme/icons/Icon.tsx'
import { ClassicButton } from '../ClassicButton/ClassicButton.tsx'
import { DialogWindow } from '../DialogWindow/DialogWindow.tsx'
import { CheckBox } from '../Field/Choice.tsx'
import classes from './MessageBox.module.css'

export interface MessageBoxButton<Id extends string> {
  readonly id: Id
  /** Text with `&` before the access key. */
  readonly label: string
}

export interface MessageBoxOptions<Id extends string> {
  /** Text of the caption bar. */
  readonly title: string
  readonly icon?: 'info' | 'warning' | 'error' | 'question'
  /** Large blue text. */
  readonly headline: string
  /** Small text below; paragraphs are separated by an empty line. */
  readonly body?: ReactNode
  /** Text behind `See details`. */
  readonly details?: string
  /** Text of the check box at the lower left, e.g. `Please don't ask me again`. */
  readonly verification?: string
  /** From left to right. */
  readonly buttons: readonly MessageBoxButton<Id>[]
  /** The safe one: has the focus and answers Enter. */
  readonly defaultButton: Id
  /** What Escape and the close button mean. Default: `defaultButton`. */
  readonly escapeButton?: Id
}

export interface MessageBoxAnswer<Id extends string> {
  readonly button: Id
  /** State of the check box; false when there is none. */
  readonly verificationChecked: boolean
}

export interface MessageBoxProps<Id extends string> extends MessageBoxOptions<Id> {
  readonly onClose: (answer: MessageBoxAnswer<Id>) => void
}

/** Icon of the message box by its kind. */
const iconOf: Readonly<Record<'info' | 'warning' | 'error' | 'question', IconName>> = {
  info: 'info',
  warning: 'warning',
  error: 'error',
  question: 'question',
}

/** A task dialog: icon, blue headline, text, details, check box, buttons. */
export function MessageBox<Id extends string>(props: MessageBoxProps<Id>): ReactNode {
  const { title, icon, headline, body, details, verification, buttons, defaultButton, escapeButton = defaultButton, onClose } = props
  const id = useId()
  const [checked, setChecked] = useState(false)
  const [open, setOpen] = useState(false)
  const close = (button: Id): void => onClose({ button, verificationChecked: checked })
  return (
    <DialogWindow title={title} width={440} role="alertdialog" describedBy={`${id}-text`} onClose={() => close(escapeButton)}>
      <div className={classes.text} id={`${id}-text`}>
        {icon !== undefined && <Icon name={iconOf[icon]} size={32} label={icon} />}
        <div className={classes.words} data-selectable="">
          <p className={classes.headline}>{headline}</p>
          {/* biome-ignore lint/suspicious/noArrayIndexKey: two machines of one name can have the same text */}
          {typeof body === 'string' ? body.split('\n\n').map((paragraph, index) => <p key={index}>{paragraph}</p>) : body}
          {open && <pre className={classes.details}>{details}</pre>}
        </div>
      </div>
      <div className={classes.bar}>
        <div className={classes.left}>
          {details !== undefined && (
            <button type="button" className={classes.more} aria-expanded={open} onClick={() => setOpen(!open)}>
              <span className={classes.round}>
                <Icon name={open ? 'chevron-up' : 'chevron-down'} size={12} />
              </span>
              {open ? 'Hide details' : 'See details'}
            </button>
          )}
          {verification !== undefined && <CheckBox label={verification} checked={checked} onChange={setChecked} />}
        </div>
        <div className={classes.buttons}>
          {buttons.map((button) => (
            <ClassicButton
              key={button.id}
              label={button.label}
              isDefault={button.id === defaultButton}
              data-autofocus={button.id === defaultButton ? '' : undefined}
              onClick={() => close(button.id)}
            />
          ))}
        </div>
      </div>
    </DialogWindow>
  )
}
