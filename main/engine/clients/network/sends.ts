/** What the driver has sent and not got back: the sections of its send buffer and the pages of longer messages, by transaction id. */
import type { NetworkMemory } from '../../providers/network/ports.ts'
import type { Sending } from './client-types.ts'

export class Sends {
  readonly #memory: NetworkMemory
  readonly #sending = new Map<number, Sending>()
  /** Sections that were given back, the last first; beside them all from `#fresh` on are free. */
  #free: number[] = []
  #fresh = 0
  #sections = 0
  #nextId = 1

  constructor(memory: NetworkMemory) {
    this.#memory = memory
  }

  /** Id of the next transaction; from 1. */
  get nextId(): number {
    return this.#nextId
  }

  /** Sections of the send buffer, busy ones included. */
  get sections(): number {
    return this.#sections
  }

  get freeSections(): number {
    return this.#free.length + this.#sections - this.#fresh
  }

  /** Sends without completion. */
  get outstanding(): number {
    return this.#sending.size
  }

  /** The host has cut the send buffer into this many sections. */
  granted(sections: number): void {
    this.#sections = sections
    this.#fill()
  }

  /** A free section; call it only when there is one. */
  takeSection(): number {
    return this.#free.pop() ?? this.#fresh++
  }

  /** Lets `count` sends have begun and ended. */
  pass(count: number): void {
    this.#nextId += count
  }

  /** Notes a send under a new id. */
  begin(what: Sending): number {
    const id = this.#nextId++
    this.#sending.set(id, what)
    return id
  }

  /** The send has ended or could not begin: its section or pages are free. */
  end(id: number): void {
    const what = this.#sending.get(id)
    this.#sending.delete(id)
    if (what === undefined) return
    if (what.section !== undefined) {
      this.#free.push(what.section)
      this.#memory.sections.clear(what.section)
    }
    if (what.page !== undefined) this.#memory.pages.clear(what.page)
  }

  rows(): { readonly sections: number; readonly nextId: number; readonly sending: readonly (readonly [id: number, what: Sending])[] } {
    return { sections: this.#sections, nextId: this.#nextId, sending: [...this.#sending] }
  }

  restore(rows: ReturnType<Sends['rows']>): void {
    this.#sections = rows.sections
    this.#nextId = rows.nextId
    this.#sending.clear()
    for (const [id, what] of rows.sending) this.#sending.set(id, what)
    this.#fill()
  }

  #fill(): void {
    const busy = new Set([...this.#sending.values()].flatMap(({ section }) => section ?? []))
    this.#fresh = Math.min(this.#sections, Math.max(-1, ...busy) + 1)
    this.#free = Array.from({ length: this.#fresh }, (_, i) => this.#fresh - 1 - i).filter((section) => !busy.has(section))
  }
}
