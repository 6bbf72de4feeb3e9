/** What a screen is drawn from. */
import type { Tick } from '../../kernel/ticks.ts'
import type { GuestProduct } from '../../products/guests.ts'
import type { GuestRow, VirtualMachineRow } from '../../rows.ts'
import type { World } from '../../world.ts'
import type { CalendarTime } from '../calendar.ts'
import type { GuestPhase } from '../phases.ts'

export interface View {
  readonly world: World
  readonly vm: VirtualMachineRow
  readonly guest: GuestRow
  readonly phase: GuestPhase
  /** The instant that the guest lives in. */
  readonly now: Tick
  /** Part of the phase that has passed, 0 to 1. */
  readonly progress: number
  readonly clock: CalendarTime
  readonly lines: readonly string[]
}

/** A view of a machine on which a system runs. */
export interface SystemView extends View {
  readonly product: GuestProduct
}

/** A cell of the text mode is 9 of its 16 lines wide (VGA, 720 x 400 = 80 x 25 cells). */
export const CELL_WIDTH_PER_SIZE = 9 / 16

/** Ticks of one step of an animation: ten steps a second. */
const STEP_TICKS = 1_000_000

/** Number of the present animation step since the phase began. */
export function stepOf(view: View): number {
  return Math.max(0, Math.floor((view.now - view.guest.phaseTick) / STEP_TICKS))
}

/** A cursor that is shown for half a second and hidden for half a second. */
export function cursorShown(view: View): boolean {
  return stepOf(view) % 10 < 5
}

/** Whole per cent of the phase. */
export function percentOf(view: View): number {
  return Math.floor(view.progress * 100)
}
