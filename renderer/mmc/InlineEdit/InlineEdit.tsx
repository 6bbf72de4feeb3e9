import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import classes from './InlineEdit.module.css'

/** Answer to a rename: null = taken, a text = refused with this reason. */
export type RenameAnswer = string | null | Promise<string | null>

export interface InlineEditProps {
  readonly value: string
  /** Accessible name of the field. */
  readonly label: string
  readonly maxLength?: number | undefined
  /** Asked on Enter and when the field loses the focus; a text keeps the field open and is shown below it. */
  readonly onCommit: (text: string) => RenameAnswer
  /** The edit is over: taken, unchanged or given up. `byKey` tells whether the focus should go back to the row. */
  readonly onEnd: (byKey: boolean) => void
}

/** A label that is being renamed in place: Enter takes, Escape gives up, leaving takes. */
export function InlineEdit({ value, label, maxLength, onCommit, onEnd }: InlineEditProps): ReactNode {
  const field = useRef<HTMLInputElement>(null)
  const settled = useRef(false)
  const errorId = useId()
  const [text, setText] = useState(value)
  const [error, setError] = useState<string | null>(null)
  useEffect(() => field.current?.select(), [])
  const end = (byKey: boolean): void => {
    if (settled.current) return
    settled.current = true
    onEnd(byKey)
  }
  const commit = async (byKey: boolean): Promise<void> => {
    if (settled.current) return
    if (text === value) {
      end(byKey)
      return
    }
    const refusal = await onCommit(text)
    if (refusal === null) end(byKey)
    else {
      setError(refusal)
      field.current?.focus()
    }
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation()
    if (event.key === 'Enter') void commit(true)
    else if (event.key === 'Escape') end(true)
    else return
    event.preventDefault()
  }
  return (
    <span className={classes.holder}>
      <span className={classes.sizer} aria-hidden="true">
        {text}
      </span>
      <input
        ref={field}
        className={classes.field}
        // biome-ignore lint/a11y/noAutofocus: the user asked to type here
        autoFocus
        aria-label={label}
        aria-invalid={error !== null}
        aria-describedby={error === null ? undefined : errorId}
        spellCheck={false}
        maxLength={maxLength}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setError(null)
        }}
        onKeyDown={onKeyDown}
        onBlur={() => (error === null ? void commit(false) : end(false))}
        onPointerDown={(event) => event.stopPropagation()}
        onDoubleClick={(event) => event.stopPropagation()}
      />
      {error !== null && (
        <span id={errorId} role="alert" className={classes.error}>
          {error}
        </span>
      )}
    </span>
  )
}
