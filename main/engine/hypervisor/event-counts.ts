/** Counted events per VP slot and the cycles that intercept classes took. */
import { COST_EVENT_COUNT, FIRST_COST_EVENT, LAST_COST_EVENT, VP_EVENT, VP_EVENT_COUNT } from './counter-names.ts'

export class EventCounts {
  #counts = new Float64Array(0)
  #cycles = new Float64Array(0)

  reserveSlots(slots: number): void {
    if (slots * VP_EVENT_COUNT <= this.#counts.length) return
    const capacity = Math.max(64, slots * 2)
    const counts = new Float64Array(capacity * VP_EVENT_COUNT)
    counts.set(this.#counts)
    this.#counts = counts
    const cycles = new Float64Array(capacity * COST_EVENT_COUNT)
    cycles.set(this.#cycles)
    this.#cycles = cycles
  }

  clearSlot(slot: number): void {
    this.#counts.fill(0, slot * VP_EVENT_COUNT, (slot + 1) * VP_EVENT_COUNT)
    this.#cycles.fill(0, slot * COST_EVENT_COUNT, (slot + 1) * COST_EVENT_COUNT)
  }

  add(slot: number, event: number, times = 1): void {
    const index = slot * VP_EVENT_COUNT + event
    this.#counts[index] = (this.#counts[index] ?? 0) + times
  }

  /** An exit: its class, the total, and the cycles for the class's Cost counter. */
  addIntercept(slot: number, event: number, cycles: number, times = 1): void {
    this.add(slot, event, times)
    this.add(slot, VP_EVENT.TotalIntercepts, times)
    if (event < FIRST_COST_EVENT || event > LAST_COST_EVENT) return
    const index = slot * COST_EVENT_COUNT + event - FIRST_COST_EVENT
    this.#cycles[index] = (this.#cycles[index] ?? 0) + cycles * times
  }

  get(slot: number, event: number): number {
    return this.#counts[slot * VP_EVENT_COUNT + event] ?? 0
  }

  cycles(slot: number, event: number): number {
    return this.#cycles[slot * COST_EVENT_COUNT + event - FIRST_COST_EVENT] ?? 0
  }

  row(slot: number): { counts: number[]; cycles: number[] } {
    return {
      counts: [...this.#counts.subarray(slot * VP_EVENT_COUNT, (slot + 1) * VP_EVENT_COUNT)],
      cycles: [...this.#cycles.subarray(slot * COST_EVENT_COUNT, (slot + 1) * COST_EVENT_COUNT)],
    }
  }

  restoreRow(slot: number, counts: readonly number[], cycles: readonly number[]): void {
    this.reserveSlots(slot + 1)
    this.#counts.set(counts.slice(0, VP_EVENT_COUNT), slot * VP_EVENT_COUNT)
    this.#cycles.set(cycles.slice(0, COST_EVENT_COUNT), slot * COST_EVENT_COUNT)
  }
}
