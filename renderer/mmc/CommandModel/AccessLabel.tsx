import type { ReactNode } from 'react'
import { parseLabel } from './CommandModel.ts'

export interface AccessLabelProps {
  /** Text with `&` before the access key. */
  readonly label: string
  /** Underlines the access key. */
  readonly underline: boolean
}

/** A label with its access key underlined or plain. */
export function AccessLabel({ label, underline }: AccessLabelProps): ReactNode {
  const { text, accessIndex } = parseLabel(label)
  if (!underline || accessIndex < 0) return <span>{text}</span>
  return (
    <span>
      {text.slice(0, accessIndex)}
      <u>{text.charAt(accessIndex)}</u>
      {text.slice(accessIndex + 1)}
    </span>
  )
}
