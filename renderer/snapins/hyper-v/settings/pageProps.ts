import type { Dispatch } from 'react'
import type { SheetChange, SheetState } from './draft.ts'

export interface PageProps {
  readonly state: SheetState
  readonly change: Dispatch<SheetChange>
}

/** What a number box shows: nothing for the draft's -1, which stands for an empty box. */
export function shownNumber(value: number): number | null {
  return value < 0 ? null : value
}

/** What the draft holds for a number box. */
export function draftNumber(value: number | null): number {
  return value === null || !Number.isFinite(value) || value < 0 ? -1 : Math.min(Math.round(value), 1_000_000_000_000)
}
