/** Slots of the receive buffer that the guest shares: which are free, and which a packet on its way holds. */
import type { NetworkMemory } from './ports.ts'
import type { NetworkState } from './provider-types.ts'

export class ReceiveSlots {
  readonly #memory: NetworkMemory
  readonly #busy = new Map<number, readonly number[]>()
  /** Slots that were given back, the last first; beside them all from `#fresh` on are free. */
  #free: number[] = []
  #fresh = 0
  #slots = 0
  #slotBytes = 0
  #nextTag = 1

  constructor(memory: NetworkMemory) {
    this.#memory = memory
  }

  get free(): number {
    return this.#free.length + this.#slots - this.#fresh
  }

  /** The guest has shared a buffer, or taken it back: undefined. Slots that packets hold stay theirs. */
  use(buffer: NetworkState['receiveBuffer']): void {
    this.#slotBytes = buffer?.slotBytes ?? 0
    this.#slots = buffer?.slots ?? 0
    const busy = new Set([...this.#busy.values()].flat())
    this.#fresh = Math.min(this.#slots, Math.max(-1, ...busy) + 1)
    this.#free = Array.from({ length: this.#fresh }, (_, i) => this.#fresh - 1 - i).filter((slot) => !busy.has(slot))
  }

  take(): number | undefined {
    return this.#free.pop() ?? (this.#fresh < this.#slots ? this.#fresh++ : undefined)
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
    this.#fresh = 0
    this.#slots = 0
  }

  /** Lets `count` packets have held and released their slots one by one. */
  pass(count: number): void {
    this.#nextTag += count
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
