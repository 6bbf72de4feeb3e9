/** The fault of interrupts that a guest does not notice: which of its processors are deaf, and which of them have missed one. */
export class LostInterrupts {
  readonly #deaf = new Set<number>()
  readonly #missed = new Set<number>()

  /** Whether an interrupt of this processor is lost; it is remembered as missed. */
  lost(vp: number): boolean {
    if (!this.#deaf.has(vp)) return false
    this.#missed.add(vp)
    return true
  }

  set(vp: number, deaf: boolean): void {
    if (deaf) this.#deaf.add(vp)
    else this.#deaf.delete(vp)
  }

  /** Processors that hear again and have missed an interrupt, each of them once. */
  takeMissed(): readonly number[] {
    const due = [...this.#missed].filter((vp) => !this.#deaf.has(vp))
    for (const vp of due) this.#missed.delete(vp)
    return due
  }

  clear(): void {
    this.#deaf.clear()
    this.#missed.clear()
  }
}
