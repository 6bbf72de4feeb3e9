/** Slots of the receive buffer that the guest shares: which are free, and which a packet on its way holds. */
import type { NetworkMemory } from './ports.ts'
import type { NetworkState } from './provider-types.ts'

export class ReceiveSlots {
  readonly #memory: NetworkMemory
  readonly #busy = new Map<number, readonly number[]>()
  #free: number[] = []
  #slotBytes = 0
  #nextTag = 1

  constructor(memory: NetworkMemory) {
    this.#memory = memory
  }

  get free(): number {
    return this.#free.length
  }

  /** The guest has shared a buffer, or taken it back: undefined. Slots that packets hold stay theirs. */
  use(buffer: NetworkState['receiveBuffer']): void {
    this.#slotBytes = buffer?.slotBytes ?? 0
    const busy = new Set([...this.#busy.values()].flat())
    const slots = buffer?.slots ?? 0
    this.#free = Array.from({ length: slots }, (_, i) => slots - 1 - i).filter((slot) => !busy.has(slot))
  }

  take(): number | undefined {
    return this.#free.pop()
  }

  /** Tag of a packet that holds these slots until {@link release}. */
  hold(slots: readonly number[]): number {
    const tag = this.#nextTag++
    this.#busy.set(tag, slots)
    return tag
  }

  /** The guest has given the slots of a packet back. */
  release(tag: number): void {
    for (const slot of this.#busy.get(tag) ?? []) {
      this.#memory.slots.clear(slot * this.#slotBytes)
      this.#free.push(slot)
    }
    this.#busy.delete(tag)
  }

  clear(): void {
    this.#busy.clear()
    this.#free = []
  }

  rows(): { readonly busySlots: readonly (readonly [tag: number, slots: readonly number[]])[]; readonly nextTag: number } {
    return { busySlots: [...this.#busy], nextTag: this.#nextTag }
  }

  restore(rows: ReturnType<ReceiveSlots['rows']>, buffer: NetworkState['receiveBuffer']): void {
    this.#nextTag = rows.nextTag
    this.#busy.clear()
    for (const [tag, slots] of rows.busySlots) this.#busy.set(tag, slots)
    this.use(buffer)
  }
}
