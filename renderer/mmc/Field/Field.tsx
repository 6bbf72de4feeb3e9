import { NumberInput, Select, TextInput } from '@mantine/core'
import { type ReactNode, useId } from 'react'
import { Icon } from '../../theme/icons/Icon.tsx'
import { AccessLabel } from '../CommandModel/AccessLabel.tsx'
import { parseLabel } from '../CommandModel/CommandModel.ts'
import classes from './Field.module.css'
import { steppedNumber } from './numberField.ts'

interface FieldFrameProps {
  /** Text before the field, with `&` before the access key; e.g. `&Name:`. */
  readonly label?: string | undefined
  /** CSS pixels of the label column, so that fields stand below each other. */
  readonly labelWidth?: number | undefined
  /** Text behind the field, e.g. `MB` or `GB (Maximum: 64 TB)`. */
  readonly suffix?: ReactNode
  /** Why the value cannot be taken; shown below the field as a balloon. */
  readonly error?: string | null | undefined
  readonly disabled?: boolean | undefined
}

interface FrameParts extends FieldFrameProps {
  readonly id: string
  /** The field takes the rest of the line. */
  readonly wide: boolean
  readonly children: ReactNode
}

function FieldFrame({ id, wide, label, labelWidth, suffix, error, disabled = false, children }: FrameParts): ReactNode {
  return (
    <div className={classes.line} data-disabled={disabled || undefined}>
      {label !== undefined && (
        <label className={classes.label} htmlFor={id} style={labelWidth === undefined ? undefined : { width: labelWidth }}>
          <AccessLabel label={label} underline={parseLabel(label).accessKey !== null} />
        </label>
      )}
      <div className={classes.control} data-wide={wide || undefined}>
        {children}
        {error !== null && error !== undefined && <Balloon id={`${id}-error`}>{error}</Balloon>}
      </div>
      {suffix !== undefined && <span className={classes.suffix}>{suffix}</span>}
    </div>
  )
}

export interface BalloonProps {
  readonly id?: string
  readonly children: ReactNode
}

/** The small pointed note below a field that says what is wrong with it. */
export function Balloon({ id, children }: BalloonProps): ReactNode {
  return (
    <div id={id} role="alert" className={classes.balloon}>
      <Icon name="error" size={14} />
      <span>{children}</span>
    </div>
  )
}

export interface TextFieldProps extends FieldFrameProps {
  readonly value: string
  readonly onChange: (value: string) => void
  /** CSS pixels. Default: the rest of the line. */
  readonly width?: number
  /** Characters. */
  readonly maxLength?: number
  readonly readOnly?: boolean
  readonly type?: 'text' | 'password'
  readonly placeholder?: string
  /** Accessible name when there is no label. */
  readonly ariaLabel?: string
  /** Has the focus when its window opens. Default false. */
  readonly autoFocus?: boolean
  readonly onBlur?: () => void
}

/** A text box of 22 pixels with its label. */
export function TextField(props: TextFieldProps): ReactNode {
  const { value, onChange, width, maxLength, readOnly, type = 'text', placeholder, ariaLabel, autoFocus = false, onBlur, ...frame } = props
  const id = useId()
  return (
    <FieldFrame id={id} wide={width === undefined} {...frame}>
      <TextInput
        id={id}
        type={type}
        style={{ width: width ?? '100%', maxWidth: '100%' }}
        value={value}
        maxLength={maxLength}
        readOnly={readOnly}
        placeholder={placeholder}
        disabled={frame.disabled}
        aria-label={ariaLabel}
        aria-describedby={frame.error ? `${id}-error` : undefined}
        error={Boolean(frame.error)}
        spellCheck={false}
        autoComplete="off"
        data-access-key={accessKeyOf(frame.label)}
        data-autofocus={autoFocus || undefined}
        onChange={(event) => onChange(event.currentTarget.value)}
        onBlur={onBlur}
      />
    </FieldFrame>
  )
}

export interface NumberFieldProps extends FieldFrameProps {
  /** Null while the box is empty or holds no number. */
  readonly value: number | null
  /** Values outside `min` and `max` can be typed and arrive here: the owner shows its message. Only the spin arrows stop at the limits. */
  readonly onChange: (value: number | null) => void
  readonly min?: number
  readonly max?: number
  /** Of the spin arrows. Default 1. */
  readonly step?: number
  /** CSS pixels. Default 60. */
  readonly width?: number
  /** Accessible name when there is no label. */
  readonly ariaLabel?: string
  readonly onBlur?: () => void
}

/** A number box with spin arrows. */
export function NumberField(props: NumberFieldProps): ReactNode {
  const { value, onChange, min, max, step = 1, width = 60, ariaLabel, onBlur, ...frame } = props
  const id = useId()
  return (
    <FieldFrame id={id} wide={false} {...frame}>
      <NumberInput
        id={id}
        style={{ width }}
        value={value ?? ''}
        step={step}
        disabled={frame.disabled}
        aria-label={ariaLabel}
        aria-describedby={frame.error ? `${id}-error` : undefined}
        error={Boolean(frame.error)}
        withKeyboardEvents={false}
        hideControls
        rightSectionWidth={18}
        rightSection={
          <SpinArrows
            disabled={frame.disabled === true}
            onStep={(direction) => onChange(steppedNumber(value, direction, step, min, max))}
          />
        }
        data-access-key={accessKeyOf(frame.label)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return
          event.preventDefault()
          onChange(steppedNumber(value, event.key === 'ArrowUp' ? 1 : -1, step, min, max))
        }}
        onChange={(next) => onChange(next === '' ? null : Number(next))}
        onBlur={onBlur}
      />
    </FieldFrame>
  )
}

function SpinArrows({ disabled, onStep }: { readonly disabled: boolean; readonly onStep: (direction: 1 | -1) => void }): ReactNode {
  return (
    <span className={classes.spin} aria-hidden="true">
      {([1, -1] as const).map((direction) => (
        <button
          key={direction}
          type="button"
          tabIndex={-1}
          className={classes.spinButton}
          disabled={disabled}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onStep(direction)}
        >
          <Icon name={direction === 1 ? 'triangle-up' : 'triangle-down'} size={8} />
        </button>
      ))}
    </span>
  )
}

export interface SelectFieldProps<Value extends string> extends FieldFrameProps {
  readonly value: Value | null
  readonly options: readonly { readonly value: Value; readonly label: string; readonly disabled?: boolean }[]
  readonly onChange: (value: Value) => void
  /** CSS pixels. Default: the rest of the line. */
  readonly width?: number
  /** Accessible name when there is no label. */
  readonly ariaLabel?: string
}

/** A drop-down list. */
export function SelectField<Value extends string>(props: SelectFieldProps<Value>): ReactNode {
  const { value, options, onChange, width, ariaLabel, ...frame } = props
  const id = useId()
  return (
    <FieldFrame id={id} wide={width === undefined} {...frame}>
      <Select
        id={id}
        style={{ width: width ?? '100%' }}
        value={value}
        data={options.map((option) => ({ ...option }))}
        disabled={frame.disabled}
        aria-label={ariaLabel}
        aria-describedby={frame.error ? `${id}-error` : undefined}
        error={Boolean(frame.error)}
        rightSection={<Icon name="triangle-down" size={10} />}
        rightSectionWidth={18}
        data-access-key={accessKeyOf(frame.label)}
        onChange={(next) => {
          const chosen = options.find((option) => option.value === next)
          if (chosen !== undefined) onChange(chosen.value)
        }}
      />
    </FieldFrame>
  )
}

function accessKeyOf(label: string | undefined): string | undefined {
  return label === undefined ? undefined : (parseLabel(label).accessKey ?? undefined)
}

export interface NoteProps {
  readonly kind: 'info' | 'warning' | 'error'
  readonly children: ReactNode
}

/** A line with an information, warning or error icon before its text. */
export function Note({ kind, children }: NoteProps): ReactNode {
  return (
    <div className={classes.note} data-kind={kind} role="note">
      <Icon name={kind} size={14} label={kind} />
      <span>{children}</span>
    </div>
  )
}
