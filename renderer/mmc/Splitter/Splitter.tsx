import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef } from 'react'
import classes from './Splitter.module.css'
import { clampSize, type SplitLimits, sizeAfterKey } from './splitterModel.ts'

export interface SplitterProps {
  /** `vertical`: a standing bar between columns; `horizontal`: a lying bar between rows. */
  readonly orientation: 'vertical' | 'horizontal'
  /** Present size in CSS pixels of the pane it sizes. */
  readonly size: number
  readonly limits: SplitLimits
  /** The sized pane lies behind the bar (right or below): dragging towards it makes it smaller. Default false. */
  readonly reversed?: boolean
  /** Accessible name, e.g. `Resize console tree`. */
  readonly label: string
  /** Id of the sized pane. */
  readonly controls?: string
  readonly onResize: (size: number) => void
}

/** A 3 pixel bar between panes, moved by mouse or arrow keys. */
export function Splitter({ orientation, size, limits, reversed = false, label, controls, onResize }: SplitterProps): ReactNode {
  const drag = useRef<{ readonly at: number; readonly size: number } | null>(null)
  const position = (event: PointerEvent): number => (orientation === 'vertical' ? event.clientX : event.clientY)
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    drag.current = { at: position(event), size }
  }
  const onPointerMove = (event: PointerEvent): void => {
    if (drag.current === null) return
    const delta = (position(event) - drag.current.at) * (reversed ? -1 : 1)
    onResize(clampSize(drag.current.size + delta, limits))
  }
  const end = (): void => {
    drag.current = null
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = sizeAfterKey(event.key, event.shiftKey, size, limits, orientation, reversed)
    if (next === null) return
    event.preventDefault()
    onResize(next)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a movable separator has no element of its own
    <div
      role="separator"
      tabIndex={0}
      className={classes.bar}
      data-orientation={orientation}
      aria-orientation={orientation}
      aria-label={label}
      aria-controls={controls}
      aria-valuenow={Math.round(size)}
      aria-valuemin={Math.round(limits.min)}
      aria-valuemax={Math.round(Math.max(limits.min, limits.max))}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={end}
      onPointerCancel={end}
      onKeyDown={onKeyDown}
    />
  )
}
