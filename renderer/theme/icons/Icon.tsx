import type { CSSProperties, ReactNode } from 'react'
import { iconTable } from './table.tsx'

/** Name of one of our icons. */
export type IconName = keyof typeof iconTable

export interface IconProps {
  /** Which drawing. */
  readonly name: IconName
  /** Edge in CSS pixels: 16 in lists, menus and toolbars, 32 in wizard headers and message boxes. Default 16. */
  readonly size?: number
  /** Text for screen readers; without it the icon is decoration. */
  readonly label?: string
  /** Paler, as in disabled tool buttons and menu entries. Default false. */
  readonly dimmed?: boolean
  readonly className?: string | undefined
  readonly style?: CSSProperties
}

/** One icon of our own drawing, scaled from its 16x16 grid. */
export function Icon({ name, size = 16, label, dimmed = false, className, style }: IconProps): ReactNode {
  const look: CSSProperties = { flex: 'none', display: 'block', ...(dimmed ? { opacity: 0.4 } : {}), ...style }
  const common = { width: size, height: size, viewBox: '0 0 16 16', className, style: look }
  if (label === undefined)
    return (
      <svg {...common} aria-hidden="true">
        {iconTable[name]}
      </svg>
    )
  return (
    <svg {...common} role="img" aria-label={label}>
      <title>{label}</title>
      {iconTable[name]}
    </svg>
  )
}
