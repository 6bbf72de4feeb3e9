import { createContext, type ReactNode, use, useId } from 'react'
import { AccessLabel } from '../CommandModel/AccessLabel.tsx'
import { parseLabel } from '../CommandModel/CommandModel.ts'
import classes from './Choice.module.css'

export interface CheckBoxProps {
  /** Text with `&` before the access key. */
  readonly label: string
  readonly checked: boolean
  /** Neither checked nor cleared. Default false. */
  readonly mixed?: boolean
  readonly disabled?: boolean
  /** Second line below the label. */
  readonly description?: ReactNode
  readonly onChange: (checked: boolean) => void
}

/** A classic check box of 13 pixels with its label. */
export function CheckBox({ label, checked, mixed = false, disabled = false, description, onChange }: CheckBoxProps): ReactNode {
  const id = useId()
  const { accessKey } = parseLabel(label)
  return (
    <span className={classes.choice} data-disabled={disabled || undefined}>
      <input
        id={id}
        ref={(element) => {
          if (element !== null) element.indeterminate = mixed
        }}
        type="checkbox"
        className={classes.box}
        checked={checked}
        disabled={disabled}
        data-access-key={accessKey ?? undefined}
        aria-describedby={description === undefined ? undefined : `${id}-more`}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span className={classes.words}>
        <label htmlFor={id}>
          <AccessLabel label={label} underline={accessKey !== null} />
        </label>
        {description !== undefined && (
          <span id={`${id}-more`} className={classes.description}>
            {description}
          </span>
        )}
      </span>
    </span>
  )
}

interface RadioContext {
  readonly name: string
  readonly value: string | null
  readonly disabled: boolean
  readonly onChange: (value: string) => void
}

const Group = createContext<RadioContext | null>(null)

export interface RadioGroupProps<Value extends string> {
  /** Accessible name of the group. */
  readonly label: string
  readonly value: Value | null
  readonly disabled?: boolean
  readonly onChange: (value: Value) => void
  /** `RadioButton`s with anything between them. */
  readonly children: ReactNode
}

/** Radio buttons of which one is chosen. */
export function RadioGroup<Value extends string>({
  label,
  value,
  disabled = false,
  onChange,
  children,
}: RadioGroupProps<Value>): ReactNode {
  const name = useId()
  return (
    <Group value={{ name, value, disabled, onChange: (next) => onChange(next as Value) }}>
      <div role="radiogroup" aria-label={label} className={classes.group}>
        {children}
      </div>
    </Group>
  )
}

export interface RadioButtonProps {
  readonly value: string
  /** Text with `&` before the access key. */
  readonly label: string
  readonly disabled?: boolean
  /** Text below the label. */
  readonly description?: ReactNode
  /** Fields that belong to this choice, indented below it. */
  readonly children?: ReactNode
}

/** A classic radio button of 13 pixels with its label; only inside a `RadioGroup`. */
export function RadioButton({ value, label, disabled = false, description, children }: RadioButtonProps): ReactNode {
  const group = use(Group)
  const id = useId()
  if (group === null) throw new Error('A RadioButton needs a RadioGroup around it.')
  const off = disabled || group.disabled
  const { accessKey } = parseLabel(label)
  return (
    <div className={classes.radioBlock}>
      <span className={classes.choice} data-disabled={off || undefined}>
        <input
          id={id}
          type="radio"
          className={classes.radio}
          name={group.name}
          checked={group.value === value}
          disabled={off}
          data-access-key={accessKey ?? undefined}
          aria-describedby={description === undefined ? undefined : `${id}-more`}
          onChange={() => group.onChange(value)}
        />
        <span className={classes.words}>
          <label htmlFor={id}>
            <AccessLabel label={label} underline={accessKey !== null} />
          </label>
          {description !== undefined && (
            <span id={`${id}-more`} className={classes.description}>
              {description}
            </span>
          )}
        </span>
      </span>
      {children !== undefined && <div className={classes.below}>{children}</div>}
    </div>
  )
}
